"""Proves that a rota comes in from files: each row's trouble told first, nothing twice, and what goes out comes in again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sociable.cover import bringing, feeding, rota, rota_file
from sociable.cover.bringing import Given
from sociable.cover.models import Shift
from sociable.people.models import Role
from tests.cast import Cast, at
from tests.cover.conftest import Hand

pytestmark = pytest.mark.django_db
NOW = at(8, day=20)
HEAD = "uid,email,starts_at,ends_at,accounts,note\n"
GOOD = "a1,asha@staff.example.org,2026-11-23 09:00,2026-11-23 13:00,help; libraries,The early one\n"
BAD = """\
b,nobody@staff.example.org,2026-11-23 09:00,2026-11-23 13:00,help,
c,cara@staff.example.org,2026-11-23 09:00,2026-11-23 13:00,help,
d,ben@staff.example.org,2026-11-23 09:00,2026-11-23 13:00,clinic,
e,asha@staff.example.org,2026-11-23 12:00,2026-11-23 15:00,help,
f,ben@staff.example.org,tomorrow,2026-11-23 15:00,libraries,
g,ben@staff.example.org,2026-11-23 25:00,2026-11-23 15:00,libraries,
h,ben@staff.example.org,2026-11-24 15:00,2026-11-24 09:00,libraries,
i,,2026-11-24 09:00,2026-11-24 12:00,libraries,
"""


def read(text: str) -> list[rota_file.Row]:
    return rota_file.read(text.encode(), NOW)


def take(cast: Cast, text: str, *, reason: str = "", given: Given | None = None) -> list[tuple[str, str]]:
    found = bringing.take(read(text), given or Given(), by=cast.lee, now=NOW, reason=reason)
    return [(each.kind, each.words) for each in found]


def test_rows_come_in_as_drafts_and_a_second_time_change_nothing(cast: Cast, hand: Hand) -> None:
    assert take(cast, HEAD + GOOD) == [("new", "")]
    shift = Shift.objects.get()
    assert (shift.state, shift.made_by, shift.uid, shift.note) == ("draft", "import", "a1", "The early one")
    assert set(shift.accounts.all()) == {cast.help, cast.books}
    assert take(cast, HEAD + GOOD) == [("same", "")]
    assert Shift.objects.count() == 1


def test_a_row_with_the_same_uid_changes_its_shift(cast: Cast, hand: Hand) -> None:
    take(cast, HEAD + GOOD)
    assert take(cast, HEAD + GOOD.replace("13:00", "14:00")) == [("changed", "")]
    assert Shift.objects.get().ends_at == at(14)
    hand.publish(Shift.objects.get())
    assert take(cast, HEAD + GOOD.replace("13:00", "12:00")) == [("changed", "")]
    assert Shift.objects.published().get().ends_at == at(14), "what is published is changed by a draft"
    assert Shift.objects.get(state="draft").ends_at == at(12)


def test_each_rows_trouble_is_told_and_the_others_stand(cast: Cast, hand: Hand) -> None:
    text = HEAD + GOOD + BAD
    looked = bringing.look(read(text), Given(), by=cast.lee, now=NOW)
    assert not Shift.objects.exists(), "a look leaves nothing behind"
    told = [(each.kind, each.words) for each in looked]
    assert told == [
        ("new", ""),
        ("refused", "“nobody@staff.example.org” is nobody whose rota you plan."),
        ("refused", "“cara@staff.example.org” is nobody whose rota you plan."),
        ("refused", "“clinic” is no account that you plan."),
        ("refused", "Asha has another shift then, 9am to 1pm on Monday 23 November."),
        ("refused", "“tomorrow” is no time. Write it as in 2026-11-23 09:00."),
        ("refused", "“2026-11-23 25:00” is no time of day."),
        ("refused", "It ends before it begins. Where it goes on over midnight, give the day on which it ends."),
        ("refused", "It does not say who works it."),
    ]
    assert take(cast, text) == told
    assert Shift.objects.count() == 1


def test_what_speaks_against_a_row_is_told_and_needs_a_reason(cast: Cast, hand: Hand) -> None:
    text = HEAD + GOOD.replace("13:00", "20:00")
    [looked] = bringing.look(read(text), Given(), by=cast.lee, now=NOW)
    assert looked.concerns == ("It is 11 hours long; Asha's longest is 10 hours.",)
    assert take(cast, text)[0][0] == "refused"
    assert take(cast, text, reason="The old rota had it")[0][0] == "new"
    assert Shift.objects.get().override_reason == "The old rota had it"


@pytest.mark.parametrize(
    "text",
    [
        "Date;Start;End;Name;Account\n23/11/2026;09:00;13:00;Asha Khan;Ashby Help\n",
        "date,start,until,email\n2026-11-23,9:00,13.00,ASHA@staff.example.org\n",
        "starts_at,ends_at\n2026-11-23T09:00+00:00,2026-11-23T14:00+01:00\n",
    ],
)
def test_columns_have_other_names_and_the_form_says_what_a_row_does_not(cast: Cast, hand: Hand, text: str) -> None:
    assert take(cast, text, given=Given(cast.asha, (cast.help,))) == [("new", "")]
    shift = Shift.objects.get()
    assert (shift.starts_at, shift.ends_at, shift.person) == (at(9), at(13), cast.asha)
    assert take(cast, text, given=Given(cast.asha, (cast.help,))) == [("same", "")], "known by who begins when"


def test_a_night_ends_the_next_day_and_local_times_are_those_of_the_body(cast: Cast, hand: Hand) -> None:
    take(cast, "date,start,end,email,account\n2026-07-06,22:00,06:00,asha@staff.example.org,help\n", reason="x")
    shift = Shift.objects.get()
    assert (shift.starts_at.hour, shift.starts_at.day, shift.ends_at.hour, shift.ends_at.day) == (21, 6, 5, 7)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no column"),
        (b"colour,size\nred,3\n", "no column"),
        (HEAD.encode(), "no shift"),
        (b"\x00\xff\xfe", "not text"),
        (b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "no shift"),
        (b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nDTSTART:never\r\n", "breaks off"),
    ],
)
def test_what_is_no_rota_is_refused_in_words(content: bytes, says: str) -> None:
    with pytest.raises(rota_file.Unreadable, match=says):
        rota_file.read(content, NOW)


CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Somebody//EN
BEGIN:VEVENT
UID:one@example.org
DTSTAMP:20261101T080000Z
DTSTART;TZID=Europe/London:20261123T090000
DURATION:PT4H
ATTENDEE;CN=Asha:mailto:asha@staff.example.org
CATEGORIES:Ashby Help
SUMMARY:Early
{more}END:VEVENT
BEGIN:VEVENT
UID:two@example.org
DTSTAMP:20261101T080000Z
DTSTART:20261124T090000Z
DTEND:20261124T130000Z
RRULE:FREQ=DAILY;COUNT=4
EXDATE:20261126T090000Z
ATTENDEE:mailto:asha@staff.example.org
END:VEVENT
BEGIN:VEVENT
UID:three@example.org
DTSTAMP:20261101T080000Z
DTSTART;VALUE=DATE:20261125
ATTENDEE:mailto:asha@staff.example.org
END:VEVENT
END:VCALENDAR
"""


