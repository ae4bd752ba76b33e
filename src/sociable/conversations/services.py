"""Writes contacts and conversations, what we say in them, and their private links.

What comes in is written by raw_inbound and inbound; it decides nothing about clocks, and its callers in journeys own the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import F
from django.db.models.functions import Substr

from sociable.asking.keeping import Change, add
from sociable.asking.question import Given, Question
from sociable.conversations import files
from sociable.conversations.models import Attachment, Contact, Conversation, Identity, Message, Receipt, Share
from sociable.directory.models import Account
from sociable.people.models import Partner, Person


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


def held_still(found: Conversation) -> Conversation:
    """This function will return a conversation that was read in the running transaction as it stays until that ends.

    Shape:  on SQLite as it was read, since nobody else writes; elsewhere as `locked`
    """
    return locked(found.pk) if connection.features.has_select_for_update else found


_HELD_STILL = Question(
    lambda: Conversation.objects.select_for_update().filter(pk=Given("conversation")).values_list("pk")
)
_WHOLE = Question(lambda: Conversation.objects.select_related("account__partner").filter(pk=Given("conversation")))


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


def share(conversation: Conversation, partner: Partner, person: Person, reason: str, now: datetime) -> Share:
    """This function will show a conversation to another partner, with the reason."""
    shared, _ = Share.objects.update_or_create(
        conversation=conversation,
        partner=partner,
        defaults={"shared_by": person, "shared_at": now, "reason": reason[:300]},
    )
    return shared
