"""Proves the pages on which hours and promises are stated: refusals beside the line, a look before, and nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.directory.models import HoursVersion, PromiseVersion
from sociable.domain.worktime import StatedHours
from sociable.office.hours_form import Notation, Week, as_typed
from sociable.promises.models import Wait
from tests.cast import Cast
from tests.office.conftest import client_of
from tests.pages import Pages

FAR = "2030-01-07"


def page_of(account: Any, what: str) -> str:
    return reverse(f"office:{what}", args=[account.pk])


def test_hours_are_typed_looked_at_and_stated(cast: Cast, office: Pages) -> None:
    form = office.get(page_of(cast.help, "hours")).page.form(button="See what would move")
    assert form.fields["monday"] == "09:00-17:00"
    preview = office.submit(
        form,
        monday="08:00-12:00, 13:00-15:00",
        saturday="18:00-02:00",
        special="2030 Dec 24 09:00-12:00",
        valid_from_on=FAR,
    )
    assert "Monday, 8am to midday and 1pm to 3pm" in preview.page.text
    assert "No open request would move" in preview.page.text
    assert HoursVersion.objects.filter(account=cast.help).count() == 1
    done = office.submit(preview.page.form(button="State it"), confirm="yes")
    assert done["Location"] == page_of(cast.help, "account")
    stated = StatedHours.parse(HoursVersion.objects.filter(account=cast.help).latest("pk").notation)
    assert (stated.weekly[0], stated.weekly[5]) == (((480, 720), (780, 900)), ((1080, 1560),))
    assert "From Monday 7 January 2030" in office.get(done["Location"]).page.text


def test_what_would_move_is_listed_with_both_times(cast: Cast, office: Pages) -> None:
    message = cast.ask(when=timezone.now())  # a promise stated today judges what arrives from today on
    wait = Wait.objects.get(began_with=message)
    form = office.get(page_of(cast.help, "promise")).page.form(button="See what would move")
    preview = office.submit(form, minutes="60")
    assert "1 open request would be due at another time" in preview.page.text
    assert "My bin" in preview.page.text
    assert Wait.objects.get(pk=wait.pk).due_at == wait.due_at
    office.submit(preview.page.form(button="State it"), confirm="yes")
    assert Wait.objects.get(pk=wait.pk).due_at < wait.due_at


def test_changing_ones_mind_keeps_what_was_typed(cast: Cast, office: Pages) -> None:
    form = office.get(page_of(cast.help, "hours")).page.form(button="See what would move")
    preview = office.submit(form, friday="09:00-16:30", valid_from_on=FAR, change_note="Early Fridays")
    again = office.submit(preview.page.form(button="Change it"), back="yes")
    fields = again.page.form(button="See what would move").fields
    assert (fields["friday"], fields["change_note"]) == ("09:00-16:30", "Early Fridays")
    assert HoursVersion.objects.filter(account=cast.help).count() == 1


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("monday", "9 to 5", "Write hours as in 09:00-17:00"),
        ("monday", "09:77-12:00", "no such time of day"),
        ("monday", "10:00-10:00", "the same time"),
        ("special", "2030-12-24 off", "Write a date as in 2026 Dec 24"),
        ("special", "Mo 09:00-12:00", "begins with a date"),
        ("valid_from_on", "2020-01-01", "today or a later day"),
        ("valid_from_on", "soon", "valid date"),
        ("bank_holiday_hours", "at noon", "Write hours as in"),
    ],
)
def test_refusals_stand_beside_their_line_and_nothing_typed_is_lost(
    cast: Cast, office: Pages, field: str, typed: str, says: str
) -> None:
    form = office.get(page_of(cast.help, "hours")).page.form(button="See what would move")
    page = office.submit(
        form, **{"bank_holidays": "own" if field == "bank_holiday_hours" else "closed", field: typed}
    ).page
    assert len(page.errors) == 1
    assert says in page.errors[0]
    assert page.form(button="See what would move").fields[field] == typed
    assert HoursVersion.objects.filter(account=cast.help).count() == 1


def test_notation_is_taken_and_refused_with_its_place(cast: Cast, office: Pages) -> None:
    address = page_of(cast.help, "hours") + "?as=text"
    form = office.get(address).page.form(button="See what would move")
    refused = office.submit(form, notation="Mo-Fr 09:00-17:00; sunrise-sunset")
    assert "“sunrise”" in refused.page.errors[0]
    office.submit(office.submit(form, notation="24/7", valid_from_on=FAR).page.form(button="State it"), confirm="yes")
    assert HoursVersion.objects.filter(account=cast.help).latest("pk").notation == "24/7"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"kind": "open_time", "minutes": ""}, "how many minutes"),
        ({"kind": "working_days", "days": ""}, "how many working days"),
        ({"kind": "open_time", "minutes": "0"}, "greater than or equal to 1"),
        ({"kind": "by magic"}, "Select a valid choice"),
        ({"valid_from_on": "2020-01-01"}, "today or a later day"),
    ],
)
def test_a_promise_that_says_nothing_is_refused(cast: Cast, office: Pages, typed: dict[str, str], says: str) -> None:
    form = office.get(page_of(cast.help, "promise")).page.form(button="See what would move")
    assert says in office.submit(form, **typed).page.errors[0]
    assert PromiseVersion.objects.filter(account=cast.help).count() == 1


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"kind": "working_days", "days": "3"}, "We answer within 3 working days."),
        (
            {"kind": "same_or_next_day", "same_day_until": "12:00"},
            "the same working day if you ask before midday, otherwise the next",
        ),
        (
            {"kind": "open_time", "minutes": "90", "acknowledge_minutes": "30"},
            "We say we have it within 30 minutes and answer within 1 hour 30 minutes",
        ),
    ],
)
def test_each_form_of_promise_is_said_back_and_kept_alone(
    cast: Cast, office: Pages, typed: dict[str, str], words: str
) -> None:
    form = office.get(page_of(cast.help, "promise")).page.form(button="See what would move")
    preview = office.submit(form, **typed)
    assert words in preview.page.text
    office.submit(preview.page.form(button="State it"), confirm="yes")
    kept = PromiseVersion.objects.filter(account=cast.help).latest("pk")
    assert kept.form == typed["kind"]
    assert (kept.minutes is None) == (typed["kind"] != "open_time")


def test_a_lead_states_and_an_answerer_does_not(cast: Cast) -> None:
    for what in ("hours", "promise"):
        assert client_of(cast.lee).get(page_of(cast.help, what)).status_code == 200
        for person in (cast.asha, cast.cara, cast.olu):
            assert client_of(person).get(page_of(cast.help, what)).status_code == 404
            assert client_of(person).post(page_of(cast.help, what), {"confirm": "yes"}).status_code == 404


@pytest.mark.parametrize(
    "notation",
    [
        "Mo-Fr 09:00-12:00,14:00-16:30; PH off",
        "Mo-Su 18:00-08:00",
        "24/7",
        "Sa 10:00-16:00; PH 10:00-12:00; 2026 Dec 24-26 off",
    ],
)
def test_what_is_stated_comes_back_from_the_form_as_it_was(notation: str) -> None:
    from datetime import date

    on = date(2026, 11, 23)
    hours = StatedHours.parse(notation)
    typed = {**as_typed(hours, on), "valid_from_on": on}
    for form in (Week(on, typed, initial={}), Notation(on, typed, initial={})):
        assert form.is_valid(), form.errors
        assert form.stated == hours
