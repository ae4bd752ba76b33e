"""One account by half hour, day by day, with who is in; and one hole, with who could fill it and who could learn to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from sociable.cover import board as cover
from sociable.cover import queries
from sociable.cover.board import WEEKS
from sociable.cover.filling import could_fill, could_learn
from sociable.cover.holes_file import address_of as hole_url
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover.board import Board
from sociable.domain.cover.given import HALF_HOUR_US
from sociable.domain.cover.reasons import Hole, as_instant, as_us, holes_of
from sociable.domain.cover.spans import within
from sociable.domain.worktime.wording import and_words, hour_words, hours_below, stretch_words
from sociable.domain.worktime.zones import day_begins
from sociable.people import permissions
from sociable.people.parts import signed_in, staff
from sociable.planning import board_picture, seeing
from sociable.planning.board import day_words, hole_words, still_to_come, times_words
from sociable.planning.rights import page

SLOT_WIDTH, SLOT_HEIGHT = 12, 22
WORDS = {
    board_picture.TWO: "two or more", board_picture.ONE: "one",
    board_picture.FEW: "fewer than needed", board_picture.NONE: "nobody trained is in",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Bar:
    """One stretch of a day in one state; a hole leads to where it can be filled."""

    x: int
    width: int
    fill: str
    words: str
    url: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of an account: its stretches, who is in, and its holes in words."""

    on: date
    words: str
    is_today: bool
    bars: list[Bar]
    people: list[str]
    holes: list[dict[str, Any]]
    note: str


class _Shown(NamedTuple):
    """What a page of one account is made from; `first` is the first half hour of the day that is drawn."""

    board: Board
    zone: str
    today: date
    first: int
    names: dict[int, str]


def _account(request: HttpRequest, account_id: int) -> Account:
    seen = queries.accounts_seen_by(signed_in(request)).select_related("partner", "service", "answered_from__partner")
    return get_object_or_404(seen, pk=account_id)


