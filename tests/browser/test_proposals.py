"""A lead has a rota worked out in a real browser, watches it come, and publishes it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from sociable.config.example import loading
from sociable.cover.models import Shift
from sociable.cover.proposals import KIND
from sociable.due.models import DueRow
from sociable.worker import loop
from tests.browser.conftest import look
from tests.browser.test_ready import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lead_has_a_rota_worked_out(page: Any, live_server: Any) -> None:
    loading.load(timezone.now())
    dot = signed_in(page, live_server, "dot@aireborough.example")
    dot.goto("/cover/rota/")
    dot.get_by_role("link", name="Propose a rota").click()
    dot.get_by_label("Weeks").fill("2")
    dot.get_by_label("How long it may take").select_option("20")
    dot.get_by_text("What if …").click()
    look(dot, "proposals-ask")
    dot.get_by_label("Suppose").press("Escape")
    assert not dot.get_by_label("Suppose").is_visible(), "what was unfolded folds with Escape"
    assert dot.evaluate("document.activeElement.tagName") == "SUMMARY"
    dot.get_by_role("button", name="Work it out").click()
    dot.get_by_role("button", name="Take the best so far").wait_for()
    look(dot, "proposals-waiting")
    DueRow.objects.filter(kind=KIND).update(next_at=timezone.now())
    assert loop.do_due([KIND]) == 1
    dot.reload()
    look(dot, "proposals-worked-out")
    dot.get_by_role("button", name="Publish this rota").click()
    dot.get_by_text("They see it on their day.").wait_for()
    assert Shift.objects.published().filter(made_by="proposal").exists()
    dot.goto("/cover/rota/proposals/")
    look(dot, "proposals-list")
