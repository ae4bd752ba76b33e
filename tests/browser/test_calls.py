"""A call noted by keyboard alone in a real browser: kept while it is typed, found again after a reload, ended with one key."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import expect

from sociable.config.example import loading
from sociable.conversations.models import CallNote, Message
from sociable.people.models import Person
from sociable.promises.models import Wait
from tests.browser.conftest import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Any, live_server: Any, email: str) -> Any:
    client = Client()
    client.force_login(Person.objects.get(email=email))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


@pytest.fixture
def hannah(page: Any, live_server: Any) -> Any:
    """Somebody of the example's help team, signed in."""
    loading.load(timezone.now())
    return sign_in(page, live_server, "hannah@aireborough.example")


def tab_to(page: Any, label: str) -> Any:
    """Press Tab until the control with this label has the focus."""
    wanted = page.get_by_label(re.compile(rf"^{label}( \(optional\))?$"))
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            return wanted
    raise AssertionError(f"Tab never came to {label!r}")


def test_a_call_is_noted_by_keyboard_alone_and_survives_a_reload(hannah: Any) -> None:
    page = hannah
    page.goto("/desk/")
    page.get_by_role("button", name="A call").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("A call")
    expect(page.locator("[data-since]")).to_be_visible()
    tab_to(page, "For")
    page.keyboard.type("Aire")
    expect(page.locator("#call-expected")).to_contain_text("tell them")
    tab_to(page, "Their name")
    page.keyboard.type("Dev Patel")
    tab_to(page, "Phone number")
    page.keyboard.type("0113 496 0000")
    tab_to(page, "What they asked")
    page.keyboard.type("My bin was not emptied.")
    expect(page.locator("[data-draft-state]")).to_have_text("Draft kept")
    look(page, "call")
    page.reload()
    expect(page.get_by_label("What they asked")).to_have_value("My bin was not emptied.")
    page.get_by_label("What they asked").focus()
    tab_to(page, "It is promised: it waits in the queue")
    page.keyboard.press("ArrowDown")
    tab_to(page, "What you told them")
    page.keyboard.type("The lorry comes again on Thursday.")
    page.get_by_role("button", name="Done: keep it").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".message-out")).to_contain_text("Told Dev Patel, 0113 496 0000")
    look(page, "call-answered")
    note = CallNote.objects.get()
    wait = Wait.objects.get(conversation=note.became)
    assert (wait.ended, wait.started_at) == ("answered", note.begun_at)


def test_a_message_from_elsewhere_is_pasted(hannah: Any) -> None:
    page = hannah
    page.goto("/desk/")
    page.get_by_role("button", name="Paste").click()
    page.get_by_label("For", exact=True).select_option(label="Aireborough City Help")
    page.get_by_label("Where they wrote it").fill("Nextdoor")
    page.get_by_label("Written at").fill("2026-11-12T09:15")
    page.get_by_label("What they wrote").fill("Is the swimming pool open on Boxing Day?")
    look(page, "call-paste")
    page.get_by_role("button", name="Done: keep it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Is the swimming pool open on Boxing Day?")
    look(page, "call-pasted")


def test_a_conversation_is_answered_by_phone(hannah: Any) -> None:
    page = hannah
    waiting = Wait.objects.open().filter(began_with__channel="email", conversation__account__slug="city-help").first()
    assert waiting
    page.goto(f"/desk/c/{waiting.conversation_id}/")
    page.get_by_role("button", name="Answered by phone").click()
    expect(page.get_by_role("heading", name="Said last")).to_be_visible()
    page.get_by_label("What you told them").fill("It is on its way.")
    look(page, "call-about")
    page.get_by_role("button", name="Done: keep it").click()
    expect(page.get_by_role("button", name="This was no answer")).to_be_visible()
    assert Message.objects.get(channel="phone", direction="out", conversation=waiting.conversation).author
    waiting.refresh_from_db()
    assert waiting.ended == "answered"
