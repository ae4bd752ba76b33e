"""Decides a small rota by whole schedules: what one person does in all of it is one choice, and few of them are ever looked at.

Which schedules are worth a look is asked of prices: what it is worth, at present, that a rule between people is kept a little
easier. What each person would do at these prices gives a new schedule and a bound that no rota beats (Dantzig and Wolfe).
Models whose people are too many or too free are better put in anew by parts, which is left to improving.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

from sociable.domain.cover.proposal.improving import Part, as_program, best
from sociable.domain.cover.proposal.model import UNBOUNDED, Model, Rule
from sociable.domain.cover.proposal.parting import apart
from sociable.domain.cover.proposal.relaxing import NEARLY, whole_bound

if TYPE_CHECKING:
    from ortools.linear_solver import pywraplp
    from ortools.sat.python import cp_model

FINE = 1000
"""Prices are whole thousandths, so that what a schedule costs at them is exact, and a bound is one for sure."""
MIDDLE = 0.5
"""How much of the best prices so far goes into the next: prices leap less, and fewer rounds are needed."""
AT_A_TIME = 2
WORK = 2.0
"""The most that one person's schedule is worked on, in the solver's own units of work, which no other load changes."""

Prices = list[int]


@dataclass(frozen=True, slots=True)
class Schedule:
    """All that one person does: their values, what it costs, and how often each rule between people counts it."""

    person: int
    values: tuple[int, ...]
    cost: int
    counts: Mapping[int, int]


@dataclass
class _Pricer:
    """Finds what one person would do at given prices."""

    choices: list[int]
    most: list[int]
    program: cp_model.CpModel
    variables: list[cp_model.IntVar]

    @classmethod
    def of(cls, model: Model, choices: list[int], rules: Sequence[Rule]) -> _Pricer:
        alone = Model()
        numbers = {choice: alone.count(model.most[choice]) for choice in choices}
        for rule in rules:
            terms = tuple((numbers[choice], times) for choice, times in rule.terms)
            alone.rules.append(Rule(terms, rule.least, rule.most))
        return cls(choices, alone.most, *as_program(alone))

    def cheapest(self, costs: Sequence[int]) -> tuple[tuple[int, ...] | None, int]:
        """The cheapest schedule that was found, and what none costs less than."""
        from ortools.sat.python import cp_model  # noqa: PLC0415 (large, and wanted only where a rota is proposed)

        self.program.minimize(cp_model.LinearExpr.weighted_sum(self.variables, costs))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.max_deterministic_time = WORK
        solver.parameters.cp_model_probing_level = 0
        solver.parameters.symmetry_level = 0
        status = solver.solve(self.program)
        least = sum(min(0, cost) * most for cost, most in zip(costs, self.most, strict=True))
        if status != cp_model.UNKNOWN:
            least = max(least, ceil(solver.best_objective_bound))
        if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
            return None, least
        return tuple(solver.value(variable) for variable in self.variables), least


@dataclass
class Schedules:
    """The schedules found so far, what they come to when they may be taken in part, and the bound that their prices prove."""

    model: Model
    parts: Sequence[Part]
    values: Sequence[int]
    prices: Mapping[Rule, float]
    """what is thought at first of rules between people, as a relaxed model has it"""
    bound: float = float("-inf")
    known: list[Schedule] = field(default_factory=list)
    seen: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.apart = apart(self.model, self.parts)
        self.pricers = {
            person: _Pricer.of(self.model, choices, self.apart.rules.get(person, ()))
            for person, choices in self.apart.own.items()
        }
        self.counted: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for number, rule in enumerate(self.apart.between):
            for choice, times in rule.terms:
                self.counted[choice].append((number, times))
        self.weighing = _Weighing(self.model, self.apart.own, self.apart.shared, self.apart.between, self.counted)
        self.middle: Prices = [round(FINE * self.prices.get(rule, 0.0)) for rule in self.apart.between]
        self.learn(self.values)

    def learn(self, values: Sequence[int]) -> None:
        """This function will take the schedules of a solution that was found elsewhere."""
        for person, pricer in self.pricers.items():
            self._learn(person, tuple(values[choice] for choice in pricer.choices))

    def once(self) -> bool:
        """This function will weigh the schedules, and ask everybody for a better one; False where none is left to find."""
        cost, now = self.weighing.solve()
        if cost is None or self._is_proven(cost):
            return False
        between = [
            round(MIDDLE * middle + (1 - MIDDLE) * price) for middle, price in zip(self.middle, now, strict=True)
        ]
        return self._ask(between) or self._ask(now)

    def _is_proven(self, cost: float) -> bool:
        """Whether no schedule can bring the least cost below the next whole one above the bound."""
        return self.bound > float("-inf") and whole_bound(self.bound) >= cost - NEARLY * max(1.0, abs(cost))

    def whole(self, seconds: float, workers: int, work: float = float("inf")) -> list[int] | None:
        """This function will choose one of the known schedules for each person, as well as can be in a given time and with so much work."""
        made = Model()
        numbers: dict[int, int] = {}
        chosen = [made.choice(schedule.cost) for schedule in self.known]
        for choice in self.apart.shared:
            numbers[choice] = made.count(self.model.most[choice], self.model.costs[choice])
        counts: list[list[tuple[int, int]]] = [[] for _ in self.apart.between]
        by_person: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for choice, schedule in zip(chosen, self.known, strict=True):
            by_person[schedule.person].append((choice, 1))
            for rule, times in schedule.counts.items():
                counts[rule].append((choice, times))
        made.rules = [Rule(tuple(terms), 1, 1) for terms in by_person.values()]
        for between, terms in zip(self.apart.between, counts, strict=True):
            shared = [(numbers[choice], times) for choice, times in between.terms if choice in numbers]
            made.rules.append(Rule((*terms, *shared), between.least, between.most))
        found, _ = best(made, seconds, workers=workers, work=work)
        return None if found is None else self._written_out(found, chosen, numbers)

    def _written_out(self, found: Sequence[int], chosen: Sequence[int], numbers: Mapping[int, int]) -> list[int]:
        values = [0] * len(self.model.costs)
        for choice, schedule in zip(chosen, self.known, strict=True):
            if found[choice]:
                for own, value in zip(self.pricers[schedule.person].choices, schedule.values, strict=True):
                    values[own] = value
        for choice, number in numbers.items():
            values[choice] = found[number]
        return values

    def _ask(self, prices: Prices) -> bool:
        """Whether anybody has a schedule that was not known and is worth its place; the bound rises where it can."""
        prices = [self._fair(rule, price) for rule, price in zip(self.apart.between, prices, strict=True)]
        least, learnt = self._least_of_all_else(prices), False
        for person, (values, alone) in self._asked(prices):
            least += alone
            learnt |= values is not None and self._learn(person, values)
        if least / FINE > self.bound:
            self.bound, self.middle = least / FINE, prices
        return learnt

    def _asked(self, prices: Prices) -> list[tuple[int, tuple[tuple[int, ...] | None, int]]]:
        """Everybody's cheapest schedule, two people at a time: the solver works outside of Python."""
        costs = ([self._at(choice, prices) for choice in pricer.choices] for pricer in self.pricers.values())
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            found = list(pool.map(_Pricer.cheapest, self.pricers.values(), costs))
        return list(zip(self.pricers, found, strict=True))

    @staticmethod
    def _fair(rule: Rule, price: int) -> int:
        """A rule without a bound on one side is worth nothing on that side."""
        if (price > 0 and rule.least <= -UNBOUNDED) or (price < 0 and rule.most >= UNBOUNDED):
            return 0
        return price

    def _at(self, choice: int, prices: Prices) -> int:
        """What a choice costs at some prices."""
        return FINE * self.model.costs[choice] - sum(
            prices[rule] * times for rule, times in self.counted.get(choice, ())
        )

    def _least_of_all_else(self, prices: Prices) -> int:
        rules = zip(self.apart.between, prices, strict=True)
        least = sum(price * (rule.least if price > 0 else rule.most) for rule, price in rules if price)
        return least + sum(min(0, self._at(choice, prices)) * self.model.most[choice] for choice in self.apart.shared)

    def _learn(self, person: int, values: tuple[int, ...]) -> bool:
        if (person, values) in self.seen:
            return False
        self.seen.add((person, values))
        cost = 0
        counts: dict[int, int] = defaultdict(int)
        for choice, value in zip(self.pricers[person].choices, values, strict=True):
            cost += self.model.costs[choice] * value
            for rule, times in self.counted.get(choice, ()) if value else ():
                counts[rule] += times * value
        self.known.append(Schedule(person, values, cost, dict(counts)))
        self.weighing.add(self.known[-1])
        return True