@staff
@require_safe
def account_cover(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will show one account for six weeks, day by day."""
    account = _account(request, account_id)
    asked = seeing.read(request)
    zone = directory.zone_of(account)
    begins_at, ends_at = day_begins(asked.first_on, zone), day_begins(asked.first_on + timedelta(weeks=WEEKS), zone)
    worked_out = cover.board_of([account], begins_at, ends_at)
    found = still_to_come(holes_of(worked_out), asked.now)
    names, told = cover.names_in(worked_out), asked.told
    words = [hole_words(worked_out, hole, account, names, told) for hole in found]
    first, last = _hours(worked_out, zone)
    today = asked.now.astimezone(ZoneInfo(zone)).date()
    days = _days(_Shown(worked_out, zone, today, first, names), list(zip(found, words, strict=True)))
    return page(request, "board", "board_account.html", {
        "account": account,
        "weeks": _by_week(days),
        "width": (last - first) * SLOT_WIDTH,
        "height": SLOT_HEIGHT,
        "letters": board_picture.letters((last - first) * SLOT_WIDTH),
        "hours": [((hour * 2 - first) * SLOT_WIDTH, hour_words(hour)) for hour in hours_below(first // 2, last // 2)],
        "how_many": len(found),
        "later_url": f"?from={asked.first_on + timedelta(weeks=WEEKS)}",
        "today_url": "?" if asked.first_on != asked.today else "",
        "may_plan": permissions.can_plan(asked.person, account.place),
    })  # fmt: skip


def _hours(worked_out: Board, zone: str) -> tuple[int, int]:
    """The half hours of the day that are shown: those in which the account is ever open."""
    _, _, half_hour = board_picture.wall_clock(worked_out, zone)
    used = half_hour[np.flatnonzero(worked_out.needed[0] > 0)]
    if not len(used):
        return 16, 36
    return int(used.min()) // 2 * 2, -(-(int(used.max()) + 1) // 2) * 2


def _days(shown: _Shown, found: list[tuple[Hole, dict[str, Any]]]) -> list[Day]:
    days, of_day, half_hour = board_picture.wall_clock(shown.board, shown.zone)
    states = board_picture.states_of(shown.board)[0]
    return [
        _day(shown, on, found, _Half(slots, states[slots], half_hour[slots] - shown.first))
        for on, slots in ((on, np.flatnonzero(of_day == number)) for number, on in enumerate(days))
    ]


class _Half(NamedTuple):
    """The half hours of one day: which they are, their states, and where they are drawn."""

    slots: Any
    states: Any
    places: Any


def _day(shown: _Shown, on: date, found: list[tuple[Hole, dict[str, Any]]], half: _Half) -> Day:
    begins, ends = _edges(shown.board, half.slots)
    bars = _bars(half, [hole for hole, _ in found if hole.starts_us < ends and hole.ends_us > begins], begins)
    said = [said for hole, said in found if begins <= hole.starts_us < ends]
    people = _people(shown.board, begins, ends, shown.zone, shown.names)
    return Day(on, f"{on:%a} {on.day} {on:%b}", on == shown.today, bars, people, said, "" if bars else "Closed")


def _edges(worked_out: Board, slots: Any) -> tuple[int, int]:
    starts = worked_out.given.starts_us
    half_hour = HALF_HOUR_US
    return starts + int(slots[0]) * half_hour, starts + (int(slots[-1]) + 1) * half_hour


def _bars(half: _Half, found: list[Hole], begins: int) -> list[Bar]:
    """Stretches of half hours alike and beside one another."""
    bars, states, places = [], half.states, half.places
    breaks = np.flatnonzero((np.diff(states) != 0) | (np.diff(places) != 1)) + 1
    for run in np.split(np.arange(len(states)), breaks):
        state, slot = int(states[run[0]]), begins + int(run[0]) * HALF_HOUR_US
        if state == board_picture.CLOSED:
            continue
        hole = next((each for each in found if each.ends_us > slot), None) if state in _SHORT else None
        x, width = int(places[run[0]]) * SLOT_WIDTH, len(run) * SLOT_WIDTH
        bars.append(Bar(x, width, board_picture.FILLS[state], WORDS[state], hole_url(hole) if hole else ""))
    return bars


_SHORT = (board_picture.FEW, board_picture.NONE)


def _people(worked_out: Board, begins: int, ends: int, zone: str, names: dict[int, str]) -> list[str]:
    """Who is in at stated hours, each with their times."""
    account = int(worked_out.given.accounts[0])
    needed = [
        (int(a), int(b)) for a, b in zip(worked_out.given.needed.starts, worked_out.given.needed.ends, strict=True)
    ]
    open_today = within([(begins, ends)], needed)
    spans: dict[int, list[tuple[int, int]]] = {}
    for person, since, until in worked_out.who(account, begins, ends):
        spans.setdefault(person, []).append((since, until))
    said = []
    for person, theirs in spans.items():
        times = [_times(a, b, zone) for a, b in within(theirs, open_today)]
        said += [f"{names.get(person, 'Somebody')}, {' and '.join(times)}"] if times else []
    return said


def _times(begins_us: int, ends_us: int, zone: str) -> str:
    return stretch_words(*(as_instant(each).astimezone(ZoneInfo(zone)) for each in (begins_us, ends_us)))


def _by_week(days: list[Day]) -> list[tuple[str, list[Day]]]:
    weeks: dict[date, list[Day]] = {}
    for day in days:
        weeks.setdefault(day.on - timedelta(days=day.on.weekday()), []).append(day)
    return [(f"Week of {monday.day} {monday:%B}", each) for monday, each in weeks.items()]


# -- One hole --------------------------------------------------------------------------------------------------------------


@staff
@require_safe
def hole(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will show what is open of a hole, who could fill it and who could learn to."""
    account, asked = _account(request, account_id), seeing.read(request)
    starts_at, ends_at = _instant(request.GET.get("from", "")), _instant(request.GET.get("to", ""))
    if not starts_at < ends_at <= starts_at + timedelta(weeks=WEEKS):
        raise Http404
    zone = directory.zone_of(account)
    day = day_begins(starts_at.astimezone(ZoneInfo(zone)).date(), zone)
    worked_out = cover.board_of([account], day, ends_at + timedelta(days=1))
    open_still = [each for each in holes_of(worked_out) if each.starts_at < ends_at and each.ends_at > starts_at]
    names, told = cover.names_in(worked_out), asked.told
    may_plan = permissions.can_plan(asked.person, account.place)
    return page(request, "board", "hole.html", {
        "account": account,
        "may_plan": may_plan,
        "title": f"{day_words(starts_at, zone)}, {_asked_times(starts_at, ends_at, zone)}",
        "holes": [_one_hole(worked_out, each, account, names, told, may_plan=may_plan) for each in open_still],
        "planners": "" if may_plan else _planners(account),
        "there": _people(worked_out, as_us(starts_at), as_us(ends_at), zone, names),
    })  # fmt: skip


def _planners(account: Account) -> str:
    return and_words([each.name for each in queries.who_plans([account])[account.pk]])


def _asked_times(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    return times_words(Hole(0, as_us(starts_at), as_us(ends_at), 1), zone)


def _instant(text: str) -> datetime:
    """In UTC, as hole_url writes it."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise Http404 from None
    if not 2000 <= at.year <= 2190:
        raise Http404
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _one_hole(
    worked_out: Board, each: Hole, account: Account, names: dict[int, str], told: list[int], *, may_plan: bool
) -> dict[str, Any]:
    zone = directory.zone_of(account)
    begins = each.starts_at.astimezone(ZoneInfo(zone))
    ends = each.ends_at.astimezone(ZoneInfo(zone))
    typed = f"account={account.pk}&on={begins:%Y-%m-%d}&begins={begins:%H:%M}&ends={ends:%H:%M}"
    return hole_words(worked_out, each, account, names, told) | {
        "fill": [_candidate(one, zone) for one in could_fill(account, each.starts_at, each.ends_at)]
        if may_plan
        else [],
        "learn": could_learn(account, each.starts_at, each.ends_at)[:8] if may_plan else [],
        "typed": typed,
    }


def _candidate(one: Any, zone: str) -> dict[str, Any]:
    begins, ends = one.starts_at.astimezone(ZoneInfo(zone)), one.ends_at.astimezone(ZoneInfo(zone))
    return {
        "person": one.person,
        "part": "the whole of it" if one.is_whole else stretch_words(begins, ends),
        "shift": one.shift,
        "accounts": ", ".join(account.name for account in one.shift.accounts.all()) if one.shift else "",
        "concerns": [concern.words for concern in one.concerns],
        "refused": any(concern.refuses for concern in one.concerns),
        "typed": f"person={one.person.pk}&on={begins:%Y-%m-%d}&begins={begins:%H:%M}&ends={ends:%H:%M}",
    }
