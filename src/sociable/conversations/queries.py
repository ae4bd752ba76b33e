"""Answers where a message belongs, what a conversation holds, and who else is there."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Q, QuerySet

from sociable.asking.question import Given, Question
from sociable.asking.statement import rows_of
from sociable.channels import registry
from sociable.channels.base import Parsed
from sociable.conversations.models import Conversation, Identity, Message, RawInbound
from sociable.directory.models import Account

MOST_REFERENCES = 60
ANOTHER_MATTER_AFTER = timedelta(days=7)  # in a private thread that never ends, what comes so long after the end is new
READ_BY_OTHERS = ("public", "unlisted", "followers")
LONGEST_TEXT_CHARS = 2_000_000  # beyond this the raw form alone holds the rest, and the message says so


@dataclass(frozen=True, slots=True)
class Thread:
    """Where an inbound message belongs: a conversation and why, or the message it repeats, or neither."""

    conversation: Conversation | None = None
    why: str = ""
    duplicate_of: Message | None = None
    taken_id: bool = False  # its Message-ID belongs to another message already


def thread_of(parsed: Parsed, raw: RawInbound, account: Account) -> Thread:
    """This function will find the conversation a message belongs to, within the partner and never by subject alone.

    Shape:  first the message of ours that it answers, then our signed reply address or Message-ID, then a Message-ID we know
    """
    mentioned = [parsed.message_id, parsed.in_reply_to, *reversed(parsed.references)]
    known = _known(
        account.partner_id, [id_told_apart(parsed), *(value[:500] for value in mentioned[:MOST_REFERENCES] if value)]
    )
    repeated = _repeated(parsed, known, account)
    if repeated is not None:
        return repeated
    found = _by_ids(parsed, raw, account, known)
    # in public an account's answer names what it answers; what else it says under one post is for all
    news = parsed.by_account and parsed.visibility in READ_BY_OTHERS
    if found.conversation is None and parsed.thread_key and not news:
        found = _in_thread(parsed, raw, account)
    return found if _may_join(found, parsed) else Thread()


def _by_ids(parsed: Parsed, raw: RawInbound, account: Account, known: dict[str, tuple[int, int]]) -> Thread:
    """The conversation named by the message that is answered, by a mark of ours, or by another message it mentions."""
    adapter, key = registry.adapter_class(raw.channel), settings.SECRET_KEY.encode()
    answered = known.get(parsed.in_reply_to[:500]) if adapter.is_ours(parsed.in_reply_to, key) else None
    if answered is not None:  # an answer of ours that was split off since is where its answers belong
        return Thread(_living(answered[1], account), "It answers what we wrote in this conversation")
    named = adapter.conversation_named(parsed, key)
    if named is not None:
        conversation = _living(named.conversation_id, account)
        if conversation is not None:
            return Thread(conversation, named.why)
    for value in (parsed.in_reply_to, *reversed(parsed.references)):
        if value[:500] in known:
            conversation = _living(known[value[:500]][1], account)
            if value == parsed.in_reply_to or not _is_for_another(parsed, conversation):
                return Thread(conversation, "It answers a message of this conversation")
    return Thread()


def _is_for_another(parsed: Parsed, conversation: Conversation | None) -> bool:
    """What the account said in public to somebody else underneath what was asked answers nobody who asked."""
    if conversation is None or not parsed.answers_whom or parsed.visibility not in READ_BY_OTHERS:
        return False
    asked = Identity.objects.filter(contact=conversation.contact_id, address=parsed.answers_whom[:320])
    return parsed.by_account and not asked.exists()


def _in_thread(parsed: Parsed, raw: RawInbound, account: Account) -> Thread:
    """The conversation of the newest line in the same thread, as long as that was not ended and long ago."""
    heard = Q(raw__account=raw.account_id)
    sent = Q(raw=None, channel=raw.channel, conversation__account=raw.account_id)  # told of by nobody yet
    lines = Message.objects.filter(
        heard | sent, partner=account.partner_id, thread_key=parsed.thread_key[:500]
    ).exclude(thread_key="")
    if not parsed.by_account:
        lines = lines.filter(conversation__contact__identities__in=_identity_of(parsed, account))
    newest = lines.order_by("-pk").select_related("conversation").first() or _written_to(parsed, raw, account)
    if newest is None:
        return Thread()
    ended = newest.conversation.state != Conversation.State.OPEN
    if ended and parsed.sent_at - newest.conversation.last_message_at > ANOTHER_MATTER_AFTER:
        return Thread()
    return Thread(_living(newest.conversation_id, account), "It goes on in the same thread")


def _written_to(parsed: Parsed, raw: RawInbound, account: Account) -> Message | None:
    """What we wrote to them first, of late: somebody who rang is answered by text, and texts back."""
    if parsed.by_account or not registry.adapter_class(raw.channel).capabilities.reaches:
        return None
    ours = Message.objects.filter(
        conversation__contact__identities__in=_identity_of(parsed, account),
        channel=raw.channel,
        direction=Message.Direction.OUT,
        to_addresses=[parsed.from_address],
        sent_at__gt=parsed.sent_at - ANOTHER_MATTER_AFTER,
    )
    return ours.order_by("-pk").select_related("conversation").first()


def _may_join(found: Thread, parsed: Parsed) -> bool:
    """Under a public post anybody may write: somebody else's words there begin a conversation of their own."""
    if found.conversation is None or parsed.by_account or parsed.visibility not in READ_BY_OTHERS:
        return True
    account = found.conversation.account
    return _identity_of(parsed, account).filter(contact=found.conversation.contact_id).exists()


