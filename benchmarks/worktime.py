"""Counts working time as fast as it can, beside businesstimedelta and pandas, and says how often each of the three is wrong.

Wrong is what differs from a count of every minute (tests/domain/worktime/brute_force.py), to the second. Where an amount ends
at closing time that time is right; pandas names the next opening instead.
Run: python benchmarks/worktime.py [--quick]
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from functools import partial

import businesstimedelta
import numpy as np
import pandas as pd
import pytz
import setting

sys.path[:0] = [str(setting.ROOT), str(setting.ROOT / "src")]

from sociable.domain.worktime import Calendar, StatedHours, Version, holidays  # noqa: E402
from tests.domain.worktime.brute_force import MinuteByMinute, Raw  # noqa: E402

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
ZONE = "Europe/London"
HOUR = timedelta(hours=1)
AMOUNT = 2 * HOUR
BANK_HOLIDAYS = holidays.bank_holidays("england-and-wales")
CASES = 2_000
MOST_HOURS = 12
Due = Callable[[datetime, int], datetime]
"""From a start, after so many hours of open time. Whole hours, because pandas knows no others."""


@dataclass(frozen=True)
class Scene:
    """Hours that open once a day at full hours, so that all three tools can state them."""

    title: str
    notation: str
    opens_hour: int
    closes_hour: int
    weekdays: Sequence[int]
    holidays: frozenset[date]
    windows: Sequence[tuple[date, int]]

    def calendar(self) -> Calendar:
        return Calendar([Version(StatedHours.parse(self.notation))], ZONE, self.holidays)

    def ours(self) -> Due:
        calendar = self.calendar()
        return lambda start, hours: calendar.due(start, hours * HOUR)

    def businesstimedelta(self) -> Due:
        zone = pytz.timezone(ZONE)
        days = businesstimedelta.WorkDayRule(
            hour_of_day(self.opens_hour), hour_of_day(self.closes_hour), [*self.weekdays], tz=zone
        )
        off = [businesstimedelta.HolidayRule(self.holidays, tz=zone)] if self.holidays else []
        rules = businesstimedelta.Rules([days, *off])
        amounts = [businesstimedelta.BusinessTimeDelta(rules, hours=hours) for hours in range(MOST_HOURS + 1)]
        return lambda start, hours: start + amounts[hours]

    def pandas(self) -> Due:
        offsets = [self.pandas_offset(hours) for hours in range(MOST_HOURS + 1)]
        return lambda start, hours: (pd.Timestamp(start).tz_convert(ZONE) + offsets[hours]).to_pydatetime()

    def pandas_offset(self, hours: int) -> pd.offsets.CustomBusinessHour:
        return pd.offsets.CustomBusinessHour(
            hours,
            start=hour_of_day(self.opens_hour),
            end=hour_of_day(self.closes_hour),
            weekmask=" ".join(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[day] for day in self.weekdays),
            holidays=sorted(self.holidays),
        )

    def cases(self, dice: random.Random) -> list[tuple[datetime, int, datetime]]:
        """Start, hours and true answer; a third of the starts on a full hour, so that some are due at the very closing."""
        found = []
        for first, days in self.windows:
            raw = [[(self.opens_hour * 60, self.closes_hour * 60)] if day in self.weekdays else [] for day in range(7)]
            begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
            brute = MinuteByMinute([Raw(raw, [])], ZONE, self.holidays, begin, days + 14)
            for number in range(CASES // len(self.windows)):
                start = begin + timedelta(seconds=dice.randrange(days * 86_400))
                start = start if number % 3 else start.replace(minute=0, second=0)
                hours = dice.randint(1, MOST_HOURS)
                found.append((start, hours, brute.due(start, hours * HOUR)))
        return found


DAYTIME = Scene(
    "9 to 5, Monday to Friday, closed on bank holidays; starts from 1 March to 30 April 2027",
    "Mo-Fr 09:00-17:00; PH off",
    *(9, 17, range(5), BANK_HOLIDAYS),
    windows=[(date(2027, 3, 1), 61)],
)
OVERNIGHT = Scene(
    "10pm to 6am, Monday to Friday, bank holidays like any other; starts from 1 March to 30 April 2027",
    "Mo-Fr 22:00-06:00",
    *(22, 30, range(5), frozenset()),
    windows=[(date(2027, 3, 1), 61)],
)
NIGHT = Scene(
    "midnight to 8, every day; starts from a week around each clock change of 2026",
    "Mo-Su 00:00-08:00",
    *(0, 8, range(7), frozenset()),
    windows=[(date(2026, 3, 26), 7), (date(2026, 10, 22), 7)],
)


def hour_of_day(hour: int) -> clock_time:
    return clock_time(hour % 24)


def wrong(due: Due, cases: list[tuple[datetime, int, datetime]]) -> tuple[int, int]:
    """Count the wrong answers, and those of them that were no answer but an error."""
    wrong_count = error_count = 0
    for start, hours, expected in cases:
        try:
            wrong_count += due(start, hours).astimezone(UTC) != expected
        except ValueError:
            wrong_count, error_count = wrong_count + 1, error_count + 1
    return wrong_count, error_count


def a_second(rounds: int, count: int, work: Callable[[], object]) -> list[float]:
    """Run the work once to warm up, then several times, and say how many a second each time did."""
    work()
    speeds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        speeds.append(count / (time.perf_counter() - begun))
    return speeds


def random_starts(count: int) -> np.ndarray:
    """Random microseconds of the years 2025 to 2027."""
    low, high = ((datetime(year, 1, 1, tzinfo=UTC) - EPOCH) // MICROSECOND for year in (2025, 2028))
    return np.random.default_rng(7).integers(low, high, count)


def one_by_one(due: Due, starts: list[datetime]) -> None:
    for start in starts:
        due(start, 2)


def measure(count: int, rounds: int) -> None:
    calendar = DAYTIME.calendar()
    starts_us = random_starts(count)
    starts = [EPOCH + timedelta(microseconds=int(start_us)) for start_us in starts_us[: count // 5]]
    ends_us, ends = starts_us + 86_400 * 10**6, [start + timedelta(days=1) for start in starts]
    few = starts[:2_000]
    few_index = pd.DatetimeIndex(few).tz_convert(ZONE)

    print(f"\nArrays of {count:,} random instants (pandas: {len(few):,}), {setting_of(DAYTIME)}: a second")
    arrays: list[tuple[str, int, Callable[[], object]]] = [
        ("due_many", count, lambda: calendar.due_many(starts_us, AMOUNT)),
        ("elapsed_many", count, lambda: calendar.elapsed_many(starts_us, ends_us)),
        ("next_open_many", count, lambda: calendar.next_open_many(starts_us)),
        ("is_open_many", count, lambda: calendar.is_open_many(starts_us)),
        ("pandas CustomBusinessHour", len(few), lambda: few_index + DAYTIME.pandas_offset(2)),
    ]
    table(arrays, rounds)

    print(f"\nOne at a time, {len(starts):,} datetimes in, datetimes out (peers: {len(few):,}): a second")
    single: list[tuple[str, int, Callable[[], object]]] = [
        ("due", len(starts), lambda: [calendar.due(start, AMOUNT) for start in starts]),
        ("elapsed", len(starts), lambda: [calendar.elapsed(*pair) for pair in zip(starts, ends, strict=True)]),
        ("next_open", len(starts), lambda: [calendar.next_open(start) for start in starts]),
        ("explain", len(few), lambda: [calendar.explain(start, AMOUNT) for start in few]),
        ("businesstimedelta", len(few), partial(one_by_one, DAYTIME.businesstimedelta(), few)),
        ("pandas CustomBusinessHour", len(few), partial(one_by_one, DAYTIME.pandas(), few)),
    ]
    table(single, rounds)


def setting_of(scene: Scene) -> str:
    return f"2 open hours from each, {scene.notation}"


def table(rows: list[tuple[str, int, Callable[[], object]]], rounds: int) -> None:
    for name, count, work in rows:
        print(f"  {name:28} {setting.spread(a_second(rounds, count, work))}")


def judge() -> None:
    print(
        f"\nWrong answers of {CASES:,}: 1 to {MOST_HOURS} open hours from random starts, against a count of every minute"
    )
    dice = random.Random(7)
    for scene in (DAYTIME, NIGHT, OVERNIGHT):
        cases, calendar = scene.cases(dice), scene.calendar()
        print(f"  {scene.title}")
        tools = {
            "Sociable": scene.ours(),
            "businesstimedelta": scene.businesstimedelta(),
            "pandas CustomBusinessHour": scene.pandas(),
        }
        for name, due in tools.items():
            wrong_count, error_count = wrong(due, cases)
            print(f"    {name:26} {wrong_count:6,}{f', {error_count:,} of them errors' if error_count else ''}")
        print(f"    {'Sociable, as an array':26} {wrong_in_array(calendar, cases):6,}")


def wrong_in_array(calendar: Calendar, cases: list[tuple[datetime, int, datetime]]) -> int:
    starts, hours, expected = zip(*cases, strict=True)
    due_us = calendar.due_many(microseconds(starts), np.array(hours) * (HOUR // MICROSECOND))
    return int((due_us != microseconds(expected)).sum())


def microseconds(instants: Sequence[datetime]) -> np.ndarray:
    return np.array([(at - EPOCH) // MICROSECOND for at in instants])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer instants and runs")
    quick = options.parse_args().quick
    warnings.simplefilter("ignore", pd.errors.PerformanceWarning)
    print(setting.machine())
    judge()
    measure(200_000 if quick else 1_000_000, 3 if quick else 7)


if __name__ == "__main__":
    main()
