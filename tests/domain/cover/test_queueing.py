"""The fair order played for many futures at once: against a witness that plays one after the other, and small cases by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociable.domain.cover.queueing import NEVER, OnDuty, Requests, answer_all
from tests.domain.cover.one_by_one import Request, play

MINUTES = 24 * 60


def requests_of(runs: list[list[Request]], opened: np.ndarray) -> Requests:
    """Lay them out as the arrays want them."""
    heads = np.zeros((len(opened), len(runs)), np.intp)
    rows: list[tuple[float, ...]] = []
    for line in range(len(opened)):
        for run, requests in enumerate(runs):
            heads[line, run] = len(rows)
            mine = [r for r in requests if r.line == line]
            rows += [(r.arrives_at, r.base, r.length, r.work, r.leaves_at) for r in mine]
            rows.append((NEVER, 0, 1, 0, NEVER))
    arrives_at, base, length, work, leaves_at = np.array(rows).T
    return Requests(heads, opened, arrives_at, base, length, work, leaves_at)


def in_order(runs: list[list[Request]], lines: int) -> list[Request | None]:
    found: list[Request | None] = []
    for line in range(lines):
        for requests in runs:
            found += [r for r in requests if r.line == line]
            found.append(None)
    return found


def hours_open(opens: int, closes: int) -> np.ndarray:
    minute = np.arange(MINUTES + 1, dtype=float)
    return np.clip(minute - opens * 60, 0, (closes - opens) * 60)


def shift(ready: set[int], from_hour: float, until_hour: float, at_once: int = 1) -> OnDuty:
    slots = np.zeros(48, np.bool_)
    slots[int(from_hour * 2) : int(until_hour * 2)] = True
    return OnDuty(frozenset(ready), slots, at_once)


def answered(requests: list[Request], people: list[OnDuty], opened: np.ndarray, slowing: float = 0.0) -> list[tuple]:
    answers = answer_all(requests_of([requests], opened), people, slowing)
    told = zip(answers.started_at.tolist(), answers.answered_at.tolist(), strict=True)
    return [times for request, times in zip(in_order([requests], len(opened)), told, strict=True) if request]


NINE_TO_FIVE = np.array([hours_open(9, 17)])


def at(hour: float, line: int = 0, work: float = 10, hours: float = 2, leaves: float = NEVER) -> Request:
    minutes = hour * 60
    return Request(line, minutes, float(np.clip(minutes - 540, 0, 480)), hours * 60, work, leaves)


def test_what_came_at_night_is_answered_when_somebody_comes_in() -> None:
    assert answered([at(3), at(10)], [shift({0}, 9, 17)], NINE_TO_FIVE) == [(540, 550), (600, 610)]


def test_whoever_used_more_of_their_promise_goes_first_whatever_the_channel() -> None:
    opened = np.array([hours_open(9, 17), hours_open(9, 17)])
    long_task = at(10, work=60)
    two_hours, one_hour = at(10.2, line=0, hours=2), at(10.3, line=1, hours=0.5)
    found = answered([long_task, two_hours, one_hour], [shift({0, 1}, 9, 17)], opened)
    assert found[2] == (660, 670)  # 42 of its 30 minutes
    assert found[1] == (670, 680)  # 48 of its 120 minutes


def test_nobody_takes_what_they_are_not_ready_for_and_no_shift_begins_anything_after_its_end() -> None:
    opened = np.array([hours_open(9, 17), hours_open(9, 17)])
    found = answered([at(10), at(10, line=1), at(15, line=1)], [shift({1}, 9, 12)], opened)
    assert found == [(NEVER, NEVER), (600, 610), (NEVER, NEVER)]


def test_what_was_begun_is_finished_after_the_shift() -> None:
    assert answered([at(11.9, work=60)], [shift({0}, 9, 12)], NINE_TO_FIVE) == [(714, 774)]


def test_two_at_once_take_longer_each_and_speed_up_as_one_is_done() -> None:
    found = answered([at(10, work=20), at(10, work=40)], [shift({0}, 9, 17, at_once=2)], NINE_TO_FIVE, slowing=0.5)
    # Side by side each takes half as long again: the first 30 minutes, then 20 minutes of the second are left.
    assert found == [(600, 630), (600, 650)]


def test_whoever_gives_up_is_not_answered_and_costs_nobody_time() -> None:
    found = answered([at(10, work=60), at(10.1, leaves=640), at(10.2)], [shift({0}, 9, 17)], NINE_TO_FIVE)
    assert found == [(600, 660), (NEVER, NEVER), (660, 670)]


def test_of_several_whoever_has_been_free_longest_takes_it_and_a_break_is_not_counted() -> None:
    opened = np.array([hours_open(9, 17), hours_open(9, 17)])
    morning_and_afternoon = shift({0, 1}, 9, 17)
    morning_and_afternoon.slots[22:24] = False  # away from 11 to 12, free again since 12
    all_day = shift({0}, 9, 17)
    busy_until = [at(9.9, work=6), at(11.2, work=18)]
    found = answered([*busy_until, at(12.5, work=120), at(12.7, line=1)], [morning_and_afternoon, all_day], opened)
    assert found[3] == (762, 772)


def test_without_people_nobody_is_answered() -> None:
    assert answered([at(10)], [], NINE_TO_FIVE) == [(NEVER, NEVER)]


@st.composite
def scenes(draw: st.DrawFn) -> tuple[list[list[Request]], list[OnDuty], np.ndarray, float]:
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    lines, runs = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    opened = np.array([hours_open(*sorted(dice.choice(25, 2, replace=False))) for _ in range(lines)])
    lengths = dice.choice([30.0, 60, 120, 480], lines)
    leaves = draw(st.booleans())
    people = []
    for _ in range(draw(st.integers(1, 5))):
        first, second = (sorted(dice.choice(49, 2, replace=False)) for _ in range(2))
        slots = np.zeros(48, np.bool_)
        slots[slice(*first)] = slots[slice(*second)] = True
        ready = frozenset(np.flatnonzero(dice.random(lines) < 0.7).tolist())
        people.append(OnDuty(ready, slots, int(dice.integers(1, 1 + draw(st.integers(1, 3))))))
    found = []
    for _ in range(runs):
        requests = []
        for line in range(lines):
            for arrives in np.sort(dice.uniform(0, MINUTES, dice.poisson(draw(st.sampled_from([3, 20]))))):
                base = float(np.interp(arrives, np.arange(MINUTES + 1), opened[line]))
                gives_up = arrives + dice.exponential(60) if leaves else NEVER
                requests.append(Request(line, arrives, base, lengths[line], dice.exponential(30), gives_up))
        found.append(requests)
    return found, people, opened, draw(st.sampled_from([0.0, 0.5, 1.0]))


@settings(deadline=None, max_examples=80)
@given(scenes())
def test_all_at_once_is_the_same_as_one_by_one(scene: tuple) -> None:
    runs, people, opened, slowing = scene
    answers = answer_all(requests_of(runs, opened), people, slowing)
    for requests in runs:
        play(requests, people, opened, slowing) if requests else None
    for place, request in enumerate(in_order(runs, len(opened))):
        if request is not None:
            found = (answers.started_at[place], answers.answered_at[place])
            assert found == pytest.approx((request.started_at, request.answered_at), abs=1e-3)
