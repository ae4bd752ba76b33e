"""Decides the one fair order in which people are answered, and says in words why each stands where it stands.

By need first, then by the share of the promise used; never by channel and never by how often somebody chased. Which waits
are open is asked elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

RULE = (
    "Requests are answered in order of how much of the promised time each has used. "
    "The channel you use and how often you ask make no difference. "
    "Somebody in greater need may be moved ahead, and the reason is kept. "
    "If you ask in several places you hold one place in the queue: your earliest."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One open wait as the order sees it. `share` is the share of its promise used, see promise.share_used."""

    wait_id: int
    contact_id: int
    started_at: datetime
    share: float
    promised: bool = True
    need: int = 0
    need_reason: str = ""


@dataclass(frozen=True, slots=True)
class Placed:
    """A wait in its place. `behind` are the same person's other waits, which hold no place of their own."""

    entry: Entry
    reason: str
    behind: tuple[int, ...] = ()


def rank(entry: Entry) -> tuple[float, float, datetime, int]:
    """This function will return the key by which entries sort, the next to be answered first; no two entries share one."""
    return (-entry.need, -entry.share, entry.started_at, entry.wait_id)


def in_fair_order(entries: Iterable[Entry]) -> list[Placed]:
    """This function will place all entries, one place a person.

    Shape:  the next to be answered first; total and stable
    Source: mission M10
    """
    first: dict[int, Entry] = {}
    others: dict[int, list[int]] = {}
    for entry in sorted(entries, key=rank):
        if entry.contact_id in first:
            others.setdefault(entry.contact_id, []).append(entry.wait_id)
        else:
            first[entry.contact_id] = entry
    return [
        Placed(entry, why(entry, len(others.get(who, ()))), tuple(others.get(who, ()))) for who, entry in first.items()
    ]


def why(entry: Entry, behind: int = 0) -> str:
    """This function will say why an entry stands where it does, in one sentence."""
    if entry.need:
        return f"Moved ahead for need: {entry.need_reason}"
    reason = _share_words(entry)
    if behind:
        reason += f"; {behind + 1} requests of this person share this place"
    return reason


def _share_words(entry: Entry) -> str:
    percent = round(entry.share * 100)
    if not entry.promised:
        return f"No promise here; it has used {max(percent, 0)}% of the three days by which we order such requests"
    if entry.share > 1:
        return f"Past its promise: {percent}% of the promised time used"
    return f"{max(percent, 0)}% of its promised time used"
