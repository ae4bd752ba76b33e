"""Decides until when somebody can be answered where their network shuts the door, and when that must be said.

Leaves which network has which window to its capabilities, and telling people to the journeys. This is a clock of its own beside
the promise: at the twenty-third hour a message well inside its promise can become one that nobody can answer any more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

HEAD_START = timedelta(hours=2)  # of open time: somebody is at work and can still answer


class Reply(StrEnum):
    """How they can be answered at an instant."""

    FREELY = "freely"  # by anybody, by a machine too
    AS_PERSON = "as_person"  # by a person, who answers what was asked
    APPROVED = "approved"  # only with a message that the network has approved
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Window:
    """The times that run from when they last wrote in private.

    Shape:  free_until_at <= closes_at; `approved`: after that the network still takes a message it has approved
    Units:  aware UTC; half-open: at closes_at it is closed
    """

    heard_at: datetime
    free_until_at: datetime
    closes_at: datetime
    approved: bool = False

    def reply_at(self, now: datetime) -> Reply:
        """This function will say how they can be answered at an instant."""
        if now < self.free_until_at:
            return Reply.FREELY
        if now < self.closes_at:
            return Reply.AS_PERSON
        return Reply.APPROVED if self.approved else Reply.CLOSED


def window(
    heard_at: datetime, free: timedelta | None, late: timedelta | None, *, approved: bool = False
) -> Window | None:
    """This function will set the window that begins when somebody writes, None where their network has none.

    Shape:  `free` and `late` both run from `heard_at`; the later of them closes it
    """
    if free is None:
        return None
    free_until_at = heard_at + free
    return Window(heard_at, free_until_at, max(free_until_at, heard_at + (late or free)), approved)


def warn_at(window: Window, open_spans: Sequence[tuple[datetime, datetime]] | None) -> datetime:
    """This function will find the last instant from which two hours of open time are left before the window closes.

    Shape:  `open_spans` are the open spans of the account from `heard_at` to `closes_at`, ascending and apart; None where it
            states no hours, so that any hour counts. Where fewer are left from the beginning, the beginning itself
    """
    if open_spans is None:
        return max(window.heard_at, window.closes_at - HEAD_START)
    wanted = HEAD_START
    for opens, closes in reversed(open_spans):
        if closes - opens >= wanted:
            return closes - wanted
        wanted -= closes - opens
    return window.heard_at
