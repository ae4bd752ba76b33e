"""What a resident does, in a real browser: by mouse, by keyboard alone, without scripts, on a small screen."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from sociable.config.example import loading
from sociable.conversations.models import Conversation, Outgoing
from sociable.journeys import answer
from sociable.people.models import Person
from sociable.public import suspicion
from tests.browser.conftest import check_fits, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def example(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The invented partnership; a browser driven by a program types faster than any person, and is let."""
    cache.clear()
    loading.load(timezone.now())
    monkeypatch.setattr(suspicion, "QUICKEST", timedelta())


def _answer(conversation: Conversation, text: str) -> None:
    """A person of the help team answers, and the time to take it back is over."""
    person = Person.objects.get(email="hannah@aireborough.example")
    now = timezone.now()
    answer.send(
        conversation_id=conversation.pk, person=person, text=text, against_version=conversation.version, now=now
    )
    Outgoing.objects.filter(message__conversation=conversation).update(undo_until_at=now)


def test_a_resident_asks_and_reads_the_answer_on_the_private_link(page: Any) -> None:
    page.goto("/")
    look(page, "ask")
    page.get_by_label("What do you need?").fill("library")
    page.get_by_role("button", name="Find who to ask").click()
    page.get_by_role("link", name="Aireborough City Help").first.wait_for(state="detached")
    page.goto("/")
    page.get_by_role("link", name="Aireborough City Help").click()
    look(page, "ask-form")
    page.get_by_label("What do you need?").fill("My brown bin was not collected.\nIt is still full.")
    page.locator("main").get_by_label("Your name").fill("Dev Patel")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="We have your request").wait_for()
    link = page.get_by_label("Your private link").input_value()
    assert link == page.url
    look(page, "receipt-waiting")
    page.get_by_label("Add to your request").fill("Number 14, by the blue door.")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("by the blue door").wait_for()
    conversation = Conversation.objects.latest("pk")
    assert conversation.messages.count() == 2
    _answer(conversation, "Sorry about that. The crew comes back on Friday.\n\nHannah")
    page.goto(link)
    page.get_by_role("heading", name="We have answered").wait_for()
    page.get_by_text("The crew comes back on Friday.").wait_for()
    look(page, "receipt-answered")


def test_what_is_wrong_is_said_at_the_top_and_beside_the_field(page: Any) -> None:
    page.goto("/ask/city-help/")
    page.locator("main").get_by_label("Your email address").fill("dev at example")
    page.get_by_role("button", name="Send").click()
    summary = page.locator("[data-error-summary]")
    summary.wait_for()
    assert page.evaluate("document.activeElement.hasAttribute('data-error-summary')")
    look(page, "ask-error")
    summary.get_by_role("link", name="Write what you need").click()
    assert page.evaluate("document.activeElement.name") == "text"
    assert page.locator("main").get_by_label("Your email address").input_value() == "dev at example"


def test_everything_works_without_scripts(open_browser: Any) -> None:
    page = open_browser(java_script_enabled=False)
    page.goto("/accounts/")
    page.get_by_label("Organisation").select_option("moorland")
    page.get_by_role("button", name="Show these").click()
    page.get_by_role("link", name="Moorland Night Listening Line").click()
    page.get_by_role("link", name="Ask with the form").click()
    page.get_by_label("What do you need?").fill("Can I write to you at night?")
    page.get_by_role("button", name="Send").click()
    page.get_by_role("heading", name="We have your request").wait_for()


def _focused(page: Any) -> str:
    return str(page.evaluate("(document.activeElement.innerText || document.activeElement.name || '').trim()"))


def _tab_to(page: Any, words: str, most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in _focused(page):
            seen = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert seen != "none", f"{words}: the focus cannot be seen"
            return
    raise AssertionError(f"no way to {words} by keyboard")


def test_asking_by_keyboard_alone(page: Any) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    assert _focused(page) == "Skip to main content"
    page.keyboard.press("Enter")
    _tab_to(page, "Aireborough Libraries")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask/libraries/")
    _tab_to(page, "text")
    page.keyboard.type("Do you have large print books?")
    _tab_to(page, "email")
    page.keyboard.type("dev@example.org")
    _tab_to(page, "Send")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="We have your request").wait_for()
    page.get_by_text("We also send our answer by email").wait_for()


PAGES = {
    "ask-nothing-found": "/?q=zebra",
    "ask-night": "/ask/night-line/",
    "ask-not-here": "/ask/festival/",
    "accounts": "/accounts/",
    "accounts-filtered": "/accounts/?partner=hospitals&open=on&q=care",
    "account": "/accounts/libraries/",
    "account-learning": "/accounts/outpatients/",
    "account-no-promise": "/accounts/moorland-talking/",
    "account-closed": "/accounts/old-rates/",
    "verify": "/verify/",
    "verify-look-alike": "/verify/?q=city-help@aireborough.examp1e",
    "verify-ours": "/verify/?q=city-help@aireborough.example",
    "fair": "/fair/",
    "accessibility": "/accessibility/",
    "privacy": "/privacy/",
    "postbox": "/example/postbox/",
    "receipt-gone": "/r/gone/",
}


def test_each_page_is_accessible_in_both_schemes_wide_and_narrow(page: Any) -> None:
    for name, address in PAGES.items():
        page.goto(address)
        look(page, name)


def test_at_320_pixels_nothing_is_cut_off_or_scrolls_sideways(open_browser: Any) -> None:
    page = open_browser(width=320)  # what a window of 1280 shows at a zoom of 400 %
    for address in ("/", "/ask/council-tax/", *PAGES.values()):
        page.goto(address)
        check_fits(page)


def test_the_hours_for_machines_stand_in_the_page_and_break_no_rule_of_its_policy(page: Any) -> None:
    page.goto("/accounts/libraries/")
    told = page.evaluate("JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)")
    assert told["openingHoursSpecification"][0]["opens"] == "09:00"
