"""Proves the pages of the tallies: day by day, one by one, as CSV, for those who may, and what `sociable doctor` says of them."""

from __future__ import annotations

import csv
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.config import checkup
from sociable.directory import tallies
from sociable.directory.health_models import Tally
from sociable.directory.models import Account, Connection
from tests.cast import Cast, at
from tests.office.conftest import client_of
from tests.pages import Pages

MISSED = {"remote_id": "sha256:0123", "received_at": at(14, 5).isoformat(), "fetched": True}


def keep(account: Account, day: int = 23, **counted: Any) -> Tally:
    usual = {"listed": 3, "stored": 3, "figures": {"answered": 2, "open": 1}, "differences": []}
    now = timezone.now() - timedelta(days=23 - day)
    return tallies.keep(account, day_on=at(0, day=day).date(), now=now, **{**usual, **counted})


@pytest.fixture
def kept(cast: Cast) -> list[Tally]:
    return [
        keep(cast.help, stored=2, differences=[MISSED]),
        keep(cast.books),
        keep(cast.books, day=22, listed=None),
        keep(cast.clinic, figures={"answered": 3}),
    ]


def test_tallies_are_listed_by_day_and_say_whether_they_add_up(kept: list[Tally], office: Pages) -> None:
    text = office.get(reverse("office:tallies")).page.text
    assert text.index("Monday 23 November 2026") < text.index("Sunday 22 November 2026")
    for said in ("3 seen, 2 stored", "1 fetched", "Adds up", "Cannot be asked again", "Answered 2 · Open 1"):
        assert said in text
    assert "Vale Clinic" not in text


def test_older_days_are_a_page_away(cast: Cast, office: Pages) -> None:
    for day in range(1, 11):
        keep(cast.help, day=day)
    page = office.get(reverse("office:tallies")).page
    assert "4 November" in page.text
    assert "3 November" not in page.text
    assert "3 November" in office.get(reverse("office:tallies") + "?before=2026-11-04").page.text
    assert office.get(reverse("office:tallies") + "?before=2026-99-99").status_code == 200


def test_one_tally_shows_what_was_missing_and_that_it_was_changed(kept: list[Tally], office: Pages) -> None:
    address = reverse("office:tally", args=[kept[0].pk])
    text = office.get(address).page.text
    for said in ("sha256:0123", "2:05pm on Monday 23 November 2026", "Of these: answered", kept[0].signature):
        assert said in text
    assert "was changed after it was written" not in text
    Tally.objects.filter(pk=kept[0].pk).update(listed=2, differences=[])
    assert "was changed after it was written" in office.get(address).page.text


def test_tallies_are_to_be_had_as_csv(kept: list[Tally], office: Pages) -> None:
    rows = list(csv.DictReader(StringIO(office.get(reverse("office:tallies_csv")).content.decode())))
    assert [(row["day"], row["account"], row["listed"], row["fetched"], row["adds_up"]) for row in rows] == [
        ("2026-11-23", "help", "3", "1", "yes"),
        ("2026-11-23", "libraries", "3", "0", "yes"),
        ("2026-11-22", "libraries", "", "0", "yes"),
    ]


def test_tallies_are_for_those_who_connect_or_see_figures(cast: Cast, kept: list[Tally]) -> None:
    for name, given in (("tallies", []), ("tally", [kept[0].pk]), ("tallies_csv", [])):
        address = reverse(f"office:{name}", args=given)
        assert client_of(cast.asha).get(address).status_code == 403
        assert client_of(cast.lee).get(address).status_code == 200
    assert client_of(cast.lee).get(reverse("office:tally", args=[kept[3].pk])).status_code == 404


# -- What the doctor says ------------------------------------------------------------------------------------------------------


def found(now: Any = None) -> list[tuple[str, str]]:
    return [(one.state, one.what) for one in checkup.look(now or timezone.now()) if one.check == "tallies"]


def test_the_doctor_is_content_with_tallies_that_add_up(cast: Cast) -> None:
    keep(cast.help)
    assert found() == [("good", "1 tally of the last week, and all add up.")]


def test_the_doctor_tells_of_what_does_not_add_up_was_missed_was_changed_or_is_late(cast: Cast) -> None:
    keep(cast.help, stored=2)
    keep(cast.books, stored=2, differences=[MISSED])
    Connection.objects.create(account=cast.clinic, begins_at=timezone.now() - timedelta(days=9))
    changed = keep(cast.books, day=22)
    Tally.objects.filter(pk=changed.pk).update(stored=4)
    assert found() == [
        ("wrong", "Tallies are not as they were written: libraries."),
        ("wrong", "A tally of the last week does not add up: help, libraries."),
        ("look", "1 message of the last week had been missed and were fetched at night."),
        ("look", "Not tallied for more than 3 days: clinic."),
    ]
