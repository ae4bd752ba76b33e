"""Frames on the sockets between the front and the house: what kind it is, a length, and so many bytes.

What is in them is decided at both ends. What the front asks is JSON, since it faces the internet; what the house says may be pickled.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import struct
from collections.abc import Iterator
from typing import IO, Any

_HEAD = struct.Struct("!cI")
_WORD, _PIECE, _END, _CUT_OFF = b"w", b"p", b"e", b"c"
END = _HEAD.pack(_END, 0)  # of pieces
CUT_OFF = _HEAD.pack(_CUT_OFF, 0)  # instead of an answer, or of the rest of it
PIECE_BYTES = 64 * 1024


class CutOff(Exception):
    """There is no answer, or no more of it; the line goes on with the next question."""


class HungUp(Exception):
    """The other side is gone, or what it says is not what comes now: nothing more can be said on this line."""


def word(content: bytes) -> bytes:
    """This function will return a question, or the answer to one, as it travels."""
    return _HEAD.pack(_WORD, len(content)) + content


def piece(content: bytes) -> bytes:
    """This function will return a part of something that END ends."""
    return _HEAD.pack(_PIECE, len(content)) + content


def pieces(body: IO[bytes]) -> Iterator[bytes]:
    """This function will return all that can be read, as pieces without their end."""
    while content := body.read(PIECE_BYTES):
        yield piece(content)


def question(name: str, *given: Any) -> bytes:
    """This function will return a question of the front: plain values alone."""
    return word(json.dumps([name, *given]).encode())


def told(something: Any) -> bytes:
    """This function will return what the house says."""
    return word(pickle.dumps(something, pickle.HIGHEST_PROTOCOL))


def read_word(source: IO[bytes]) -> bytes:
    """This function will wait for a question. Errors: HungUp, CutOff."""
    return _checked(*_read(source), _WORD)


def read_piece(source: IO[bytes]) -> bytes:
    """This function will wait for the next piece; nothing where that was the last. Errors: HungUp, CutOff."""
    kind, content = _read(source)
    return b"" if kind == _END else _checked(kind, content, _PIECE)


def _read(source: IO[bytes]) -> tuple[bytes, bytes]:
    head = source.read(_HEAD.size)
    if len(head) < _HEAD.size:
        raise HungUp
    kind, length = _HEAD.unpack(head)
    content = source.read(length)
    if len(content) < length:
        raise HungUp
    return kind, content


async def hear_word(source: asyncio.StreamReader) -> Any:
    """This function will wait, on the event loop, for what the house says. Errors: CutOff, HungUp."""
    return pickle.loads(_checked(*await _hear(source), _WORD))  # noqa: S301 - of our own house


async def hear_piece(source: asyncio.StreamReader) -> bytes:
    """This function will wait for the next piece; nothing where that was the last. Errors: CutOff, HungUp."""
    kind, content = await _hear(source)
    return b"" if kind == _END else _checked(kind, content, _PIECE)


async def _hear(source: asyncio.StreamReader) -> tuple[bytes, bytes]:
    try:
        kind, length = _HEAD.unpack(await source.readexactly(_HEAD.size))
        return kind, await source.readexactly(length)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise HungUp from error


class Kept:
    """Pieces, kept in a file. Where it takes no more they are let go: what is not read would be taken for what comes next."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._trouble: OSError | None = None

    def add(self, content: bytes) -> None:
        """This function will keep one more, if it can."""
        if self._trouble is None:
            try:
                self._file.write(content)
            except OSError as error:
                self._trouble = error

    def check(self) -> None:
        """This function will say whether all are kept. Errors: OSError."""
        if self._trouble is not None:
            raise self._trouble


def _checked(kind: bytes, content: bytes, wanted: bytes) -> bytes:
    if kind == _CUT_OFF:
        raise CutOff
    if kind != wanted:
        raise HungUp
    return content
