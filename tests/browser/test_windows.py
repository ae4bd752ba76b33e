"""When words of one's own are no longer taken, in a real browser: it is said, and an approved message is sent by keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sociable.config.example import loading
from sociable.conversations.models import Message
from sociable.directory.models import Account
from sociable.journeys import approved
from sociable.people.models import Person
from tests.browser.conftest import look
from tests.journeys.on_meta import asked, connect, do
from tests.journeys.test_approved import BIN_DAY, PLAIN
from tests.servers.graph import GraphNetwork, graph_network

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG_AGO = timedelta(hours=26)


@pytest.fixture
def meta() -> Iterator[GraphNetwork]:
    with graph_network() as network:
        network.templates = [BIN_DAY, PLAIN]
        network.now = timezone.now() - LONG_AGO
        yield network


@pytest.fixture
def hannah(page: Any, live_server: Any) -> Any:
    """A member of the help team of the example, signed in."""
    loading.load(timezone.now())
    client = Client()
    client.force_login(Person.objects.get(email="hannah@aireborough.example"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


@pytest.fixture
def conversation(hannah: Any, meta: GraphNetwork) -> Any:
    """Somebody wrote by WhatsApp more than a day ago and waits."""
    connection = connect(Account.objects.get(slug="city-help"), "whatsapp", meta)
    approved.schedule(connection, meta.now)
    do("approved", timezone.now())
    return asked(connection, meta, "My brown bin on Cragg Lane was missed again. When will you come?").conversation


def test_it_is_said_and_an_approved_message_goes_by_keyboard(hannah: Any, conversation: Any) -> None:
    hannah.goto(reverse("desk:conversation", args=[conversation.pk]))
    hannah.locator(".reply-window", has_text="only an approved message is taken").wait_for()
    assert hannah.locator(".queue-row.is-current", has_text="Approved messages only").count() <= 1
    look(hannah, "window-closed")
    hannah.locator("#approved-choice").focus()
    hannah.keyboard.type("bin day")
    hannah.keyboard.press("Tab")
    hannah.keyboard.press("Enter")
    hannah.locator("#approved-1").wait_for()
    hannah.locator("#approved-1").fill("Dev")
    look(hannah, "approved-message")
    hannah.keyboard.press("Enter")
    hannah.locator("#approved-error", has_text="Fill in every blank").wait_for()
    assert hannah.locator("#approved-1").input_value() == "Dev"
    look(hannah, "approved-refused")
    hannah.locator("#approved-2").fill("Tuesday")
    hannah.keyboard.press("Enter")
    hannah.locator(".message-text", has_text="Hello Dev, your bin day is Tuesday.").wait_for()
    assert Message.objects.get(conversation=conversation, direction="out", automatic="").template["name"] == "bin_day"


def test_the_list_and_the_view_of_what_closes(hannah: Any, meta: GraphNetwork) -> None:
    meta.now = timezone.now() - timedelta(hours=23)
    connection = connect(Account.objects.get(slug="city-help"), "whatsapp", meta)
    asked(connection, meta, "Can I have a second bin?")
    do("window", timezone.now())
    hannah.goto(reverse("desk:desk") + "?view=window")
    hannah.locator(".queue-row", has_text="Can reply until").wait_for()
    look(hannah, "window-closing")
