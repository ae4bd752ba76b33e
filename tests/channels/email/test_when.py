"""Nobody gains or loses by a wrong clock: when a mail reached the network."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.email.when import arrival, read_date
from tests.channels.email.conftest import FETCHED_AT, read

TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
STAMP = "Received: from a by mx.leeds.test with ESMTP id 1; Mon, 23 Nov 2026 10:00:00 +0000\n"
FIRST_HOP = "Received: from laptop by mail.example.test; Mon, 23 Nov 2026 09:00:00 +0000\n"


def test_our_own_mailbox_is_believed_first() -> None:
    for date in (
        "Mon, 23 Nov 2026 09:00:00 +0000",
        "Fri, 01 Jan 1999 00:00:00 +0000",
        "Tue, 01 Jan 2030 00:00:00 +0000",
        "junk",
    ):
        assert read(f"From: a@x.test\nDate: {date}\n\nx", received_at=TEN).sent_at == TEN


def test_a_mail_that_waited_for_us_reached_the_network_before() -> None:
    parsed = read(f"{STAMP}{FIRST_HOP}From: a@x.test\n\nx", received_at=TEN + timedelta(hours=2))
    assert parsed.sent_at == TEN
    assert "last mail server before us" in parsed.sent_at_why


def test_a_stamp_further_back_than_any_server_keeps_trying_is_not_believed() -> None:
    received_at = TEN + timedelta(days=5, seconds=1)
    assert read(f"{STAMP}From: a@x.test\n\nx", fetched_at=received_at, received_at=received_at).sent_at == received_at


def test_a_stamp_after_our_own_record_is_a_clock_gone_wrong() -> None:
    assert read(f"{STAMP}From: a@x.test\n\nx", received_at=TEN - timedelta(minutes=3)).sent_at == TEN - timedelta(
        minutes=3
    )


def test_old_mail_brought_in_keeps_its_time() -> None:
    years_on = TEN + timedelta(days=900)
    assert read(f"{STAMP}{FIRST_HOP}From: a@x.test\n\nx", fetched_at=years_on).sent_at == TEN
    assert read("From: a@x.test\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n\nx", fetched_at=years_on).sent_at == TEN


@pytest.mark.parametrize("date", ["", "junk", "Tue, 01 Jan 2030 00:00:00 +0000", "Thu, 01 Jan 1970 00:00:00 +0000"])
def test_without_a_usable_time_it_is_when_we_fetched_it(date: str) -> None:
    parsed = read(f"From: a@x.test\nDate: {date}\n\nx")
    assert parsed.sent_at == FETCHED_AT
    assert "fetched" in parsed.sent_at_why


def test_a_wrong_clock_is_told_and_kept() -> None:
    ahead = read("From: a@x.test\nDate: Tue, 01 Jan 2030 00:00:00 +0000\n\nx", received_at=TEN)
    behind = read("From: a@x.test\nDate: Tue, 01 Jan 2019 00:00:00 +0000\n\nx", received_at=TEN)
    assert ahead.written_at == datetime(2030, 1, 1, tzinfo=UTC)
    assert any("after the mail arrived" in problem for problem in ahead.problems)
    assert any("long before the mail arrived" in problem for problem in behind.problems)


@pytest.mark.parametrize(
    ("value", "at"),
    [
        ("Mon, 23 Nov 2026 10:00:00 +0000", TEN),
        ("Mon, 23 Nov 2026 11:00:00 +0100 (CET)", TEN),
        ("23 Nov 2026 10:00 -0000", TEN),
        ("Mon, 23 Nov 2026 10:00:00", TEN),
        ("Mon, 99 Nov 2026 10:00:00 +0000", None),
        ("Mon, 23 Nov 2026 10:00:00 +999999", None),
        ("", None),
        ("tomorrow", None),
    ],
)
def test_dates(value: str, at: datetime | None) -> None:
    assert read_date(value) == at


FROM, UNTIL = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2026-01-01")  # hypothesis adds the zone
MOMENTS = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))


@given(
    fetched_at=st.datetimes(min_value=FROM, timezones=st.just(UTC)),
    received_at=MOMENTS,
    written_at=MOMENTS,
    stamp=st.text(),
)
def test_never_after_we_fetched_it(
    fetched_at: datetime, received_at: datetime | None, written_at: datetime | None, stamp: str
) -> None:
    found = arrival(fetched_at=fetched_at, received_at=received_at, received_headers=[stamp], written_at=written_at)
    assert found.at <= fetched_at
    assert found.why


@given(
    received_at=st.datetimes(min_value=FROM, max_value=UNTIL, timezones=st.just(UTC)),
    written_at=MOMENTS,
)
def test_the_senders_clock_never_counts_where_ours_does(received_at: datetime, written_at: datetime | None) -> None:
    found = arrival(fetched_at=FETCHED_AT, received_at=received_at, received_headers=[], written_at=written_at)
    assert found.at == received_at
