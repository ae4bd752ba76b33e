"""Rotas that may move published shifts: of two that are as good, the one that moves fewest is proposed, and moves are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sociable.domain.cover.limits import Limits
from sociable.domain.cover.proposal import Away, Pattern, Problem, Proposal, Shift, propose
from tests.domain.cover.teams import BINS, HOUR, LIBRARIES, account, at, person, problem, some_team, span

DAY = (Pattern("day", 9 * 60, 8 * HOUR),)


def proposed(asked: Problem) -> Proposal:
    return propose(asked, seconds=30.0, enough=0.0)


def published(asked: Problem, *shifts: Shift) -> Problem:
    """The same, with shifts that people see already and that may be moved."""
    return replace(asked, present=shifts, movable=shifts)


def on(person_id: int, day: int, first: float = 9, last: float = 17, *accounts: int) -> Shift:
    return Shift(at(day, first), at(day, last), person_id, accounts or (LIBRARIES,))


def team(days: int = 1) -> Problem:
    """Jen and Kal, either of whom could do all of it."""
    works = [span(day, 9, 17) for day in range(days)]
    people = [person(number, name, (LIBRARIES,), *works) for number, name in ((1, "Jen"), (2, "Kal"))]
    return problem([account(LIBRARIES, "Libraries", *works)], people, patterns=DAY)


@pytest.mark.parametrize("who", [1, 2])
def test_of_two_who_could_it_stays_with_whoever_has_it(who: int) -> None:
    found = proposed(published(team(), on(who, 0)))
    assert found.shifts == [on(who, 0)]
    assert (found.compared.moved, found.compared.movable) == ((), 1)
    assert "they have it already" in found.assigned[0].why


@pytest.mark.parametrize("seed", range(4))
def test_what_was_best_and_is_published_is_not_moved_again(seed: int) -> None:
    """Many rotas are as good: asked again, everybody is on at the same times; where it costs nothing they may look after one more."""
    asked = some_team(seed)
    first = proposed(asked)
    assert first.progress.gap == 0
    again = proposed(published(asked, *first.shifts))
    assert again.compared.moved == ()
    assert [(each.person_id, each.span) for each in again.shifts] == [
        (each.person_id, each.span) for each in first.shifts
    ]


def test_a_hole_is_worth_a_move() -> None:
    """Jen alone is ready for the bins: she goes there, though the libraries are hers today and Kal has to come for them."""
    asked = team()
    jen, kal = asked.people
    jen = replace(jen, ready=dict.fromkeys((LIBRARIES, BINS), jen.ready[LIBRARIES]), limits=Limits(at_once=1))
    bins = account(BINS, "Bins", span(0, 9, 17))
    found = proposed(published(replace(asked, accounts=(*asked.accounts, bins), people=(jen, kal)), on(1, 0)))
    assert not found.holes
    assert found.shifts == [on(1, 0, 9, 17, BINS), on(2, 0)]
    assert found.compared.moved == (on(1, 0),)


def test_one_more_account_in_the_same_time_is_no_move() -> None:
    asked = team()
    jen, kal = asked.people
    jen = replace(jen, ready=dict.fromkeys((LIBRARIES, BINS), jen.ready[LIBRARIES]))
    bins = account(BINS, "Bins", span(0, 9, 17))
    found = proposed(published(replace(asked, accounts=(*asked.accounts, bins), people=(jen, kal)), on(1, 0)))
    assert (found.shifts, found.compared.moved) == ([on(1, 0, 9, 17, LIBRARIES, BINS)], ())


def test_no_more_is_moved_than_evenness_is_worth() -> None:
    """All four days are Jen's: two of them go to Kal, not the others."""
    found = proposed(published(team(4), *(on(1, day) for day in range(4))))
    assert found.compared.after.hours_by_person == {1: 16, 2: 16}
    assert len(found.compared.moved) == 2
    little = replace(team(4), accounts=(account(LIBRARIES, "Libraries", span(0, 9, 17), span(1, 9, 11)),))
    asked = published(replace(little, patterns=()), on(1, 0), on(1, 1, 9, 11))
    assert proposed(asked).compared.moved == ()
    careless = replace(asked, weights=replace(asked.weights, moved=0))
    assert len(proposed(careless).compared.moved) == 1


def test_times_that_no_kind_of_shift_has_may_stay() -> None:
    """Also on no half hour: what people know is left as it is where it covers all."""
    asked = replace(team(), accounts=(account(LIBRARIES, "Libraries", span(0, 10, 12)),))
    odd = Shift(at(0, 9) + timedelta(minutes=40), at(0, 12) + timedelta(minutes=10), 2, (LIBRARIES,))
    found = proposed(published(asked, odd))
    assert (found.shifts, found.compared.moved) == ([odd], ())
    late = Shift(odd.starts_at + HOUR, odd.ends_at + HOUR, 2, (LIBRARIES,))
    found = proposed(published(replace(asked, people=asked.people[1:], patterns=()), late))
    assert (found.holes, found.compared.moved) == ((), (late,))


def test_who_is_away_cannot_keep_it() -> None:
    asked = team()
    jen, kal = asked.people
    jen = replace(jen, away=(Away(span(0, 9, 12), "on leave"),))
    found = proposed(published(replace(asked, people=(jen, kal)), on(1, 0)))
    assert (found.shifts, found.compared.moved) == ([on(2, 0)], (on(1, 0),))
