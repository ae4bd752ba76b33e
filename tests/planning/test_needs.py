"""Proves the page on which it is said how many an account needs: the board counts by it, and only whoever plans may say so."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.cover import board
from sociable.cover.models import Need
from sociable.people.models import AuditEvent
from tests.cast import Cast
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db


def test_a_lead_says_how_many_are_needed_and_the_board_counts_by_it(cast: Cast, lead: Pages) -> None:
    cover = lead.get(reverse("planning:account_cover", args=[cast.help.pk])).page
    form = lead.get(cover.links["How many it needs"]).page.form(button="Keep it")
    done = lead.submit(form, people="3", notation="Mo-Fr 09:00-12:00")
    assert "Kept. The board counts by it at once." in lead.get(done["Location"]).page.text
    need = Need.objects.get()
    assert (need.people, need.set_by, need.account) == (3, cast.lee, cast.help)
    text = lead.get(reverse("planning:needed", args=[cast.help.pk])).page.text
    assert "3 people from" in text
    assert "Monday to Friday, 9am to midday" in text
    now = timezone.now()
    assert {hole.missing for hole in board.holes_of([cast.help], now, now + timedelta(weeks=2))} >= {1, 3}
    assert AuditEvent.objects.filter(verb="said how many it needs").count() == 1


def test_what_cannot_be_read_is_said_beside_the_field(cast: Cast, lead: Pages) -> None:
    form = lead.get(reverse("planning:needed", args=[cast.help.pk])).page.form(button="Keep it")
    refused = lead.submit(form, people="0", notation="whenever").page
    assert len(refused.errors) == 2
    assert "Give a whole number from 1 to" in refused.errors[0]
    for typed in ("many", "1.5", ""):
        assert (
            "Give a whole number from 1 to" in lead.submit(form, people=typed, notation="Mo 09:00-12:00").page.errors[0]
        )
    assert refused.form(button="Keep it").fields["notation"] == "whenever"
    assert not Need.objects.exists()


def test_whoever_does_not_plan_is_not_asked(cast: Cast) -> None:
    address = reverse("planning:needed", args=[cast.help.pk])
    for person in (cast.asha, cast.cara):
        assert client_of(person).get(address).status_code == 404
        assert client_of(person).post(address, {"people": "2", "notation": "Mo 09:00-12:00"}).status_code == 404
    assert not Need.objects.exists()
