"""Begins, ends, re-opens and re-computes waits, and keeps their due rows true.

Which message does what, and when an answer is due, is decided in domain/promise. Every verb here runs inside its caller's transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from sociable.asking.keeping import add, keep
from sociable.asking.question import Given, Question
from sociable.channels import registry
from sociable.conversations.models import Conversation, Message, Outgoing
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.directory.queries import Stated
from sociable.domain.errors import DomainError
from sociable.domain.net import EARLIEST_PERCENT as EARLIEST_NET_PERCENT
from sociable.domain.promise import ARRIVAL, Effect, effect_of, used_at, warnings_of
from sociable.domain.worktime import Calendar
from sociable.due import services as due
from sociable.people import services as people
from sociable.people.models import Person
from sociable.promises.models import Wait, Waits, Warned

LATE_HANDOVER = timedelta(minutes=1)  # beyond the seconds kept for undo, a delivery this slow moves the answer's time


class NeedWithoutReason(DomainError):
    """Somebody was to be moved ahead without saying why."""


@dataclass(frozen=True, slots=True)
class Moved:
    """An open wait whose answer becomes due at another time: what a change of hours or promise would do."""

    wait: Wait
    was_due_at: datetime | None
    due_at: datetime | None


def open_wait(conversation: Conversation) -> Wait | None:
    """This function will return the conversation's open wait."""
    return _OPEN_WAIT.first(conversation=conversation.pk)


_OPEN_WAIT = Question(lambda: Wait.objects.filter(conversation=Given("conversation"), ended_at=None)[:1])


def heard(
    *,
    message: Message,
    conversation: Conversation,
    stated: Stated | None = None,
    is_new: bool = False,
    untold_at: Callable[[], datetime | None] = lambda: None,
) -> Wait | None:
    """This function will do to the conversation's wait what this message does, and return the wait it touched.

    Shape:  `is_new` spares the look-up for a conversation that has just begun; what is `stated` is read where it is needed
            and not given: for what begins a wait; `untold_at` is asked where a wait begins, see `begin`
    """
    wait = None if is_new else open_wait(conversation)
    effect = effect_of(
        direction=message.direction,
        by_person=not message.automatic,
        acknowledges=message.acknowledges,
        wait_open=wait is not None,
    )
    if effect is Effect.BEGIN:
        stated = stated or directory.stated(conversation.account_id)
        return begin(message=message, conversation=conversation, stated=stated, untold_at=untold_at())
    if wait is not None and effect is Effect.ACKNOWLEDGE:
        acknowledge(wait, message.sent_at)
    if wait is not None and effect is Effect.ANSWER:
        end(wait, how=Wait.Ended.ANSWERED, at=message.sent_at, person=message.author, answer=message)
    return wait if effect is not Effect.NOTHING else None


def begin(*, message: Message, conversation: Conversation, stated: Stated, untold_at: datetime | None = None) -> Wait:
    """This function will start a wait at the instant its message reached the network, with its due rows.

    Shape:  `untold_at` is given where nobody is told of an arrival: one that has come by then is noted here, and the worker
            need not do it, which is a third of what a line of chat asks of it
    """
    clock, version = stated.clock(message.sent_at)
    live = _waits_live(message, conversation)
    wait = Wait(
        conversation=conversation,
        account=conversation.account,
        contact_id=conversation.contact_id,
        began_with=message,
        promise=version,
        started_at=message.sent_at,
        clock_starts_at=clock.starts_at,
        due_at=clock.due_at,
        acknowledge_by_at=clock.acknowledge_by_at,
        waits_live=live,
        first_answer_by_at=stated.first_answer_by(message.sent_at) if live else None,
        length_seconds=_whole_seconds(clock.length),
        ordered_at=clock.ordered_at,
        in_learning=stated.account.stage == Account.Stage.LEARNING,
    )
    add([wait])
    _warn(wait, stated.calendar, untold_at)
    return wait


def _waits_live(message: Message, conversation: Conversation) -> bool:
    """The first answer is promised once a conversation; what is asked later is under the promise for all."""
    if not registry.adapter_class(message.channel).capabilities.live:
        return False
    return not _WAITED_LIVE.all(conversation=conversation.pk)


_WAITED_LIVE = Question(
    lambda: Wait.objects.filter(conversation=Given("conversation"), waits_live=True).values_list("pk")[:1]
)


def _whole_seconds(length: timedelta) -> int:
    return max(1, round(length.total_seconds()))


