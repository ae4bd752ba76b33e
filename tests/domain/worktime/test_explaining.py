"""Deadlines told so that whoever doubts them can follow: what is named, in which words, and what is left out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sociable.domain.worktime import Calendar, StatedHours, Version, holidays

LONDON = ZoneInfo("Europe/London")
HOUR = timedelta(hours=1)
OFFICE = "Mo-Fr 09:00-17:00; PH off"
LUNCH = "Mo-Fr 09:00-12:00,14:00-17:00; PH off"


def calendar(notation: str) -> Calendar:
    return Calendar(
        [Version(StatedHours.parse(notation))], "Europe/London", holidays.bank_holidays("england-and-wales")
    )


def london(text: str, *, fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LONDON, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("hours", "start", "amount", "sentence"),
    [
        (
            OFFICE,
            "2026-08-28 16:40",
            2 * HOUR,
            "arrived Fri 16:40, 20 minutes that day, bank holiday Monday, due Tue 10:40",
        ),
        (OFFICE, "2026-06-03 10:00", 2 * HOUR, "arrived Wed 10:00, due Wed 12:00"),
        (OFFICE, "2026-06-03 10:00", 0 * HOUR, "arrived Wed 10:00, due Wed 10:00"),
        (OFFICE, "2026-06-03 07:00", 2 * HOUR, "arrived Wed 07:00, open from Wed 09:00, due Wed 11:00"),
        (OFFICE, "2026-06-06 11:00", 2 * HOUR, "arrived Sat 11:00, open from Mon 09:00, due Mon 11:00"),
        (
            OFFICE,
            "2026-08-29 11:00",
            10 * HOUR,
            "arrived Sat 11:00, bank holiday Monday, open from Tue 09:00, 8 hours that day, due Wed 11:00",
        ),
        (
            OFFICE,
            "2026-06-01 16:00",
            20 * HOUR,
            "arrived Mon 16:00, 1 hour that day, 8 hours Tuesday, 8 hours Wednesday, due Thu 12:00",
        ),
        (
            OFFICE,
            "2026-06-01 16:00",
            26 * HOUR,
            "arrived Mon 16:00, 1 hour that day, 24 hours Tuesday to Thursday, due Fri 10:00",
        ),
        (
            OFFICE,
            "2026-06-01 16:00",
            60 * HOUR,
            "arrived Mon 1 Jun 16:00, 1 hour that day, 56 hours Tuesday 2 June to Wednesday 10 June, due Thu 11 Jun 12:00",
        ),
        (
            OFFICE,
            "2026-12-31 16:00",
            60 * HOUR,
            (
                "arrived Thu 31 Dec 16:00, 1 hour that day, bank holiday Friday 1 January 2027, "
                "56 hours Monday 4 January 2027 to Tuesday 12 January 2027, due Wed 13 Jan 2027 12:00"
            ),
        ),
        (
            OFFICE,
            "2026-04-02 16:00",
            2 * HOUR,
            "arrived Thu 16:00, 1 hour that day, bank holidays Friday and Monday, due Tue 10:00",
        ),
        (LUNCH, "2026-06-03 11:50", 2 * HOUR, "arrived Wed 11:50, closed 12:00 to 14:00, due Wed 15:50"),
        (
            LUNCH,
            "2026-06-03 11:50",
            7 * HOUR,
            "arrived Wed 11:50, closed 12:00 to 14:00, 3 hours 10 minutes that day, closed Thu 12:00 to 14:00, due Thu 14:50",
        ),
        (LUNCH, "2026-06-03 12:30", HOUR, "arrived Wed 12:30, open from Wed 14:00, due Wed 15:00"),
        (
            "Mo-Tu,Th-Fr 09:00-17:00",
            "2026-06-02 16:00",
            2 * HOUR,
            "arrived Tue 16:00, 1 hour that day, closed Wednesday, due Thu 10:00",
        ),
        (
            OFFICE + "; 2026 Jun 4 10:00-12:00; 2026 Jun 5 off",
            "2026-06-03 16:00",
            4 * HOUR,
            "arrived Wed 16:00, 1 hour that day, special hours Thursday, 2 hours Thursday, special closure Friday, due Mon 10:00",
        ),
        (
            OFFICE + "; 2026 Jun 4 09:00-17:00",
            "2026-06-03 16:00",
            2 * HOUR,
            "arrived Wed 16:00, 1 hour that day, due Thu 10:00",
        ),
        (
            "Mo-Fr 09:00-17:00; PH 10:00-12:00",
            "2026-08-28 16:00",
            2 * HOUR,
            "arrived Fri 16:00, 1 hour that day, bank holiday hours Monday, due Mon 11:00",
        ),
        (
            OFFICE + "; 2026 Dec 29-31 off",
            "2026-12-24 16:00",
            2 * HOUR,
            (
                "arrived Thu 24 Dec 16:00, 1 hour that day, bank holidays Friday 25 December and Monday 28 December, "
                "special closures Tuesday 29 December, Wednesday 30 December and Thursday 31 December, "
                "bank holiday Friday 1 January 2027, due Mon 4 Jan 2027 10:00"
            ),
        ),
        (
            OFFICE + "; 2026 Jun 1-5 off",
            "2026-05-29 16:00",
            2 * HOUR,
            "arrived Fri 29 May 16:00, 1 hour that day, 5 special closures from Monday 1 June to Friday 5 June, due Mon 8 Jun 10:00",
        ),
        ("24/7", "2026-06-03 16:40", 30 * HOUR, "arrived Wed 16:40, due Thu 22:40"),
        ("Fr 22:00-06:00", "2026-06-05 23:00", 4 * HOUR, "arrived Fri 23:00, due Sat 03:00"),
        (
            "Fr-Sa 22:00-06:00",
            "2026-06-05 23:00",
            8 * HOUR,
            "arrived Fri 23:00, 7 hours until Sat 06:00, due Sat 23:00",
        ),
        (
            "Mo-Su 00:00-08:00",
            "2026-10-25 00:00",
            2.5 * HOUR,
            "arrived Sun 00:00, clocks go back Sunday, due Sun 01:30 GMT",
        ),
        (
            "Mo-Su 00:00-08:00",
            "2026-03-29 00:00",
            2 * HOUR,
            "arrived Sun 00:00, clocks go forward Sunday, due Sun 03:00",
        ),
        (OFFICE, "2026-10-23 16:40", 2 * HOUR, "arrived Fri 16:40, 20 minutes that day, due Mon 10:40"),
    ],
)
def test_due(hours: str, start: str, amount: timedelta, sentence: str) -> None:
    explained = calendar(hours).explain(london(start), amount)
    assert explained.sentence == sentence
    assert sum((step.counted for step in explained.steps), timedelta()) == amount


def test_minutes_add_up_for_people_though_arrival_had_seconds() -> None:
    """16:40 to 17:00 is 20 minutes to whoever reads it; the exact 19:29.5 stay in the steps."""
    explained = calendar(OFFICE).explain(london("2026-06-05 16:40:30.5"), 2 * HOUR)
    assert explained.sentence == "arrived Fri 16:40, 20 minutes that day, due Mon 10:40"
    assert [step.counted for step in explained.steps] == [
        timedelta(0),
        timedelta(minutes=19, seconds=29.5),
        timedelta(hours=1, minutes=40, seconds=30.5),
    ]


def test_where_no_hours_were_stated() -> None:
    early, late = StatedHours.parse("Mo-Su 09:00-17:00"), StatedHours.parse("Mo-Su 09:00-17:00")
    gap = Calendar([Version(early, to_on=date(2026, 6, 3)), Version(late, from_on=date(2026, 6, 6))])
    explained = gap.explain(london("2026-06-03 16:00"), 2 * HOUR)
    assert (
        explained.sentence == "arrived Wed 16:00, 1 hour that day, no hours stated Thursday and Friday, due Sat 10:00"
    )


def test_elapsed() -> None:
    explained = calendar(OFFICE).explain_elapsed(london("2026-08-28 16:40"), london("2026-09-01 10:45"))
    assert explained.sentence == (
        "arrived Fri 16:40, 20 minutes that day, bank holiday Monday, until Tue 10:45, 2 hours 5 minutes of open time in all"
    )


def test_elapsed_while_closed() -> None:
    explained = calendar(OFFICE).explain_elapsed(london("2026-08-29 16:40"), london("2026-08-30 10:45"))
    assert explained.sentence == "arrived Sat 16:40, until Sun 10:45, no time of open time in all"
