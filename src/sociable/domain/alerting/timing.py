"""Decides what is told with other things or later: what waited before a shift, a flood, and what is late and why.

Who is told is decided by chain.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sociable.domain.alerting.situation import Policy
from sociable.domain.alerting.somebody import Somebody
from sociable.domain.worktime import Calendar

LATE = timedelta(minutes=1)  # what is told within it is not called late
SHIFT_START = timedelta(minutes=10)  # so long after a shift began, what waited before comes as one


def before(calendar: Calendar | None, at: datetime, amount: timedelta) -> datetime:
    """This function will find the instant from which an amount of working time is left before another; by the clock without hours.

    Units:  amount is open time; where less of it lies in the week before, the first open instant of that week
    """
    if calendar is None:
        return at - amount
    spans = calendar.spans_between(at - timedelta(days=7), at)
    left = amount
    for begins, ends in reversed(spans):
        if ends - begins >= left:
            return ends - left
        left -= ends - begins
    return spans[0][0] if spans else at - amount


def is_surge(told_lately: int, policy: Policy) -> bool:
    """This function will say whether one more notice would be a flood: it is counted in one batch instead."""
    return told_lately >= policy.surge_most


def waited_before(one: Somebody, started_at: datetime, now: datetime) -> bool:
    """This function will say whether a request waited already when a shift began that has just begun: told with the others."""
    return one.duty is not None and started_at < one.duty[0] <= now < one.duty[0] + SHIFT_START


def lateness(due_at: datetime, at: datetime, because: str) -> str:
    """This function will say why something is told late; empty where it is not."""
    if at - due_at <= LATE:
        return ""
    return because or "Sociable was not running, or was behind, when it came due"
