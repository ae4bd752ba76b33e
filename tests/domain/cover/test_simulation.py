"""Many futures of a rota: against the textbooks' formulas where those hold, and by hand where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from sociable.domain.cover.erlang import answered_within, erlang_a, erlang_c
from sociable.domain.cover.outlook import outlooks
from sociable.domain.cover.queueing import NEVER, OnDuty
from sociable.domain.cover.scene import Line, Scene, Stream, Waiting
from sociable.domain.cover.simulation import Outcome, simulate
from sociable.domain.cover.terms import Terms

DAY = 48


def always(days: int, people: int, lines: int = 1, at_once: int = 1) -> list[OnDuty]:
    return [OnDuty(frozenset(range(lines)), np.ones(days * DAY, np.bool_), at_once) for _ in range(people)]


def open_always(days: int, length: float = 60, *, promised: bool = True) -> Terms:
    return Terms(np.arange(days * 1440 + 1, dtype=float), length, promised)


def scene(stream: Stream, people: list[OnDuty], days: int, waiting: tuple[Waiting, ...] = ()) -> Scene:
    return Scene([Line(open_always(days), [stream], waiting)], people, np.repeat(np.arange(days), DAY))


def means_by_run(outcome: Outcome, values: np.ndarray, after: float) -> tuple[float, float]:
    """The mean over runs, whose requests arrived once the queue had settled, and its standard error."""
    late = outcome.arrived_at >= after
    of = np.bincount(outcome.run[late], minlength=outcome.runs)
    means = np.bincount(outcome.run[late], values[late], minlength=outcome.runs) / of
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(outcome.runs))


@pytest.mark.parametrize(("people", "an_hour"), [(1, 4.2), (6, 40), (12, 60)])
def test_waits_are_those_of_erlang_c(people: int, an_hour: float) -> None:
    stream = Stream(np.full(5 * DAY, an_hour / 2), handling_minutes=8)
    outcome = simulate(scene(stream, always(5, people), 5), runs=200, seed=11)
    known = {"people": people, "an_hour": an_hour, "minutes_each": 8}
    waits = outcome.started_at - outcome.arrived_at
    settled = waits < 1440
    assert settled[outcome.arrived_at < 4 * 1440].all()
    early = outcome.arrived_at < 4 * 1440  # the last ones may not be begun before the end
    outcome = Outcome(1, 200, outcome.days, *(getattr(outcome, name)[early] for name in COLUMNS))
    waits = waits[early]
    queue = erlang_c(**known)
    for found, expected in [
        (waits, queue.mean_wait),
        (waits > 1e-9, queue.waits),
        (waits <= 5, answered_within(5, **known)),
    ]:
        mean, error = means_by_run(outcome, found.astype(float), 1440)
        assert abs(mean - expected) < 3.5 * error


COLUMNS = ("line", "run", "day", "arrived_at", "started_at", "answered_at", "due_at", "left_at")


def test_who_gives_up_and_how_long_they_wait_is_as_erlang_a_says() -> None:
    stream = Stream(np.full(4 * DAY, 24.0), handling_minutes=8, patience_minutes=6)
    outcome = simulate(scene(stream, always(4, 6), 4), runs=150, seed=12)
    queue = erlang_a(people=6, an_hour=48, minutes_each=8, patience_minutes=6)
    ended_at = np.minimum(outcome.started_at, outcome.left_at)
    leaves = (outcome.started_at >= NEVER).astype(float)
    for found, expected in [(leaves, queue.leaves), (ended_at - outcome.arrived_at, queue.mean_wait)]:
        mean, error = means_by_run(outcome, found, 600)
        assert abs(mean - expected) < 3.5 * error + 1e-3 * expected  # those who come at the very end are not begun


def test_days_that_vary_draw_counts_that_vary_as_said() -> None:
    stream = Stream(np.full(DAY, 0.5), handling_minutes=1, days_vary=0.25)
    outcome = simulate(scene(stream, always(1, 3), 1), runs=4000, seed=5)
    counts = np.bincount(outcome.run, minlength=4000)
    assert counts.mean() == pytest.approx(24, rel=0.03)
    assert counts.var() == pytest.approx(24 + 0.25 * 24**2, rel=0.1)


def test_the_same_seed_gives_the_same_futures_and_another_gives_others() -> None:
    stream = Stream(np.full(DAY, 2.0), handling_minutes=20)
    first, again, other = (simulate(scene(stream, always(1, 2), 1), runs=300, seed=seed) for seed in (3, 3, 4))
    assert (first.answered_at == again.answered_at).all()
    assert first.arrived_at.size != other.arrived_at.size
    assert set(first.run.tolist()) == set(range(300))


def test_what_waits_already_goes_first_by_its_share_and_is_judged() -> None:
    stream = Stream(np.zeros(DAY), handling_minutes=30, handling_varies=0)
    waiting = (Waiting(share=0.9, due_at=6.0), Waiting(share=0.2, due_at=48.0), Waiting(share=0.1, due_at=100.0))
    outcome = simulate(scene(stream, always(1, 1), 1, waiting), runs=1)
    assert outcome.answered_at.tolist() == [30, 60, 90]
    assert outcome.due_at.tolist() == [6, 48, 100]


def test_a_day_is_said_as_it_was_counted() -> None:
    outcome = Outcome(
        1, 2, np.repeat([0, 1], DAY),
        line=np.zeros(6, np.intp), run=np.array([0, 0, 0, 1, 1, 1]), day=np.array([0, 0, 1, 0, 0, 1]),
        arrived_at=np.array([10.0, 20, 2000, 10, 20, 2850]), started_at=np.array([12.0, 40, NEVER, 12, 25, NEVER]),
        answered_at=np.array([20.0, 90, NEVER, 30, 60, NEVER]), due_at=np.array([70.0, 80, 2060, 70, 80, 2910]),
        left_at=np.full(6, NEVER),
    )  # fmt: skip
    first, second = outlooks(outcome)
    assert first.chance is not None
    assert (first.chance.share, first.chance.of, first.all_kept) == (0.75, 4, 0.5)
    assert first.waits == pytest.approx((3.5, 17.75), abs=0.01)
    assert second.chance is not None
    assert (second.chance.share, second.chance.of) == (0, 1)  # the other is due only after the end
    assert second.unanswered == 0.5


def test_where_nobody_is_ready_nobody_is_answered_and_where_nothing_is_promised_nothing_is_judged() -> None:
    stream = Stream(np.full(DAY, 1.0), handling_minutes=5)
    lines = [Line(open_always(1), [stream]), Line(open_always(1, promised=False), [stream])]
    outcome = simulate(Scene(lines, [OnDuty(frozenset({1}), np.ones(DAY, np.bool_))], np.zeros(DAY, np.intp)), runs=20)
    unanswered, unpromised = outlooks(outcome)
    assert unanswered.chance is not None
    assert unanswered.chance.share == 0
    assert unpromised.chance is unpromised.all_kept is None
    assert unpromised.waits is not None
    assert unpromised.waits[0] < 60
