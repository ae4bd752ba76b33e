"""Keeps, in an example, the mail that residents would receive, so that everybody can read what they are told.

Plain files, newest kept; in a real installation nothing comes here, because no mail for others is taken.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from sociable.channels.email.parse import parse

MOST_KEPT = 500
_NAME = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}\.eml")
_FOR = b"Delivered-To: "


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail that somebody outside received; `name` is its file."""

    name: str
    at: datetime
    recipients: tuple[str, ...]
    from_name: str
    from_address: str
    subject: str
    text: str


def folder() -> Path:
    """This function will return where the letters lie."""
    return Path(settings.DATA_DIR) / "postbox"


def keep(content: bytes, recipients: Sequence[str], at: datetime) -> str:
    """This function will keep a mail for these recipients, drop the oldest beyond the last 500, and return its name."""
    folder().mkdir(parents=True, exist_ok=True)
    name = f"{at.astimezone(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.eml"
    part = folder() / f".{name}.part"
    part.write_bytes(b"".join(_FOR + address.encode() + b"\r\n" for address in recipients) + content)
    part.replace(folder() / name)
    for old in _names()[MOST_KEPT:]:
        (folder() / old).unlink(missing_ok=True)
    return name


def letters(limit: int = 50) -> list[Letter]:
    """This function will read the letters, newest first."""
    found = (letter(name) for name in _names()[:limit])
    return [each for each in found if each is not None]


def letter(name: str) -> Letter | None:
    """This function will read one letter by the name of its file; None where there is none of that name."""
    if not _NAME.fullmatch(name):
        return None
    try:
        content = (folder() / name).read_bytes()
    except FileNotFoundError:
        return None
    at = datetime.strptime(name[:21], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    recipients = []
    while content.startswith(_FOR):
        line, _, content = content.partition(b"\r\n")
        recipients.append(line.removeprefix(_FOR).decode("utf-8", "replace"))
    read = parse(content, fetched_at=at)
    return Letter(name, at, tuple(recipients), read.from_name, read.from_address, read.subject, read.text)


def _names() -> list[str]:
    if not folder().is_dir():
        return []
    return sorted((path.name for path in folder().iterdir() if _NAME.fullmatch(path.name)), reverse=True)
