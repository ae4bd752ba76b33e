"""Puts the parts of a Bluesky account behind the contract every channel keeps.

Leaves reading to `posts`, `direct` and `parse`, sending to `posting` and `direct`, the server to `network`.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from sociable.channels.base import (
    Capabilities,
    ChannelError,
    Fetched,
    Finding,
    OneAccount,
    Outgoing,
    RawItem,
    Receipt,
    Setting,
    Who,
    nothing,
)
from sociable.channels.bluesky import files, marks, posting, posts
from sociable.channels.bluesky.config import SETTINGS, BlueskyConfig
from sociable.channels.bluesky.direct import DirectMessages
from sociable.channels.bluesky.parse import parse as parse_item
from sociable.channels.bluesky.rich_text import facets_of
from sociable.channels.bluesky.watching import Watching
from sociable.channels.bluesky.window import Window


class BlueskyAdapter(OneAccount[BlueskyConfig]):
    """One account: mentions, answers, quotes and, where wanted, direct messages."""

    kind: ClassVar[str] = "bluesky"
    name: ClassVar[str] = "Bluesky"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=300,
        counting="graphemes",
        longest_bytes=3000,
        private=False,
        private_replies=True,
        longest_private_text=1000,
        counting_private="graphemes",
        threads=True,
        most_parts=10,
        attachments_bytes=posting.MOST_PICTURES * posting.PICTURE_BYTES,
        attachments_most=posting.MOST_PICTURES,
        alt_text=True,
        idempotent=True,
        ids_of_network=True,
        source="the published lexicons app.bsky.feed.post, app.bsky.embed.images and chat.bsky.convo.defs",
        as_of_on=date(2026, 11, 23),
    )
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = BlueskyConfig.from_dict
    read = staticmethod(parse_item)

    def __init__(self, config: BlueskyConfig) -> None:
        super().__init__(config)
        from sociable.channels.bluesky.network import Network  # noqa: PLC0415 - most of a second, for who talks to the network

        self._network = Network(config)
        self._direct = DirectMessages(self._network) if config.direct_messages else None
        self._watching = Watching(self._network, self._direct)

    @staticmethod
    def answers_for(own: Mapping[str, Any], others: Mapping[str, Any], visibility: str) -> bool:  # noqa: ARG004 - one network
        """Say yes for what everybody can read: a post is the same on every server."""
        return visibility == "public"

    @property
    def session(self) -> str:
        """The log-in, to be kept between calls; the network counts how often one logs in."""
        return self._network.session

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:
        """Say whether a post's address bears our seal."""
        return marks.is_ours(value, key)

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:  # noqa: ARG004
        """Return the address at which one of our messages will stand: the same at every try."""
        return f"at://{account_address}/{marks.POSTS}/{marks.key_of(message_id, key)}"

    # -- In ---------------------------------------------------------------------------------------------------------------

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return what is new, changed or deleted since the cursor, oldest first: one page of the first listing that has any.

        Errors: ChannelError, RateLimited, LogInRefused. What residents say comes first and at once; direct messages come last,
                so that their trouble keeps no post waiting
        """
        state = _state(cursor)
        for name, listing in (("notices", posts.NOTICES), ("own", posts.OWN)):
            items, window, more = posts.step(self._network, listing, Window.read(state.get(name)))
            state[name] = window.kept()
            if items or more:
                return _fetched(items, state, more=True)
        if self._direct is None:
            return _fetched([], state, more=False)
        items, state["direct"], more = self._direct.step(state.get("direct") or {})
        return _fetched(items, state, more=more)

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out everything there today."""
        state: dict[str, Any] = {
            "notices": posts.newest(self._network, posts.NOTICES).kept(),
            "own": posts.newest(self._network, posts.OWN).kept(),
        }
        if self._direct is not None:
            state["direct"] = self._direct.newest()
        return json.dumps(state)

    def wait(self, timeout: timedelta) -> bool:
        """Wait until something may be new (True) or the time is over (False), asking as often as the server allows."""
        ends_at = time.monotonic() + timeout.total_seconds()
        while True:
            if self._watching.is_new():
                return True
            pause_seconds = self._watching.pause().total_seconds()
            if time.monotonic() + pause_seconds > ends_at:
                return False
            time.sleep(pause_seconds)

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Return everything that reached the account in a half-open stretch of time, and what it said itself."""
        yield from posts.listed(self._network, posts.NOTICES, since, until)
        yield from posts.listed(self._network, posts.OWN, since, until)
        if self._direct is not None:
            yield from self._direct.listed(since, until)

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return the bytes of a picture, from the network's own hosts alone."""
        return files.bring(ref, self.config.image_hosts, limit_bytes, self.config.timeout_seconds)

    # -- Out --------------------------------------------------------------------------------------------------------------

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Put up a post, or hand over a direct message.

        Errors: ChannelError, permanent where the network will never take it; OutcomeUnknown where it may have it
        """
        if outgoing.visibility != "private":
            return posting.send(self._network, outgoing, before_handover)
        if outgoing.attachments:
            raise ChannelError("A direct message takes no files. Send a link or an email.", permanent=True)
        message: dict[str, Any] = {"text": outgoing.text}
        if facets := facets_of(outgoing.text, lambda handle: posting.did_of(self._network, handle)):
            message["facets"] = facets
        return self._private().send(outgoing, message, before_handover)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of a message that is there, None where it is not."""
        if outgoing.visibility == "private":
            return self._private().find(outgoing)
        return posting.find(self._network, outgoing)

    def _private(self) -> DirectMessages:
        if self._direct is None:
            said = f"Direct messages are not switched on in the connection of {self.config.handle}."
            raise ChannelError(said, permanent=True)
        return self._direct

    # -- Whether it works ---------------------------------------------------------------------------------------------------

    def who(self) -> Who:
        """Ask the network who the account is."""
        self._network.ready()
        handle = self._network.handle
        return Who(self._network.did, f"@{handle}", f"https://bsky.app/profile/{handle}")

    def check(self) -> list[Finding]:
        """Log in, look at what is new and, where wanted, at direct messages."""
        handle = self.config.handle
        mend = f"Make a new app password for {handle} in Bluesky's settings, and enter it in the account's connection."
        findings = [_try(f"Posts to {handle} can be fetched and answered", self._look, mend)]
        if self._direct is not None:
            mend = f"Make an app password for {handle} that allows access to direct messages, and enter it here."
            findings.append(_try(f"Direct messages to {handle} can be fetched and answered", self._direct.newest, mend))
        return findings

    def _look(self) -> None:
        self._network.log_in()
        posts.newest(self._network, posts.NOTICES)

    def close(self) -> None:
        """Hang up; the log-in stays good for the next call."""
        self._network.close()


def _state(cursor: str) -> dict[str, Any]:
    """Return what a cursor says; one that is not ours begins anew, and what is stored already is known again."""
    try:
        state = json.loads(cursor or "{}")
    except ValueError:
        return {}
    return state if isinstance(state, dict) else {}


def _fetched(items: list[RawItem], state: dict[str, Any], *, more: bool) -> Fetched:
    return Fetched(items, json.dumps(state), more)


def _try(promise: str, attempt: Callable[[], object], mend: str) -> Finding:
    try:
        attempt()
    except ChannelError as error:
        return Finding(ok=False, what=error.message, mend=mend)
    return Finding(ok=True, what=f"{promise}.")
