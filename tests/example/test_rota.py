"""Proves that the example's rota is believable: everybody is on one shift at a time, within limits, and it holds today."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise

import pytest

from sociable.config import example
from sociable.config.example import absent, rostering
from sociable.cover import absences, around, torn
from sociable.cover.checking import wanted_as
from sociable.cover.models import HandOver, Readiness, Shift, Swap, TimeAway, WorkingPattern
from sociable.domain.cover.limits import Kind
from sociable.people.models import Person

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 24, 14, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "now", [TUESDAY, datetime(2027, 3, 29, 10, 0, tzinfo=UTC)], ids=["a Tuesday", "clocks changed"]
)
def test_nobody_is_on_two_shifts_at_once(now: datetime) -> None:
    example.load(now)
    published = list(Shift.objects.published().order_by("person_id", "starts_at"))
    assert len(published) > 300
    for _, shifts in groupby(published, key=lambda shift: shift.person_id):
        assert all(one.ends_at <= other.starts_at for one, other in pairwise(shifts))


def test_it_keeps_to_limits_and_working_hours() -> None:
    example.load(TUESDAY)
    soon = Shift.objects.filter(starts_at__gt=TUESDAY, starts_at__lt=TUESDAY + timedelta(days=7)).exclude(
        state="cancelled"
    )
    for shift in soon.select_related("person"):
        found = {each.kind for each in around.against(wanted_as(shift), [shift.pk])}
        assert found <= {Kind.NOT_READY, Kind.AWAY}, f"{shift}: {found}"  # leave that came after the rota was published


def test_it_shows_what_a_rota_is_for() -> None:
    example.load(TUESDAY)
    assert Shift.objects.filter(state="draft").count() == 3
    assert Shift.objects.published().filter(starts_at__lte=TUESDAY, ends_at__gt=TUESDAY).exists()
    assert Swap.objects.filter(state="asked").exists()
    assert HandOver.objects.filter(seen_at=None).exists()


def test_a_leave_that_is_asked_for_would_tear_a_hole_and_whoever_decides_sees_it_first() -> None:
    example.load(TUESDAY)
    priya = Person.objects.get(email="priya.nair@aireborough.example")
    asked = {one: torn.of(one, TUESDAY) for one in absences.asked_of(priya, TUESDAY)}
    (leave,) = [one for one, tears in asked.items() if tears]
    assert (leave.person.name, leave.kind, leave.state) == ("Marcus Reid", "leave", TimeAway.State.ASKED)
    assert [(one.account.slug, one.half_hours > 0) for one in asked[leave]] == [("libraries", True)]


@pytest.mark.parametrize("day", range(28))
def test_that_leave_tears_one_on_whichever_day_the_example_begins(day: int) -> None:
    """A shift that its person has alone lies in it, and on the rota, which goes to the end of the third week to come."""
    now = TUESDAY + timedelta(days=day)
    (leave,) = [one for one in absent.ABSENT if one.who == "marcus.reid" and one.kind == "leave"]
    monday = rostering.Cast({}, {}, now).monday
    shifts = {
        monday + timedelta(weeks=week, days=on)
        for week in rostering.WEEKS
        for kind in rostering.KINDS
        if kind.turns[(monday + timedelta(weeks=week)).toordinal() // 7 % len(kind.turns)] == (leave.who,)
        for on in kind.days
    }
    away = {now.date() + timedelta(days=leave.begins + number) for number in range(leave.lasts)}
    assert shifts & away


def test_an_administrator_is_counted_nowhere() -> None:
    """They may answer anywhere and answer nobody: in the example a lead once read that an administrator lacked hours."""
    example.load(TUESDAY)
    alex = Person.objects.get(email="alex@aireborough.example")
    assert not Readiness.objects.filter(person=alex).exists()


def test_hours_were_said_by_somebody_who_is_there() -> None:
    example.load(TUESDAY)
    assert not WorkingPattern.objects.filter(set_by=None).exists()
