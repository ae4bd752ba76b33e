"""The pages on which a lead signs people off, and a person sees what they are ready for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.cover import signing
from sociable.cover.models import Readiness
from sociable.cover.signing import Given
from tests.cast import Cast
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db


def sign(cast: Cast, person: Any, account: Any, days: int | None = None) -> Any:
    now = timezone.now()
    until = timezone.localdate(now) + timedelta(days=days) if days is not None else None
    return signing.sign_off(person, account, Given(timezone.localdate(now), until), by=cast.lee, now=now)


def test_a_lead_signs_somebody_off_and_they_see_it(cast: Cast, lead: Pages, asha: Pages) -> None:
    assert "not signed off for any account" in asha.get("/cover/ready/").page.text
    page = lead.get("/cover/ready/").page
    assert "Fewer than two are ready: Ashby Help (nobody), Ashby Libraries (nobody)" in page.text
    form = lead.get(page.links["Sign somebody off"]).page.form(button="Sign them off")
    done = lead.submit(form, person=cast.asha.pk, account=cast.help.pk, note="Two weeks beside Lee")
    shown = lead.get(done["Location"]).page
    assert shown.h1 == "Asha Khan for Ashby Help"
    assert "Two weeks beside Lee" in shown.text
    assert "Signed off by Lee Ward" in shown.text
    own = asha.get("/cover/ready/").page
    assert "You are ready for Ashby Help Ready" in own.text
    assert "Sign somebody off" not in own.text
    there = asha.get(own.links["Ashby Help"]).page
    assert "Renew" not in there.text


def test_a_refusal_says_how_and_keeps_what_was_typed(cast: Cast, lead: Pages) -> None:
    form = lead.get("/cover/ready/new/").page.form(button="Sign them off")
    refused = lead.submit(form, person=cast.ben.pk, account=cast.help.pk, note="He knows it well")
    assert "Ben Hall may not answer for Ashby Help yet" in refused.page.errors[0]
    assert refused.page.form(button="Sign them off").fields["note"] == "He knows it well"
    late = lead.submit(form, person=cast.asha.pk, account=cast.help.pk, until_on="2020-01-01")
    assert "before it begins" in late.page.errors[0]
    assert not Readiness.objects.exists()


def test_one_is_renewed_and_taken_back(cast: Cast, lead: Pages, asha: Pages) -> None:
    sign(cast, cast.asha, cast.help, days=10)
    page = lead.get("/cover/ready/").page
    assert "Ends within four weeks Asha Khan for Ashby Help, last day" in page.text
    address = page.links["Asha Khan for Ashby Help"]
    form = lead.get(address).page.form(button="Renew")
    assert "from_on" not in form.fields, "what holds goes on from where it began"
    lead.submit(form)
    assert "Ends within four weeks" not in lead.get("/cover/ready/").page.text
    shown = lead.get(address).page
    assert "replaced or taken back" in shown.text
    back = shown.form(button="Take it back")
    assert asha.submit(back).status_code == 403
    lead.submit(back, reason="Left the team")
    assert not Readiness.objects.standing(timezone.now()).exists()


def test_the_table_is_narrowed_by_service(cast: Cast, lead: Pages) -> None:
    form = lead.get("/cover/ready/").page.form("/cover/ready/", button="Show these")
    shown = lead.submit(form, service=cast.libraries.pk).page
    assert "Ashby Libraries" in shown.text
    assert "Ashby Help" not in shown.text
    assert "Ashby Help" in lead.get("/cover/ready/?service=nonsense").page.text


def test_others_see_neither_names_nor_sign_offs(cast: Cast) -> None:
    sign(cast, cast.asha, cast.help)
    cara, ben = client_of(cast.cara), client_of(cast.ben)
    address = f"/cover/ready/{cast.asha.pk}/{cast.help.pk}/"
    for client in (cara, ben):
        assert "Asha" not in client.get("/cover/ready/").content.decode()
        assert client.get(address).status_code == 404
        assert client.post(address + "take-back/").status_code == 404
        assert client.get("/cover/ready/new/").status_code == 403
    assert client_of(cast.lee).get(f"/cover/ready/{cast.cara.pk}/{cast.help.pk}/").status_code == 404
