"""Decides who should learn what next: which person, ready for one account more, would close the most open hours.

Who then does learn, and when, is theirs and their lead's to decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from sociable.domain.cover.proposal.changing import if_ready
from sociable.domain.cover.proposal.columns import Column, Sheet, columns
from sociable.domain.cover.proposal.counting import missing, there
from sociable.domain.cover.proposal.explaining import Explainer
from sociable.domain.cover.proposal.problem import Problem, Shift
from sociable.domain.cover.proposal.wording import hours_words


@dataclass(frozen=True, slots=True)
class Lesson:
    """What somebody could learn, and the open hours it would close without moving anybody else."""

    person_id: int
    account_id: int
    half_hours: int
    why: str


def who_should_learn_next(problem: Problem, shifts: Sequence[Shift], most: int = 10) -> list[Lesson]:
    """This function will rank what people could learn by how many open hours of a rota it closes, the most first.

    Shape: only what closes any; people who are on duty then with room for one more, or who could take a further shift
    """
    sheet = Sheet.of(problem)
    lacking = missing(sheet, there(sheet, shifts))
    explainer = Explainer(sheet, shifts)
    lessons = [
        lesson
        for account, slots in enumerate(lacking)
        if slots
        for person, known in enumerate(sheet.ready)
        if account not in known and (lesson := _lesson(explainer, person, account, set(slots)))
    ]
    return sorted(lessons, key=lambda lesson: (-lesson.half_hours, lesson.person_id, lesson.account_id))[:most]


def _lesson(explainer: Explainer, person: int, account: int, open_slots: set[int]) -> Lesson | None:
    sheet = explainer.sheet
    wanted = open_slots & sheet.working[person]
    on_duty = _on_duty(explainer, person, wanted)
    by_more = _by_more_shifts(explainer, person, account, wanted - on_duty)
    if not on_duty and not by_more:
        return None
    who, what = sheet.problem.people[person], sheet.problem.accounts[account]
    ways = [
        *([f"{hours_words(len(on_duty))} while on duty anyway"] if on_duty else []),
        *([f"{hours_words(by_more)} by further shifts within their limits"] if by_more else []),
    ]
    closed = len(on_duty) + by_more
    why = (
        f"If {who.name} learns {what.name}, {hours_words(closed)} that nobody covers are closed: {' and '.join(ways)}."
    )
    return Lesson(who.person_id, what.account_id, closed, why)


def _on_duty(explainer: Explainer, person: int, wanted: set[int]) -> set[int]:
    most = explainer.sheet.problem.people[person].limits.at_once
    with_room = [shift for shift in explainer.shifts_of[person] if len(shift.accounts) < most]
    return {slot for shift in with_room for slot in explainer.sheet.grid.inner(shift.span)} & wanted


def _by_more_shifts(explainer: Explainer, person: int, account: int, wanted: set[int]) -> int:
    """The best further shift of each day, where nothing speaks against it beside those taken before."""
    if not wanted:
        return 0
    taken = list(explainer.shifts_of[person])
    closed = 0
    try:
        for by_day in _by_day(_could(explainer, person, account), wanted):
            for column in sorted(by_day, key=lambda each: -len(wanted.intersection(range(each.first, each.last)))):
                if not explainer.speaks_against(person, column):
                    closed += len(wanted.intersection(range(column.first, column.last)))
                    grid, who = explainer.sheet.grid, explainer.sheet.problem.people[person].person_id
                    explainer.shifts_of[person].append(Shift(grid.at(column.first), grid.at(column.last), who, ()))
                    break
    finally:
        explainer.shifts_of[person] = taken
    return closed


def _could(explainer: Explainer, person: int, account: int) -> list[Column]:
    """The shifts that somebody could take if they were ready, also where they are ready for nothing yet."""
    problem = explainer.sheet.problem
    who = problem.people[person].person_id
    changed = if_ready(problem, who, problem.accounts[account].account_id)
    alone = Problem(changed.span, changed.accounts, (changed.people[person],), changed.patterns, zone=changed.zone)
    return columns(Sheet.of(alone))


def _by_day(could: Iterable[Column], wanted: set[int]) -> Iterable[list[Column]]:
    by_day: dict[date, list[Column]] = {}
    for column in could:
        if wanted.intersection(range(column.first, column.last)):
            by_day.setdefault(column.day, []).append(column)
    return by_day.values()
