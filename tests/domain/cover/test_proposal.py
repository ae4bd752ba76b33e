"""Rotas that are proposed: within everybody's limits, as few holes as can be, and told why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest

from sociable.domain.cover.limits import Limits
from sociable.domain.cover.proposal import (
    Away,
    NoneInTime,
    Pattern,
    Problem,
    ProblemError,
    Proposal,
    Ready,
    Shift,
    Span,
    Step,
    Wish,
    if_away,
    if_promised,
    if_ready,
    propose,
    what_clashes,
    who_should_learn_next,
)
from tests.domain.cover.teams import (
    BINS,
    CLINIC,
    HOUR,
    LIBRARIES,
    account,
    at,
    open_half_hours,
    person,
    problem,
    some_team,
    span,
    speaks_against,
    whole,
)

SECONDS = 30.0  # far more than any of these takes: they end when nothing better can be


def proposed(asked: Problem, **more: object) -> Proposal:
    return propose(asked, seconds=SECONDS, enough=0.0, **more)  # type: ignore[arg-type]


def of(found: Proposal, person_id: int) -> list[Shift]:
    return [shift for shift in found.shifts if shift.person_id == person_id]


# -- What must hold --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_no_limit_is_ever_broken(seed: int) -> None:
    asked = some_team(seed)
    found = proposed(asked)
    assert found.shifts
    assert speaks_against(asked, found.shifts) == []
    assert found.compared.after.hole_hours == open_half_hours(asked, found.shifts) / 2
    assert sum(hole.missing * (hole.span.length / HOUR) for hole in found.holes) == found.compared.after.hole_hours


def test_as_few_holes_as_can_be() -> None:
    """Against every rota that there is."""
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17), span(1, 9, 17))
    bins = account(BINS, "Bins", span(0, 9, 13))
    jen = person(1, "Jen", (LIBRARIES, BINS), span(0, 9, 17), span(1, 9, 17), limits=Limits(week=12 * HOUR, at_once=1))
    kal = person(2, "Kal", (LIBRARIES,), span(0, 9, 13), span(1, 9, 13), limits=Limits(days_in_a_row=1))
    patterns = (
        Pattern("early", 9 * 60, 4 * HOUR),
        Pattern("late", 13 * 60, 4 * HOUR),
        Pattern("day", 9 * 60, 8 * HOUR),
    )
    asked = problem([libraries, bins], [jen, kal], days=2, patterns=patterns)
    possible = [
        Shift(at(day, first), at(day, last), who.person_id, (which,))
        for who in (jen, kal) for day in (0, 1) for first, last in ((9, 13), (13, 17), (9, 17)) for which in who.ready
        if who is jen or last == 13
    ]  # fmt: skip
    least = min(
        open_half_hours(asked, list(rota))
        for size in range(5)
        for rota in combinations(possible, size)
        if not speaks_against(asked, list(rota))
    )
    assert proposed(asked).compared.after.hole_hours == least / 2


def test_a_night_of_rest() -> None:
    clinic = account(CLINIC, "Clinic", span(0, 14, 22), span(1, 7, 15))
    sam = person(1, "Sam", (CLINIC,), span(0, 14, 22), span(1, 7, 15))
    patterns = (Pattern("late", 14 * 60, 8 * HOUR), Pattern("early", 7 * 60, 8 * HOUR))
    asked = problem([clinic], [sam], days=2, patterns=patterns)
    assert len(proposed(asked).shifts) == 1
    assert len(proposed(replace(asked, people=(replace(sam, limits=Limits(rest=9 * HOUR)),))).shifts) == 2


def test_a_shift_overnight_and_over_a_clock_change() -> None:
    """The clocks go back in the night of 25 October 2026: the shift from 10pm to 6am is nine hours long."""
    night = Span(at(145, 22), at(146, 6))
    assert night.length == 9 * HOUR
    clinic = account(CLINIC, "Clinic", night)
    sam = person(1, "Sam", (CLINIC,), night)
    asked = replace(problem([clinic], [sam]), span=Span(at(144, 0), at(147, 0)))
    found = proposed(asked)
    assert [(shift.starts_at, shift.ends_at) for shift in found.shifts] == [(night.starts_at, night.ends_at)]
    assert not found.holes
    short = replace(sam, limits=Limits(longest_shift=8 * HOUR))
    assert proposed(replace(asked, people=(short,))).holes


def test_ready_only_until() -> None:
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 13), span(1, 9, 13))
    jen = replace(person(1, "Jen", (), span(0, 9, 13), span(1, 9, 13)), ready={LIBRARIES: Ready(None, at(1, 0))})
    found = proposed(problem([libraries], [jen]))
    assert [shift.span for shift in found.shifts] == [span(0, 9, 13)]
    assert [hole.why for hole in found.holes] == ["Nobody is ready for Libraries: Jen was, and it ran out."]


def test_a_kind_of_shift_is_proposed_on_its_own_days() -> None:
    """Saturday's is the short one, though longer would leave no hole; and no short one is put on Tuesday to share its hours."""
    libraries = account(LIBRARIES, "Libraries", span(1, 9, 17), span(5, 9, 17))
    people = [
        person(number, name, (LIBRARIES,), span(1, 9, 17), span(5, 9, 17)) for number, name in ((1, "Jen"), (2, "Kal"))
    ]
    week = Pattern("day", 9 * 60, 8 * HOUR, frozenset(range(5)))
    saturday = Pattern("Saturday", 9 * 60, 4 * HOUR, frozenset({5}))
    found = proposed(problem([libraries], people, patterns=(week, saturday)))
    assert [shift.span for shift in found.shifts] == [span(1, 9, 17), span(5, 9, 13)]
    assert [hole.span for hole in found.holes] == [span(5, 13, 17)]