def _warn(wait: Wait, calendar: Calendar | None, untold_at: datetime | None = None) -> None:
    """Due rows for every warning instant; those already told are not told again, see tick."""
    instants = instants_of(wait, calendar)
    if untold_at is not None and ARRIVAL in instants and instants[ARRIVAL] <= untold_at:
        add([Warned(wait=wait, kind=ARRIVAL, due_at=instants.pop(ARRIVAL), told_at=untold_at)])
    things = [due.Due("warn", f"warn:{wait.pk}:{kind}", wait.pk, at, {"kind": kind}) for kind, at in instants.items()]
    near_at = used_at(wait.clock, calendar, EARLIEST_NET_PERCENT)
    if near_at is not None:
        things.append(due.Due("net", f"net:{wait.pk}", wait.pk, near_at))
    due.ask(things)


def instants_of(wait: Wait, calendar: Calendar | None) -> dict[str, datetime]:
    """This function will name the warning instants of a wait as they stand now."""
    instants = warnings_of(wait.clock, calendar, tuple(settings.WARNING_SHARES))
    if wait.first_answer_by_at is not None:
        instants["first"] = wait.first_answer_by_at
    return instants


def end(
    wait: Wait, *, how: str, at: datetime, person: Person | None = None, answer: Message | None = None, reason: str = ""
) -> None:
    """This function will end a wait and withdraw its warnings."""
    wait.ended, wait.ended_at, wait.ended_by, wait.ended_with, wait.ended_reason = how, at, person, answer, reason
    if answer is not None and wait.acknowledged_at is None:
        wait.acknowledged_at = at
    keep([wait], ["ended", "ended_at", "ended_by", "ended_with", "ended_reason", "acknowledged_at"])
    due.withdraw("warn", [wait.pk])
    due.withdraw("net", [wait.pk])


def reopen(wait: Wait, calendar: Calendar | None) -> Wait:
    """This function will open an ended wait again with its first start: its answer was taken back or never arrived.

    Where the resident wrote again in between, the earlier start is the one that counts.
    """
    later = open_wait(wait.conversation)
    if later is not None:
        end(
            later,
            how=Wait.Ended.JOINED,
            at=later.started_at,
            reason="An earlier wait of this conversation is open again",
        )
    if wait.ended_with is not None and wait.acknowledged_at == wait.ended_with.sent_at:
        wait.acknowledged_at = None  # it was acknowledged by that answer alone
    wait.ended, wait.ended_at, wait.ended_by, wait.ended_with, wait.ended_reason = "", None, None, None, ""
    wait.save(update_fields=["ended", "ended_at", "ended_by", "ended_with", "ended_reason", "acknowledged_at"])
    _warn(wait, calendar)
    return wait


def acknowledge(wait: Wait, at: datetime) -> None:
    """This function will note that whoever waits was told that we have it: they spoke with one of us."""
    if wait.acknowledged_at is None:
        wait.acknowledged_at = at
        wait.save(update_fields=["acknowledged_at"])


def unacknowledge(message: Message) -> None:
    """This function will forget that a message said we have it: it was taken back or never arrived."""
    Wait.objects.open().filter(conversation=message.conversation_id, acknowledged_at=message.sent_at).update(
        acknowledged_at=None
    )


def accepted(message: Message, at: datetime) -> None:
    """This function will move the time of an answer that left late to when the network took it: a stuck outbox flatters nobody."""
    undo = timedelta(seconds=settings.UNDO_SECONDS)
    if at - message.sent_at > undo + LATE_HANDOVER:
        Wait.objects.filter(ended_with=message, ended=Wait.Ended.ANSWERED).update(ended_at=at)


def move_ahead(wait: Wait, *, need: int, reason: str, person: Person, now: datetime) -> None:
    """This function will give a wait a need that puts it ahead of its share, or take it back with 0, and keep the reason.

    Errors: NeedWithoutReason
    """
    if not reason.strip():
        raise NeedWithoutReason(
            "Say why this request should be answered out of its turn: the reason is kept and can be read."
        )
    before = {"need": wait.need, "reason": wait.need_reason}
    wait.need, wait.need_reason = need, reason.strip() if need else ""
    wait.save(update_fields=["need", "need_reason"])
    people.record(
        verb="moved for need",
        object_kind="conversation",
        object_id=wait.conversation_id,
        partner_id=wait.account.partner_id,
        now=now,
        person=person,
        before=before,
        after={"need": need},
        reason=reason.strip(),
    )


def judged_by(wait: Wait) -> int:
    """This function will name the account whose promise judges a wait: the one it arrived at, wherever it stands now."""
    return wait.promise.account_id if wait.promise is not None else wait.account_id


def move(conversation: Conversation) -> None:
    """This function will let the open wait of a conversation that moved account stand in that account's line, with its clock.

    The start, the promise and the due time stay those of the account it arrived at: that is what the resident was told, and
    nobody wins time by passing a request on.
    Source: the mission's clock rules, "Moving channel or account keeps the start"
    """
    Wait.objects.open().filter(conversation=conversation).update(account=conversation.account)


