"""The pages of wishes: stated, changed, taken back; read by their person and by who plans them; why, by nobody else."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.cover.models import WorkingPattern
from sociable.cover.wish_models import Wish
from sociable.people.models import Person, Role
from tests.cast import Cast, at
from tests.cover.conftest import Hand
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db
MINE = reverse("planning:wishes")
NEW = reverse("planning:wish_new")


def in_days(number: int) -> str:
    """A day so many days from now."""
    return (timezone.now() + timedelta(days=number)).date().isoformat()


def shift_next_week(cast: Cast, hand: Hand) -> Any:
    """Asha is on from 9 to 1 of the Monday after next."""
    today = timezone.now().date()
    monday = datetime.combine(today + timedelta(days=14 - today.weekday()), time(9), ZoneInfo("Europe/London"))
    return hand.shift(cast.asha, monday, monday + timedelta(hours=4))


def wish(person: Any, **more: Any) -> Wish:
    given = {"rather": False, "weekdays": [0], "private_reason": "My mother is ill", "stated_at": at(8, day=20)} | more
    return Wish.objects.create(person=person, **given)


def test_a_wish_is_stated_changed_and_taken_back(asha: Pages, cast: Cast) -> None:
    form = asha.get(NEW).page.form(button="Keep it")
    done = asha.submit(form, what="free", weekdays=["5", "6"], weight="4", private_reason="My mother")
    said = asha.get(done["Location"]).page.text
    assert "Kept: Rather be free: Saturday and Sunday every week, all day. It is a wish" in said
    made = Wish.objects.get()
    assert (made.person, made.rather, made.weekdays, made.weight, made.begins) == (cast.asha, False, [5, 6], 4, None)
    assert "Rather be free" in asha.get(MINE).page.text
    form = asha.get(reverse("planning:wish", args=[made.pk])).page.form(button="Keep it")
    assert (form.fields["what"], form.fields["weekdays"], form.fields["private_reason"]) == (
        ["free"],
        ["5", "6"],
        "My mother",
    )
    asha.submit(form, what="work", weekdays=[], on_day=in_days(40), begins="09:00", ends="13:00")
    made.refresh_from_db()
    assert (made.rather, made.weekdays, made.on_day, made.begins) == (
        True,
        [],
        date.fromisoformat(in_days(40)),
        time(9),
    )
    done = asha.submit(asha.get(MINE).page.form("take-back/"))
    assert "Taken back: Rather work: " in asha.get(done["Location"]).page.text
    assert not Wish.objects.exists()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({}, "Choose days of every week, or give one day."),
        ({"weekdays": ["1"], "on_day": in_days(9)}, "not both: make two wishes of it."),
        ({"weekdays": ["1"], "begins": "09:00"}, "Say from when to when, or leave both empty for all day."),
        ({"on_day": in_days(-2)}, "That day is over: a wish is for days to come."),
        ({"weekdays": ["1"], "until_on": in_days(-2)}, "That day is over: a wish is for days to come."),
        ({"weekdays": ["1"], "what": ""}, "Choose whether you would rather be free or work."),
    ],
)  # fmt: skip
def test_what_cannot_be_wished_is_said_and_nothing_is_lost(asha: Pages, typed: dict[str, Any], words: str) -> None:
    given = {"what": "free", "weight": "1", "private_reason": "Choir"} | typed
    answer = asha.submit(asha.get(NEW).page.form(button="Keep it"), **given)
    assert answer.status_code == 409
    assert any(words in error for error in answer.page.errors)
    assert answer.page.form(button="Keep it").fields["private_reason"] == "Choir"
    assert not Wish.objects.exists()


def test_a_wish_of_somebody_else_is_not_there(lead: Pages, cast: Cast) -> None:
    """Also for their lead: it is theirs to change."""
    made = wish(cast.asha)
    assert lead.get(reverse("planning:wish", args=[made.pk])).status_code == 404
    assert lead.post(reverse("planning:wish_take_back", args=[made.pk])).status_code == 404
    assert Wish.objects.exists()


def test_a_lead_writes_down_what_they_were_told(lead: Pages, asha: Pages, cast: Cast) -> None:
    """Asha reads it with Lee's name and why, and changes it: then it is hers, and there for nobody else to change."""
    hers = reverse("planning:rota_person", args=[cast.asha.pk])
    assert "Asha has stated no wish." in lead.get(hers).page.text
    form = lead.get(reverse("planning:wish_new_for", args=[cast.asha.pk])).page.form(button="Keep it")
    done = lead.submit(form, what="free", weekdays=["2"], begins="18:00", ends="20:00", private_reason="Choir")
    assert done["Location"] == hers
    made = Wish.objects.get()
    assert (made.person, made.written_by) == (cast.asha, cast.lee)
    shown = lead.get(hers).page.text
    assert "Kept: Rather be free: Wednesday every week, 6pm to 8pm." in shown
    assert "Written down by you on " in shown
    for address in (MINE, reverse("planning:rota_mine")):
        assert "Written down by Lee Ward on " in asha.get(address).page.text
    assert "“Choir”" in asha.get(MINE).page.text
    again = lead.get(reverse("planning:wish_for", args=[cast.asha.pk, made.pk])).page
    assert "Change a wish of Asha Khan" in again.text
    lead.submit(again.form(button="Keep it"), weight="4")
    form = asha.get(reverse("planning:wish", args=[made.pk])).page.form(button="Keep it")
    assert (form.fields["weight"], form.fields["private_reason"]) == (["4"], "Choir")
    asha.submit(form, weekdays=["3"])
    assert "Written down" not in asha.get(MINE).page.text
    assert "Change it" not in lead.get(hers).page.text
    assert lead.get(reverse("planning:wish_for", args=[cast.asha.pk, made.pk])).status_code == 404


