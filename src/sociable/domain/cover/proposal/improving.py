"""Decides how a rota is made better: a part of it is taken out and put in anew as well as can be, part after part.

Which parts belong together is said by whoever built the model. Each part is solved by CP-SAT.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sociable.domain.cover.proposal.model import UNBOUNDED, Model, Rule

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

WORK = 1.4
"""The most that a part is worked on, in the solver's own units of work (some four seconds), which no other load changes."""
KINDS = {"days": (0.12, 1.0), "people": (1.0, 0.22), "both": (0.3, 0.45)}
"""What is taken out at first: a share of the days of so many of the people, days that follow one another."""
GROWS, SHRINKS = 1.1, 0.85


class Part(NamedTuple):
    """Choices of one person on one day, as numbers; what is in no part is worked out anew each time."""

    person: int
    day: int
    choices: tuple[int, ...]


@dataclass
class Improver:
    """Makes a solution better for as long as it is asked to. Parts that are soon done grow, those that are not shrink."""

    model: Model
    parts: Sequence[Part]
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    sizes: dict[str, float] = field(default_factory=lambda: dict.fromkeys(KINDS, 1.0))
    work: float = WORK

    def once(self, values: Sequence[int], seconds: float) -> tuple[list[int], bool]:
        """This function will put one part in anew.

        Shape: the solution, never a worse one, and whether the part was the whole and nothing better can be
        """
        kind = self.dice.choice(list(KINDS))
        smaller, kept = restricted(self.model, values, self._held(kind))
        found, proven = best(smaller, seconds, work=self.work)
        self.sizes[kind] *= GROWS if proven else SHRINKS
        better = list(values)
        for choice, value in zip(kept, found or (), strict=False):
            better[choice] = value
        return better, proven and len(kept) == len(values)

    def _held(self, kind: str) -> set[int]:
        """The choices that stay: all that lie outside of some days of some people."""
        days, people = sorted({part.day for part in self.parts}), sorted({part.person for part in self.parts})
        long, wide = (
            len(every) if share == 1 else min(len(every), max(1, round(len(every) * share * self.sizes[kind])))
            for every, share in zip((days, people), KINDS[kind], strict=True)
        )
        first = self.dice.randrange(len(days) - long + 1)
        some_days, some_people = set(days[first : first + long]), set(self.dice.sample(people, wide))
        return {
            choice
            for part in self.parts
            if part.day not in some_days or part.person not in some_people
            for choice in part.choices
        }


def restricted(model: Model, values: Sequence[int], held: set[int]) -> tuple[Model, list[int]]:
    """This function will make the smaller model in which some choices are held as they are.

    Shape: the model, hinted at the present values, and the numbers its choices had in the larger one
    """
    smaller, kept = Model(), [choice for choice in range(len(values)) if choice not in held]
    numbers = {choice: smaller.count(model.most[choice], model.costs[choice]) for choice in kept}
    smaller.hints = {number: values[choice] for choice, number in numbers.items()}
    for rule in model.rules:
        terms = tuple((numbers[choice], times) for choice, times in rule.terms if choice in numbers)
        if terms:
            done = sum(times * values[choice] for choice, times in rule.terms if choice in held)
            least = rule.least if rule.least <= -UNBOUNDED else rule.least - done
            smaller.rules.append(Rule(terms, least, rule.most if rule.most >= UNBOUNDED else rule.most - done))
    return smaller, kept


def best(
    model: Model, seconds: float, *, workers: int = 1, work: float = float("inf")
) -> tuple[list[int] | None, bool]:
    """This function will find the best solution of a model in a given time and with so much work, and say whether it is proven."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 (large, and wanted only where a rota is proposed)

    program, variables = as_program(model)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = max(0.01, seconds)
    solver.parameters.max_deterministic_time = work
    solver.parameters.num_workers = workers
    solver.parameters.linearization_level = 2
    if workers == 1:
        solver.parameters.subsolvers.append("max_lp")
    status = solver.solve(program)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, status == cp_model.INFEASIBLE
    return [solver.value(variable) for variable in variables], status == cp_model.OPTIMAL


def as_program(model: Model) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    """This function will write a model down for CP-SAT."""
    from ortools.sat.python import cp_model  # noqa: PLC0415

    program = cp_model.CpModel()
    variables = [program.new_int_var(0, most, "") for most in model.most]
    for rule in model.rules:
        total = cp_model.LinearExpr.weighted_sum(
            [variables[choice] for choice, _ in rule.terms], [times for _, times in rule.terms]
        )
        program.add_linear_constraint(total, rule.least, rule.most)
    program.minimize(cp_model.LinearExpr.weighted_sum(variables, model.costs))
    for choice, value in model.hints.items():
        program.add_hint(variables[choice], value)
    return program, variables
