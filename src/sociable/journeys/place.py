"""What was read is put where it belongs: a conversation, the message it changes or removes, or what it tells of our own.

Whose wait it begins or ends is asked of promises; storing and reading came before, in receive.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sociable.alerts import queries as alerts
from sociable.asking.keeping import Change
from sociable.asking.question import Given
from sociable.channels.base import Parsed
from sociable.conversations import inbound, joining
from sociable.conversations import queries as conversations_asked
from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Identity, Message, RawInbound
from sociable.conversations.queries import Thread
from sociable.directory import queries as directory
from sociable.directory.queries import Stated
from sociable.domain.text import heading_of
from sociable.journeys import files, identify, mirror, naming, outbox, receipts, returned, windows
from sociable.live import services as live
from sociable.promises import services as promises

WAITS_FOR_ID = timedelta(hours=1)  # a doubt may stand for ever, and a report of something else must not wait for it


class TakenByAnother(Exception):
    """Another worker read this raw row first."""


class NotYet(Exception):
    """It tells of a message of ours that the network may have taken at this instant: to be read again in a moment."""


def place(
    raw: RawInbound, parsed: Parsed, kept: Sequence[inbound.Kept], stated: Stated, now: datetime
) -> Message | None:
    """This function will put what was read where it belongs, inside its caller's transaction.

    Shape:  the message, or the one it repeats on the same account; None where it is no message to be read
    Errors: TakenByAnother; NotYet; IntegrityError where the same was written at this instant
    """
    told = parsed if parsed.happening == "said" else _happened(raw, parsed, now)
    if told is None:
        return None
    found = _thread_of(told, raw, stated)
    if found.duplicate_of is not None:
        _mark(raw, RawInbound.State.DUPLICATE, found.duplicate_of)
        returned.seen(found.duplicate_of, now)
        return found.duplicate_of if found.duplicate_of.conversation.account_id == raw.account_id else None
    if told.by_account:
        message = _said_by_account(raw, told, found, now)
    else:
        message = _said(raw, told, kept=kept, found=found, stated=stated, now=now)
    if message is not None and parsed.happening == "edited":
        mirror.edited_before_it_came(message, parsed)
    return message


def _thread_of(parsed: Parsed, raw: RawInbound, stated: Stated) -> Thread:
    """Where it belongs; before somebody's line begins a conversation, another of theirs that is being read is waited for."""
    found = conversations_asked.thread_of(parsed, raw, stated.account)
    if found.conversation is None and found.duplicate_of is None and (parsed.thread_key or parsed.in_reply_to):
        who = {"kind": parsed.identity_kind, "address": parsed.from_address}
        if conversations.one_after_another(partner_id=stated.account.partner_id, **who):
            return conversations_asked.thread_of(parsed, raw, stated.account)
    return found


