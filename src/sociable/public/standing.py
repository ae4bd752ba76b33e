"""Decides how it stands with a request, in the words that head its private link.

What was promised is decided by promises; which messages may be read, by the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sociable.conversations.models import Conversation, Message
from sociable.directory import queries as directory
from sociable.directory.queries import Stated, zone_of
from sociable.domain.saying import moment_soon
from sociable.promises import services as promises
from sociable.promises.models import Wait

State = Conversation.State


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with a request, as its head says it."""

    title: str
    promise: str = ""
    due: str = ""
    explained: str = ""
    answered: bool = False
    waits: bool = False


def standing(conversation: Conversation, stated: Stated, messages: Sequence[Message], now: datetime) -> Standing:
    """This function will say how it stands with a request.

    Shape:  `messages` are those the resident can read: an answer counts when it is among them, and until then they wait
    """
    wait = (
        conversation.waits.exclude(ended=Wait.Ended.JOINED)
        .select_related("ended_with", "promise")
        .order_by("started_at", "pk")
        .last()
    )
    if wait is None:
        return _kept_aside(conversation, stated, now)
    if wait.is_open or (wait.ended_with is not None and wait.ended_with not in messages):
        return _waiting(wait.due_at, _explained(wait), stated, now)
    if wait.ended == Wait.Ended.ANSWERED:
        return Standing("We have answered", "Our answer is below.", answered=True)
    if wait.ended == Wait.Ended.NOT_REQUEST:
        return Standing(
            "We have read what you wrote",
            "We did not think it needs an answer. If it does, tell us below and we will answer.",
        )
    return Standing("We closed this without a written answer", "If you still need an answer, tell us below.")


def _kept_aside(conversation: Conversation, stated: Stated, now: datetime) -> Standing:
    """No clock runs yet, but it will have run from the start: the same words as for everybody."""
    if conversation.state == State.NOT_REQUEST:
        return Standing(
            "We have read what you wrote",
            "We did not think it needs an answer. If it does, tell us below and we will answer.",
        )
    due_at = stated.clock(conversation.started_at)[0].due_at
    return _waiting(due_at, "", stated, now)


def _waiting(due_at: datetime | None, why: str, stated: Stated, now: datetime) -> Standing:
    if due_at is None:
        return Standing(
            "We have your request",
            "We cannot promise a time here, but a person reads everything and answers.",
            waits=True,
        )
    when = moment_soon(due_at, now, zone_of(stated.account))
    if due_at < now:
        said = "We said we would answer by"
        sorry = "We are late, and we are sorry. You keep your place: you do not need to ask again."
        return Standing("We have your request", said, f"{when}.", sorry, waits=True)
    return Standing("We have your request", "A person will read it and answer by", when, why, waits=True)


def _explained(wait: Wait) -> str:
    """How the time was reckoned, so that anybody can follow it on their own clock."""
    calendar = directory.stated(promises.judged_by(wait)).calendar
    if wait.due_at is None or wait.promise is None or calendar is None:
        return ""
    if wait.promise.minutes is not None:
        told = calendar.explain(wait.started_at, timedelta(minutes=wait.promise.minutes))
    else:
        told = calendar.explain_elapsed(wait.started_at, wait.due_at)
    return f"How we reckon this: {told.sentence}."
