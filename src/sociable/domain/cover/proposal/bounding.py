"""Decides how far a rota can be from the best: a branch and cut search beside the improving one raises what none can beat.

It runs in a thread of its own and may find rotas too; what is told of it is left to solving.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from time import monotonic

from sociable.domain.cover.proposal.model import UNBOUNDED, Model

FIRST_SECONDS, GROWS = 8.0, 2.5
"""A look says nothing until it ends: so the first is short, and each one after it longer, up to the time there is."""
SPARE_SECONDS = 1.0

Found = Callable[[float, list[int] | None], None]


def bound_beside(model: Model, seconds: float, found: Found) -> threading.Thread:
    """This function will search in a thread for a given time, telling a bound and perhaps a solution after each look.

    It cannot be called back: whoever stops earlier leaves it to end by itself, and hears no more of it.
    """
    thread = threading.Thread(target=_search, args=(model, seconds, found), daemon=True, name="bound")
    thread.start()
    return thread


def _search(model: Model, seconds: float, found: Found) -> None:
    ends, look = monotonic() + seconds - SPARE_SECONDS, FIRST_SECONDS
    while (left := ends - monotonic()) > 0:
        look = left if left < GROWS * look else look
        if _look(model, look, found):
            return
        look *= GROWS


def _look(model: Model, seconds: float, found: Found) -> bool:
    """Whether nothing is left to find."""
    from ortools.math_opt.python import mathopt  # noqa: PLC0415 (large, and wanted only where a rota is proposed)

    program = mathopt.Model()
    variables = [program.add_integer_variable(lb=0, ub=most) for most in model.most]
    for rule in model.rules:
        program.add_linear_constraint(
            lb=float("-inf") if rule.least <= -UNBOUNDED else rule.least,
            ub=float("inf") if rule.most >= UNBOUNDED else rule.most,
            expr=mathopt.LinearSum(variables[choice] * times for choice, times in rule.terms),
        )
    costs = zip(variables, model.costs, strict=True)
    program.minimize(mathopt.LinearSum(variable * cost for variable, cost in costs if cost))
    limits = mathopt.SolveParameters(time_limit=timedelta(seconds=seconds))
    result = mathopt.solve(program, mathopt.SolverType.HIGHS, params=limits)
    values = None
    if result.has_primal_feasible_solution():
        values = [round(value) for value in result.variable_values(variables)]
    found(result.termination.objective_bounds.dual_bound, values)
    goes_on = (mathopt.TerminationReason.FEASIBLE, mathopt.TerminationReason.NO_SOLUTION_FOUND)
    return bool(result.termination.reason not in goes_on)
