"""Decides how long people wait in the plainest queue: so many alike who answer, requests by chance, without and with patience.

Erlang's formulas hold only where nothing changes with the hour; they check the simulation, which everything else is left to.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import numpy as np


@dataclass(frozen=True, slots=True)
class Queue:
    """What a formula says of a queue. `occupancy` is the share of their time for which people are busy.

    Units:  shares from 0 to 1; the mean wait of all who ask, in minutes
    """

    waits: float
    mean_wait: float
    occupancy: float
    leaves: float = 0.0


def erlang_c(*, people: int, an_hour: float, minutes_each: float) -> Queue:
    """This function will say how a queue settles in which everybody waits until they are answered.

    Errors: ValueError where more is asked than they can answer, and the queue never settles
    Source: A. K. Erlang, 1917; facts: 720 calls an hour, 4 minutes, 55 people give 0.2387 and 8.2 seconds
    """
    load = an_hour * minutes_each / 60
    if load >= people:
        raise ValueError("More is asked than these people can answer: the queue would grow for ever.")
    blocked = 1.0
    for busy in range(1, people + 1):
        blocked = load * blocked / (busy + load * blocked)
    waits = blocked / (1 - load / people * (1 - blocked))
    return Queue(waits, waits * minutes_each / (people - load), load / people)


def answered_within(minutes: float, *, people: int, an_hour: float, minutes_each: float) -> float:
    """This function will say which share is begun to be answered within so many minutes (Erlang C: the service level)."""
    queue = erlang_c(people=people, an_hour=an_hour, minutes_each=minutes_each)
    return 1 - queue.waits * exp(-(people - an_hour * minutes_each / 60) * minutes / minutes_each)


def erlang_a(*, people: int, an_hour: float, minutes_each: float, patience_minutes: float) -> Queue:
    """This function will say how a queue settles in which people give up after a time that varies by chance.

    Source: C. Palm, 1957; the queue as a chain of births and deaths, summed until nothing is left to add
    """
    arrive, answer, leave = an_hour / 60, 1 / minutes_each, 1 / patience_minutes
    most = people + int(20 * (arrive / leave + 1)) + 200
    here = np.arange(1, most + 1)
    deaths = np.minimum(here, people) * answer + np.maximum(here - people, 0) * leave
    weights = np.concatenate(([0.0], np.cumsum(np.log(arrive) - np.log(deaths))))
    chances = np.exp(weights - weights.max())
    chances /= chances.sum()
    everybody = np.arange(most + 1)
    waiting = float((np.maximum(everybody - people, 0) * chances).sum())
    busy = float((np.minimum(everybody, people) * chances).sum())
    return Queue(float(chances[people:].sum()), waiting / arrive, busy / people, waiting * leave / arrive)
