"""Whoever must know of a time away is written to, once, never why; a row that lies until a mail can leave, and is not sent when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from sociable.cover import signing
from sociable.cover.models import Shift
from sociable.cover.signing import Given
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import away, holes
from tests.cast import Cast, at
from tests.cover.test_away import leave
from tests.journeys.mail import hand_over, letters, sends_to
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server


@pytest.fixture
def on_rota(cast: Cast) -> Cast:
    Account.objects.filter(pk=cast.help.pk).update(owner=cast.ben)
    signing.sign_off(cast.asha, cast.help, Given(date(2026, 11, 1)), by=cast.lee, now=at(8))
    made = Shift.objects.create(
        person=cast.asha, starts_at=at(9, day=24), ends_at=at(17, day=24), state="published", made_at=at(8)
    )
    made.accounts.add(cast.help)
    return cast


def post(now: datetime) -> None:
    hand_over(now)


def test_the_lead_is_asked_and_the_person_answered(on_rota: Cast, outside: Scripted) -> None:
    made = away.ask(on_rota.asha, leave(reason="A wedding"), by=on_rota.asha, now=at(9))
    post(at(9))
    (asked,) = letters(outside)
    assert (asked["To"], asked["Subject"]) == ("lee@staff.example.org", "Asha Khan asks for time away")
    text = asked.get_content()
    assert "If it is agreed, these hours lose their cover:" in text
    assert "- Ashby Help: 9am to 5pm on Tuesday 24 November" in text
    away.agree(made, by=on_rota.lee, now=at(10), words="Have fun")
    post(at(10))
    written = {mail["To"]: mail for mail in letters(outside)[1:]}
    assert set(written) == {"asha@staff.example.org", "ben@staff.example.org"}
    assert "Have fun" in written["asha@staff.example.org"].get_content()
    assert "You are away: Tuesday 24 November 2026." in written["asha@staff.example.org"].get_content()
    assert "Asha Khan is away: Tuesday 24 November 2026." in written["ben@staff.example.org"].get_content()
    assert written["ben@staff.example.org"]["Subject"] == "Asha Khan will be away: hours without cover"
    for mail in letters(outside):
        assert "wedding" not in mail.as_string()
        assert "eave" not in mail.as_string().replace("leaves", "")


def test_sickness_after_the_rota_is_published_is_told_to_who_plans(on_rota: Cast, outside: Scripted) -> None:
    away.ask(on_rota.asha, leave("sickness", reason="Flu"), by=on_rota.asha, now=at(9))
    post(at(9))
    assert {mail["To"] for mail in letters(outside)} == {"lee@staff.example.org", "ben@staff.example.org"}
    for mail in letters(outside):
        assert "These hours lose their cover:" in mail.get_content()
        assert "ick" not in mail.get_content()


def only_tuesday_can_be_open(cast: Cast) -> None:
    Account.objects.exclude(pk=cast.help.pk).update(hole_days=0)
    for begins, ends in ((at(0), at(0, day=24)), (at(0, day=25), at(0) + timedelta(weeks=9))):
        made = Shift.objects.create(person=cast.asha, starts_at=begins, ends_at=ends, state="published", made_at=at(8))
        made.accounts.add(cast.help)


def look_for_holes(now: datetime) -> None:
    DueRow.objects.filter(kind="holes").delete()
    holes.schedule(now)
    for row in due.claim(now, 50, ["holes"]):
        holes.look(row, now)
    hand_over(now)


def test_whoever_reads_of_a_near_hole_with_the_time_away_is_told_of_it_once(on_rota: Cast, outside: Scripted) -> None:
    only_tuesday_can_be_open(on_rota)
    off_sick = away.ask(on_rota.asha, leave("sickness"), by=on_rota.asha, now=at(9))
    post(at(9))
    for minute in (0, 10, 20, 30):
        look_for_holes(at(10, minute))
    assert sorted(mail["To"] for mail in letters(outside)) == ["ben@staff.example.org", "lee@staff.example.org"]
    away.take_back(off_sick, by=on_rota.asha, now=at(11))
    look_for_holes(at(11, 10))
    assert letters(outside)[-1]["Subject"] == "Ashby Help: covered again"


def test_a_day_that_has_another_hole_is_told_all_the_same(on_rota: Cast, outside: Scripted) -> None:
    only_tuesday_can_be_open(on_rota)
    Shift.objects.filter(starts_at=at(9, day=24)).update(starts_at=at(11, day=24))
    away.ask(on_rota.asha, leave("sickness"), by=on_rota.asha, now=at(9))
    post(at(9))
    look_for_holes(at(9, 10))
    assert [mail["Subject"] for mail in letters(outside) if mail["To"] == "lee@staff.example.org"] == [
        "Asha Khan will be away: hours without cover", "Ashby Help: nobody trained is in on Tuesday 24 November",
    ]  # fmt: skip


def test_where_nothing_is_torn_nobody_is_written_to(cast: Cast, outside: Scripted) -> None:
    away.ask(cast.asha, leave("sickness"), by=cast.asha, now=at(9))
    post(at(9))
    assert letters(outside) == []


def test_what_was_decided_meanwhile_is_not_asked_again(on_rota: Cast, outside: Scripted) -> None:
    made = away.ask(on_rota.asha, leave(), by=on_rota.asha, now=at(9))
    away.take_back(made, by=on_rota.asha, now=at(9, 1))
    post(at(9, 2))
    assert letters(outside) == []
    assert not DueRow.objects.filter(kind="notice-email", done_at=None).exists()


def test_declined_they_are_told_why(cast: Cast, outside: Scripted) -> None:
    made = away.ask(cast.asha, leave(), by=cast.asha, now=at(9))
    away.decline(made, by=cast.lee, now=at(9, 1), words="Two are away then")
    post(at(9, 2))
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("asha@staff.example.org", "Your time away is declined")
    assert "Lee Ward said: “Two are away then”" in mail.get_content()
