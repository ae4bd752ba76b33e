"""Decides how far a forecast can be believed: made as it would have been made then, and held against what came.

What is learnt from history is decided in forecast.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sociable.domain.cover.forecast import Days, Forecast, fit

HORIZON_DAYS = 14
LEAST_DAYS = 28
SURE = 0.9


@dataclass(frozen=True, slots=True)
class Backtest:
    """How forecasts of two weeks each would have done.

    `inside` of `days` lay within the interval that is to hold nine in ten. `off` is by how many requests a day the forecast
    was wrong on average, `off_naive` how wrong it would have been to expect the same as on that weekday of the last week known.
    """

    days: int
    inside: int
    came: int
    expected: float
    off: float
    off_naive: float

    def sentences(self) -> list[str]:
        """This function will say in words how it went."""
        share = f"On {self.inside} of {self.days} days what came lay in the range, which is meant to hold 9 days in 10."
        total = f"In all {self.came:,} came where {self.expected:,.0f} were expected."
        off = f"On a usual day the forecast was off by {_number(self.off)}"
        beside = f"expecting the same as a week or two before would have been off by {_number(self.off_naive)}."
        return [share, total, f"{off}; {beside}"]


def _number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def backtest(counts: NDArray[np.intp], days: Days, others: Forecast | None = None, *, most: int = 6) -> Backtest | None:
    """This function will forecast stretches that are past, each from what lay before it alone.

    Shape:  the last stretches that are whole, at most so many; None where history is too short for one
    """
    stretches = min((len(counts) - LEAST_DAYS) // HORIZON_DAYS, most)
    if stretches < 1:
        return None
    inside, came, expected, naive = [], [], [], []
    for number in range(stretches, 0, -1):
        cut = len(counts) - number * HORIZON_DAYS
        known, coming = fit(counts[:cut], days.part(0, cut), others), days.part(cut, cut + HORIZON_DAYS)
        truth, mean = counts[cut : cut + HORIZON_DAYS].sum(axis=1), known.by_day(coming)
        low, high = known.between(mean, SURE)
        inside.append((low <= truth) & (truth <= high))
        came.append(truth)
        expected.append(mean)
        naive.append(np.tile(counts[cut - 7 : cut].sum(axis=1), 2))
    truths, means = np.concatenate(came), np.concatenate(expected)
    return Backtest(
        truths.size,
        int(np.concatenate(inside).sum()),
        int(truths.sum()),
        float(means.sum()),
        float(np.abs(truths - means).mean()),
        float(np.abs(truths - np.concatenate(naive)).mean()),
    )