def test_an_event_without_a_readable_time_is_told_by_its_row(cast: Cast, hand: Hand) -> None:
    told = take(cast, CALENDAR.format(more="").replace("DTSTART;TZID=Europe/London:20261123T090000", "DTSTART:never"))
    assert told[0] == ("refused", "A time in it cannot be read.")


def test_a_calendar_comes_in_and_its_cancelled_event_takes_the_shift_off(cast: Cast, hand: Hand) -> None:
    told = take(cast, CALENDAR.format(more=""))
    assert told[0] == ("new", "")
    assert told[1][1] == "It lasts whole days: a shift has a time."
    shift = Shift.objects.get()
    assert (shift.starts_at, shift.ends_at, list(shift.accounts.all())) == (at(9), at(13), [cast.help])
    hand.publish(shift)
    assert take(cast, CALENDAR.format(more="STATUS:CANCELLED\n"))[0] == ("removed", "")
    assert Shift.objects.get(state="draft").only_removes


def test_what_goes_out_comes_in_as_it_is(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    ours = feeding.written(feeding.of_person(cast.asha, NOW), NOW)
    found = bringing.take(rota_file.read(ours, NOW), Given(cast.asha, (cast.help,)), by=cast.lee, now=NOW, reason="")
    assert [each.kind for each in found] == ["same"]
    assert Shift.objects.get() == shift


# -- The page --------------------------------------------------------------------------------------------------------------


def client_of(person: Any) -> Any:
    from tests.pages import Pages

    pages = Pages()
    pages.force_login(person)
    return pages


def upload(lead: Any, text: str) -> Any:
    lead.get(reverse("planning:rota_bring"))
    return lead.post(reverse("planning:rota_bring"), {"file": SimpleUploadedFile("rota.csv", text.encode())})


def test_the_page_shows_what_each_row_comes_to_before_it_is_taken(cast: Cast, hand: Hand) -> None:
    lead = client_of(cast.lee)
    looked = upload(
        lead, HEAD + GOOD.replace("13:00", "20:00") + "b,nobody@x.org,2026-11-23 09:00,2026-11-23 13:00,help,\n"
    )
    assert "New: 1, Left out: 1." in looked.page.text
    assert "It is 11 hours long" in looked.page.text
    assert not Shift.objects.exists()
    form = looked.page.form(button="Make 1 draft")
    refused = lead.submit(form, confirm="yes")
    assert "Say why" in refused.page.text
    done = lead.submit(refused.page.form(button="Make 1 draft"), confirm="yes", reason="As before")
    assert "1 draft made. 1 left out." in lead.get(done["Location"]).page.text
    assert Shift.objects.get().override_reason == "As before"
    assert "Choose a file." in lead.post(reverse("planning:rota_bring"), {"person": ""}).page.text
    assert client_of(cast.asha).get(reverse("planning:rota_bring")).status_code == 404


def test_a_mark_of_somebody_elses_file_takes_nothing(cast: Cast, hand: Hand) -> None:
    lead = client_of(cast.lee)
    form = upload(lead, HEAD + GOOD).page.form(button="Make 1 draft")
    from sociable.people.models import Role

    Role.objects.create(person=cast.asha, kind="service_lead", partner=cast.council)
    assert client_of(cast.asha).submit(form, confirm="yes")["Location"] == reverse("planning:rota_bring")
    assert not Shift.objects.exists()


def test_the_rota_goes_out_as_csv_that_comes_in_again(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    Shift.objects.filter(pk=shift.pk).update(note="=HYPERLINK(1)")
    text = client_of(cast.lee).get(reverse("planning:rota_csv"), {"week": "2026-11-23"}).content.decode()
    assert "2026-11-23T09:00+00:00" in text
    assert "'=HYPERLINK" in text
    assert take(cast, text) == [("same", "")]


def test_addresses_for_calendars_stand_on_their_pages_and_can_be_changed(cast: Cast, hand: Hand) -> None:
    asha = client_of(cast.asha)
    page = asha.get(reverse("planning:rota_mine")).page
    old = feeding.of_person(cast.asha, NOW).token
    assert old in page.html
    asha.submit(page.form("/mine/address/"))
    assert old not in asha.get(reverse("planning:rota_mine")).page.html
    assert (
        feeding.of_account(cast.help, NOW).token
        in asha.get(reverse("planning:rota_account", args=[cast.help.pk])).page.html
    )
    assert asha.post(reverse("planning:rota_account_address", args=[cast.help.pk])).status_code == 404
    assert client_of(cast.lee).post(reverse("planning:rota_account_address", args=[cast.help.pk])).status_code == 302
    assert client_of(cast.cara).get(reverse("planning:rota_account", args=[cast.help.pk])).status_code == 404


ONE = b"uid,email,starts_at,ends_at,accounts,note\nx,a@b,2026-11-24 09:00,2026-11-24 17:00,help,"
EVENT = b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART:20261124T090000Z\r\n%b\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def test_a_file_of_ten_thousand_shifts_is_refused_in_words() -> None:
    with pytest.raises(rota_file.Unreadable, match="It holds 10000 shifts; bring in 500 at most at a time"):
        read(HEAD + GOOD * 10_000)


def told_of(content: bytes) -> str:
    """What is said of a file that holds one row: of all of it, or of the row."""
    try:
        (row,) = rota_file.read(content, NOW)
    except rota_file.Unreadable as refusal:
        return refusal.message
    return row.trouble


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ONE + b'"never closed\n' + b"y,a@b,2026-11-25 09:00,2026-11-25 17:00,help,\n" * 3, "cannot be read as CSV"),
        (ONE + b"x" * 200_000, "cannot be read as CSV"),
        (ONE + b"\0", "is not text"),
        (ONE.replace(b"2026-11-24", b"9999-12-31"), "Look at its year"),
        (ONE.replace(b"2026-11-24 09:00", b"0001-01-01T00:00+14:00"), "Look at its year"),
        (b"date,start,end\n9999-12-31,22:00,06:00", "Look at its year"),
        (EVENT % b"DURATION:P9999999D", "Look at its year"),
        (EVENT % b"DURATION:PT1H\r\nDURATION:PT2H", "How long it lasts"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_rota_is_said_and_breaks_nothing(content: bytes, words: str) -> None:
    assert words in told_of(content)


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_as_spreadsheets_save_it(ends: str, encoding: str) -> None:
    content = (HEAD + GOOD.replace("early", "fr\xfche")).replace("\n", ends).encode(encoding)
    assert [(row.uid, row.note, row.trouble) for row in rota_file.read(content, NOW)] == [
        ("a1", "The fr\xfche one", "")
    ]


def test_a_name_of_any_length_is_known_again(cast: Cast, hand: Hand) -> None:
    long = GOOD.replace("a1,", f"{'n' * 500},")
    assert take(cast, HEAD + long) == [("new", "")]
    assert take(cast, HEAD + long) == [("same", "")]


def test_two_bodies_may_number_their_shifts_alike(cast: Cast, hand: Hand) -> None:
    Role.objects.create(person=cast.olu, kind="service_lead", partner=cast.trust)
    take(cast, HEAD + GOOD)
    row = "a1,cara@staff.example.org,2026-11-23 09:00,2026-11-23 13:00,clinic,\n"
    found = bringing.take(read(HEAD + row), Given(), by=cast.olu, now=NOW, reason="x")
    assert [(each.kind, each.words) for each in found] == [("new", "")]
    assert Shift.objects.filter(uid="a1").count() == 2


def test_a_shift_of_months_or_of_another_millennium_is_refused(cast: Cast, hand: Hand) -> None:
    for begins, ends, words in (
        (at(9), at(9) + timedelta(days=40), "longer than a month"),
        (datetime(9999, 12, 30, 9, tzinfo=UTC), datetime(9999, 12, 30, 17, tzinfo=UTC), "Look at its year"),
    ):
        with pytest.raises(rota.ShiftRefused, match=words):
            hand.draft(cast.asha, begins, ends, reason="x")


def again(*lines: str, moved: str = "") -> str:
    """A calendar of Asha's help, 9 to 1 by a rule."""
    event = [
        "UID:w@example.org",
        "DTSTAMP:20261101T080000Z",
        "DTSTART;TZID=Europe/London:20261123T090000",
        "DURATION:PT4H",
    ]
    same = ["ATTENDEE:mailto:asha@staff.example.org", "CATEGORIES:Ashby Help", "SUMMARY:Early"]
    text = ["BEGIN:VEVENT", *event, *lines, *same, "END:VEVENT"]
    if moved:
        text += ["BEGIN:VEVENT", event[0], event[1], *moved.split("|"), *same, "END:VEVENT"]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Somebody//EN", *text, "END:VCALENDAR", ""])


def times() -> list[str]:
    return [f"{shift.starts_at:%m-%d %H:%M}" for shift in Shift.objects.order_by("starts_at")]


def test_what_repeats_comes_in_once_for_each_time_and_never_twice(cast: Cast, hand: Hand) -> None:
    """Without the days left out, and with the one that was moved where it was moved to."""
    moved = "RECURRENCE-ID;TZID=Europe/London:20261127T090000|DTSTART;TZID=Europe/London:20261127T140000|DURATION:PT2H"
    text = again("RRULE:FREQ=DAILY;COUNT=6", "EXDATE;TZID=Europe/London:20261125T090000", moved=moved)
    assert take(cast, text, reason="The weekend too") == [("new", "")] * 5
    assert times() == ["11-23 09:00", "11-24 09:00", "11-26 09:00", "11-27 14:00", "11-28 09:00"]
    assert len(set(Shift.objects.values_list("uid", flat=True))) == 5
    assert take(cast, text, reason="The weekend too") == [("same", "")] * 5
    later = text.replace("20261127T140000", "20261127T150000")
    assert sorted(kind for kind, _ in take(cast, later, reason="The weekend too")) == ["changed", *["same"] * 4]
    assert "11-27 15:00" in times()


def test_what_repeats_follows_the_clock_on_the_wall_for_half_a_year(cast: Cast, hand: Hand) -> None:
    rows = read(again("RRULE:FREQ=WEEKLY"))
    assert len(rows) == rota_file.WEEKS
    starts = [row.starts for row in rows if row.starts is not None]
    assert {at.hour for at in starts} == {9}
    assert len({at.utcoffset() for at in starts}) == 2


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("RRULE:FREQ=HOURLY", "comes again every hour, or more often"),
        ("RRULE:FREQ=WEEKLY;UNTIL=20261101T000000Z", "It comes not once in the next 26 weeks"),
        ("RRULE:FREQ=NEVER", "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_told_by_its_row(cast: Cast, hand: Hand, rule: str, says: str) -> None:
    text = again(rule).replace("END:VCALENDAR", CALENDAR.format(more="").split("EN\n", 1)[1])
    told = take(cast, text)
    assert ("new", "") in told, "the others stand"
    assert says in told[-1][1] or any(says in words for _, words in told)
