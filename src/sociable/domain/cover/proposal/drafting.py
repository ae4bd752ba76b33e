"""Decides how a problem becomes choices with costs: what may be chosen, what must hold, and what is better than what.

Limits of working time are left to duties, finding the best to solving, and saying it to proposing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from sociable.domain.cover.proposal.columns import Column, Sheet, columns
from sociable.domain.cover.proposal.duties import keep_limits
from sociable.domain.cover.proposal.grid import monday
from sociable.domain.cover.proposal.improving import Part
from sociable.domain.cover.proposal.model import UNBOUNDED, Model
from sociable.domain.cover.proposal.problem import SLOT, Problem, Shift

STEPS = 16
"""Hours on duty weigh more the larger their share of what somebody could do: each further sixteenth more than the last."""


@dataclass
class Draft:
    """A problem as a model, and what its choices mean."""

    sheet: Sheet
    columns: list[Column]
    model: Model
    missing: list[tuple[int, tuple[int, ...], int]] = field(default_factory=list)
    """account, half hours and the number that counts who is missing in each of them"""
    holes_for_sure: int = 0
    """half hours, for each person missing, that nobody at all could cover"""

    @property
    def parts(self) -> list[Part]:
        """Which choices are one person's on one day."""
        choices: dict[tuple[int, int], set[int]] = defaultdict(set)
        for column in self.columns:
            if not column.fixed:
                choices[column.person, column.day.toordinal()] |= {column.choice, *column.takes.values()}
        return [Part(person, day, tuple(sorted(theirs))) for (person, day), theirs in choices.items()]

    def shifts(self, values: Sequence[int]) -> list[Shift]:
        """This function will read the rota off a solution, without the shifts around it."""
        return sorted(
            self._shift(column, values)
            for column in self.columns
            if values[column.choice] and column.last > 0 and column.first < self.sheet.grid.slots
        )

    def _shift(self, column: Column, values: Sequence[int]) -> Shift:
        if column.by_hand is not None:
            return column.by_hand
        problem, grid, stays = self.sheet.problem, self.sheet.grid, column.published
        taken = tuple(problem.accounts[n].account_id for n, take in sorted(column.takes.items()) if values[take])
        if stays is not None:
            return replace(stays, accounts=taken)
        return Shift(grid.at(column.first), grid.at(column.last), problem.people[column.person].person_id, taken)

    def holes(self, values: Sequence[int]) -> int:
        """This function will count the half hours, for each person missing, that a solution leaves open."""
        return self.holes_for_sure + sum(len(slots) * values[count] for _, slots, count in self.missing)


def draft(problem: Problem, model: Model | None = None) -> Draft:
    """This function will write a problem down as a model."""
    sheet = Sheet.of(problem)
    made = Draft(sheet, columns(sheet), model or Model())
    _write_columns(made)
    for number, group in groupby(made.columns, key=lambda column: column.person):
        theirs = list(group)
        keep_limits(made.model, sheet, problem.people[number], theirs)
        _share_evenly(made, number, [column for column in theirs if 0 <= column.first < sheet.grid.slots])
    _weigh_moves(made)
    _ask_for_cover(made)
    return made


def _write_columns(made: Draft) -> None:
    """Whoever is on duty looks after all they are ready for; only where that is more than they can is there a choice."""
    model, problem = made.model, made.sheet.problem
    for column in made.columns:
        column.choice = model.choice(0 if column.fixed else problem.weights.shift + _wishes(made.sheet, column))
        person = problem.people[column.person]
        if column.fixed:
            model.decide(column.choice)
        if column.fixed or len(column.accounts) <= person.limits.at_once:
            column.takes = dict.fromkeys(column.accounts, column.choice)
            continue
        column.takes = {account: model.choice() for account in column.accounts}
        for take in column.takes.values():
            model.require(((take, 1), (column.choice, -1)), least=-UNBOUNDED, most=0)
        takes = [(take, 1) for take in column.takes.values()]
        words = f"{person.name} looks after {person.limits.at_once} accounts at most at once"
        model.require([*takes, (column.choice, -person.limits.at_once)], least=-UNBOUNDED, most=0, words=words)


