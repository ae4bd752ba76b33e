"""Plays weeks of a help desk in the fair order, beside SimPy, Ciw and a bare loop over a heap, and holds all four against each other
and against the closed forms of Erlang.

Five accounts, forty people who are ready for all of them, in from 9 to 5 on five days; about 5,500 requests a week that come from
8 to 6, with promises of half an hour to one day of open time. An event is the same thing for all four: a request arrives, an
answer is begun, an answer is done. Each is timed from the first random number to the last answer, by the processor time of its
one thread, since other work may share the machine. SimPy and the heap loop play the very requests that Sociable drew, so their
answers must be the same to the instant; Ciw draws its own, so its shares and waits must agree within their intervals.
Run: python benchmarks/simulation.py [--quick]
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import statistics
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from itertools import count

import numpy as np
import setting
import simpy

sys.path[:0] = [str(setting.ROOT), str(setting.ROOT / "src")]

from sociable.domain.cover import simulation  # noqa: E402
from sociable.domain.cover.erlang import Queue, erlang_a, erlang_c  # noqa: E402
from sociable.domain.cover.outlook import outlooks  # noqa: E402
from sociable.domain.cover.queueing import NEVER, OnDuty  # noqa: E402
from sociable.domain.cover.scene import Line, Scene, Stream  # noqa: E402
from sociable.domain.cover.terms import Terms  # noqa: E402

DAYS, PEOPLE = 7, 40
OPENS, CLOSES = 540, 1020
PROMISES = (30, 60, 120, 240, 480)
HANDLING = (8, 10, 12, 18, 20)
AN_HOUR = (30, 25, 25, 15, 15)  # from 8 to 6 on five days
MINUTES = DAYS * 1440


def in_hours(slot: int, first: int = OPENS, last: int = CLOSES) -> bool:
    return slot // 48 < 5 and first <= slot % 48 * 30 < last


def reached(at: float) -> float:
    """The open time before an instant."""
    day, minute = divmod(at, 1440)
    return min(day, 5) * 480 + (min(max(minute - OPENS, 0), 480) if day < 5 else 0)


def week(at_once: int = 1, *, pools: bool = False) -> Scene:
    slots = np.array([in_hours(slot) for slot in range(DAYS * 48)])
    comes = np.array([in_hours(slot, 480, 1080) for slot in range(DAYS * 48)])
    opened = np.array([reached(minute) for minute in range(MINUTES + 1)])
    lines = [
        Line(Terms(opened, promise), [Stream(comes * an_hour / 2, each)])
        for promise, each, an_hour in zip(PROMISES, HANDLING, AN_HOUR, strict=True)
    ]
    ready = [{person % 5, (person + 1) % 5, (person + 3) % 5} if pools else set(range(5)) for person in range(PEOPLE)]
    people = [OnDuty(frozenset(lines_), slots, at_once) for lines_ in ready]
    return Scene(lines, people[: people_needed(at_once)], np.repeat(np.arange(DAYS), 48))


def people_needed(at_once: int) -> int:
    """As busy as can be without a queue that grows all day."""
    return {1: PEOPLE, 2: 30}[at_once]


# -- The peers ---------------------------------------------------------------------------------------------------------

Requests = list[list[tuple[float, float]]]
"""By account: when each arrives and how long it takes."""
Answered = list[list[tuple[float, float]]]
"""By account: when each was begun and answered."""


def fairest(waiting: list[deque[tuple[float, int, float]]], now: float) -> int:
    best, most = -1, -math.inf
    for line, queue in enumerate(waiting):
        if queue:
            share = (reached(now) - queue[0][0]) / PROMISES[line]
            if share > most:
                best, most = line, share
    return best


def heap_loop(requests: Requests) -> Answered:
    """The least that a simulation event by event can be: a heap, five queues and a count of who is free."""
    answered: Answered = [[(NEVER, NEVER)] * len(line) for line in requests]
    waiting: list[deque[tuple[float, int, float]]] = [deque() for _ in requests]
    order = count()
    events = [(line[0][0], next(order), number, 0) for number, line in enumerate(requests) if line]
    events += [(day * 1440.0 + OPENS, next(order), -2, 0) for day in range(5)]
    heapq.heapify(events)
    free = PEOPLE
    while events:
        now, _, line, place = heapq.heappop(events)
        if line >= 0:
            arrives_at, work = requests[line][place]
            waiting[line].append((reached(arrives_at), place, work))
            if place + 1 < len(requests[line]):
                heapq.heappush(events, (requests[line][place + 1][0], next(order), line, place + 1))
        elif line == -1:
            free += 1
        day, minute = divmod(now, 1440)
        while free and day < 5 and OPENS <= minute < CLOSES and (chosen := fairest(waiting, now)) >= 0:
            _, place, work = waiting[chosen].popleft()
            answered[chosen][place] = (now, now + work)
            heapq.heappush(events, (now + work, next(order), -1, 0))
            free -= 1
    return answered


def with_simpy(requests: Requests) -> Answered:  # noqa: C901 - three kinds of process share one world
    """A process for each person and each account; whoever has nothing to do waits to be woken."""
    answered: Answered = [[(NEVER, NEVER)] * len(line) for line in requests]
    waiting: list[deque[tuple[float, int, float]]] = [deque() for _ in requests]
    idle: deque[simpy.Event] = deque()
    env = simpy.Environment()

    def is_in() -> bool:
        day, minute = divmod(env.now, 1440)
        return day < 5 and OPENS <= minute < CLOSES

    def account(line: int):
        for place, (arrives_at, work) in enumerate(requests[line]):
            yield env.timeout(arrives_at - env.now)
            waiting[line].append((reached(arrives_at), place, work))
            if idle and is_in():
                idle.popleft().succeed()

    def person():
        while True:
            chosen = fairest(waiting, env.now) if is_in() else -1
            if chosen < 0:
                idle.append(env.event())
                yield idle[-1]
                continue
            _, place, work = waiting[chosen].popleft()
            answered[chosen][place] = (env.now, env.now + work)
            yield env.timeout(work)

    def opening():
        for day in range(5):
            yield env.timeout(day * 1440 + OPENS - env.now)
            while idle:
                idle.popleft().succeed()

    for line in range(len(requests)):
        env.process(account(line))
    for _ in range(PEOPLE):
        env.process(person())
    env.process(opening())
    env.run(until=MINUTES)
    return answered


def with_ciw(seeds: list[int]) -> list[dict]:
    """Weeks played by Ciw in a Python of its own: its processor time, its events and its mean waits."""
    week = {"opens": OPENS, "closes": CLOSES, "days": DAYS, "people": PEOPLE, "seeds": seeds}
    week |= {"promises": PROMISES, "handling": HANDLING, "an_hour": AN_HOUR}
    command = [str(setting.ROOT / ".servers/bin/python"), str(setting.ROOT / "benchmarks/simulation_ciw.py")]
    told = subprocess.run(command, input=json.dumps(week), capture_output=True, text=True, check=True).stdout
    return json.loads(told)


# -- Measuring ---------------------------------------------------------------------------------------------------------


def timed(work: Callable[[], int]) -> float:
    begun = time.process_time()
    events = work()
    return events / (time.process_time() - begun)


def requests_of(outcome: simulation.Outcome, run: int) -> Requests:
    found: Requests = []
    for line in range(5):
        here = np.flatnonzero((outcome.run == run) & (outcome.line == line))
        works = (outcome.answered_at - outcome.started_at)[here]
        found.append(list(zip(outcome.arrived_at[here].tolist(), works.tolist(), strict=True)))
    return found


def events_of(answered: Answered) -> int:
    return sum(1 + 2 * (begun < NEVER) for line in answered for begun, _ in line)


def draw_and_play(play: Callable[[Requests], Answered], dice: np.random.Generator) -> int:
    """What the peers are timed by: draw a week as simply as numpy can, and play it."""
    requests: Requests = []
    for each, an_hour in zip(HANDLING, AN_HOUR, strict=True):
        number = dice.poisson(an_hour * 50)
        at = np.sort(dice.integers(0, 5, number) * 1440 + dice.uniform(480, 1080, number))
        requests.append(list(zip(at.tolist(), dice.exponential(each, number).tolist(), strict=True)))
    return events_of(play(requests))


def speeds(rounds: int, runs: int) -> None:
    dice = np.random.default_rng(1)
    plain, mixed, several = week(), week(pools=True), week(at_once=2)
    works: dict[str, Callable[[], int]] = {
        "Sociable": lambda: simulation.simulate(plain, runs, seed=int(dice.integers(1_000_000))).events,
        "heap loop": lambda: draw_and_play(heap_loop, dice),
        "SimPy": lambda: draw_and_play(with_simpy, dice),
        "Sociable, five kinds of readiness": lambda: simulation.simulate(mixed, runs, seed=2).events,
        "Sociable, two at once each": lambda: simulation.simulate(several, runs, seed=2).events,
    }
    found: dict[str, list[float]] = {name: [] for name in (*works, "Ciw")}
    for work in works.values():
        work()
    for _ in range(rounds):
        for name, work in works.items():
            found[name].append(timed(work))
        found["Ciw"] += [week["events"] / week["seconds"] for week in with_ciw([int(dice.integers(1_000_000))])]
    print(f"\nEvents a second on one core ({runs} weeks side by side for Sociable, one for the others)")
    ours = statistics.median(found["Sociable"])
    for name, values in found.items():
        print(f"  {name:34} {setting.spread(values)}; Sociable is {ours / statistics.median(values):.1f} times as fast")
    begun = time.process_time()
    outcome = simulation.simulate(plain, runs, seed=3)
    middle = time.process_time()
    outlooks(outcome)
    print(
        f"  a week of {runs} futures: {middle - begun:.2f} s to play, {time.process_time() - middle:.2f} s to say what it means"
    )


# -- Agreement ---------------------------------------------------------------------------------------------------------


def same_answers(runs: int) -> None:
    outcome = simulation.simulate(week(), runs, seed=9)
    print(f"\nThe same requests played by each ({runs} weeks): the largest difference of any begin or answer")
    for name, play in [("heap loop", heap_loop), ("SimPy", with_simpy)]:
        furthest, answers = 0.0, 0
        for run in range(runs):
            requests = requests_of(outcome, run)
            for line, answered in enumerate(play(requests)):
                here = np.flatnonzero((outcome.run == run) & (outcome.line == line))
                mine = np.array([outcome.started_at[here], outcome.answered_at[here]]).T
                theirs = np.array(answered)
                begun = (mine[:, 0] < NEVER) | (theirs[:, 0] < NEVER)
                furthest = max(furthest, float(np.abs(mine - theirs)[begun].max(initial=0)))
                answers += int(begun.sum())
        print(f"  {name:10} {furthest * 60:.6f} seconds in {answers:,} answers")


def against_ciw(runs: int) -> None:
    theirs = with_ciw(list(range(runs)))
    outcome = simulation.simulate(week(), 20 * runs, seed=10)
    waits = outcome.started_at - outcome.arrived_at
    print(f"\nMean wait in minutes, {20 * runs} weeks of Sociable and {runs} of Ciw, each with its interval of 95 %")
    for line, promise in enumerate(PROMISES):
        mine = [
            waits[(outcome.run == run) & (outcome.line == line) & (waits < NEVER / 2)].mean()
            for run in range(20 * runs)
        ]
        ciws = [week["waits"][line] for week in theirs]
        (a, da), (b, db) = interval(mine), interval(ciws)
        print(
            f"  promise of {promise:3} minutes: {a:6.2f} ± {da:.2f}   Ciw {b:6.2f} ± {db:.2f}   {agreed(a - b, math.hypot(da, db))}"
        )


def interval(values: list[float]) -> tuple[float, float]:
    return statistics.mean(values), 1.96 * statistics.stdev(values) / math.sqrt(len(values))


def agreed(difference: float, allowed: float) -> str:
    return "agree" if abs(difference) <= allowed else f"DIFFER by {difference:.3f}"


def against_erlang(runs: int) -> None:
    print(
        f"\nClosed forms, people alike and nothing that changes with the hour ({runs} runs of 10 days, the first left out)"
    )
    cases: list[tuple[str, Queue, Stream, int]] = []
    for people, an_hour in [(1, 5.0), (6, 40.0), (6, 42.0), (40, 280.0)]:
        queue = erlang_c(people=people, an_hour=an_hour, minutes_each=8)
        cases.append(
            (f"C: {people} people, {an_hour:.0f} an hour", queue, Stream(np.full(480, an_hour / 2), 8), people)
        )
    for people, an_hour in [(6, 48.0), (20, 160.0)]:
        queue = erlang_a(people=people, an_hour=an_hour, minutes_each=8, patience_minutes=10)
        stream = Stream(np.full(480, an_hour / 2), 8, patience_minutes=10)
        cases.append((f"A: {people} people, {an_hour:.0f} an hour, patience 10", queue, stream, people))
    for name, queue, stream, people in cases:
        terms = Terms(np.arange(14401.0), 60)
        crew = [OnDuty(frozenset({0}), np.ones(480, np.bool_)) for _ in range(people)]
        outcome = simulation.simulate(Scene([Line(terms, [stream])], crew, np.repeat(np.arange(10), 48)), runs, seed=8)
        settled = (outcome.arrived_at > 1440) & (outcome.arrived_at < 12_960)
        waited = np.minimum(outcome.started_at, outcome.left_at) - outcome.arrived_at
        waits, left = [], []
        for run in range(runs):
            here = settled & (outcome.run == run)
            waits.append(float(waited[here].mean()))
            left.append(float((outcome.started_at[here] >= NEVER).mean()))
        told = [("mean wait", waits, queue.mean_wait)] + ([("leave", left, queue.leaves)] if queue.leaves else [])
        for what, values, formula in told:
            mean, within = interval(values)
            print(
                f"  Erlang {name:40} {what}: {mean:.4f} ± {within:.4f}   formula {formula:.4f}   {agreed(mean - formula, within)}"
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--quick", action="store_true", help="fewer weeks and rounds")
    quick = options.parse_args().quick
    subprocess.run([str(setting.ROOT / "scripts/servers")], check=True)
    print(setting.machine())
    same_answers(2 if quick else 10)
    against_erlang(60 if quick else 200)
    against_ciw(30)
    speeds(3 if quick else 5, 256)


if __name__ == "__main__":
    main()
