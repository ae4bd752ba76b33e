"""Puts one account on a Mastodon server behind the contract every channel keeps.

Leaves what a status says to `parse`, fetching to `reading`, posting to `sending`, the event stream to `stream`, and what else a
server is asked to `account`.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from sociable.channels.base import (
    Capabilities,
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
from sociable.channels.mastodon.config import SETTINGS, MastodonConfig
from sociable.channels.mastodon.parse import parse as parse_status

if TYPE_CHECKING:
    from sociable.channels.mastodon.account import Account

MEBIBYTE_BYTES = 1024 * 1024


class MastodonAdapter(OneAccount[MastodonConfig]):
    """One account: what mentions it, private or not, and the answers that leave from it."""

    kind: ClassVar[str] = "mastodon"
    name: ClassVar[str] = "Mastodon"
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = MastodonConfig.from_dict
    read = staticmethod(parse_status)
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=500,
        counting="mastodon",
        private=False,
        private_replies=True,
        longest_private_text=500,
        counting_private="mastodon",
        threads=True,
        most_parts=10,
        attachments_bytes=16 * MEBIBYTE_BYTES,
        attachments_most=4,
        alt_text=True,
        idempotent=True,
        ids_of_network=True,
        source="Mastodon 4.7 as it comes, docs.joinmastodon.org; each server says its own in /api/v2/instance",
        as_of_on=date(2026, 11, 23),
    )

    def __init__(self, config: MastodonConfig) -> None:
        super().__init__(config)
        self._account: Account | None = None

    @staticmethod
    def answers_for(own: Mapping[str, Any], others: Mapping[str, Any], visibility: str) -> bool:
        """Say yes for what everybody can read, on the same server: elsewhere a status has another id."""
        same = bool(own.get("server")) and own.get("server") == others.get("server")
        return same and visibility in ("public", "unlisted")

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return what came after the cursor: mentions, our own answers, edits and removals; nothing is marked as read.

        Errors: ChannelError
        """
        return self._there().reader.fetch(cursor, limit)

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out everything there today."""
        return self._there().reader.newest_cursor()

    def listed(self, since: datetime, until: datetime) -> Iterable[RawItem]:
        """Return everything that was written to the account or answered from it, with the remote ids of `fetch`."""
        return self._there().reader.listed(since, until)

    def wait(self, timeout: timedelta) -> bool:
        """Wait by the server's event stream; where it has none, until it is time to ask."""
        return self._there().stream.wait(timeout)

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Post one answer, to whoever asked and no wider than they wrote.

        Errors: ChannelError, permanent for a refusal; OutcomeUnknown where the server may have it
        """
        return self._there().sender.send(outgoing, before_handover)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of an answer that stands on the server, None where it does not."""
        return self._there().sender.find(outgoing)

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return a file that was attached to a status, from the server's own hosts alone.

        Errors: ChannelError, permanent where it lies elsewhere, is gone or larger than the limit
        """
        return self._there().download(ref, limit_bytes)

    def who(self) -> Who:
        """Return who the account is, and the limits that this server sets."""
        return self._there().who()

    def check(self) -> list[Finding]:
        """Ask the server who the account is, whether it may read and write, and what it keeps from us."""
        return self._there().check()

    def close(self) -> None:
        """Hang up; the next call opens a new connection."""
        if self._account is not None:
            self._account.close()
            self._account = None

    def _there(self) -> "Account":
        """Return the way to the server; the library behind it takes half a second to load, which others need not pay."""
        if self._account is None:
            from sociable.channels.mastodon.account import Account  # noqa: PLC0415

            self._account = Account(self.config)
        return self._account
