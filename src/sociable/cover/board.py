"""Answers where accounts are covered and where they are not: the board, its holes, and what would be if somebody were away.

How it is counted is decided by domain/cover; which rows it is read from, by reading.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db.models import prefetch_related_objects

from sociable.cover import reading
from sociable.cover.models import TimeAway
from sociable.directory.models import Account
from sociable.domain.cover import reasons
from sociable.domain.cover.board import Board, work_out
from sociable.domain.cover.reasons import Hole, as_us
from sociable.domain.cover.spans import minus
from sociable.people.models import Person

WEEKS = 6
# What finishes "Jen …" for whoever may know why somebody is away.
AWAY_WORDS = {
    **{
        number: f"is {reading.AWAY_WORDS[kind]}"
        for number, kind in enumerate(reading.KINDS)
        if kind in reading.AWAY_WORDS
    },
    reading.KINDS.index(TimeAway.Kind.OTHER): reasons.IS_AWAY,
    reading.GONE: "has left",
}


class Uncovered(NamedTuple):
    """Of the half hours in which an account needs somebody, those in which too few are there."""

    half_hours: int
    needed: int


def board_of(accounts: Iterable[Account], starts_at: datetime, ends_at: datetime, *, as_if_live: bool = False) -> Board:
    """This function will work out the board of some accounts, with as many queries for one as for hundreds.

    Shape:  half hours are counted from `starts_at`; `as_if_live`: accounts that do not answer yet are counted as if they did
    """
    wanted = list(accounts)
    prefetch_related_objects(wanted, "partner", "answered_from")
    return work_out(reading.given(wanted, starts_at, ends_at, as_if_live=as_if_live))


def holes_of(accounts: Iterable[Account], starts_at: datetime, ends_at: datetime) -> list[Hole]:
    """This function will list the holes of some accounts, earliest first."""
    return reasons.holes_of(board_of(accounts, starts_at, ends_at))


def uncovered(account: Account, starts_at: datetime, ends_at: datetime) -> Uncovered:
    """This function will count the needed half hours of an account, and those in which too few are ready and in.

    Shape:  whatever its stage: an account that is to go live is judged by the hours it states
    """
    board = board_of([account], starts_at, ends_at, as_if_live=True)
    return Uncovered(int((board.missing > 0).sum()), int((board.needed > 0).sum()))


def without(board: Board, person: Person, starts_at: datetime, ends_at: datetime) -> Board:
    """This function will return the board as it would be if somebody were away; only what it touches is worked out anew."""
    return board.with_away(person.pk, as_us(starts_at), as_us(ends_at), kind=reading.KINDS.index(TimeAway.Kind.OTHER))


def holes_made(before: Board, after: Board) -> list[Hole]:
    """This function will list what a change tears open: the parts of holes in which fewer were missing before, or nobody."""
    known: dict[int, list[Hole]] = defaultdict(list)
    for hole in reasons.holes_of(before):
        known[hole.account].append(hole)
    made = []
    for hole in reasons.holes_of(after):
        as_bad = [(one.starts_us, one.ends_us) for one in known[hole.account] if one.missing >= hole.missing]
        parts = minus([(hole.starts_us, hole.ends_us)], as_bad)
        made += [hole._replace(starts_us=starts, ends_us=ends) for starts, ends in parts]
    return made


def why(board: Board, hole: Hole, zone: str, *, names: Mapping[int, str], told: Sequence[int] = ()) -> str:
    """This function will say in words why there is a hole.

    Shape:  `names` as names_in gives them; `told` are the people of whom the reader may know why they are away
    """
    kept_private = [
        reason if reason.because is not reasons.Because.AWAY or reason.person in told or reason.kind == reading.GONE
        else reason._replace(kind=reading.KINDS.index(TimeAway.Kind.OTHER))
        for reason in reasons.why(board, hole)
    ]  # fmt: skip
    return reasons.words(hole, kept_private, names, AWAY_WORDS, zone)


def names_in(board: Board) -> dict[int, str]:
    """This function will name everybody who is on the rota of a board."""
    people = set(board.given.rota.person.tolist())
    named = Person.objects.filter(pk__in=people) if len(people) <= reading.MOST_NAMED else Person.objects.all()
    return dict(named.values_list("pk", "name"))
