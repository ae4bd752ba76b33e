"""A request to the news account, answered from help in a real browser with one press."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from sociable.conversations.models import Message
from sociable.directory.models import Account
from sociable.promises.models import Wait
from tests.browser.conftest import look
from tests.browser.test_calls import hannah, sign_in  # noqa: F401 - a fixture and what it needs
from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_news_is_answered_from_help(hannah: Any) -> None:  # noqa: F811
    page, news = hannah, Account.objects.get(slug="city-news")
    asked = Cast.mail(None, "Is the market on this week?", account=news, subject="The market", when=timezone.now())  # type: ignore[arg-type]
    page.goto(f"/desk/c/{asked.conversation_id}/")
    expect(page.get_by_text("which does not answer").first).to_be_visible()
    look(page, "sender")
    page.get_by_label("Your answer").fill("Yes, on Thursday from 9.")
    page.get_by_text("Send it from Aireborough City News all the same").click()
    look(page, "sender-wrong")
    page.get_by_role("button", name="Send from Aireborough City News").click()
    expect(page.get_by_text("Say why this must leave from Aireborough City News")).to_be_visible()
    expect(page.get_by_label("Your answer")).to_have_value("Yes, on Thursday from 9.")
    page.get_by_role("button", name="Send from Aireborough City Help").click()
    expect(page.locator(".message-out").last).to_contain_text("Yes, on Thursday from 9.")
    assert (
        Message.objects.get(conversation=asked.conversation_id, direction="out", automatic="").sent_from
        == news.answered_from
    )
    assert Wait.objects.get(conversation=asked.conversation_id).ended == "answered"
    page.goto(f"/accounts/{news.slug}/")
    look(page, "account-news")