def test_what_a_lead_wrote_down_is_taken_back_by_either(lead: Pages, asha: Pages, cast: Cast) -> None:
    hers = reverse("planning:rota_person", args=[cast.asha.pk])
    wish(cast.asha, written_by=cast.lee)
    done = lead.submit(lead.get(hers).page.form("take-back/"))
    assert done["Location"] == hers
    wish(cast.asha, written_by=cast.lee)
    assert asha.submit(asha.get(MINE).page.form("take-back/"))["Location"] == MINE
    assert not Wish.objects.exists()


def test_what_is_refused_of_somebody_else_loses_nothing(lead: Pages, cast: Cast) -> None:
    form = lead.get(reverse("planning:wish_new_for", args=[cast.asha.pk])).page.form(button="Keep it")
    answer = lead.submit(form, what="free", private_reason="Choir")
    assert answer.status_code == 409
    assert answer.page.form(button="Keep it").fields["private_reason"] == "Choir"
    assert "Only they and whoever plans them can read it." in answer.page.text


def test_whoever_plans_nobody_writes_down_nothing(asha: Pages, cast: Cast) -> None:
    made = wish(cast.ben, written_by=cast.lee)
    assert asha.get(reverse("planning:wish_new_for", args=[cast.ben.pk])).status_code == 404
    assert asha.get(reverse("planning:wish_for", args=[cast.ben.pk, made.pk])).status_code == 404
    assert asha.post(reverse("planning:wish_take_back_for", args=[cast.ben.pk, made.pk])).status_code == 404
    client = client_of(cast.lee)
    assert client.get(reverse("planning:wish_for", args=[cast.asha.pk, made.pk])).status_code == 404
    assert Wish.objects.exists()


def test_who_plans_reads_it_beside_their_hours(lead: Pages, cast: Cast) -> None:
    wish(cast.asha, begins=time(9), ends=time(12))
    text = lead.get(reverse("planning:rota_person", args=[cast.asha.pk])).page.text
    assert "What Asha wishes" in text
    assert "Rather be free: Monday every week, 9am to midday" in text
    assert "“My mother is ill”" in text


