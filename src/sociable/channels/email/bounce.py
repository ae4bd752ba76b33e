"""Decides which of our messages a delivery report speaks of, for whom it failed, and whether for good.

Leaves what is then shown on the message to the journeys. Source: RFC 3464, and the older ways of Exim and qmail.
"""

import re
from collections.abc import Iterator
from email.message import Message

from sociable.channels.base import Bounce
from sociable.channels.email.body import content_type, part_bytes
from sociable.channels.email.charsets import decode
from sociable.channels.email.headers import Headers, addresses, tidy_id, words
from sociable.channels.tidy import tidy

LONGEST_DIAGNOSTIC_CHARS = 500
SEARCHED_CHARS = 200_000
ARRIVED = {"delivered", "relayed", "expanded"}

_QUOTED_ID = re.compile(r"^[>\s]*message-id:\s*<([^<>\s]+)>", re.IGNORECASE | re.MULTILINE)
_REFUSED_LINE = re.compile(r"^.*\b[45]\d\d[ -](?:\d\.\d+\.\d+)?.*$", re.MULTILINE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_REFUSED_ADDRESS = re.compile(r"<?([^\s<>:]+@[^\s<>:]+\.[a-z]{2,})>?:?", re.IGNORECASE)


def read_bounce(message: Message, headers: Headers, text: str) -> Bounce | None:
    """Return what a delivery report says of a failure, or None where it only confirms.

    What it leaves out stays empty, and then the failure counts as final.
    """
    report = next(_reports(message), None)
    if report is not None and report.plain("action") in ARRIVED:
        return None
    text = text[:SEARCHED_CHARS]
    recipient = _recipient(report, headers) or _first_address(text)
    diagnostic = _diagnostic(report) or _refusal(text)
    status = _status(report, diagnostic)
    return Bounce(
        message_ids=tuple(dict.fromkeys([*_enclosed_ids(message), *_quoted_ids(text), *_answered_ids(headers)])),
        recipient=recipient,
        status=status,
        diagnostic=diagnostic,
        permanent=not (status.startswith("4") or (report is not None and report.plain("action") == "delayed")),
    )


def report_type(message: Message) -> str:
    """Return what kind of report a mail is: “delivery-status”, another kind, or nothing."""
    declared = ""
    if content_type(message) == "multipart/report":
        declared = str(message.get_param("report-type", "")).lower()
    if any(content_type(part) == "message/delivery-status" for part in _parts(message)):
        return "delivery-status"
    return declared


def _parts(message: Message, depth: int = 3) -> Iterator[Message]:
    yield message
    children = message.get_payload()
    if depth and content_type(message).startswith("multipart/") and isinstance(children, list):
        for child in children[:50]:
            if isinstance(child, Message):
                yield from _parts(child, depth - 1)


def _reports(message: Message) -> Iterator[Headers]:
    """Yield what is said of each recipient: failed ones first, and last those the mail reached."""
    blocks = [
        Headers(block)
        for part in _parts(message)
        if content_type(part) == "message/delivery-status" and isinstance(part.get_payload(), list)
        for block in part.get_payload()
        if isinstance(block, Message)
    ]
    named = [block for block in blocks if "final-recipient" in block or "original-recipient" in block]
    yield from sorted(named, key=lambda block: (block.plain("action") in ARRIVED, block.plain("action") != "failed"))


def _recipient(report: Headers | None, headers: Headers) -> str:
    lines = headers.all("x-failed-recipients")
    if report:
        lines = [*report.all("original-recipient"), *report.all("final-recipient"), *lines]
    return next((address for _, address in addresses(line.rpartition(";")[2] for line in lines)), "")


def _diagnostic(report: Headers | None) -> str:
    if not report:
        return ""
    return words(report.first("diagnostic-code").partition(";")[2])[:LONGEST_DIAGNOSTIC_CHARS]


def _status(report: Headers | None, diagnostic: str) -> str:
    found = _STATUS.search(report.plain("status") if report else "") or _STATUS.search(diagnostic)
    return found[1] if found else ""


def _refusal(text: str) -> str:
    found = _REFUSED_LINE.search(text)
    return tidy(found[0]).strip()[:LONGEST_DIAGNOSTIC_CHARS] if found else ""


def _first_address(text: str) -> str:
    found = _REFUSED_ADDRESS.search(text)
    return found[1].lower() if found else ""


def _enclosed_ids(message: Message) -> Iterator[str]:
    """Yield the Message-IDs of mails sent back with the report, whole or as headers only."""
    for part in _parts(message):
        kind, payload = content_type(part), part.get_payload()
        if kind == "message/rfc822" and isinstance(payload, list):
            for child in payload:
                if isinstance(child, Message):
                    yield from Headers(child).ids("message-id")
        elif kind == "text/rfc822-headers":
            yield from _quoted_ids(decode(part_bytes(part), "").text[:SEARCHED_CHARS])


def _quoted_ids(text: str) -> list[str]:
    return [tidy_id(found) for found in _QUOTED_ID.findall(text)]


def _answered_ids(headers: Headers) -> list[str]:
    return [*headers.ids("in-reply-to"), *headers.ids("references")]
