"""Puts conversations into words as rows of the desk: who, what, where, by when, and who is there.

In which order they stand, and on which page, is decided by listing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max
from django.db.models.functions import Substr
from django.urls import reverse

from sociable.channels import registry
from sociable.conversations.models import PEOPLE_READ, Conversation, Message, Presence
from sociable.desk import chat_words, window_words
from sociable.desk.asked import Asked
from sociable.directory.queries import answering as answered_from
from sociable.directory.queries import judging_calendars, zone_of
from sociable.domain.saying import moment_near
from sociable.domain.text import heading_of
from sociable.domain.worktime import Calendar
from sociable.people.models import Person
from sociable.promises import words
from sociable.promises.lines import share_of
from sociable.promises.models import Wait

PRESENT = timedelta(seconds=45)  # after this without a heartbeat somebody is gone
SNIPPET_CHARS = 140


def rows_of(conversations: Sequence[Conversation], asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """This function will return rows for conversations in the order given, each with its open wait if it has one."""
    waits = {wait.conversation_id: wait for wait in Wait.objects.open().filter(conversation__in=conversations)}
    calendars = judging_calendars({conversation.account for conversation in conversations})
    rows = []
    for conversation in conversations:
        wait = waits.get(conversation.pk)
        calendar = calendars[conversation.account_id]
        share = share_of(wait, calendar, now) if wait else 0.0
        rows.append(row_of(conversation, now, wait=wait, share=share, calendar=calendar))
    return with_words(rows, asked, now)


def row_of(
    conversation: Conversation,
    now: datetime,
    *,
    wait: Wait | None,
    share: float,
    calendar: Calendar | None,
    reason: str = "",
) -> dict[str, Any]:
    """This function will return the row of one conversation, without what is asked for all rows at once."""
    account = wait.account if wait else conversation.account
    contact = wait.contact if wait else conversation.contact
    at = wait.started_at if wait else conversation.last_message_at
    held = conversation.held_by if conversation.held_until_at and conversation.held_until_at > now else None
    return {
        "id": conversation.pk,
        "contact_id": contact.pk,
        "message_id": wait.began_with_id if wait else None,
        "url": reverse("desk:conversation", args=[conversation.pk]),
        "who": contact.name,
        "subject": conversation.subject or "No subject",
        "at": moment_near(at, now, zone_of(account)),
        "channel": account.channel,
        "icon": registry.icon_of(account.channel),
        "where": account.name,
        "zone": zone_of(account),
        "promise": words.bar(wait, share, calendar, now) if wait else None,
        "why": reason,
        "holder": held.name if held else "",
        "held_by_id": held.pk if held else None,
        "tags": _tags(conversation, wait, now),
    }


def _tags(conversation: Conversation, wait: Wait | None, now: datetime) -> list[dict[str, str]]:
    tags = []
    first, tone = chat_words.first_answer(wait, now)
    if first:
        tags.append({"text": first, "tone": tone})
    other = answered_from(conversation.account)
    if other is not None:
        tags.append({"text": f"Answered from {other.name}", "tone": ""})
    if wait and wait.need:
        tags.append({"text": "Moved for need", "tone": "info"})
    if wait and wait.in_learning:
        tags.append({"text": "Learning", "tone": "info"})
    if conversation.state != Conversation.State.OPEN:
        tags.append(
            {"text": conversation.get_state_display(), "tone": "warn" if conversation.state == "kept_aside" else ""}
        )
    if conversation.snoozed_until_at and conversation.snoozed_until_at > now:
        tags.append(
            {
                "text": f"Put off until {moment_near(conversation.snoozed_until_at, now, zone_of(conversation.account))}",
                "tone": "",
            }
        )
    if conversation.handed_note:
        tags.append({"text": conversation.handed_note, "tone": "accent"})
    return tags


def with_words(rows: list[dict[str, Any]], asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """This function will add what takes a query for all rows at once: the first words, names of people without one, who is there."""
    ids = [row["id"] for row in rows]
    snippets = _snippets(rows)
    present = _present(ids, asked.person, now)
    windows = window_words.of_many(ids) if window_words.sets_one(asked.all_accounts) else {}
    for row in rows:
        message = snippets.get(row["message_id"]) or {}
        row["snippet"] = _beyond(row["subject"], message.get("start") or "")
        row["channel"] = message.get("channel") or row["channel"]
        row["icon"] = registry.icon_of(row["channel"])
        theirs = message.get("direction") == Message.Direction.IN
        readable = theirs and message.get("identity_kind") in PEOPLE_READ
        row["who"] = row["who"] or (message.get("from_address") if readable else "") or "Somebody"
        row["mine"] = row["held_by_id"] == asked.person.pk
        row["presence"] = present.get(row["id"], "")
        if row["promise"] and (window := windows.get(row["id"])):  # it matters while somebody waits
            row["tags"].insert(0, window_words.tag(window, now, row["zone"]))
    return rows


def _beyond(heading: str, text: str) -> str:
    """The first words of a message, without those that head its row already."""
    words = " ".join(text.split())
    return words.partition(heading.rstrip("…"))[2].strip() if heading_of(text) == heading else words


def _snippets(rows: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The message a wait began with, or else the last thing said."""
    rows = list(rows)
    without = [row["id"] for row in rows if row["message_id"] is None]
    if without:
        spoken = Message.objects.filter(conversation_id__in=without).exclude(direction=Message.Direction.NOTE)
        last = dict(spoken.values("conversation_id").annotate(last=Max("pk")).values_list("conversation_id", "last"))
        for row in rows:
            row["message_id"] = row["message_id"] or last.get(row["id"])
    messages = Message.objects.filter(pk__in=[row["message_id"] for row in rows if row["message_id"]])
    some: Any = messages.annotate(start=Substr("text", 1, SNIPPET_CHARS)).values(
        "pk", "start", "channel", "direction", "from_address", "identity_kind"
    )
    return {message["pk"]: message for message in some}


def _present(ids: Sequence[int], person: Person, now: datetime) -> dict[int, str]:
    there = (
        Presence.objects.filter(conversation_id__in=ids, seen_at__gt=now - PRESENT)
        .exclude(person=person)
        .select_related("person")
    )
    words_of: dict[int, str] = {}
    for one in there.order_by("writing", "pk"):
        words_of[one.conversation_id] = f"{one.person.first_name} is {'writing' if one.writing else 'looking'}"
    return words_of
