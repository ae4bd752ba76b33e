"""Decides how a request typed on the public form is written down raw and read again.

Leaves the page, its spam control and the private link to the public room, and email to its own folder.
"""

import json
from collections.abc import Callable, Collection
from datetime import date, datetime
from typing import Any, ClassVar, Self

from sociable.channels.base import Capabilities, Finding, Named, Parsed, Setting
from sociable.channels.tidy import tidy

ADDS_TO = "conversation:"


def raw(
    *, name: str, email: str, subject: str, text: str, suspected_why: str = "", adds_to: int | None = None
) -> bytes:
    """Return what was typed as the bytes that are stored before anything reads them.

    Shape:  `suspected_why` says why a person should look first; `adds_to` is the conversation whose private link was used
    """
    typed = {"name": name, "email": email, "subject": subject, "text": text}
    if suspected_why:
        typed["suspected_why"] = suspected_why
    return json.dumps(typed | ({"adds_to": adds_to} if adds_to else {}), ensure_ascii=False).encode()


def _clean(value: object) -> str:
    return tidy(str(value or "")).strip()


def _typed(content: bytes) -> dict[str, Any]:
    """Return the fields; bytes that our page did not write are taken for words, so that nothing is lost."""
    try:
        typed = json.loads(content)
    except (ValueError, RecursionError):
        typed = None
    return typed if isinstance(typed, dict) else {"text": content.decode("utf-8", "replace")}


class FormAdapter:
    """The public form: heard through our own page, answered on the private link."""

    kind: ClassVar[str] = "form"
    icon: ClassVar[str] = "form"
    name: ClassVar[str] = "Form"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=None,
        private=True,
        threads=True,
        attachments_bytes=None,
        source="our own page",
        as_of_on=date(2026, 11, 23),
    )

    settings: ClassVar[tuple[Setting, ...]] = ()

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:  # noqa: ARG003 - the form has none
        """Return the adapter; the form has no settings."""
        return cls()

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),  # noqa: ARG004 - a form has no envelope
        is_ours: Callable[[str], bool] = bool,  # noqa: ARG004 - nor does a machine fill it in for us
        own_addresses: Collection[str] = (),  # noqa: ARG004
    ) -> Parsed:
        """Read what was typed; the clock starts when our page took it."""
        typed = _typed(content)
        email = _clean(typed.get("email")).lower()
        return Parsed(
            message_id="",
            message_id_made=False,
            in_reply_to=f"{ADDS_TO}{typed['adds_to']}" if isinstance(typed.get("adds_to"), int) else "",
            references=(),
            subject=_clean(typed.get("subject")),
            from_name=_clean(typed.get("name")),
            from_address=email,
            reply_to="",
            to=(),
            cc=(),
            delivered_to=(),
            sent_at=received_at or fetched_at,
            sent_at_why="when our page took it",
            written_at=received_at,
            text=_clean(typed.get("text")),
            html=None,
            attachments=(),
            automatic="",
            automatic_why="",
            may_acknowledge=bool(email),
            bounce_of=None,
            problems=(),
            truncated=False,
            suspected_why=_clean(typed.get("suspected_why")),
        )

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:  # noqa: ARG004 - a form has no ids of ours
        """Say no: nothing we send comes back by the form."""
        return False

    @staticmethod
    def conversation_named(parsed: Parsed, key: bytes) -> Named | None:  # noqa: ARG004 - our own page is trusted without a key
        """Return the conversation whose private link was used; any other form is a new conversation."""
        if not parsed.in_reply_to.startswith(ADDS_TO):
            return None
        return Named(int(parsed.in_reply_to.removeprefix(ADDS_TO)), "It was written on the private link")

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:  # noqa: ARG004
        """Return nothing: what is read on the private link needs no id of a network."""
        return ""

    @staticmethod
    def reply_address_for(account_address: str, conversation_id: int, key: bytes) -> str:  # noqa: ARG004
        """Return the account's own address."""
        return account_address

    def check(self) -> list[Finding]:
        """Say that there is nothing to connect."""
        return [Finding(ok=True, what="The public form is part of this installation.")]

    def close(self) -> None:
        """Let go of nothing."""
