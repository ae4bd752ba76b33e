"""Draws by chance which requests come in many futures, how long each takes and when whoever asked gives up.

What is to be expected is given by the scene; who answers is left to queueing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sociable.domain.cover.queueing import NEVER, SLOT_MINUTES, Floats, Indices
from sociable.domain.cover.scene import Line, Stream


@dataclass(frozen=True, slots=True)
class Drawn:
    """The requests of one line, run by run in order, after each run one that never comes; `first` of each run."""

    first: Indices
    run: Indices
    arrives_at: Floats
    base: Floats
    length: Floats
    work: Floats
    leaves_at: Floats
    due_at: Floats


def draw(line: Line, days: Indices, runs: int, dice: np.random.Generator) -> Drawn:
    """This function will draw the requests of one line in so many futures."""
    parts = [_waiting(line, runs, dice)] + [_arrivals(stream, days, runs, dice) for stream in line.streams]
    parts.append((np.arange(runs), np.full(runs, NEVER), np.full(runs, NEVER), np.full(runs, NEVER)))
    run, arrives_at, work, leaves_at = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((arrives_at, run))
    run, arrives_at, work, leaves_at = run[order], arrives_at[order], work[order], leaves_at[order]
    base, length, due_at = line.terms.base(arrives_at), line.terms.lengths(arrives_at), line.terms.due(arrives_at)
    for place, waiting in enumerate(line.waiting):
        here = np.flatnonzero(arrives_at == place - len(line.waiting))
        base[here], due_at[here] = -waiting.share * length[here], waiting.due_at
    first = np.searchsorted(run, np.arange(runs))
    return Drawn(first, run, arrives_at, base, length, work, leaves_at, due_at)


def _waiting(line: Line, runs: int, dice: np.random.Generator) -> tuple[Indices, Floats, Floats, Floats]:
    """What waits already arrived before the start, in its order; how long it takes is as uncertain as of what will come."""
    count = len(line.waiting) * runs
    places = np.tile(np.arange(len(line.waiting)) - float(len(line.waiting)), runs)
    busiest = max(line.streams, key=lambda stream: float(stream.expected.sum()), default=None)
    work = _work(busiest, count, dice) if busiest else np.zeros(count)
    return np.repeat(np.arange(runs), len(line.waiting)), places, work, np.full(count, NEVER)


def _arrivals(
    stream: Stream, days: Indices, runs: int, dice: np.random.Generator
) -> tuple[Indices, Floats, Floats, Floats]:
    level = _around_one(stream.unsure, (runs, 1), dice)
    busy = _around_one(stream.days_vary, (runs, int(days[-1]) + 1), dice)
    counts = dice.poisson(stream.expected * level * busy[:, days])
    cells = np.repeat(np.arange(counts.size), counts.ravel())
    run, slot = np.divmod(cells, counts.shape[1])
    arrives_at = (slot + dice.random(cells.size)) * SLOT_MINUTES
    leaves_at = np.full(cells.size, NEVER)
    if stream.patience_minutes is not None:
        leaves_at = arrives_at + dice.exponential(stream.patience_minutes, cells.size)
    return run, arrives_at, _work(stream, cells.size, dice), leaves_at


def _around_one(varies: float, shape: tuple[int, int], dice: np.random.Generator) -> Floats:
    """Factors whose mean is 1 and whose variance is given: Poisson counts of them are negative binomial."""
    return dice.gamma(1 / varies, varies, shape) if varies else np.ones(shape)


def _work(stream: Stream, count: int, dice: np.random.Generator) -> Floats:
    if not stream.handling_varies:
        return np.full(count, stream.handling_minutes)
    shape = stream.handling_varies**-2
    return dice.gamma(shape, stream.handling_minutes / shape, count)
