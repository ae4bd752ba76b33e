"""Writes what was said: raw inbound, contacts, conversations, messages and their attachments.

It decides nothing about clocks; its callers in journeys own the transaction and the order of stages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Substr

from sociable.asking.keeping import Change, add
from sociable.asking.question import Given, Question
from sociable.channels.base import Parsed, ParsedAttachment, RawItem
from sociable.channels.chat.adapter import thread_key
from sociable.channels.tidy import web_address
from sociable.conversations import files
from sociable.conversations.chat_models import Chat
from sociable.conversations.models import (
    Attachment,
    Contact,
    Conversation,
    Draft,
    Identity,
    Message,
    OpenTab,
    Outgoing,
    Presence,
    RawInbound,
    Receipt,
    Share,
)
from sociable.conversations.queries import LONGEST_TEXT_CHARS
from sociable.directory.models import Account
from sociable.people.models import Partner, Person


def store_raw(
    account: Account,
    channel: str,
    items: Iterable[RawItem],
    *,
    fetched_at: datetime,
    recipients: Sequence[str] = (),
    from_history: bool = False,
) -> list[RawInbound]:
    """This function will store what a network handed over, as it came, and return the rows that are new.

    Shape:  an item whose remote id the account has already is passed over by the database itself
    """
    rows = [
        RawInbound(
            account=account,
            channel=channel,
            remote_id=item.remote_id[:250],
            content=item.content,
            size_bytes=max(item.size_bytes, len(item.content)),
            received_at=item.received_at,
            fetched_at=fetched_at,
            recipients=list(recipients),
            from_history=from_history,
        )
        for item in items
    ]
    known = _known(account, [row.remote_id for row in rows])
    fresh = list({row.remote_id: row for row in rows if row.remote_id not in known}.values())
    for row in fresh:
        add([row])
    return fresh


def _known(account: Account, remote_ids: Sequence[str]) -> set[str]:
    if len(remote_ids) == 1:
        return {remote_id for (remote_id,) in _KNOWN.all(account=account.pk, remote_id=remote_ids[0])}
    several = RawInbound.objects.filter(account=account, remote_id__in=remote_ids)
    return set(several.values_list("remote_id", flat=True))


_KNOWN = Question(
    lambda: RawInbound.objects.filter(account=Given("account"), remote_id=Given("remote_id")).values_list("remote_id")
)


def content_id(content: bytes) -> str:
    """This function will make a remote id of content for channels that give none."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def contact_by(*, partner_id: int, kind: str, address: str, name: str, now: datetime, handle: str = "") -> Contact:
    """This function will return the contact a partner knows by an address, made now if it is new.

    Shape:  `handle` is what people call the address now, where it is a network's id
    """
    known = Identity.objects.select_related("contact").filter(partner_id=partner_id, kind=kind, address=address).first()
    if known is not None:
        if name and not known.contact.name:
            known.contact.name = name[:200]
            known.contact.save(update_fields=["name"])
        if handle and known.handle != handle[:320]:
            known.handle = handle[:320]
            known.save(update_fields=["handle"])
        return known.contact
    contact = Contact.objects.create(partner_id=partner_id, name=name[:200], created_at=now)
    Identity.objects.create(partner_id=partner_id, contact=contact, kind=kind, address=address, handle=handle[:320])
    return contact


def one_after_another(*, partner_id: int, kind: str, address: str) -> bool:
    """This function will keep others from reading what somebody known said until the transaction ends; True where they may have.

    Shape:  whoever gets True looks again: what was said at the same instant is there now. On SQLite nobody else writes
    """
    if not connection.features.has_select_for_update:
        return False
    known = Identity.objects.filter(partner_id=partner_id, kind=kind, address=address[:320])
    return known.select_for_update(no_key=True).first() is not None


def prune_files(folders: Iterable[str], before: datetime) -> int:
    """This function will delete kept files in some folders that no message has, once nobody can still be about to send them.

    Shape:  files chosen for an answer that was never sent, a file of messages that was looked at, pictures of what was deleted
    """
    beginnings = [folder[:2] for folder in folders]

    def named(_hashes: Collection[str]) -> set[str]:
        some = Attachment.objects.annotate(folder=Substr("sha256", 1, 2)).filter(folder__in=beginnings)
        return set(some.values_list("sha256", flat=True).distinct())

    return files.prune(beginnings, before, named)


