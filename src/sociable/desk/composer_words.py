"""Puts into words what the box holds in which an answer or a note is written: draft, sign-off, saved answers, files, warnings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core import signing
from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from sociable.channels.base import ParsedAttachment
from sociable.channels.email.attachments import attachment as parsed_attachment
from sociable.conversations import chats, files, presence
from sociable.conversations.models import Conversation, Draft, Identity, Message, SavedAnswer
from sociable.desk import composer_check as checking
from sociable.desk import conversation_words as words
from sociable.desk.action import answerers
from sociable.directory.queries import zone_of
from sociable.domain.saying import moment_near
from sociable.domain.text import number_words
from sociable.journeys import answer, calls, ways
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.requests import StaffRequest

_SALT = "composer-files"
_KEPT_SECONDS = 86_400


@dataclass(frozen=True, slots=True)
class Writing:
    """What the box holds after a refusal: all that was typed and chosen, and what stood against it. No text: the draft is shown."""

    kind: str = ""
    text: str | None = None
    error: str = ""
    newer: Sequence[Message] | None = None
    kept: Sequence[ParsedAttachment] = ()
    acknowledges: bool = False
    chosen: ways.Chosen = field(default_factory=ways.Chosen)
    from_reason: str = ""


def context(request: StaffRequest, conversation: Conversation, now: datetime, **held: Any) -> dict[str, Any] | None:
    """This function will return what the composer shows; nothing where the person may not write here. `held` makes a `Writing`."""
    writing = Writing(**held)
    person, place = request.user, conversation.place
    may_answer, may_note = permissions.can_answer(person, place), permissions.can_note(person, place)
    if not may_note:
        return None
    kind = writing.kind or ("answer" if may_answer and request.GET.get("write") != "note" else "note")
    draft = presence.draft_of(conversation.pk, person.pk, kind)
    address = reverse("desk:conversation", args=[conversation.pk])
    written = _text(writing.text, draft, kind, _sign_off(conversation, person))
    goes = ways.place_of(conversation)
    check = (
        checking.context(conversation, now, text=written, chosen=writing.chosen, place=goes)
        if kind == "answer"
        else None
    )
    return {
        "kind": kind,
        "may_answer": may_answer,
        "answer_url": address,
        "note_url": f"{address}?write=note",
        "text": written,
        "version": conversation.version,
        "since": draft is not None and writing.text is None and 0 < draft.against_version < conversation.version,
        "to": _to_words(conversation, goes),
        "sender": _sender(goes, person, writing.from_reason) if kind == "answer" else None,
        "draft_state": f"Draft kept {moment_near(draft.kept_at, now, zone_of(conversation.account))}"
        if draft and writing.text is None
        else "",
        "error": writing.error,
        "newer": [_short(one, now, conversation) for one in writing.newer] if writing.newer is not None else None,
        "kept": [_kept(one) for one in writing.kept],
        "check": check,
        "asks_alt": bool(check and check["asks_alt"]),
        "acknowledges": writing.acknowledges,
        "saved": saved_for(conversation) if kind == "answer" else [],
        "names": words.named(answerers(conversation), person) if kind == "note" else [],
        "limit": filesizeformat(settings.ATTACHMENT_LIMIT_BYTES),
    }


def _text(text: str | None, draft: Draft | None, kind: str, sign_off: str) -> str:
    if text is not None:
        return text
    if draft is not None:
        return draft.text
    return f"\n\n{sign_off}" if kind == "answer" and sign_off else ""


def _sign_off(conversation: Conversation, person: Person) -> str:
    """What ends an answer; in a chat each line has a name before it, and needs none behind."""
    return "" if chats.open_in(conversation.pk) else answer.sign_off(conversation.account, person)


def _kept(one: ParsedAttachment) -> dict[str, Any]:
    mark = sealed(one)
    return {
        "name": one.name,
        "size": filesizeformat(one.size_bytes),
        "sealed": mark,
        "key": key_of(mark),
        "picture": ways.is_picture(one.detected_type),
        "alt": one.alt_text,
    }


def key_of(mark: str) -> str:
    """This function will return the short name under which a form carries what is said of a kept file."""
    return hashlib.sha256(mark.encode()).hexdigest()[:12]


def _sender(place: ways.Place, person: Person, reason: str) -> dict[str, Any] | None:
    """From which account the answer leaves, where the one that heard them does not answer."""
    right = place.right
    if right is None:
        return None
    return {
        "right": right.account,
        "wrong": right.wrong,
        "can": right.can,
        "may": permissions.can_answer(person, right.account.place),
        "may_wrong": permissions.can_answer(person, right.wrong.own_place),
        "reason": reason,
    }


def _to_words(conversation: Conversation, place: ways.Place) -> str:
    if not place.address and place.channel in calls.by_hand():
        return _ring_them(conversation)
    if not place.address and chats.open_in(conversation.pk):
        return "It stands in their web chat at once, under your first name."
    if not place.address:
        return "It can be read on their private link; they gave no address."
    last = ways.heard_in(conversation).first()
    to = f"{words.channel_words(place.channel)} to {_known_as(conversation, place)}"
    if place.visibility:
        to = f"{to}. {place.readers} can read it"
    if last is None or not last.from_address or place.address in (last.from_address, last.reply_address):
        return to
    return f"{to}, who asked. {last.said_by} wrote last, from {last.from_address}, and does not get it."


def _ring_them(conversation: Conversation) -> str:
    numbers = Identity.objects.filter(contact=conversation.contact_id, kind="phone").values_list("address", flat=True)
    known = f" on {number_words(numbers[0])}" if numbers else ""
    return f"They left no address. Ring them{known} and note under “Answered by phone” what you told them."


def _known_as(conversation: Conversation, place: ways.Place) -> str:
    """The name people know, where the address is a network's id."""
    known = Identity.objects.filter(contact=conversation.contact_id, address=place.address).exclude(handle="").first()
    return known.handle if known else number_words(place.address)


def _short(message: Message, now: datetime, conversation: Conversation) -> dict[str, str]:
    return {
        "who": message.said_by,
        "at": moment_near(message.sent_at, now, zone_of(conversation.account)),
        "text": message.text[:2000],
    }


def saved_for(conversation: Conversation) -> QuerySet[SavedAnswer]:
    """This function will return the saved answers offered in a conversation: its account's, and its whole body's."""
    here = SavedAnswer.objects.filter(partner=conversation.account.partner_id)
    return here.filter(account=None) | here.filter(account=conversation.account_id)


def sealed(one: ParsedAttachment) -> str:
    """This function will keep a chosen file and return a mark that the form carries, since a browser forgets chosen files."""
    return signing.dumps([one.name, one.declared_type, files.keep(one.content)], salt=_SALT)


def unsealed(mark: str) -> ParsedAttachment | None:
    """This function will return the file of a mark of ours, or nothing for any other text."""
    try:
        name, declared_type, sha256 = signing.loads(mark, salt=_SALT, max_age=_KEPT_SECONDS)
    except signing.BadSignature:
        return None
    path = files.path_of(sha256)
    return parsed_attachment(name, declared_type, path.read_bytes(), "", 1) if path.exists() else None
