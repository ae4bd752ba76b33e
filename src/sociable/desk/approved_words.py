"""Puts into words the box in which an approved message is chosen and filled in.

Which messages there are and how one is sent is the journeys'; what is done with the box, in approved.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse

from sociable.conversations.models import Conversation
from sociable.desk import window_words
from sociable.directory.models import ApprovedMessage
from sociable.domain.window import Reply
from sociable.journeys import approved
from sociable.people import permissions
from sociable.people.requests import StaffRequest

FIELD = "blank-"


def box(
    request: StaffRequest,
    conversation: Conversation,
    now: datetime,
    *,
    error: str = "",
    values: Mapping[str, str] | None = None,
) -> dict[str, Any] | None:
    """This function will return what the box of approved messages shows; nothing where their network has none."""
    window = window_words.of(conversation)
    if window is None or not window.approved or not permissions.can_answer(request.user, conversation.place):
        return None
    offered = list(approved.offered(conversation))
    asked = request.POST.get("approved") or request.GET.get("approved", "")
    chosen = next((one for one in offered if str(one.pk) == asked), offered[0] if len(offered) == 1 else None)
    reply = window_words.reply_at(window, now)
    return {
        "open": reply == Reply.APPROVED or bool(asked),
        "needed": reply == Reply.APPROVED,
        "choices": [{"id": one.pk, "words": _name(one), "chosen": one == chosen} for one in offered],
        "chosen": chosen and _shown(chosen, values or {}, error),
        "error": error,
        "version": conversation.version,
        "url": reverse("desk:conversation", args=[conversation.pk]),
    }


def _name(one: ApprovedMessage) -> str:
    return f"{one.name.replace('_', ' ').capitalize()} ({one.language.replace('_', '-')})"


def _shown(chosen: ApprovedMessage, values: Mapping[str, str], error: str) -> dict[str, Any]:
    """The words in pieces: said, or a blank by its number."""
    numbers = {blank: number for number, blank in enumerate(chosen.blanks, 1)}
    pieces = approved.pieces(chosen.text)
    blanks = [
        {
            "name": FIELD + blank,
            "label": f"Blank {number}{_called(blank)}",
            "value": values.get(blank, ""),
            "wrong": bool(error) and not values.get(blank, "").strip(),
        }
        for blank, number in numbers.items()
    ]
    shown = [{"text": piece, "blank": numbers.get(piece) if is_blank else None} for piece, is_blank in pieces]
    return {"id": chosen.pk, "pieces": shown, "blanks": blanks, "longest": approved.LONGEST_BLANK_CHARS}


def _called(blank: str) -> str:
    name = blank.partition(".")[2]
    return "" if name.isdecimal() else f": {name.replace('_', ' ')}"
