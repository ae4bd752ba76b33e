"""A calendar is looked at again and again: new names double nothing, what vanishes is taken back, and trouble is shown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sociable.alerts.models import Notice
from sociable.cover import calendars, signing
from sociable.cover.models import CalendarFeed, Shift, TimeAway
from sociable.cover.signing import Given
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import calendar as journey
from sociable.people.models import AuditEvent
from sociable.people.permissions import NotAllowed
from tests.cast import Cast, at
from tests.servers.calendars import Calendars, calendar, event, serving

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[Calendars]:
    settings.CALENDAR_HOSTS = ["127.0.0.1"]
    with serving() as here:
        yield here


@pytest.fixture
def feed(cast: Cast, server: Calendars) -> CalendarFeed:
    server.put("/secret.ics", calendar())
    return journey.add(cast.asha, f"{server.url}/secret.ics", name="Outlook", kind="meeting", only_busy=True, now=at(9))


def look(now: datetime) -> int:
    rows = due.claim(now, 5, ["calendar"])
    for row in rows:
        journey.look(row, now)
    return len(rows)


def counted() -> list[tuple[datetime, datetime]]:
    return list(TimeAway.objects.counted().order_by("starts_at").values_list("starts_at", "ends_at"))


MEETING = event("1", "20261124T100000Z", "20261124T110000Z", "Budget")
LEAVE = event("2", "20261126", "20261128", "Leave")


def test_entries_count_and_are_the_same_at_the_next_look(feed: CalendarFeed, server: Calendars) -> None:
    server.put("/secret.ics", calendar(MEETING, LEAVE))
    assert look(at(9)) == 1
    assert counted() == [(at(10, day=24), at(11, day=24)), (at(0, day=26), at(0, day=28))]
    made = TimeAway.objects.get(starts_at=at(10, day=24))
    assert (made.kind, made.private_reason, made.person) == ("meeting", "", feed.person)
    before = set(TimeAway.objects.values_list("pk", flat=True))
    assert look(at(9, 14)) == 0
    assert look(at(9, 15)) == 1
    assert set(TimeAway.objects.values_list("pk", flat=True)) == before


def test_a_calendar_that_gives_new_names_doubles_and_loses_nothing(feed: CalendarFeed, server: Calendars) -> None:
    server.put("/secret.ics", calendar(MEETING, LEAVE, MEETING.replace("UID:1", "UID:3")))
    look(at(9))
    before = {row.pk: (row.starts_at, row.ends_at) for row in TimeAway.objects.counted()}
    assert len(before) == 3
    for number in range(3):
        server.put(
            "/secret.ics",
            calendar(
                *(
                    each.replace("UID:", f"UID:new-{number}-")
                    for each in (LEAVE, MEETING.replace("UID:1", "UID:3"), MEETING)
                )
            ),
        )
        look(at(10 + number))
        assert {row.pk: (row.starts_at, row.ends_at) for row in TimeAway.objects.counted()} == before


def test_what_moves_moves_and_what_vanishes_is_taken_back(feed: CalendarFeed, server: Calendars) -> None:
    server.put("/secret.ics", calendar(MEETING, LEAVE))
    look(at(9))
    kept = TimeAway.objects.get(starts_at=at(10, day=24)).pk
    server.put("/secret.ics", calendar(event("1", "20261124T140000Z", "20261124T150000Z", "Budget")))
    look(at(10))
    assert counted() == [(at(14, day=24), at(15, day=24))]
    assert TimeAway.objects.get(pk=kept).starts_at == at(14, day=24)
    gone = TimeAway.objects.get(starts_at=at(0, day=26))
    assert (gone.state, gone.decided_at) == ("cancelled", at(10))
    server.put("/secret.ics", calendar(MEETING, LEAVE))
    look(at(11))
    assert len(counted()) == 2, "what comes back counts again"


def test_what_is_over_stays_though_its_calendar_forgets_it(feed: CalendarFeed, server: Calendars) -> None:
    server.put("/secret.ics", calendar(event("0", "20261123T080000Z", "20261123T090000Z")))
    look(at(8, 30))
    look(at(9))
    server.put("/secret.ics", calendar())
    look(at(10))
    assert counted() == [(at(8), at(9))]


def test_trouble_is_shown_what_was_read_stays_and_it_recovers(feed: CalendarFeed, server: Calendars) -> None:
    server.put("/secret.ics", calendar(MEETING))
    look(at(9))
    server.put("/secret.ics", "gone", status=404)
    look(at(10))
    look(at(10, 30))
    feed.refresh_from_db()
    assert "no calendar at this address" in feed.trouble
    assert (feed.trouble_since_at, feed.last_read_at, feed.last_tried_at) == (at(10), at(9), at(10, 30))
    assert len(counted()) == 1
    server.put("/secret.ics", "<html>Sign in</html>")
    look(at(11))
    feed.refresh_from_db()
    assert "not a calendar" in feed.trouble
    assert len(counted()) == 1, "a page in its place takes nothing back"
    server.put("/secret.ics", calendar(MEETING))
    look(at(12))
    feed.refresh_from_db()
    assert (feed.trouble, feed.trouble_since_at, feed.last_read_at) == ("", None, at(12))


def test_what_has_not_changed_is_not_read_again(feed: CalendarFeed, server: Calendars) -> None:
    server.put("/secret.ics", calendar(MEETING), ETag='"1"')
    look(at(9))
    TimeAway.objects.filter(feed=feed).update(uid="touched")
    look(at(10))
    assert TimeAway.objects.get().uid == "touched"
    assert [headers.get("If-None-Match") for _, headers in server.asked] == [None, '"1"']


def test_what_comes_again_goes_on_though_its_calendar_never_changes(feed: CalendarFeed, server: Calendars) -> None:
    weekly = event("1", "20261124T100000Z", "20261124T110000Z", "Team", "RRULE:FREQ=WEEKLY")
    server.put("/secret.ics", calendar(weekly), ETag='"1"')
    look(at(9))
    last_at = counted()[-1][0]
    for weeks in range(5):
        look(at(9) + timedelta(weeks=weeks, days=1))
    assert counted()[-1][0] == last_at + timedelta(weeks=4)


def test_an_address_inside_the_own_network_is_refused_in_words(
    feed: CalendarFeed, server: Calendars, settings: Any
) -> None:
    settings.CALENDAR_HOSTS = []
    look(at(9))
    feed.refresh_from_db()
    assert "leads into the own network" in feed.trouble
    assert server.asked == []
    assert DueRow.objects.get(kind="calendar").due_at == at(9) + journey.AFTER_LASTING_TROUBLE


def test_its_address_is_sealed_and_stands_nowhere(feed: CalendarFeed, server: Calendars, caplog: Any) -> None:
    assert "secret.ics" not in feed.sealed_address
    assert calendars.address_of(feed).endswith("/secret.ics")
    caplog.set_level("DEBUG", "sociable")
    server.put("/secret.ics", "no", status=403)
    look(at(9))
    feed.refresh_from_db()
    assert "secret.ics" not in f"{feed.trouble} {caplog.text}"
    assert not any("secret.ics" in str(each.after) for each in AuditEvent.objects.all())
    assert not any("secret.ics" in str(each.data) for each in DueRow.objects.all())


def test_taken_away_what_it_said_of_the_time_to_come_goes_with_it(
    cast: Cast, feed: CalendarFeed, server: Calendars
) -> None:
    server.put("/secret.ics", calendar(MEETING, event("0", "20261123T080000Z", "20261123T090000Z")))
    look(at(8, 30))
    look(at(9))
    with pytest.raises(NotAllowed):
        journey.remove(feed, by=cast.lee, now=at(12))
    journey.remove(feed, by=cast.asha, now=at(12))
    assert counted() == [(at(8), at(9))]
    assert not DueRow.objects.filter(kind="calendar", done_at=None).exists()
    assert look(at(13)) == 0


def test_somebody_who_left_is_read_no_more_and_one_without_a_row_gets_one(cast: Cast, feed: CalendarFeed) -> None:
    DueRow.objects.all().delete()
    journey.schedule_missing(at(9))
    journey.schedule_missing(at(9))
    assert DueRow.objects.filter(kind="calendar").count() == 1
    cast.asha.is_active = False
    cast.asha.save()
    look(at(9))
    journey.schedule_missing(at(10))
    assert not DueRow.objects.filter(kind="calendar", done_at=None).exists()


def test_whoever_plans_is_written_to_of_a_hole_but_not_of_a_calendar_anew(
    cast: Cast, feed: CalendarFeed, server: Calendars
) -> None:
    signing.sign_off(cast.asha, cast.help, Given(date(2026, 11, 1)), by=cast.lee, now=at(8))
    shift = Shift.objects.create(
        person=cast.asha, starts_at=at(9, day=24), ends_at=at(17, day=24), state="published", made_at=at(8)
    )
    shift.accounts.add(cast.help)
    server.put("/secret.ics", calendar(MEETING))
    look(at(9))
    assert not Notice.objects.filter(kind="news").exists(), "the first look brings in what everybody planned around"
    server.put("/secret.ics", calendar(MEETING, event("5", "20261124T150000Z", "20261124T160000Z", "New")))
    look(at(10))
    assert list(Notice.objects.filter(kind="news").values_list("person_id", flat=True)) == [cast.lee.pk]
    look(at(10) + timedelta(hours=1))
    assert Notice.objects.filter(kind="news").count() == 1
