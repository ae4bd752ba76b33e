"""The office shows at which stage an account stands, what is missing for the next, and moves it there with a reason."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.cover import signing
from sociable.cover.signing import Given
from sociable.directory.models import Account
from sociable.people.models import AuditEvent
from tests.cast import Cast
from tests.office.conftest import client_of
from tests.pages import Pages

pytestmark = pytest.mark.django_db


def shown(cast: Cast) -> str:
    return reverse("office:account", args=[cast.help.pk])


def sign(cast: Cast, person: object) -> None:
    now = timezone.now()
    signing.sign_off(person, cast.help, Given(timezone.localdate(now)), by=cast.lee, now=now)  # type: ignore[arg-type]


def test_an_account_goes_from_proposed_over_learning_to_live(cast: Cast, office: Pages) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage="proposed")
    page = office.get(shown(cast)).page
    assert "Stage Proposed Where it can move Learning, until a day Nothing is missing Live Not yet" in page.text
    assert "Nobody is signed off for it. This must be there first." in page.text
    form = page.form(button="Move it")
    refused = office.submit(form, to="learning", reason="We begin").page
    assert refused.errors == ["Say until when it is learning: the public is told."]
    assert refused.form(button="Move it").fields["reason"] == "We begin"
    soon = timezone.localdate() + timedelta(days=40)
    moved = office.submit(form, to="learning", learning_until_on=soon.isoformat())
    assert moved["Location"] == shown(cast)
    assert f"Learning until {soon:%A} {soon.day} {soon:%B} {soon.year}" in office.get(shown(cast)).page.text
    form = office.get(shown(cast)).page.form(button="Move it")
    assert "Nobody is signed off for it." in office.submit(form, to="live", reason="All the same").page.errors[0]
    sign(cast, cast.asha)
    assert "Say why it is to move all the same" in office.submit(form, to="live").page.errors[0]
    office.submit(form, to="live", reason="Kal starts on Monday")
    account = Account.objects.get(pk=cast.help.pk)
    assert (account.stage, account.learning_until_on) == ("live", None)
    text = office.get(shown(cast)).page.text
    assert "Missing when it was moved: Only one person is signed off" in text
    assert "Why all the same: “Kal starts on Monday”" in text
    assert "Missing as it stands now Only one person" in text
    assert AuditEvent.objects.filter(verb="moved").count() == 2


def test_a_stage_is_no_fact_to_be_typed_over(cast: Cast, office: Pages) -> None:
    form = office.get(reverse("office:edit_account", args=[cast.help.pk])).page.form(button="Save")
    assert "stage" not in form.fields
    office.submit(form, stage="closed", learning_until_on="2030-01-01")
    assert Account.objects.get(pk=cast.help.pk).stage == "live"


def test_a_learning_day_that_has_passed_is_not_said_as_one_to_come(cast: Cast, office: Pages) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage="learning", learning_until_on=date(2026, 3, 2))
    for address in (shown(cast), reverse("office:accounts")):
        assert "Still learning: it was to be until Monday 2 March 2026" in office.get(address).page.text


def test_a_closed_account_is_asked_for_no_day_of_learning(cast: Cast, office: Pages) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage="closed")
    form = office.get(shown(cast)).page.form(button="Move it")
    assert "learning_until_on" not in form.fields
    office.submit(form, to="proposed")
    assert Account.objects.get(pk=cast.help.pk).stage == "proposed"


def test_who_may_not_change_it_sees_where_it_stands_and_no_form(cast: Cast) -> None:
    Account.objects.filter(pk=cast.help.pk).update(stage="learning", learning_until_on=date(2030, 5, 1))
    asha = client_of(cast.asha)
    page = asha.get(shown(cast)).page
    assert "Learning until Wednesday 1 May 2030" in page.text
    assert "Move it" not in page.text
    assert asha.get(reverse("office:stage", args=[cast.help.pk])).status_code == 404
    assert asha.post(reverse("office:stage", args=[cast.help.pk]), {"to": "live"}).status_code == 404
