"""Saved answers are kept by those who answer, and stay within reach."""

from __future__ import annotations

import pytest
from django.urls import reverse

from sociable.conversations.models import (
    SavedAnswer,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]


def test_saved_answers_are_kept_by_those_who_answer(asha, cast):
    form = asha.get(reverse("desk:saved_answer_new")).page.form("new/")
    assert len(asha.submit(form, title="", text="").page.errors) == 3
    asha.submit(form, title="Bins", text="Thursday.", account=str(cast.help.pk), everywhere="on")
    saved = SavedAnswer.objects.get()
    assert (saved.partner, saved.account) == (cast.council, None)
    change = asha.get(reverse("desk:saved_answer", args=[saved.pk])).page
    asha.submit(change.form(f"/{saved.pk}/"), title="Bin days", everywhere=None)
    saved.refresh_from_db()
    assert (saved.title, saved.account) == ("Bin days", cast.help)
    assert "Bin days" in asha.get(reverse("desk:saved_answers")).page.text
    asha.submit(change.form("/delete/"))
    assert not SavedAnswer.objects.exists()


def test_saved_answers_stay_within_reach(pages, cast):
    whole = SavedAnswer.objects.create(partner=cast.council, title="Bins", text="Thursday.")
    pages.force_login(cast.ben)
    assert pages.get(reverse("desk:saved_answer", args=[whole.pk])).status_code == 404
    assert pages.post(reverse("desk:saved_answer_delete", args=[whole.pk])).status_code == 404
    form = pages.get(reverse("desk:saved_answer_new")).page.form("new/")
    refused = pages.submit(form, title="Loans", text="Three weeks.", account=str(cast.books.pk), everywhere="on")
    assert refused.page.errors == ["You do not answer for all of Ashby. Offer it on one account."]
    pages.force_login(cast.olu)
    assert pages.get(reverse("desk:saved_answers")).status_code == 403