def test_what_was_set_by_hand_stays_and_counts() -> None:
    """Kal is put on a late shift by hand, outside the usual hours: it stands, and the rest after it is kept."""
    libraries = account(LIBRARIES, "Libraries", span(0, 14, 22), span(1, 7, 15))
    kal = person(1, "Kal", (LIBRARIES,), span(1, 7, 15))
    by_hand = Shift(at(0, 14), at(0, 22), 1, (LIBRARIES,))
    early = (Pattern("early", 7 * 60, 8 * HOUR),)
    found = proposed(problem([libraries], [kal], fixed=(by_hand,), patterns=early))
    assert found.shifts == [by_hand]
    assert found.assigned[0].is_fixed
    assert found.assigned[0].why == "It stands, and stays as it is."
    assert "rest" in found.holes[0].why
    without = proposed(problem([libraries], [kal], patterns=early))
    assert [shift.span for shift in without.shifts] == [span(1, 7, 15)]


def test_what_was_set_by_hand_need_not_lie_on_half_hours() -> None:
    """It ends at five past one: the half hour from one is not covered by it, and no other shift of Kal's begins in it."""
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17))
    kal = person(1, "Kal", (LIBRARIES,), span(0, 9, 17))
    by_hand = Shift(at(0, 9), at(0, 13) + timedelta(minutes=5), 1, (LIBRARIES,))
    found = proposed(problem([libraries], [kal], fixed=(by_hand,)))
    assert found.shifts == [by_hand, Shift(at(0, 13.5), at(0, 17), 1, (LIBRARIES,))]
    assert [(hole.span, hole.why) for hole in found.holes] == [
        (
            span(0, 13, 13.5),
            "Nobody ready for Libraries can be there: Kal is there for a part of it.",
        )
    ]


def test_shifts_around_count_for_the_week() -> None:
    """The week began before the rota that is asked for, with 34 of 37 hours."""
    libraries = account(LIBRARIES, "Libraries", span(4, 9, 17))
    kal = person(1, "Kal", (LIBRARIES,), span(4, 9, 17))
    before = tuple(Shift(at(day, 8), at(day, 16.5), 1, (LIBRARIES,)) for day in range(4))
    asked = replace(problem([libraries], [kal], fixed=before), span=span(4, 0, 23))
    assert proposed(asked).shifts == []
    assert len(proposed(replace(asked, fixed=before[:2])).shifts) == 1


SATURDAYS = [span(5 + 7 * week, 9, 13) for week in range(4)]


@pytest.mark.parametrize(
    ("limits", "worked"),
    [
        (Limits(), 4),
        (Limits(weekends_in_a_row=1), 2),
        (Limits(weekends_in_a_row=2), 3),
        (Limits(weekends_in_four=1), 1),
        (Limits(weekends_in_four=0), 0),
    ],
)
def test_weekends_in_a_row_and_among_four(limits: Limits, worked: int) -> None:
    libraries = account(LIBRARIES, "Libraries", *SATURDAYS)
    kal = person(1, "Kal", (LIBRARIES,), *SATURDAYS, limits=limits)
    asked = problem([libraries], [kal], days=28)
    found = proposed(asked)
    assert len(found.shifts) == worked
    assert not speaks_against(asked, found.shifts)


