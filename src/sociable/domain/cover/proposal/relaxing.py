"""Decides what a rota would cost if people could be split: a bound that no rota beats, and by rounding it a first rota.

Better rotas are left to improving, and better bounds to bounding.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING

from sociable.domain.cover.proposal.model import UNBOUNDED, Model

if TYPE_CHECKING:
    from ortools.linear_solver import pywraplp

NEARLY = 1e-6
CLEARLY = 0.9
SHARE = 0.12
"""How much of what is still split is rounded at a time, the surest first, before the rest is weighed anew."""


class Relaxation:
    """A model in which every choice may be taken in part."""

    def __init__(self, model: Model) -> None:
        from ortools.linear_solver import pywraplp  # noqa: PLC0415 (large, and wanted only where a rota is proposed)

        self.model = model
        self.solver = pywraplp.Solver.CreateSolver("GLOP")
        self.variables = [self.solver.NumVar(0, most, "") for most in model.most]
        self._write_rules()
        self.rounded: dict[int, int] = {}
        self._least = [
            sum(times * model.most[choice] for choice, times in rule.terms if times < 0) for rule in model.rules
        ]
        self._rules_of: list[list[tuple[int, int]]] = [[] for _ in model.most]
        for number, rule in enumerate(model.rules):
            for choice, times in rule.terms:
                self._rules_of[choice].append((number, times))

    def _write_rules(self) -> None:
        infinity = self.solver.infinity()
        self.rows: list[pywraplp.Constraint] = []
        for rule in self.model.rules:
            least = -infinity if rule.least <= -UNBOUNDED else rule.least
            row = self.solver.Constraint(least, infinity if rule.most >= UNBOUNDED else rule.most)
            self.rows.append(row)
            for choice, times in rule.terms:
                row.SetCoefficient(self.variables[choice], row.GetCoefficient(self.variables[choice]) + times)
        objective = self.solver.Objective()
        objective.SetMinimization()
        for variable, cost in zip(self.variables, self.model.costs, strict=True):
            objective.SetCoefficient(variable, cost)

    def solve(self, seconds: float) -> float | None:
        """This function will return the least cost with all that was rounded so far; None where there is none in time."""
        if seconds <= 0:
            return None
        self.solver.SetTimeLimit(max(1, round(seconds * 1000)))
        if self.solver.Solve() != self.solver.OPTIMAL:
            return None
        return float(self.solver.Objective().Value())

    @property
    def values(self) -> list[float]:
        """What was chosen last, in parts."""
        return [variable.solution_value() for variable in self.variables]

    @property
    def prices(self) -> list[float]:
        """What it would save to keep each rule a little easier, as it was solved last."""
        return [row.dual_value() for row in self.rows]

    def round_up(self, choice: int) -> bool:
        """This function will take a choice whole where the rules still allow it, and otherwise not at all."""
        yes = all(self._least[n] + max(0, times) <= self.model.rules[n].most for n, times in self._rules_of[choice])
        self.rounded[choice] = int(yes)
        self.variables[choice].SetBounds(int(yes), int(yes))
        for number, times in self._rules_of[choice]:
            self._least[number] += max(0, times) if yes else max(0, -times)
        return yes


def whole_bound(cost: float) -> int:
    """This function will raise a bound to the next whole cost: costs are whole."""
    return ceil(cost - NEARLY * max(1.0, abs(cost)))


def round_down_to_a_rota(relaxed: Relaxation, in_turn: Sequence[Collection[int]], seconds: float) -> list[int] | None:
    """This function will make a whole solution of a relaxed one: round the surest, weigh the rest anew, and so on.

    Shape: `in_turn` are the choices to round, those of one kind before those of the next; None where it leads nowhere
    """
    ends = monotonic() + seconds
    for choices in in_turn:
        while split := in_order(relaxed, choices):
            for number, (value, choice) in enumerate(split):
                if number >= max(1, len(split) * SHARE) and value < CLEARLY:
                    break
                relaxed.round_up(choice)
            if relaxed.solve(ends - monotonic()) is None:
                return None
    values = relaxed.values
    whole = [round(value) for value in values]
    return whole if all(abs(a - b) < 1e-4 for a, b in zip(values, whole, strict=True)) else None


def in_order(relaxed: Relaxation, choices: Collection[int]) -> list[tuple[float, int]]:
    """This function will list what is taken at least a little and not yet rounded, the surest first, each after what it hangs on."""
    values = relaxed.values
    left = [(values[choice], choice) for choice in choices if choice not in relaxed.rounded and values[choice] > 0.01]
    return sorted(left, key=lambda pair: (-round(pair[0], 6), pair[1]))
