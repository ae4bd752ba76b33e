"""Decides how rota, readiness, time away and what is needed are written down as columns of numbers, thousands of rows at once.

What follows from them is left to board; which rows of the tables they are, to the room of cover.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.int64]
HALF_HOUR_US = 30 * 60 * 1_000_000


class Needed(NamedTuple):
    """How many people an account needs, in stretches of its stated hours that lie apart."""

    account: Column
    starts: Column
    ends: Column
    people: Column


class OnRota(NamedTuple):
    """Somebody is on the rota for an account; a shift that names three accounts is three rows."""

    account: Column
    person: Column
    starts: Column
    ends: Column


class Ready(NamedTuple):
    """Somebody is ready for an account."""

    account: Column
    person: Column
    starts: Column
    ends: Column


class Away(NamedTuple):
    """Somebody is away; `kind` is a number that only who asks can read."""

    person: Column
    starts: Column
    ends: Column
    kind: Column


_Table = TypeVar("_Table", Needed, OnRota, Ready, Away)


def table(kind: type[_Table], rows: Sequence[tuple[int, ...]]) -> _Table:
    """This function will turn rows into columns."""
    columns = np.array(rows, dtype=np.int64).reshape(len(rows), len(kind._fields)).T
    return kind(*(np.ascontiguousarray(column) for column in columns))


def only(rows: _Table, where: NDArray[np.bool_]) -> _Table:
    """This function will keep the rows for which something holds."""
    return type(rows)(*(column[where] for column in rows))


def joined(first: _Table, second: _Table) -> _Table:
    """This function will put the rows of two tables after one another."""
    return type(first)(*(np.concatenate(columns) for columns in zip(first, second, strict=True)))


@dataclass(frozen=True, slots=True)
class Given:
    """All that a board is worked out from.

    Shape:  accounts ascending, each once; rows may reach beyond the window, overlap and repeat; half-open
    Units:  microseconds since 1970, UTC; the window is `slots` half hours from `starts_us`
    """

    starts_us: int
    slots: int
    accounts: Column
    needed: Needed
    rota: OnRota
    ready: Ready
    away: Away

    @property
    def ends_us(self) -> int:
        """The end of the window."""
        return self.starts_us + self.slots * HALF_HOUR_US

    def of(self, accounts: Column) -> Given:
        """This function will return what concerns only some of the accounts; times away are kept, whoever they take off."""
        wanted = np.unique(accounts)
        return replace(
            self,
            accounts=wanted,
            needed=only(self.needed, np.isin(self.needed.account, wanted)),
            rota=only(self.rota, np.isin(self.rota.account, wanted)),
            ready=only(self.ready, np.isin(self.ready.account, wanted)),
        )


def clipped(rows: _Table, given: Given) -> _Table:
    """This function will cut rows off at the ends of the window, and leave out those beyond it or without any length."""
    starts, ends = np.maximum(rows.starts, given.starts_us), np.minimum(rows.ends, given.ends_us)
    cut = rows._replace(starts=starts, ends=ends)
    return only(cut, starts < ends)
