"""A person decides what becomes of a conversation without answering it: no request, a request after all, closed, open again,
ahead for need, back from being put off.

What each does to the clock is done by promises; only an answer counts as one.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Message
from sociable.directory import queries as directory
from sociable.domain.errors import DomainError
from sociable.due import services as due
from sociable.journeys import trail
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import services as promises
from sociable.promises.models import Wait

State = Conversation.State
NOT_REQUESTS = {
    "thanks": "Only a thank-you",
    "spam": "Spam or advertising",
    "abuse": "Abuse, with nothing asked",
    "not_for_us": "Not for this body",
    "other": "Something else",
}
LONGEST_LINE_CHARS = 500


class NotNow(DomainError):
    """The conversation is not in a state in which this can be done."""


class NoReason(DomainError):
    """A reason is needed: somebody will ask for it."""


def not_a_request(conversation_id: int, person: Person, why: str, now: datetime, detail: str = "") -> None:
    """This function will say that nobody has to answer: its wait ends without counting for or against the promise.

    Errors: NoReason; NotNow; NotAllowed
    """
    if why not in NOT_REQUESTS:
        raise NoReason("Say why nobody has to answer this: choose one of the reasons.")
    if why == "other" and not detail.strip():
        raise NoReason("Say in a few words what it is, if it is not a request.")
    reason = detail.strip() if why == "other" else NOT_REQUESTS[why]
    with transaction.atomic():
        conversation = _changing(conversation_id, person, State.OPEN, State.KEPT_ASIDE)
        before = conversation.state
        _end_wait(conversation, Wait.Ended.NOT_REQUEST, person, reason, now)
        _put_away(conversation, State.NOT_REQUEST, reason)
        trail.leave(
            conversation,
            verb="said it is no request",
            kind="settled",
            person=person,
            now=now,
            reason=reason,
            before={"state": before},
        )


def is_a_request(conversation_id: int, person: Person, now: datetime) -> None:
    """This function will open a conversation that was kept aside or taken for no request; its clock has run since it arrived.

    Errors: NotNow; NotAllowed
    """
    with transaction.atomic():
        conversation = _changing(conversation_id, person, State.NOT_REQUEST, State.KEPT_ASIDE)
        before = conversation.state
        conversations.settle(conversation, State.OPEN)
        if not _reopen(conversation, Wait.Ended.NOT_REQUEST):
            _begin(conversation)
        trail.leave(
            conversation, verb="said it is a request", kind="opened", person=person, now=now, before={"state": before}
        )


def close(conversation_id: int, person: Person, reason: str, now: datetime) -> None:
    """This function will close a conversation; where somebody still waits this is no answer, and the wait counts as not kept.

    Errors: NoReason where somebody waits; NotNow; NotAllowed
    """
    with transaction.atomic():
        conversation = _changing(conversation_id, person, State.OPEN)
        waited = promises.open_wait(conversation) is not None
        if waited and not reason.strip():
            raise NoReason("They have had no answer. Say why it is closed without one: the reason is kept and counted.")
        _end_wait(conversation, Wait.Ended.CLOSED, person, reason.strip()[:LONGEST_LINE_CHARS], now)
        _put_away(conversation, State.CLOSED, reason.strip())
        verb = "closed without an answer" if waited else "closed"
        trail.leave(conversation, verb=verb, kind="settled", person=person, now=now, reason=reason.strip())


def reopen(conversation_id: int, person: Person, now: datetime) -> None:
    """This function will open a closed conversation; a wait that closing ended goes on from its first start.

    Errors: NotNow; NotAllowed
    """
    with transaction.atomic():
        conversation = _changing(conversation_id, person, State.CLOSED)
        conversations.settle(conversation, State.OPEN)
        _reopen(conversation, Wait.Ended.CLOSED)
        trail.leave(conversation, verb="opened again", kind="opened", person=person, now=now)


def move_ahead(conversation_id: int, person: Person, reason: str, now: datetime, *, need: int = 1) -> None:
    """This function will move a request ahead of its share for need, or back into its fair place with need 0; the reason is kept.

    Errors: NotNow where nobody waits; NeedWithoutReason; NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_jump(person, conversation.place)
        wait = promises.open_wait(conversation)
        if wait is None:
            raise NotNow("Nobody waits for an answer here, so there is no place to change.")
        promises.move_ahead(wait, need=need, reason=reason[:300], person=person, now=now)
        trail.tell(conversation, kind="need", now=now)


def bring_back(conversation_id: int, person: Person, now: datetime) -> None:
    """This function will put a conversation that was put off into its fair place at once.

    Errors: NotAllowed
    """
    with transaction.atomic():
        conversation = conversations.locked(conversation_id)
        permissions.check_can_answer(person, conversation.place)
        conversations.settle(conversation, conversation.state, conversation.state_reason)
        due.withdraw("snooze", [conversation.pk])
        trail.tell(conversation, kind="back", now=now)


def _changing(conversation_id: int, person: Person, *states: str) -> Conversation:
    conversation = conversations.locked(conversation_id)
    permissions.check_can_answer(person, conversation.place)
    if conversation.state not in states:
        raise NotNow(
            f"This conversation is “{State(conversation.state).label.lower()}” now. Somebody else may have been quicker: look again."
        )
    return conversation


def _put_away(conversation: Conversation, state: str, reason: str) -> None:
    conversations.free(conversation)
    conversations.settle(conversation, state, reason)
    due.withdraw("hold", [conversation.pk])
    due.withdraw("snooze", [conversation.pk])


def _end_wait(conversation: Conversation, how: str, person: Person, reason: str, now: datetime) -> None:
    wait = promises.open_wait(conversation)
    if wait is not None:
        promises.end(wait, how=how, at=now, person=person, reason=reason)


def _reopen(conversation: Conversation, ended: str) -> bool:
    """The last wait goes on, if this is how it ended."""
    wait = (
        Wait.objects.select_related("promise", "conversation")
        .filter(conversation=conversation)
        .order_by("started_at", "pk")
        .last()
    )
    if wait is None or wait.ended != ended:
        return False
    promises.reopen(wait, directory.stated(promises.judged_by(wait)).calendar)
    return True


def _begin(conversation: Conversation) -> None:
    """No clock has run yet: it begins with what they wrote since our last answer, whatever a machine took that for."""
    answered = (
        conversation.messages.filter(direction=Message.Direction.OUT, automatic="").order_by("sent_at", "pk").last()
    )
    since = conversation.messages.filter(direction=Message.Direction.IN).order_by("sent_at", "pk")
    if answered is not None:
        since = since.filter(sent_at__gt=answered.sent_at)
    first = since.first()
    if first is None:
        return
    if first.automatic:
        first.automatic = ""
        first.save(update_fields=["automatic"])
    promises.heard(message=first, conversation=conversation, stated=directory.stated(conversation.account_id))
