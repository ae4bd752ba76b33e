"""When a day begins somewhere: as the clocks there stand on it, also where they change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sociable.domain.worktime.zones import day_begins


@pytest.mark.parametrize(
    ("on", "zone", "begins_at"),
    [
        (date(2026, 1, 5), "Europe/London", datetime(2026, 1, 5, tzinfo=UTC)),
        (date(2026, 7, 6), "Europe/London", datetime(2026, 7, 5, 23, tzinfo=UTC)),
        (date(2026, 7, 6), ZoneInfo("Asia/Kolkata"), datetime(2026, 7, 5, 18, 30, tzinfo=UTC)),
        (date(2026, 3, 29), "Asia/Beirut", datetime(2026, 3, 28, 22, tzinfo=UTC)),  # its clocks leave out that midnight
    ],
)
def test_a_day_begins_as_its_clocks_stand(on: date, zone: ZoneInfo | str, begins_at: datetime) -> None:
    assert day_begins(on, zone) == begins_at
    assert day_begins(on, zone).tzinfo is UTC


@pytest.mark.parametrize(("on", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)])
def test_a_day_of_a_clock_change_is_as_long_as_it_is(on: date, hours: int) -> None:
    assert day_begins(on + timedelta(days=1), "Europe/London") - day_begins(on, "Europe/London") == timedelta(
        hours=hours
    )
