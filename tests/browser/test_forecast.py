"""A lead looks at what two weeks may bring, in a real browser, and every page of it is looked at."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.config.example import loading
from sociable.cover.outlook_models import Outlook
from sociable.directory.models import Account
from sociable.people.models import Person
from tests.browser.conftest import look
from tests.browser.test_ready import signed_in
from tests.cover.past import steady

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_lead_looks_two_weeks_ahead(page: Any, live_server: Any) -> None:
    now = timezone.now()
    loading.load(now)
    help_account, hannah = Account.objects.get(slug="city-help"), Person.objects.get(email="hannah@aireborough.example")
    today = datetime.combine(now.date(), time(), UTC)
    steady(help_account, today, 200, 45, answered=hannah)
    steady(help_account, today, 200, 12, seed=2, channel="email", answered=hannah)
    for slug, chance in (("city-help", 0.93), ("libraries", 0.99), ("pals", 0.55), ("families", None)):
        days = [
            {"on": (now.date() + timedelta(days=n)).isoformat(), "chance": chance and chance * (1 - n / 8)}
            for n in range(4)
        ]
        Outlook.objects.create(account=Account.objects.get(slug=slug), worked_out_at=now, chance=chance, days=days)
    dot = signed_in(page, live_server, "dot@aireborough.example")
    dot.goto("/cover/forecast/")
    look(dot, "forecast")
    dot.get_by_role("link", name=help_account.name, exact=True).click()
    look(dot, "forecast-account")
    dot.get_by_role("link", name="Set how long answers take").click()
    look(dot, "forecast-set")
    dot.get_by_label("Minutes an answer takes").fill("9")
    dot.keyboard.press("Enter")
    dot.get_by_text("An answer takes 9 minutes, as").wait_for()
    dot.goto("/cover/forecast/")
    dot.get_by_role("link", name="School holidays around").first.click()
    dot.get_by_label("Name").fill("Christmas holidays")
    dot.get_by_label("First day").fill("2026-12-19")
    dot.get_by_label("Last day").fill("2027-01-03")
    dot.get_by_role("button", name="Note them").click()
    look(dot, "forecast-school")
