"""Answers what is to be expected of accounts in the coming two weeks: reads what came, who is on the rota and what is stated, has
the pure rules of domain/cover forecast it and play it, and writes nothing.

How it is shown is left to planning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from sociable.cover import board as cover
from sociable.directory import queries as directory
from sociable.directory.models import Account, AnswerTime
from sociable.domain.cover.board import Present
from sociable.domain.cover.handling import Handling
from sociable.domain.cover.outlook import DayOutlook, Together, outlooks, together
from sociable.domain.cover.scene import Scene
from sociable.domain.cover.simulation import simulate
from sociable.domain.worktime.zones import day_begins
from sociable.journeys.expecting import DAYS_AHEAD, Expected, Past
from sociable.journeys.playing import Told, people_in

MOST_EVENTS, LEAST_RUNS, MOST_RUNS = 1_500_000, 40, 400
"""As many futures as are played within about a second."""
SEED = 20260101


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What two weeks may bring to one account. `others` are the accounts whose requests its people answer too."""

    expected: Expected
    days: list[DayOutlook]
    together: Together
    handling: Handling
    set_by_lead: AnswerTime | None
    at_once: int
    people: int
    others: list[Account]
    runs: int
    waiting: int
    people_behind: int
    """Whose answers stand behind the handling time; 0: it was set, or nothing is measured."""


def every_with(accounts: Iterable[Account]) -> list[Account]:
    """This function will list whatever answers, and these: what little history lacks is taken from all, so that no two pages disagree."""
    answering = Account.objects.filter(stage__in=directory.ANSWERING)
    every = {one.pk: one for one in answering.select_related("partner", "service", "answered_from__partner")}
    return [*every.values(), *(one for one in accounts if one.pk not in every)]


def foresee(account: Account, accounts: Sequence[Account], now: datetime, events: int = MOST_EVENTS) -> Foreseen:
    """This function will say what two weeks may bring to one account, given all that its people have to answer.

    Shape:  `accounts` are those that may share people with it, itself among them, with partner and answered_from; `events` are
            how many are played at most, where they make enough futures
    """
    zone = directory.zone_of(account)
    today = now.astimezone(ZoneInfo(zone)).date()
    start = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    end = day_begins(today + timedelta(days=DAYS_AHEAD), zone)
    present = cover.board_of(accounts, start, end).present
    linked = _linked(account, accounts, present)
    past = Past(accounts, now)
    expected = {each.pk: past.expected(each, look_back=each.pk == account.pk) for each in linked}
    told = Told(linked, expected, now, start, end)
    scene = replace(told.scene(zone), people=people_in(linked, present, start, told.days(zone).size, told.at_once))
    runs = _runs(scene, events)
    outcome = simulate(scene, runs, seed=SEED)
    place = [each.pk for each in linked].index(account.pk)
    per_day = outlooks(outcome)[place * DAYS_AHEAD : (place + 1) * DAYS_AHEAD]
    answering = directory.answering(account) or account
    return Foreseen(
        expected[account.pk], per_day, together(outcome, place), told.handling[account.pk], told.set.get(account.pk),
        told.at_once.get(answering.pk, 1), len({int(one) for one in present.person[present.account == answering.pk]}),
        [each for each in linked if each.pk != account.pk], runs, len(scene.lines[place].waiting),
        told.people_behind(account),
    )  # fmt: skip


def _runs(scene: Scene, events: int) -> int:
    coming = sum(float(stream.expected.sum()) for line in scene.lines for stream in line.streams)
    return int(np.clip(events / (3 * coming + 1), LEAST_RUNS, MOST_RUNS))


def _linked(account: Account, accounts: Sequence[Account], present: Present) -> list[Account]:
    """The accounts whose requests go through the same hands, directly or by others between."""
    answers_for = {each.pk: (directory.answering(each) or each).pk for each in accounts}
    teams: dict[int, set[int]] = defaultdict(set)
    for covered, person in zip(present.account.tolist(), present.person.tolist(), strict=True):
        teams[covered].add(person)
    found, new = {answers_for[account.pk]}, {answers_for[account.pk]}
    while new:
        people = set().union(*(teams[each] for each in new))
        new = {covered for covered, team in teams.items() if team & people} - found
        found |= new
    return [each for each in accounts if answers_for[each.pk] in found]
