"""A lead takes an account from learning to live, and the hour that leave tears open is closed before somebody asks in it.

The whole way from a sign-off to the lead's own telephone, by the pages and the worker; each step has tests of its own elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.alerts.models import Notice
from sociable.cover.models import Readiness, Shift
from sociable.cover.proposals import KIND
from sociable.directory import queries as directory
from sociable.directory.models import Account, HoursVersion
from sociable.people.models import Role
from sociable.worker import loop
from tests.alerts.conftest import House
from tests.alerts.test_handing import hand_over
from tests.cast import Cast, later
from tests.journeys.mail import letters, sends_to
from tests.journeys.test_holes import look
from tests.pages import Pages
from tests.planning.conftest import client_of
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server


@pytest.fixture
def learning(cast: Cast) -> Cast:
    """Ashby Help is learning; nobody is signed off, nobody is on a rota. Ben may answer for it."""
    Account.objects.exclude(pk=cast.help.pk).update(stage="proposed")
    Account.objects.filter(pk=cast.help.pk).update(
        stage="learning", learning_until_on=timezone.localdate() + timedelta(60)
    )
    HoursVersion.objects.filter(account=cast.help).update(notation="Mo-Fr 09:00-16:00; PH off")
    Role.objects.create(person=cast.ben, kind="answerer", partner=cast.council)
    return cast


def fill(client: Pages, address: str, button: str, **typed: Any) -> Any:
    """Fill in the form of a page, and show where it leads."""
    done = client.submit(client.get(address).page.form(button=button), **typed)
    assert done.status_code == 302, done.page.errors
    return client.get(done["Location"]).page


def test_from_learning_to_live_and_a_hole_closed_before_somebody_asks_in_it(
    learning: Cast, lead: Pages, outside: Scripted
) -> None:
    make_ready(learning, lead)
    publish_rota(learning, lead)
    go_live(learning, lead)
    day = day_of_leave(learning)
    take_leave(learning, lead, day)
    assert_told_of_the_hole(outside, day)
    close_it_by_a_proposal(learning, lead, day)
    ring_until_acknowledged(learning, outside, datetime.combine(day, time(10), LONDON))


def make_ready(cast: Cast, lead: Pages) -> None:
    for person in (cast.asha, cast.ben):
        page = fill(
            lead,
            reverse("planning:sign_off"),
            "Sign them off",
            person=person.pk,
            account=cast.help.pk,
            note="Sat beside Lee",
        )
        assert person.name in page.text
        fill(
            lead,
            reverse("planning:rota_person", args=[person.pk]),
            "Keep it",
            notation="Mo-Fr 09:00-17:00",
            week_hours="37",
        )
    assert Readiness.objects.standing(timezone.now()).count() == 2


def publish_rota(cast: Cast, lead: Pages) -> None:
    given = {"name": "Days", "partner": str(cast.council.pk), "begins": "09:00", "ends": "16:00", "every_weeks": "1"}
    days = ["0", "1", "2", "3", "4"]
    fill(lead, reverse("planning:rota_pattern_new"), "Keep it", **given, accounts=[str(cast.help.pk)], weekdays=days)
    pattern = cast.council.shift_patterns.get()
    today = timezone.localdate().isoformat()
    fill(
        lead,
        reverse("planning:rota_make", args=[pattern.pk]),
        "Draft them",
        person=str(cast.asha.pk),
        first_on=today,
        weeks="6",
    )
    assert not Shift.objects.published().exists()
    shown = lead.get(reverse("planning:rota_publish"), {"weeks": "26"}).page
    number = len(Shift.objects.filter(state="draft"))
    lead.submit(shown.form(button=f"Publish {number} changes"))
    assert Shift.objects.published().count() >= 20


def go_live(cast: Cast, lead: Pages) -> None:
    address = reverse("office:account", args=[cast.help.pk])
    fill(lead, address, "Move it", to="live")
    assert Account.objects.get(pk=cast.help.pk).stage == "live"


def day_of_leave(cast: Cast) -> Any:
    """A day some days on on which it is open."""
    calendar = directory.calendar_of(cast.help)
    assert calendar is not None
    return calendar.next_open(timezone.now() + timedelta(days=5)).astimezone(LONDON).date()


def take_leave(cast: Cast, lead: Pages, day: Any) -> None:
    asha = client_of(cast.asha)
    form = asha.get(reverse("planning:away_new")).page.form(button="See what it does to cover")
    looked = asha.submit(form, kind="leave", first_on=day.isoformat()).page
    assert "Ashby Help: 14 half hours without enough people" in looked.text
    asha.submit(looked.form(button="Ask for it"), confirm="yes")
    page = lead.get(reverse("planning:away")).page
    assert "Ashby Help: 14 half hours" in page.text
    lead.submit(page.form("/agree/"))


def assert_told_of_the_hole(outside: Scripted, day: Any) -> None:
    today = timezone.localtime(timezone=LONDON)
    look(
        max(today, datetime.combine(today, time(7), LONDON)) + timedelta(minutes=10)
    )  # no mail of the day before seven
    agreed, mail = letters(outside)
    assert (agreed["To"], agreed["Subject"]) == ("asha@staff.example.org", "Your time away is agreed")
    assert mail["To"] == "lee@staff.example.org"
    assert f"{day:%A} {day.day} {day:%B}" in mail["Subject"]


def close_it_by_a_proposal(cast: Cast, lead: Pages, day: Any) -> None:
    holes = lead.get(reverse("planning:holes")).page
    assert "Asha Khan is on leave" in holes.text
    monday = day - timedelta(days=day.weekday())
    form = lead.get(reverse("planning:proposals")).page.form(button="Work it out")
    address = lead.submit(form, accounts=[str(cast.help.pk)], first_on=monday.isoformat(), weeks="1", seconds="20")[
        "Location"
    ]
    assert loop.do_due([KIND]) == 1
    lead.submit(lead.get(address).page.form(button="Publish this rota"))
    (shift,) = Shift.objects.published().filter(made_by="proposal", person=cast.ben, starts_at__date=day)
    assert shift.accounts.get() == cast.help
    assert "Asha Khan is on leave" not in lead.get(reverse("planning:holes")).page.text


def ring_until_acknowledged(cast: Cast, outside: Scripted, asked_at: datetime) -> None:
    """Ben's mail at once, the lead's when nobody took it: both while the promise can still be kept."""
    house = House(cast)
    for person in (cast.asha, cast.ben, cast.lee):
        house.route(person)
    cast.ask(when=asked_at)
    house.pass_time(asked_at)
    hand_over(asked_at)
    assert [mail["To"] for mail in letters(outside)[2:]] == ["ben@staff.example.org"]
    for minutes in range(0, 31, 5):
        house.pass_time(later(asked_at, minutes=minutes))
        hand_over(later(asked_at, minutes=minutes))
    assert [mail["To"] for mail in letters(outside)[2:]] == ["ben@staff.example.org", "lee@staff.example.org"]
    assert {notice.late_because for notice in Notice.objects.filter(kind="request")} == {""}
