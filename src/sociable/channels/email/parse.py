"""Decides what a mail says: reads raw bytes into `Parsed` without ever failing, and says what was wrong with it.

Leaves storing it, joining it to a conversation and starting a wait to the journeys.

The standard library finds the parts under its older `compat32` policy: the newer one takes ten times as long
(1.9 ms against 0.2 ms for a mail of two parts) and decodes headers eagerly with errors of its own. Words, charsets,
addresses and dates are read by the modules beside this one, each of which knows what to do when they are wrong.
"""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime
from email import message_from_bytes
from email.message import Message

from sociable.channels.base import Parsed
from sociable.channels.email import headers as header_lines
from sociable.channels.email.address import normalise_address
from sociable.channels.email.automatic import Own, judge
from sociable.channels.email.body import read_body
from sociable.channels.email.bounce import read_bounce, report_type
from sociable.channels.email.charsets import decode
from sociable.channels.email.headers import Headers
from sociable.channels.email.when import arrival, read_date

LONGEST_SUBJECT_CHARS = 500
LONGEST_NAME_CHARS = 200
# The standard library looks for every open boundary on every line, and keeps every line as an object.
MOST_LINES = 2_000_000
MOST_LOOKS = 20_000_000
SHOWN_UNREADABLE_BYTES = 1_000_000

_DELIVERED = ("x-original-to", "delivered-to", "envelope-to", "x-envelope-to", "x-delivered-to", "x-forwarded-to")


def remote_id(content: bytes) -> str:
    """Return the name of these bytes, the same whichever way they arrive (line ends and a last newline apart)."""
    return f"sha256:{_digest(content)}"


def nobody(_value: str) -> bool:
    """Say of any Message-ID that it is not ours, where no key is at hand."""
    return False


def parse(
    content: bytes,
    *,
    fetched_at: datetime,
    received_at: datetime | None = None,
    envelope_to: Collection[str] = (),
    is_ours: Callable[[str], bool] = nobody,
    own_addresses: Collection[str] = (),
) -> Parsed:
    """Return what a mail says. Never raises: what cannot be read is shown raw, with the reason among the problems.

    Shape:  `envelope_to` the recipients the mail door was given; `is_ours` tells our own Message-IDs;
            `own_addresses` those of the account, so that its own mailing group is not taken for a list
    Units:  aware UTC in and out
    """
    own = Own(is_ours, own_addresses)
    facts = _Facts(content, fetched_at, received_at, tuple(envelope_to), own)
    message, problem = _structure(content)
    try:
        return _read(message, facts, problem)
    except Exception as error:  # noqa: BLE001 - whatever a stranger wrote must be kept and shown, never lost
        reason = f"The mail could not be read ({type(error).__name__}); it is shown as it came."
        return _read(_unread(content, headers=False), facts, reason)


class _Facts:
    """What is known of a mail besides its own words."""

    def __init__(
        self,
        content: bytes,
        fetched_at: datetime,
        received_at: datetime | None,
        envelope_to: tuple[str, ...],
        own: Own,
    ) -> None:
        self.digest = _digest(content)
        self.fetched_at = fetched_at
        self.received_at = received_at
        self.envelope_to = envelope_to
        self.own = own


def _digest(content: bytes) -> str:
    return hashlib.sha256(content.replace(b"\r\n", b"\n").rstrip(b"\n")).hexdigest()


def _structure(content: bytes) -> tuple[Message, str]:
    """Return the parts of a mail, or its text as it came where finding them would take too long."""
    boundaries, lines = content.lower().count(b"boundary="), content.count(b"\n")
    if lines > MOST_LINES or boundaries * lines > MOST_LOOKS:
        reason = "The mail has more parts or lines than we follow; it is shown as it came."
        return _unread(content, headers=True), reason
    try:
        return message_from_bytes(content), ""
    except Exception as error:  # noqa: BLE001 - the standard library promises no set of errors for rubbish
        reason = f"The mail's parts could not be told apart ({type(error).__name__}); it is shown as it came."
        return _unread(content, headers=True), reason


def _unread(content: bytes, *, headers: bool) -> Message:
    """Return a mail whose body is its own raw text, with its headers or (when they are the trouble) without."""
    head, gap, rest = content.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = message_from_bytes(head[:100_000] + b"\n\n") if headers else Message()
    for name in ("content-type", "content-transfer-encoding", "content-disposition"):
        del message[name]
    shown = (rest if headers and gap else content)[:SHOWN_UNREADABLE_BYTES]
    message.set_payload(shown.decode("ascii", "surrogateescape"))
    return message


def _read(message: Message, facts: _Facts, problem: str) -> Parsed:
    headers = Headers(message)
    body = read_body(message)
    text = body.text
    message_id, made = header_lines.message_id(headers, facts.digest)
    in_reply_to, references = header_lines.references(headers)
    from_name, from_address = next(iter(headers.addresses("from") or headers.addresses("sender")), ("", ""))
    written_at = read_date(headers.first("date"))
    arrived = arrival(
        fetched_at=facts.fetched_at,
        received_at=facts.received_at,
        received_headers=headers.all("received"),
        written_at=written_at,
    )
    report = report_type(message)
    verdict = judge(headers, report_type=report, ids=(message_id,), own=facts.own)
    return Parsed(
        message_id=message_id,
        message_id_made=made,
        in_reply_to=in_reply_to,
        references=references,
        subject=headers.text("subject")[:LONGEST_SUBJECT_CHARS],
        from_name=from_name[:LONGEST_NAME_CHARS],
        from_address=from_address,
        reply_to=next((address for _, address in headers.addresses("reply-to")), ""),
        to=tuple(address for _, address in headers.addresses("to")),
        cc=tuple(address for _, address in headers.addresses("cc")),
        delivered_to=_delivered_to(headers, facts.envelope_to),
        sent_at=arrived.at,
        sent_at_why=arrived.why,
        written_at=written_at,
        text=text,
        html=body.html,
        attachments=tuple(body.attachments),
        automatic=verdict.kind,
        automatic_why=verdict.why,
        may_acknowledge=verdict.may_acknowledge,
        bounce_of=read_bounce(message, headers, text) if verdict.kind == "bounce" else None,
        problems=(
            *([problem] if problem else []),
            *_header_problems(headers, named=bool(from_address), made=made),
            *arrived.problems,
            *body.problems,
        ),
        truncated=body.truncated or bool(problem),
    )


def _delivered_to(headers: Headers, envelope_to: tuple[str, ...]) -> tuple[str, ...]:
    named = [normalise_address(address) for address in envelope_to]
    named += [address for name in _DELIVERED for _, address in headers.addresses(name)]
    return tuple(dict.fromkeys(address for address in named if address))


def _header_problems(headers: Headers, *, named: bool, made: bool) -> list[str]:
    """Return what was wrong with a mail's head, each as a sentence."""
    lines = []
    if not named:
        shown = decode(headers.first("from").encode("utf-8", "surrogateescape"), "").text.strip()
        lines.append(f"The sender's address cannot be read ({shown[:80]})." if shown else "It names no sender.")
    if made:
        lines.append("It has no Message-ID; we gave it one made from its content.")
    if not headers.first("date").strip():
        lines.append("It carries no date.")
    elif read_date(headers.first("date")) is None:
        lines.append("Its date makes no sense.")
    return lines