@dataclass(frozen=True, slots=True)
class Kept:
    """An attachment whose bytes are safe on disk, before its message is a row."""

    parsed: ParsedAttachment
    sha256: str
    refused_why: str


def keep_files(parsed: Parsed) -> list[Kept]:
    """This function will put the bytes of attachments on disk; call it before the transaction, so that a full disk stops early."""
    kept, total = [], 0
    for attachment in parsed.attachments:
        total += attachment.size_bytes
        if total > settings.ATTACHMENT_LIMIT_BYTES:
            limit = settings.ATTACHMENT_LIMIT_BYTES // 1024 // 1024
            kept.append(
                Kept(
                    attachment,
                    "",
                    f"Larger than {limit} MB together with the others; kept only in the message's raw form",
                )
            )
        else:
            kept.append(Kept(attachment, files.keep(attachment.content), ""))
    return kept


def add_inbound(
    *, conversation: Conversation, parsed: Parsed, kept: Sequence[Kept], raw: RawInbound, joined_why: str, now: datetime
) -> Message:
    """This function will add what a contact said to a conversation, or what the account said at the network itself."""
    text, problems = parsed.text, list(parsed.problems)
    if len(text) > LONGEST_TEXT_CHARS:
        text = text[:LONGEST_TEXT_CHARS]
        problems.append("It is longer than we show; the rest is in its raw form.")
    message = Message(
        conversation=conversation,
        partner_id=conversation.account.partner_id,
        direction=Message.Direction.OUT if parsed.by_account else Message.Direction.IN,
        channel=raw.channel,
        automatic=parsed.automatic,
        from_name=parsed.from_name[:200],
        from_address=parsed.from_address[:320],
        identity_kind=parsed.identity_kind,
        reply_address=parsed.reply_to[:320],
        to_addresses=list(parsed.to),
        cc_addresses=list(parsed.cc),
        subject=parsed.subject[:500],
        text=text,
        html=parsed.html or "",
        sent_at=parsed.sent_at,
        fetched_at=raw.fetched_at,
        stored_at=now,
        message_id=parsed.message_id[:500],
        in_reply_to=parsed.in_reply_to[:500],
        joined_why=joined_why,
        suspected_why=parsed.suspected_why[:300],
        problems=problems,
        visibility=parsed.visibility,
        link=web_address(parsed.link)[:1000],
        reply_ref=dict(parsed.reply_ref),
        thread_key=parsed.thread_key[:500],
    )
    add([message])
    Attachment.objects.bulk_create(
        Attachment(
            message=message,
            name=(file.name or "attachment")[:255],
            content_type=file.declared_type[:120],
            size_bytes=file.size_bytes,
            alt_text=file.alt_text[:2000],
            remote_ref=file.ref,
        )
        for file in parsed.files
    )
    if kept:
        Attachment.objects.bulk_create(
            Attachment(
                message=message,
                name=(one.parsed.name or "attachment")[:255],
                content_type=one.parsed.detected_type[:120],
                size_bytes=one.parsed.size_bytes,
                sha256=one.sha256,
                content_id=one.parsed.inline_cid[:250],
                refused_why=one.refused_why,
                alt_text=one.parsed.alt_text[:2000],
            )
            for one in kept
        )
    return message


def begin_conversation(
    *,
    account: Account,
    contact: Contact,
    subject: str,
    at: datetime,
    state: str = Conversation.State.OPEN,
    reason: str = "",
) -> Conversation:
    """This function will begin a conversation."""
    return Conversation.objects.create(
        account=account,
        contact=contact,
        subject=subject[:500],
        state=state,
        state_reason=reason[:500],
        started_at=at,
        last_message_at=at,
    )


