"""What a lead does with the rota and what an answerer sees of it, in a real browser; every screen wide and narrow, light and dark."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from sociable.config.example import loading
from sociable.cover.models import HandOver, RotaChange, Shift, ShiftPattern, Swap
from sociable.directory.models import Account
from sociable.people.models import Person
from tests.browser.conftest import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Any, live_server: Any, email: str) -> Person:
    person: Person = Person.objects.get(email=email)
    client = Client()
    client.force_login(person)
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.clear_cookies()
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return person


def test_a_lead_looks_at_a_week_and_publishes_with_the_keyboard(page: Any, live_server: Any) -> None:
    loading.load(timezone.now())
    sign_in(page, live_server, "alex@aireborough.example")
    drafted = Shift.objects.filter(state="draft").order_by("starts_at").first()
    week = f"week={drafted.starts_at:%Y-%m-%d}"
    for name, address in {
        "week": f"rota/?{week}", "accounts": f"rota/?{week}&by=account", "add": "rota/add/", "publish": f"rota/publish/?{week}",
        "patterns": "rota/patterns/", "pattern-new": "rota/patterns/new/", "pattern": f"rota/patterns/{ShiftPattern.objects.first().pk}/", "people": "rota/people/",
        "make": f"rota/patterns/{ShiftPattern.objects.first().pk}/make/",
        "person": f"rota/people/{Person.objects.get(email='hannah@aireborough.example').pk}/",
        "shift": f"rota/shifts/{drafted.pk}/", "bring": "rota/bring-in/",
        "account": f"rota/accounts/{Account.objects.get(slug='city-help').pk}/",
    }.items():  # fmt: skip
        page.goto(f"/cover/{address}")
        look(page, f"rota-{name}")
    page.goto(f"/cover/rota/?{week}")
    page.get_by_role("link", name="Publish 3 changes").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Publish 3 changes").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Published: 3 changes.").wait_for()
    assert not Shift.objects.filter(state="draft").exists()


def test_an_answerer_sees_their_day_and_takes_a_shift(page: Any, live_server: Any) -> None:
    now = timezone.now()
    loading.load(now)
    swap = Swap.objects.get()
    mel = sign_in(page, live_server, "mel@aireborough.example")
    theirs = Shift.objects.published().filter(person=mel, starts_at__gt=now).first()
    RotaChange.objects.create(person=mel, shift=theirs, what="changed", at=now)
    Shift.objects.filter(pk=theirs.pk).update(starts_at=now - timedelta(hours=1))
    assert HandOver.objects.filter(seen_at=None).exists()
    page.goto("/desk/my-day/")
    look(page, "rota-my-day")
    page.goto("/cover/rota/mine/")
    look(page, "rota-mine")
    page.goto("/desk/?account=city-help")
    page.get_by_text("Jen left this at Aireborough City Help").wait_for()
    look(page, "rota-desk")
    page.goto(f"/cover/rota/swaps/{swap.pk}/")
    look(page, "rota-agree")
    page.goto(f"/cover/rota/shifts/{Shift.objects.published().filter(person=mel).last().pk}/swap/")
    look(page, "rota-ask")


def test_a_file_is_looked_at_and_residents_read_who_is_on_today(page: Any, live_server: Any, tmp_path: Any) -> None:
    now = timezone.now()
    loading.load(now)
    hannah = sign_in(page, live_server, "hannah@aireborough.example")
    Shift.objects.filter(person=hannah).delete()
    help_account = Account.objects.get(slug="city-help")
    shift = Shift.objects.create(
        person=hannah, starts_at=now, ends_at=now + timedelta(hours=1), state="published", made_at=now, published_at=now
    )
    shift.accounts.add(help_account)
    file = tmp_path / "rota.csv"
    on = f"{now + timedelta(days=40):%Y-%m-%d}"
    file.write_text(
        f"email,date,start,end,accounts\nhannah@aireborough.example,{on},09:00,20:30,city-help\n"
        f"nobody@aireborough.example,{on},09:00,13:00,city-help\n"
    )
    page.goto("/cover/rota/bring-in/")
    page.get_by_label("A CSV or iCalendar file").set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("is nobody whose rota you plan").wait_for()
    look(page, "rota-looked-at")
    page.goto("/accounts/city-help/")
    page.get_by_role("heading", name="Who is on today").wait_for()
    look(page, "rota-public")


def test_a_wish_is_stated_with_the_keyboard_and_read_by_who_plans(page: Any, live_server: Any) -> None:
    loading.load(timezone.now())
    mel = sign_in(page, live_server, "mel@aireborough.example")
    page.goto("/cover/rota/mine/wishes/")
    look(page, "wishes-none")
    page.get_by_role("link", name="State a wish").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Keep it").click()
    page.get_by_role("heading", name="There is a problem").wait_for()
    look(page, "wish-refused")
    page.get_by_label("Rather be free").focus()
    page.keyboard.press("Space")
    page.get_by_label("Wednesday").focus()
    page.keyboard.press("Space")
    page.locator("#id_begins").fill("13:00")
    page.locator("#id_ends").fill("18:00")
    page.get_by_label("Why").fill("Choir")
    page.get_by_role("button", name="Keep it").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Kept: Rather be free: Wednesday every week, 1pm to 6pm.").wait_for()
    look(page, "wishes")
    page.goto("/cover/rota/mine/")
    look(page, "wishes-mine")
    page.goto("/desk/my-day/")
    look(page, "wishes-my-day")
    sign_in(page, live_server, "alex@aireborough.example")
    page.goto("/cover/rota/")
    page.get_by_text("Rather be free").first.wait_for()
    look(page, "wishes-rota")
    page.goto(f"/cover/rota/people/{mel.pk}/")
    page.get_by_text("“Choir”").wait_for()
    page.get_by_role("link", name="Write down a wish").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Rather work").focus()
    page.keyboard.press("Space")
    page.get_by_label("Saturday").focus()
    page.keyboard.press("Space")
    look(page, "wish-written-down")
    page.get_by_role("button", name="Keep it").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Written down by you on").wait_for()
    look(page, "wishes-person")
    sign_in(page, live_server, "mel@aireborough.example")
    page.goto("/cover/rota/mine/wishes/")
    page.get_by_text("as you told them").wait_for()
    look(page, "wishes-written-down")
