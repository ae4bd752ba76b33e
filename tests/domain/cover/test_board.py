"""The board: needed, in and missing by half hour, holes to the minute, and what one change makes of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from sociable.domain.cover import sweep
from sociable.domain.cover.board import Board, work_out
from sociable.domain.cover.given import HALF_HOUR_US, Away, Given, Needed, OnRota, Ready, table
from sociable.domain.cover.reasons import Because, Hole, as_us, holes_of, why, words
from sociable.domain.worktime import Calendar, StatedHours, Version
from sociable.domain.worktime.holidays import bank_holidays
from tests.domain.cover import slow_board

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
HELP, BOOKS = 1, 2
JEN, KAL, SAM = 11, 12, 13
ALWAYS = (0, 2**60)
LEAVE = 1
MINUTE = 60_000_000


def at(hour: int, minute: int = 0, day: int = 0) -> int:
    return as_us(MONDAY + timedelta(days=day, hours=hour, minutes=minute))


def scene(
    *, needed: list[tuple[int, ...]], rota: list[tuple[int, ...]] = (), ready: list[tuple[int, ...]] | None = None,
    away: list[tuple[int, ...]] = (), days: int = 1, starts_us: int | None = None,
) -> Given:  # fmt: skip
    everybody = [(account, person, *ALWAYS) for account in (HELP, BOOKS) for person in (JEN, KAL, SAM)]
    return Given(
        at(0) if starts_us is None else starts_us, days * 48, np.array([HELP, BOOKS]), table(Needed, needed),
        table(OnRota, list(rota)), table(Ready, everybody if ready is None else ready), table(Away, list(away)),
    )  # fmt: skip


def slot(board: Board, hour: int, minute: int = 0, account: int = HELP) -> tuple[int, int, int]:
    number = (at(hour, minute) - board.given.starts_us) // HALF_HOUR_US
    row = board.row(account)
    return int(board.needed[row, number]), int(board.inside[row, number]), int(board.missing[row, number])


def holes(board: Board) -> list[tuple[int, int, int, int]]:
    return [tuple(hole) for hole in holes_of(board)]


OPEN = (HELP, at(9), at(17), 1)


def test_nobody_on_the_rota_is_one_hole_of_the_stated_hours() -> None:
    board = work_out(scene(needed=[OPEN]))
    assert holes(board) == [(HELP, at(9), at(17), 1)]
    assert slot(board, 8, 30) == (0, 0, 0)
    assert slot(board, 9) == (1, 0, 1)
    assert slot(board, 17) == (0, 0, 0)


def test_a_shift_covers_where_its_person_is_ready_and_not_away() -> None:
    board = work_out(
        scene(
            needed=[OPEN],
            rota=[(HELP, JEN, at(9), at(13)), (HELP, KAL, at(12), at(17))],
            ready=[(HELP, JEN, *ALWAYS), (HELP, KAL, at(14), 2**60)],
            away=[(JEN, at(10), at(11), LEAVE)],
        )
    )
    assert holes(board) == [(HELP, at(10), at(11), 1), (HELP, at(13), at(14), 1)]


@pytest.mark.parametrize(
    ("begins", "missing_at_9"),
    [((9, 0), 0), ((9, 14), 0), ((9, 15), 0), ((9, 16), 1), ((9, 29), 1)],
)
def test_only_the_open_part_of_a_half_hour_has_to_be_covered(begins: tuple[int, int], missing_at_9: int) -> None:
    opens_quarter_past = (HELP, at(9, 15), at(17), 1)
    board = work_out(scene(needed=[opens_quarter_past], rota=[(HELP, JEN, at(*begins), at(17))]))
    assert slot(board, 9)[2] == missing_at_9
    expected = [(HELP, at(9, 15), at(*begins), 1)] if missing_at_9 else []
    assert holes(board) == expected


def test_a_half_hour_that_two_people_share_is_covered_only_if_they_meet() -> None:
    shared = [(HELP, JEN, at(9), at(9, 10)), (HELP, KAL, at(9, 10), at(17))]
    assert holes(work_out(scene(needed=[OPEN], rota=shared))) == []
    apart = [(HELP, JEN, at(9), at(9, 10)), (HELP, KAL, at(9, 11), at(17))]
    board = work_out(scene(needed=[OPEN], rota=apart))
    assert slot(board, 9) == (1, 0, 1)
    assert holes(board) == [(HELP, at(9, 10), at(9, 11), 1)]


def test_somebody_twice_on_the_rota_is_one_person() -> None:
    twice = [(HELP, JEN, at(9), at(13)), (HELP, JEN, at(10), at(17)), (HELP, JEN, at(9), at(17))]
    board = work_out(scene(needed=[(HELP, at(9), at(17), 2)], rota=twice))
    assert holes(board) == [(HELP, at(9), at(17), 1)]
    assert slot(board, 10) == (2, 1, 1)


def test_holes_are_cut_where_another_number_is_missing() -> None:
    needed = [(HELP, at(9), at(12), 1), (HELP, at(12), at(14), 3), (HELP, at(14), at(17), 1)]
    board = work_out(scene(needed=needed, rota=[(HELP, JEN, at(11), at(15))]))
    assert holes(board) == [(HELP, at(9), at(11), 1), (HELP, at(12), at(14), 2), (HELP, at(15), at(17), 1)]


def test_an_account_is_covered_by_its_own_people_alone() -> None:
    needed = [OPEN, (BOOKS, at(9), at(17), 1)]
    assert holes(work_out(scene(needed=needed, rota=[(HELP, JEN, at(9), at(17))]))) == [(BOOKS, at(9), at(17), 1)]


def test_who_is_there_is_told_with_their_times() -> None:
    board = work_out(
        scene(
            needed=[OPEN],
            rota=[(HELP, JEN, at(9), at(13)), (HELP, KAL, at(12), at(17)), (BOOKS, SAM, at(9), at(17))],
            away=[(KAL, at(15), at(16), LEAVE)],
        )
    )
    expected = [(JEN, at(9), at(13)), (KAL, at(12), at(15)), (KAL, at(16), at(17))]
    assert board.who(HELP, at(0), at(24)) == expected


# -- Clock changes, nights, bank holidays ------------------------------------------------------------------------------


def _spans(notation: str, first: datetime, last: datetime) -> list[tuple[int, ...]]:
    calendar = Calendar([Version(StatedHours.parse(notation))], "Europe/London", bank_holidays("england-and-wales"))
    return [(HELP, as_us(a), as_us(b), 1) for a, b in calendar.spans_between(first, last)]


def test_on_the_day_of_a_clock_change_a_shift_by_the_wall_clock_covers_the_hours_of_the_wall_clock() -> None:
    first = datetime(
        2026, 10, 24, 23, tzinfo=UTC
    )  # midnight in London on the last day of summer time, a day of 25 hours
    needed = _spans("Mo-Su 00:00-24:00", first, first + timedelta(hours=25))
    whole_night = (HELP, JEN, as_us(first), as_us(first + timedelta(hours=25)))
    given = scene(needed=needed, rota=[whole_night], days=2, starts_us=as_us(first))
    board = work_out(given)
    assert holes(board) == []
    assert int((board.needed[0] > 0).sum()) == 50
    an_hour_short = work_out(scene(needed=needed, rota=[(*whole_night[:3], whole_night[3] - 3600 * 10**6)], days=2, starts_us=as_us(first)))  # fmt: skip
    assert holes(an_hour_short) == [(HELP, as_us(first + timedelta(hours=24)), as_us(first + timedelta(hours=25)), 1)]


def test_a_night_is_one_hole() -> None:
    needed = _spans("Mo 20:00-06:00", MONDAY, MONDAY + timedelta(days=2))
    assert holes(work_out(scene(needed=needed, days=2))) == [(HELP, at(20), at(30), 1)]


def test_a_bank_holiday_needs_nobody() -> None:
    christmas = datetime(2026, 12, 24, tzinfo=UTC)
    needed = _spans("Mo-Fr 09:00-17:00; PH off", christmas, christmas + timedelta(days=6))
    board = work_out(scene(needed=needed, days=6, starts_us=as_us(christmas)))
    assert [hole.starts_at.day for hole in holes_of(board)] == [24, 29]
    assert date(2026, 12, 28) in bank_holidays("england-and-wales")  # Boxing Day falls on a Saturday


# -- Why -----------------------------------------------------------------------------------------------------------------

NAMES = {JEN: "Jen", KAL: "Kal", SAM: "Sam"}
AWAY_WORDS = {LEAVE: "is on leave"}


def _why(board: Board) -> list[str]:
    return [words(hole, why(board, hole), NAMES, AWAY_WORDS, "Europe/London") for hole in holes_of(board)]


def test_why_names_who_is_away_who_is_not_signed_off_and_where_nobody_is() -> None:
    whole = [(HELP, JEN, at(9), at(17))]
    assert _why(work_out(scene(needed=[OPEN]))) == ["nobody is on the rota"]
    assert _why(work_out(scene(needed=[OPEN], rota=whole, away=[(JEN, at(0), at(24), LEAVE)]))) == ["Jen is on leave"]
    assert _why(work_out(scene(needed=[OPEN], rota=whole, ready=[]))) == ["Jen is on the rota but not signed off"]
    hidden = work_out(scene(needed=[OPEN], rota=whole, away=[(JEN, at(0), at(24), 99)]))
    assert _why(hidden) == ["Jen is away"]


def test_why_tells_the_times_of_what_holds_for_a_part() -> None:
    board = work_out(
        scene(
            needed=[OPEN],
            rota=[(HELP, JEN, at(9), at(12)), (HELP, KAL, at(12), at(15))],
            ready=[(HELP, JEN, *ALWAYS)],
            away=[(JEN, at(0), at(24), LEAVE)],
        )
    )
    jen, kal = "from 9am to midday Jen is on leave", "from midday to 3pm Kal is on the rota but not signed off"
    assert _why(board) == [f"{jen}; {kal}; from 3pm to 5pm nobody is on the rota"]


def test_why_says_that_too_few_are_on_the_rota_though_all_of_them_are_there() -> None:
    board = work_out(scene(needed=[(HELP, at(9), at(17), 3)], rota=[(HELP, JEN, at(9), at(17))]))
    assert _why(board) == ["2 more needed than are on the rota"]


def test_somebody_both_away_and_not_signed_off_is_told_once_for_each_time() -> None:
    board = work_out(
        scene(needed=[OPEN], rota=[(HELP, JEN, at(9), at(17))], ready=[], away=[(JEN, at(9), at(12), LEAVE)])
    )
    reasons = why(board, Hole(HELP, at(9), at(17), 1))
    assert [(each.because, each.spans) for each in reasons] == [
        (Because.AWAY, ((at(9), at(12)),)),
        (Because.NOT_READY, ((at(12), at(17)),)),
    ]


# -- Laws, against counting minute by minute -------------------------------------------------------------------------------

WINDOW = 30 * 7  # minutes; small, so that much meets
STEP = 5


@st.composite
def _span(draw: st.DrawFn) -> tuple[int, int]:
    first = draw(st.integers(-4, WINDOW // STEP + 4))
    return at(0) + first * STEP * MINUTE, at(0) + (first + draw(st.integers(1, 24))) * STEP * MINUTE


@st.composite
def _needs(draw: st.DrawFn, account: int) -> list[tuple[int, ...]]:
    """Apart, as stated hours are; some touch."""
    ends = at(0) + draw(st.integers(0, 5)) * STEP * MINUTE
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        starts = ends + draw(st.integers(0, 4)) * STEP * MINUTE
        ends = starts + draw(st.integers(1, 16)) * STEP * MINUTE
        rows.append((account, starts, ends, draw(st.integers(1, 3))))
    return rows


PEOPLE, ACCOUNTS = st.sampled_from([JEN, KAL, SAM]), st.sampled_from([HELP, BOOKS])


@st.composite
def scenes(draw: st.DrawFn) -> Given:
    def rows(most: int, *first: st.SearchStrategy[int]) -> list[tuple[int, ...]]:
        return [(*(draw(each) for each in first), *draw(_span())) for _ in range(draw(st.integers(0, most)))]

    return Given(
        at(0), WINDOW // 30, np.array([HELP, BOOKS]),
        table(Needed, draw(_needs(HELP)) + draw(_needs(BOOKS))),
        table(OnRota, rows(8, ACCOUNTS, PEOPLE)),
        table(Ready, rows(6, ACCOUNTS, PEOPLE)),
        table(Away, [(*row, LEAVE) for row in rows(4, PEOPLE)]),
    )  # fmt: skip


def _same(one: Board, other: Board) -> None:
    for name in ("needed", "inside", "missing"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name
    assert holes(one) == holes(other)
    assert [column.tolist() for column in one.present] == [column.tolist() for column in other.present]


@drawn(scenes())
def test_the_board_is_what_counting_every_minute_gives(given: Given) -> None:
    board = work_out(given)
    for account in (HELP, BOOKS):
        row = board.row(account)
        ours = list(
            zip(board.needed[row].tolist(), board.inside[row].tolist(), board.missing[row].tolist(), strict=True)
        )
        assert ours == slow_board.slots(given, account)
        assert [hole for hole in holes(board) if hole[0] == account] == slow_board.holes(given, account)


@settings(max_examples=60)
@drawn(scenes(), PEOPLE, _span(), st.sets(ACCOUNTS, min_size=1))
def test_one_change_gives_the_board_that_working_it_all_out_anew_gives(
    given: Given, person: int, span: tuple[int, int], accounts: set[int]
) -> None:
    board = work_out(given)
    away = board.with_away(person, *span, LEAVE)
    _same(away, work_out(away.given))
    shift = board.with_shift(person, *span, np.array(sorted(accounts)))
    _same(shift, work_out(shift.given))
    back = away.without_away(person, *span)
    _same(back, work_out(back.given))
    fewer = shift.without_shift(person, *span)
    _same(fewer, work_out(fewer.given))


@drawn(scenes())
def test_every_instant_of_a_hole_has_a_reason_or_too_few_on_the_rota(given: Given) -> None:
    board = work_out(given)
    for hole in holes_of(board):
        for reason in why(board, hole):
            for starts, ends in reason.spans:
                assert hole.starts_us <= starts < ends <= hole.ends_us
                people = {p for a, p, s, e in zip(*given.rota, strict=True) if a == hole.account and s <= starts < e}
                assert (reason.because is Because.NOBODY) == (reason.person not in people)


@drawn(st.lists(st.tuples(st.integers(0, 2**20), st.integers(-(2**52), 2**52))), st.booleans())
def test_rows_are_put_in_order_whether_or_not_key_and_instant_fit_into_one_number(
    rows: list[tuple[int, int]], wide: bool
) -> None:
    keys, instants = (np.array([row[each] for row in rows], dtype=np.int64) for each in (0, 1))
    if not wide:
        keys, instants = keys % 100, instants % 10**12
    order = sweep.in_order(keys, instants)
    ordered = list(zip(keys[order].tolist(), instants[order].tolist(), strict=True))
    assert ordered == sorted(zip(keys.tolist(), instants.tolist(), strict=True))
