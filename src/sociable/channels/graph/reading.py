"""Reads values out of JSON that a stranger may have made: whatever is missing or of another kind is read as empty.

Leaves what the values mean to the parsers beside it.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sociable.channels.tidy import tidy

Node = Mapping[str, Any]
MILLISECONDS_FROM = 100_000_000_000  # as seconds this would be the year 5138


def loaded(content: bytes) -> Any:
    """Return JSON, or None where it cannot be read."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def part(node: Any, *names: str) -> Node:
    """Return the object behind a path of names, empty where there is none."""
    for name in names:
        node = node.get(name) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


def many(node: Any, name: str) -> Sequence[Any]:
    """Return the list of that name, empty where there is none."""
    value = node.get(name) if isinstance(node, Mapping) else None
    return value if isinstance(value, list) else []


def words(node: Any, name: str) -> str:
    """Return a text or a number as text that any database takes."""
    value = node.get(name) if isinstance(node, Mapping) else None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return tidy(str(value)).strip()


def named(kind: str, number: str) -> str:
    """Return an id of the network as it is known here, among those of all networks; nothing for none."""
    return f"{kind}:{number}" if number else ""


def instant(value: Any) -> datetime | None:
    """Return the moment that a figure in seconds or milliseconds, or a text with an offset, names.

    Units:  aware UTC out
    """
    try:
        if isinstance(value, str) and not value.strip().isdigit():
            return _written(value)
        number = int(value)
        return datetime.fromtimestamp(number / 1000 if number > MILLISECONDS_FROM else number, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _written(value: str) -> datetime | None:
    moment = datetime.fromisoformat(value.strip())
    return moment.astimezone(UTC) if moment.tzinfo else None
