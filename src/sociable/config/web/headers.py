"""What browsers say in the heads of requests for streams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qs

Words = Sequence[tuple[str, str]]


def as_words(given: Iterable[tuple[bytes, bytes]]) -> Words:
    """This function will return headers as they travel to the house; every byte is a character of its own."""
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in given]


def as_bytes(given: Words) -> list[tuple[bytes, bytes]]:
    """This function will return them as they came."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in given]


def last_seen(headers: dict[str, str], query: bytes = b"") -> int | None:
    """This function will return what the browser heard last: its own header on a reconnection, `?after=` of a page just drawn."""
    said = headers.get("last-event-id") or (parse_qs(query.decode("latin-1")).get("after") or [""])[0]
    return int(said) if said.isascii() and said.isdecimal() and len(said) < 19 else None
