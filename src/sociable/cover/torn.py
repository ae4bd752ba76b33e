"""Answers what a time away does to cover, before it is agreed: which accounts lose whom they need, and when.

It asks the published rota through the board, and works out anew only the accounts on whose rota the person is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from sociable.cover import board
from sociable.cover.models import Shift, TimeAway
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover.board import Board
from sociable.domain.cover.limits import span_words
from sociable.domain.cover.reasons import as_instant, as_us, holes_of
from sociable.domain.cover.spans import Span, minus
from sociable.people.models import Person

MOST_SAID = 8


@dataclass(frozen=True, slots=True)
class Torn:
    """What one account loses: how many half hours, and the stretches, in which too few are ready and in because of it."""

    account: Account
    half_hours: int
    stretches: list[tuple[datetime, datetime]] = field(default_factory=list)

    @property
    def words(self) -> list[str]:
        """The stretches as the account's own clock shows them; of many the first are named."""
        zone = ZoneInfo(directory.zone_of(self.account))
        more = len(self.stretches) - MOST_SAID
        said = [span_words(span, zone) for span in self.stretches[:MOST_SAID]]
        return [*said, *([f"and {more} more stretches"] if more > 0 else [])]


def by(person: Person, starts_at: datetime, ends_at: datetime, now: datetime) -> list[Torn]:
    """This function will say what cover would be lost if somebody were away, by the account's name; what is past counts not.

    Shape:  nothing where they are on no published rota then, or others are enough
    """
    begins_at = _half_hour(max(starts_at, now))
    if ends_at <= begins_at:
        return []
    accounts = _accounts(person, begins_at, ends_at)
    if not accounts:
        return []
    with_them = board.board_of(accounts, begins_at, ends_at)
    without_them = board.without(with_them, person, max(starts_at, now), ends_at)
    return _differences(accounts, with_them, without_them)


def of(away: TimeAway, now: datetime) -> list[Torn]:
    """This function will say what cover is lost by a time away, whether it counts already or is only asked for."""
    if away.state != TimeAway.State.AGREED:
        return by(away.person, away.starts_at, away.ends_at, now)
    begins_at = _half_hour(max(away.starts_at, now))
    accounts = _accounts(away.person, begins_at, away.ends_at) if away.ends_at > begins_at else []
    if not accounts:
        return []
    without_them = board.board_of(accounts, begins_at, away.ends_at)
    with_them = without_them.without_away(away.person_id, as_us(away.starts_at), as_us(away.ends_at))
    return _differences(accounts, with_them, without_them)


def shifts_lost(person: Person, starts_at: datetime, ends_at: datetime, now: datetime) -> list[Shift]:
    """This function will list the published shifts to come that a time away cuts into; they stay on the rota, shown as away."""
    mine = Shift.objects.published().touching(starts_at, ends_at).filter(person=person, ends_at__gt=now)
    return list(mine.prefetch_related("accounts"))


def _half_hour(at: datetime) -> datetime:
    """The half hour in which an instant lies, as every zone we know has them."""
    return at - timedelta(minutes=at.minute % 30, seconds=at.second, microseconds=at.microsecond)


def _accounts(person: Person, starts_at: datetime, ends_at: datetime) -> list[Account]:
    shifts = Shift.objects.published().touching(starts_at, ends_at).filter(person=person)
    found = Account.objects.filter(shifts__in=shifts).select_related("partner", "answered_from").distinct()
    return list(found.order_by("name"))


def _differences(accounts: Iterable[Account], before: Board, after: Board) -> list[Torn]:
    more = (after.missing > before.missing).sum(axis=1)
    known, found = _holes(before), _holes(after)
    torn = []
    for account in accounts:
        half_hours = int(more[np.searchsorted(after.given.accounts, account.pk)])
        new = minus(sorted(found[account.pk]), sorted(known[account.pk]))
        if half_hours or new:
            torn.append(Torn(account, half_hours, [_instants(span) for span in new]))
    return torn


def _holes(of_board: Board) -> dict[int, list[Span]]:
    """The holes of a board by account. One that was there with fewer missing is told by its half hours alone."""
    by_account: dict[int, list[Span]] = defaultdict(list)
    for hole in holes_of(of_board):
        by_account[hole.account].append((hole.starts_us, hole.ends_us))
    return by_account


def _instants(span: Span) -> tuple[datetime, datetime]:
    return as_instant(span[0]), as_instant(span[1])