def test_weekends_before_the_rota_count_and_the_reason_is_told() -> None:
    """A Sunday two weeks before, and one set by hand in it: the two between would make three of four."""
    libraries = account(LIBRARIES, "Libraries", *SATURDAYS)
    limits = Limits(weekends_in_four=2)
    kal = person(1, "Kal", (LIBRARIES,), *SATURDAYS, limits=limits)
    before = Shift(at(6, 9), at(6, 13), 1, (LIBRARIES,))
    by_hand = Shift(at(12, 9), at(12, 13), 1, (LIBRARIES,))
    asked = replace(problem([libraries], [kal], fixed=(before, by_hand)), span=Span(at(7, 0), at(28, 0)))
    found = proposed(asked)
    assert found.shifts == [by_hand]
    assert "is in, but it makes 3 of four weekends, and 2 are the most for Kal" in found.holes[0].why
    too_many = replace(asked, fixed=(before, by_hand, Shift(at(19, 9), at(19, 13), 1, (LIBRARIES,))))
    assert proposed(too_many).warnings == (
        "What was set by hand goes beyond a limit: Kal works on 2 weekends of any four at most.",
    )


def test_what_lies_wholly_before_the_rota_is_nobodys_question() -> None:
    """Five weekends before were two too many; the rota says nothing of them."""
    libraries = account(LIBRARIES, "Libraries", span(30, 9, 13))
    kal = person(1, "Kal", (LIBRARIES,), span(30, 9, 13), limits=Limits(week=10 * HOUR, days_in_a_row=2))
    before = tuple(Shift(at(day, 9), at(day, 15), 1, (LIBRARIES,)) for day in range(4))
    asked = replace(problem([libraries], [kal], fixed=before), span=Span(at(28, 0), at(35, 0)))
    assert proposed(asked).warnings == ()


def test_a_limit_that_a_hand_has_passed_is_told_not_refused() -> None:
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17), span(1, 9, 17))
    kal = person(1, "Kal", (LIBRARIES,), span(0, 9, 17), span(1, 9, 17), limits=Limits(week=10 * HOUR))
    by_hand = tuple(Shift(at(day, 9), at(day, 17), 1, (LIBRARIES,)) for day in (0, 1))
    found = proposed(problem([libraries], [kal], fixed=by_hand))
    assert found.shifts == list(by_hand)
    assert found.warnings == (
        "What was set by hand goes beyond a limit: Kal is on duty 10 hours at most in the week of Mon 1 Jun.",
    )


# -- What is better than what ----------------------------------------------------------------------------------------------


def two(**more: object) -> Problem:
    libraries = account(LIBRARIES, "Libraries", *(span(day, 9, 17) for day in range(4)))
    works = [span(day, 9, 17) for day in range(4)]
    return problem(
        [libraries], [person(1, "Jen", (LIBRARIES,), *works, **more), person(2, "Kal", (LIBRARIES,), *works)]
    )


def test_hours_are_shared_evenly() -> None:
    found = proposed(two())
    assert found.compared.after.hours_by_person == {1: 16, 2: 16}
    assert found.compared.after.hand_overs == 0


def six(weeks: int, first: float, last: float, people: int = 1, **more: object) -> Problem:
    """Six who are in on weekdays from nine to five, and could each take all that is open then."""
    days = [day for day in range(7 * weeks) if day % 7 < 5]
    libraries = account(LIBRARIES, "Libraries", *(span(day, first, last) for day in days), people=people)
    works = [span(day, 9, 17) for day in days]
    team = [person(number, f"P{number}", (LIBRARIES,), *works) for number in range(1, 7)]
    return problem([libraries], team, days=7 * weeks, **more)


