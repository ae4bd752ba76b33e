"""Turns accounts, their rota and what they expect into the scene that is simulated: lines, people, handling times.

What comes of it is left to foresee.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sociable.directory import queries as directory
from sociable.directory.models import Account, AnswerTime
from sociable.domain.cover.board import Present
from sociable.domain.cover.forecast import Forecast
from sociable.domain.cover.given import HALF_HOUR_US
from sociable.domain.cover.handling import Handling, handling
from sociable.domain.cover.queueing import NEVER, OnDuty
from sociable.domain.cover.reasons import as_us
from sociable.domain.cover.scene import Line, Scene, Stream, Waiting
from sociable.domain.cover.terms import MINUTE, Terms
from sociable.journeys.expecting import HISTORY, Expected
from sociable.promises import history
from sociable.promises.lines import share_of
from sociable.promises.models import Wait

TAIL = timedelta(days=10)
"""How far beyond the two weeks hours are read: what comes on the last days may be due after them."""
HALF_HOUR = timedelta(minutes=30)


@dataclass(frozen=True)
class Told:
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

    def people_behind(self, account: Account) -> int:
        """This function will count whose answers stand behind the handling time of an account; 0: it was set, or nothing is measured."""
        said = self.set.get(account.pk)
        if said and said.minutes:
            return 0
        people = history.people_measured([each.pk for each in self.linked], self.now - HISTORY)
        return len(people.get(account.pk) or set().union(*people.values()))

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


def people_in(
    linked: Sequence[Account], present: Present, start: datetime, slots: int, at_once: Mapping[int, int]
) -> list[OnDuty]:
    """This function will say who is in when, and for what.

    Shape:  somebody whose shifts cover different accounts stands here once for each set of them
    """
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
