"""Decides what a simulation says about each account and day: how likely the promise is kept, and how long people wait.

The futures themselves come from simulation; how they are shown is left to the screens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sociable.domain.cover.interval import Chance, chance
from sociable.domain.cover.queueing import NEVER, SLOT_MINUTES, Floats
from sociable.domain.cover.simulation import Outcome


@dataclass(frozen=True, slots=True)
class DayOutlook:
    """What is to be expected of one account on one day.

    `chance` is that a request which arrives on it is answered in time, None where nothing is promised or nothing came;
    `all_kept` the share of futures in which every one was. `asked` and `waits` (before somebody takes it up, in minutes)
    have the middle and the bounds of nine futures or requests in ten.
    """

    line: int
    day: int
    chance: Chance | None
    all_kept: float | None
    asked: tuple[float, float, float]
    waits: tuple[float, float] | None
    unanswered: float


@dataclass(frozen=True, slots=True)
class Together:
    """What is to be expected of one account over all days: as DayOutlook says it of one."""

    chance: Chance | None
    asked: tuple[float, float, float]


def outlooks(outcome: Outcome) -> list[DayOutlook]:
    """This function will say for each account and day how likely the promise is kept, and how long people wait.

    Shape:  line by line, day by day; what is due only after the end is not judged; who left,
            and who is never answered, counts as not kept
    """
    days, runs = int(outcome.days[-1]) + 1, outcome.runs
    cell = (outcome.line * days + outcome.day) * runs + outcome.run
    size = outcome.lines * days * runs
    kept, judged = outcome.answered_at <= outcome.due_at, _judged(outcome)

    def counted(which: NDArray[np.bool_]) -> Floats:
        return np.bincount(cell[which], minlength=size).reshape(-1, runs).astype(float)

    asked, of, good = counted(np.ones(cell.size, np.bool_)), counted(judged), counted(judged & kept)
    never = counted((outcome.started_at >= NEVER) & judged).sum(axis=1)
    order = np.argsort(cell // runs, kind="stable")
    waits = np.split(
        (np.minimum(outcome.started_at, outcome.left_at) - outcome.arrived_at)[order],
        np.cumsum(asked.sum(axis=1))[:-1].astype(np.intp),
    )
    return [
        DayOutlook(
            *divmod(number, days),
            chance(good[number], of[number]),
            _all_kept(good[number], of[number]),
            _bounds(asked[number]),
            tuple(np.quantile(waits[number], (0.5, 0.95))) if waits[number].size else None,
            float(never[number]) / runs,
        )
        for number in range(outcome.lines * days)
    ]


def _all_kept(good: Floats, of: Floats) -> float | None:
    return float((good[of > 0] == of[of > 0]).mean()) if of.any() else None


def together(outcome: Outcome, line: int) -> Together:
    """This function will say how likely the promise is kept over the whole stretch."""
    judged = (outcome.line == line) & _judged(outcome)
    kept = judged & (outcome.answered_at <= outcome.due_at)
    asked, of, good = (
        np.bincount(outcome.run[which], minlength=outcome.runs) for which in (outcome.line == line, judged, kept)
    )
    return Together(chance(good, of), _bounds(asked))


def _judged(outcome: Outcome) -> NDArray[np.bool_]:
    """What is due within the stretch: to judge what is answered early and not what is not would flatter."""
    within: NDArray[np.bool_] = outcome.due_at <= outcome.days.size * SLOT_MINUTES
    return within


def _bounds(counts: NDArray[np.generic]) -> tuple[float, float, float]:
    middle, low, high = np.quantile(counts.astype(float), (0.5, 0.05, 0.95)).tolist()
    return middle, low, high
