"""Works one rota out, as a process of its own: a task comes in, steps and what came of it go out, each pickled.

It knows no tables. When whoever began it is gone, its input ends, and it ends too.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

from sociable.domain.cover import proposal
from sociable.domain.errors import DomainError

STOP = "stop"
NICER = 5  # pages and warnings go first
CLASH_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Task:
    """A problem, and for how long it may be worked on."""

    problem: proposal.Problem
    seconds: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """A rota and what follows from it; `clash` only where it leaves a hole that somebody could close."""

    rota: proposal.Proposal
    lessons: list[proposal.Lesson]
    clash: proposal.Clash | None


def work_out(task: Task, tell: Callable[[proposal.Step], None], stop: Callable[[], bool]) -> Outcome:
    """This function will work out a rota, who should learn what next, and which limits stand in the way of fewer holes.

    Errors: DomainError where there is none to be had
    """
    found = proposal.propose(
        task.problem, seconds=task.seconds, tell=lambda step: tell(replace(step, shifts=None)), stop=stop
    )
    lessons = proposal.who_should_learn_next(task.problem, found.shifts)
    clash = proposal.what_clashes(task.problem, seconds=CLASH_SECONDS, stop=stop) if found.holes else None
    return Outcome(found, lessons, clash)


def _listen(stop: threading.Event) -> None:
    """Until told to stop; at the end of all input whoever wanted it is gone."""
    try:
        while True:
            if pickle.load(sys.stdin.buffer) == STOP:  # noqa: S301 - from the worker that began this process
                stop.set()
    finally:
        os._exit(1)


def main() -> None:
    """This function will do the one task that comes in."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # solvers print; only what is meant to be read may stand among what goes out
    os.nice(NICER)
    task: Task = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the worker that began this process
    stop, guard = threading.Event(), threading.Lock()
    threading.Thread(target=_listen, args=(stop,), daemon=True).start()

    def say(what: Any) -> None:
        with guard:
            _say(out, what)

    try:
        say(work_out(task, say, stop.is_set))
    except DomainError as refusal:
        say(DomainError(refusal.message))
    out.flush()
    os._exit(0)  # a search that still runs beside would be waited for


def _say(out: BinaryIO, what: Any) -> None:
    pickle.dump(what, out)
    out.flush()