def join(into: Conversation, other: Conversation, now: datetime) -> None:
    """This function will make the waits of two merged conversations those of one: of two open ones, the first to start counts.

    What ended before keeps the account it was judged for. A need stays with whoever was moved ahead for it.
    """
    ours, theirs = open_wait(into), open_wait(other)
    if ours is not None and theirs is not None:
        earlier, later = sorted((ours, theirs), key=lambda wait: (wait.started_at, wait.pk))
        if later.need > earlier.need:
            earlier.need, earlier.need_reason = later.need, later.need_reason
            earlier.save(update_fields=["need", "need_reason"])
        end(later, how=Wait.Ended.JOINED, at=now, reason="Its conversation was merged into one that waited longer")
    Wait.objects.filter(conversation=other).update(conversation=into, contact_id=into.contact_id)
    move(into)


def same_person(contact_id: int, other_id: int) -> None:
    """This function will give one contact's waits to another, who is the same person: one person holds one place."""
    Wait.objects.filter(contact_id=other_id).update(contact_id=contact_id)


def of_contact(conversation_ids: Sequence[int], contact_id: int) -> None:
    """This function will give the waits of conversations to the contact they are with: one person holds one place."""
    Wait.objects.filter(conversation__in=conversation_ids).update(contact_id=contact_id)


def split(old: Conversation, fresh: Conversation, messages: Sequence[Message], stated: Stated) -> None:
    """This function will part the waits of a conversation from which messages were split off.

    The first of those messages has a wait of its own from when it was sent, ended by the first human answer among them.
    A wait of what stays that was ended by an answer that went is open again, with its first start: nobody answered it.

    Shape:  messages oldest first, already in `fresh`; of `stated`, the account both stand on
    """
    ids = [message.pk for message in messages]
    _retell(
        fresh,
        messages,
        stated,
        began=set(Wait.objects.filter(began_with__in=ids).values_list("began_with_id", flat=True)),
    )
    standing = open_wait(fresh)
    for wait in Wait.objects.filter(conversation=old, began_with__in=ids):
        if standing is not None and wait.is_open:
            end(
                wait,
                how=Wait.Ended.JOINED,
                at=standing.started_at,
                reason="An earlier message of this conversation waits",
            )
        wait.conversation, wait.contact_id = fresh, fresh.contact_id
        wait.save(update_fields=["conversation", "contact"])
    robbed = Wait.objects.filter(conversation=old, ended=Wait.Ended.ANSWERED, ended_with__in=ids).select_related(
        "promise", "conversation"
    )
    for wait in robbed.order_by("-started_at"):
        reopen(wait, directory.stated(judged_by(wait)).calendar)


def _retell(fresh: Conversation, messages: Sequence[Message], stated: Stated, began: set[int]) -> None:
    """Hear the split messages again until one of them began a wait of its own, which moves as it is."""
    for message in messages:
        if message.pk in began:
            return
        if not _never_arrived(message):
            heard(message=message, conversation=fresh, stated=stated)


def _never_arrived(message: Message) -> bool:
    outgoing = getattr(message, "outgoing", None)
    return outgoing is not None and outgoing.state in (
        Outgoing.State.UNDONE,
        Outgoing.State.FAILED,
        Outgoing.State.BOUNCED,
    )


def _judged_by(account: Account) -> Waits:
    """Open waits under the account's promises, wherever they stand now, and those under none at it or answered from it."""
    under_none = Q(promise=None) & (Q(account=account) | Q(account__answered_from=account))
    return Wait.objects.open().filter(Q(promise__account=account) | under_none)


def would_move(stated: Stated) -> list[Moved]:
    """This function will say which open waits become due at another time under what the account now states; it writes nothing."""
    moved = []
    for wait in _judged_by(stated.account).select_related("conversation", "contact"):
        clock, _ = stated.clock(wait.started_at)
        if clock.due_at != wait.due_at:
            moved.append(Moved(wait, wait.due_at, clock.due_at))
    return moved


def recompute(stated: Stated) -> int:
    """This function will set the clocks of the account's open waits to what it now states, and return how many were set.

    Waits that ended are never touched: they were judged by the version of their day.
    """
    waits = list(_judged_by(stated.account).select_for_update(of=("self",)))
    for wait in waits:
        clock, version = stated.clock(wait.started_at)
        wait.promise, wait.clock_starts_at, wait.due_at = version, clock.starts_at, clock.due_at
        wait.acknowledge_by_at, wait.ordered_at = clock.acknowledge_by_at, clock.ordered_at
        wait.first_answer_by_at = stated.first_answer_by(wait.started_at) if wait.waits_live else None
        wait.length_seconds = _whole_seconds(clock.length)
        wait.save(
            update_fields=[
                "promise", "clock_starts_at", "due_at", "acknowledge_by_at", "first_answer_by_at", "ordered_at", "length_seconds",
            ]
        )  # fmt: skip
        due.withdraw("warn", [wait.pk])
        due.withdraw("net", [wait.pk])
        _warn(wait, stated.calendar)
    return len(waits)