def _said(
    raw: RawInbound, parsed: Parsed, *, kept: Sequence[inbound.Kept], found: Thread, stated: Stated, now: datetime
) -> Message:
    if found.taken_id:
        other = "It has the Message-ID of another message and different words; we gave it one of its own."
        parsed = replace(
            parsed, message_id=conversations_asked.id_told_apart(parsed), problems=(*parsed.problems, other)
        )
    conversation = found.conversation
    is_new = conversation is None
    if conversation is None:
        conversation = _begin(raw, parsed, stated, now)
    else:
        conversation = _where_it_lives(conversations.held_still(conversation))
    if (
        conversation.account_id != stated.account.pk
    ):  # it answers a conversation that moved: that account's clock judges
        stated = directory.stated(conversation.account_id)
    message = inbound.add_inbound(
        conversation=conversation, parsed=parsed, kept=kept, raw=raw, joined_why=found.why, now=now
    )
    if not is_new:
        conversations.touched(conversation, at=message.sent_at, direction="in", by_person=not parsed.automatic)
    if parsed.files:
        files.ask(message, now)
    naming.ask(message, now)
    windows.heard(message, is_new=is_new, now=now)
    mirror.withdraw_if_told(message, raw, now)
    if parsed.bounce_of is not None:
        returned.note(parsed.bounce_of, message, now)
    elif not is_new:
        returned.answered(message, parsed, now)
        identify.listen(message, now)
    if conversation.state != Conversation.State.KEPT_ASIDE:
        wait = promises.heard(
            message=message,
            conversation=conversation,
            stated=stated,
            is_new=is_new,
            untold_at=lambda: None if alerts.alerted([stated.account]) else now,
        )
        if wait is not None and wait.began_with_id == message.pk and parsed.may_acknowledge and not raw.from_history:
            receipts.send(wait, stated, now)
    _mark(raw, RawInbound.State.READ, message)
    live.publish(kind="message", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return message


def _happened(raw: RawInbound, parsed: Parsed, now: datetime) -> Parsed | None:
    """Do what tells of a message that was said before; an edit of one we never saw is read as that message itself.

    Errors: NotYet
    """
    if parsed.happening == "unknown":
        words = " ".join(parsed.problems) or "The network told of something of a kind that Sociable does not know."
        _mark(raw, RawInbound.State.UNREADABLE, None, error=words)
        return None
    if parsed.happening == "edited":
        edited = mirror.edit(raw, parsed, now)
        if edited is None:
            first = min(parsed.first_said_at or parsed.sent_at, parsed.sent_at)  # since then they wait
            return replace(parsed, happening="said", message_id=parsed.about_id, sent_at=first)
        _mark(raw, RawInbound.State.NOTED, edited)  # so that its words go when those of the message do
        return None
    if parsed.happening == "withdrawn":
        mirror.withdraw(raw, parsed, now)
    of_nothing_known = parsed.happening == "delivery" and not returned.delivered(raw.account, parsed, now)
    if of_nothing_known and now - raw.fetched_at < WAITS_FOR_ID and outbox.on_their_way(raw.account):
        raise NotYet(f"It tells of {parsed.about_id}, which is not known yet.")
    _mark(raw, RawInbound.State.NOTED, None)
    return None


def _said_by_account(raw: RawInbound, parsed: Parsed, found: Thread, now: datetime) -> Message | None:
    """The account said it at the network: what we sent ourselves is known again, and what a colleague wrote there is an answer."""
    if found.conversation is None:
        _mark(raw, RawInbound.State.NOTED, None)
        return None
    conversation = _locked(found.conversation.pk)
    ours = returned.recognised(conversation, parsed, now)
    if ours is not None:
        _mark(raw, RawInbound.State.DUPLICATE, ours)
        return None
    message = inbound.add_inbound(
        conversation=conversation, parsed=parsed, kept=[], raw=raw, joined_why="Written at the network itself", now=now
    )
    _ends_what_it_answers(message, conversation)
    mirror.withdraw_if_told(message, raw, now)
    files.ask(message, now)
    _mark(raw, RawInbound.State.READ, message)
    live.publish(kind="answer", account_id=conversation.account_id, conversation_id=conversation.pk, now=now)
    return message


def _ends_what_it_answers(message: Message, conversation: Conversation) -> None:
    """It may be told late: it answers what was asked before it, and what they asked since waits from when they did."""
    since = conversations_asked.first_asked_after(message)
    conversations.touched(conversation, at=message.sent_at, direction="out", by_person=True)
    if since is not None:
        joining.retell(conversation)
    wait = promises.open_wait(conversation)
    if wait is None or message.sent_at < wait.started_at:
        return
    stated = directory.stated(conversation.account_id)
    promises.heard(message=message, conversation=conversation, stated=stated)
    if since is not None:
        promises.heard(message=since, conversation=conversation, stated=stated)


def _locked(conversation_id: int) -> Conversation:
    """What is said in one conversation at the same instant is put down one after the other; where it was just merged, there."""
    return _where_it_lives(conversations.locked(conversation_id))


def _where_it_lives(conversation: Conversation) -> Conversation:
    return conversation if conversation.merged_into_id is None else _locked(conversation.merged_into_id)


def _begin(raw: RawInbound, parsed: Parsed, stated: Stated, now: datetime) -> Conversation:
    known = bool(parsed.from_address)
    contact = conversations.contact_by(
        partner_id=stated.account.partner_id,
        kind=parsed.identity_kind if known else Identity.NOBODY,
        address=parsed.from_address[:320] if known else raw.remote_id,
        name=parsed.from_name or parsed.from_handle,
        handle=parsed.from_handle,
        now=now,
    )
    state, reason = Conversation.State.OPEN, ""
    if parsed.automatic:
        state, reason = Conversation.State.NOT_REQUEST, parsed.automatic_why
    elif parsed.suspected_why:
        state, reason = Conversation.State.KEPT_ASIDE, parsed.suspected_why
    return conversations.begin_conversation(
        account=stated.account,
        contact=contact,
        subject=parsed.subject or heading_of(parsed.text),
        at=parsed.sent_at,
        state=state,
        reason=reason,
    )


def _mark(raw: RawInbound, state: str, message: Message | None, error: str = "") -> None:
    """The last statement of the transaction: if another worker got there first, all of this is taken back."""
    message_id = message.pk if message else None
    if not _READ.make(raw=raw.pk, state=state, message=message_id, error=error[:2000]):
        raise TakenByAnother


_READ = Change(
    lambda: RawInbound.objects.filter(pk=Given("raw"), state=RawInbound.State.NEW),
    state=Given("state"),
    message=Given("message"),
    error=Given("error"),
)
