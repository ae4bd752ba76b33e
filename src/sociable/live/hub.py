"""Hands change events to the streams open in this process and in its front, and wakes its workers.

On SQLite the house is alone and tells itself; on PostgreSQL `listen` brings what other houses told.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Hint = dict[str, Any]
ROOM = 256  # events one slow browser may lag behind before it is told to load anew


class Frame(NamedTuple):
    """One event as its bytes go to browsers, and what it is about, for those who may know."""

    content: bytes
    account_id: int | None = None
    conversation_id: int | None = None
    kind: str = ""
    person_id: int | None = None  # the one it is for; None: whoever may hear of the account


RESYNC = Frame(b"event: resync\ndata: {}\n\n")  # "something was missed: load anew"
END = Frame(b"")  # the stream ends here


@dataclass(eq=False)
class Stream:
    """One open browser: where its events are queued, on which loop it lives, and which of them it may have."""

    wants: Callable[[Frame], bool]
    only: int | None = None  # the one conversation it is about, if it is about one
    queue: asyncio.Queue[Frame] = field(default_factory=lambda: asyncio.Queue(ROOM))
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)

    def put(self, frame: Frame) -> None:
        """This function will queue a frame on the stream's own loop; one that lags too far loads anew instead."""
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(END if frame == END else RESYNC)
        else:
            self.queue.put_nowait(frame)


_streams: set[Stream] = set()
_of_conversation: dict[int, set[Stream]] = {}  # those about one: found without asking the thousands that are not
_guard = threading.Lock()
_onward: Callable[[Frame], None] | None = None
_work = threading.Condition()
_wakes = 0


def frame_of(hint: Hint) -> Frame:
    """This function will prepare the bytes of a hint, once for all who get it.

    Shape:  `id` is there only where the event is stored; without it a browser's place in the table does not move
    """
    told = {name: value for name, value in hint.items() if name not in ("id", "only_for")}
    number = f"id: {hint['id']}\n" if hint.get("id") else ""
    content = f"{number}data: {json.dumps(told, separators=(',', ':'))}\n\n".encode()
    return Frame(content, hint["account"], hint["conversation"], hint["kind"], hint.get("only_for"))


def open_stream(wants: Callable[[Frame], bool], only: int | None = None) -> Stream:
    """This function will open a stream on the running event loop for the events that `wants` accepts.

    Shape:  one about a single conversation says so with `only`, and is asked about no other
    """
    stream = Stream(wants, only)
    with _guard:
        _group(only).add(stream)
    return stream


def _group(only: int | None) -> set[Stream]:
    return _streams if only is None else _of_conversation.setdefault(only, set())


def follow(stream: Stream, only: int) -> None:
    """This function will make a stream about another conversation: what its own was merged into, say."""
    close_stream(stream)
    stream.only = only
    with _guard:
        _group(only).add(stream)


def close_stream(stream: Stream) -> None:
    """This function will forget a stream."""
    with _guard:
        _group(stream.only).discard(stream)
        if stream.only is not None and not _of_conversation[stream.only]:
            del _of_conversation[stream.only]


def count() -> int:
    """This function will count the open streams of this process."""
    return len(_streams) + sum(map(len, _of_conversation.values()))


def tell(hint: Hint) -> None:
    """This function will hand a hint to every stream that wants it; call it from any thread."""
    hand_out(frame_of(hint))


def tell_all(hints: Sequence[Hint]) -> None:
    """This function will hand many hints out, in their order."""
    for hint in hints:
        tell(hint)


def resync() -> None:
    """This function will have every browser load anew: something may have been missed."""
    hand_out(RESYNC)


def pass_on(to: Callable[[Frame], None] | None) -> None:
    """This function will have all that is told handed on as well, to where the browsers of this house are held; or no more."""
    global _onward  # noqa: PLW0603 - one process, one front
    _onward = to


def hand_out(frame: Frame) -> None:
    """This function will hand a frame to the streams of this process that want it, and on to the front."""
    if (onward := _onward) is not None:
        onward(frame)
    if frame in (RESYNC, END):
        _hand_out(frame, lambda _stream: True)
    else:
        _hand_out(frame, lambda stream: stream.wants(frame), frame.conversation_id)


EVERY = -1  # conversation


def _hand_out(frame: Frame, to: Callable[[Stream], bool], about: int | None = EVERY) -> None:
    with _guard:
        by_loop: dict[asyncio.AbstractEventLoop, list[Stream]] = {}
        for stream in (*_streams, *_about(about)):
            by_loop.setdefault(stream.loop, []).append(stream)
    for loop, here in by_loop.items():
        with contextlib.suppress(RuntimeError):  # the loop has closed, and its streams with it
            loop.call_soon_threadsafe(_deliver, here, frame, to)


def _about(conversation_id: int | None) -> list[Stream]:
    if conversation_id == EVERY:
        return [stream for group in _of_conversation.values() for stream in group]
    return list(_of_conversation.get(conversation_id or 0, ()))


def _deliver(streams: list[Stream], frame: Frame, to: Callable[[Stream], bool]) -> None:
    for stream in streams:
        if to(stream):
            stream.put(frame)


def wake() -> None:
    """This function will wake the workers of this process."""
    global _wakes  # noqa: PLW0603 - one process, one count
    with _work:
        _wakes += 1
        _work.notify_all()


def wakes() -> int:
    """This function will return how often workers were woken; read it before looking for work."""
    return _wakes


def wait_for_work(seen: int, seconds: float) -> None:
    """This function will sleep until workers are woken after `seen` was read, or the time is over."""
    with _work:
        _work.wait_for(lambda: _wakes != seen, seconds)


def received(channel: str, payload: str) -> None:
    """This function will pass on a notice that came through the database."""
    if channel == "sociable_due":
        wake()
    else:
        tell(json.loads(payload))
