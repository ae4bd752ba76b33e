"""Answers what is to be expected of accounts in the coming two weeks: reads what came, who is on the rota and what is stated, has
the pure rules of domain/cover forecast it and play it, and writes nothing.

How it is shown is left to planning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Min
from numpy.typing import NDArray

from sociable.cover import board as cover
from sociable.cover.days import begins_at
from sociable.directory import queries as directory
from sociable.directory.models import Account, AnswerTime, SchoolHoliday
from sociable.domain.cover.backtest import Backtest, backtest
from sociable.domain.cover.board import Present
from sociable.domain.cover.forecast import Days, Forecast, fit
from sociable.domain.cover.given import HALF_HOUR_US
from sociable.domain.cover.handling import Handling, handling
from sociable.domain.cover.outlook import DayOutlook, Together, outlooks, together
from sociable.domain.cover.queueing import NEVER, OnDuty
from sociable.domain.cover.reasons import as_us
from sociable.domain.cover.scene import Line, Scene, Stream, Waiting
from sociable.domain.cover.simulation import simulate
from sociable.domain.cover.terms import MINUTE, Terms
from sociable.domain.worktime import holidays
from sociable.promises import history
from sociable.promises.models import Wait
from sociable.promises.queries import share_of

DAYS_AHEAD = 14
HISTORY = timedelta(weeks=52)
TAIL = timedelta(days=10)
"""How far beyond the two weeks hours are read: what comes on the last days may be due after them."""
MOST_EVENTS, LEAST_RUNS, MOST_RUNS = 1_500_000, 40, 400
"""As many futures as are played within about a second."""
HALF_HOUR = timedelta(minutes=30)
SEED = 20260101


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one account: altogether and by channel, and how forecasts of it did.

    Shape:  by_half_hour (days, 48) of the account's own clock, from `first_on`
    """

    account: Account
    first_on: date
    whole: Forecast
    channels: Mapping[str, Forecast]
    by_half_hour: NDArray[np.float64]
    by_day: NDArray[np.float64]
    looked_back: Backtest | None
    special: Days

    def between(self, expected: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """This function will say between which counts nine in ten will lie."""
        return self.whole.between(expected)


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


class Past:
    """What came to some accounts in the last year, read once; forecasts are learnt when they are asked for."""

    def __init__(self, accounts: Iterable[Account], now: datetime) -> None:
        self.accounts, self.now = {account.pk: account for account in accounts}, now
        self.since = now - HISTORY
        self.came = history.arrivals(self.accounts, self.since, now)

    @cached_property
    def begun(self) -> dict[int, datetime]:
        """When the first request of each account came that is counted here."""
        waits = Wait.objects.filter(account__in=self.accounts, started_at__gte=self.since)
        return dict(
            waits.order_by().values("account").annotate(first=Min("started_at")).values_list("account", "first")
        )

    @cached_property
    def school(self) -> dict[int, list[tuple[date, date]]]:
        """The school holidays of each body."""
        partners = {account.partner_id for account in self.accounts.values()}
        found: dict[int, list[tuple[date, date]]] = {partner: [] for partner in partners}
        for row in SchoolHoliday.objects.filter(partner__in=partners):
            found[row.partner_id].append((row.first_on, row.last_on))
        return found

    def days(self, account: Account, first_on: date, count: int) -> Days:
        """This function will describe days as the account's place keeps them."""
        banks = holidays.bank_holidays(directory.division_of(account))
        return Days.of(first_on, count, banks, self.school[account.partner_id])

    @cached_property
    def counted(self) -> dict[tuple[int, str], NDArray[np.intp]]:
        """Requests by (account, channel): whole local days since the first, by half hour."""
        places: dict[int, tuple[date, int]] = {pk: self.stretch(account) for pk, account in self.accounts.items()}
        found: dict[tuple[int, str], NDArray[np.intp]] = {}
        for account, channel, half_hour, requests in self.came:
            first_on, count = places[account]
            zone = ZoneInfo(directory.zone_of(self.accounts[account]))
            local = datetime.fromtimestamp(half_hour * 1800, zone)
            day = (local.date() - first_on).days
            if 0 <= day < count:
                table = found.setdefault((account, channel), np.zeros((count, 48), np.intp))
                table[day, local.hour * 2 + local.minute // 30] += requests
        return found

    def stretch(self, account: Account) -> tuple[date, int]:
        """This function will say from which day on an account is counted, and how many days until yesterday."""
        zone = ZoneInfo(directory.zone_of(account))
        today = self.now.astimezone(zone).date()
        begun = self.begun.get(account.pk)
        first_on = begun.astimezone(zone).date() if begun else today
        return first_on, max((today - first_on).days, 0)

    def whole(self, account: Account) -> NDArray[np.intp]:
        """This function will return the counts of an account over all channels."""
        tables = [table for (pk, _), table in self.counted.items() if pk == account.pk]
        return np.sum(tables, axis=0) if tables else np.zeros((self.stretch(account)[1], 48), np.intp)

    @cached_property
    def of_bodies(self) -> dict[int, Forecast | None]:
        """What a usual account of each body is asked, learnt from all that are here."""
        found: dict[int, Forecast | None] = {}
        for partner in {account.partner_id for account in self.accounts.values()}:
            own = [account for account in self.accounts.values() if account.partner_id == partner]
            longest = min(own, key=lambda account: self.stretch(account)[0])
            first_on, count = self.stretch(longest)
            summed = np.zeros((count, 48), np.intp)
            for account in own:
                table = self.whole(account)
                if len(table):
                    summed[-len(table) :] += table[-count:]
            known = fit(summed, self.days(longest, first_on, count)) if summed.any() else None
            found[partner] = known.scaled(1 / len(own)) if known else None
        return found

    def expected(self, account: Account, *, look_back: bool = False) -> Expected:
        """This function will forecast an account for the coming two weeks."""
        first_on, count = self.stretch(account)
        counts, days, others = (
            self.whole(account),
            self.days(account, first_on, count),
            self.of_bodies[account.partner_id],
        )
        whole = fit(counts, days, others)
        channels = {
            channel: fit(table, days, whole.scaled(float(table.sum()) / max(int(counts.sum()), 1)))
            for (pk, channel), table in sorted(self.counted.items())
            if pk == account.pk
        } or {account.channel: whole}
        local = self.now.astimezone(ZoneInfo(directory.zone_of(account)))
        today = local.date()
        ahead = self.days(account, today, DAYS_AHEAD)
        by_half_hour = np.sum([each.by_half_hour(ahead) for each in channels.values()], axis=0)
        by_half_hour[0, : local.hour * 2 + local.minute // 30] = 0  # that is over
        looked_back = backtest(counts, days, others) if look_back else None
        return Expected(
            account, today, whole, channels, by_half_hour, by_half_hour.sum(axis=1), looked_back, ahead
        )  # fmt: skip


def foresee(account: Account, accounts: Sequence[Account], now: datetime) -> Foreseen:
    """This function will say what two weeks may bring to one account, given all that its people have to answer.

    Shape:  `accounts` are those that may share people with it, itself among them, with partner and answered_from
    """
    zone = directory.zone_of(account)
    today = now.astimezone(ZoneInfo(zone)).date()
    start = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    end = begins_at(today + timedelta(days=DAYS_AHEAD), zone)
    present = cover.board_of(accounts, start, end).present
    linked = _linked(account, accounts, present)
    past = Past(accounts, now)
    expected = {each.pk: past.expected(each, look_back=each.pk == account.pk) for each in linked}
    told = _Told(linked, expected, now, start, end)
    scene = replace(told.scene(zone), people=_people(linked, present, start, told.days(zone).size, told.at_once))
    runs = _runs(scene)
    outcome = simulate(scene, runs, seed=SEED)
    place = [each.pk for each in linked].index(account.pk)
    per_day = outlooks(outcome)[place * DAYS_AHEAD : (place + 1) * DAYS_AHEAD]
    answering = directory.answering(account) or account
    return Foreseen(
        expected[account.pk], per_day, together(outcome, place), told.handling[account.pk], told.set.get(account.pk),
        told.at_once.get(answering.pk, 1), len({int(one) for one in present.person[present.account == answering.pk]}),
        [each for each in linked if each.pk != account.pk], runs, len(scene.lines[place].waiting),
    )  # fmt: skip


def _runs(scene: Scene) -> int:
    coming = sum(float(stream.expected.sum()) for line in scene.lines for stream in line.streams)
    return int(np.clip(MOST_EVENTS / (3 * coming + 1), LEAST_RUNS, MOST_RUNS))


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


def _people(
    linked: Sequence[Account], present: Present, start: datetime, slots: int, at_once: Mapping[int, int]
) -> list[OnDuty]:
    """Who is in when, and for what: somebody whose shifts cover different accounts stands here once for each set of them."""
    lines: dict[int, list[int]] = defaultdict(list)
    for line, account in enumerate(linked):
        lines[(directory.answering(account) or account).pk].append(line)
    covers: dict[int, list[set[int]]] = {}
    middles_us = as_us(start) + np.arange(slots) * HALF_HOUR_US + HALF_HOUR_US // 2
    for account_id, person, starts_us, ends_us in zip(*(column.tolist() for column in present), strict=True):
        first, last = np.searchsorted(middles_us, (starts_us, ends_us))
        for slot in range(int(first), int(last)) if account_id in lines else ():
            covers.setdefault(person, [set() for _ in range(slots)])[slot].add(account_id)
    duties = []
    for each in covers.values():
        for team in sorted({frozenset(here) for here in each if here}, key=sorted):
            ready = frozenset(line for account_id in team for line in lines[account_id])
            several = max(at_once.get(account_id, 1) for account_id in team)
            duties.append(OnDuty(ready, np.array([here == team for here in each]), several))
    return duties


@dataclass(frozen=True)
class _Told:
    """What the simulation is told of the linked accounts."""

    linked: Sequence[Account]
    expected: Mapping[int, Expected]
    now: datetime
    start: datetime
    end: datetime

    @cached_property
    def set(self) -> dict[int, AnswerTime]:
        """What leads have set, the latest for each account."""
        return {row.account_id: row for row in AnswerTime.objects.filter(account__in=self.linked).order_by("pk")}

    @cached_property
    def at_once(self) -> dict[int, int]:
        """How many one person of each account holds at once."""
        return {
            each.pk: self.set[each.pk].at_once if each.pk in self.set else each.most_chats if each.takes_chat else 1
            for each in self.linked
        }

    @cached_property
    def taken(self) -> dict[tuple[int, str], list[float]]:
        """How long answers were measured to take."""
        return history.minutes_taken([each.pk for each in self.linked], self.now - HISTORY)

    @cached_property
    def handling(self) -> dict[int, Handling]:
        """How long an answer of each account takes, as set or else as measured."""
        whole = handling([minutes for several in self.taken.values() for minutes in several])
        found = {}
        for each in self.linked:
            own = handling([one for (pk, _), several in self.taken.items() if pk == each.pk for one in several], whole)
            said = self.set.get(each.pk)
            found[each.pk] = replace(own, minutes=float(said.minutes)) if said and said.minutes else own
        return found

    def by_channel(self, account: Account, channel: str) -> Handling:
        """This function will say how long answers take on one channel of an account."""
        said, own = self.set.get(account.pk), self.handling[account.pk]
        return own if said and said.minutes else handling(self.taken.get((account.pk, channel), []), own)

    def days(self, zone: str) -> NDArray[np.intp]:
        """This function will number the local day of each half hour."""
        count = (self.end - self.start) // HALF_HOUR
        at = ZoneInfo(zone)
        today = self.now.astimezone(at).date()
        numbers = [((self.start + slot * HALF_HOUR).astimezone(at).date() - today).days for slot in range(count)]
        return np.array(numbers, dtype=np.intp)

    def scene(self, zone: str) -> Scene:
        """This function will describe the two weeks, still without people."""
        days = self.days(zone)
        minutes = (self.end + TAIL - self.start) // MINUTE
        slowing = max((row.slowing_percent for row in self.set.values()), default=50) / 100
        return Scene([self._line(each, days.size, minutes) for each in self.linked], (), days, slowing)

    def _line(self, account: Account, slots: int, minutes: int) -> Line:
        stated = directory.stated(account.pk)
        version = directory.promise_on(stated.versions, stated.account, self.now) if stated.calendar else None
        terms = Terms.of(directory.promise_rule(version), stated.calendar, self.start, minutes)
        streams = [
            self._stream(account, channel, known, slots)
            for channel, known in self.expected[account.pk].channels.items()
        ]
        waits = history.waiting_now([account.pk])
        waiting = [self._waiting(wait, share_of(wait, stated.calendar, self.now)) for wait in waits]
        return Line(terms, streams, sorted(waiting, key=lambda one: -one.share))

    def _waiting(self, wait: Wait, share: float) -> Waiting:
        return Waiting(share, (wait.due_at - self.start) / MINUTE if wait.due_at else NEVER)

    def _stream(self, account: Account, channel: str, known: Forecast, slots: int) -> Stream:
        zone, expected = ZoneInfo(directory.zone_of(account)), self.expected[account.pk]
        local = [(self.start + slot * HALF_HOUR).astimezone(zone) for slot in range(slots)]
        table = known.by_half_hour(expected.special)
        each = [
            table[day, at.hour * 2 + at.minute // 30]
            if 0 <= (day := (at.date() - expected.first_on).days) < len(table)
            else 0
            for at in local
        ]
        takes = self.by_channel(account, channel)
        whole = expected.whole
        return Stream(
            np.array(each), takes.minutes, takes.varies, days_vary=whole.days_vary, unsure=whole.unsure
        )  # fmt: skip
