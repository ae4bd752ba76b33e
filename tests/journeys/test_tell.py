"""Who can act is told of trouble and of its end: once, in one mail, never of a blip, and by a row that is never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from sociable.directory.health_models import Concern, Told
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import concerns, health, tell
from sociable.people.models import Person, Role
from tests.cast import Cast, at
from tests.journeys.mail import letters, sends_to
from tests.servers.ground import free_port
from tests.servers.smtp import Scripted

pytestmark = pytest.mark.django_db


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server


@pytest.fixture
def dana(cast: Cast) -> Person:
    """The council's administrator."""
    dana = Person.objects.create_user("dana@staff.example.org", "a long enough password", name="Dana Fox")
    Role.objects.create(person=dana, kind="administrator", partner=cast.council)
    return dana


def connected(account: Account) -> Connection:
    return Connection.objects.select_related("account").get(pk=Connection.objects.create(account=account).pk)


def look(*minutes: int) -> None:
    """Look for concerns at these minutes past ten."""
    for minute in minutes:
        now = at(10) + timedelta(minutes=minute)
        concerns.schedule(now)
        for row in due.claim(now, 5, ["concerns"]):
            concerns.look(row, now)
        for row in due.claim(now, 50, ["tell"]):
            tell.send(row, now)


def test_trouble_is_told_once_and_its_end_to_whoever_was_told(cast, dana, outside):
    connection = connected(cast.help)
    health.trouble(connection, "The server is down.", at(10))
    look(0, 1, 4)
    assert letters(outside) == []
    look(5, 6, 30)
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("dana@staff.example.org", "Ashby Help is not heard")
    assert "Ashby Help, since 10:00: The server is down." in mail.get_content()
    assert "/office/connections/" in mail.get_content()
    assert mail["Auto-Submitted"]
    Role.objects.all().delete()  # who was told of the trouble is told of its end
    health.heard(connection, at(10, 40))
    look(41, 42, 60)
    ended = letters(outside)[1:]
    assert [each["Subject"] for each in ended] == ["Ashby Help is heard again"]
    assert "from 10:00 to 10:41" in ended[0].get_content()


def test_a_blip_is_told_to_nobody(cast, dana, outside):
    connection = connected(cast.help)
    health.trouble(connection, "Down.", at(10))
    look(1, 4)
    health.heard(connection, at(10, 4))
    look(5, 6, 20)
    assert letters(outside) == []
    assert Concern.objects.get().over_at == at(10, 5)


def test_a_network_that_is_down_for_two_hundred_accounts_is_one_mail(cast, dana, outside):
    for number in range(200):
        account = Account.objects.create(partner=cast.council, slug=f"n{number}", name=f"N {number}", stage="live")
        health.trouble(connected(account), "Down.", at(10) + timedelta(seconds=number % 120))
    look(*range(12))
    (mail,) = letters(outside)
    assert mail["Subject"] == "200 accounts are not heard"
    assert "and 180 more" in mail.get_content()
    assert Told.objects.count() == 200


def test_what_begins_after_a_mail_left_waits_for_the_next_and_recovers_in_one(cast, dana, outside):
    first, second = connected(cast.help), connected(cast.books)
    health.trouble(first, "Down.", at(10))
    look(5)
    health.trouble(second, "Down too.", at(10, 6))
    look(*range(6, 20))
    assert len(letters(outside)) == 1
    look(20)
    assert [each["Subject"] for each in letters(outside)][1:] == ["Ashby Libraries is not heard"]
    health.heard(first, at(10, 21))
    health.heard(second, at(10, 21))
    look(*range(21, 36))
    assert [each["Subject"] for each in letters(outside)][2:] == ["2 accounts are heard again"]


def test_the_owner_and_the_deputy_are_told_else_the_administrators_and_nobody_who_left(cast, dana, outside):
    Account.objects.filter(pk=cast.help.pk).update(owner=cast.asha, deputy=cast.lee)
    Person.objects.filter(pk=cast.lee.pk).update(is_active=False)
    for account in (cast.help, cast.books, cast.clinic):
        health.trouble(connected(account), "Down.", at(10))
    look(5)
    told = {each["To"]: each["Subject"] for each in letters(outside)}
    assert told == {
        "asha@staff.example.org": "Ashby Help is not heard",
        "dana@staff.example.org": "Ashby Libraries is not heard",
    }


