"""Decides what a raw item of Mastodon says: a status, an edit of one, its removal, or something that asks for nothing.

Leaves fetching to `reading`, the words of a status to `words`, and what follows from it to the journeys.

A raw item is the server's own JSON in an envelope of ours, which says which server told it, about what kind of thing, and who
the account itself is there: `{"host", "domain", "me", "kind", "what", "ancestors"}`.
"""

import json
import mimetypes
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

from sociable.channels.base import Parsed, RemoteFile, Visibility, said
from sociable.channels.mastodon.words import LONGEST_HTML_CHARS, formatted, plain_text
from sociable.channels.tidy import tidy

KIND = "mastodon"
LONGEST_NAME_CHARS = 200
MOST_ANCESTORS = 60
# Who may read it, by Mastodon's word. What is sent to an unknown circle is taken for private.
VISIBILITIES: dict[str, Visibility] = {"public": "public", "unlisted": "unlisted", "private": "followers"}
ASKS = frozenset({"mention", "quote", "status"})  # kinds of notification that bring what somebody said
EDITS = frozenset({"update", "quoted_update"})
GONE = "The post can no longer be read: it was deleted, or hidden from this account, before we came for it."
FOLLOWED_WITH_THE_BELL = "Nobody asked here: it is a post of an account whose posts are followed with the bell."


def status_id(host: str, value: object) -> str:
    """Return the id of a status as we keep it: a server's ids are its own."""
    return f"{KIND}:{host}/{value}"


def envelope(kind: str, what: dict[str, Any], about: dict[str, str], ancestors: Iterable[str] = ()) -> bytes:
    """Return the bytes under which a thing the server told is kept.

    Shape:  `about` holds host, domain and me
    """
    told = about | {"kind": kind, "what": what, "ancestors": list(ancestors)}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def parse(
    content: bytes,
    *,
    fetched_at: datetime,
    received_at: datetime | None = None,
) -> Parsed:
    """Return what a raw item says. Never raises: what cannot be read is shown as it came, with the reason."""
    at = min(received_at, fetched_at) if received_at else fetched_at
    try:
        told = json.loads(content)
        if isinstance(told, dict) and isinstance(told.get("what"), dict):
            return _Reading(told, at, known=received_at is not None).parsed()
        problem = "It is not what a Mastodon server sends; it is shown as it came."
    except Exception as error:  # noqa: BLE001 - whatever a stranger's server wrote must be kept and shown, never lost
        problem = f"It could not be read ({type(error).__name__}); it is shown as it came."
    return said(
        sent_at=at,
        sent_at_why=_why(known=received_at is not None),
        text=tidy(content.decode("utf-8", "replace")),
        identity_kind=KIND,
        happening="unknown",
        problems=(problem,),
    )


def read_time(value: object) -> datetime | None:
    """Return an instant as servers write them, in UTC; None for what is none."""
    try:
        at = datetime.fromisoformat(str(value))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _why(*, known: bool) -> str:
    return "when it reached the server" if known else "when we fetched it: the server does not say"


def _text(value: object) -> str:
    return tidy(value) if isinstance(value, str) else ""


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


