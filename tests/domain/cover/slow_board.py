"""The board once more, minute by minute and person by person, as anybody would count it: too slow to use, too plain to be wrong."""

from __future__ import annotations

from typing import Any

MINUTE = 60_000_000


def holds(spans: list[tuple[int, int]], at: int) -> bool:
    return any(starts <= at < ends for starts, ends in spans)


def counts(given: Any, account: int, at: int) -> tuple[int, int]:
    """How many are needed at an instant, and how many are in."""
    needed = sum(p for a, s, e, p in zip(*given.needed, strict=True) if a == account and s <= at < e)
    people = {p for a, p, s, e in zip(*given.rota, strict=True) if a == account and s <= at < e}
    ready = {p for a, p, s, e in zip(*given.ready, strict=True) if a == account and s <= at < e}
    away = {p for p, s, e, _ in zip(*given.away, strict=True) if s <= at < e}
    return int(needed), len((people & ready) - away)


def slots(given: Any, account: int) -> list[tuple[int, int, int]]:
    """Needed, in and missing for each half hour."""
    return [_slot(given, account, given.starts_us + number * 30 * MINUTE) for number in range(given.slots)]


def _slot(given: Any, account: int, begins: int) -> tuple[int, int, int]:
    minutes = [counts(given, account, begins + minute * MINUTE) for minute in range(30)]
    is_open = [(needed, inside) for needed, inside in minutes if needed]
    if not is_open:
        return 0, 0, 0
    return (
        max(needed for needed, _ in is_open),
        min(inside for _, inside in is_open),
        max(0, *(needed - inside for needed, inside in is_open)),
    )


def holes(given: Any, account: int) -> list[tuple[int, int, int, int]]:
    """The longest stretches with the same number missing."""
    found: list[list[int]] = []
    for number in range(given.slots * 30):
        at = given.starts_us + number * MINUTE
        needed, inside = counts(given, account, at)
        missing = needed - inside
        if missing <= 0:
            continue
        if found and found[-1][2] == at and found[-1][3] == missing:
            found[-1][2] = at + MINUTE
        else:
            found.append([account, at, at + MINUTE, missing])
    return [tuple(each) for each in found]  # type: ignore[misc]