def test_while_no_mail_can_leave_nothing_is_lost_and_what_has_ended_by_then_is_told_as_ended(cast, dana, settings):
    settings.SMTP_URL = f"smtp://127.0.0.1:{free_port()}?tls=none"
    first, second = connected(cast.help), connected(cast.books)
    health.trouble(first, "Down.", at(10))
    health.trouble(second, "Down too.", at(10))
    look(5)
    for _ in range(due.TRIES + 5):
        DueRow.objects.filter(kind="tell").update(next_at=at(10, 6))
        look(6)
    row = DueRow.objects.get(kind="tell")
    assert (row.done_at, row.set_aside_at) == (None, None)
    assert "cannot be reached" in row.last_error
    health.heard(second, at(10, 7))
    look(7)
    with sends_to(settings) as outside:
        DueRow.objects.filter(kind="tell").update(next_at=at(10, 8))
        look(8, *range(20, 40))
        (mail,) = letters(outside)  # and none that tells the end once more
    text = mail.get_content()
    assert mail["Subject"] == "Ashby Help is not heard"
    assert text.index("Ashby Help, since") < text.index("Heard again") < text.index("Ashby Libraries, from")


def test_a_killed_worker_tells_later_and_the_same_mail(cast, dana, outside):
    health.trouble(connected(cast.help), "Down.", at(10))
    concerns.schedule(at(10, 5))
    (row,) = due.claim(at(10, 5), 1, ["concerns"])
    concerns.look(row, at(10, 5))
    due.claim(at(10, 5), 1, ["tell"])  # taken, and killed
    look(7)
    (mail,) = letters(outside)
    assert mail["Message-ID"] == f"<tell.{DueRow.objects.get(kind='tell').pk}@localhost>"


# -- Log-ins that end, webhooks that went quiet -------------------------------------------------------------------------------


def test_a_log_in_that_ends_is_warned_of_14_7_and_1_days_before(cast, dana, outside):
    connection = connected(cast.help)
    ends_at = at(12, day=23) + timedelta(days=20)
    Connection.objects.update(expires_at=ends_at)
    for hour in range(0, 20 * 24, 5):
        look(hour * 60)
    texts = [each.get_content() for each in letters(outside)]
    assert [each["Subject"] for each in letters(outside)] == ["Ashby Help needs a new log-in"] * 3
    for days, text in zip(("in 13 days", "in 6 days", "within a day"), texts, strict=True):
        assert f"ends {days}, 13 December 2026 at 12:00" in text
    Connection.objects.filter(pk=connection.pk).update(expires_at=ends_at + timedelta(days=60))
    look(20 * 24 * 60)
    assert not Concern.objects.filter(over_at=None).exists()
    assert len(letters(outside)) == 3  # that it was renewed, whoever did it knows


def test_a_webhook_that_went_quiet_is_told(cast, dana, outside):
    connected(cast.help)
    Connection.objects.update(called_at=at(8), missed_at=at(9))
    look(1, 2, 30)
    (mail,) = letters(outside)
    assert mail["Subject"] == "Ashby Help is no longer called by its network"
    assert "only because we asked" in mail.get_content()


def test_an_account_that_closed_concerns_nobody(cast, dana, outside):
    health.trouble(connected(cast.help), "Down.", at(10))
    look(5)
    Account.objects.update(stage="closed")
    look(30)
    assert len(letters(outside)) == 1
    assert not Concern.objects.filter(over_at=None).exists()


def test_the_desk_shows_what_is_wrong_what_is_well_again_and_what_will_end(cast, dana):
    from django.utils import timezone

    from tests.office.conftest import client_of

    now = timezone.now()
    connection = connected(cast.help)
    Connection.objects.update(recovered_at=now - timedelta(minutes=20), expires_at=now + timedelta(days=3))
    concerns.note(now)
    assert "Ashby Help is heard again" in client_of(cast.asha).get("/desk/my-day/").page.text
    assert "log-in ends" not in client_of(cast.asha).get("/desk/my-day/").page.text
    assert "Ashby Help: log-in ends" in client_of(dana).get("/desk/my-day/").page.text
    connection.refresh_from_db()
    health.trouble(connection, "Down.", now)
    text = client_of(cast.asha).get("/desk/my-day/").page.text
    assert "Ashby Help is not heard just now" in text
    assert "is heard again" not in text
