"""Decides, for every account and half hour, how many are needed and how many are ready and in, and where the holes are.

A half hour is covered only where the whole of its open part is; holes are exact to the microsecond. Why there is a hole is
told by reasons; who may see a board, and from which rows it is worked out, is left to the room of cover.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sociable.domain.cover import sweep
from sociable.domain.cover.given import HALF_HOUR_US, Away, Column, Given, OnRota, Ready, clipped, joined, only, table

Slots = NDArray[np.int16]


class Present(NamedTuple):
    """Somebody is there for an account: on its rota, ready for it, and not away."""

    account: Column
    person: Column
    starts: Column
    ends: Column


class Holes(NamedTuple):
    """The longest stretches in which so many people are missing; ascending by account and start."""

    account: Column
    starts: Column
    ends: Column
    missing: Column


@dataclass(frozen=True, slots=True)
class Board:
    """Accounts by half hour.

    Shape:  a row for each account of `given.accounts`, a column for each half hour. `needed`: the most that are needed at any
            instant of it, 0 where it is closed; `inside`: the fewest that are in at any open instant; `missing`: the most
            that are missing
    """

    given: Given
    needed: Slots
    inside: Slots
    missing: Slots
    holes: Holes
    present: Present

    def row(self, account: int) -> int:
        """This function will say in which row an account stands."""
        return int(np.searchsorted(self.given.accounts, account))

    def who(self, account: int, starts_us: int, ends_us: int) -> list[tuple[int, int, int]]:
        """This function will say who is there for an account in a stretch: person, from, until; ascending by start."""
        there = self.present
        wanted = (there.account == account) & (there.starts < ends_us) & (there.ends > starts_us)
        found = only_present(there, wanted)
        rows = zip(found.person.tolist(), found.starts.tolist(), found.ends.tolist(), strict=True)
        return sorted(rows, key=lambda row: (row[1], row[0]))

    def fewest_in(self, account: int, starts_us: int, ends_us: int) -> int:
        """This function will say how many are there for an account at the instant of a stretch at which the fewest are."""
        there = self.who(account, starts_us, ends_us)
        # it grows fewer only where somebody leaves
        falls = {starts_us, *(ends for _, _, ends in there if ends < ends_us)}
        return min(sum(starts <= at < ends for _, starts, ends in there) for at in falls)

    # -- What if -------------------------------------------------------------------------------------------------------

    def with_away(self, person: int, starts_us: int, ends_us: int, kind: int = 0) -> Board:
        """This function will return the board as it is once somebody is away."""
        away = joined(self.given.away, table(Away, [(person, starts_us, ends_us, kind)]))
        return self.changed(replace(self.given, away=away), self.touched_by(person, starts_us, ends_us))

    def without_away(self, person: int, starts_us: int, ends_us: int) -> Board:
        """This function will return the board as it is once a time away, given by its own ends, is taken back."""
        away = self.given.away
        gone = (away.person == person) & (away.starts == starts_us) & (away.ends == ends_us)
        return self.changed(replace(self.given, away=only(away, ~gone)), self.touched_by(person, starts_us, ends_us))

    def with_shift(self, person: int, starts_us: int, ends_us: int, accounts: Column) -> Board:
        """This function will return the board as it is with one shift more."""
        shift = table(OnRota, [(account, person, starts_us, ends_us) for account in accounts.tolist()])
        return self.changed(replace(self.given, rota=joined(self.given.rota, shift)), accounts)

    def without_shift(self, person: int, starts_us: int, ends_us: int) -> Board:
        """This function will return the board as it is without the shift of a person that has just these ends."""
        rota = self.given.rota
        gone = (rota.person == person) & (rota.starts == starts_us) & (rota.ends == ends_us)
        return self.changed(replace(self.given, rota=only(rota, ~gone)), rota.account[gone])

    def touched_by(self, person: int, starts_us: int, ends_us: int) -> Column:
        """This function will name the accounts for which somebody is on the rota in a stretch."""
        rota = self.given.rota
        there = (rota.person == person) & (rota.starts < ends_us) & (rota.ends > starts_us)
        return np.unique(rota.account[there])

    def changed(self, given: Given, accounts: Column) -> Board:
        """This function will work out anew only the accounts named, of which something was changed."""
        touched = np.intersect1d(accounts, given.accounts)
        new = work_out(given.of(touched))
        rows = np.searchsorted(given.accounts, touched)
        return Board(
            given,
            _with_rows(self.needed, rows, new.needed),
            _with_rows(self.inside, rows, new.inside),
            _with_rows(self.missing, rows, new.missing),
            Holes(*_spliced(self.holes, new.holes, touched)),
            Present(*_spliced(self.present, new.present, touched)),
        )


def _with_rows(old: Slots, rows: NDArray[np.intp], fresh: Slots) -> Slots:
    copied = old.copy()
    copied[rows] = fresh
    return copied


def _spliced(old: Holes | Present, new: Holes | Present, touched: Column) -> list[Column]:
    kept = ~np.isin(old.account, touched)
    columns = [np.concatenate((before[kept], after)) for before, after in zip(old, new, strict=True)]
    order = np.argsort(columns[0], kind="stable")
    return [column[order] for column in columns]


def only_present(present: Present, where: NDArray[np.bool_]) -> Present:
    """This function will keep the rows of who is there for which something holds."""
    return Present(*(column[where] for column in present))


# -- Working it out ------------------------------------------------------------------------------------------------------


def work_out(given: Given) -> Board:
    """This function will work out the board of all accounts given."""
    present = present_of(given)
    counted = _counted(given, present)
    needed, inside, missing = _by_slot(given, counted)
    return Board(given, needed, inside, missing, _holes(given, counted), present)


def present_of(given: Given) -> Present:
    """This function will say who is there for which account: on its rota, ready for it, and not away.

    Shape:  ascending by account, person and start; apart for one person and account
    """
    rota = clipped(given.rota, given)
    rota = only(rota, np.isin(rota.account, given.accounts))
    pairs = _Pairs.of(rota)
    spans = sweep.stretches(
        sweep.Spans(pairs.number(rota.account, rota.person), rota.starts, rota.ends),
        _ready(pairs, clipped(given.ready, given)),
        _away(pairs, clipped(given.away, given)),
    )
    there = (spans.levels[:, 0] > 0) & (spans.levels[:, 1] > 0) & (spans.levels[:, 2] == 0)
    key, starts, ends = spans.key[there], spans.starts[there], spans.ends[there]
    first, last = sweep.runs(key, starts, ends, np.zeros_like(key))
    return Present(pairs.account[key[first]], pairs.person[key[first]], starts[first], ends[last])


class _Pairs(NamedTuple):
    """The pairs of account and person that the rota knows, numbered; ascending by code."""

    code: Column
    account: Column
    person: Column
    widest: int

    @classmethod
    def of(cls, rota: OnRota) -> _Pairs:
        widest = int(rota.person.max(initial=0)) + 1
        code = np.unique(rota.account * widest + rota.person)
        return cls(code, code // widest, code % widest, widest)

    def number(self, account: Column, person: Column) -> Column:
        """The number of each pair, which the rota must know."""
        return np.searchsorted(self.code, account * self.widest + person)

    def knows(self, account: Column, person: Column) -> NDArray[np.bool_]:
        known: NDArray[np.bool_] = np.isin(account * self.widest + person, self.code) & (person < self.widest)
        return known


def _ready(pairs: _Pairs, ready: Ready) -> sweep.Spans:
    known = only(ready, pairs.knows(ready.account, ready.person))
    return sweep.Spans(pairs.number(known.account, known.person), known.starts, known.ends)


def _away(pairs: _Pairs, away: Away) -> sweep.Spans:
    """Whoever is away is so for each account on whose rota they are."""
    by_person = np.argsort(pairs.person, kind="stable")
    people = pairs.person[by_person]
    first, last = (np.searchsorted(people, away.person, side=side) for side in ("left", "right"))
    rows, nth = sweep.repeated(last - first)
    return sweep.Spans(by_person[first[rows] + nth], away.starts[rows], away.ends[rows])


class _Counted(NamedTuple):
    """Open stretches in which neither need nor cover changes, cut at every half hour."""

    row: Column
    starts: Column
    ends: Column
    needed: NDArray[np.int32]
    inside: NDArray[np.int32]


def _counted(given: Given, present: Present) -> _Counted:
    needed = clipped(given.needed, given)
    rows = np.searchsorted(given.accounts, needed.account)
    spans = sweep.stretches(
        sweep.Spans(rows, needed.starts, needed.ends, needed.people),
        sweep.Spans(np.searchsorted(given.accounts, present.account), present.starts, present.ends),
        edges=_half_hours(given, rows, needed.starts, needed.ends),
    )
    is_open = spans.levels[:, 0] > 0
    levels = spans.levels[is_open]
    return _Counted(spans.key[is_open], spans.starts[is_open], spans.ends[is_open], levels[:, 0], levels[:, 1])


def _half_hours(given: Given, rows: Column, starts: Column, ends: Column) -> tuple[Column, Column]:
    """The half hours that begin inside of spans."""
    first = (starts - given.starts_us) // HALF_HOUR_US + 1
    last = -(-(ends - given.starts_us) // HALF_HOUR_US)
    spans, nth = sweep.repeated(np.maximum(last - first, 0))
    return rows[spans], given.starts_us + (first[spans] + nth) * HALF_HOUR_US


def _by_slot(given: Given, counted: _Counted) -> tuple[Slots, Slots, Slots]:
    shape = (len(given.accounts), given.slots)
    needed, inside, missing = (np.zeros(shape, dtype=np.int16) for _ in range(3))
    slot = counted.row * given.slots + (counted.starts - given.starts_us) // HALF_HOUR_US
    if len(slot):
        first = np.flatnonzero(np.append(True, slot[1:] != slot[:-1]))
        at = slot[first]
        needed.reshape(-1)[at] = np.maximum.reduceat(counted.needed, first)
        inside.reshape(-1)[at] = np.minimum.reduceat(counted.inside, first)
        missing.reshape(-1)[at] = np.maximum(np.maximum.reduceat(counted.needed - counted.inside, first), 0)
    return needed, inside, missing


def _holes(given: Given, counted: _Counted) -> Holes:
    short = counted.needed > counted.inside
    row, starts, ends = counted.row[short], counted.starts[short], counted.ends[short]
    missing = (counted.needed - counted.inside)[short].astype(np.int64)
    first, last = sweep.runs(row, starts, ends, missing)
    return Holes(given.accounts[row[first]], starts[first], ends[last], missing[first])
