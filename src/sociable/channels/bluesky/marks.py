"""Decides the key under which each of our posts stands, so that the same post is never there twice and is known again.

Leaves putting it there to `posting`. A key must look like an instant (a TID): ours lie in the years 2023 to 2025, hold the
number of our message and a seal over it, and so need no memory and nobody else can make one.
"""

import hashlib
import hmac
from datetime import UTC, datetime

from sociable.channels.bluesky.syntax import is_tid, read_at

POSTS = "app.bsky.feed.post"

_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
_BEGINS = (
    int(datetime(2023, 1, 1, tzinfo=UTC).timestamp() * 1_000_000) << 10
)  # a microsecond and ten bits of a clock's number
_NUMBER_BITS, _SEAL_BITS = 32, 24


def key_of(message_id: int, key: bytes) -> str:
    """Return the record key of one of our messages: the same at every try, another one under another key."""
    number = message_id % (1 << _NUMBER_BITS)
    seal = _digest(key, b"seal", number, _SEAL_BITS)
    hidden = number ^ _digest(key, b"hide", seal, _NUMBER_BITS)
    return _written(_BEGINS + ((hidden << _SEAL_BITS) | seal))


def key_from(name: str) -> str:
    """Return a record key for a message that has another kind of name: the same at every try."""
    return _written(_BEGINS + (int.from_bytes(hashlib.sha256(name.encode()).digest()) >> 200))


def is_ours(value: str, key: bytes) -> bool:
    """Say whether the address of a post, or its record key alone, was made here under this key."""
    at = read_at(value)
    written = at.key if at else value
    if not is_tid(written):
        return False
    packed = _read(written) - _BEGINS
    if not 0 <= packed < 1 << (_NUMBER_BITS + _SEAL_BITS):
        return False
    seal, hidden = packed % (1 << _SEAL_BITS), packed >> _SEAL_BITS
    number = hidden ^ _digest(key, b"hide", seal, _NUMBER_BITS)
    return hmac.compare_digest(
        bytes(str(seal), "ascii"), bytes(str(_digest(key, b"seal", number, _SEAL_BITS)), "ascii")
    )


def _digest(key: bytes, use: bytes, value: int, bits: int) -> int:
    made = hmac.new(key, b"bluesky:" + use + b":" + str(value).encode(), hashlib.sha256).digest()
    return int.from_bytes(made) >> (256 - bits)


def _written(value: int) -> str:
    return "".join(_LETTERS[(value >> shift) & 31] for shift in range(60, -1, -5))


def _read(written: str) -> int:
    value = 0
    for letter in written:
        value = (value << 5) | _LETTERS.index(letter)
    return value
