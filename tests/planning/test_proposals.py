"""Proves the pages on which a rota is asked for, watched, read and published."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from sociable.cover.models import Shift, TimeAway, WorkingPattern
from sociable.cover.proposal_models import RotaProposal
from sociable.cover.proposals import KIND
from sociable.cover.wish_models import Wish
from sociable.due.models import DueRow
from sociable.planning import proposal_telling
from sociable.worker import loop
from tests.cast import Cast, at
from tests.cover.conftest import Hand
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def team(cast: Cast, hand: Hand) -> Cast:
    """Asha works whole days, Lee mornings; both are ready for the council's help."""
    for person, hours in ((cast.asha, "Mo-Fr 09:00-17:00"), (cast.lee, "Mo-Fr 09:00-13:00")):
        WorkingPattern.objects.create(
            person=person, valid_from_on=date(2026, 1, 1), notation=hours, set_at=at(8, day=1)
        )
    return cast


def first_on() -> date:
    today = timezone.localdate()
    return today + timedelta(days=7 - today.weekday())


def typed(team: Cast, **more: Any) -> dict[str, Any]:
    return {"accounts": [str(team.help.pk)], "first_on": first_on().isoformat(), "weeks": "1", "seconds": "20"} | more


def ask(team: Cast, lead: Pages, **more: Any) -> str:
    form = lead.get(reverse("planning:proposals")).page.form(button="Work it out")
    return str(lead.submit(form, **typed(team, **more))["Location"])


def work_out() -> None:
    DueRow.objects.filter(kind=KIND).update(next_at=timezone.now(), due_at=timezone.now())
    assert loop.do_due([KIND]) == 1


def test_a_lead_asks_reads_and_publishes(team: Cast, lead: Pages) -> None:
    address = ask(team, lead)
    assert "It begins in a moment." in lead.get(address).page.text
    work_out()
    shown = lead.get(address).page
    assert "Open hours today's rota:" in shown.text
    assert re.search(r"(\d+) shifts, \1 new", shown.text)
    assert "nobody else who is ready for Ashby Help is in then" in shown.text
    assert "No better rota is possible within everybody's hours and limits." in shown.text
    listed = lead.get(reverse("planning:proposals")).page.text
    assert "Worked out Open hours:" in listed
    done = lead.submit(shown.form(button="Publish this rota"))
    week = lead.get(done["Location"]).page.text
    assert "Published: " in week
    assert "Ashby Help" in week
    assert Shift.objects.published().filter(made_by="proposal").exists()
    assert "Published" in lead.get(address).page.text
    assert "Publish this rota" not in lead.get(address).page.text


def test_a_rota_that_changes_nothing_is_not_offered(team: Cast, lead: Pages) -> None:
    address = ask(team, lead)
    work_out()
    lead.submit(lead.get(address).page.form(button="Publish this rota"))
    again = ask(team, lead)
    work_out()
    text = lead.get(again).page.text
    assert "It changes nothing: today's rota is as good as any." in text
    assert "Publish this rota" not in text


def test_what_it_moves_is_counted_and_listed(team: Cast, lead: Pages, hand: Hand) -> None:
    """Two hours on Tuesday give way to a whole day; the whole Monday stays."""
    for day, first, last in ((0, 9, 17), (1, 11, 13)):
        begins, ends = (
            datetime.combine(first_on() + timedelta(days=day), time(hour), LONDON) for hour in (first, last)
        )
        hand.shift(team.asha, begins, ends)
    Shift.objects.update(is_fixed=False)
    address = ask(team, lead, keeps_published=None)
    work_out()
    text = lead.get(address).page.text
    assert "1 Published shifts moved of 2 that might be" in text
    assert re.search(r"Asha Khan, Tue \d+ \w+, 11am to 1pm: now (9am|midday|1pm) to 5pm", text)


def test_whoever_cannot_be_proposed_is_named(team: Cast, lead: Pages) -> None:
    """Of Ben of the libraries nobody has said when he works, and now not of Lee either."""
    assert "1 person without working hours" in lead.get(reverse("planning:proposals")).page.text
    WorkingPattern.objects.filter(person=team.lee).delete()
    page = lead.get(reverse("planning:proposals")).page
    assert "2 people without working hours" in page.text
    assert reverse("planning:rota_person", args=[team.lee.pk]) in page.html
    address = ask(team, lead)
    work_out()
    assert "1 person without working hours" in lead.get(address).page.text  # Ben is not asked for


@pytest.mark.parametrize(("number", "is_folded"), [(3, False), (4, True)])
def test_many_who_cannot_be_proposed_are_folded(number: int, is_folded: bool) -> None:
    """On a phone nineteen of them stood above what the page is for."""
    shown = render_to_string("planning/_unknown.html", {"unknown": [{"name": "Asha", "url": "/there/"}] * number})
    assert ("<details>" in shown) == is_folded
    assert shown.count("Say when Asha works") == number


def test_what_is_new_of_a_week_stands_before_what_is_as_today() -> None:
    monday = datetime(2026, 12, 7, 9, tzinfo=LONDON)

    def shift(day: int, *, is_fixed: bool) -> dict[str, Any]:
        begins, ends = monday + timedelta(days=day), monday + timedelta(days=day, hours=4)
        return {"person": 1, "accounts": [], "starts_at": begins.isoformat(), "ends_at": ends.isoformat(), "why": "",
                "is_fixed": is_fixed}  # fmt: skip

    given = [shift(0, is_fixed=True), shift(1, is_fixed=False), shift(7, is_fixed=True)]
    first, second = proposal_telling.weeks(given, set(), {1: "Asha"}, {}, LONDON)
    assert [day["on"].day for day in first["days"]] == [8]
    assert [day["on"].day for day in first["others"]] == [7]
    assert (first["number"], first["new"], first["others_number"], first["open"]) == (2, 1, 1, True)
    assert [day["on"].day for day in second["days"]] == [14], "where nothing is new, all of it"
    assert (second["others"], second["open"]) == ([], False)


