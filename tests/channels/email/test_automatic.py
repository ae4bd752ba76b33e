"""What machines wrote never starts a wait; what a person wrote is never taken for a machine's."""

import pytest

from sociable.channels.email.address import is_our_message_id, message_id
from tests.channels.email.conftest import read

KEY = b"a key of this test"
PERSON = "From: Tom <tom@example.test>\nTo: help@leeds.test\nMessage-ID: <1@example.test>\nDate: Mon, 23 Nov 2026 10:00:00 +0000\n"


@pytest.mark.parametrize(
    ("lines", "kind"),
    [
        ("Auto-Submitted: auto-replied", "auto_reply"),
        ("Auto-Submitted: auto-generated (vacation)", "auto_reply"),
        ("auto-submitted: Auto-Notified; owner-email=x", "auto_reply"),
        ("X-Autoreply: yes", "auto_reply"),
        ("X-Autorespond: back on Monday", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"),
        ("Subject: Automatic reply: Your bin", "auto_reply"),
        ("Subject: Ateb awtomatig: Eich bin", "auto_reply"),
        ("Subject: Out of office: Ann\nIn-Reply-To: <x@leeds.test>\nX-Auto-Response-Suppress: All", "auto_reply"),
        ("Return-Path: <>", "auto_reply"),
        ("Content-Type: multipart/report; report-type=disposition-notification; boundary=b", "auto_reply"),
        ("List-Id: News <news.example.test>", "list"),
        ("List-Post: <mailto:news@example.test>", "list"),
        ("Precedence: bulk", "list"),
        ("List-Unsubscribe: <https://x.test>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click", "list"),
        ("X-Failed-Recipients: gone@example.test", "bounce"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", "bounce"),
        ("Return-Path: <>\nSubject: Undelivered Mail Returned to Sender", "bounce"),
    ],
)
def test_machines(lines: str, kind: str) -> None:
    parsed = read(f"{PERSON}{lines}\n\nx")
    assert parsed.automatic == kind
    assert parsed.automatic_why.endswith(".")
    assert not parsed.may_acknowledge


@pytest.mark.parametrize(
    "sender", ["MAILER-DAEMON@mx.test", "postmaster@mx.test", "no-reply@shop.test", "donotreply@shop.test"]
)
def test_senders_nobody_sits_behind(sender: str) -> None:
    assert read(f"From: {sender}\n\nx").automatic == "auto_reply"


@pytest.mark.parametrize(
    ("lines", "may_acknowledge"),
    [
        ("", True),
        ("Auto-Submitted: no", True),
        ("Subject: Out of office hours, whom do I call?", True),
        ("Subject: RE: Automatic reply: Your bin", True),
        ("Subject: Delivery failed to arrive, my bin was not brought", True),
        ("Subject: Undelivered parcel at the tip", True),
        ("X-Auto-Response-Suppress: All", False),
        ("X-Auto-Response-Suppress: DR, RN, NRN", True),
        ("List-Unsubscribe: <https://crm.test>", False),
        ("Precedence: first-class", False),
        ("Return-Path: <tom@example.test>", True),
    ],
)
def test_people(lines: str, *, may_acknowledge: bool) -> None:
    parsed = read(f"{PERSON}{lines}\n\nPlease help")
    assert (parsed.automatic, parsed.automatic_why) == ("", "")
    assert parsed.may_acknowledge == may_acknowledge


def test_a_web_form_passes_a_persons_words_on() -> None:
    assert read("From: no-reply@forms.test\nReply-To: tom@example.test\n\nx").automatic == ""
    assert read("From: no-reply@forms.test\nReply-To: no-reply@forms.test\n\nx").automatic == "auto_reply"


@pytest.mark.parametrize(
    "line", ["List-Id: <help.leeds.test>", "List-Post: <mailto:help@leeds.test>", "List-ID: Help <help@leeds.test>"]
)
def test_a_mailing_group_that_is_the_account_itself_is_no_list(line: str) -> None:
    raw = f"{PERSON}{line}\nPrecedence: list\nList-Unsubscribe: <https://x.test>\n\nPlease help"
    assert read(raw, own_addresses=["Help@Leeds.Test"]).automatic == ""
    assert read(raw, own_addresses=["news@leeds.test"]).automatic == "list"


def test_a_mail_of_ours_that_comes_back_is_known() -> None:
    ours = message_id(7, 3, "leeds.test", KEY)
    raw = f"From: help@leeds.test\nMessage-ID: {ours}\n\nx"
    assert read(raw, is_ours=lambda value: is_our_message_id(value, KEY)).automatic == "own"
    assert read(raw, is_ours=lambda value: is_our_message_id(value, b"another")).automatic == ""
