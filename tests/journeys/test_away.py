"""Whoever must know of a time away is written to, once, never why; a row that lies until a mail can leave, and is not sent when it is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest

from sociable.cover import signing
from sociable.cover.models import Shift
from sociable.cover.signing import Given
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import away
from tests.cast import Cast, at
from tests.cover.test_away import leave
from tests.journeys.mail import letters, sends_to
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
    for row in due.claim(now, 50, ["away"]):
        away.send(row, now)


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


def test_where_nothing_is_torn_nobody_is_written_to(cast: Cast, outside: Scripted) -> None:
    away.ask(cast.asha, leave("sickness"), by=cast.asha, now=at(9))
    post(at(9))
    assert letters(outside) == []


def test_what_was_decided_meanwhile_is_not_asked_again(on_rota: Cast, outside: Scripted) -> None:
    made = away.ask(on_rota.asha, leave(), by=on_rota.asha, now=at(9))
    away.take_back(made, by=on_rota.asha, now=at(9, 1))
    post(at(9, 2))
    assert letters(outside) == []
    assert not DueRow.objects.filter(kind="away", done_at=None).exists()


def test_declined_they_are_told_why(cast: Cast, outside: Scripted) -> None:
    made = away.ask(cast.asha, leave(), by=cast.asha, now=at(9))
    away.decline(made, by=cast.lee, now=at(9, 1), words="Two are away then")
    post(at(9, 2))
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("asha@staff.example.org", "Your time away is declined")
    assert "Lee Ward said: “Two are away then”" in mail.get_content()