class _Reading:
    """One envelope being read."""

    def __init__(self, told: dict[str, Any], at: datetime, *, known: bool) -> None:
        self.host, self.domain, self.me = (_text(told.get(name)) for name in ("host", "domain", "me"))
        self.kind, self.what, self.ancestors = _text(told.get("kind")), told["what"], told.get("ancestors") or []
        self.when = {"sent_at": at, "sent_at_why": _why(known=known)}

    def parsed(self) -> Parsed:
        if self.kind == "withdrawn":
            return self._told("withdrawn", about_id=self._id(self.what.get("id")))
        if self.kind == "notification":
            return self._notification()
        if self.kind in {"said", "edited"}:
            return self._status(self.what, edited=self.kind == "edited")
        return self._unknown(self.kind)

    def _notification(self) -> Parsed:
        kind, status = _text(self.what.get("type")), self.what.get("status")
        if kind in ASKS and isinstance(status, dict):
            bell = kind == "status" and not self._mentions_us(status)
            return self._status(status, suspected_why=FOLLOWED_WITH_THE_BELL if bell else "")
        if kind in EDITS and isinstance(status, dict):
            return self._status(status, edited=True)
        if kind in ASKS | EDITS:
            return self._told("noted", problems=(GONE,))
        return self._unknown(kind)

    def _unknown(self, kind: str) -> Parsed:
        problem = (
            f"The server told of something of a kind that Sociable does not know ({kind[:40] or 'it has no name'})."
        )
        return self._told("unknown", text=json.dumps(self.what, ensure_ascii=False), problems=(problem,))

    def _told(self, happening: str, **facts: Any) -> Parsed:
        facts["text"] = tidy(facts.get("text", ""))
        return said(**self.when, identity_kind=KIND, happening=happening, **facts)

    def _status(self, status: dict[str, Any], *, edited: bool = False, suspected_why: str = "") -> Parsed:
        account = _dict(status.get("account"))
        by_account = bool(self.me) and _text(account.get("id")) == self.me
        content, spoiler = _text(status.get("content")), _text(status.get("spoiler_text")).strip()
        address = self._address(account)
        visibility = VISIBILITIES.get(_text(status.get("visibility")), "private")
        machine = bool(account.get("bot")) and not by_account
        return said(
            **self.when,
            message_id="" if edited else self._id(status.get("id")),
            about_id=self._id(status.get("id")) if edited else "",
            first_said_at=read_time(status.get("created_at")) if edited else None,
            in_reply_to=self._id(status.get("in_reply_to_id")),
            references=tuple(self._id(each) for each in self.ancestors[-MOST_ANCESTORS:]),
            thread_key=self._id((self.ancestors or [status.get("in_reply_to_id") or status.get("id")])[0]),
            subject=spoiler,
            from_name=(_text(account.get("display_name")) or _text(account.get("username")))[:LONGEST_NAME_CHARS],
            from_address=address,
            from_handle=f"@{address}" if address else "",
            identity_kind=KIND,
            to=tuple(self._address(each) for each in _dicts(status.get("mentions"))),
            written_at=read_time(status.get("created_at")),
            text=self._words(status, spoiler),
            html=formatted(content),
            files=tuple(_files(status)),
            automatic="auto_reply" if machine else "",
            automatic_why="The account says that a machine runs it." if machine else "",
            may_acknowledge=visibility == "private" and not machine and not by_account,
            visibility=visibility,
            link=_text(status.get("url")) or _text(status.get("uri")),
            reply_ref=self._reply_ref(status, account, spoiler),
            happening="edited" if edited else "said",
            by_account=by_account,
            answers_whom=self._answered_in(status) if by_account else "",
            suspected_why=suspected_why,
            truncated=len(content) > LONGEST_HTML_CHARS,
            problems=self._problems(address, content),
        )

    @staticmethod
    def _problems(address: str, content: str) -> tuple[str, ...]:
        lines = [] if address else ["It does not say who wrote it."]
        if len(content) > LONGEST_HTML_CHARS:
            lines.append("It is longer than any status we show; the raw form holds the rest.")
        return tuple(lines)

    def _id(self, value: object) -> str:
        return status_id(self.host, tidy(str(value))) if value else ""

    def _address(self, account: dict[str, Any]) -> str:
        """Return name@server, which on Mastodon nobody can change; accounts of the server itself come without it."""
        acct = _text(account.get("acct")).lower()
        return acct if "@" in acct or not acct else f"{acct}@{self.domain or self.host}"

    def _answered_in(self, status: dict[str, Any]) -> str:
        """Return the address of whom a status answers: a server names them by an id, and mentions them under it."""
        whom = _text(status.get("in_reply_to_account_id"))
        return next(
            (self._address(each) for each in _dicts(status.get("mentions")) if whom == _text(each.get("id"))), whom
        )

    def _mentions_us(self, status: dict[str, Any]) -> bool:
        return any(_text(each.get("id")) == self.me for each in _dicts(status.get("mentions")))

    def _words(self, status: dict[str, Any], spoiler: str) -> str:
        names = {_text(each.get("url")): f"@{self._address(each)}" for each in _dicts(status.get("mentions"))}
        names.pop("", None)
        quoted = _quoted(status)
        lines = [f"Content warning: {spoiler}"] if spoiler else []
        if status.get("sensitive") and not spoiler and status.get("media_attachments"):
            lines.append("Content warning: its pictures are marked as sensitive.")
        lines.append(plain_text(_text(status.get("content")), names, without_quote_link=bool(quoted)))
        options = _dicts(_dict(status.get("poll")).get("options"))
        lines.append("\n".join(f"( ) {_text(option.get('title'))}" for option in options))
        if quoted:
            name = self._address(_dict(quoted.get("account")))
            lines.append(
                f"It quotes @{name}: {plain_text(_text(quoted.get('content')), {})} {_text(quoted.get('url'))}".strip()
            )
        return "\n\n".join(line for line in lines if line)

    def _reply_ref(self, status: dict[str, Any], account: dict[str, Any], spoiler: str) -> dict[str, str | int]:
        """Return what an answer needs. Who is named, and the warning, take room in it; of a name the server is not counted."""
        name = _text(account.get("acct")).partition("@")[0]
        return {
            "status": tidy(str(status.get("id") or "")),
            "mention": f"@{_text(account.get('acct'))}" if account.get("acct") else "",
            "visibility": _text(status.get("visibility")),
            "spoiler": spoiler,
            "language": _text(status.get("language")),
            "takes": len(f"@{name} ") + len(spoiler) if name else len(spoiler),
        }


def _quoted(status: dict[str, Any]) -> dict[str, Any]:
    """Return the status that this one quotes, where the server shows it."""
    quote = _dict(status.get("quote"))
    inner = _dict(quote.get("quoted_status", quote))
    return inner if isinstance(inner.get("content"), str) else {}


def _files(status: dict[str, Any]) -> Iterable[RemoteFile]:
    """Yield what was attached: the server's own copy where it has one, with the description for who cannot see it."""
    for number, media in enumerate(_dicts(status.get("media_attachments")), 1):
        ref = _text(media.get("url")) or _text(media.get("remote_url"))
        if ref:
            name = PurePosixPath(urlsplit(ref).path).name or f"file-{number}"
            declared = mimetypes.guess_type(name)[0] or ""
            yield RemoteFile(ref=ref, name=name, declared_type=declared, alt_text=_text(media.get("description")))
