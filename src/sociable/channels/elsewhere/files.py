"""Decides how a file falls into rows: CSV of any delimiter, a JSON list, or a JSON object a line. Pure.

Leaves what a row says to rows.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sociable.channels.elsewhere.rows import COLUMNS, Unreadable

DELIMITERS = ",;\t|"
_LISTS = ("messages", "items", "data", "posts", "tweets")


def rows_of(content: bytes) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the rows of a file, each with where it stands in words.

    Errors: Unreadable where the file as a whole is none of these
    """
    text = _decoded(content)
    if not text.strip():
        raise Unreadable("The file is empty.")
    rows = list(_json(text) if text.lstrip()[0] in "[{" else _csv(text))
    if not rows:
        raise Unreadable("The file holds no rows.")
    return rows


def _decoded(content: bytes) -> str:
    """Spreadsheets write UTF-8 with a mark, UTF-16, or the code page of their machine."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _json(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield from _json_lines(text, error)
        return
    if isinstance(whole, dict):
        listed = next((whole[name] for name in _LISTS if isinstance(whole.get(name), list)), [whole])
    else:
        listed = whole
    for number, row in enumerate(listed, 1):
        yield f"Item {number}", row if isinstance(row, dict) else {}


def _json_lines(text: str, error: Exception) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """One object a line; a line that is none is a row that cannot be read, unless not even the first is one."""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            if number == 1:
                raise Unreadable(f"It begins like JSON and is none: {error}.") from None
            row = None
        yield f"Line {number}", row if isinstance(row, dict) else {}


def _csv(text: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    head = text.splitlines()[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = {str(name).strip().lstrip("\ufeff").lower() for name in reader.fieldnames or ()}
    if not names & set(COLUMNS["text"]):
        raise Unreadable("Its first line names no column “text”. The first line must name the columns.")
    try:
        for row in reader:
            if any((value or "").strip() if isinstance(value, str) else value for value in row.values()):
                yield f"Line {reader.line_num}", row
    except csv.Error as error:
        raise Unreadable(f"It cannot be read as CSV after line {reader.line_num}: {error}.") from None
