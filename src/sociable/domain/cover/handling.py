"""Decides how long an answer takes somebody, from what was measured, drawn towards the whole where little was.

How it was measured, and what a lead has set instead, is left to whoever asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

DEFAULT_MINUTES = 8.0
DEFAULT_VARIES = 1.0
LONGEST_MINUTES = 120.0
"""What lay in somebody's hands for longer lay there: it says nothing of how long the answer took."""
_PRIOR = 20
"""So many answers of its own count as much as what is known of all."""


@dataclass(frozen=True, slots=True)
class Handling:
    """How long an answer takes whoever holds nothing else: mean, spread as a share of it, and how many answers say so."""

    minutes: float = DEFAULT_MINUTES
    varies: float = DEFAULT_VARIES
    of: int = 0


def handling(minutes: Sequence[float], wider: Handling | None = None) -> Handling:
    """This function will say how long answers take that took so many minutes each.

    Shape:  without any it is as the wider one, and without that as the default
    """
    wide = wider or Handling()
    taken = np.array([each for each in minutes if 0 < each <= LONGEST_MINUTES])
    if not taken.size:
        return Handling(wide.minutes, wide.varies, 0)
    mean = (float(taken.sum()) + _PRIOR * wide.minutes) / (taken.size + _PRIOR)
    squares = float(((taken - mean) ** 2).sum()) + _PRIOR * (wide.varies * wide.minutes) ** 2
    varies = (squares / (taken.size + _PRIOR)) ** 0.5 / mean
    return Handling(mean, float(np.clip(varies, 0.2, 2.0)), int(taken.size))
