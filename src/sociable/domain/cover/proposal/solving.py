"""Decides how the best of all choices is found in a given time, and tells how far it has come on the way.

First a relaxed model is rounded to a rota; then a small one is decided by whole schedules, and of a large one parts are put in
anew (CP-SAT), while a search beside raises the bound. What the choices mean is left to whoever built the model. OR-Tools is
imported only when something is solved.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from time import monotonic

from sociable.domain.cover.proposal.bounding import bound_beside
from sociable.domain.cover.proposal.improving import Improver, Part, best
from sociable.domain.cover.proposal.model import Model, Rule
from sociable.domain.cover.proposal.relaxing import Relaxation, round_down_to_a_rota, whole_bound
from sociable.domain.cover.proposal.schedules import Schedules

WORKERS = 2
FIRST_WORK = 1.0
"""How long a first solution is looked for before anybody is asked again, in the solver's units of work (a second or two)."""
SMALL = 2000
"""Models of no more choices are decided by whole schedules; larger ones are on their way for longer than parts take."""
SMALL_WORK = 0.1
"""How much a part is worked on between two rounds of schedules, which are about as much."""
WHOLE_WORK = 5.0
"""How much work choosing one schedule for each, among those found, may be; it takes a tenth where it comes to anything."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: the cost of the best found so far and the least that any could cost."""

    seconds: float
    cost: int | None
    bound: int | None

    @property
    def gap(self) -> float:
        """How much of the cost could at most still be saved, as a share of it; 1 where nothing is known."""
        if self.cost is None or self.bound is None:
            return 1.0
        return max(0, self.cost - self.bound) / max(1, abs(self.cost))


Tell = Callable[[Progress, Sequence[int] | None], None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Solved:
    """The best that was found; no values where nothing was, and `impossible` where nothing can be."""

    values: Sequence[int] | None
    progress: Progress
    impossible: bool = False


@dataclass
class _Run:
    """The best of all who search, and the clock they share."""

    model: Model
    ends: float
    tell: Tell | None
    stop: Stop | None
    enough: float
    began: float = field(default_factory=monotonic)
    values: list[int] | None = None
    cost: int | None = None
    bound: int | None = None
    prices: dict[Rule, float] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    closed: bool = False

    @property
    def left(self) -> float:
        return self.ends - monotonic()

    @property
    def progress(self) -> Progress:
        return Progress(monotonic() - self.began, self.cost, self.bound)

    @property
    def is_over(self) -> bool:
        return self.left <= 0 or self.progress.gap <= self.enough or (self.stop is not None and self.stop())

    def offer(self, values: Sequence[int] | None) -> None:
        """Take a solution where it is better."""
        with self.lock:
            cost = None if values is None or self.closed else self.model.cost_of(values)
            if values is not None and cost is not None and (self.cost is None or cost < self.cost):
                self.values, self.cost = list(values), cost
                self._say(self.values)

    def raise_to(self, bound: float) -> None:
        """Take a bound where it is higher."""
        with self.lock:
            whole = whole_bound(bound) if abs(bound) < float("inf") else None
            if whole is not None and not self.closed and (self.bound is None or whole > self.bound):
                self.bound = whole
                self._say(None)

    def found_beside(self, bound: float, values: list[int] | None) -> None:
        """Take what the search beside has found."""
        self.raise_to(bound)
        self.offer(values)

    def close(self) -> None:
        """Hear no more of what still runs."""
        with self.lock:
            self.closed = True

    def _say(self, values: Sequence[int] | None) -> None:
        if self.tell is not None:
            self.tell(self.progress, values)


def solve(
    model: Model,
    parts: Sequence[Part],
    *,
    seconds: float,
    tell: Tell | None = None,
    stop: Stop | None = None,
    enough: float = 0.0,
) -> Solved:
    """This function will find the best solution that it can in a given time.

    Shape:  `tell` hears of each better solution and each higher bound; `stop` is asked every few seconds at the latest;
    with a gap of `enough` it ends
    """
    run = _Run(model, monotonic() + seconds, tell, stop, enough)
    try:
        _round(run, parts)
        is_small = len(model.costs) <= SMALL
        if not is_small and not run.is_over:
            bound_beside(model, run.left, run.found_beside)
        if not _first(run):
            return Solved(None, run.progress, impossible=True)
        if is_small:
            run.enough = 0.0  # it is soon proven, and whoever reads it may be told that no better rota is possible
            _by_schedules(run, parts)
            run.enough = enough
            if not run.is_over:
                bound_beside(model, run.left, run.found_beside)
        _improve(run, parts)
    finally:
        run.close()
    return Solved(run.values, run.progress)


def _round(run: _Run, parts: Sequence[Part]) -> None:
    relaxed = Relaxation(run.model)
    bound = relaxed.solve(run.left)
    if bound is not None:
        run.raise_to(bound)
        run.prices = dict(zip(run.model.rules, relaxed.prices, strict=True))
        run.offer(round_down_to_a_rota(relaxed, _in_turn(run.model, parts), run.left))


def _first(run: _Run) -> bool:
    """A first solution where rounding led to none, or that there is none; False then."""
    look = FIRST_WORK
    while run.values is None and not run.is_over:
        values, proven = best(run.model, run.left, workers=WORKERS, work=look)
        run.offer(values)
        if values is None and proven:
            return False
        look *= 2
    return True


def _in_turn(model: Model, parts: Sequence[Part]) -> list[Collection[int]]:
    """Choices that cost something, or stand for a shift, come first; what follows from them, after."""
    named = [choice for part in parts for choice in part.choices]
    inner = {choice for choice, most in enumerate(model.most) if most == 1}
    return [named, sorted(inner - set(named))]


def _by_schedules(run: _Run, parts: Sequence[Part]) -> None:
    """In turn with small parts put in anew: what these find are schedules too, and the best so far is never far behind."""
    if run.values is None:
        return
    schedules = Schedules(run.model, parts, run.values, run.prices)
    improver = Improver(run.model, parts, work=SMALL_WORK)
    while not run.is_over and schedules.once():
        run.raise_to(schedules.bound)
        _put_in_anew(run, improver)
        schedules.learn(run.values)
    run.raise_to(schedules.bound)
    if not run.is_over:
        run.offer(schedules.whole(run.left, WORKERS, WHOLE_WORK))


def _put_in_anew(run: _Run, improver: Improver) -> None:
    if run.values is not None and not run.is_over:
        better, finished = improver.once(run.values, run.left)
        run.offer(better)
        if finished:
            run.raise_to(run.model.cost_of(better))


def _improve(run: _Run, parts: Sequence[Part]) -> None:
    improver = Improver(run.model, parts)
    while run.values is not None and parts and not run.is_over:
        _put_in_anew(run, improver)
