"""What an administrator does in the office, in a real browser; every screen is looked at, wide and narrow, light and dark."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from sociable.config.example import loading
from sociable.directory.models import Account, PromiseVersion
from sociable.journeys import ask
from sociable.people.models import Person
from tests.browser.conftest import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def alex(page: Any, live_server: Any) -> Any:
    """The example's administrator, signed in."""
    loading.load(timezone.now())
    client = Client()
    client.force_login(Person.objects.get(email="alex@aireborough.example"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


def test_every_screen_of_the_office(alex: Any) -> None:
    account = Account.objects.get(slug="libraries")
    person = Person.objects.get(email="kal@aireborough.example")
    screens = {
        "accounts": "accounts/",
        "account": f"accounts/{account.pk}/",
        "account-edit": f"accounts/{account.pk}/edit/",
        "account-hours": f"accounts/{account.pk}/hours/",
        "account-notation": f"accounts/{account.pk}/hours/?as=text",
        "account-promise": f"accounts/{account.pk}/promise/",
        "account-bring-in": f"accounts/{account.pk}/bring-in/",
        "partners": "partners/",
        "partner": f"partners/{account.partner_id}/",
        "people": "people/",
        "person": f"people/{person.pk}/",
        "person-new": "people/new/",
        "trail": "trail/",
        "trouble": "trouble/",
        "me": "me/",
    }
    for name, address in screens.items():
        alex.goto(f"/office/{address}")
        look(alex, f"office-{name}")


def test_a_stage_is_refused_beside_what_is_missing(alex: Any) -> None:
    account = Account.objects.get(slug="outpatients")
    alex.goto(f"/office/accounts/{account.pk}/")
    alex.get_by_text("Move it to another stage").click()
    alex.get_by_label("Move it to", exact=True).select_option(label="Live")
    alex.get_by_role("button", name="Move it", exact=True).click()
    alex.get_by_role("link", name="Something is missing").wait_for()
    look(alex, "office-stage-refused")


def test_a_promise_is_stated_after_a_look_at_what_moves(alex: Any) -> None:
    account = Account.objects.get(slug="city-help")
    now = timezone.now()  # a promise stated today judges what arrives from today on
    ask.ask(account=account, name="Dev Patel", email="", text="When is my bin collected?", nonce="today", now=now)
    alex.goto(f"/office/accounts/{account.pk}/promise/")
    alex.get_by_role("spinbutton", name="Minutes of open time").fill("60")
    alex.get_by_role("button", name="See what would move").click()
    alex.get_by_role("heading", name="What would move").wait_for()
    alex.get_by_text("would be due at another time").wait_for()
    look(alex, "office-would-move")
    alex.get_by_role("button", name="State it").click()
    alex.get_by_text("Stated from").wait_for()
    assert PromiseVersion.objects.filter(account=account).latest("pk").minutes == 60


def test_hours_are_refused_beside_their_line(alex: Any) -> None:
    account = Account.objects.get(slug="city-help")
    alex.goto(f"/office/accounts/{account.pk}/hours/")
    alex.get_by_label("Monday").fill("nine to five")
    alex.get_by_role("button", name="See what would move").click()
    alex.get_by_role("heading", name="There is a problem").wait_for()
    alex.get_by_role("link", name="Write hours as in").click()
    assert alex.evaluate("document.activeElement.name") == "monday"
    look(alex, "office-hours-refused")


def test_a_file_of_messages_is_looked_at_and_taken(alex: Any) -> None:
    account = Account.objects.get(slug="city-help")
    rows = (
        "sent_at,from,text\n2026-11-05 10:00,dev,When is my bin collected?\nsoon,jo,Is the library open on Sundays?\n"
    )
    alex.goto(f"/office/accounts/{account.pk}/bring-in/")
    alex.get_by_label("A CSV or JSON file").set_input_files(
        {"name": "export.csv", "mimeType": "text/csv", "buffer": rows.encode()}
    )
    alex.get_by_label("Where they were written").fill("Nextdoor")
    alex.get_by_role("button", name="Look at it").click()
    alex.get_by_role("heading", name="What cannot be read").wait_for()
    look(alex, "office-bring-in-looked")
    alex.get_by_role("button", name="Bring them in").click()
    alex.get_by_text("1 message came in").wait_for()
