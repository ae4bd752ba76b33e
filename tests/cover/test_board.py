"""The board read from the tables: who counts, what is needed, and with how few questions."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, at

MONDAY, TUESDAY = at(0), at(0, day=24)
DAY = timedelta(days=1)


def ready(person: Any, *accounts: Any, since: datetime = datetime(2026, 1, 1, tzinfo=UTC), **more: Any) -> None:
    from sociable.cover.models import Readiness

    for account in accounts:
        Readiness.objects.create(person=person, account=account, ready_from_at=since, signed_at=since, **more)


def shift(person: Any, begins: datetime, ends: datetime, *accounts: Any, state: str = "published") -> Any:
    from sociable.cover.models import Shift

    made = Shift.objects.create(person=person, starts_at=begins, ends_at=ends, state=state, made_at=begins)
    made.accounts.set(accounts)
    return made


def away(person: Any, begins: datetime, ends: datetime, *, kind: str = "leave", state: str = "agreed") -> Any:
    from sociable.cover.models import TimeAway

    return TimeAway.objects.create(
        person=person, kind=kind, starts_at=begins, ends_at=ends, state=state, asked_at=begins
    )


def holes(*accounts: Any, begins: datetime = MONDAY, ends: datetime = TUESDAY) -> list[tuple[str, str, int]]:
    from sociable.cover.board import holes_of

    return [
        (f"{hole.starts_at:%a %H:%M}", f"{hole.ends_at:%a %H:%M}", hole.missing)
        for hole in holes_of(accounts, begins, ends)
    ]


def test_stated_hours_with_nobody_on_the_rota_are_a_hole(cast: Cast) -> None:
    assert holes(cast.help) == [("Mon 09:00", "Mon 17:00", 1)]


def test_a_published_shift_of_somebody_ready_covers(cast: Cast) -> None:
    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(13), cast.help, cast.books)
    assert holes(cast.help) == [("Mon 13:00", "Mon 17:00", 1)]
    assert holes(cast.books) == [("Mon 09:00", "Mon 17:00", 1)]  # she is not ready for it


@pytest.mark.parametrize("state", ["draft", "cancelled"])
def test_a_shift_that_is_not_published_covers_nothing(cast: Cast, state: str) -> None:
    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(17), cast.help, state=state)
    assert holes(cast.help) == [("Mon 09:00", "Mon 17:00", 1)]


def test_readiness_counts_from_its_day_until_it_expires_or_is_taken_back(cast: Cast) -> None:
    ready(cast.asha, cast.help, since=at(10), expires_at=at(15))
    shift(cast.asha, at(9), at(17), cast.help)
    assert holes(cast.help) == [("Mon 09:00", "Mon 10:00", 1), ("Mon 15:00", "Mon 17:00", 1)]
    cast.asha.readiness.update(withdrawn_at=at(8))
    assert holes(cast.help) == [("Mon 09:00", "Mon 17:00", 1)]


def test_instants_are_read_to_the_microsecond(cast: Cast) -> None:
    from sociable.cover.board import holes_of

    since = at(9) + timedelta(microseconds=1)
    ready(cast.asha, cast.help, since=since)
    shift(cast.asha, at(9), at(17), cast.help)
    (hole,) = holes_of([cast.help], MONDAY, TUESDAY)
    assert (hole.starts_at, hole.ends_at) == (at(9), since)


@pytest.mark.parametrize(
    ("state", "is_away"), [("agreed", True), ("asked", False), ("declined", False), ("cancelled", False)]
)
def test_only_agreed_time_away_takes_somebody_off(cast: Cast, state: str, is_away: bool) -> None:
    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(17), cast.help)
    away(cast.asha, at(12), at(14), state=state)
    assert holes(cast.help) == ([("Mon 12:00", "Mon 14:00", 1)] if is_away else [])


def test_somebody_who_left_covers_nothing(cast: Cast) -> None:
    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(17), cast.help)
    type(cast.asha).objects.filter(pk=cast.asha.pk).update(is_active=False)
    assert holes(cast.help) == [("Mon 09:00", "Mon 17:00", 1)]
    assert _why(cast) == "Asha Khan has left"


# -- What is needed ------------------------------------------------------------------------------------------------------


def need(account: Any, notation: str, people: int, since: date = date(2026, 1, 1)) -> None:
    from sociable.cover.models import Need

    Need.objects.create(account=account, valid_from_on=since, notation=notation, people=people, set_at=MONDAY)


def test_a_need_says_how_many_and_only_in_stated_hours(cast: Cast) -> None:
    need(cast.help, "Mo 16:00-20:00", 2)
    assert holes(cast.help) == [("Mon 09:00", "Mon 16:00", 1), ("Mon 16:00", "Mon 17:00", 2)]


def test_of_two_needs_the_later_day_counts_where_both_speak(cast: Cast) -> None:
    need(cast.help, "Mo-Fr 09:00-17:00", 2)
    need(cast.help, "Mo 12:00-14:00", 0, since=date(2026, 11, 1))
    need(cast.help, "Mo 14:00-17:00", 5, since=date(2026, 11, 24))  # not yet
    assert holes(cast.help) == [("Mon 09:00", "Mon 12:00", 2), ("Mon 14:00", "Mon 17:00", 2)]


@pytest.mark.parametrize("stage", ["proposed", "resting", "closed"])
def test_an_account_that_does_not_answer_needs_nobody_yet_can_be_counted_as_if_it_did(cast: Cast, stage: str) -> None:
    from sociable.cover.board import uncovered

    cast.help.stage = stage
    cast.help.save()
    assert holes(cast.help) == []
    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(12, 45), cast.help)
    assert uncovered(cast.help, MONDAY, TUESDAY) == (9, 16)  # half of 12:30 is not covered, so it is not covered


def test_an_account_answered_from_another_is_covered_there(cast: Cast) -> None:
    cast.books.answered_from = cast.help
    cast.books.save()
    assert holes(cast.books) == []


def test_a_bank_holiday_of_the_division_needs_nobody(cast: Cast) -> None:
    christmas = datetime(2026, 12, 25, tzinfo=UTC)
    assert holes(cast.help, begins=christmas, ends=christmas + DAY) == []


def test_new_stated_hours_hold_from_their_day(cast: Cast) -> None:
    cast.help.hours_versions.create(valid_from_on=date(2026, 11, 24), notation="Mo-Fr 10:00-12:00", stated_at=MONDAY)
    expected = [("Mon 09:00", "Mon 17:00", 1), ("Tue 10:00", "Tue 12:00", 1)]
    assert holes(cast.help, ends=TUESDAY + DAY) == expected


# -- What if, and why ----------------------------------------------------------------------------------------------------


def _why(cast: Cast, *, told: tuple[int, ...] = ()) -> str:
    from sociable.cover.board import board_of, names_in, why
    from sociable.domain.cover.reasons import holes_of

    board = board_of([cast.help], MONDAY, TUESDAY)
    return why(board, holes_of(board)[0], "Europe/London", names=names_in(board), told=told)


def test_why_somebody_is_away_is_said_only_to_who_may_know(cast: Cast) -> None:
    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(17), cast.help)
    away(cast.asha, at(0), at(23), kind="sickness")
    assert _why(cast, told=(cast.asha.pk,)) == "Asha Khan is off sick"
    assert _why(cast) == "Asha Khan is away"


def test_what_somebody_s_leave_would_tear_open_is_known_before_it_is_agreed(cast: Cast) -> None:
    from sociable.cover.board import board_of, holes_made, without

    ready(cast.asha, cast.help)
    shift(cast.asha, at(9), at(16), cast.help)
    before = board_of([cast.help, cast.books], MONDAY, TUESDAY)
    (made,) = holes_made(before, without(before, cast.asha, at(10), at(12)))
    assert (made.account, made.starts_at, made.ends_at) == (cast.help.pk, at(10), at(12))


def test_hundreds_of_accounts_take_no_more_questions_than_one(cast: Cast) -> None:
    from sociable.cover.board import board_of

    need(cast.books, "Mo 10:00-12:00", 2)
    for person in (cast.asha, cast.ben):
        ready(person, cast.help, cast.books)
        shift(person, at(9), at(17), cast.help, cast.books)
        away(person, at(10), at(11))
    counts = []
    for accounts in ([cast.help], [cast.help, cast.books, cast.clinic]):
        fresh = [type(cast.help).objects.get(pk=account.pk) for account in accounts]
        with CaptureQueriesContext(connection) as asked:
            board_of(fresh, MONDAY, TUESDAY)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 8
