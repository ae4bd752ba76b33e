"""Say when an amount of open time is due, or how much lies between two instants: JSON lines in, JSON lines out.

One answer a line, in order, as soon as it is asked; a line that cannot be answered gets its refusal and the next goes on.
Hours in OpenStreetMap notation need no settings and no database; accounts are those of this installation, by slug or address.

  {"hours": "Mo-Fr 09:00-17:00; PH off", "start": "2026-11-20T16:40:00+00:00", "amount": 120}
  {"due": "2026-11-23T10:40:00Z", "elapsed": 7200, "explanation": "arrived Fri 16:40, 20 minutes that day, due Mon 10:40"}

Every field is told in docs/reference/json.md. The exit status is 0 however many lines were refused.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sociable.config import command
from sociable.config.due_lines import LONGEST_LINE_BYTES, Found, Refused, answer

CHUNK_BYTES = 64 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="where the lines are; - or nothing: standard input"
    )
    parser.add_argument("--json", action="store_true", help="nothing changes: the answers are JSON lines always")


def run(options: argparse.Namespace) -> int:
    if options.file == "-":
        _answer_all(sys.stdin.fileno())
    else:
        with Path(options.file).open("rb") as file:
            _answer_all(file.fileno())
    return 0


def _answer_all(source: int) -> None:
    """Whoever asks line by line is answered line by line; whoever sends many at once has them answered at once."""
    accounts = partial(_account, {})
    for lines in _lines(source):
        sys.stdout.buffer.write(b"".join(answer(line, accounts) for line in lines))
        sys.stdout.buffer.flush()


def _lines(source: int) -> Iterator[list[bytes]]:
    """The lines that each reading completes. Of one that is too long no more is kept than shows that it is."""
    rest = b""
    while chunk := os.read(source, CHUNK_BYTES):
        first, *others = chunk.split(b"\n")
        rest = (rest + first)[: LONGEST_LINE_BYTES + 1]
        if others:
            yield [rest, *others[:-1]]
            rest = others[-1]
    if rest:
        yield [rest]


# -- What an account states ----------------------------------------------------------------------------------------


def _account(known: dict[str, Any], name: str, division: str | None, zone: str | None) -> Found:
    """Read once a run: a stream is answered by what was stated when it began."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - only who asks about an account needs Django
    from django.db import DatabaseError  # noqa: PLC0415 - as above

    try:
        return _found(known, name.strip().lower(), division, zone)
    except (DatabaseError, ImproperlyConfigured, OSError, ValueError) as error:
        raise Refused("account", f"The accounts of this installation cannot be asked: {str(error).strip()}") from None


def _found(known: dict[str, Any], name: str, division: str | None, zone: str | None) -> Found:
    directory, stated = _stated(known, name)
    if stated is None:
        raise Refused("account", f"There is no account “{name[:100]}” here. Give its slug or its address.")
    calendar = stated.calendar
    if calendar is not None and (division or zone):
        account = stated.account
        hours = directory.stated_hours(account)
        calendar = directory.calendar_from(
            hours, division or directory.division_of(account), zone or directory.zone_of(account)
        )
    return Found(calendar, lambda at: directory.promise_rule(directory.promise_on(stated.versions, stated.account, at)))


def _stated(known: dict[str, Any], name: str) -> tuple[Any, Any]:
    """The directory, and what an account states or None; Django is made ready by the first that asks."""
    if not known:
        command.set_up()
    from django.db.models import Q  # noqa: PLC0415 - as above

    from sociable.directory import queries as directory  # noqa: PLC0415 - as above
    from sociable.directory.models import Account  # noqa: PLC0415 - as above

    if name not in known:
        found = Account.objects.filter(Q(slug=name) | (Q(address__iexact=name) & ~Q(address=""))).order_by("pk").first()
        if found is None:
            return directory, None
        known[name] = directory.stated(found.pk)
    return directory, known[name]
