"""Leave is asked for and decided in a real browser, with what it does to cover; every page of it is looked at."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.config.example import loading
from sociable.cover.models import CalendarFeed, TimeAway
from tests.browser.conftest import look
from tests.browser.test_ready import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_leave_is_asked_for_and_agreed(page: Any, live_server: Any) -> None:
    loading.load(timezone.now())
    aoife = signed_in(page, live_server, "aoife.brennan@aireborough.example")
    aoife.goto("/cover/away/new/")
    look(aoife, "cover-away-new")
    aoife.get_by_label("First day").fill((timezone.localdate() + timedelta(days=9)).isoformat())
    aoife.get_by_label("Last day").fill((timezone.localdate() + timedelta(days=13)).isoformat())
    aoife.get_by_label("Why").fill("My sister's wedding")
    aoife.get_by_role("button", name="See what it does to cover").click()
    look(aoife, "cover-away-look")
    aoife.get_by_role("button", name="Ask for it").click()
    aoife.get_by_text("It is asked for.").wait_for()
    look(aoife, "cover-away-own")
    aoife.goto("/cover/away/calendars/")
    aoife.get_by_label("Address of the calendar").fill("webcal://calendar.example/secret.ics")
    aoife.get_by_label("What you call it").fill("My Outlook")
    aoife.get_by_role("button", name="Add it").click()
    aoife.get_by_text("My Outlook is read from now on").wait_for()
    CalendarFeed.objects.update(
        trouble="There is no calendar at this address any more.", trouble_since_at=timezone.now()
    )
    aoife.goto("/cover/away/calendars/")
    look(aoife, "cover-away-calendars")
    derek = signed_in(page, live_server, "derek.umpleby@aireborough.example")
    derek.goto("/cover/away/")
    look(derek, "cover-away-decide")
    derek.get_by_role("link", name="Derek").first.or_(derek.get_by_role("link", name="Sickness")).first.click()
    look(derek, "cover-away-one")
    derek.goto("/cover/away/bring-in/")
    look(derek, "cover-away-bring-in")
    derek.goto("/cover/away/")
    derek.get_by_label("What you say to it").first.fill("Have a lovely day")
    derek.get_by_role("button", name="Agree to Aoife Brennan").click()
    derek.get_by_text("Aoife Brennan,").first.wait_for()
    assert TimeAway.objects.get(private_reason="My sister's wedding").state == "agreed"
