"""A calendar is fetched within a size and a time, and nobody inside the own network is spoken to unless that is allowed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sociable.channels.base import ChannelError
from sociable.channels.calendars import reading
from tests.servers.calendars import Calendars, calendar, event, serving

HERE = ("127.0.0.1", "localhost")


@pytest.fixture
def server() -> Iterator[Calendars]:
    with serving() as here:
        yield here


def test_a_calendar_is_fetched_and_not_again_while_it_is_the_same(server: Calendars) -> None:
    address = server.put("/mine.ics", calendar(event("1", "20261124T100000Z", "20261124T110000Z")), ETag='"one"')
    found = reading.fetch(address, allowed=HERE)
    assert found.content is not None
    assert b"BEGIN:VEVENT" in found.content
    again = reading.fetch(address, etag=found.etag, allowed=HERE)
    assert (again.content, again.etag) == (None, '"one"')


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "127.1"])
def test_nobody_inside_the_own_network_is_spoken_to(server: Calendars, host: str) -> None:
    server.put("/mine.ics", "secret of the house")
    with pytest.raises(ChannelError) as refused:
        reading.fetch(f"http://{host}:{server.port}/mine.ics")
    assert server.asked == []
    assert f"{server.port}" not in refused.value.message, "an address opens the calendar and stands in no message"


def test_what_was_reached_counts_and_not_its_name(server: Calendars, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: real("127.0.0.1" if host == "calendar.example" else host, *rest, **more),
    )
    with pytest.raises(ChannelError, match="leads into the own network") as refused:
        reading.fetch(f"http://calendar.example:{server.port}/mine.ics")
    assert refused.value.permanent
    assert server.asked == []


def test_a_redirect_into_the_own_network_is_not_followed(server: Calendars) -> None:
    address = server.put("/go", "", status=302, Location=f"http://localhost:{server.port}/inside")
    with pytest.raises(ChannelError, match="own network"):
        reading.fetch(address, allowed=("127.0.0.1",))
    assert [path for path, _ in server.asked] == ["/go"]


def test_a_redirect_is_followed_and_a_circle_left(server: Calendars) -> None:
    server.put("/there", "BEGIN:VCALENDAR")
    assert (
        reading.fetch(server.put("/go", "", status=301, Location="/there"), allowed=HERE).content == b"BEGIN:VCALENDAR"
    )
    with pytest.raises(ChannelError, match="in circles"):
        reading.fetch(server.put("/round", "", status=302, Location="/round"), allowed=HERE)


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "asks for a log-in"), (403, "lets nobody"), (404, "no calendar"), (500, "answers with 500")],
)
def test_a_refusal_is_a_sentence(server: Calendars, status: int, words: str) -> None:
    with pytest.raises(ChannelError, match=words):
        reading.fetch(server.put("/no", "no", status=status), allowed=HERE)


def test_one_that_is_too_large_is_left_in_the_middle(server: Calendars) -> None:
    address = server.put("/large", b"x" * (reading.LARGEST_BYTES + 1))
    with pytest.raises(ChannelError, match="larger than 5 MB"):
        reading.fetch(address, allowed=HERE)


def test_one_that_drips_is_left_when_its_time_is_over(server: Calendars, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_SECONDS", -1.0)
    with pytest.raises(ChannelError, match="too long"):
        reading.fetch(server.put("/slow", b"x" * 200_000), allowed=HERE)


def test_a_server_that_is_not_there_is_a_sentence(server: Calendars) -> None:
    with pytest.raises(ChannelError, match="cannot be reached"):
        reading.fetch("http://127.0.0.1:9/mine.ics", allowed=HERE)


@pytest.mark.parametrize(
    "address", ["", "mine.ics", "ftp://calendar.example/x", "file:///etc/passwd", "https://a:b@calendar.example/"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ChannelError) as refused:
        reading.tidy(address)
    assert refused.value.permanent


def test_webcal_stands_for_https() -> None:
    assert reading.tidy(" webcal://calendar.example/a.ics?key=1 ") == "https://calendar.example/a.ics?key=1"
    assert reading.host_of("https://calendar.example/a.ics?key=1") == "calendar.example"
