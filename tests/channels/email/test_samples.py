"""Mails that other help desks met and keep as their own tests."""

from pathlib import Path

import pytest

from sociable.channels.email.fold import fold
from sociable.channels.email.parse import parse
from sociable.channels.email.safe_html import make_safe
from tests.channels.email.conftest import FETCHED_AT
from tests.conftest import sample_data

AUTOMATIC = {
    "auto_reply.eml": "auto_reply",
    "auto_reply_with_auto_submitted.eml": "auto_reply",
    "non_utf_encoded_mail.eml": "auto_reply",
    "bounced_with_no_from.eml": "bounce",
}
WITHOUT_SENDER = {"bounced_with_no_from.eml"}
ATTACHMENTS = {
    "attachments_without_text.eml": 2,
    "email_with_inline_pdf.eml": 1,
    "html_and_attachments.eml": 1,
    "only_attachments.eml": 1,
}


def samples() -> list[Path]:
    return sorted(sample_data("mail-samples").glob("*.eml"))


def test_every_sample_is_read_folded_and_shown() -> None:
    assert samples()
    for path in samples():
        parsed = parse(path.read_bytes(), fetched_at=FETCHED_AT)
        assert parsed.automatic == AUTOMATIC.get(path.name, ""), path.name
        assert bool(parsed.from_address) == (path.name not in WITHOUT_SENDER), path.name
        assert parsed.text or parsed.attachments, path.name
        assert len(parsed.attachments) >= ATTACHMENTS.get(path.name, 0), path.name
        assert "".join(fold(parsed.text, parsed.subject)) == parsed.text
        assert "<script" not in make_safe(parsed.html or "").html
        assert not any("could not be read" in problem for problem in parsed.problems), path.name


@pytest.mark.parametrize(
    ("name", "to", "delivered_to"),
    [
        ("mail_with_invalid_to.eml", "vishnu@chatwoot.com", "bd84c730a1ac7833e4d27253804516f7@reply.chatwoot.com"),
        ("mail_with_invalid_to_2.eml", "vishnu@chatwoot.com", "bd84c730a1ac7833e4d27253804516f7@reply.chatwoot.com"),
    ],
)
def test_recipients_that_are_written_wrong(name: str, to: str, delivered_to: str) -> None:
    parsed = parse(sample_data("mail-samples", name).read_bytes(), fetched_at=FETCHED_AT)
    assert parsed.to == (to,)
    assert parsed.delivered_to == (delivered_to,)


def test_both_answered_ids_are_kept() -> None:
    parsed = parse(sample_data("mail-samples", "multiple_in_reply_to.eml").read_bytes(), fetched_at=FETCHED_AT)
    assert len(parsed.references) == 3
    assert parsed.in_reply_to in parsed.references
