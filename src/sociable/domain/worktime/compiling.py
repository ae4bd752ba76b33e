"""Decides which instants some years of stated hours are open, from what is stated for each day and how the zone's clocks run.

A stretch of time is open exactly while the clock on the wall there shows a stated time. So a time that the clock skips in
spring is not open, one that it shows twice in autumn is open twice, and 17:00 stays 17:00. Answering from the table is left
to the table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from sociable.domain.worktime.spans import DaySpans
from sociable.domain.worktime.table import AFTER_ALL, Microseconds, OpenTable, Pieces
from sociable.domain.worktime.zones import DAY_US, SECOND_US, clock_changes, offset_us

MINUTE_US = 60 * SECOND_US
FIRST_DAY = date(1970, 1, 1).toordinal()
# The day before may reach into the first day overnight, and local days begin up to a day away from UTC's.
_MARGIN_DAYS = 3


def open_table(plan: Callable[[date], DaySpans], zone: ZoneInfo, first_year: int, last_year: int) -> OpenTable:
    """This function will compile the open spans of some years.

    Shape:  plan gives the spans that start on a local date; years are UTC years, the last one included
    """
    low_day = date(first_year, 1, 1).toordinal() - FIRST_DAY
    high_day = date(last_year + 1, 1, 1).toordinal() - FIRST_DAY
    on_the_wall = _on_the_wall(plan, low_day - _MARGIN_DAYS, high_day + _MARGIN_DAYS)
    pieces = _in_the_world(on_the_wall, zone, first_year, last_year)
    starts, ends = _joined(pieces)
    return OpenTable(low_day * DAY_US, high_day * DAY_US, starts, ends, pieces)


def _on_the_wall(plan: Callable[[date], DaySpans], first_day: int, end_day: int) -> Pieces:
    """The spans as the clock on the wall shows them, in microseconds of local time."""
    rows = [
        (day * DAY_US + opens * MINUTE_US, day * DAY_US + closes * MINUTE_US, day)
        for day in range(first_day, end_day)
        for opens, closes in plan(date.fromordinal(day + FIRST_DAY))
    ]
    starts, ends, days = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Pieces(starts, ends, days)


def _in_the_world(wall: Pieces, zone: ZoneInfo, first_year: int, last_year: int) -> Pieces:
    """Between two clock changes local time is UTC plus one offset: move the spans by it and keep what falls between them."""
    moved = []
    for begin_us, end_us, offset in _steady_stretches(zone, first_year, last_year):
        # Overnight spans make ends not quite ascending; two days before the stretch none reaches into it.
        low, high = np.searchsorted(wall.starts, (begin_us + offset - 2 * DAY_US, end_us + offset))
        starts = np.maximum(wall.starts[low:high] - offset, begin_us)
        ends = np.minimum(wall.ends[low:high] - offset, end_us)
        kept = ends > starts
        moved.append((starts[kept], ends[kept], wall.days[low:high][kept]))
    starts, ends, days = (np.concatenate(columns) for columns in zip(*moved, strict=True))
    return Pieces(starts, ends, days)


def _steady_stretches(zone: ZoneInfo, first_year: int, last_year: int) -> Iterator[tuple[int, int, int]]:
    """Stretches without a clock change: begin, end and the offset in between."""
    begin_us = (date(first_year, 1, 1).toordinal() - FIRST_DAY) * DAY_US
    offset = offset_us(zone, begin_us)
    for year in range(first_year, last_year + 1):
        for change in clock_changes(zone, year):
            yield begin_us, change.at_us, change.before_us
            begin_us, offset = change.at_us, change.offset_us
    yield begin_us, (date(last_year + 1, 1, 1).toordinal() - FIRST_DAY) * DAY_US, offset


def _joined(pieces: Pieces) -> tuple[Microseconds, Microseconds]:
    """Spans that touch or overlap become one, so that midnight closes nothing that is open on both sides."""
    starts, furthest = pieces.starts, np.maximum.accumulate(pieces.ends)
    apart = starts[1:] > furthest[:-1]
    first = np.concatenate(([True], apart))[: len(starts)]
    last = np.concatenate((apart, [True]))[: len(starts)]
    return np.append(starts[first], AFTER_ALL), np.append(furthest[last], AFTER_ALL)
