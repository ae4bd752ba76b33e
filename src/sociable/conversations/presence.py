"""Knows who has a conversation open, who is writing in it, and what each has written so far.

Holding a conversation is another thing: see journeys/claim. Of all this a resident is told one thing: who writes an answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sociable.conversations.models import Draft, Presence

GONE_AFTER = timedelta(seconds=45)
TOLD_AGAIN_SECONDS = 10
WRITING_FOR = timedelta(seconds=25)  # after the last key


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody who is in the conversation now."""

    name: str
    writing: bool


def look(conversation_id: int, person_id: int, now: datetime) -> bool:
    """This function will note that somebody has the conversation open; True if that is news to the others."""
    writing = (
        Draft.objects.filter(conversation=conversation_id, person=person_id, kept_at__gt=now - WRITING_FOR)
        .exclude(text="")
        .exists()
    )
    return _note(conversation_id, person_id, now, writing=writing)


def write(conversation_id: int, person_id: int, *, kind: str, text: str, against_version: int, now: datetime) -> bool:
    """This function will keep what somebody has written so far, all of it; True if that they write is news to the others."""
    Draft.objects.update_or_create(
        conversation_id=conversation_id,
        person_id=person_id,
        kind=kind,
        defaults={"text": text, "against_version": against_version, "kept_at": now},
    )
    return _note(conversation_id, person_id, now, writing=bool(text.strip()))


def _note(conversation_id: int, person_id: int, now: datetime, *, writing: bool) -> bool:
    rows = Presence.objects.filter(conversation=conversation_id)
    rows.filter(seen_at__lt=now - GONE_AFTER).delete()
    known = rows.filter(person=person_id).first()
    Presence.objects.update_or_create(
        conversation_id=conversation_id, person_id=person_id, defaults={"seen_at": now, "writing": writing}
    )
    return known is None or known.writing != writing or (writing and _another_moment(known.seen_at, now))


def _another_moment(then: datetime, now: datetime) -> bool:
    """Whoever writes for long is told of again in every stretch of ten seconds, for those who see only what is told."""
    return then.timestamp() // TOLD_AGAIN_SECONDS != now.timestamp() // TOLD_AGAIN_SECONDS


def answering(conversation_id: int, now: datetime) -> str:
    """This function will return the first name of whoever writes an answer, for whoever waits for it; a note does not count."""
    draft = (
        Draft.objects.filter(conversation=conversation_id, kind="answer", kept_at__gt=now - WRITING_FOR)
        .exclude(text="")
        .select_related("person")
        .order_by("-kept_at")
        .first()
    )
    return draft.person.first_name if draft else ""


def leave(conversation_id: int, person_id: int) -> bool:
    """This function will note that somebody closed the conversation; True if they were there."""
    return bool(Presence.objects.filter(conversation=conversation_id, person=person_id).delete()[0])


def present(conversation_id: int, now: datetime, *, besides: int | None = None) -> list[Here]:
    """This function will list who is there, those who write first."""
    rows = Presence.objects.filter(conversation=conversation_id, seen_at__gte=now - GONE_AFTER).exclude(person=besides)
    return [Here(row.person.name, row.writing) for row in rows.select_related("person").order_by("-writing", "seen_at")]


def draft_of(conversation_id: int, person_id: int, kind: str) -> Draft | None:
    """This function will return what somebody had written when they last stopped."""
    return Draft.objects.filter(conversation=conversation_id, person=person_id, kind=kind).exclude(text="").first()
