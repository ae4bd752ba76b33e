"""Outgoing mail as other programs will read it."""

import pytest

from sociable.channels.base import ChannelError
from sociable.channels.email.compose import compose, trim_references
from tests.channels.email.conftest import FETCHED_AT, outgoing, read


def test_what_is_written_is_what_is_read() -> None:
    sent = outgoing(
        subject="Siân — bin",
        text="Dear Siân,\n.\nWe come “soon”.\n" + "long " * 400,
        html="<p>Dear Siân</p>",
        reply_to="help+r.aa.bb@leeds.test",
        in_reply_to="<1@x.test>",
        references=("<0@x.test>", "<1@x.test>"),
        attachments=(("plan é.pdf", "application/pdf", b"%PDF-1.7"), ("mail.eml", "message/rfc822", b"From: x")),
    )
    raw = compose(sent).as_bytes()
    parsed = read(raw)
    assert (parsed.subject, parsed.from_name, parsed.from_address) == ("Siân — bin", "Help team", "help@leeds.test")
    assert parsed.text.rstrip() == sent.text.rstrip()
    assert (parsed.message_id, parsed.in_reply_to, parsed.references) == (
        sent.message_id,
        "<1@x.test>",
        sent.references,
    )
    assert parsed.reply_to == sent.reply_to
    assert parsed.written_at == FETCHED_AT
    assert [(each.name, each.content) for each in parsed.attachments] == [
        ("plan é.pdf", b"%PDF-1.7"),
        ("mail.eml", b"From: x"),
    ]
    assert parsed.automatic == ""
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_an_acknowledgement_says_that_it_is_automatic() -> None:
    parsed = read(compose(outgoing(automatic=True)).as_bytes())
    assert parsed.automatic == "auto_reply"
    assert not parsed.may_acknowledge


def test_no_text_can_add_a_header() -> None:
    raw = compose(
        outgoing(subject="Hi\r\nBcc: all@x.test", from_name="Ann\nBcc: all@x.test", in_reply_to="<1@x>\nX: y")
    ).as_bytes()
    assert b"\nBcc" not in raw
    assert b"\nX:" not in raw


@pytest.mark.parametrize("address", ["nobody", "@x.test", "a b@x.test", "a@x.test\nBcc: b@x.test"])
def test_an_address_that_is_none_is_refused_for_good(address: str) -> None:
    with pytest.raises(ChannelError) as refused:
        compose(outgoing(to=(address,)))
    assert refused.value.permanent


def test_a_long_thread_fits_what_relays_take() -> None:
    ids = [f"<{number:050}@x.test>" for number in range(200)]
    line = trim_references(ids, ids[-1])
    assert len(line) <= 1_500
    assert line.split()[0] == ids[0]
    assert line.split()[-1] == ids[-1]
    assert trim_references([], "<1@x>") == "<1@x>"
