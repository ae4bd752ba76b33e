"""Says a wait in words: when its answer is due, how much open time is left, and how much of the promise is used.

The same words stand in the queue, in the conversation and on the private link; nothing is counted in a browser.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sociable.domain.promise import in_words
from sociable.domain.saying import moment_near
from sociable.domain.worktime import Calendar
from sociable.promises.models import Wait
from sociable.promises.queries import AT_RISK

State = Literal["in_time", "at_risk", "late", "closed", "none"]


@dataclass(frozen=True, slots=True)
class Bar:
    """What components/promise_bar.html shows: the words, and the share of the promise used from 0 to 100."""

    state: State
    words: str
    left: str
    share: int


def bar(wait: Wait, share: float, calendar: Calendar | None, now: datetime) -> Bar:
    """This function will say an open wait as the staff see it.

    Units:  times of day in the account's own zone; what is left in open time
    """
    if wait.due_at is None or calendar is None:
        return Bar("none", "No promise", f"Waiting {in_words(_minutes(now - wait.started_at))}", 0)
    zone = str(calendar.zone)
    by = f"Answer by {moment_near(wait.due_at, now, zone)}"
    percent = min(100, max(0, round(share * 100)))
    if now > wait.due_at:
        late = calendar.elapsed(wait.due_at, now)
        return Bar(
            "late", f"Was due {moment_near(wait.due_at, now, zone)}", _late_words(late, now - wait.due_at), percent
        )
    left = in_words(_minutes(calendar.elapsed(now, wait.due_at)))
    if not calendar.is_open(now):
        return Bar("closed", by, f"{left} of open time left, closed now", percent)
    return Bar("at_risk" if share >= AT_RISK else "in_time", by, f"{left} of open time left", percent)


def _late_words(open_time: timedelta, clock_time: timedelta) -> str:
    """Both figures: open time alone flatters."""
    if _minutes(clock_time) - _minutes(open_time) < timedelta(minutes=2):
        return f"{in_words(_minutes(clock_time))} late"
    if open_time < timedelta(seconds=1):  # it was due as the account closed
        return f"{in_words(_minutes(clock_time))} late by the clock"
    return f"{in_words(_minutes(open_time))} of open time late, {in_words(_minutes(clock_time))} by the clock"


def _minutes(length: timedelta) -> timedelta:
    """Whole minutes, rounded up, so that "0 minutes left" is never said while there is time."""
    return timedelta(minutes=-(-length // timedelta(minutes=1)))
