"""Decides what a thing from GOV.UK Notify says: a text from a resident, fetched or told, or what became of a text of ours.

Reads raw bytes without ever failing. Leaves storing it, joining it to a conversation and starting a wait to the journeys.

Source: GOV.UK Notify, Callbacks and Message statuses, as read on 23 November 2026
"""

import hashlib
import json
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Any

from sociable.channels import base
from sociable.channels.base import Delivery, Parsed
from sociable.channels.sms.numbers import as_people_write_it, is_answerable, normalise
from sociable.channels.tidy import tidy

Fields = dict[str, Any]
IDENTITY = "phone"
LONGEST_SHOWN_CHARS = (
    10_000  # far beyond any text; a call that claims more is cut in what is shown, not in what is kept
)

# What each of Notify's words means. A failure is final for this text: Notify has stopped trying, and a person may send it again.
STATES: dict[str, Delivery] = {
    "created": Delivery("accepted", "Notify has it."),
    "sending": Delivery("accepted", "Notify has given it to the phone network."),
    "pending": Delivery("accepted", "The phone network has it and has not said more."),
    "sent": Delivery("accepted", "It went to another country, whose network says no more."),
    "delivered": Delivery("delivered", "It reached the phone."),
    "permanent-failure": Delivery(
        "failed", "It did not arrive: the number is wrong, or its network refuses texts like this."
    ),
    "temporary-failure": Delivery(
        "failed", "It did not arrive: the phone was off, without signal or full for as long as its network tried."
    ),
    "technical-failure": Delivery(
        "failed", "It did not leave: something went wrong between Notify and the phone network."
    ),
}


def nobody(_value: str) -> bool:
    """Say of any reference that it is not ours, where no key is at hand."""
    return False


def parse(
    content: bytes,
    *,
    fetched_at: datetime,
    received_at: datetime | None = None,
    envelope_to: Collection[str] = (),  # noqa: ARG001 - the raw form names the number
    is_ours: Callable[[str], bool] = nobody,
    own_addresses: Collection[str] = (),  # noqa: ARG001
) -> Parsed:
    """Return what a thing says. Never raises: what is not known is kept as such, with the reason among the problems.

    Units:  aware UTC in and out
    """
    told = read(content)
    at = received_at or at_of(told)
    when: Fields = {
        "sent_at": min(at or fetched_at, fetched_at),
        "sent_at_why": "when Notify received it" if at else "when it was fetched; Notify did not say when it came",
    }
    if is_text(told):
        return _text(told, when)
    if is_report(told):
        return _report(told, when, is_ours)
    problem = "Notify told of something that Sociable does not know."
    return base.said(**when, happening="unknown", problems=(problem,))


def read(content: bytes) -> Fields:
    """Return the fields of a thing; none where it has none."""
    try:
        told = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def is_text(told: Fields) -> bool:
    """Say whether it is a text from a resident."""
    return bool(word(told, "user_number") or word(told, "source_number"))


def is_report(told: Fields) -> bool:
    """Say whether it tells what became of something that was sent."""
    return bool(word(told, "status") and word(told, "id"))


def name_of(told: Fields, content: bytes) -> str:
    """Return the same name for a thing however often, and by whichever way, it comes; each state of a report is its own thing."""
    known = word(told, "id")[:100]
    if known and is_text(told):
        return f"sms:{known}"
    if known and is_report(told):
        return f"sms:{known}:{word(told, 'status')[:40]}"
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def at_of(told: Fields) -> datetime | None:
    """Return when Notify received a text, or learnt what it reports."""
    for name in ("date_received", "completed_at", "sent_at", "created_at"):
        try:
            at = datetime.fromisoformat(word(told, name))
        except ValueError:
            continue
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return None


def _text(told: Fields, when: Fields) -> Parsed:
    number = tidy(normalise(word(told, "user_number") or word(told, "source_number")))
    ours = tidy(normalise(word(told, "notify_number") or word(told, "destination_number")))
    said = tidy(word(told, "content") or word(told, "message"))
    return base.said(
        **when,
        message_id=f"sms:{tidy(word(told, 'id'))[:100]}",
        thread_key=thread_key(number, ours),
        from_address=number,
        from_handle=as_people_write_it(number),
        identity_kind=IDENTITY,
        text=said[:LONGEST_SHOWN_CHARS],
        truncated=len(said) > LONGEST_SHOWN_CHARS,
        visibility="private",
        reply_ref={"number": number},
        may_acknowledge=is_answerable(number),
        problems=() if is_answerable(number) else ("It comes from a number to which no text can be sent.",),
    )


def thread_key(theirs: str, ours: str) -> str:
    """Return what all texts between two numbers have in common."""
    return f"sms:{theirs}:{ours}" if theirs else ""


def _report(told: Fields, when: Fields, is_ours: Callable[[str], bool]) -> Parsed:
    """What became of a text of ours. A service may send for other systems too: what bears no reference of ours is only noted."""
    status, reference = word(told, "status"), tidy(word(told, "reference"))[:200]
    known = STATES.get(status)
    if not is_ours(reference):
        return base.said(
            **when, happening="noted", text=tidy(f"Notify told of another system's message: {status}")[:200]
        )
    if known is None:
        problem = f"Notify says of a text that it is “{tidy(status)[:40]}”, which Sociable does not know."
        return base.said(**when, happening="unknown", problems=(problem,))
    about = f"sms:{tidy(word(told, 'id'))[:100]}"
    return base.said(**when, happening="delivery", about_id=about, references=(reference,), delivery=known)


def word(told: Fields, name: str) -> str:
    """Return a field that holds text, or nothing where it does not."""
    value = told.get(name)
    return value if isinstance(value, str) else ""
