"""Show the open waits in fair order, each with the reason why it stands where it stands.

Whoever is to be answered next comes first. Waits that somebody holds are shown too, with who; what was put off is left out
until its day. The order is one over all the accounts asked for, and a person who asked in several places holds one place.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from sociable.config import naming, preparing
from sociable.conversations.models import Message
from sociable.directory.queries import zone_of
from sociable.domain import ordering
from sociable.domain.saying import moment_near
from sociable.promises import queries as promises
from sociable.promises.lines import Line
from sociable.promises.queries import Cursor, Place

AT_ONCE = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--account",
        action="append",
        default=[],
        metavar="SLUG",
        help="only this account, by slug or address; may be repeated",
    )
    parser.add_argument(
        "--partner", action="append", default=[], metavar="SLUG", help="only this partner's accounts; may be repeated"
    )
    parser.add_argument(
        "--limit", type=_places, default=50, metavar="N", help="how many places at most (now %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object, as in docs/reference/json.md")


def _places(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number of places: give 1 or more")
    return int(text)


def run(options: argparse.Namespace) -> int:
    preparing.check_migrated()
    now = timezone.now()
    line = Line(naming.accounts(options.account, options.partner), anyone=True)
    places = list(_in_order(line, now, options.limit))
    if options.json:
        told = {"as_of": naming.instant(now), "rule": ordering.RULE, "places": list(_as_json(places, now))}
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        print("\n".join(_as_table(places, now)))
    return 0


def _in_order(line: Line, now: datetime, limit: int) -> Iterator[Place]:
    """The heads of the order, fetched page by page for one instant."""
    after: Cursor | None = None
    while limit > 0:
        page = promises.fair_page(line, now, limit=min(limit, AT_ONCE), after=after)
        yield from page.places
        limit, after = limit - len(page.places), page.after
        if after is None:
            return


def _channels(places: Sequence[Place]) -> dict[int, str]:
    """The channel by which each wait began."""
    return dict(
        Message.objects.filter(pk__in=[place.wait.began_with_id for place in places]).values_list("pk", "channel")
    )


def _held_by(place: Place, now: datetime) -> str:
    conversation = place.wait.conversation
    until = conversation.held_until_at
    return conversation.held_by.name if conversation.held_by and (until is None or until > now) else ""


def _as_json(places: Sequence[Place], now: datetime) -> Iterator[dict[str, Any]]:
    channels = _channels(places)
    for number, place in enumerate(places, 1):
        wait = place.wait
        yield {
            "place": number,
            "conversation": wait.conversation_id,
            "wait": wait.pk,
            "account": wait.account.slug,
            "partner": wait.account.partner.slug,
            "channel": channels[wait.began_with_id],
            "contact": str(wait.contact),
            "subject": wait.conversation.subject,
            "started_at": naming.instant(wait.started_at),
            "clock_starts_at": naming.instant(wait.clock_starts_at),
            "due_at": naming.instant(wait.due_at),
            "share_used": round(place.share, 6),
            "need": wait.need,
            "reason": place.reason,
            "others_of_person": place.others_of_person,
            "held_by": _held_by(place, now) or None,
        }


def _as_table(places: Sequence[Place], now: datetime) -> list[str]:
    if not places:
        return ["Nobody waits."]
    channels = _channels(places)
    rows: list[tuple[str, ...]] = [("", "Answer by", "Account", "From", "By", "Held by", "Why here")]
    for number, place in enumerate(places, 1):
        wait = place.wait
        due = moment_near(wait.due_at, now, zone_of(wait.account)) if wait.due_at else "no promise"
        texts = (wait.account.slug, str(wait.contact), channels[wait.began_with_id], _held_by(place, now))
        rows.append((str(number), due, *(naming.line(text, 28) for text in texts), naming.line(place.reason, 200)))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
