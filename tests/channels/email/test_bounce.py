"""Delivery reports, in the shapes of the mail systems that write them."""

from sociable.channels.base import Bounce
from tests.channels.email.conftest import read

OURS = "<c.aa.ab.aaaaaaaaaaaaaaaa@leeds.test>"


def report(action: str = "failed", status: str = "5.1.1", returned: str = "message/rfc822") -> str:
    return (
        "Return-Path: <>\nFrom: MAILER-DAEMON@mx.test\nSubject: Undelivered Mail Returned to Sender\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n"
        "I'm sorry, your mail could not be delivered.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.test\n\nFinal-Recipient: rfc822; ok@example.test\nAction: delivered\nStatus: 2.0.0\n\n"
        f"Original-Recipient: rfc822;Tom@Example.test\nFinal-Recipient: rfc822; moved@example.test\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 5.1.1 no such\n user\n\n--b\n"
        f"Content-Type: {returned}\n\nFrom: help@leeds.test\nMessage-ID: {OURS}\nSubject: Your bin\n\nWe come\n--b--\n"
    )


def test_a_standard_report() -> None:
    parsed = read(report())
    assert parsed.automatic == "bounce"
    assert parsed.bounce_of == Bounce((OURS,), "tom@example.test", "5.1.1", "550 5.1.1 no such user", permanent=True)
    assert "could not be delivered" in parsed.text


def test_only_the_headers_are_returned() -> None:
    parsed = read(report(returned="text/rfc822-headers"))
    assert parsed.bounce_of is not None
    assert parsed.bounce_of.message_ids == (OURS,)


def test_a_delay_is_not_final() -> None:
    for bounce in (read(report(action="delayed", status="4.4.1")).bounce_of, read(report(status="4.2.2")).bounce_of):
        assert bounce is not None
        assert not bounce.permanent


def test_a_confirmation_is_no_failure() -> None:
    parsed = read(report(action="relayed", status="2.0.0"))
    assert parsed.automatic == "bounce"
    assert parsed.bounce_of is None


def test_exim_writes_words() -> None:
    parsed = read(
        "Return-path: <>\nFrom: Mail Delivery System <Mailer-Daemon@mx.test>\nX-Failed-Recipients: gone@example.test\n"
        "Auto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\n"
        "This message was created automatically.\n\n  gone@example.test\n    SMTP error from remote mail server:\n"
        f"    550 5.7.1 we do not like you\n\n------ This is a copy ------\n\nMessage-ID: {OURS}\nFrom: help@leeds.test\n"
    )
    assert parsed.bounce_of == Bounce(
        (OURS,), "gone@example.test", "5.7.1", "550 5.7.1 we do not like you", permanent=True
    )


def test_an_answered_id_will_do() -> None:
    parsed = read(
        f"From: postmaster@mx.test\nSubject: Undeliverable: Your bin\nIn-Reply-To: {OURS}\n\nIt did not reach tom@example.test"
    )
    assert parsed.bounce_of is not None
    assert parsed.bounce_of.message_ids == (OURS,)
    assert parsed.bounce_of.recipient == "tom@example.test"


def test_a_person_is_no_bounce() -> None:
    assert read("From: tom@example.test\nSubject: hi\n\n550 5.1.1 no such user").bounce_of is None
