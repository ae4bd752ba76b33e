"""The engine against an independent count of every minute, over at least 20,000 random cases in a run.

The cases differ from run to run; pytest-randomly prints the seed that brings them back.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice

import numpy as np
import pytest

from sociable.domain.worktime import Calendar, StatedHours, Version, holidays
from tests.domain.worktime.brute_force import MinuteByMinute, Minutes, Raw

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WINDOW_DAYS = 35
CASES_PER_CALENDAR = 210
CALENDARS = 100

# Where it goes wrong when it goes wrong. The window begins twelve days before.
MOMENTS = {
    "clocks go forward": date(2026, 3, 29),
    "clocks go back": date(2026, 10, 25),
    "year end": date(2026, 12, 31),
    "leap day": date(2028, 2, 29),
    "Easter": date(2027, 3, 28),
    "southern spring": date(2026, 10, 4),
    "southern autumn": date(2027, 4, 4),
    "American spring": date(2026, 3, 8),
    "American autumn": date(2026, 11, 1),
    "a day skipped": date(2011, 12, 30),
}
ZONES = [
    *["Europe/London"] * 8,
    "Australia/Lord_Howe",  # by half an hour
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/New_York",
    "America/Havana",  # at midnight: 00:00 to 00:59 comes twice
    "Atlantic/Azores",
    "Asia/Beirut",  # back from midnight into the day before
    "Africa/Casablanca",
    "Pacific/Apia",  # had no 30 December 2011
]


def _some_day(rng: random.Random) -> Minutes:
    shape = rng.choice(
        ["closed", "day", "lunch", "night", "early", "whole", "around the change", "anything", "anything"]
    )
    minute = rng.choice([0, 0, 15, 30, 45, rng.randrange(60)])
    match shape:
        case "closed":
            return []
        case "day":
            return [(9 * 60, 17 * 60)]
        case "lunch":
            return [(8 * 60 + minute, 12 * 60), (13 * 60, 16 * 60 + minute)]
        case "night":
            return [(22 * 60 + minute, 30 * 60 + rng.choice([0, minute]))]
        case "early":
            return [(0, 8 * 60)]
        case "whole":
            return [(0, 24 * 60)]
        case "around the change":
            opens = rng.randrange(0, 3 * 60)
            return [(opens, rng.randrange(opens + 1, 4 * 60)), (22 * 60, 24 * 60 + rng.randrange(4 * 60))]
    edges = sorted(rng.sample(range(1440), rng.choice([2, 4, 6])))
    spans = list(zip(edges[::2], edges[1::2], strict=True))
    if rng.random() < 0.3:
        spans[-1] = (spans[-1][0], rng.randrange(1440, spans[-1][0] + 1441))
    return spans


def _some_version(rng: random.Random, moment: date) -> Raw:
    usual = _some_day(rng)
    weekly = [usual if rng.random() < 0.5 else _some_day(rng) for _ in range(5)] + [_some_day(rng), _some_day(rng)]
    if rng.random() < 0.3:
        weekly = [[(9 * 60, 17 * 60)]] * 5 + [[], []]
    special = {moment + timedelta(days=rng.randint(-4, 12)): _some_day(rng) for _ in range(rng.choice([0, 0, 1, 3]))}
    return Raw(weekly, rng.choice([None, [], [], _some_day(rng)]), special)


def _some_versions(rng: random.Random, moment: date) -> list[Raw]:
    versions = [_some_version(rng, moment)]
    if rng.random() < 0.3:
        second = _some_version(rng, moment)
        second.from_on = moment + timedelta(days=rng.randint(-3, 10))
        if rng.random() < 0.5:  # hours for a while, then the old ones again
            second.to_on = second.from_on + timedelta(days=rng.randint(0, 6))
        versions.append(second)
    if rng.random() < 0.1:
        versions[0].to_on = moment + timedelta(days=rng.randint(0, 5))
    return versions


def _calendar(versions: list[Raw], zone: str, days: frozenset[date], *, written: bool) -> Calendar:
    """Built from a form, or from what the notation of it says: both must be the same hours."""
    stated = []
    for raw in versions:
        hours = StatedHours.build(raw.weekly, raw.on_holidays, raw.special)
        stated.append(Version(StatedHours.parse(hours.notation) if written else hours, raw.from_on, raw.to_on))
    return Calendar(stated, zone, days)


def _some_start(rng: random.Random, brute: MinuteByMinute) -> datetime:
    """Anywhere in the first 25 days, half of the time around the moment, often on the edge of a minute or of a span."""
    first, last = rng.choice([(3, 25), (11, 14)])
    at = brute.begin + timedelta(days=first) + rng.random() * timedelta(days=last - first)
    kind = rng.random()
    if kind < 0.3:
        return at
    at = at.replace(second=0, microsecond=0)
    if kind < 0.6:
        return at
    edge = (brute.next_close(at) if kind < 0.8 else brute.next_open(at)) or at
    edge += rng.choice([timedelta(0), timedelta(0), MICROSECOND, -MICROSECOND, timedelta(seconds=-1)])
    return edge if edge < brute.begin + timedelta(days=25) else at


def _some_amount(rng: random.Random, brute: MinuteByMinute, start: datetime) -> timedelta:
    whole_span = brute.next_close(start)
    if whole_span and rng.random() < 0.2:  # ends on a closing instant
        return brute.elapsed(start, whole_span)
    amounts = [timedelta(0), timedelta(hours=2), MICROSECOND, timedelta(minutes=rng.randrange(3000))]
    return rng.choice([*amounts, timedelta(seconds=rng.randrange(200_000)), rng.random() * timedelta(hours=30)])


def _since_epoch(instants: list[datetime]) -> np.ndarray:
    return np.array([(at - EPOCH) // MICROSECOND for at in instants], dtype=np.int64)


@dataclass(frozen=True)
class Case:
    start: datetime
    amount: timedelta
    due: datetime
    end: datetime


def _some_brute_force(rng: random.Random) -> MinuteByMinute:
    """One that opens for some hours late in its window, so that most amounts fit into it."""
    while True:
        moment = rng.choice(list(MOMENTS.values()))
        zone = "Pacific/Apia" if moment == MOMENTS["a day skipped"] else rng.choice(ZONES)
        days = holidays.bank_holidays("england-and-wales") | {moment + timedelta(days=rng.randint(-3, 8))}
        begin = datetime(moment.year, moment.month, moment.day, tzinfo=UTC) - timedelta(days=12)
        brute = MinuteByMinute(_some_versions(rng, moment), zone, days, begin, WINDOW_DAYS)
        if sum(brute.open[25 * 1440 :]) > 300:
            return brute


def _some_cases(rng: random.Random, brute: MinuteByMinute) -> Iterator[Case]:
    while True:
        start = _some_start(rng, brute)
        amount = _some_amount(rng, brute, start)
        if due := brute.due(start, amount):
            yield Case(start, amount, due, start + rng.random() * timedelta(days=8))


@pytest.mark.parametrize("number", range(CALENDARS))
def test_engine_agrees_with_every_minute(number: int) -> None:
    rng = random.Random(random.getrandbits(64))
    brute = _some_brute_force(rng)
    calendar = _calendar(brute.versions, brute.zone.key, brute.holidays, written=bool(number % 2))
    cases = list(islice(_some_cases(rng, brute), CASES_PER_CALENDAR))
    for case in cases:
        about = f"{brute.zone}, {brute.versions}, {case}"
        assert calendar.due(case.start, case.amount) == case.due, about
        assert calendar.elapsed(case.start, case.end) == brute.elapsed(case.start, case.end), about
        assert calendar.is_open(case.start) is brute.is_open(case.start), about
        assert calendar.next_open(case.start) == brute.next_open(case.start), about
        if closes := brute.next_close(case.start):
            assert calendar.next_close(case.start) == closes, about
        later = rng.randrange(5)
        if day_close := brute.working_day_close(case.start, later):
            assert calendar.working_day_close(case.start, later) == day_close, f"{later} days later: {about}"
    _check_arrays(calendar, brute, cases)


def _check_arrays(calendar: Calendar, brute: MinuteByMinute, cases: list[Case]) -> None:
    starts, ends = _since_epoch([case.start for case in cases]), _since_epoch([case.end for case in cases])
    amounts = np.array([case.amount // MICROSECOND for case in cases], dtype=np.int64)
    assert (calendar.due_many(starts, amounts) == _since_epoch([case.due for case in cases])).all()
    elapsed = [brute.elapsed(case.start, case.end) // MICROSECOND for case in cases]
    assert calendar.elapsed_many(starts, ends).tolist() == elapsed
    assert calendar.is_open_many(starts).tolist() == [brute.is_open(case.start) for case in cases]
    assert (calendar.next_open_many(starts) == _since_epoch([brute.next_open(case.start) for case in cases])).all()


def test_a_run_has_at_least_20_000_cases() -> None:
    assert CALENDARS * CASES_PER_CALENDAR >= 20_000


def test_brute_force_knows_what_everybody_knows() -> None:
    """A yardstick that always said "closed" would agree with an engine that does."""
    nights = [Raw([[(0, 8 * 60)]] * 7)]
    brute = MinuteByMinute(nights, "Europe/London", frozenset(), datetime(2026, 10, 24, tzinfo=UTC), 3)
    assert brute.elapsed(datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)) == timedelta(
        hours=9
    )
    assert brute.due(datetime(2026, 10, 24, 12, tzinfo=UTC), timedelta(hours=9)) == datetime(
        2026, 10, 25, 8, tzinfo=UTC
    )
    assert brute.next_open(datetime(2026, 10, 24, 12, tzinfo=UTC)) == datetime(2026, 10, 24, 23, tzinfo=UTC)
