"""Decides what one event of a WhatsApp number says: a message of any kind, its edit or removal, or what became of one of ours.

Leaves storing and answering to the rooms above. Never raises: an event of a kind not known here is kept and shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sociable.channels.base import Delivery, Parsed, RemoteFile, said
from sociable.channels.graph.messaging import NETWORKS_TIME, OUR_TIME, unknown
from sociable.channels.graph.naming import change_of
from sociable.channels.graph.reading import Node, instant, loaded, many, named, part, words
from sociable.channels.graph.trouble import refusal
from sociable.channels.graph.webhook import fingerprint

NAME = "whatsapp"
KIND = "phone"  # a number is the same person whether they text or use WhatsApp
LISTS = ("messages", "statuses", "message_echoes", "groups", "errors")
FILES = {"image": "picture", "video": "video", "audio": "recording", "document": "document", "sticker": "sticker"}
NOT_PASSED_ON = "WhatsApp does not pass on what they sent; ask them to send it another way."

# Fields of the account itself, which ask nothing of whoever answers residents.
ACCOUNT = {
    "account_alerts": "WhatsApp says something of this account; see WhatsApp Manager.",
    "account_review_update": "WhatsApp has reviewed this account; see WhatsApp Manager.",
    "account_update": "WhatsApp changed something in this account; see WhatsApp Manager.",
    "business_capability_update": "WhatsApp changed how many messages this account may send.",
    "message_template_quality_update": "WhatsApp judges a template's quality anew.",
    "message_template_status_update": "A template was approved, refused, paused or switched off.",
    "phone_number_name_update": "WhatsApp has decided on the name shown for this number.",
    "phone_number_quality_update": "WhatsApp changed how many messages this number may send.",
    "template_category_update": "WhatsApp put a template into another category.",
    "group_lifecycle_update": "A group was made or ended.",
    "group_settings_update": "A group's settings changed.",
    "group_participants_update": "Somebody joined or left a group.",
    "group_participant_update": "Somebody joined or left a group.",
}
BECAME: Mapping[str, tuple[Literal["accepted", "delivered", "failed"], str]] = {
    "sent": ("accepted", "WhatsApp sent it on."),
    "delivered": ("delivered", "It is on their phone."),
    "read": ("delivered", "They have read it."),
    "played": ("delivered", "They have listened to it."),
    "failed": ("failed", ""),
}


@dataclass(frozen=True)
class Line:
    """What is known of one message besides its own words."""

    value: Node
    fetched_at: datetime
    received_at: datetime | None


def parse(content: bytes, *, fetched_at: datetime, received_at: datetime | None = None) -> Parsed:
    """Return what one event says.

    Units:  aware UTC in and out
    """
    event = loaded(content)
    if not isinstance(event, dict):
        return unknown(content.decode("utf-8", "replace"), KIND, fetched_at, received_at)
    line = Line(part(change_of(event), "value"), fetched_at, received_at)
    return _read(words(change_of(event), "field"), line) or unknown(event, KIND, fetched_at, received_at)


def moment(event: Mapping[str, Any]) -> datetime | None:
    """Return when the network says that it happened."""
    value = part(change_of(event), "value")
    return next((told for name in LISTS if (told := instant(_one(value, name).get("timestamp")))), None)


def remote_id(event: Mapping[str, Any]) -> str:
    """Return the id of an event: one for a message, and one for each thing that becomes of it."""
    value = part(change_of(event), "value")
    if mid := words(_one(value, "messages"), "id") or words(_one(value, "message_echoes"), "id"):
        return f"message:{mid}"
    status = _one(value, "statuses")
    if (mid := words(status, "id")) and (became := words(status, "status")):
        return f"status:{mid}:{became}"
    return fingerprint(event)


def number_of(event: Mapping[str, Any]) -> str:
    """Return the id of the number an event is for; what concerns the whole business account names none."""
    return words(part(change_of(event), "value", "metadata"), "phone_number_id")


def _one(value: Node, name: str) -> Node:
    node = next(iter(many(value, name)), None)
    return node if isinstance(node, dict) else {}


def _read(field: str, line: Line) -> Parsed | None:
    value = line.value
    if message := _one(value, "messages"):
        return _message(message, line)
    if echo := _one(value, "message_echoes"):
        return _message(echo, line, by_account=True)
    if status := _one(value, "statuses"):
        return _status(status, line)
    if error := _one(value, "errors"):
        return _base({}, line, happening="noted", text=refusal(error).in_words)
    return _base({}, line, happening="noted", text=ACCOUNT[field]) if field in ACCOUNT else None


def _base(message: Node, line: Line, *, by_account: bool = False, **known: Any) -> Parsed:
    ours = words(part(line.value, "metadata"), "phone_number_id")
    contact = _one(line.value, "contacts")
    sender = words(message, "from") or words(contact, "wa_id") or words(contact, "user_id")
    resident = words(message, "to") if by_account else sender
    told = instant(message.get("timestamp"))
    facts: dict[str, Any] = {
        "identity_kind": KIND,
        "from_address": number(sender),
        "from_name": "" if by_account else words(part(contact, "profile"), "name"),
        "from_handle": "" if by_account else words(part(contact, "profile"), "username"),
        "to": (number(resident),) if by_account and resident else (),
        "thread_key": f"{NAME}:talk:{ours}:{resident}" if resident else "",
        "visibility": "private",
        "reply_ref": {"person": resident} if resident else {},
        "by_account": by_account,
        "sent_at": min(told or line.received_at or line.fetched_at, line.fetched_at),
        "sent_at_why": NETWORKS_TIME if told else OUR_TIME,
    }
    return said(**{**facts, **known})


def number(digits: str) -> str:
    """Return a number with its plus; an id that is no number stays as it is."""
    return f"+{digits}" if digits.isdecimal() else digits


def _message(message: Node, line: Line, *, by_account: bool = False) -> Parsed:
    kind, about = words(message, "type"), part(message, words(message, "type"))
    if kind == "edit":
        text, _files, _problems = _content(part(about, "message"))
        original = named(NAME, words(about, "original_message_id"))
        return _base(message, line, by_account=by_account, happening="edited", about_id=original, text=text)
    if kind == "revoke":
        original = named(NAME, words(about, "original_message_id"))
        return _base(message, line, by_account=by_account, happening="withdrawn", about_id=original)
    if kind == "reaction":
        emoji = words(about, "emoji")
        text = f"They reacted: {emoji}" if emoji else "They took their reaction back."
        return _base(message, line, happening="noted", about_id=named(NAME, words(about, "message_id")), text=text)
    if kind == "system":
        return _base(message, line, happening="noted", text=words(about, "body") or "Something changed at their end.")
    return _said(message, line, by_account=by_account)


def _said(message: Node, line: Line, *, by_account: bool) -> Parsed:
    text, files, problems = _content(message)
    group = words(message, "group_id")
    if group:
        problems = (*problems, "It was written in a group; an answer from here goes to the writer alone.")
    return _base(
        message,
        line,
        by_account=by_account,
        message_id=named(NAME, words(message, "id")),
        in_reply_to=named(NAME, words(part(message, "context"), "id")),
        text=text,
        files=files,
        problems=problems,
        may_acknowledge=not by_account,
        link="",
    )


def _content(message: Node) -> tuple[str, tuple[RemoteFile, ...], tuple[str, ...]]:
    """The words, the files, and what did not come."""
    kind = words(message, "type")
    about = part(message, kind)
    reader = WORDS.get(kind)
    text = reader(message) if reader else words(about, "caption")
    files = (_file(kind, about),) if kind in FILES and words(about, "id") else ()
    came_by = part(message, "referral")
    if came_by:
        text = "\n".join(
            filter(None, (text, f"(They came by: {words(came_by, 'headline')} {words(came_by, 'source_url')})"))
        )
    if not text and not files:
        error = refusal(_one(message, "errors"))
        return "", (), (f"{NOT_PASSED_ON} {error.message}".strip(),)
    return text, files, ()


def _file(kind: str, about: Node) -> RemoteFile:
    declared = words(about, "mime_type").partition(";")[0]
    return RemoteFile(words(about, "id"), words(about, "filename") or FILES[kind], declared)


def _place(message: Node) -> str:
    place = part(message, "location")
    where = f"{words(place, 'latitude')}, {words(place, 'longitude')}"
    return ", ".join(
        filter(None, ("A place: " + words(place, "name"), words(place, "address"), where, words(place, "url")))
    )


def _cards(message: Node) -> str:
    lines = []
    for card in many(message, "contacts"):
        phones = ", ".join(words(phone, "phone") for phone in many(card, "phones"))
        lines.append(f"A contact: {words(part(card, 'name'), 'formatted_name')} {phones}".strip())
    return "\n".join(lines)


def _chosen(message: Node) -> str:
    chosen = part(message, "interactive", "button_reply") or part(message, "interactive", "list_reply")
    return "\n".join(filter(None, (words(chosen, "title"), words(chosen, "description"))))


def _order(message: Node) -> str:
    order = part(message, "order")
    items = [
        f"{words(item, 'quantity')} of {words(item, 'product_retailer_id')}" for item in many(order, "product_items")
    ]
    return "\n".join(filter(None, ("An order: " + ", ".join(items), words(order, "text"))))


WORDS: Mapping[str, Callable[[Node], str]] = {
    "text": lambda message: words(part(message, "text"), "body"),
    "button": lambda message: words(part(message, "button"), "text"),
    "interactive": _chosen,
    "location": _place,
    "contacts": _cards,
    "order": _order,
    "request_welcome": lambda _message: "They opened a conversation with us.",
}


def _status(status: Node, line: Line) -> Parsed | None:
    """The id is WhatsApp's; our own key travels along, for a message whose id we never heard."""
    about, became = words(status, "id"), BECAME.get(words(status, "status"))
    if not about or became is None:
        return None
    state, detail = became
    if state == "failed":
        detail = refusal(_one(status, "errors")).in_words
    key = words(status, "biz_opaque_callback_data")
    moved = {**status, "from": status.get("recipient_id")}
    return _base(
        moved,
        line,
        happening="delivery",
        about_id=named(NAME, about),
        references=(key,) if key else (),
        delivery=Delivery(state, detail),
        from_address="",
    )
