"""The pages of the nightly tallies: what each network had for a day, what is here, what was missing and is fetched; and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from io import StringIO
from itertools import groupby
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from sociable.directory import queries as directory
from sociable.directory import tallies
from sociable.directory.health_models import Tally
from sociable.directory.models import Account
from sociable.domain.saying import moment_words
from sociable.journeys.became import WORDS
from sociable.office.rights import page
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act, Place

DAYS_A_PAGE = 7
MOST_CSV_ROWS = 100_000


def _seen_by(person: Person) -> QuerySet[Tally]:
    accounts = Account.objects.where(person, Act.CONNECT) | Account.objects.where(person, Act.SEE_FIGURES)
    if not accounts.exists():
        permissions.check_can_connect(person, Place(0))
    return Tally.objects.filter(account__in=accounts).select_related("account__partner")


@staff
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """This page will list the tallies day by day, the newest first, those that do not add up marked."""
    seen = _seen_by(signed_in(request))
    before = request.GET.get("before", "")
    days = seen.order_by("-day_on").values_list("day_on", flat=True).distinct()
    if len(before) == len("2026-11-27") and before.replace("-", "").isdecimal():
        days = days.filter(day_on__lt=_day(before))
    shown = list(days[: DAYS_A_PAGE + 1])
    rows = seen.filter(day_on__in=shown[:DAYS_A_PAGE]).order_by("-day_on", "account__name")
    context = {
        "days": [(day, [_row(one) for one in some]) for day, some in groupby(rows, lambda one: one.day_on)],
        "older_url": f"?before={shown[DAYS_A_PAGE - 1].isoformat()}" if len(shown) > DAYS_A_PAGE else "",
        "newest_url": request.path if before else "",
    }
    return page(request, "connections", "tallies.html", context)


def _day(text: str) -> date:
    """A day that is none leaves nothing out."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return timezone.now().date() + timedelta(days=1)


def _row(one: Tally) -> dict[str, Any]:
    if not one.adds_up:
        word, tone = "Does not add up", "late"
    elif one.differences:
        word, tone = f"{len(one.differences)} fetched", "warn"
    elif one.listed is None:
        word, tone = "Cannot be asked again", ""
    else:
        word, tone = "Adds up", "good"
    return {"tally": one, "word": word, "tone": tone, "figures": _figures(one)}


def _figures(one: Tally) -> list[tuple[str, int]]:
    """What became of what is here, in the order of the words; what is none is left out."""
    return [(words, one.figures[name]) for name, words in WORDS.items() if one.figures.get(name)]


@staff
@require_safe
def show(request: HttpRequest, tally_id: int) -> HttpResponse:
    """This page will show one tally: how it adds up, what was missing, and whether it is as it was written."""
    one = get_object_or_404(_seen_by(signed_in(request)), pk=tally_id)
    zone = directory.zone_of(one.account)
    up_to = Tally.objects.filter(account=one.account, pk__lte=one.pk).order_by("pk")
    context = {
        **_row(one),
        "counted": moment_words(one.counted_at, zone),
        "changed": any(each.pk == one.pk for each in tallies.changed(up_to)),
        "missing": [
            {**each, "at": moment_words(at, zone) if (at := parse_datetime(str(each["received_at"]))) else "not told"}
            for each in one.differences
        ],
    }
    return page(request, "connections", "tally.html", context)


@staff
@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    """This link will give the tallies as CSV, the newest first."""
    rows = _seen_by(signed_in(request)).order_by("-day_on", "account__name")[:MOST_CSV_ROWS]
    answer = HttpResponse("".join(_lines(rows)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="tallies.csv"'
    return answer


def _lines(rows: Any) -> Iterator[str]:
    names = ["day", "partner", "account", "listed", "stored", "fetched", "adds_up", *WORDS, "counted_at", "signature"]
    yield _line(names)
    for one in rows:
        yield _line([
            one.day_on.isoformat(), one.account.partner.slug, one.account.slug,
            "" if one.listed is None else one.listed, one.stored, len(one.differences), "yes" if one.adds_up else "no",
            *(one.figures.get(name, 0) for name in WORDS), one.counted_at.isoformat(), one.signature,
        ])  # fmt: skip


def _line(cells: list[Any]) -> str:
    kept = StringIO()
    csv.writer(kept).writerow(cells)
    return kept.getvalue()
