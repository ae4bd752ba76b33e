"""What somebody who looks after connections sees, in a real browser: all of them, one of them, and a limit to correct."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.directory import tallies
from sociable.directory.health_models import Tally
from sociable.directory.models import Account, Connection
from tests.browser.conftest import look
from tests.browser.test_office import alex  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def connected(alex: Any) -> Any:  # noqa: F811
    """The example, some of whose accounts are connected, each in another state."""
    now = timezone.now()
    states: list[dict[str, Any]] = [
        {"last_heard_at": now, "lag_seconds": 3.0, "begins_at": now - timedelta(days=40)},
        {"last_heard_at": now - timedelta(hours=2), "trouble": "The mail server imap.example:993 cannot be reached: timed out.",
         "trouble_since_at": now - timedelta(hours=2)},
        {"last_heard_at": now, "expires_at": now + timedelta(days=6), "lag_seconds": 1.0},
    ]  # fmt: skip
    for account, state in zip(Account.objects.order_by("pk"), states, strict=False):
        Connection.objects.create(account=account, settings={"imap_host": "imap.example"}, **state)
    return alex


def test_every_screen_of_connections(connected: Any) -> None:
    account = Connection.objects.exclude(trouble="").get().account
    screens = {
        "connections": "connections/",
        "connection": f"accounts/{account.pk}/connection/",
        "limit": f"accounts/{account.pk}/connection/limits/attachments_bytes/",
    }
    for name, address in screens.items():
        connected.goto(f"/office/{address}")
        look(connected, f"office-{name}")


def test_every_screen_of_tallies(connected: Any) -> None:
    today = timezone.now()
    missed = {"remote_id": f"sha256:{'0123456789abcdef' * 4}", "received_at": today.isoformat(), "fetched": True}
    for number, account in enumerate(Account.objects.order_by("pk")[:3]):
        for days in (1, 2):
            counted: dict[str, Any] = {"listed": 48, "stored": 48, "differences": []}
            counted |= {"stored": 47, "differences": [missed]} if (number, days) == (0, 1) else {}
            counted |= {"listed": None} if number == 2 else {}
            figures = {"answered": 31, "open": 9, "not_request": 6, "kept_aside": 2}
            tallies.keep(account, day_on=(today - timedelta(days=days)).date(), now=today, figures=figures, **counted)
    worst = Tally.objects.get(stored=47)
    for name, address in {"tallies": "tallies/", "tally": f"tallies/{worst.pk}/"}.items():
        connected.goto(f"/office/{address}")
        look(connected, f"office-{name}")


def test_a_limit_is_corrected_by_keyboard(connected: Any) -> None:
    account = Connection.objects.exclude(trouble="").get().account
    connected.goto(f"/office/accounts/{account.pk}/connection/")
    connected.get_by_role("link", name=re.compile("Largest files")).press("Enter")
    connected.get_by_label("Largest files").fill("1000000")
    connected.get_by_label("How do you know?").fill("Tried: larger ones came back")
    connected.keyboard.press("Enter")
    connected.get_by_text("It counts from now on").wait_for()
    connected.get_by_text("Set here").wait_for()
