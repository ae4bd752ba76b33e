"""Whoever can act for an account hears four weeks before somebody's sign-off for it ends: once, and no more when it was renewed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from sociable.cover import signing
from sociable.cover.signing import Given
from sociable.directory.health_models import Concern
from tests.cast import Cast, at
from tests.journeys.mail import letters, sends_to
from tests.journeys.test_tell import look
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server


@pytest.fixture
def owned(cast: Cast) -> Cast:
    cast.help.owner = cast.lee
    cast.help.save()
    return cast


def sign(cast: Cast, until_on: date) -> Any:
    return signing.sign_off(cast.asha, cast.help, Given(date(2026, 11, 1), until_on), by=cast.lee, now=at(9))


def test_who_owns_the_account_hears_of_it_once(owned: Cast, outside: Scripted) -> None:
    sign(owned, date(2026, 12, 10))
    look(0, 1, 30)
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("lee@staff.example.org", "Ashby Help has a sign-off that ends soon")
    text = mail.get_content()
    assert "Ashby Help: Asha Khan is signed off until Thursday 10 December 2026" in text
    assert "/cover/ready/" in text
    assert "/office/connections/" not in text


def test_more_than_four_weeks_away_is_told_to_nobody(owned: Cast, outside: Scripted) -> None:
    sign(owned, date(2026, 12, 31))
    look(0, 30)
    assert letters(outside) == []


def test_renewed_it_is_over_and_nobody_is_written_to_again(owned: Cast, outside: Scripted) -> None:
    made = sign(owned, date(2026, 12, 10))
    look(0)
    signing.renew(made, Given(date(2026, 11, 23), date(2027, 11, 30)), by=owned.lee, now=at(10, 5))
    look(6, 40)
    assert len(letters(outside)) == 1
    assert Concern.objects.get(kind="readiness").over_at == at(10, 6)
