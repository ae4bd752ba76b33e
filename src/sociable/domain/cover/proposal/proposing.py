"""Proposes a rota: fills the holes fairly within everybody's limits, keeps what was fixed by hand, and says why.

How the best is found is left to solving, and who publishes it to who asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sociable.domain.cover.proposal.counting import Comparison, Hole, amount, holes, moved
from sociable.domain.cover.proposal.drafting import Draft, draft
from sociable.domain.cover.proposal.explaining import Explainer
from sociable.domain.cover.proposal.problem import Problem, Shift
from sociable.domain.cover.proposal.solving import Progress, Stop, solve
from sociable.domain.cover.proposal.wishing import Wished, wished
from sociable.domain.errors import DomainError

ENOUGH = 0.005
"""A proposal this near to the best is as good as the best: what is left is a few points of evenness."""


class NoneInTime(DomainError):
    """The time given was too short for any proposal."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """A shift of a proposal and why it is there."""

    shift: Shift
    why: str
    is_fixed: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """A rota, what it leaves open and why, how near to the best it is, and what it changes.

    `wishes` are those that it keeps and does not, with why; `warnings` say where what was fixed by hand goes beyond
    somebody's limits: it is kept, since a person decided it.
    """

    assigned: tuple[Assigned, ...]
    holes: tuple[Hole, ...]
    progress: Progress
    compared: Comparison
    warnings: tuple[str, ...]
    wishes: tuple[Wished, ...] = ()

    @property
    def shifts(self) -> list[Shift]:
        """The rota alone."""
        return [each.shift for each in self.assigned]


@dataclass(frozen=True, slots=True)
class Step:
    """What is told while a proposal is worked on: how far it has come, and the best rota so far where it is a new one."""

    progress: Progress
    hole_half_hours: int | None
    shifts: tuple[Shift, ...] | None


Tell = Callable[[Step], None]


def propose(
    problem: Problem, *, seconds: float, tell: Tell | None = None, stop: Stop | None = None, enough: float = ENOUGH
) -> Proposal:
    """This function will propose the best rota that it can find in a given time.

    Shape:  `tell` hears of each better rota and each higher bound, from whichever thread finds it; `stop` is asked again
            and again, and when it says yes the best so far is returned
    Errors: ProblemError for a span nobody could fill; NoneInTime when there was no time for any
    """
    made = draft(problem)
    solved = solve(made.model, made.parts, seconds=seconds, tell=_teller(made, tell), stop=stop, enough=enough)
    if solved.values is None:
        raise NoneInTime("No rota was found in the time given. Give it longer, or propose fewer weeks at once.")
    return explained(made, made.shifts(solved.values), solved.progress)


def explained(made: Draft, shifts: Sequence[Shift], progress: Progress) -> Proposal:
    """This function will say of a rota all that a proposal says."""
    sheet = made.sheet
    explainer = Explainer(sheet, shifts)
    fixed = set(sheet.problem.fixed)
    return Proposal(
        tuple(Assigned(shift, explainer.why_on(shift), shift in fixed) for shift in shifts),
        tuple(replace(hole, why=explainer.why_open(hole)) for hole in holes(sheet, shifts)),
        progress,
        Comparison(
            amount(sheet, sheet.problem.present),
            amount(sheet, shifts),
            moved(sheet, shifts),
            len(sheet.problem.movable),
        ),
        tuple(
            dict.fromkeys(f"What was set by hand goes beyond a limit: {words}." for words in made.model.broken if words)
        ),
        tuple(wished(explainer)),
    )


def _teller(made: Draft, tell: Tell | None) -> Callable[[Progress, Sequence[int] | None], None] | None:
    if tell is None:
        return None
    least: list[int] = []

    def say(progress: Progress, values: Sequence[int] | None) -> None:
        if values is not None:
            least[:] = [made.holes(values)]
        shifts = None if values is None else tuple(made.shifts(values))
        tell(Step(progress, least[0] if least else None, shifts))

    return say
