"""Puts the desk's list together: its views with their counts, and one page of the view that is asked for, in its order.

What a view holds is decided by in_view and the fair order by promises; a row is put into words by rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Min, Q, QuerySet

from sociable.conversations.models import Conversation
from sociable.desk.asked import VIEWS, Asked
from sociable.desk.in_view import MOST_COUNTED, NEWEST_FIRST, chatting, closing, counts_of
from sociable.desk.page_keys import read_cursor, read_key, write_cursor, write_key
from sociable.desk.rows import row_of, rows_of, with_words
from sociable.promises import queries as promises
from sociable.promises.lines import Line

PAGE_ROWS = 50


@dataclass
class Listed:
    """The rows of one page of a view, and the key by which the next begins."""

    rows: list[dict[str, Any]]
    after: str = ""


def views(asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """This function will return the views with their counts, as components/views.html takes them."""
    counts = counts_of(asked, now)
    return [
        {
            "url": asked.address(view=view.key),
            "name": view.name,
            "icon": view.icon,
            "count": f"{MOST_COUNTED - 1}+" if counts[view.key] >= MOST_COUNTED else counts[view.key],
            "tone": view.tone if counts[view.key] else "",
            "current": view.key == asked.view,
        }
        for view in VIEWS
        if view.key != "window" or counts[view.key] or asked.view == view.key  # few bodies have one, and rarely
    ]


def listed(asked: Asked, now: datetime, current_id: int | None = None) -> Listed:
    """This function will return one page of the view that was asked for."""
    page = _LISTS[asked.view](asked, now)
    for row in page.rows:
        row["current"] = row["id"] == current_id
    return page


# -- Pages -----------------------------------------------------------------------------------------------------------------


def _fair(asked: Asked, now: datetime) -> Listed:
    line = asked.next if asked.view == "next" else asked.unclaimed
    return _places(promises.fair_page(line, now, limit=PAGE_ROWS, after=read_cursor(asked.after)), line, asked, now)


def _at_risk(asked: Asked, now: datetime) -> Listed:
    page = promises.at_risk(asked.everything, now, limit=PAGE_ROWS, after=read_cursor(asked.after))
    return _places(page, asked.everything, asked, now)


def _places(page: promises.Page, line: Line, asked: Asked, now: datetime) -> Listed:
    rows = [
        row_of(
            place.wait.conversation,
            now,
            wait=place.wait,
            share=place.share,
            calendar=line.calendars[place.wait.account_id],
            reason=place.reason,
        )
        for place in page.places
    ]
    return Listed(with_words(rows, asked, now), write_cursor(page.after) if page.after else "")


def _newest_first(which: Callable[[Asked, datetime], QuerySet[Conversation]]) -> Callable[[Asked, datetime], Listed]:
    def page(asked: Asked, now: datetime) -> Listed:
        conversations = which(asked, now).order_by("-last_message_at", "-pk")
        if key := read_key(asked.after):
            conversations = conversations.filter(
                Q(last_message_at__lt=key[0]) | Q(last_message_at=key[0], pk__lt=key[1])
            )
        some = list(
            conversations.select_related(
                "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
            )[: PAGE_ROWS + 1]
        )
        last = some[PAGE_ROWS - 1] if len(some) > PAGE_ROWS else None
        return Listed(rows_of(some[:PAGE_ROWS], asked, now), write_key(last.last_message_at, last.pk) if last else "")

    return page


def _chats(asked: Asked, now: datetime) -> Listed:
    """Whoever has waited longest stands first; as many as one page holds, since behind so many nobody waits for long."""
    waiting = chatting(asked, now).annotate(since=Min("waits__started_at", filter=Q(waits__ended_at=None)))
    some = waiting.select_related(
        "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
    ).order_by("since", "pk")
    return Listed(rows_of(list(some[:PAGE_ROWS]), asked, now))


def _closings(asked: Asked, now: datetime) -> Listed:
    """What closes first stands first; as many as one page holds, since each is warned of only a few hours before."""
    some = closing(asked, now).select_related(
        "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
    )
    return Listed(rows_of(list(some.order_by("reply_window__closes_at", "pk")[:PAGE_ROWS]), asked, now))


_LISTS: dict[str, Callable[[Asked, datetime], Listed]] = {
    "next": _fair,
    "unclaimed": _fair,
    "risk": _at_risk,
    "chat": _chats,
    "window": _closings,
    **{view: _newest_first(which) for view, which in NEWEST_FIRST.items()},
}
