"""The board in a real browser: read as a picture and in words, by pointer, by keyboard and on paper."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from sociable.config.example import loading
from sociable.cover.models import Need, Readiness, Shift, TimeAway
from sociable.directory.models import Account
from sociable.people.models import Person
from tests.browser.conftest import FOLDER, PICTURES, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LONDON = ZoneInfo("Europe/London")


def _at(day: int, hour: int) -> datetime:
    on = timezone.now().astimezone(LONDON).date() + timedelta(days=day)
    return datetime.combine(on, time(hour), LONDON).astimezone(UTC)


def _rota() -> None:
    """Whoever is ready works four days in five, mornings or afternoons; every now and then somebody is on leave."""
    city_help = Account.objects.get(slug="city-help")
    Need.objects.create(
        account=city_help, valid_from_on=_at(-7, 9).date(), notation="Mo-Fr 11:00-15:00", people=3, set_at=_at(-7, 9)
    )
    for number, readiness in enumerate(Readiness.objects.filter(withdrawn_at=None).order_by("pk")):
        for day in range(-1, 44):
            if (day + number) % 5 and (day * 7 + number) % 11:
                begins, ends = [(8, 18), (8, 13), (12, 20)][number % 3]
                shift = Shift.objects.create(
                    person=readiness.person, starts_at=_at(day, begins), ends_at=_at(day, ends), state="published",
                    made_at=_at(-7, 9),
                )  # fmt: skip
                shift.accounts.add(readiness.account)
        if number % 4 == 0:
            TimeAway.objects.create(
                person=readiness.person, kind="leave", starts_at=_at(9 + number, 0), ends_at=_at(14 + number, 0),
                state="agreed", asked_at=_at(-7, 9),
            )  # fmt: skip


@pytest.fixture
def lead(page: Any, live_server: Any) -> Any:
    """The example's administrator, who sees and plans the whole council."""
    loading.load(timezone.now())
    Shift.objects.all().delete()
    _rota()
    client = Client()
    client.force_login(Person.objects.get(email="alex@aireborough.example"))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


def test_the_board_is_read_and_a_hole_is_filled_by_keyboard(lead: Any) -> None:
    lead.goto("/cover/")
    look(lead, "cover-board")
    _printed(lead, "cover-board")
    first = lead.get_by_role("link", name=re.compile("^Fill it")).first
    first.focus()
    lead.keyboard.press("Enter")
    lead.wait_for_url("**/hole/**")
    look(lead, "cover-hole")


def test_every_other_screen_of_the_board(lead: Any) -> None:
    lead.goto("/cover/holes/")
    look(lead, "cover-holes")
    lead.goto("/cover/?show=name")
    lead.get_by_role("link", name="Aireborough Libraries", exact=True).first.click()
    look(lead, "cover-account")
    _printed(lead, "cover-account")
    lead.get_by_role("link", name="How many it needs").click()
    look(lead, "cover-needed")
    lead.go_back()
    hole = lead.locator(".cover-days svg a").first
    hole.click()
    lead.wait_for_url("**/hole/**")


def test_what_if_somebody_is_away_is_asked_and_answered(lead: Any) -> None:
    lead.goto("/cover/what-if/")
    lead.get_by_label("Who", exact=True).select_option(label=_somebody())
    lead.get_by_role("button", name="Show what would happen").click()
    lead.get_by_role("heading", name=re.compile("^Without ")).wait_for()
    look(lead, "cover-what-if")


def _somebody() -> str:
    """Who is on the rota first of all."""
    return Shift.objects.order_by("starts_at", "pk")[0].person.name


def _printed(page: Any, name: str) -> None:
    """On paper the picture stands alone: no menus, no filter."""
    page.emulate_media(media="print")
    assert not page.locator(".office-parts").is_visible()
    assert page.get_by_role("heading", level=1).is_visible()
    if PICTURES:
        page.screenshot(path=FOLDER / f"{name}-print.png", full_page=True)
    page.emulate_media(media="screen")
