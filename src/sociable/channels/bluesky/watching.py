"""Notices within a second or so that something may be new, by small questions, and asks no oftener than the server allows.

Leaves reading what is new to a fetch. The network has no stream for one account: its only one is of everything everybody says.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sociable.channels.base import ChannelError, RateLimited
from sociable.channels.bluesky import posts
from sociable.channels.bluesky.direct import DirectMessages

if TYPE_CHECKING:
    from sociable.channels.bluesky.network import Budget, Network

SHORTEST_PAUSE = timedelta(seconds=0.5)
LONGEST_PAUSE = timedelta(seconds=30)
OUR_SHARE = (
    0.5  # of the calls the server still takes, for all who listen behind one address: the rest fetches and sends
)
NEWS_OF_THE_CROWD = 0.2  # how much one look tells of how many those are


class Watching:
    """What stood on top when it was last looked at."""

    def __init__(self, network: Network, direct: DirectMessages | None) -> None:
        self._network = network
        self._direct = direct
        self._newest: str | None = None
        self._said: str | None = None
        self._calls = 2 if direct else 1  # of a look
        self._crowd = 1.0  # who ask from our address, as often as we do

    def is_new(self) -> bool:
        """Look once; the first look cannot tell, so it says yes."""
        left = self._network.budget
        newest, said = posts.on_top(self._network), self._last_said()
        self._note_crowd(left, self._network.budget)
        before, self._newest, self._said = (self._newest, self._said), newest, said
        return before != (newest, said)

    def _last_said(self) -> str:
        """What keeps direct messages from being heard is told by fetching, and keeps no post waiting."""
        if self._direct is None:
            return ""
        try:
            return self._direct.last_said(self._said)
        except RateLimited:
            raise
        except ChannelError:
            return self._said or ""

    def pause(self) -> timedelta:
        """Return how long to wait before the next look, so that the server's limit holds out until it counts anew."""
        budget = self._network.budget
        if budget is None:
            return SHORTEST_PAUSE
        looks = max(budget.remaining * OUR_SHARE, 1) / (self._calls * self._crowd)
        return min(max(SHORTEST_PAUSE, budget.resets_in / looks), LONGEST_PAUSE)

    def _note_crowd(self, before: Budget | None, after: Budget | None) -> None:
        """Where more calls went than ours since the last look, others share the limit, and each takes its part of what is left."""
        if before is None or after is None or after.remaining > before.remaining:
            return  # counted anew meanwhile
        seen = max(1.0, (before.remaining - after.remaining) / self._calls)
        self._crowd += NEWS_OF_THE_CROWD * (seen - self._crowd)
