"""Decides what is well written in the AT Protocol: a DID, a handle, the address of a record, an instant.

Leaves what stands at an address to whoever asks the network.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_DID_CHARS = 2048
LONGEST_HANDLE_CHARS = 253
LONGEST_URI_CHARS = 8192

_DID = re.compile(r"did:[a-z]+:[a-zA-Z0-9._:%-]*[a-zA-Z0-9._-]")
_HANDLE = re.compile(r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?")
_COLLECTION = re.compile(
    r"[a-zA-Z](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)+\.[a-zA-Z][a-zA-Z0-9]{0,62}"
)
_KEY = re.compile(r"[a-zA-Z0-9_~.:-]{1,512}")
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_INSTANT = re.compile(
    r"(\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d)(?:\.(\d+))?(Z|\+[0-2]\d:[0-5]\d|-(?!00:00)[0-2]\d:[0-5]\d)"
)


def is_did(value: str) -> bool:
    """Say whether this is a lasting id, such as did:plc:abc."""
    return len(value) <= LONGEST_DID_CHARS and _DID.fullmatch(value) is not None


def is_handle(value: str) -> bool:
    """Say whether this is a name people know, such as council.example."""
    return len(value) <= LONGEST_HANDLE_CHARS and _HANDLE.fullmatch(value) is not None


def is_tid(value: str) -> bool:
    """Say whether this is a key made of time, as posts have it."""
    return _TID.fullmatch(value) is not None


def is_key(value: str) -> bool:
    """Say whether this can be a record's key in its collection."""
    return value not in {".", ".."} and _KEY.fullmatch(value) is not None


@dataclass(frozen=True, slots=True)
class At:
    """The address of a record, or of less: whose it is, in which collection, under which key."""

    authority: str
    collection: str = ""
    key: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (f"at://{self.authority}", self.collection, self.key)))


def read_at(value: str) -> At | None:
    """Return what an at:// address says, None where it is not well written."""
    if not value.startswith("at://") or len(value) > LONGEST_URI_CHARS:
        return None
    authority, *path = value.removeprefix("at://").split("/")
    rules: tuple[Callable[[str], bool], ...] = (
        lambda name: _COLLECTION.fullmatch(name) is not None and len(name) <= 317,
        is_key,
    )
    if not (is_did(authority) or is_handle(authority)) or len(path) > len(rules):
        return None
    if not all(rule(part) for rule, part in zip(rules, path, strict=False)):
        return None
    return At(authority, *path)


def read_instant(value: object) -> datetime | None:
    """Return an instant, None where it is not well written or makes no sense.

    Units:  aware UTC; what is finer than a microsecond is left out
    """
    found = _INSTANT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    moment, fraction, zone = found.groups()
    try:
        read = datetime.fromisoformat(f"{moment}.{(fraction or '0')[:6]:0<6}{'+00:00' if zone == 'Z' else zone}")
        return read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
