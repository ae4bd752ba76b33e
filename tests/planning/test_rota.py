"""Proves the pages of the rota: one good way and one refusal for each, and that drafts stay with those who plan."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.cover import rota as verbs
from sociable.cover.models import Shift, ShiftPattern, TimeAway, WorkingPattern
from sociable.people.models import Role
from tests.cast import Cast, at
from tests.cover.conftest import Hand
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db
WEEK = {"week": "2026-11-23"}
# The same week a year on, for what may not be over.
YEAR = timedelta(weeks=52)


def typed(cast: Cast, **changed: Any) -> dict[str, Any]:
    return {
        "person": str(cast.asha.pk), "on": "2026-11-24", "begins": "09:00", "ends": "17:00",
        "accounts": [str(cast.help.pk)], "note": "",
    } | changed  # fmt: skip


def test_a_shift_is_drafted_on_the_page_and_published(cast: Cast, hand: Hand, lead: Pages) -> None:
    form = lead.get(reverse("planning:rota_add"), WEEK).page.form(button="Draft it")
    done = lead.submit(form, **typed(cast))
    week = lead.get(done["Location"]).page
    assert "9am to 5pm Draft Ashby Help" in week.text
    assert "Ashby Help" not in client_of(cast.asha).get(reverse("planning:rota"), WEEK).page.text
    assert "Draft" not in client_of(cast.cara).get(reverse("planning:rota"), WEEK).page.text
    shown = lead.get(week.links["Publish 1 change"]).page
    assert "New Asha Khan, 9am to 5pm on Tuesday 24 November" in shown.text
    done = lead.submit(shown.form(button="Publish 1 change"))
    assert "Published: 1 change. Asha sees it on their day." in lead.get(done["Location"]).page.text
    assert "9am to 5pm Ashby Help" in client_of(cast.asha).get(reverse("planning:rota"), WEEK).page.text


def test_a_shift_that_is_over_says_what_a_change_is_for(cast: Cast, hand: Hand, lead: Pages) -> None:
    over = timezone.now() - timedelta(days=2)
    shift = hand.draft(cast.asha, over, over + timedelta(hours=4))
    Shift.objects.filter(pk=shift.pk).update(state="published")
    address = reverse("planning:rota_shift", args=[shift.pk])
    assert "This shift is over: a change only puts right what is kept of it." in lead.get(address).page.text
    Shift.objects.filter(pk=shift.pk).update(ends_at=timezone.now() + timedelta(hours=1))
    assert "is over" not in lead.get(address).page.text


def test_a_refusal_stands_beside_what_was_typed(cast: Cast, hand: Hand, lead: Pages) -> None:
    hand.draft(cast.asha, at(9, day=24), at(13, day=24))
    form = lead.get(reverse("planning:rota_add"), WEEK).page.form(button="Draft it")
    refused = lead.submit(form, **typed(cast, note="Cover for the fair"))
    assert refused.status_code == 409
    assert "Asha has another shift then, 9am to 1pm on Tuesday 24 November." in refused.page.text
    assert refused.page.form(button="Draft it").fields["note"] == "Cover for the fair"
    assert "Choose who works it." in lead.submit(form, **typed(cast, person="")).page.text


def test_a_warning_asks_why_and_then_takes_it(cast: Cast, hand: Hand, lead: Pages) -> None:
    form = lead.get(reverse("planning:rota_add"), WEEK).page.form(button="Draft it")
    assert "reason" not in form.fields
    warned = lead.submit(form, **typed(cast, ends="20:30"))
    assert "It is 11 hours 30 minutes long; Asha's longest is 10 hours." in warned.page.text
    lead.submit(warned.page.form(button="Draft it"), reason="Election night")
    assert Shift.objects.get().override_reason == "Election night"


def test_the_week_reads_by_account_and_tells_who_is_away_without_why(cast: Cast, hand: Hand, lead: Pages) -> None:
    hand.shift(cast.asha, at(9), at(13), cast.help, cast.books)
    TimeAway.objects.create(
        person=cast.ben, kind="sickness", private_reason="His back", state="agreed", asked_at=at(9),
        starts_at=at(0, day=24), ends_at=at(12, day=25),
    )  # fmt: skip
    text = lead.get(reverse("planning:rota"), WEEK | {"by": "account"}).page.text
    assert text.count("9am to 1pm Asha Khan") == 2
    text = lead.get(reverse("planning:rota"), WEEK).page.text
    assert "All day Away" in text
    assert "start of day to midday Away" in text
    for private in ("His back", "Sickness", "sickness"):
        assert private not in text
    assert "Away" not in client_of(cast.asha).get(reverse("planning:rota"), WEEK).page.text


def test_a_place_shows_its_own_accounts_and_people(cast: Cast, hand: Hand, lead: Pages) -> None:
    hand.shift(cast.asha, at(9), at(13))
    hand.shift(cast.ben, at(9), at(13), cast.books)
    text = lead.get(reverse("planning:rota"), WEEK | {"place": f"s{cast.libraries.pk}"}).page.text
    assert "Ben Hall" in text
    assert "9am to 1pm Ashby Help" not in text


def test_what_makes_no_sense_in_an_address_is_left_out(cast: Cast, lead: Pages) -> None:
    for asked in ({"week": "tomorrow"}, {"week": "0001-01-01"}, {"place": "p999"}, {"by": "colour"}):
        assert lead.get(reverse("planning:rota"), asked).status_code == 200


def test_a_published_shift_is_changed_by_a_draft(cast: Cast, hand: Hand, lead: Pages) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    form = lead.get(reverse("planning:rota_shift", args=[shift.pk])).page.form(button="Draft the change")
    week = lead.get(lead.submit(form, ends="14:00")["Location"]).page
    assert "9am to 2pm Draft: changed" in week.text
    assert "9am to 1pm A draft changes this" in week.text
    shown = lead.get(reverse("planning:rota_publish"), WEEK).page
    assert "Instead of: 9am to 1pm on Monday 23 November, Ashby Help" in shown.text


def test_two_leads_publish_only_what_they_saw(cast: Cast, hand: Hand, lead: Pages) -> None:
    draft = hand.draft(cast.asha, at(9), at(13))
    form = lead.get(reverse("planning:rota_publish"), WEEK).page.form(button="Publish 1 change")
    verbs.change(draft, hand.wanted(cast.asha, at(9), at(12)), by=cast.lee, now=at(8))
    refused = lead.get(lead.submit(form)["Location"]).page
    assert "The drafts have changed since you looked at them." in refused.text
    assert not Shift.objects.published().exists()


def test_a_shift_is_removed_by_a_draft_or_cancelled_with_a_reason(cast: Cast, hand: Hand, lead: Pages) -> None:
    shift = hand.shift(cast.asha, at(9) + YEAR, at(13) + YEAR)
    page = lead.get(reverse("planning:rota_shift", args=[shift.pk])).page
    assert "Say why it is cancelled" in lead.submit(page.form("/cancel/")).page.text
    assert Shift.objects.published().exists()
    lead.submit(page.form("/cancel/"), reason="The building is closed")
    shift.refresh_from_db()
    assert (shift.state, shift.cancelled_reason) == ("cancelled", "The building is closed")
    other = hand.shift(cast.asha, at(9), at(13))
    lead.submit(lead.get(reverse("planning:rota_shift", args=[other.pk])).page.form("/remove/"))
    assert other.replaced_by.get().only_removes


def test_who_does_not_plan_sees_their_own_shift_and_changes_nothing(cast: Cast, hand: Hand) -> None:
    shift, draft = hand.shift(cast.asha, at(9), at(13)), hand.draft(cast.asha, at(14), at(15))
    asha, ben = client_of(cast.asha), client_of(cast.ben)
    assert "Change it" not in asha.get(reverse("planning:rota_shift", args=[shift.pk])).page.text
    assert ben.get(reverse("planning:rota_shift", args=[shift.pk])).status_code == 404
    assert asha.get(reverse("planning:rota_shift", args=[draft.pk])).status_code == 404
    assert asha.get(reverse("planning:rota_add")).status_code == 404
    assert asha.get(reverse("planning:rota_patterns")).status_code == 404
    assert asha.post(reverse("planning:rota_cancel", args=[shift.pk]), {"reason": "No"}).status_code == 404
    assert asha.post(reverse("planning:rota_remove", args=[shift.pk])).status_code == 403


def test_a_kind_of_shift_is_kept_and_made_for_weeks(cast: Cast, hand: Hand, lead: Pages) -> None:
    form = lead.get(reverse("planning:rota_pattern_new")).page.form(button="Keep it")
    given = {
        "name": "Mornings",
        "partner": str(cast.council.pk),
        "begins": "09:00",
        "ends": "13:00",
        "every_weeks": "1",
    }
    refused = lead.submit(form, **given, accounts=[str(cast.help.pk)])
    assert "Choose at least one day of the week." in refused.page.text
    lead.submit(form, **given, accounts=[str(cast.help.pk)], weekdays=["0", "1", "2", "3", "4"])
    pattern = ShiftPattern.objects.get()
    assert "Monday to Friday, 9am to 1pm" in lead.get(reverse("planning:rota_patterns")).page.text
    form = lead.get(reverse("planning:rota_make", args=[pattern.pk])).page.form(button="Draft them")
    done = lead.submit(form, person=str(cast.asha.pk), first_on="2026-12-21", weeks="2")
    assert "7 drafts for Asha" in lead.get(done["Location"]).page.text, "three bank holidays are left out"
    assert lead.get(reverse("planning:rota_make", args=[pattern.pk + 1])).status_code == 404


def test_a_new_kind_stands_where_its_lead_is_where_that_is_one_place(cast: Cast, pages: Pages) -> None:
    ben, books = cast.ben, cast.books
    Role.objects.create(person=ben, kind="service_lead", partner=cast.council, service=books.service)
    pages.force_login(ben)
    form = pages.get(reverse("planning:rota_pattern_new")).page.form(button="Keep it")
    assert (form.fields["partner"], form.fields["service"]) == (str(cast.council.pk), str(books.service_id))
    pages.force_login(cast.lee)
    form = pages.get(reverse("planning:rota_pattern_new")).page.form(button="Keep it")
    assert (form.fields["partner"], form.fields["service"]) == (str(cast.council.pk), ""), (
        "of all services no one is meant"
    )


def test_when_somebody_works_is_kept_in_versions(cast: Cast, hand: Hand, lead: Pages) -> None:
    assert "Nobody has said when they work" in lead.get(reverse("planning:rota_people")).page.text
    address = reverse("planning:rota_person", args=[cast.asha.pk])
    form = lead.get(address).page.form(button="Keep it")
    assert "not" in lead.submit(form, notation="whenever").page.text
    lead.submit(form, notation="Mo-We 09:00-17:00", week_hours="22.5")
    row = WorkingPattern.objects.get()
    assert (row.week_minutes, row.set_by, row.valid_from_on) == (1350, cast.lee, timezone.now().date())
    lead.submit(lead.get(address).page.form(button="Keep it"), notation="Mo-Th 09:00-17:00", valid_from_on="2030-01-07")
    assert WorkingPattern.objects.count() == 2
    text = lead.get(reverse("planning:rota_people")).page.text
    assert "Monday to Wednesday, 9am to 5pm" in text
    assert "22 hours 30 minutes a week" in text
    assert lead.get(reverse("planning:rota_person", args=[cast.cara.pk])).status_code == 404


def test_a_hundred_shifts_are_rows_and_not_queries(
    cast: Cast, hand: Hand, lead: Pages, django_assert_max_num_queries: Any
) -> None:
    for day in range(23, 28):
        for hour in range(8, 18):
            hand.draft(cast.asha, at(hour, day=day), at(hour + 1, day=day), reason="many")
    with django_assert_max_num_queries(35):
        lead.get(reverse("planning:rota"), WEEK)
    assert date(2026, 11, 23).weekday() == 0
