"""Puts into words what the box holds in which an answer or a note is written: draft, sign-off, saved answers, files, warnings."""

from __future__ import annotations

from collections.abc import Sequence
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
from sociable.desk import actions
from sociable.desk import conversation_words as words
from sociable.directory.queries import zone_of
from sociable.domain.saying import moment_near
from sociable.domain.text import number_words
from sociable.journeys import answer, calls, ways
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.requests import StaffRequest

_SALT = "composer-files"
_KEPT_SECONDS = 86_400


def context(
    request: StaffRequest,
    conversation: Conversation,
    now: datetime,
    *,
    kind: str = "",
    text: str | None = None,
    error: str = "",
    newer: Sequence[Message] | None = None,
    kept: Sequence[ParsedAttachment] = (),
    acknowledges: bool = False,
) -> dict[str, Any] | None:
    """This function will return what components of the composer show; nothing where the person may not write here."""
    person, place = request.user, conversation.place
    may_answer, may_note = permissions.can_answer(person, place), permissions.can_note(person, place)
    if not may_note:
        return None
    kind = kind or ("answer" if may_answer and request.GET.get("write") != "note" else "note")
    draft = presence.draft_of(conversation.pk, person.pk, kind)
    address = reverse("desk:conversation", args=[conversation.pk])
    return {
        "kind": kind,
        "may_answer": may_answer,
        "answer_url": address,
        "note_url": f"{address}?write=note",
        "text": _text(text, draft, kind, _sign_off(conversation, person)),
        "version": conversation.version,
        "since": draft is not None and text is None and 0 < draft.against_version < conversation.version,
        "to": _to_words(conversation),
        "draft_state": f"Draft kept {moment_near(draft.kept_at, now, zone_of(conversation.account))}"
        if draft and text is None
        else "",
        "error": error,
        "newer": [_short(one, now, conversation) for one in newer] if newer is not None else None,
        "kept": [{"name": one.name, "size": filesizeformat(one.size_bytes), "sealed": sealed(one)} for one in kept],
        "acknowledges": acknowledges,
        "saved": saved_for(conversation) if kind == "answer" else [],
        "names": words.named(actions.answerers(conversation), person) if kind == "note" else [],
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


def _to_words(conversation: Conversation) -> str:
    channel, address = ways.address_of(conversation)
    if not address and channel in calls.spoken_channels():
        return _ring_them(conversation)
    if not address and chats.open_in(conversation.pk):
        return "It stands in their web chat at once, under your first name."
    if not address:
        return "It can be read on their private link; they gave no address."
    last = ways.heard_in(conversation).first()
    to = f"{words.channel_words(channel)} to {address}"
    if last is None or not last.from_address or address in (last.from_address, last.reply_address):
        return to
    return f"{to}, who asked. {last.from_name or last.from_address} wrote last, from {last.from_address}, and does not get it."


def _ring_them(conversation: Conversation) -> str:
    numbers = Identity.objects.filter(contact=conversation.contact_id, kind="phone").values_list("address", flat=True)
    known = f" on {number_words(numbers[0])}" if numbers else ""
    return f"They left no address. Ring them{known} and note under “Answered by phone” what you told them."


def _short(message: Message, now: datetime, conversation: Conversation) -> dict[str, str]:
    who = message.author.name if message.author else message.from_name or message.from_address or "Somebody"
    return {
        "who": who,
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
