"""What a Facebook page and an Instagram account do alike: heard by webhook, asked as a fall-back, and looked after.

Leaves what is public on each, and how it is answered there, to the network's own folder.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, TypeVar

from sociable.channels.base import ChannelError, Fetched, Finding, OneAccount, RawItem, Who
from sociable.channels.graph import token
from sociable.channels.graph.call import Graph
from sociable.channels.graph.config import GraphConfig
from sociable.channels.graph.fetched import Asked, batch


class HasGraph(Protocol):
    """What connects an account of Meta's."""

    @property
    def graph(self) -> GraphConfig:
        """How its Graph API is called."""
        ...


Config = TypeVar("Config", bound=HasGraph)


class GraphAccount(OneAccount[Config], ABC):
    """One account of Meta's that speaks in public and in private."""

    what: ClassVar[str]  # a page, an account: how a check-up names it
    permissions: ClassVar[Collection[str]]

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._graph = Graph(config.graph)
        self._asked = Asked()

    @abstractmethod
    def who(self) -> Who:
        """Ask Meta who this is, and until when the token works."""

    @abstractmethod
    def _since(self, since: datetime) -> Iterator[RawItem]:
        """Everything that reached it since then, of each kind the newest first."""

    @abstractmethod
    def _subscription(self) -> Finding:
        """Whether Meta calls our webhook; what is missing is set."""

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return what came after the cursor, oldest first: what a webhook told already has the same ids.

        Errors: ChannelError
        """
        return batch(self._asked, cursor, limit, self._since)

    def wait(self, timeout: timedelta) -> bool:
        """Let the time pass: what is new comes by the webhook, and nothing here tells sooner."""
        threading.Event().wait(timeout.total_seconds())
        return False

    def listed(self, since: datetime, until: datetime) -> Iterable[RawItem]:
        """Return everything that reached it in a stretch of time."""
        return (item for item in self._since(since) if item.received_at and item.received_at < until)

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return a picture or file from Meta's own hosts."""
        return self._graph.download(ref, limit_bytes)

    def check(self) -> list[Finding]:
        """Say whether it answers, the token may do what is needed, and Meta calls our webhook."""
        try:
            who = self.who()
        except ChannelError as error:
            return [Finding(ok=False, what=error.message, mend=f"Check the {self.what}'s ID and the access token.")]
        return [
            Finding(ok=True, what=f"The {self.what} {who.handle} answers."),
            *token.findings(self._graph, self.permissions),
            self._subscription(),
        ]

    def close(self) -> None:
        """Let go of the connection."""
        self._graph.close()
