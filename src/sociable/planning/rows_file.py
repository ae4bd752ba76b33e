"""Reads a table that somebody exported or typed: its first line names the columns; what a row means is left to who asks."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Collection, Iterator, Mapping

from sociable.domain.errors import DomainError

MOST_ROWS = 500
MOST_BYTES = 1024 * 1024
_SEPARATORS = (",", ";", "\t")


class NoTable(DomainError):
    """What was given is no table that we can read; the reason says why."""


def decoded(content: bytes) -> str:
    """This function will read a file as text: UTF-8, or what spreadsheets of this country write else.

    Errors: NoTable
    """
    if len(content) > MOST_BYTES:
        raise NoTable("The file is larger than 1 MB. Bring it in in parts.")
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # what Excel calls Unicode text
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise NoTable("The file is not text. Save it as CSV in UTF-8.")
    return text


def rows(text: str, wanted: Collection[str], needed: Collection[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """This function will go through the rows of a table, each with the number of its line; empty ones are left out.

    Shape:  keys are the columns that are wanted, in lower case; `needed` must be there
    Errors: NoTable
    """
    head = text.lstrip("\ufeff").splitlines()[0] if text.strip() else ""
    separator = max(_SEPARATORS, key=head.count)
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator, strict=True)
    try:
        names = {name.strip().lower(): name for name in reader.fieldnames or () if name}
        if missing := [name for name in needed if name not in names]:
            raise NoTable(f"The first line must name the columns. Missing: {', '.join(missing)}.")
        for number, row in enumerate(reader):
            if number >= MOST_ROWS:
                raise NoTable(f"These are more than {MOST_ROWS} rows. Bring them in in parts.")
            cells = _cells(row, names, wanted)
            if any(cells.values()):
                yield reader.line_num, cells
    except csv.Error as error:
        raise NoTable(f"Line {reader.line_num or 1} cannot be read: {error}.") from None


def _cells(row: Mapping[str, str | None], names: Mapping[str, str], wanted: Collection[str]) -> dict[str, str]:
    return {name: (row.get(names[name]) or "").strip() if name in names else "" for name in wanted}
