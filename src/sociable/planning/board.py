"""The board: every account by half hour for six weeks, as a picture and as a list of holes in words; the first page of Cover."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from sociable.cover import board as cover
from sociable.cover import feeding
from sociable.cover.board import WEEKS
from sociable.cover.days import day_of
from sociable.cover.holes_file import address_of as hole_url
from sociable.cover.reading import answers
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover.board import Board
from sociable.domain.cover.reasons import Hole, holes_of
from sociable.domain.saying import time_near
from sociable.domain.worktime.wording import length_words, stretch_words, time_words
from sociable.people import permissions
from sociable.people.parts import staff
from sociable.planning import board_picture, seeing
from sociable.planning.rights import page
from sociable.planning.seeing import Asked

HOLES_ON_BOARD, HOLES_A_PAGE = 12, 100


@dataclass(frozen=True, slots=True)
class Row:
    """One account on the board."""

    account: Account
    blocks: list[list[board_picture.Shape]]
    hours: str
    holes: list[Hole]
    words: str
    first: str
    first_url: str


@staff
@require_safe
def board(request: HttpRequest) -> HttpResponse:
    """This page will show all accounts the reader sees, by half hour, and the first of their holes in words."""
    asked = seeing.read(request)
    worked_out = cover.board_of(asked.accounts, asked.begins_at, asked.ends_at)
    holes = still_to_come(holes_of(worked_out), asked.now)
    picture = board_picture.draw(worked_out, asked.zone)
    rows = _rows(asked, picture, holes)
    return page(request, "board", "board.html", {
        "asked": asked,
        "rows": rows,
        "picture": picture,
        "lines": [board_picture.lines(picture, block, asked.today) for block in picture.blocks()],
        "width": board_picture.DAY_WIDTH * board_picture.DAYS_IN_BLOCK,
        "height": board_picture.HEIGHT,
        "day_width": board_picture.DAY_WIDTH,
        "told": in_words(asked, worked_out, holes[:HOLES_ON_BOARD]),
        "how_many": len(holes),
        "lead": _lead(asked, holes),
        "with_holes": len({hole.account for hole in holes}),
        "moves": _moves(request, asked),
        "address": request.GET.urlencode(),
    })  # fmt: skip


@staff
@require_safe
def holes(request: HttpRequest) -> HttpResponse:
    """This page will list all holes in words, a hundred at a time."""
    asked = seeing.read(request)
    worked_out = cover.board_of(asked.accounts, asked.begins_at, asked.ends_at)
    found = still_to_come(holes_of(worked_out), asked.now)
    after = request.GET.get("after", "")
    from_here = [hole for hole in found if _key(hole) > after] if after else found
    shown = from_here[:HOLES_A_PAGE]
    more = shown and len(from_here) > len(shown)
    return page(request, "board", "holes.html", {
        "asked": asked,
        "told": in_words(asked, worked_out, shown),
        "how_many": len(found),
        "lead": _lead(asked, found),
        "feed_url": _feed_url(asked),
        "later_url": f"?{_with(request, after=_key(shown[-1]))}" if more else "",
        "first_url": f"?{_with(request, after='')}" if after else "",
    })  # fmt: skip


def _feed_url(asked: Asked) -> str:
    token = feeding.holes_token(feeding.of_person(asked.person, asked.now))
    return f"{settings.PUBLIC_URL}{reverse('api:holes_feed', args=[token])}"


def _key(hole: Hole) -> str:
    """In the order in which holes are listed."""
    return f"{hole.starts_us:020d}-{hole.account:010d}"


def still_to_come(found: Iterable[Hole], now: datetime) -> list[Hole]:
    """This function will leave out holes that are over: nobody can fill them any more."""
    return [hole for hole in found if hole.ends_at > now]


# -- Rows of the picture ---------------------------------------------------------------------------------------------------


def _rows(asked: Asked, picture: board_picture.Picture, found: list[Hole]) -> list[Row]:
    by_account: dict[int, list[Hole]] = defaultdict(list)
    for hole in found:
        by_account[hole.account].append(hole)
    rows = [_row(asked, picture, account, by_account[account.pk]) for account in asked.accounts]
    if asked.show == "holes":
        rows = [row for row in rows if row.holes]
    if asked.show != "name":
        rows.sort(key=lambda row: row.holes[0].starts_us if row.holes else _NEVER)
    return rows


_NEVER = 2**62


def _row(asked: Asked, picture: board_picture.Picture, account: Account, found: list[Hole]) -> Row:
    blocks = [picture.shapes.get((account.pk, block), []) for block in picture.blocks()]
    hours = " to ".join(time_words(each * 30) for each in picture.hours.get(account.pk, ()))
    if not found:
        return Row(account, blocks, hours, found, _without_holes(account, any(blocks)), "", "")
    zone = directory.zone_of(account)
    length = sum((hole.ends_at - hole.starts_at for hole in found), timedelta())
    holes_words = "1 hole" if len(found) == 1 else f"{len(found)} holes"
    return Row(
        account, blocks, hours, found, f"{holes_words}, {length_words(length)} of open time",
        first_words(found[0].starts_at, asked.now, zone), hole_url(found[0]),
    )  # fmt: skip


def first_words(at: datetime, now: datetime, zone: str) -> str:
    """This function will say within a sentence when the first hole begins: "today 2pm", "Mon 2pm"."""
    near = time_near(at, now, zone)
    return f"today {near}" if day_of(at, zone) == day_of(now, zone) else near


def _without_holes(account: Account, is_needed: bool) -> str:
    other = directory.answering(account)
    if other is not None:
        return f"Covered where it is answered from: {other.name}"
    if not answers(account):
        return f"{account.get_stage_display()}: needs nobody"
    return "Covered throughout" if is_needed else "No stated hours in these weeks"


def _lead(asked: Asked, found: list[Hole]) -> str:
    accounts = "1 account" if len(asked.accounts) == 1 else f"{len(asked.accounts)} accounts"
    weeks = f"in the six weeks from {day_words(asked.begins_at, asked.zone)}"
    if not found:
        return f"No holes: {accounts}, every stated hour covered {weeks}."
    counted = "1 hole" if len(found) == 1 else f"{len(found):,} holes"
    of = f", in {len({hole.account for hole in found})} of {accounts}" if len(asked.accounts) > 1 else ""
    return f"{counted} {weeks}{of}."


# -- Holes in words --------------------------------------------------------------------------------------------------------


def in_words(asked: Asked, worked_out: Board, found: Iterable[Hole]) -> list[dict[str, Any]]:
    """This function will say holes in words, each with why and where it can be filled."""
    accounts = {account.pk: account for account in asked.accounts}
    names, told = cover.names_in(worked_out), asked.told
    fills = {account.pk for account in asked.accounts if permissions.can_plan(asked.person, account.place)}
    return [
        hole_words(worked_out, hole, accounts[hole.account], names, told) | {"may_fill": hole.account in fills}
        for hole in found
    ]


def hole_words(
    worked_out: Board, hole: Hole, account: Account, names: Mapping[int, str], told: list[int]
) -> dict[str, Any]:
    """This function will say one hole in words."""
    zone = directory.zone_of(account)
    return {
        "account": account,
        "day": day_words(hole.starts_at, zone),
        "times": times_words(hole, zone),
        "iso": hole.starts_at.isoformat(),
        "length": length_words(hole.ends_at - hole.starts_at),
        "missing": "1 person missing" if hole.missing == 1 else f"{hole.missing} people missing",
        "why": _sentence(cover.why(worked_out, hole, zone, names=names, told=told)),
        "url": hole_url(hole),
    }


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def day_words(at: datetime, zone: str) -> str:
    """This function will say a local day: "Tuesday 1 December"."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%A} {local.day} {local:%B}"


def times_words(hole: Hole, zone: str) -> str:
    """This function will say from when to when a hole lasts, with the day of its end where that is another."""
    return stretch_words(hole.starts_at.astimezone(ZoneInfo(zone)), hole.ends_at.astimezone(ZoneInfo(zone)))


# -- Ways on ---------------------------------------------------------------------------------------------------------------


def _moves(request: HttpRequest, asked: Asked) -> dict[str, str]:
    """The addresses of the weeks before and after; never before today, where nothing can be filled any more."""
    weeks = timedelta(weeks=WEEKS)
    moves = {"later": f"?{_with(request, **{'from': str(asked.first_on + weeks)})}"}
    if asked.first_on > asked.today:
        earlier = max(asked.first_on - weeks, asked.today)
        moves["earlier"] = f"?{_with(request, **{'from': '' if earlier == asked.today else str(earlier)})}"
    return moves


def _with(request: HttpRequest, **changed: str) -> str:
    query = request.GET.copy()
    for name, value in changed.items():
        query[name] = value
    return urlencode({name: value for name, value in query.items() if value})