@pytest.mark.parametrize(
    ("weeks", "first", "last", "people"),
    [(1, 9, 17, 1), (1, 9, 13, 2), (2, 9, 11, 1), (2, 9, 17, 4), (4, 9, 13, 1)],
)
def test_of_six_who_could_each_take_it_nobody_has_it_all(weeks: int, first: float, last: float, people: int) -> None:
    """Nobody has a second shift while another has none, and nobody a step and a shift more than another, whatever share it is."""
    asked = six(weeks, first, last, people, patterns=(Pattern("all", int(first * 60), (last - first) * HOUR),))
    found = propose(asked, seconds=SECONDS, enough=0.1)
    assert not found.holes
    shifts = [len(of(found, number)) for number in range(1, 7)]
    assert max(shifts) <= 1 or min(shifts) >= 1
    hours = [found.compared.after.hours_by_person[number] for number in range(1, 7)]
    assert max(hours) - min(hours) <= weeks * 40 / 16 + (last - first)


def test_what_somebody_has_by_hand_counts_before_more_is_shared() -> None:
    by_hand = tuple(Shift(at(day, 9), at(day, 13), 1, (LIBRARIES,)) for day in range(2))
    found = proposed(six(1, 9, 13, fixed=by_hand))
    assert sorted(len(of(found, number)) for number in range(2, 7)) == [0, 0, 1, 1, 1]
    assert of(found, 1) == list(by_hand)


def test_a_day_is_not_cut_so_that_more_have_some_of_it() -> None:
    asked = six(1, 9, 17)
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17))
    found = proposed(replace(asked, accounts=(libraries,)))
    assert [shift.span for shift in found.shifts] == [span(0, 9, 17)]


def test_nobody_is_on_duty_only_so_that_they_are_not_left_out() -> None:
    """Jen alone has what is open by hand: the five others are given nothing that nobody needs."""
    asked = six(1, 9, 17)
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 13))
    by_hand = (Shift(at(0, 9), at(0, 13), 1, (LIBRARIES,)),)
    assert proposed(replace(asked, accounts=(libraries,), fixed=by_hand)).shifts == list(by_hand)


def test_wishes_are_heard_where_they_cost_no_hole() -> None:
    not_monday = (Wish(span(0, 9, 17), rather=False, weight=3),)
    found = proposed(two(wishes=not_monday))
    assert span(0, 9, 17) not in [shift.span for shift in of(found, 1)]
    alone = replace(two(wishes=not_monday), people=two(wishes=not_monday).people[:1])
    assert span(0, 9, 17) in [shift.span for shift in proposed(alone).shifts]
    assert "though they would rather not" in proposed(alone).assigned[0].why


def test_a_wish_that_matters_more_is_kept_before_another() -> None:
    """One of two must come on Monday: whoever minds less."""
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17))
    for weights in ((1, 4), (4, 1)):
        people = [
            person(n, name, (LIBRARIES,), span(0, 9, 17), wishes=(Wish(whole(0), rather=False, weight=weight),))
            for n, name, weight in ((1, "Jen", weights[0]), (2, "Kal", weights[1]))
        ]
        found = proposed(problem([libraries], people, patterns=(Pattern("day", 9 * 60, 8 * HOUR),)))
        assert [shift.person_id for shift in found.shifts] == [1 if weights[0] < weights[1] else 2]
        assert [(each.person_id, each.kept) for each in found.wishes] == [
            (found.shifts[0].person_id, False), (3 - found.shifts[0].person_id, True)
        ]  # fmt: skip


def wished_of(asked: Problem) -> list[str]:
    return [each.words for each in proposed(asked).wishes]


def test_a_wish_that_was_kept_is_told() -> None:
    assert wished_of(two(wishes=(Wish(whole(0), rather=False, weight=3),))) == [
        "Jen wished to be free on Mon 1 Jun; it was kept."
    ]
    assert wished_of(two(wishes=(Wish(span(1, 9, 12), rather=True, weight=3),))) == [
        "Jen wished to work on Tue 2 Jun, 9am to midday; it was kept."
    ]


def test_who_is_not_in_anyway_is_told_of_no_free_day() -> None:
    assert wished_of(two(wishes=(Wish(whole(5), rather=False),))) == []


