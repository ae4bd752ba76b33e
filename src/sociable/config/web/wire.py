"""Frames on the sockets between the front and the house: a length, and so many bytes.

A frame without bytes ends what consists of several; a length that cannot be says that it was cut off. What is in them is
decided at both ends.
"""

from __future__ import annotations

import asyncio
import pickle
import struct
from collections.abc import Iterator
from typing import IO, Any

_LENGTH = struct.Struct("!I")
_NOT_A_LENGTH = 0xFFFF_FFFF
END = _LENGTH.pack(0)
CUT_OFF = _LENGTH.pack(_NOT_A_LENGTH)
PIECE_BYTES = 64 * 1024


class CutOff(Exception):
    """What consists of several frames ends here, and not as it should."""


def frame(content: bytes) -> bytes:
    """This function will return bytes as they travel."""
    return _LENGTH.pack(len(content)) + content


def packed(something: Any) -> bytes:
    """This function will return something as it travels; only our own processes are at the ends."""
    return frame(pickle.dumps(something, pickle.HIGHEST_PROTOCOL))


def pieces(body: IO[bytes]) -> Iterator[bytes]:
    """This function will return what can be read as frames that travel one by one, without the one that ends them."""
    while piece := body.read(PIECE_BYTES):
        yield frame(piece)


def read(source: IO[bytes]) -> bytes | None:
    """This function will wait for one frame; None where the other side is gone.

    Errors: CutOff
    """
    head = source.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    length = _length(head)
    content = source.read(length)
    return content if len(content) == length else None


async def hear(source: asyncio.StreamReader) -> bytes:
    """This function will wait for one frame on the event loop.

    Errors: CutOff; IncompleteReadError where the other side is gone
    """
    return await source.readexactly(_length(await source.readexactly(_LENGTH.size)))


def _length(head: bytes) -> int:
    (length,) = _LENGTH.unpack(head)
    if length == _NOT_A_LENGTH:
        raise CutOff
    return int(length)
