"""Decides what the list of accounts says to machines: as JSON, as CSV that no spreadsheet runs, and as schema.org in a page.

The fields are a promise to whoever reads them, kept in docs/reference/open-data.md; a field may be added and none is ever changed.
"""

from __future__ import annotations

import csv
import io
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse

from sociable.directory import queries as directory
from sociable.domain.worktime import StatedHours
from sociable.domain.worktime.spans import MIDNIGHT, DaySpans
from sociable.domain.worktime.wording import WEEKDAYS
from sociable.promises.kept import Kept, Record
from sociable.public.showing import Shown

VERSION = 1
COLUMNS = (
    "id", "name", "partner_id", "partner", "service", "purpose", "answered_from", "channel", "handle", "address", "link", "about", "stage",
    "learning_until", "hours", "hours_osm", "zone", "promise", "open_now", "opens_at", "closes_at", "answer_by_if_asked_now",
    "kept_30_days", "late_30_days", "waiting_past_promise", "not_yet_due",
    "learning_kept_30_days", "learning_late_30_days", "learning_waiting_past_promise", "page", "ask",
)  # fmt: skip
_RUN_BY_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
_SCHEMA = "https://schema.org/"


def fields(one: Shown, record: Record) -> dict[str, Any]:
    """This function will tell one account as data; what is not stated is null."""
    account, live = one.account, record.live
    return {
        "id": account.slug,
        "name": account.name,
        "partner_id": account.partner.slug,
        "partner": account.partner.name,
        "service": account.service.name if account.service else None,
        "purpose": account.purpose,
        "answered_from": answering.slug if (answering := directory.answering(account)) is not None else None,
        "channel": account.channel,
        "handle": account.handle or None,
        "address": account.address or None,
        "link": account.link or None,
        "about": account.about,
        "stage": account.stage,
        "learning_until": account.learning_until_on.isoformat() if account.learning_until_on else None,
        "hours": one.hours_words or None,
        "hours_osm": one.hours.notation if one.hours else None,
        "zone": one.zone,
        "promise": one.promise_words if one.answer_by_at else None,
        "open_now": one.is_open,
        "opens_at": _instant(one.opens_at),
        "closes_at": _instant(one.closes_at),
        "answer_by_if_asked_now": _instant(one.answer_by_at),
        **_counts(live),
        "learning_kept_30_days": record.learning.kept,
        "learning_late_30_days": record.learning.late + record.learning.closed,
        "learning_waiting_past_promise": record.learning.waiting_late,
        "page": settings.PUBLIC_URL + reverse("public:account", args=[account.slug]),
        "ask": settings.PUBLIC_URL + reverse("public:ask_account", args=[account.slug]) if one.takes_form else None,
    }


def _counts(live: Kept) -> dict[str, int]:
    return {
        "kept_30_days": live.kept,
        "late_30_days": live.late + live.closed,
        "waiting_past_promise": live.waiting_late,
        "not_yet_due": live.not_yet_due,
    }


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z") if at else None


def as_json(rows: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    """This function will wrap the accounts with what a reader must know about them."""
    return {
        "version": VERSION,
        "as_of": _instant(now),
        "documentation": "docs/reference/open-data.md",
        "licence": settings.OPEN_DATA_LICENCE,
        "accounts": rows,
    }


def as_csv(rows: list[dict[str, Any]]) -> str:
    """This function will write the accounts as CSV; a cell that a spreadsheet would run gets an apostrophe in front.

    Source: OWASP, CSV injection; RFC 4180
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows([_cell(row[column]) for column in COLUMNS] for row in rows)
    return out.getvalue()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_RUN_BY_SPREADSHEETS) else text


def schema_org(one: Shown) -> dict[str, Any]:
    """This function will tell an account in schema.org's words, with every version of its hours.

    Source: schema.org OpeningHoursSpecification: a closed day opens and closes at 00:00; a span that ends before it starts ends
            on the next day
    """
    account = one.account
    told = {
        "@context": "https://schema.org",
        "@type": "GovernmentOffice",
        "@id": settings.PUBLIC_URL + reverse("public:account", args=[account.slug]),
        "name": account.name,
        "description": account.about,
        "url": account.link or settings.PUBLIC_URL + reverse("public:account", args=[account.slug]),
        "email": account.address,
        "parentOrganization": {
            "@type": "GovernmentOrganization",
            "name": account.partner.name,
            "url": account.partner.website,
        },
        "openingHoursSpecification": _hours(one) if one.is_answered else None,
    }
    return {key: value for key, value in told.items() if value}


def _hours(one: Shown) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    stated = directory.stated_hours(one.account)
    for number, (from_on, notation) in enumerate(stated):
        hours = StatedHours.parse(notation)
        to_on = stated[number + 1][0] if number + 1 < len(stated) else None
        if to_on is not None and to_on <= one.today:
            continue
        valid = {"validFrom": from_on.isoformat()} | (
            {"validThrough": (to_on - timedelta(days=1)).isoformat()} if to_on else {}
        )
        said += [valid | spec for spec in _week(hours)]
        said += [
            {"validFrom": on.isoformat(), "validThrough": on.isoformat()} | spec
            for on, spans in hours.dated
            if on >= one.today
            for spec in _specs(spans)
        ]
    return said


def _week(hours: StatedHours) -> list[dict[str, Any]]:
    week = [
        {"dayOfWeek": _SCHEMA + WEEKDAYS[day]} | spec
        for day, spans in enumerate(hours.weekly)
        if spans
        for spec in _specs(spans)
    ]
    if hours.bank_holidays is not None:
        week += [{"dayOfWeek": f"{_SCHEMA}PublicHolidays"} | spec for spec in _specs(hours.bank_holidays)]
    return week


def _specs(spans: DaySpans) -> list[dict[str, Any]]:
    return [
        {
            "@type": "OpeningHoursSpecification",
            "opens": _time(opens),
            "closes": "23:59:59" if closes == MIDNIGHT else _time(closes),
        }
        for opens, closes in spans or ((0, 0),)
    ]


def _time(minute: int) -> str:
    hour, minutes = divmod(minute % MIDNIGHT, 60)
    return f"{hour:02d}:{minutes:02d}"
