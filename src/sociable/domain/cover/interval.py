"""Decides how sure we can be of a share that was counted, and says so as an interval; what is counted is left to others."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

SURE_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Chance:
    """A share with an interval of 95 %, and of how many it was counted."""

    share: float
    low: float
    high: float
    of: int


def wilson(share: float, of: float, sure: float = SURE_95) -> tuple[float, float]:
    """This function will return the interval of a share that was counted in so many independent cases.

    Shape:  within 0 and 1, and never of no width: all of 20 may still be 84 of 100
    Source: E. B. Wilson, 1927
    """
    middle = (share + sure**2 / (2 * of)) / (1 + sure**2 / of)
    half = sure / (1 + sure**2 / of) * sqrt(share * (1 - share) / of + sure**2 / (4 * of**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def chance(good: ArrayLike, of: ArrayLike) -> Chance | None:
    """This function will say the share of good ones among what was counted in several runs, and how sure that is.

    Requests of one run stand or fall together, so the runs are what is independent: the interval is as wide as if fewer
    requests had been counted, by as much as the runs differ among themselves.

    Shape:  one entry a run in both; None where nothing was counted
    Source: L. Kish, Survey Sampling, 1965 (design effect)
    """
    goods, ofs = np.asarray(good, dtype=float), np.asarray(of, dtype=float)
    total, runs = float(ofs.sum()), int((ofs > 0).sum())
    if not total:
        return None
    share = float(goods.sum()) / total
    spread = float(((goods - share * ofs) ** 2).sum()) * runs / max(runs - 1, 1) / total**2
    alone = share * (1 - share)
    independent = total if spread * total <= alone else alone / spread
    if not alone:
        independent = runs
    return Chance(share, *wilson(share, max(independent, 1.0)), int(total))
