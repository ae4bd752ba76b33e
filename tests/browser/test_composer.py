"""Writing an answer to a network in a real browser: the count goes along, the ways appear, and the keyboard is enough."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from sociable.config.example import loading
from sociable.conversations.models import Conversation, Message
from sociable.directory.models import Account
from sociable.people.models import Person
from tests.browser.conftest import look
from tests.network import heard, on_network

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONG = (
    "We are sorry that your brown bin was left. The crew could not get past the works on Otley Road this morning. "
    "They will come back on Thursday between 7am and 2pm. Please leave it where the lorry can reach it.\n\n"
) * 3
PRIVATE = "We have written to you at 12 Cragg Lane, LS19 7AB."


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
def asked(hannah: Any) -> Conversation:
    account = on_network(Account.objects.get(slug="city-help"), "mastodon")
    text = "@help my brown bin on Cragg Lane was not collected today. When will you come back?"
    return heard(account, text, when=timezone.now(), subject="Brown bin on Cragg Lane").conversation


def opened(page: Any, conversation: Conversation) -> Any:
    page.goto(reverse("desk:conversation", args=[conversation.pk]))
    return page.locator("#composer-text")


def test_the_count_goes_along_and_the_ways_appear(hannah: Any, asked: Conversation) -> None:
    box = opened(hannah, asked)
    count = hannah.locator("#composer-count")
    box.fill("Hello")
    before = count.inner_text()
    box.press_sequentially("é👍")
    assert int(count.inner_text().split()[0]) == int(before.split()[0]) - 2
    look(hannah, "composer-room")
    box.fill(LONG)
    hannah.locator("summary", has_text="Too long for one message: choose how it goes").wait_for()
    assert count.inner_text().endswith("characters too many")
    hannah.locator("#composer-said", has_text="characters too many. Too long for one message").wait_for(
        state="attached"
    )
    look(hannah, "composer-too-long")
    hannah.get_by_label("In 2 numbered parts").check()
    assert hannah.locator(".way-seen:visible li").count() == 2
    look(hannah, "composer-parts")
    hannah.get_by_label("By email").check()
    look(hannah, "composer-email")
    hannah.get_by_text("Draft kept").wait_for()  # nothing is left on its way when the tables go


def test_by_keyboard_alone_it_goes_by_email(hannah: Any, asked: Conversation) -> None:
    box = opened(hannah, asked)
    box.fill(LONG)
    hannah.locator("summary", has_text="Too long for one message: choose how it goes").wait_for()
    box.press("Tab")  # the summary of the ways
    hannah.keyboard.press("Tab")  # the radio buttons
    for _ in range(4):
        hannah.keyboard.press("ArrowDown")
    assert hannah.locator("#way-email").is_checked()
    hannah.keyboard.press("Tab")
    hannah.keyboard.type("dev@example.org")
    hannah.get_by_role("button", name="Send answer").press("Enter")
    hannah.get_by_text("Tells onlookers").wait_for()
    look(hannah, "composer-sent-by-email")
    answer, line = Message.objects.filter(conversation=asked, direction="out").order_by("pk")
    assert (answer.channel, answer.to_addresses, line.visibility) == ("email", ["dev@example.org"], "public")


def test_private_words_are_found_while_they_are_written(hannah: Any, asked: Conversation) -> None:
    box = opened(hannah, asked)
    box.fill(PRIVATE)
    hannah.get_by_text("“LS19 7AB” is a postcode").wait_for()
    look(hannah, "composer-private")
    hannah.get_by_role("button", name="Send answer").click()
    hannah.get_by_role("alert").get_by_text("Everybody could read this.").wait_for()
    hannah.get_by_role("textbox", name="Why it must be said in public").fill("It is our own depot")
    hannah.get_by_role("button", name="Send answer").click()
    hannah.get_by_text("Said in public what looked private").wait_for(state="attached")


def test_each_picture_gets_a_box_for_its_words(hannah: Any, asked: Conversation) -> None:
    box = opened(hannah, asked)
    box.fill("Here is the map.")
    hannah.get_by_text("Files, saved answers, receipt").click()
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
    hannah.set_input_files("#composer-files", [{"name": "map.png", "mimeType": "image/png", "buffer": png}])
    hannah.get_by_label("What map.png shows, for people who cannot see it").fill("The depot, by the river")
    look(hannah, "composer-picture")
    hannah.get_by_role("button", name="Send answer").click()
    hannah.get_by_text("It shows: The depot, by the river").wait_for()
    assert (
        Message.objects.get(conversation=asked, direction="out").attachments.get().alt_text == "The depot, by the river"
    )