class _Weighing:
    """A linear program in which schedules are taken in part: what is then best, and the price of each rule between people."""

    def __init__(
        self,
        model: Model,
        people: Iterable[int],
        shared: Iterable[int],
        between: Sequence[Rule],
        counted: Mapping[int, Sequence[tuple[int, int]]],
    ) -> None:
        from ortools.linear_solver import pywraplp  # noqa: PLC0415

        self.solver = pywraplp.Solver.CreateSolver("GLOP")
        infinity = self.solver.infinity()
        self.rows: list[pywraplp.Constraint] = [
            self.solver.Constraint(
                -infinity if rule.least <= -UNBOUNDED else rule.least, infinity if rule.most >= UNBOUNDED else rule.most
            )
            for rule in between
        ]
        self.one_each = {person: self.solver.Constraint(1, 1) for person in people}
        self.solver.Objective().SetMinimization()
        for choice in shared:
            self._column(model.most[choice], model.costs[choice], counted.get(choice, ()))

    def add(self, schedule: Schedule) -> None:
        """Let a schedule be taken."""
        variable = self._column(self.solver.infinity(), schedule.cost, schedule.counts.items())
        self.one_each[schedule.person].SetCoefficient(variable, 1)

    def _column(self, most: float, cost: int, counts: Iterable[tuple[int, int]]) -> pywraplp.Variable:
        variable = self.solver.NumVar(0, most, "")
        self.solver.Objective().SetCoefficient(variable, cost)
        for row, times in counts:
            self.rows[row].SetCoefficient(variable, self.rows[row].GetCoefficient(variable) + times)
        return variable

    def solve(self) -> tuple[float | None, Prices]:
        """The least cost, and the prices, in thousandths."""
        if self.solver.Solve() != self.solver.OPTIMAL:
            return None, []
        return float(self.solver.Objective().Value()), [round(FINE * row.dual_value()) for row in self.rows]
