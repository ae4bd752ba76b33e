"""Answers where the stream of change events stands, and what a browser that lost its connection has missed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.db.models import Q

from sociable.live.hub import RESYNC, ROOM, Frame, frame_of
from sociable.live.models import ChangeEvent

# On PostgreSQL ids are given before commit, so a smaller one may appear after a larger was seen: as long as the longest
# transaction takes, what came before is told again. An event is a hint, so hearing it twice does no harm.
LOOK_BACK = timedelta(seconds=60)
FROM_THE_START = 0
_MOST_LOOKED_AT = 20 * ROOM


def newest_id() -> int:
    """This function will name the newest event: a page that was made now needs only what comes after it."""
    return ChangeEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or FROM_THE_START


def missed(after: int, wants: Callable[[Frame], bool]) -> list[Frame]:
    """This function will return what came after an event, or one call to load anew where that is not known or too much.

    Shape:  in the order of ids
    """
    came_after = Q(pk__gt=after)
    if after != FROM_THE_START:
        seen = ChangeEvent.objects.filter(pk=after).first()
        if seen is None:  # pruned, or of another database
            return [RESYNC]
        came_after |= Q(at__gte=seen.at - LOOK_BACK)
    events = ChangeEvent.objects.filter(came_after).exclude(pk=after).order_by("pk")
    rows = events.values("id", "account_id", "conversation_id", "kind", "person_id")[:_MOST_LOOKED_AT]
    hints = (
        {"id": r["id"], "account": r["account_id"], "conversation": r["conversation_id"], "kind": r["kind"]}
        | ({"only_for": r["person_id"]} if r["person_id"] else {})
        for r in rows
    )
    frames = [frame for frame in map(frame_of, hints) if wants(frame)]
    return frames if len(frames) <= ROOM and len(rows) < _MOST_LOOKED_AT else [RESYNC]
