"""Decides how a line typed in web chat is written down raw and read again.

Leaves the script on the body's site, whose chat it is and who may write in it to the rooms above.
"""

import base64
import binascii
import json
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime
from typing import Any, ClassVar, Self

from sociable.channels.base import Capabilities, Finding, Named, Parsed, ParsedAttachment, Setting, Unmarked, said
from sociable.channels.email.attachments import attachment
from sociable.channels.tidy import tidy

KIND = "chat"
GOES_ON = "conversation:"


def thread_key(chat_id: int) -> str:
    """Return what all lines of one chat have in common."""
    return f"{KIND}:{chat_id}"


def remote_id(chat_id: int, line: str) -> str:
    """Return the id of a line, which the browser chose: the same line sent again is the same line."""
    return f"{KIND}:{chat_id}:{line}"


def raw(
    *,
    chat_id: int,
    line: str,
    visitor: str,
    name: str,
    email: str,
    text: str,
    files: Iterable[tuple[str, str, bytes]] = (),
    goes_on: int | None = None,
) -> bytes:
    """Return a line as the bytes that are stored before anything reads them.

    Shape:  `visitor` is how the person is known here, and no secret; a file is name, the type the browser claims, and bytes;
            `goes_on` is the conversation that the chat has become
    """
    typed: dict[str, Any] = {
        "chat": chat_id,
        "line": line,
        "visitor": visitor,
        "name": name,
        "email": email,
        "text": text,
    }
    attached = [
        {"name": name, "type": claimed, "content": base64.b64encode(content).decode()}
        for name, claimed, content in files
    ]
    typed |= {"files": attached} if attached else {}
    typed |= {"goes_on": goes_on} if goes_on else {}
    return json.dumps(typed, ensure_ascii=False).encode()


def _clean(value: object) -> str:
    return tidy(value if isinstance(value, str) else "").strip()


def _typed(content: bytes) -> dict[str, Any]:
    """Return the fields; bytes that our page did not write are taken for words, so that nothing is lost."""
    try:
        typed = json.loads(content)
    except (ValueError, RecursionError):
        typed = None
    return typed if isinstance(typed, dict) else {"text": content.decode("utf-8", "replace")}


def _files(typed: dict[str, Any]) -> tuple[ParsedAttachment, ...]:
    given = typed.get("files")
    listed = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return tuple(
        attachment(_clean(one.get("name")), _clean(one.get("type")), _bytes(one.get("content")), "", number)
        for number, one in enumerate(listed, 1)
    )


def _bytes(content: object) -> bytes:
    try:
        return base64.b64decode(content if isinstance(content, str) else "", validate=True)
    except (binascii.Error, ValueError):
        return b""


class ChatAdapter(Unmarked):
    """Web chat: heard through our own script, answered where it was asked."""

    kind: ClassVar[str] = KIND
    name: ClassVar[str] = "Web chat"
    icon: ClassVar[str] = "chat"
    settings: ClassVar[tuple[Setting, ...]] = ()
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=None,
        private=True,
        threads=True,
        attachments_bytes=None,
        ids_of_network=True,  # made here, once for each line
        live=True,
        source="our own page",
        as_of_on=date(2026, 11, 27),
    )

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:  # noqa: ARG003 - the chat has none
        """Return the adapter; which sites may hold the chat is said with the account."""
        return cls()

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),  # noqa: ARG004 - a line has no envelope
        is_ours: Callable[[str], bool] = bool,  # noqa: ARG004 - nor does a machine write it for us
        own_addresses: Collection[str] = (),  # noqa: ARG004
    ) -> Parsed:
        """Read a line; the clock starts when our page took it."""
        typed = _typed(content)
        chat_id, line = typed.get("chat"), _clean(typed.get("line"))
        thread = thread_key(chat_id) if isinstance(chat_id, int) and line else ""
        text = _clean(typed.get("text"))
        return said(
            message_id=f"{thread}:{line}" if thread else "",
            subject=_first_words(text),
            from_name=_clean(typed.get("name")),
            from_address=_clean(typed.get("visitor")),
            identity_kind=KIND,
            reply_to=_clean(typed.get("email")).lower(),
            sent_at=received_at or fetched_at,
            sent_at_why="when our page took it",
            written_at=received_at,
            text=text,
            attachments=_files(typed),
            thread_key=thread,
            in_reply_to=f"{GOES_ON}{typed['goes_on']}" if isinstance(typed.get("goes_on"), int) else "",
        )

    @staticmethod
    def conversation_named(parsed: Parsed, key: bytes) -> Named | None:  # noqa: ARG004 - our own page is trusted without a key
        """Return the conversation that the chat had become when the line was said; of the first line, nothing."""
        named = parsed.in_reply_to.removeprefix(GOES_ON)
        return Named(int(named), "") if named != parsed.in_reply_to else None

    def check(self) -> list[Finding]:
        """Say that there is nothing to connect."""
        return [Finding(ok=True, what="Web chat is part of this installation.")]

    def close(self) -> None:
        """Let go of nothing."""


def _first_words(text: str) -> str:
    line = text.split("\n", maxsplit=1)[0]
    return line if len(line) <= 80 else f"{line[:79].rsplit(' ', 1)[0]}…"
