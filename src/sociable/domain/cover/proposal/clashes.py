"""Decides why a rota without holes is impossible: which of people's limits would have to give for it.

What to do about it is a person's to decide: nobody is ever proposed for more than their limits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sociable.domain.cover.proposal.drafting import draft
from sociable.domain.cover.proposal.model import Model
from sociable.domain.cover.proposal.problem import Problem, Weights
from sociable.domain.cover.proposal.solving import Stop, solve

GIVES_WAY = 1000
HOLE = 100 * GIVES_WAY


@dataclass(frozen=True, slots=True)
class Clash:
    """The fewest limits that stand between a rota and no hole.

    `half_hours_for_sure` stay open whatever gives way: nobody who is ready is in. `gives_way` is empty where no limit
    stands in the way of anything; `is_sure` when fewer could not do.
    """

    gives_way: tuple[str, ...]
    half_hours_for_sure: int
    is_sure: bool

    @property
    def words(self) -> str:
        """What clashes, as sentences."""
        if not self.gives_way:
            return "No limit stands in the way: more people have to be ready, or in."
        limits = " ".join(f"{each}." for each in self.gives_way)
        return f"Covering every hour that somebody ready is in for would need each of these to give way: {limits}"


def what_clashes(problem: Problem, *, seconds: float, stop: Stop | None = None) -> Clash:
    """This function will find the fewest limits that would have to give way for no hole to be left that need not be."""
    only_holes = Weights(hole=HOLE, unwished=0, wish_granted=0, shift=0, face=0, uneven=0, further=0, moved=0)
    made = draft(replace(problem, weights=only_holes), Model(loose=GIVES_WAY))
    solved = solve(made.model, made.parts, seconds=seconds, stop=stop)
    given: Sequence[str] = []
    if solved.values is not None:
        given = [words for number, words in made.model.given_way.items() if solved.values[number]]
    return Clash(tuple(dict.fromkeys(given)), made.holes_for_sure, solved.progress.gap == 0)
