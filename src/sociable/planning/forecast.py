"""The pages of the forecast: what is expected of each account, and for one account two weeks by half hour with the chance of keeping
its promise."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.cover import queries as cover
from sociable.cover.outlook_models import Outlook
from sociable.cover.reading import answers
from sociable.domain.cover.forecast import Basis
from sociable.domain.cover.outlook import DayOutlook
from sociable.domain.worktime.wording import hour_words, hours_below, time_words
from sociable.journeys.expecting import Expected, Past
from sociable.journeys.foresee import Foreseen, every_with, foresee
from sociable.people import permissions
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Place
from sociable.planning import board_picture, seeing
from sociable.planning import forecast_words as words
from sociable.planning.rights import page

BAR_WIDTH, HEIGHT = 12, 48
BASES = {
    Basis.OWN: "its own history",
    Basis.LITTLE: "little history, and like accounts",
    Basis.OTHERS: "like accounts",
    Basis.GUESS: "a guess",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One half hour: what is expected, and above it how far nine in ten reach, where that is any."""

    x: int
    y: float
    height: float
    top: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day in words and as a picture."""

    words: str
    note: str
    bars: list[Bar]
    requests: str
    chance: str
    tone: str
    sentences: list[str]


@staff
@require_safe
def forecast(request: HttpRequest) -> HttpResponse:
    """This page will list how many requests each account is to expect."""
    asked = seeing.read(request)
    past = Past(every_with(asked.accounts), asked.now)
    expected = [past.expected(account) for account in asked.accounts if answers(account) or account.answered_from_id]
    known = {one.account_id: one for one in Outlook.objects.filter(account__in=[each.account.pk for each in expected])}
    rows = sorted(
        (_row(each, known.get(each.account.pk)) for each in expected), key=lambda row: -float(row["requests"])
    )
    bodies = {account.partner for account in asked.accounts}
    return page(request, "forecast", "forecast.html", {
        "asked": asked,
        "rows": rows,
        "bodies": [one for one in sorted(bodies, key=str) if permissions.can_plan(asked.person, Place(one.pk))],
    })  # fmt: skip


def _row(expected: Expected, outlook: Outlook | None) -> dict[str, Any]:
    total = expected.by_day.sum()
    low, high = expected.between(np.array([total]))
    return {
        "account": expected.account,
        "requests": total,
        "words": words.range_words(float(total), int(low[0]), int(high[0])),
        "basis": BASES[expected.whole.basis],
        **words.outlook_words(outlook, expected.first_on),
    }


def _found(request: HttpRequest, account_id: int) -> Foreseen:
    """The forecast of an account the reader sees, with all that its people answer besides."""
    seen = cover.accounts_seen_by(signed_in(request))
    account = get_object_or_404(seen.select_related("partner", "service", "answered_from__partner"), pk=account_id)
    return foresee(account, every_with([account]), timezone.now())


@staff
@require_safe
def account_forecast(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will show what two weeks may bring to one account, by half hour and day, in words and as a picture."""
    found = _found(request, account_id)
    person, expected = signed_in(request), found.expected
    visible = set(cover.accounts_seen_by(person).values_list("pk", flat=True))
    first, last = _hours(expected)
    low, high = expected.between(np.array([expected.by_day.sum()]))
    return page(request, "forecast", "forecast_account.html", {
        "account": expected.account,
        "found": found,
        "total": words.range_words(float(expected.by_day.sum()), int(low[0]), int(high[0])),
        "stretch": words.stretch_words(expected.first_on, _on(expected, len(expected.by_day) - 1)),
        "chance": words.chance_sentence(found.together.chance) if found.together.chance else "",
        "days": [_day(found, number, (first, last)) for number in range(len(expected.by_day))],
        "width": (last - first) * BAR_WIDTH,
        "height": HEIGHT,
        "letters": board_picture.letters((last - first) * BAR_WIDTH),
        "hours": [((hour * 2 - first) * BAR_WIDTH, hour_words(hour)) for hour in hours_below(first // 2, last // 2)],
        "rests_on": words.rests_on(found),
        "looked_back": expected.looked_back.sentences() if expected.looked_back else [],
        "others": [one for one in found.others if one.pk in visible],
        "may_plan": permissions.can_plan(person, expected.account.own_place),
    })  # fmt: skip


def _hours(expected: Expected) -> tuple[int, int]:
    """The half hours of the day that are drawn, to whole hours: where anything worth a line is expected."""
    used = np.flatnonzero(expected.by_half_hour.max(axis=0) > 0.02 * expected.by_half_hour.max())
    if not len(used):
        return 16, 36
    return int(used.min()) // 2 * 2, -(-(int(used.max()) + 1) // 2) * 2


def _on(expected: Expected, number: int) -> date:
    return expected.first_on + timedelta(days=number)


def _day(found: Foreseen, number: int, hours: tuple[int, int]) -> Day:
    expected, outlook = found.expected, found.days[number]
    low, high = expected.between(expected.by_day)
    on, promised = _on(expected, number), found.together.chance is not None
    return Day(
        f"{on:%a} {on.day} {on:%b}",
        _note(expected, number),
        _bars(expected, number, hours) if high[number] else [],
        words.range_words(float(expected.by_day[number]), int(low[number]), int(high[number])),
        words.chance_words(outlook.chance) if promised and outlook.chance else "",
        words.tone_of(outlook.chance),
        words.day_sentences(outlook, promised) if _is_said(outlook) else [],
    )


def _is_said(outlook: DayOutlook) -> bool:
    """A day on which hardly ever anything comes has nothing to say beyond that."""
    return outlook.asked[2] > 0


def _note(expected: Expected, number: int) -> str:
    special = expected.special
    notes = [
        ("Today, what is left of it", number == 0),
        ("Bank holiday", special.bank[number]),
        ("School holidays", special.school[number]),
    ]
    return ", ".join(note for note, is_so in notes if is_so)


def _bars(expected: Expected, number: int, hours: tuple[int, int]) -> list[Bar]:
    first, last = hours
    low, high = expected.between(expected.by_half_hour)
    scale = (HEIGHT - 2) / max(float(high[:, first:last].max()), float(expected.by_half_hour.max()), 1.0)
    bars = []
    for slot in range(first, last):
        mean, most = float(expected.by_half_hour[number, slot]), int(high[number, slot])
        said = f"{time_words(slot * 30)}: {mean:.1f} expected, between {low[number, slot]} and {most}"
        x, tall = (slot - first) * BAR_WIDTH, mean * scale
        bars.append(
            Bar(x, round(HEIGHT - tall, 1), round(tall, 1), round(HEIGHT - most * scale, 1) if most else None, said)
        )
    return bars


@staff
@require_safe
def forecast_csv(request: HttpRequest, account_id: int) -> HttpResponse:
    """This file will hold what is expected of an account in each half hour."""
    seen = cover.accounts_seen_by(signed_in(request)).select_related("partner", "service", "answered_from__partner")
    account = get_object_or_404(seen, pk=account_id)
    expected = Past([account], timezone.now()).expected(account)
    low, high = expected.between(expected.by_half_hour)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="forecast-{account.slug}.csv"'
    rows = csv.writer(answer)
    rows.writerow(["day", "half_hour", "expected", "from", "to"])
    for number in range(len(expected.by_day)):
        for slot in range(48):
            at, mean = f"{slot // 2:02d}:{slot % 2 * 30:02d}", expected.by_half_hour[number, slot]
            rows.writerow([_on(expected, number), at, f"{mean:.3f}", low[number, slot], high[number, slot]])
    return answer
