"""Plays the week of benchmarks/simulation.py with Ciw, which lives beside the servers, apart from what Sociable runs on.

Reads the week and how many to play as JSON, and writes for each the processor time, the events and the mean wait by account.
"""

from __future__ import annotations

import json
import statistics
import sys
import time

import ciw

WEEK = json.load(sys.stdin)
PROMISES, HANDLING, AN_HOUR = WEEK["promises"], WEEK["handling"], WEEK["an_hour"]
OPENS, CLOSES, DAYS = WEEK["opens"], WEEK["closes"], WEEK["days"]
MINUTES = DAYS * 1440


def reached(at: float) -> float:
    """The open time before an instant."""
    day, minute = divmod(at, 1440)
    return min(day, 5) * 480 + (min(max(minute - OPENS, 0), 480) if day < 5 else 0)


def fair(individuals, now):
    return max(
        individuals,
        key=lambda one: (reached(now) - reached(one.arrival_date)) / PROMISES[int(one.customer_class)],
    )


def network():
    """One node with forty servers and five classes of customers, chosen by the fair order."""
    ends = [(slot + 1) * 30 for slot in range(DAYS * 48)]
    comes = [slot // 48 < 5 and 480 <= slot % 48 * 30 < 1080 for slot in range(DAYS * 48)]
    shifts = [day * 1440 + end for day in range(5) for end in (OPENS, CLOSES, 1440)] + [MINUTES]
    return ciw.create_network(
        arrival_distributions={
            str(line): [ciw.dists.PoissonIntervals([an_hour / 60 * is_in for is_in in comes], ends, MINUTES)]
            for line, an_hour in enumerate(AN_HOUR)
        },
        service_distributions={str(line): [ciw.dists.Exponential(1 / each)] for line, each in enumerate(HANDLING)},
        number_of_servers=[ciw.Schedule([0, WEEK["people"], 0] * 5 + [0], shifts)],
        service_disciplines=[fair],
    )


def play(seed: int) -> dict:
    begun = time.process_time()
    ciw.seed(seed)
    run = ciw.Simulation(network())
    run.simulate_until_max_time(MINUTES)
    records = run.get_all_records()
    seconds = time.process_time() - begun
    waits = [
        statistics.mean(one.service_start_date - one.arrival_date for one in records if one.customer_class == str(line))
        for line in range(len(PROMISES))
    ]
    return {"seconds": seconds, "events": 3 * len(records), "waits": waits}


json.dump([play(seed) for seed in WEEK["seeds"]], sys.stdout)