def test_a_hole_that_is_left_says_why(team: Cast, lead: Pages) -> None:
    TimeAway.objects.create(
        person=team.asha, kind="leave", state="agreed", asked_at=timezone.now(),
        starts_at=timezone.now(), ends_at=timezone.now() + timedelta(weeks=3),
    )  # fmt: skip
    address = ask(team, lead)
    work_out()
    text = lead.get(address).page.text
    assert "Asha Khan is on leave" in text
    assert "Answers late" in text
    assert "What would have to give No limit stands in the way" in text


def test_every_hole_that_is_told_stands_on_the_page_and_the_later_ones_folded() -> None:
    holes = [
        {"iso": "", "when": f"Mon {on} Dec, 9am", "length": "1 hour", "account": "", "why": ""} for on in range(15)
    ]
    shown = render_to_string("planning/_proposal.html", {"row": RotaProposal(told={}), "holes": holes, "more_holes": 2})
    first, _, later = shown.partition("<summary>Later ones")
    assert (first.count(" Dec, 9am"), later.count(" Dec, 9am")) == (12, 3)
    assert "2 more that are not listed" in later


def test_it_says_which_wishes_are_kept_and_why_others_are_not(team: Cast, lead: Pages) -> None:
    """In the afternoon there is nobody but Asha; what she wishes it for is hers and her lead's, and stands nowhere here."""
    monday = first_on()
    for person, begins, on in ((team.asha, time(14), monday), (team.lee, time(9), monday + timedelta(days=2))):
        Wish.objects.create(
            person=person, rather=False, on_day=on, begins=begins, ends=time(begins.hour + 3), private_reason="My mother is ill",
            stated_at=timezone.now(),
        )  # fmt: skip
    address = ask(team, lead)
    work_out()
    text = lead.get(address).page.text
    assert "1 of 2 wishes is kept." in text
    assert f"Asha Khan wished to be free on Mon {monday.day} " in text
    assert (
        "it could not be kept because Ashby Help would have been without cover then: Lee Ward does not work then."
        in text
    )
    assert f"Lee Ward wished to be free on Wed {(monday + timedelta(days=2)).day} " in text
    assert "mother" not in text
    Wish.objects.update(weight=4)
    refused = lead.submit(lead.get(address).page.form(button="Publish this rota"))
    assert "has changed since it was worked out" in lead.get(refused["Location"]).page.text


def test_what_changed_meanwhile_is_said_and_nothing_is_published(team: Cast, hand: Hand, lead: Pages) -> None:
    address = ask(team, lead)
    work_out()
    WorkingPattern.objects.filter(person=team.lee).update(notation="Mo 09:00-13:00")
    refused = lead.submit(lead.get(address).page.form(button="Publish this rota"))
    assert "has changed since it was worked out" in lead.get(refused["Location"]).page.text
    assert not Shift.objects.filter(made_by="proposal").exists()


def test_it_can_be_stopped_before_it_has_begun(team: Cast, lead: Pages) -> None:
    address = ask(team, lead, seconds="600")
    lead.submit(lead.get(address).page.form(button="Take the best so far"))
    assert RotaProposal.objects.get().is_to_stop
    work_out()
    assert "Publish this rota" in lead.get(address).page.text


def test_what_if_is_shown_and_not_offered_for_publishing(team: Cast, lead: Pages) -> None:
    day = first_on().isoformat()
    address = ask(team, lead, suppose="away", who=str(team.asha.pk), away_from=day, away_until=day)
    work_out()
    page = lead.get(address).page
    assert "What if Asha Khan is away from" in page.h1
    assert "It shows what would be, and cannot be published." in page.text
    assert "Publish this rota" not in page.text


def test_what_is_missing_stands_beside_its_field(team: Cast, lead: Pages) -> None:
    form = lead.get(reverse("planning:proposals")).page.form(button="Work it out")
    refused = lead.submit(form, **typed(team, accounts=[]))
    assert refused.status_code == 409
    assert "Choose at least one account that the rota is to cover." in refused.page.text
    assert "Choose who." in lead.submit(form, **typed(team, suppose="away")).page.text
    assert "Choose which account." in lead.submit(form, **typed(team, suppose="promise")).page.text
    day = first_on()
    wrong = typed(
        team, suppose="away", who=str(team.asha.pk), away_from=day.isoformat(),
        away_until=(day - timedelta(days=1)).isoformat(),
    )  # fmt: skip
    assert "The last day comes before the first." in lead.submit(form, **wrong).page.text
    past = lead.submit(form, **typed(team, first_on="2026-01-05"))
    assert "Begin with a day that has not begun" in past.page.text
    assert not RotaProposal.objects.exists()


def test_it_is_for_whoever_asked_alone(team: Cast, lead: Pages) -> None:
    """It may tell why somebody is away."""
    address = ask(team, lead)
    for other in (team.asha, team.cara):
        assert client_of(other).get(address).status_code == 404
        assert client_of(other).get(reverse("planning:proposals")).status_code == 404
