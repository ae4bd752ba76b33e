"""Heads of requests and answers, as they travel between front and house; and what browsers say in them of streams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs

Heads = Sequence[tuple[str, str]]


def as_words(given: Iterable[tuple[bytes, bytes]]) -> Heads:
    """This function will return headers as text; every byte is a character of its own."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in given]


def as_bytes(given: Heads) -> list[tuple[bytes, bytes]]:
    """This function will return headers as bytes."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]


def last_seen(headers: dict[str, str], query: bytes = b"") -> int | None:
    """This function will return what the browser heard last: its own header on a reconnection, `?after=` of a page just drawn."""
    said = headers.get("last-event-id") or (parse_qs(query.decode("latin-1")).get("after") or [""])[0]
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None