def test_why_somebody_could_not_be_free() -> None:
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 13))
    free = (Wish(whole(0), rather=False),)
    jen = person(1, "Jen", (LIBRARIES,), span(0, 9, 13), wishes=free)
    kal = person(2, "Kal", (LIBRARIES,), span(0, 9, 13), away=(Away(whole(0), "on leave"),))
    asked = "Jen wished to be free on Mon 1 Jun; it could not be kept because"
    assert wished_of(problem([libraries], [jen])) == [
        f"{asked} Libraries would have been without cover then, and nobody else is ready for it."
    ]
    assert wished_of(problem([libraries], [jen, kal])) == [
        f"{asked} Libraries would have been without cover then: Kal is on leave."
    ]
    wishes_too = replace(kal, away=(), wishes=(Wish(whole(0), rather=False, weight=3),))
    assert (
        f"{asked} Libraries needs somebody then; Kal could have, at the price of less even hours or of other wishes."
        in (wished_of(problem([libraries], [jen, wishes_too])))
    )
    by_hand = Shift(at(0, 9), at(0, 13), 1, (LIBRARIES,))
    assert wished_of(problem([libraries], [jen], fixed=(by_hand,))) == [
        f"{asked} a shift of theirs then stands, and stays as it is."
    ]
    part = replace(jen, wishes=(Wish(span(0, 7, 9.5), rather=False),))
    libraries = account(LIBRARIES, "Libraries", span(0, 9.5, 13))
    assert wished_of(problem([libraries], [part], patterns=(Pattern("early", 9 * 60, 4 * HOUR),))) == [
        f"{asked.replace('Jun;', 'Jun, 7am to 9:30am;')} a shift that covers Libraries reaches into it, and no other was better."
    ]


def test_why_somebody_could_not_work() -> None:
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 13))
    wish = (Wish(span(0, 9, 13), rather=True),)
    jen = person(1, "Jen", (LIBRARIES,), span(0, 9, 13), wishes=wish)
    asked = "Jen wished to work on Mon 1 Jun, 9am to 1pm; it could not be kept because"
    for changed, why in (
        (replace(jen, away=(Away(whole(0), "in training"),)), "they are in training"),
        (replace(jen, works=(span(1, 9, 13),)), "Jen does not work then"),
        (replace(jen, works=(span(1, 9, 13),), hours_in_words="works on Tuesdays"), "Jen works on Tuesdays"),
        (replace(jen, ready={}), "no account that they are ready for needs anybody then"),
    ):
        assert wished_of(problem([libraries], [changed])) == [f"{asked} {why}."]
    before, early = Shift(at(-1, 14), at(-1, 23), 1, (LIBRARIES,)), (Pattern("early", 9 * 60, 4 * HOUR),)
    assert wished_of(problem([libraries], [jen], fixed=(before,), patterns=early)) == [
        f"{asked} only 10 hours of rest lie between it and the shift 2pm to 11pm on Sunday 31 May, and 11 hours are the least."
    ]
    kal = person(2, "Kal", (LIBRARIES,), span(0, 9, 13), wishes=(Wish(span(0, 9, 13), rather=True, weight=3),))
    assert f"{asked} others cover it, and one shift more would cost more than the wish weighs." in (
        wished_of(problem([libraries], [jen, kal], patterns=early))
    )


def test_a_short_meeting_leaves_a_hole_and_no_more() -> None:
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17))
    jen = person(1, "Jen", (LIBRARIES,), span(0, 9, 17), away=(Away(span(0, 11, 12), "in a meeting"),))
    found = proposed(problem([libraries], [jen]))
    assert [hole.span for hole in found.holes] == [span(0, 11, 12)]
    assert not found.holes[0].late  # within two hours Jen is back


# -- What is told ----------------------------------------------------------------------------------------------------------


def test_a_hole_says_what_keeps_each_person() -> None:
    libraries = account(LIBRARIES, "Libraries", span(1, 14, 16))
    people = [
        person(1, "Kal", (LIBRARIES,), span(1, 9, 17), away=(Away(span(1, 0, 23), "on leave"),)),
        person(2, "Jen", (LIBRARIES,), span(1, 9, 13), hours_in_words="works mornings"),
        person(3, "Sam", (BINS,), span(1, 9, 17)),
    ]
    hole = proposed(problem([libraries], people)).holes[0]
    assert hole.why == ("Nobody ready for Libraries can be there: Kal is on leave; Jen works mornings.")
    assert hole.late


def test_a_hole_names_those_together_whom_the_same_keeps() -> None:
    libraries = account(LIBRARIES, "Libraries", span(1, 14, 16))
    unknown = [
        person(number, name, (LIBRARIES,), hours_in_words="has no working hours written down")
        for number, name in ((1, "Kal"), (2, "Jen"), (3, "Sam"))
    ]
    hole = proposed(problem([libraries], unknown)).holes[0]
    assert hole.why == ("Nobody ready for Libraries can be there: Kal, Jen and Sam have no working hours written down.")