def test_a_lead_who_says_when_their_team_works_does_not_read_what_it_wishes(cast: Cast, hand: Hand) -> None:
    """Asha answers for the whole council and is signed off for the libraries, which Nia leads: her hours are Nia's to say, no more."""
    Role.objects.filter(person=cast.lee).update(kind="administrator")
    nia = Person.objects.create_user("nia@staff.example.org", name="Nia Ray")
    Role.objects.create(person=nia, kind="service_lead", partner=cast.council, service=cast.libraries)
    wish(cast.asha)
    pages, address = client_of(nia), reverse("planning:rota_person", args=[cast.asha.pk])
    assert "Asha Khan" in pages.get(reverse("planning:rota_people")).page.text
    shown = pages.get(address).page
    assert "mother" not in shown.text
    assert "Rather be free" not in shown.text
    assert "what they wish and why they are away are read by whoever plans them there" in shown.text
    pages.submit(shown.form(button="Keep it"), notation="Mo-We 09:00-17:00")
    assert WorkingPattern.objects.get().set_by == nia
    assert pages.get(reverse("planning:wish_new_for", args=[cast.asha.pk])).status_code == 404


def test_the_rota_shows_wishes_to_who_plans_and_to_themselves(lead: Pages, asha: Pages, cast: Cast, hand: Hand) -> None:
    """Without why; a colleague on the same rota reads nothing of it."""
    hand.shift(cast.asha, at(9), at(13))
    hand.shift(cast.ben, at(9), at(13), cast.books)
    wish(cast.asha)
    week = f"{reverse('planning:rota')}?week=2026-11-23"
    for pages in (lead, asha):
        text = pages.get(week).page.text
        assert "All day Rather be free" in text
        assert "mother" not in text
    other = client_of(cast.ben).get(week).page.text
    assert "Ben Hall" in other
    assert "Rather be free" not in other


def test_their_own_rota_and_day_say_how_a_shift_lies_to_it(asha: Pages, cast: Cast, hand: Hand) -> None:
    shift_next_week(cast, hand)
    made = wish(cast.asha)
    mine = asha.get(reverse("planning:rota_mine")).page.text
    assert "You wished to be free then." in mine
    assert "Rather be free: Monday every week, all day" in mine
    assert "You wished to be free then." in asha.get(reverse("desk:my_day")).page.text
    Wish.objects.filter(pk=made.pk).update(rather=True)
    assert "As you wished." in asha.get(reverse("desk:my_day")).page.text
    Wish.objects.filter(pk=made.pk).update(weekdays=[2])
    assert "wished" not in asha.get(reverse("desk:my_day")).page.text.replace("Your wishes", "")


def test_a_lead_limits_weekends(lead: Pages, cast: Cast) -> None:
    address = reverse("planning:rota_person", args=[cast.asha.pk])
    form = lead.get(address).page.form(button="Keep it")
    assert form.fields["weekends_in_a_row"] == ""
    typed = {"notation": "Mo-Sa 09:00-17:00", "weekends_in_a_row": "1", "weekends_in_four": "2"}
    lead.submit(form, **typed)
    row = WorkingPattern.objects.get()
    assert (row.weekends_in_a_row, row.weekends_in_four) == (1, 2)
    page = lead.get(address).page
    assert "at most 1 weekend in a row and 2 of any four weekends" in page.text
    assert page.form(button="Keep it").fields["weekends_in_four"] == "2"
    lead.submit(page.form(button="Keep it"), weekends_in_a_row="", weekends_in_four="0")
    assert "no weekends" in lead.get(address).page.text


def test_a_third_weekend_is_warned_of(lead: Pages, cast: Cast, hand: Hand) -> None:
    WorkingPattern.objects.create(
        person=cast.asha,
        valid_from_on=date(2026, 1, 1),
        notation="Mo-Su 09:00-17:00",
        set_at=at(8, day=1),
        weekends_in_a_row=1,
    )
    hand.shift(cast.asha, at(9, day=22), at(13, day=22))
    form = lead.get(reverse("planning:rota_add")).page.form(button="Draft it")
    typed = {"person": cast.asha.pk, "on": "2026-11-28", "begins": "09:00", "ends": "13:00", "accounts": [cast.help.pk]}
    answer = lead.submit(form, **typed)
    assert "It makes 2 weekends in a row; 1 is the most for Asha." in answer.page.text
