"""A notice that comes back later marks the route by which it went, and its person is told by the next."""

from __future__ import annotations

import pytest

from sociable.alerts import tokens
from sociable.alerts.models import Notice, Route
from sociable.channels.base import ChannelError
from sociable.channels.email.door import Envelope
from sociable.config import mail_door
from sociable.conversations.models import Conversation
from sociable.journeys import alert, came_back, drill
from tests.alerts.test_handing import hand_over
from tests.cast import at
from tests.journeys.mail import letters

pytestmark = pytest.mark.django_db


def report(message_id: str, action: str = "failed", status: str = "5.1.1") -> bytes:
    return (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail Returned to Sender\nDate: Mon, 23 Nov 2026 10:03:00 +0000\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nIt could not be delivered.\n--b\n"
        "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.test\n\n"
        f"Final-Recipient: rfc822; asha@staff.example.org\nAction: {action}\nStatus: {status}\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n\n"
        f"--b\nContent-Type: message/rfc822\n\nFrom: sociable@localhost\nMessage-ID: {message_id}\nSubject: x\n\ny\n--b--\n"
    ).encode()


@pytest.fixture
def sent(house, outside):
    """Asha was told of a request by her first address; she has a second."""
    house.route(house.cast.asha, "desk", "The desk")
    house.route(house.cast.asha, "email", "Work", position=1, confirmed_at=at(8))
    house.route(house.cast.asha, "email", "Home", "asha@home.example.org", position=2)
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    hand_over(at(10))
    (mail,) = letters(outside)
    return str(mail["Message-ID"])


def work() -> Route:
    return Route.objects.get(name="Work")


def test_its_route_is_passed_over_and_the_next_is_used_at_once(house, sent, outside):
    assert came_back.heard(report(sent), at(10, 3))
    assert work().trouble == "A notice came back from there: 550 5.1.1 no such user"
    assert (work().confirmed_at, work().trouble_since_at) == (None, at(10, 3))
    hand_over(at(10, 3))
    mail = letters(outside)[1]
    assert mail["To"] == "asha@home.example.org"
    assert "This comes late: Work did not take it: A notice came back from there" in mail.get_content()
    assert drill.in_trouble(type(house.cast.asha).objects.all(), at(10, 3)) == [house.cast.asha]


def test_told_twice_it_does_nothing_more(house, sent):
    for minute in (3, 4):
        came_back.heard(report(sent), at(10, minute))
    assert Notice.objects.filter(route__name="Home").count() == 1
    assert work().trouble_since_at == at(10, 3)


def test_what_was_acknowledged_meanwhile_is_told_no_more_but_the_route_is_marked(house, sent):
    alert.acknowledge_notice(Notice.objects.get(route__kind="desk"), at(10, 1))
    came_back.heard(report(sent), at(10, 3))
    assert work().trouble
    assert not Notice.objects.filter(route__name="Home").exists()


def test_a_tap_since_is_believed_more_than_a_report(house, sent):
    Route.objects.filter(name="Work").update(confirmed_at=at(10, 2))
    came_back.heard(report(sent), at(10, 3))
    assert work().trouble == ""


def test_a_drill_that_is_confirmed_brings_it_back(house, sent, outside):
    came_back.heard(report(sent), at(10, 3))
    tried = drill.try_now(work(), at(11))
    hand_over(at(11))
    assert letters(outside)[-1]["Subject"].startswith("A try of your alerts")
    alert.acknowledge_notice(tried, at(11, 1))
    assert (work().trouble, work().confirmed_at) == ("", at(11, 1))


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("relayed", "2.0.0")])
def test_what_is_not_final_marks_nothing(house, sent, action, status):
    came_back.heard(report(sent, action, status), at(10, 3))
    assert work().trouble == ""


def test_a_report_that_somebody_made_up_marks_nothing(house, sent):
    notice = Notice.objects.get(route__name="Work")
    for made_up in (
        f"<notice.{notice.pk}@localhost>",
        f"<notice.{notice.pk}.{'0' * 24}@localhost>",
        "<notice.x.y@localhost>",
    ):
        assert not came_back.heard(report(made_up), at(10, 3))
    assert work().trouble == ""
    assert tokens.notice_of(sent) == notice.pk


def test_it_is_heard_in_the_mailbox_of_an_account(house, sent):
    from sociable.channels.base import RawItem
    from sociable.conversations.raw_inbound import content_id
    from sociable.journeys import receive

    content = report(sent)
    item = RawItem(content_id(content), content, at(10, 3), "")
    receive.read_all(receive.store(house.cast.help, "email", [item], fetched_at=at(10, 3)), at(10, 3))
    assert work().trouble


def envelope(content: bytes) -> Envelope:
    return Envelope(
        mail_from="", recipients=("sociable@localhost",), peer="127.0.0.1", content=content, remote_id=str(len(content))
    )


def test_it_is_heard_at_the_built_in_door_where_nothing_else_is_read(house, sent, settings, monkeypatch):
    settings.EXAMPLE, settings.DEFAULT_FROM_EMAIL = False, "sociable@localhost"
    monkeypatch.setattr(mail_door, "close_old_connections", lambda: None)  # the test needs its own
    assert mail_door.knows_address("Sociable@localhost")
    reader, before = mail_door.Reader(), Conversation.objects.count()
    reader.accept(envelope(report(sent)))
    assert work().trouble
    with pytest.raises(ChannelError, match="Nobody reads") as refused:
        reader.accept(envelope(b"Subject: Hello\n\nThank you"))
    assert refused.value.permanent
    assert Conversation.objects.count() == before
