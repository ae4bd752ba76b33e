"""Draws a board as a picture: a column for each day, the hours of the day from top to bottom, one path for each state of an account.

It is drawn by the clocks of one zone. What the states mean is decided by domain/cover; the same in words stands beside it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from sociable.domain.cover.board import Board
from sociable.domain.cover.given import HALF_HOUR_US
from sociable.domain.cover.reasons import as_instant

DAYS_IN_BLOCK = 21  # three weeks: as wide as a phone; two blocks stand beside each other on a desk
DAY_WIDTH, HEIGHT = 17, 40
_HALF_HOURS_A_DAY = 48
# By how bad they are: where the clocks go back, the worse of two half hours is shown.
CLOSED, TWO, ONE, FEW, NONE = range(5)
FILLS = {TWO: "two", ONE: "one", FEW: "few", NONE: "none"}

States = NDArray[np.uint8]


class Shape(NamedTuple):
    """All stretches of one state of one account within three weeks, as the path of an SVG."""

    fill: str
    path: str


class Line(NamedTuple):
    """Where a day begins, and what is written there."""

    x: int
    words: str
    is_today: bool
    is_monday: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn board: its days, the shapes of each account in each block of three weeks, and the hours of the day it spans.

    Shape:  hours are half hours after midnight, first and last, of accounts that are open at all
    """

    days: list[date]
    hours: dict[int, tuple[int, int]]
    shapes: dict[tuple[int, int], list[Shape]]

    def blocks(self) -> list[int]:
        """The numbers of the blocks."""
        return list(range(-(-len(self.days) // DAYS_IN_BLOCK)))


def states_of(board: Board) -> States:
    """This function will say of each account and half hour: closed, two or more in, one in, too few in, nobody in."""
    states = np.where(board.inside > 1, TWO, ONE)
    states = np.where(board.missing > 0, np.where(board.inside > 0, FEW, NONE), states)
    return np.where(board.needed > 0, states, CLOSED).astype(np.uint8)


def draw(board: Board, zone: str) -> Picture:
    """This function will draw a board; each account from the earliest full hour at which it is ever open to the latest."""
    days, grid = _by_day(board, zone)
    accounts = board.given.accounts.tolist()
    hours = _hours(grid)
    shapes = {(accounts[row], block): drawn for (row, block), drawn in _shapes(grid, hours).items()}
    return Picture(days, {accounts[row]: each for row, each in hours.items()}, shapes)


def _hours(grid: States) -> dict[int, tuple[int, int]]:
    hours = {}
    ever_open = np.asarray(grid.any(axis=1))
    for row in range(len(grid)):
        half_hours = np.flatnonzero(ever_open[row])
        if len(half_hours):
            hours[row] = (int(half_hours[0]) // 2 * 2, -(-(int(half_hours[-1]) + 1) // 2) * 2)
    return hours


def lines(picture: Picture, block: int, today: date) -> list[Line]:
    """This function will say where the days of a block begin; Mondays, the first day and today are written."""
    days = picture.days[block * DAYS_IN_BLOCK : (block + 1) * DAYS_IN_BLOCK]
    return [
        Line(number * DAY_WIDTH, _day_words(day, number, today), day == today, day.weekday() == 0)
        for number, day in enumerate(days)
    ]


def _day_words(day: date, number: int, today: date) -> str:
    """No two words so near that they would run into each other."""
    if day == today:
        return "Today"
    if day.weekday() == 0:
        return f"{day.day} {day:%b}" if not 0 < (day - today).days < 3 else ""
    return f"{day.day} {day:%b}" if number == 0 and day.weekday() < 5 else ""


# -- Half hours on the wall ----------------------------------------------------------------------------------------------


def letters(width: int) -> float:
    """This function will return how large the hours above a day are written: alike on the page, however many are drawn."""
    return width / 30


def wall_clock(board: Board, zone: str) -> tuple[list[date], NDArray[np.int64], NDArray[np.int64]]:
    """This function will say on which local day each half hour lies, and the how manieth of the day it is."""
    local = [as_instant(us).astimezone(ZoneInfo(zone)) for us in _starts(board)]
    days = sorted({each.date() for each in local})
    number = {day: at for at, day in enumerate(days)}
    of_day = np.array([number[each.date()] for each in local], dtype=np.int64)
    return days, of_day, np.array([_half_hour(each) for each in local], dtype=np.int64)


def _starts(board: Board) -> list[int]:
    return [board.given.starts_us + number * HALF_HOUR_US for number in range(board.given.slots)]


def _half_hour(local: datetime) -> int:
    return local.hour * 2 + local.minute // 30


def _by_day(board: Board, zone: str) -> tuple[list[date], States]:
    """Accounts by local day and half hour of the day; of an hour that comes twice, the worse."""
    days, day, half_hour = wall_clock(board, zone)
    states = states_of(board)
    grid = np.zeros((len(states), len(days), _HALF_HOURS_A_DAY), dtype=np.uint8)
    grid[:, day, half_hour] = states
    place = day * _HALF_HOURS_A_DAY + half_hour
    first_of_place = np.unique(place, return_index=True)[1]
    for slot in np.setdiff1d(np.arange(len(place)), first_of_place):
        twice = np.flatnonzero(place == place[slot])
        grid[:, day[slot], half_hour[slot]] = states[:, twice].max(axis=1)
    return days, grid


# -- Paths ---------------------------------------------------------------------------------------------------------------


def _shapes(grid: States, hours: dict[int, tuple[int, int]]) -> dict[tuple[int, int], list[Shape]]:
    """Rectangles, each as many days wide as have just this stretch in this state, joined to one path for each state."""
    paths: dict[tuple[int, int, int], list[str]] = defaultdict(list)
    for row, block, state, top, bottom, first, days in _rectangles(grid):
        opens, closes = hours[row]
        y, end = ((at - opens) * HEIGHT // (closes - opens) for at in (top, bottom))
        width, height = days * DAY_WIDTH, end - y
        paths[row, block, state].append(f"M{first * DAY_WIDTH} {y}h{width}v{height}h-{width}z")
    shapes: dict[tuple[int, int], list[Shape]] = defaultdict(list)
    for (row, block, state), parts in paths.items():
        shapes[row, block].append(Shape(FILLS[state], "".join(parts)))
    return shapes


def _rectangles(grid: States) -> list[tuple[int, int, int, int, int, int, int]]:
    """Account, block, state, first and last half hour, first day within the block, number of days."""
    accounts, days, half_hours = grid.shape
    flat = np.pad(grid.reshape(accounts * days, half_hours), ((0, 0), (1, 1)))
    line, edge = np.nonzero(flat[:, 1:] != flat[:, :-1])
    goes_on = np.append(line[1:] == line[:-1], False) if len(line) else np.empty(0, bool)
    line, top = line[goes_on], edge[goes_on]
    bottom = edge[np.flatnonzero(goes_on) + 1]
    state = flat[line, top + 1].astype(np.int64)
    row, day = line // days, line % days
    shown = state > CLOSED
    columns = [each[shown] for each in (row, day // DAYS_IN_BLOCK, state, top, bottom, day % DAYS_IN_BLOCK)]
    order = np.lexsort(columns[::-1])
    columns = [each[order] for each in columns]
    return _joined_days(columns)


def _joined_days(columns: list[NDArray[np.int64]]) -> list[tuple[int, int, int, int, int, int, int]]:
    if not len(columns[0]):
        return []
    *alike, day = columns
    same = np.logical_and.reduce([each[1:] == each[:-1] for each in alike]) & (day[1:] == day[:-1] + 1)
    first = np.flatnonzero(np.append(True, ~same))
    many = np.diff(np.append(first, len(day)))
    rows = zip(*(each[first].tolist() for each in columns), many.tolist(), strict=True)
    return list(rows)