def test_an_assignment_says_that_nobody_else_could() -> None:
    libraries = account(LIBRARIES, "Libraries", span(1, 9, 13))
    found = proposed(problem([libraries], [person(1, "Jen", (LIBRARIES,), span(1, 9, 13))]))
    assert [each.why for each in found.assigned] == [
        "Jen is in then and ready for Libraries; nobody else who is ready for Libraries is in then."
    ]


def test_the_way_there_is_told_and_can_be_left() -> None:
    steps: list[Step] = []
    found = proposed(some_team(1), tell=steps.append)
    costs = [step.progress.cost for step in steps if step.shifts is not None]
    bounds = [step.progress.bound for step in steps if step.progress.bound is not None]
    assert costs == sorted(costs, reverse=True)
    assert bounds == sorted(bounds)
    assert found.progress.gap == 0
    early = propose(some_team(1), seconds=SECONDS, enough=0.0, stop=lambda: True)
    assert early.shifts
    assert early.progress.cost >= found.progress.cost


def test_what_cannot_be_asked() -> None:
    with pytest.raises(ProblemError, match="1 to 92 days"):
        propose(replace(two(), span=Span(at(0, 0), at(0, 0))), seconds=1)
    with pytest.raises(ProblemError, match="half hours"):
        propose(replace(two(), span=Span(at(0, 0), at(1, 0) + timedelta(minutes=7))), seconds=1)
    with pytest.raises(NoneInTime):
        propose(some_team(1), seconds=0)


# -- What if ---------------------------------------------------------------------------------------------------------------


def test_if_somebody_is_away() -> None:
    asked = replace(two(), people=two().people[:1])
    assert not proposed(asked).holes
    gone = proposed(if_away(asked, 1, span(2, 9, 17), "on leave"))
    assert [hole.span for hole in gone.holes] == [span(2, 9, 17)]


def test_if_the_promise_were_one_hour() -> None:
    """A meeting of an hour and a half: within two hours somebody is back, within one not always."""
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17))
    jen = person(1, "Jen", (LIBRARIES,), span(0, 9, 17), away=(Away(span(0, 11, 12.5), "in a meeting"),))
    asked = problem([libraries], [jen])
    assert proposed(asked).compared.after.late_hours == 0
    assert proposed(if_promised(asked, LIBRARIES, HOUR)).compared.after.late_hours == 1


def test_who_should_learn_what_next() -> None:
    """Sam is there with room for more and closes all; Mel could come for one day of the two."""
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 13), span(1, 9, 13))
    bins = account(BINS, "Bins", span(0, 9, 13), span(1, 9, 13))
    sam = person(1, "Sam", (BINS,), span(0, 9, 13), span(1, 9, 13))
    mel = person(2, "Mel", (), span(0, 9, 13), span(1, 9, 13), limits=Limits(week=4 * HOUR))
    asked = problem([libraries, bins], [sam, mel])
    lessons = who_should_learn_next(asked, proposed(asked).shifts)
    assert [(each.person_id, each.account_id, each.half_hours) for each in lessons] == [
        (1, LIBRARIES, 16),
        (2, LIBRARIES, 8),
    ]
    assert lessons[0].why == (
        "If Sam learns Libraries, 8 hours that nobody covers are closed: 8 hours while on duty anyway."
    )
    assert not proposed(if_ready(asked, 1, LIBRARIES)).holes


# -- When it cannot be -----------------------------------------------------------------------------------------------------


def test_which_limits_clash() -> None:
    """Two days of eight hours, and a limit of twelve: either the week gives way or an hour stays open."""
    libraries = account(LIBRARIES, "Libraries", span(0, 9, 17), span(1, 9, 17), span(2, 9, 17))
    jen = person(1, "Jen", (LIBRARIES,), span(0, 9, 17), span(1, 9, 17), limits=Limits(week=12 * HOUR))
    clash = what_clashes(problem([libraries], [jen]), seconds=SECONDS)
    assert clash.gives_way == ("Jen is on duty 12 hours at most in the week of Mon 1 Jun",)
    assert clash.half_hours_for_sure == 16
    assert clash.is_sure
    fine = what_clashes(problem([libraries], [replace(jen, limits=Limits())]), seconds=SECONDS)
    assert fine.words == "No limit stands in the way: more people have to be ready, or in."
