"""Listening at many accounts behind one address leaves the server's limit whole, over hours that no test can wait for.

The server's counting is told here by a clock of its own; that a real one is asked and slows the asking, test_trouble shows.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from sociable.channels.bluesky.network import Budget
from sociable.channels.bluesky.watching import Watching

LIMIT, EVERY_SECONDS = 3000, 300.0  # what Bluesky's own hosts count by address


@dataclass
class Counting:
    """A server that takes so many calls from one address in each stretch of time."""

    now: float = 0.0
    left: int = LIMIT
    began: float = 0.0
    refused: int = 0

    def call(self) -> Budget:
        if self.now - self.began >= EVERY_SECONDS:
            self.began, self.left = self.now, LIMIT
        self.refused += self.left == 0
        self.left = max(0, self.left - 1)
        return Budget(LIMIT, self.left, timedelta(seconds=self.began + EVERY_SECONDS - self.now))


class Line:
    """One account's line to it."""

    def __init__(self, server: Counting) -> None:
        self._server = server
        self.budget: Budget | None = None

    def ask(self, _method: str, **_parameters: Any) -> dict[str, Any]:
        self.budget = self._server.call()
        return {"notifications": []}


def listened(accounts: int, hours: float = 1.0) -> tuple[Counting, list[float]]:
    """So many listen so long; what the server counted, and when the first of them looked."""
    server, looks = Counting(), []
    watches: list[Any] = [Watching(Line(server), None) for _ in range(accounts)]  # type: ignore[arg-type]
    due = [(number / 7, number) for number in range(accounts)]
    while due:
        server.now, number = heapq.heappop(due)
        watches[number].is_new()
        if number == 0:
            looks.append(server.now)
        then = server.now + watches[number].pause().total_seconds()
        if then < hours * 3600:
            heapq.heappush(due, (then, number))
    return server, looks


def pauses(looks: list[float]) -> Iterator[float]:
    return (after - before for before, after in pairwise(looks))


def test_one_account_alone_is_looked_at_twice_a_second() -> None:
    server, looks = listened(1)
    assert server.refused == 0
    assert max(pauses(looks)) == pytest.approx(0.5)


@pytest.mark.parametrize("accounts", [2, 5, 8, 20, 60])
def test_however_many_listen_the_limit_holds_out_and_each_has_a_fair_part(accounts: int) -> None:
    server, looks = listened(accounts)
    assert server.refused == 0
    assert max(pauses(looks)) <= 30
    fair = accounts * EVERY_SECONDS / LIMIT  # were nothing else asked by anybody
    assert max(0.5, 0.9 * fair) <= sum(pauses(looks)) / (len(looks) - 1) <= max(0.55, 3 * fair)