def touched(conversation: Conversation, *, at: datetime, direction: str, by_person: bool) -> None:
    """This function will note that something was said: the version rises; what a person says opens what was closed."""
    conversation.version += 1
    changes: dict[str, Any] = {"last_message_at": at}
    if by_person:  # after a machine it is as it was: whoever had the last word still has it
        changes["last_direction"] = direction
    if by_person and conversation.state in (Conversation.State.CLOSED, Conversation.State.NOT_REQUEST):
        conversation.state = Conversation.State.OPEN
        changes |= {"state": Conversation.State.OPEN, "state_reason": ""}
    if by_person and direction == Message.Direction.IN:
        changes["snoozed_until_at"] = None  # they wrote: whoever put it off should see it
    _touch(tuple(changes)).make(conversation=conversation.pk, **changes)


@cache
def _touch(names: tuple[str, ...]) -> Change:
    columns = {name: Given(name) for name in names}
    return Change(lambda: Conversation.objects.filter(pk=Given("conversation")), version=F("version") + 1, **columns)


def add_outbound(
    *,
    conversation: Conversation,
    text: str,
    channel: str,
    author: Person | None,
    to: Sequence[str],
    now: datetime,
    **facts: Any,
) -> Message:
    """This function will add what we say, or a note between staff, to a conversation; sending is the outbox's.

    Shape:  `facts` are further columns of Message: automatic, acknowledges, direction, visibility, template, sent_from, sent_at
            where it was said before now, thread_key, and part_of, the first message of an answer that takes several
    """
    sender: Account = facts.get("sent_from") or conversation.account
    message = Message(
        conversation=conversation,
        partner_id=conversation.account.partner_id,
        channel=channel,
        author=author,
        from_name=author.name if author else sender.name,
        from_address=sender.address,
        to_addresses=list(to),
        subject=conversation.subject,
        text=text,
        fetched_at=now,
        stored_at=now,
        **{"direction": Message.Direction.OUT, "sent_at": now, **facts},
    )
    add([message])
    return message


def receipt_of(conversation: Conversation, now: datetime, *, shows: Message | None = None) -> Receipt:
    """This function will return the conversation's private link, made now if it has none that holds.

    Shape:  with `shows`, the link to that one answer, which everybody may read who has it
    """
    standing = Receipt.objects.filter(conversation=conversation, revoked_at=None, shows=shows).order_by("-id").first()
    return standing or Receipt.objects.create(conversation=conversation, made_at=now, shows=shows)


def locked(conversation_id: int) -> Conversation:
    """This function will return a conversation whose row nobody else can change until the running transaction ends."""
    if connection.features.has_select_for_update:  # SQLite has one writer, and that is this transaction
        _HELD_STILL.all(conversation=conversation_id)
    conversation = _WHOLE.first(conversation=conversation_id)
    if conversation is None:
        raise Conversation.DoesNotExist
    return conversation


_HELD_STILL = Question(
    lambda: Conversation.objects.select_for_update().filter(pk=Given("conversation")).values_list("pk")
)
_WHOLE = Question(
    lambda: Conversation.objects.select_related("account__partner", "contact", "held_by").filter(
        pk=Given("conversation")
    )
)


def renew_receipt(conversation: Conversation, now: datetime) -> Receipt:
    """This function will end every private link of a conversation and return a new one."""
    revoke_receipts(conversation, now)
    return Receipt.objects.create(conversation=conversation, made_at=now)


def revoke_receipts(conversation: Conversation, now: datetime) -> int:
    """This function will end every private link of a conversation and return how many held."""
    return Receipt.objects.filter(conversation=conversation, revoked_at=None).update(revoked_at=now)


def settle(conversation: Conversation, state: str, reason: str = "") -> None:
    """This function will set the state of a conversation; whatever it was put off to is over."""
    conversation.state, conversation.state_reason, conversation.snoozed_until_at = state, reason[:500], None
    conversation.save(update_fields=["state", "state_reason", "snoozed_until_at"])


def free(conversation: Conversation) -> None:
    """This function will end whoever's hold of a conversation."""
    conversation.held_by, conversation.held_until_at, conversation.handed_note = None, None, ""
    conversation.save(update_fields=["held_by", "held_until_at", "handed_note"])


