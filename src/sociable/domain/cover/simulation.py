"""Decides what may come of a rota: plays many futures of a scene and notes what became of every request.

How a future is played in the fair order is left to queueing; what the outcome means for a promise, to outlook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sociable.domain.cover.drawing import Drawn, draw
from sociable.domain.cover.queueing import NEVER, SLOT_MINUTES, Floats, Indices, Requests, answer_all
from sociable.domain.cover.scene import Scene

RUNS_AT_A_TIME = 256
"""Futures side by side: enough to share the cost of a step, few enough to stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every request of every future, and what became of it.

    Shape:  arrays of one length; NEVER where it did not come to that before the end
    Units:  minutes from the start
    """

    lines: int
    runs: int
    days: Indices
    line: Indices
    run: Indices
    day: Indices
    arrived_at: Floats
    started_at: Floats
    answered_at: Floats
    due_at: Floats
    left_at: Floats

    @property
    def events(self) -> int:
        """How much happened: every arrival, and of those taken up the start and the end; or that somebody left."""
        left = (self.started_at >= NEVER) & (self.left_at < self.days.size * SLOT_MINUTES)
        return int(self.line.size + 2 * (self.started_at < NEVER).sum() + left.sum())


def simulate(scene: Scene, runs: int = 400, seed: int = 1) -> Outcome:
    """This function will play so many futures of a scene; the same seed gives the same futures.

    Errors: none; where nobody is ready, nobody answers
    """
    dice = np.random.Generator(np.random.SFC64(seed))
    parts = [_play(scene, begun, min(RUNS_AT_A_TIME, runs - begun), dice) for begun in range(0, runs, RUNS_AT_A_TIME)]
    columns = zip(*parts, strict=True)
    return Outcome(len(scene.lines), runs, scene.days, *(np.concatenate(column) for column in columns))


def _play(scene: Scene, first_run: int, runs: int, dice: np.random.Generator) -> tuple[NDArray[np.generic], ...]:
    drawn = [draw(line, scene.days, runs, dice) for line in scene.lines]
    requests, line, run = _side_by_side(scene, drawn, runs)
    answers = answer_all(requests, scene.people, scene.slowing)
    real = requests.arrives_at < NEVER
    arrived_at = requests.arrives_at[real]
    day = scene.days[np.maximum(arrived_at // SLOT_MINUTES, 0).astype(np.intp)]
    due_at = np.concatenate([part.due_at for part in drawn])[real]
    left_at = requests.leaves_at[real] if requests.leaves_at is not None else np.full(arrived_at.size, NEVER)
    told = (arrived_at, answers.started_at[real], answers.answered_at[real], due_at, left_at)
    return line[real], run[real] + first_run, day, *told


def _side_by_side(scene: Scene, drawn: Sequence[Drawn], runs: int) -> tuple[Requests, Indices, Indices]:
    sizes = [part.run.size for part in drawn]
    offsets = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.intp)
    heads = np.array([part.first + offset for part, offset in zip(drawn, offsets, strict=True)], dtype=np.intp)
    opened = np.array([line.terms.opened for line in scene.lines])
    patient = all(stream.patience_minutes is None for line in scene.lines for stream in line.streams)

    def column(name: str) -> Floats:
        return np.concatenate([getattr(part, name) for part in drawn])

    leaves_at = None if patient else column("leaves_at")
    arrives_at, base, length, work = map(column, ("arrives_at", "base", "length", "work"))
    requests = Requests(heads.reshape(len(drawn), runs), opened, arrives_at, base, length, work, leaves_at)
    return requests, np.repeat(np.arange(len(drawn)), sizes), np.concatenate([part.run for part in drawn])