def _identity_of(parsed: Parsed, account: Account) -> QuerySet[Identity]:
    return Identity.objects.filter(
        partner=account.partner_id, kind=parsed.identity_kind, address=parsed.from_address[:320]
    )


def _repeated(parsed: Parsed, known: dict[str, tuple[int, int]], account: Account) -> Thread | None:
    """The message this one repeats, or the conversation of one whose Message-ID it carries with other words."""
    for value in (id_told_apart(parsed), parsed.message_id[:500]):
        if value in known:
            stored = Message.objects.select_related("conversation").get(pk=known[value][0])
            if value != parsed.message_id[:500] or _says_the_same(stored, parsed):
                return Thread(duplicate_of=stored)
            why = "It carries the Message-ID of a message here, with other words"
            return Thread(_living(stored.conversation_id, account), why, taken_id=True)
    return None


def _says_the_same(stored: Message, parsed: Parsed) -> bool:
    """Some senders give two mails one Message-ID: only the same words from the same address are the same message.

    What we sent ourselves and see again is ours, whatever the way did to its words.
    """
    if stored.direction != Message.Direction.IN or registry.adapter_class(stored.channel).capabilities.ids_of_network:
        return True
    return (stored.from_address, stored.text) == (parsed.from_address[:320], parsed.text[:LONGEST_TEXT_CHARS])


def id_told_apart(parsed: Parsed) -> str:
    """This function will make an id for a message whose Message-ID another one has: the same again for the same words."""
    words = hashlib.sha256(f"{parsed.from_address}\n{parsed.text}".encode()).hexdigest()
    return f"{parsed.message_id[:450]}#{words[:32]}"


def first_asked_after(message: Message) -> Message | None:
    """This function will return the first that somebody wrote in the conversation after a message was sent."""
    heard = Message.objects.filter(conversation=message.conversation_id, direction=Message.Direction.IN, automatic="")
    return heard.filter(sent_at__gt=message.sent_at).order_by("sent_at", "pk").first()


_KNOWN = """
    SELECT message_id, id, conversation_id FROM conversations_message
    WHERE partner_id = %s AND message_id IN ({marks}) AND NOT (message_id = '')
"""


def _known(partner_id: int, message_ids: list[str]) -> dict[str, tuple[int, int]]:
    """Which of these Message-IDs the partner has: to (message, conversation). Every mail asks this.

    In SQL, since SQLite looks into the index of message_once_a_partner only where its very condition is written out.
    """
    known = rows_of(_known_among(len(message_ids)), [partner_id, *message_ids], connections[DEFAULT_DB_ALIAS])
    return {value: (pk, conversation_id) for value, pk, conversation_id in known}


@cache
def _known_among(number: int) -> str:
    return _KNOWN.format(marks=", ".join(["%s"] * number))


def _living(conversation_id: int | None, account: Account) -> Conversation | None:
    """The conversation, or the one it was merged into; None where it is not the partner's."""
    while conversation_id is not None:
        conversation = _BY_NUMBER.first(conversation=conversation_id)
        if conversation is None:
            return None
        if conversation.account_id == account.pk:
            conversation.account = account
        if conversation.account.partner_id != account.partner_id:
            return None
        if conversation.merged_into_id is None:
            return conversation
        conversation_id = conversation.merged_into_id
    return None


_BY_NUMBER = Question(lambda: Conversation.objects.filter(pk=Given("conversation")))
