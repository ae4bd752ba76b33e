"""Proves the calendars that go out: what a real calendar library reads in them, one UID a shift, and secrets that can be changed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar

from sociable.cover import feeding, holes_file, rota
from sociable.cover.models import Shift
from tests.cast import Cast, at
from tests.cover.conftest import Hand
from tests.cover.test_board import away

pytestmark = pytest.mark.django_db
NOW = at(8, day=20)


def events(person: Any) -> list[Any]:
    read = Calendar.from_ical(feeding.written(feeding.of_person(person, NOW), NOW))
    return read.walk("VEVENT")


def told(person: Any) -> list[tuple[str, int, Any, str]]:
    return [(str(one["uid"]), int(one["sequence"]), one["dtstart"].dt, str(one["status"])) for one in events(person)]


def test_a_published_shift_is_an_event_and_a_draft_none(cast: Cast, hand: Hand) -> None:
    hand.draft(cast.asha, at(9, day=24), at(13, day=24))
    shift = hand.shift(cast.asha, at(9), at(13), cast.help, cast.books)
    [event] = events(cast.asha)
    assert str(event["summary"]) == "Ashby Help and Ashby Libraries"
    assert (event["dtstart"].dt, event["dtend"].dt) == (at(9), at(13))
    assert (str(event["status"]), event["dtstamp"].dt, int(event["sequence"])) == ("CONFIRMED", NOW, 0)
    assert str(event["uid"]).startswith(f"shift-{shift.pk}@")
    assert events(cast.lee) == []


def test_a_changed_shift_keeps_its_uid_and_counts_up(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    [before] = told(cast.asha)
    moved = rota.change(shift, hand.wanted(cast.asha, at(10), at(14)), by=cast.lee, now=NOW)
    assert told(cast.asha) == [before], "a draft changes nothing"
    hand.publish(moved)
    [after] = told(cast.asha)
    assert (after[0], after[2], after[3]) == (before[0], at(10), "CONFIRMED")
    assert after[1] > before[1]
    again = rota.change(Shift.objects.get(pk=moved.pk), hand.wanted(cast.asha, at(11), at(14)), by=cast.lee, now=NOW)
    hand.publish(again)
    [third] = told(cast.asha)
    assert (third[0], third[2]) == (before[0], at(11))
    assert third[1] > after[1]


def test_what_was_taken_off_stays_cancelled(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    [before] = told(cast.asha)
    rota.cancel(shift, reason="Closed", by=cast.lee, now=at(9, day=21))
    [event] = events(cast.asha)
    assert (str(event["uid"]), str(event["status"]), event["last-modified"].dt) == (
        before[0],
        "CANCELLED",
        at(9, day=21),
    )
    assert int(event["sequence"]) > before[1]


def test_a_shift_given_to_somebody_else_is_cancelled_here_and_new_there(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    hand.publish(rota.change(shift, hand.wanted(cast.lee, at(9), at(13)), by=cast.lee, now=NOW))
    assert [each[3] for each in told(cast.asha)] == ["CANCELLED"]
    assert [each[3] for each in told(cast.lee)] == ["CONFIRMED"]


def test_lines_are_folded_and_what_is_typed_is_escaped(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    Shift.objects.filter(pk=shift.pk).update(note="Bring the key; ring, then wait\nBEGIN:VALARM " + "é" * 60)
    content = feeding.written(feeding.of_person(cast.asha, NOW), NOW)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    assert b"\r\nBEGIN:VALARM" not in content
    [event] = events(cast.asha)
    assert "ring, then wait\nBEGIN:VALARM" in str(event["description"])


def test_the_address_answers_without_sign_in_and_says_when_nothing_changed(cast: Cast, hand: Hand) -> None:
    soon = timezone.now() + timedelta(days=1)
    hand.shift(cast.asha, soon, soon + timedelta(hours=4))
    address = reverse("api:rota_feed", args=[feeding.of_person(cast.asha, NOW).token])
    answer = Client().get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert Client().get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 304
    hand.shift(cast.asha, soon + timedelta(days=1), soon + timedelta(days=1, hours=4))
    assert Client().get(address, headers={"If-None-Match": answer["ETag"]}).status_code == 200
    assert Client().post(address).status_code == 405


def test_a_changed_address_and_somebody_who_left_answer_no_more(cast: Cast, hand: Hand) -> None:
    feed = feeding.of_person(cast.asha, NOW)
    old = feed.token
    feeding.change_address(feed, by=cast.asha, now=NOW)
    assert Client().get(reverse("api:rota_feed", args=[old])).status_code == 404
    assert Client().get(reverse("api:rota_feed", args=[feed.token])).status_code == 200
    cast.asha.is_active = False
    cast.asha.save()
    assert Client().get(reverse("api:rota_feed", args=[feed.token])).status_code == 404


def test_an_accounts_calendar_names_who_covers_it(cast: Cast, hand: Hand) -> None:
    hand.shift(cast.asha, at(9), at(13), cast.help, cast.books)
    hand.shift(cast.ben, at(9), at(13), cast.books)
    read = Calendar.from_ical(feeding.written(feeding.of_account(cast.books, NOW), NOW))
    assert {str(one["summary"]) for one in read.walk("VEVENT")} == {
        "Asha Khan: Ashby Libraries",
        "Ben Hall: Ashby Libraries",
    }
    assert feeding.written(feeding.of_account(cast.books, NOW), NOW + timedelta(days=1)) == feeding.written(
        feeding.of_account(cast.books, NOW), NOW
    ), "the same bytes until something changes"


# -- Holes -----------------------------------------------------------------------------------------------------------------


def holes(person: Any) -> list[tuple[str, Any, Any, str]]:
    content = holes_file.written(feeding.of_person(person, NOW), NOW)
    assert content is not None
    return [
        (str(one["summary"]), one["dtstart"].dt, one["dtend"].dt, str(one["description"]))
        for one in Calendar.from_ical(content).walk("VEVENT")
    ]


def test_holes_are_events_for_whoever_sees_the_account_and_tell_no_reason(cast: Cast, hand: Hand) -> None:
    hand.shift(cast.asha, at(0), at(23, day=30), cast.help, cast.books)
    away(cast.asha, at(13, day=24), at(15, day=24), kind="sickness")
    said = [one for one in holes(cast.lee) if one[1] < at(0, day=26)]
    expected = ("Nobody trained: Ashby Help", at(13, day=24), at(15, day=24), "Asha Khan is away")
    assert expected in said
    assert {summary for summary, *_ in holes(cast.cara)} == {"Nobody trained: Vale Clinic"}
    assert holes(cast.olu) == []


def test_the_address_of_holes_is_guarded_by_its_secret_and_says_when_nothing_changed(cast: Cast) -> None:
    client, feed = Client(), feeding.of_person(cast.lee, NOW)
    address = reverse("api:holes_feed", args=[feeding.holes_token(feed)])
    first = client.get(address)
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304
    for guessed in ("guessed", feed.token, f"{feed.pk}-", f"{feed.pk}-{feed.token}", f"{10**30}-x"):
        assert client.get(reverse("api:holes_feed", args=[guessed])).status_code == 404
    assert client.get(reverse("api:rota_feed", args=[feeding.holes_token(feed)])).status_code == 404
    of_account = feeding.of_account(cast.help, NOW)
    assert client.get(reverse("api:holes_feed", args=[of_account.token])).status_code == 404
    type(cast.lee).objects.filter(pk=cast.lee.pk).update(is_active=False)
    assert client.get(address).status_code == 404
    type(cast.lee).objects.filter(pk=cast.lee.pk).update(is_active=True)
    feeding.change_address(feed, by=cast.lee, now=NOW)
    assert client.get(address).status_code == 404
