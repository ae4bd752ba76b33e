"""In a real browser: what was handed on says so and why, and goes to the next by one press, on the desk and by the link of a notice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sociable.alerts import tokens
from sociable.alerts.models import Notice
from sociable.due import services as due
from sociable.journeys import net
from sociable.people.models import Role
from tests.browser.conftest import look
from tests.browser.test_alerts import house, signed_in  # noqa: F401 - fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_what_was_handed_on_is_handed_back_by_one_press(signed_in, house):  # noqa: F811
    cast, now = house.cast, timezone.now()
    Role.objects.create(person=cast.ben, kind="answerer", partner=cast.council)
    house.shift(cast.ben, now - timedelta(minutes=50), now + timedelta(hours=7))
    asked = cast.ask(when=now - timedelta(minutes=100))
    net.look_all(due.claim(now, 5, ["net"]), now)
    page = signed_in(cast.asha)
    page.goto(f"/desk/c/{asked.conversation_id}/")
    expect(page.locator(".handed")).to_contain_text("Handed to Asha Khan at")
    page.get_by_role("button", name="I cannot take this").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is with Ben Hall now.")).to_be_visible()
    expect(page.locator(".handed")).to_contain_text("Handed to Ben Hall at")
    notice = Notice.objects.get(person=cast.ben, route__kind="email")
    phone = signed_in(cast.ben, width=390)
    phone.goto(f"/told/{tokens.token_of(notice.pk)}/")
    look(phone, "handed_on_told")
    phone.get_by_role("button", name="I cannot take this").click()
    expect(phone.get_by_role("heading", name="It is no longer with you")).to_be_visible()
    look(phone, "handed_on_back")
