"""Keeps where the next page of the desk begins: signed, so that an address somebody edited is a first page and not an error.

In which order pages stand is left to listing.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core import signing

from sociable.promises import queries as promises


def write_cursor(cursor: promises.Cursor) -> str:
    """This function will write down after which place of the fair order the next page begins."""
    facts = [cursor.as_of.isoformat(), cursor.need, cursor.share, cursor.started_at.isoformat(), cursor.wait_id]
    return signing.dumps(facts, salt="desk-page", compress=True)


def read_cursor(text: str) -> promises.Cursor | None:
    """This function will read such a place; None where there is none."""
    facts = _unsigned(text)
    if len(facts) != 5:
        return None
    return promises.Cursor(
        datetime.fromisoformat(facts[0]), facts[1], facts[2], datetime.fromisoformat(facts[3]), facts[4]
    )


def write_key(at: datetime, pk: int) -> str:
    """This function will write down after which conversation the next page begins, newest first."""
    return signing.dumps([at.isoformat(), pk], salt="desk-page", compress=True)


def read_key(text: str) -> tuple[datetime, int] | None:
    """This function will read such a conversation; None where there is none."""
    facts = _unsigned(text)
    return (datetime.fromisoformat(facts[0]), facts[1]) if len(facts) == 2 else None


def _unsigned(text: str) -> list[Any]:
    try:
        return list(signing.loads(text, salt="desk-page")) if text else []
    except (signing.BadSignature, json.JSONDecodeError):
        return []