def _wishes(sheet: Sheet, column: Column) -> int:
    """What a shift costs in broken wishes; less than nothing where it grants one."""
    weights, shift = sheet.problem.weights, set(range(column.first, column.last))
    cost = 0
    for wish in sheet.problem.people[column.person].wishes:
        slots = len(shift.intersection(sheet.grid.touched(wish.span)))
        cost += slots * wish.weight * (-weights.wish_granted if wish.rather else weights.unwished)
    return cost


def _share_evenly(made: Draft, number: int, theirs: Sequence[Column]) -> None:
    """Each further step costs more, and each shift after the first: so what there is to do is spread by what each could."""
    problem, model = made.sheet.problem, made.model
    weeks = len({monday(column.day) for column in theirs})
    could = min(len(made.sheet.working[number]), weeks * (problem.people[number].limits.week // SLOT))
    one_shift = max((column.length for column in theirs if not column.fixed), default=0)
    steps = [(model.count(slots, problem.weights.uneven * price), -1) for slots, price in steps_of(could, one_shift)]
    most = sum(column.length for column in theirs)
    steps.append((model.count(most, problem.weights.uneven * STEPS), -1))
    model.require([*((column.choice, column.length) for column in theirs), *steps], least=-UNBOUNDED, most=0)
    further = model.count(len(theirs), problem.weights.further)
    model.require([*((column.choice, 1) for column in theirs), (further, -1)], least=-UNBOUNDED, most=1)


def steps_of(could: int, one_shift: int) -> list[tuple[int, int]]:
    """This function will say how somebody's hours are weighed.

    Shape:  half hours and what each of them costs, step after step; within one shift they cost nothing, so that none is cut in two
    """
    step = max(1, -(-could // STEPS))
    return [(step, number if number * step >= one_shift else 0) for number in range(STEPS)]


def _weigh_moves(made: Draft) -> None:
    """A published shift is moved unless its person is on then, and looks after what it looked after, as far as they could."""
    model, sheet = made.model, made.sheet
    for column in made.columns:
        if column.published is None or not sheet.problem.weights.moved:
            continue
        moved = model.choice(sheet.problem.weights.moved)
        numbers = sheet.numbers()
        theirs = {column.takes[n] for each in column.published.accounts if (n := numbers.get(each)) in column.takes}
        for stays in {column.choice, *theirs}:
            model.require(((stays, 1), (moved, 1)), least=1, most=UNBOUNDED)


def _ask_for_cover(made: Draft) -> None:
    """Half hours in which the same people could come are asked for once."""
    sheet = made.sheet
    takers: list[dict[int, list[tuple[int, int]]]] = [{slot: [] for slot in needed} for needed in sheet.needed]
    for column in made.columns:
        for account, slots in column.accounts.items():
            for slot in slots:
                takers[account][slot].append((column.person, column.takes[account]))
    for account, by_slot in enumerate(takers):
        alike: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for slot, taking in by_slot.items():
            alike[sheet.needed[account][slot], *taking].append(slot)
        for together in alike.values():
            _ask_for(made, account, together, by_slot[together[0]])


def _ask_for(made: Draft, account: int, slots: list[int], taking: list[tuple[int, int]]) -> None:
    wanted = made.sheet.needed[account][slots[0]]
    need = min(wanted, len({person for person, _ in taking}))
    made.holes_for_sure += (wanted - need) * len(slots)
    cost = made.sheet.problem.weights.hole * len(slots)
    missing = made.model.want(((take, 1) for _, take in taking), need, under=cost)
    if missing is not None:
        made.missing.append((account, tuple(slots), missing))
