"""Decides what spans have in common and what is left of them: a few spans at a time, as plain pairs.

Thousands at once are left to sweep.
"""

from __future__ import annotations

from collections.abc import Iterable

Span = tuple[int, int]
"""Half-open, in whatever unit; a span without length is none."""


def within(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """This function will return the parts of spans that lie in any of the others, joined and ascending."""
    others = list(others)
    common = [(max(a, c), min(b, d)) for a, b in spans for c, d in others]
    return union(span for span in common if span[0] < span[1])


def minus(spans: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """This function will return the parts of spans that lie in none of the others, joined and ascending."""
    left = union(spans)
    for starts, ends in others:
        cut = [part for a, b in left for part in ((a, min(b, starts)), (max(a, ends), b))]
        left = sorted({(a, b) for a, b in cut if a < b})
    return left


def union(spans: Iterable[Span]) -> list[Span]:
    """This function will join spans that touch or overlap."""
    joined: list[Span] = []
    for starts, ends in sorted(spans):
        if joined and starts <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], ends))
        else:
            joined.append((starts, ends))
    return joined
