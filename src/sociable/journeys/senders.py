"""Stops an answer that would leave from the wrong account, and lets it leave from the right one.

Whoever holds the wrong account itself may go on, with a reason that is kept. Where the right account cannot answer on that
network, the conversation goes to it with its clock, and is answered by another way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sociable.conversations.models import Conversation
from sociable.directory.models import Account
from sociable.domain.ways import Way
from sociable.journeys import join, trail, ways
from sociable.journeys.purposes import Right
from sociable.people import permissions
from sociable.people.models import Person


class WrongAccount(ways.Stopped):
    """The answer would leave from an account that does not answer."""


class CannotThere(ways.Stopped):
    """The right account cannot answer on that network; `right` says which it is."""

    def __init__(self, message: str, right: Right) -> None:
        super().__init__(message)
        self.right = right


@dataclass(frozen=True, slots=True)
class From:
    """The account from which somebody wants to answer, by its id, and why, where it is the wrong one."""

    account_id: int | None = None
    reason: str = ""


def sender(
    conversation: Conversation, place: ways.Place, asked: From, *, way: Way, person: Person, now: datetime
) -> Account | None:
    """This function will return the account from which an answer leaves, None where it is the one it would leave from anyway.

    Errors: WrongAccount; CannotThere; NotAllowed where the person does not answer for the account they want to speak for
    """
    right = place.right
    if right is None:
        return None
    if asked.account_id == right.account.pk or (asked.account_id is None and right.by_itself):
        if not right.can and way is not Way.EMAIL:
            raise CannotThere(_cannot_words(right), right)
        permissions.check_can_answer(person, right.account.place)
        return right.account
    if asked.account_id == right.wrong.pk:
        _check_reason(conversation, right, asked.reason, person=person, now=now)
        return right.wrong
    raise WrongAccount(
        f"{right.wrong.name} does not answer: requests to it are answered from {right.account.name}. Nothing was sent, and your "
        "words are kept."
    )


def _cannot_words(right: Right) -> str:
    return (
        f"{right.account.name} cannot answer where they asked, so it stands with {right.account.name} now, with its clock. Nothing was "
        "sent: send it by email, and your words are kept."
    )


def _check_reason(conversation: Conversation, right: Right, reason: str, *, person: Person, now: datetime) -> None:
    permissions.check_can_answer(person, right.wrong.own_place)
    if not reason.strip():
        raise WrongAccount(
            f"Say why this must leave from {right.wrong.name}: the reason is kept with your name. Or answer from {right.account.name}."
        )
    trail.leave(
        conversation,
        verb="answered from the wrong account",
        kind="answer",
        person=person,
        now=now,
        reason=reason.strip(),
        after={"account": right.wrong.name},
    )


def hand_to(conversation: Conversation, right: Right, person: Person, now: datetime) -> None:
    """This function will put a conversation onto the account that must answer it; it keeps its clock.

    Errors: CannotMove; NotAllowed
    """
    if conversation.account_id != right.account.pk:
        join.move(conversation.pk, right.account, person, "", now)
