"""What in a calendar means that its owner is away: what comes again, zones, whole days, and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sociable.channels.base import ChannelError
from sociable.channels.calendars import recurring
from sociable.channels.calendars.parse import Entry, Reading, entries
from sociable.channels.calendars.recurring import MOST_ENTRIES
from tests.servers.calendars import calendar, event

BEGINS = datetime(2026, 11, 22, tzinfo=UTC)
HOW = Reading(BEGINS, BEGINS + timedelta(weeks=26), "Europe/London", "asha@staff.example.org", key=b"k")


def read(*events: str, how: Reading = HOW) -> list[Entry]:
    return entries(calendar(*events).encode(), how)


def spans(*events: str, how: Reading = HOW) -> list[tuple[str, str]]:
    return [(f"{one.starts_at:%m-%d %H:%M}", f"{one.ends_at:%m-%d %H:%M}") for one in read(*events, how=how)]


def test_an_event_is_a_stretch() -> None:
    (one,) = read(event("a", "20261124T100000Z", "20261124T113000Z", "Budget"))
    assert (one.starts_at, one.ends_at) == (
        datetime(2026, 11, 24, 10, tzinfo=UTC),
        datetime(2026, 11, 24, 11, 30, tzinfo=UTC),
    )
    assert (one.uid, one.whole_days) == ("a/", False)
    assert "Budget" not in repr(one), "no title is kept"


def test_whole_days_and_times_without_a_zone_are_meant_where_they_work() -> None:
    assert spans(event("a", "20270329", "20270330")) == [("03-28 23:00", "03-29 23:00")], "London is ahead by then"
    assert spans(event("b", "20270401T090000", "20270401T100000")) == [("04-01 08:00", "04-01 09:00")]


def test_what_comes_again_follows_the_clocks_with_moved_and_left_out_occurrences() -> None:
    weekly = (
        "UID:w\nDTSTART;TZID=Europe/London:20270322T100000\nDTEND;TZID=Europe/London:20270322T110000\n"
        "RRULE:FREQ=WEEKLY;COUNT=4\nEXDATE;TZID=Europe/London:20270405T100000\nSUMMARY:Team"
    )
    moved = (
        "UID:w\nRECURRENCE-ID;TZID=Europe/London:20270412T100000\nDTSTART;TZID=Europe/London:20270413T150000\n"
        "DTEND;TZID=Europe/London:20270413T160000\nSUMMARY:Team"
    )
    found = read(weekly, moved)
    assert [f"{one.starts_at:%m-%d %H:%M}" for one in found] == ["03-22 10:00", "03-29 09:00", "04-13 14:00"]
    assert len({one.uid for one in found}) == 3, "each occurrence has its own name"


def test_zones_as_outlook_names_them() -> None:
    outlook = (
        "UID:o\nDTSTART;TZID=GMT Standard Time:20270401T090000\nDTEND;TZID=GMT Standard Time:20270401T100000\nSUMMARY:x"
    )
    assert spans(outlook) == [("04-01 08:00", "04-01 09:00")]


@pytest.mark.parametrize(
    "line",
    [
        "TRANSP:TRANSPARENT",
        "STATUS:CANCELLED",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "ATTENDEE;PARTSTAT=DECLINED:mailto:Asha@staff.example.org",
    ],
)
def test_free_cancelled_and_declined_are_left_out(line: str) -> None:
    given = event("a", "20261124T100000Z", "20261124T110000Z", "x", line)
    assert read(given) == []
    everything = Reading(HOW.starts_at, HOW.ends_at, HOW.zone, HOW.address, only_busy=False)
    assert len(read(given, how=everything)) == 1


def test_that_somebody_else_declined_changes_nothing() -> None:
    others = "ATTENDEE;PARTSTAT=DECLINED:mailto:ben@staff.example.org"
    assert len(read(event("a", "20261124T100000Z", "20261124T110000Z", "x", others))) == 1


def test_what_lies_outside_and_what_has_no_length_are_left_out() -> None:
    assert (
        read(event("a", "20261101T100000Z", "20261101T110000Z"), event("b", "20270801T100000Z", "20270801T110000Z"))
        == []
    )
    assert read(event("c", "20261124T100000Z", "20261124T100000Z")) == []


def test_the_same_title_has_the_same_mark_and_another_key_another() -> None:
    one, other = read(
        event("a", "20261124T100000Z", "20261124T110000Z", "Budget"),
        event("b", "20261125T100000Z", "20261125T110000Z", "Budget "),
    )
    assert one.mark == other.mark
    (elsewhere,) = read(
        event("a", "20261124T100000Z", "20261124T110000Z", "Budget"),
        how=Reading(HOW.starts_at, HOW.ends_at, HOW.zone, key=b"other"),
    )
    assert elsewhere.mark != one.mark


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"<html>Sign in</html>", "not a calendar"),
        (b"", "not a calendar"),
        (b"\xff\xfe\x00", "not a calendar"),
        (
            calendar(event("a", "20261124T100000Z", "20261124T110000Z", "x", "RRULE:FREQ=SECONDLY")).encode(),
            "every hour",
        ),
        (
            calendar(event("a", "20261124T100000Z", "20261124T110000Z", "x", "RRULE:FREQ=MINUTELY")).encode(),
            "every hour",
        ),
        (
            calendar(
                event(
                    "a",
                    "20261124T100000Z",
                    "20261124T110000Z",
                    "x",
                    f"RRULE:FREQ=HOURLY;BYMINUTE={','.join(map(str, range(60)))}",
                )
            ).encode(),
            "every hour",
        ),
        (
            calendar(event("a", "20261124T100000Z", "20261124T103000Z", "x", "RRULE:FREQ=HOURLY")).encode(),
            "every hour",
        ),
        (
            calendar(
                event(
                    "a",
                    "20261124T100000Z",
                    "20261124T103000Z",
                    "x",
                    f"RRULE:FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))}",
                )
            ).encode(),
            f"more than {MOST_ENTRIES}",
        ),
        (
            calendar(event("a", "20261124T100000Z", "20261124T110000Z", "x", "RRULE:FREQ=DAILY;INTERVAL=0")).encode(),
            "no time at all",
        ),
        (
            calendar(event("a", "20261124T100000Z", "20261124T110000Z", "x", "RRULE:FREQ=NEVER")).encode(),
            "By what rule",
        ),
    ],
)
def test_what_cannot_be_read_is_a_sentence(content: bytes, words: str) -> None:
    with pytest.raises(ChannelError, match=words):
        entries(content, HOW)


def test_rules_that_never_come_are_given_up_in_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(recurring, "LONGEST_SECONDS", -1.0)
    never = event("a", "20261124T100000Z", "20261124T110000Z", "x", "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    with pytest.raises(ChannelError, match="more entries that come again than we can follow"):
        entries(calendar(never).encode(), HOW)
