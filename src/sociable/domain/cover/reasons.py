"""Decides why there is a hole, and says it in words: who is on the rota and yet not there, and whether anybody else is.

Whether a reader may know why somebody is away is left to who asks: what they may not know is given as `OTHER`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from sociable.domain.cover.board import Board
from sociable.domain.cover.given import only
from sociable.domain.cover.spans import Span, minus, within
from sociable.domain.worktime.wording import stretch_words

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Because(StrEnum):
    """What keeps somebody on the rota from counting, or that nobody is on it."""

    NOBODY = "nobody"
    NOT_READY = "not ready"
    AWAY = "away"


class Reason(NamedTuple):
    """One reason for a hole, and the parts of it for which it holds. `kind` is that of the time away."""

    because: Because
    person: int
    kind: int
    spans: tuple[Span, ...]


class Hole(NamedTuple):
    """One hole of the board. Half-open, microseconds since 1970, UTC."""

    account: int
    starts_us: int
    ends_us: int
    missing: int

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        return _EPOCH + timedelta(microseconds=self.starts_us)

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        return _EPOCH + timedelta(microseconds=self.ends_us)


def holes_of(board: Board) -> list[Hole]:
    """This function will list the holes of a board, earliest first."""
    columns = (column.tolist() for column in board.holes)
    return sorted((Hole(*row) for row in zip(*columns, strict=True)), key=lambda hole: (hole.starts_us, hole.account))


def why(board: Board, hole: Hole) -> list[Reason]:
    """This function will say why there is a hole: each person of the rota who does not count, and where nobody is on it."""
    given, span = board.given, (hole.starts_us, hole.ends_us)
    rota = given.rota
    here = (rota.account == hole.account) & (rota.starts < hole.ends_us) & (rota.ends > hole.starts_us)
    shifts: dict[int, list[Span]] = {}
    for person, starts, ends in zip(*(column[here].tolist() for column in rota[1:]), strict=True):
        shifts.setdefault(person, []).append((starts, ends))
    reasons = [
        reason
        for person in sorted(shifts)
        for reason in _of_person(board, hole, person, within(shifts[person], [span]))
    ]
    nobody = minus([span], [each for spans in shifts.values() for each in spans])
    return [*reasons, *([Reason(Because.NOBODY, 0, 0, tuple(nobody))] if nobody else [])]


def _of_person(board: Board, hole: Hole, person: int, on_rota: list[Span]) -> list[Reason]:
    given = board.given
    away = only(given.away, given.away.person == person)
    reasons = []
    for kind in dict.fromkeys(away.kind.tolist()):
        times = zip(away.starts[away.kind == kind].tolist(), away.ends[away.kind == kind].tolist(), strict=True)
        if spans := within(on_rota, times):
            reasons.append(Reason(Because.AWAY, person, kind, tuple(spans)))
    of_pair = only(given.ready, (given.ready.account == hole.account) & (given.ready.person == person))
    not_ready = minus(on_rota, zip(of_pair.starts.tolist(), of_pair.ends.tolist(), strict=True))
    not_ready = minus(not_ready, [span for reason in reasons for span in reason.spans])
    return [*reasons, *([Reason(Because.NOT_READY, person, 0, tuple(not_ready))] if not_ready else [])]


# -- In words ------------------------------------------------------------------------------------------------------------

IS_AWAY = "is away"
_MANY_NAMED = 4


def words(
    hole: Hole, reasons: Iterable[Reason], names: Mapping[int, str], away_words: Mapping[int, str], zone: str
) -> str:
    """This function will say why there is a hole: "Jen is on leave; from 12:00 to 13:00 nobody is on the rota".

    Shape:  a part of the hole is told with its times, in the zone given; away_words finish "Jen …" by kind of time away
    """
    told = [_told(hole, reason, names, away_words, ZoneInfo(zone)) for reason in reasons]
    if not told:
        return f"{hole.missing} more needed than are on the rota"
    more = len(told) - _MANY_NAMED
    return "; ".join([*told[:_MANY_NAMED], *([f"and {more} more reasons"] if more > 0 else [])])


def _told(hole: Hole, reason: Reason, names: Mapping[int, str], away_words: Mapping[int, str], zone: ZoneInfo) -> str:
    when = "" if reason.spans == ((hole.starts_us, hole.ends_us),) else f"{_times(reason.spans, zone)} "
    if reason.because is Because.NOBODY:
        return f"{when}nobody is on the rota"
    name = names.get(reason.person, "Somebody")
    if reason.because is Because.NOT_READY:
        return f"{when}{name} is on the rota but not signed off"
    return f"{when}{name} {away_words.get(reason.kind, IS_AWAY)}"


def _times(spans: tuple[Span, ...], zone: ZoneInfo) -> str:
    said = [stretch_words(*(as_instant(each).astimezone(zone) for each in span)) for span in spans]
    return f"from {' and '.join(said)}" if said else ""


def as_us(at: datetime) -> int:
    """This function will say an instant in microseconds since 1970."""
    return int((at - _EPOCH) // timedelta(microseconds=1))


def as_instant(at_us: int | np.integer) -> datetime:
    """This function will turn microseconds since 1970 into an aware UTC datetime."""
    return _EPOCH + timedelta(microseconds=int(at_us))