def move_to(conversation: Conversation, account: Account, note: str) -> None:
    """This function will put a conversation onto another account, free for whoever answers there, with a note for them."""
    free(conversation)
    conversation.account, conversation.handed_note = account, note[:500]
    conversation.save(update_fields=["account", "handed_note"])


def same_person(contact: Contact, other: Contact) -> None:
    """This function will make two contacts one: the other's addresses and conversations become this contact's.

    Their waits belong to promises; move them too before the other contact is deleted.
    """
    Identity.objects.filter(contact=other).update(contact=contact)
    Conversation.objects.filter(contact=other).update(contact=contact)
    if other.name and not contact.name:
        contact.name = other.name
        contact.save(update_fields=["name"])


def join(into: Conversation, other: Conversation, why: str) -> None:
    """This function will bring all of one conversation into another: messages, private links, drafts and open tabs.

    The emptied one stays as a sign-post: mail to its reply address and old private links arrive at the living one.
    """
    Message.objects.filter(conversation=other).update(conversation=into, joined_why=why[:300])
    Receipt.objects.filter(conversation=other).update(conversation=into)
    Chat.objects.filter(conversation=other).update(conversation=into)
    _join_drafts(into, other)
    OpenTab.objects.filter(conversation=other, person__tabs__conversation=into).delete()
    OpenTab.objects.filter(conversation=other).update(conversation=into)
    Presence.objects.filter(conversation=other).delete()
    Share.objects.filter(conversation=other).delete()  # what it was shared for is no longer there
    Conversation.objects.filter(merged_into=other).update(merged_into=into)
    free(other)
    other.merged_into = into
    other.save(update_fields=["merged_into"])
    settle(other, Conversation.State.MERGED, why)
    into.version += other.version
    retell(into)


def _join_drafts(into: Conversation, other: Conversation) -> None:
    """Nothing typed is lost: two drafts of one person become one."""
    for draft in Draft.objects.filter(conversation=other):
        standing = Draft.objects.filter(conversation=into, person=draft.person_id, kind=draft.kind).first()
        if standing is None:
            draft.conversation = into
            draft.save(update_fields=["conversation"])
        else:
            standing.text = f"{standing.text}\n\n{draft.text}".strip()
            standing.save(update_fields=["text"])
            draft.delete()


def split_off(conversation: Conversation, messages: Sequence[Message], contact: Contact) -> Conversation:
    """This function will give messages a conversation of their own on the same account.

    Shape:  messages oldest first, not all that the conversation has
    """
    first = messages[0]
    fresh = begin_conversation(
        account=conversation.account, contact=contact, subject=first.subject or conversation.subject, at=first.sent_at
    )
    Message.objects.filter(pk__in=[message.pk for message in messages]).update(conversation=fresh)
    threads = {message.thread_key for message in messages}
    moved = [chat.pk for chat in Chat.objects.filter(conversation=conversation) if thread_key(chat.pk) in threads]
    Chat.objects.filter(pk__in=moved).update(conversation=fresh)  # what is said next belongs to what was said last
    Message.objects.filter(pk=first.pk).update(joined_why="")
    fresh.version = len(messages)
    conversation.version += 1
    retell(fresh)
    retell(conversation)
    return fresh


def retell(conversation: Conversation) -> None:
    """This function will set what a conversation says of its messages from those it has now."""
    said = conversation.messages.exclude(direction=Message.Direction.NOTE).exclude(
        outgoing__state=Outgoing.State.UNDONE
    )
    said = said.order_by("sent_at", "pk")
    first, last = said.first(), said.last()
    if first is not None and last is not None:
        conversation.started_at = first.sent_at
        conversation.last_message_at, conversation.last_direction = last.sent_at, last.direction
    conversation.save(update_fields=["version", "started_at", "last_message_at", "last_direction"])


def share(conversation: Conversation, partner: Partner, person: Person, reason: str, now: datetime) -> Share:
    """This function will show a conversation to another partner, with the reason."""
    shared, _ = Share.objects.update_or_create(
        conversation=conversation,
        partner=partner,
        defaults={"shared_by": person, "shared_at": now, "reason": reason[:300]},
    )
    return shared
