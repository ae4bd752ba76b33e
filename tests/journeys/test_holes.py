"""Whoever plans is told of a hole so many working days before: once each, at once where it is near, and when it is closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from sociable.directory.health_models import Concern
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import concerns, holes
from sociable.people.models import Person, Role
from tests.cast import Cast, at
from tests.cover.test_board import away, need, ready, shift
from tests.journeys.mail import hand_over, letters, sends_to
from tests.servers.ground import free_port
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server


@pytest.fixture
def covered(cast: Cast) -> Cast:
    """Asha covers Ashby Help for weeks, and nobody else needs anybody."""
    Account.objects.exclude(pk=cast.help.pk).update(hole_days=0)
    ready(cast.asha, cast.help)
    shift(cast.asha, at(0), at(0) + timedelta(weeks=9), cast.help)
    return cast


def look(now: datetime) -> None:
    DueRow.objects.filter(kind="holes").delete()  # whenever it was next
    holes.schedule(now)
    for row in due.claim(now, 5, ["holes"]):
        holes.look(row, now)
    hand_over(now)


def days_before(covered: Cast, days: int, account: Account | None = None) -> None:
    Account.objects.filter(pk=(account or covered.help).pk).update(hole_days=days)


def test_a_hole_is_told_once_to_whoever_plans_and_so_is_its_end(covered: Cast, outside: Scripted) -> None:
    leave = away(covered.asha, at(13, day=24), at(15, day=24))
    for minute in (0, 10, 20, 30):
        look(at(10, minute))
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == (
        "lee@staff.example.org", "Ashby Help: nobody trained is in on Tuesday 24 November",
    )  # fmt: skip
    said = mail.get_content()
    assert "Ashby Help, Tuesday 24 November, 1pm to 3pm: Asha Khan is away" in said
    assert "/cover/holes/" in said
    assert mail["Auto-Submitted"]
    leave.delete()
    look(at(10, 40))
    look(at(10, 50))
    assert [each["Subject"] for each in letters(outside)][1:] == ["Ashby Help: covered again"]


def test_a_hole_that_grew_is_told_again_and_one_that_shrank_is_not(covered: Cast, outside: Scripted) -> None:
    leave = away(covered.asha, at(13, day=24), at(15, day=24))
    look(at(10))
    type(leave).objects.update(ends_at=at(14, day=24))
    look(at(10, 20))
    assert len(letters(outside)) == 1
    type(leave).objects.update(ends_at=at(16, day=24))
    look(at(10, 40))
    assert [each["Subject"] for each in letters(outside)][1:] == [
        "Ashby Help: nobody trained is in on Tuesday 24 November"
    ]
    assert "1pm to 4pm" in letters(outside)[1].get_content()


def test_where_more_are_missing_than_were_it_is_told_again(covered: Cast, outside: Scripted) -> None:
    ready(covered.ben, covered.help)
    need(covered.help, "Mo 13:00-15:00", 2)
    days_before(covered, 2)
    look(at(10))
    away(covered.asha, at(13), at(15))
    look(at(10, 20))
    assert [mail["Subject"] for mail in letters(outside)] == [
        "Ashby Help: too few trained people are in (1 of 2 needed) on Monday 23 November",
        "Ashby Help: nobody trained is in on Monday 23 November",
    ]


def test_where_some_are_in_but_too_few_the_numbers_are_said(covered: Cast, outside: Scripted) -> None:
    """Three are needed and two are there, then for half an hour one."""
    ready(covered.ben, covered.help)
    need(covered.help, "Tu 13:00-15:00", 3)
    days_before(covered, 2)
    shift(covered.ben, at(9, day=24), at(14, 30, day=24), covered.help)
    look(at(10))
    (mail,) = letters(outside)
    assert mail["Subject"] == "Ashby Help: too few trained people are in (1 of 3 needed) on Tuesday 24 November"
    said = mail.get_content()
    assert "1pm to 2:30pm: 2 of 3 needed; 1 more needed than are on the rota" in said
    assert "2:30pm to 3pm: 1 of 3 needed; 2 more needed than are on the rota" in said


def test_a_hole_at_whose_end_nobody_is_left_is_one_in_which_nobody_is_in(covered: Cast, outside: Scripted) -> None:
    """One is missing all the time: of two who are needed, and then, when less is needed, the last."""
    need(covered.help, "Tu 13:00-14:00", 2)
    days_before(covered, 2)
    away(covered.asha, at(14, day=24), at(15, day=24))
    look(at(10))
    (mail,) = letters(outside)
    assert mail["Subject"] == "Ashby Help: nobody trained is in on Tuesday 24 November"
    assert "1pm to 3pm" in mail.get_content()


def test_of_several_days_it_is_said_on_how_many_nobody_is_in(covered: Cast, outside: Scripted) -> None:
    need(covered.help, "Tu,We 13:00-15:00", 2)
    days_before(covered, 3)
    look(at(10))
    away(covered.asha, at(13, day=24), at(15, day=24))
    Concern.objects.all().delete()  # as if nothing had been told yet
    look(at(11))
    assert [mail["Subject"] for mail in letters(outside)] == [
        "Ashby Help: too few trained people are in on 2 days",
        "Ashby Help: nobody trained is in on 1 day, and too few on 1 day",
    ]


def test_of_several_accounts_it_is_said_whether_nobody_or_too_few_are_in(covered: Cast, outside: Scripted) -> None:
    need(covered.help, "Tu 13:00-15:00", 2)
    days_before(covered, 2)
    days_before(covered, 2, covered.books)
    ready(covered.ben, covered.books)
    shift(covered.ben, at(0), at(0) + timedelta(weeks=9), covered.books)
    need(covered.books, "Tu 13:00-15:00", 2)
    look(at(10))
    away(covered.ben, at(13, day=24), at(15, day=24))
    Concern.objects.all().delete()
    look(at(11))
    assert [mail["Subject"] for mail in letters(outside)] == [
        "2 accounts: too few trained people are in at some hours",
        "2 accounts: nobody trained is in, or too few, at some hours",
    ]


def test_farther_holes_are_one_mail_a_day_in_the_morning(covered: Cast, outside: Scripted) -> None:
    away(covered.asha, at(9, day=30), at(11, day=30))
    look(at(5))
    assert letters(outside) == []
    look(at(7, 10))
    away(covered.asha, at(9, day=27), at(11, day=27))
    for hour in (8, 12, 20):
        look(at(hour))
    assert len(letters(outside)) == 1
    look(at(7, 10, day=24))
    assert [each["Subject"] for each in letters(outside)][1:] == [
        "Ashby Help: nobody trained is in on Friday 27 November"
    ]


def test_a_near_hole_takes_the_farther_ones_along(covered: Cast, outside: Scripted) -> None:
    away(covered.asha, at(9, day=27), at(11, day=27))
    look(at(7, 10))
    away(covered.asha, at(9, day=26), at(11, day=26))
    away(covered.asha, at(13), at(14))
    look(at(11))
    (_, mail) = letters(outside)
    assert mail["Subject"] == "Ashby Help: nobody trained is in on 2 days"
    assert "Thursday 26 November, 9am to 11am" in mail.get_content()


@pytest.mark.parametrize(("days", "told"), [(0, 0), (3, 0), (4, 1), (10, 1)])
def test_an_account_says_how_many_working_days_before(covered: Cast, outside: Scripted, days: int, told: int) -> None:
    Account.objects.filter(pk=covered.help.pk).update(hole_days=days)
    away(covered.asha, at(9, day=27), at(11, day=27))  # Friday, the fourth working day after Monday
    look(at(10))
    assert len(letters(outside)) == told


def test_a_hole_that_went_by_is_not_told_as_closed(covered: Cast, outside: Scripted) -> None:
    away(covered.asha, at(13), at(15))
    look(at(10))
    look(at(16))
    look(at(10, day=24))
    assert len(letters(outside)) == 1
    assert Concern.objects.get().over_at == at(16)


def test_whoever_plans_from_nearest_by_is_told(covered: Cast, outside: Scripted) -> None:
    Account.objects.filter(pk=covered.books.pk).update(hole_days=1)
    Role.objects.create(person=covered.ben, kind="service_lead", partner=covered.council, service=covered.libraries)
    dana = Person.objects.create_user("dana@staff.example.org", "a long enough password", name="Dana Fox")
    Role.objects.create(person=dana, kind="administrator", partner=covered.council)
    away(covered.asha, at(13), at(15))
    look(at(10))
    assert {each["To"]: each["Subject"].partition(":")[0] for each in letters(outside)} == {
        "lee@staff.example.org": "Ashby Help", "ben@staff.example.org": "Ashby Libraries",
    }  # fmt: skip
    Role.objects.exclude(person=dana).delete()
    away(covered.asha, at(15), at(16))
    look(at(10, 40))
    assert letters(outside)[-1]["To"] == "dana@staff.example.org"


def test_why_somebody_is_away_stands_in_no_mail(covered: Cast, outside: Scripted) -> None:
    away(covered.asha, at(13), at(15), kind="sickness")
    look(at(10))
    assert "sick" not in letters(outside)[0].get_content()


def test_a_mail_that_cannot_leave_is_sent_when_it_can(covered: Cast, settings: Any) -> None:
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    away(covered.asha, at(13), at(15))
    look(at(10))
    with sends_to(settings) as server:
        hand_over(at(11))
        assert len(letters(server)) == 1


def test_looking_for_other_concerns_leaves_holes_alone(covered: Cast, outside: Scripted) -> None:
    away(covered.asha, at(13), at(15))
    look(at(10))
    concerns.note(at(10, 5))
    assert Concern.objects.get(kind="hole").over_at is None
    look(at(10, 10))
    assert len(letters(outside)) == 1
