"""Puts reading, hearing and answering of one X account behind the contract every channel keeps.

Leaves each of them to the module of that name, and what a thing says to `parse`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

from sociable.channels.base import (
    Call,
    Capabilities,
    ChannelError,
    Fetched,
    Finding,
    Heard,
    OneAccount,
    Outgoing,
    RawItem,
    Receipt,
    Setting,
    Who,
    nothing,
)
from sociable.channels.x import activity
from sociable.channels.x.config import SETTINGS, XConfig
from sociable.channels.x.parse import parse as parse_thing
from sociable.channels.x.raw import fields, listed, text


class XAdapter(OneAccount[XConfig]):
    """One account of X: its mentions and direct messages, and the answers to them."""

    kind: ClassVar[str] = "x"
    name: ClassVar[str] = "X"
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = XConfig.from_dict
    read = staticmethod(parse_thing)
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=280,
        counting="x",
        private=False,
        private_replies=True,
        longest_private_text=10_000,
        threads=True,
        most_parts=10,
        attachments_bytes=20 * 1024 * 1024,
        attachments_most=4,
        alt_text=True,
        ids_of_network=True,
        source="docs.x.com, Counting characters, Media and Direct Messages; longer posts belong to paying accounts",
        as_of_on=date(2026, 11, 23),
    )

    def __init__(self, config: XConfig) -> None:
        super().__init__(config)

    @staticmethod
    def answers_for(own: Mapping[str, Any], others: Mapping[str, Any], visibility: str) -> bool:  # noqa: ARG004 - one network
        """Say yes for what everybody can read; a direct message is between two accounts."""
        return visibility == "public"

    # The client library is loaded when X is first asked, and not by every process that only lists the channels.

    @cached_property
    def _asking(self) -> Any:
        from sociable.channels.x.asking import Asking  # noqa: PLC0415
        from sociable.channels.x.line import Line  # noqa: PLC0415

        return Asking(Line(self.config))

    @cached_property
    def _reading(self) -> Any:
        from sociable.channels.x.reading import Reading  # noqa: PLC0415

        return Reading(self._asking, self.config, self._account)

    @cached_property
    def _sending(self) -> Any:
        from sociable.channels.x.sending import Sending  # noqa: PLC0415

        return Sending(self._asking, self._account)

    @cached_property
    def _account(self) -> str:
        return self.config.network_id or self.who().network_id

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return what is new since the cursor, a page of each kind at a time.

        Errors: ChannelError
        """
        fetched: Fetched = self._reading.fetch(cursor, limit)
        return fetched

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out everything there today.

        Errors: ChannelError
        """
        return str(self._reading.newest_cursor())

    def wait(self, timeout: timedelta) -> bool:
        """Let the time go by: X calls our webhook, and does not answer a question late."""
        time.sleep(timeout.total_seconds())
        return False

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Return every mention and message to the account of a half-open stretch of time.

        Errors: ChannelError
        """
        yield from self._reading.listed(since, until)

    def hear(self, call: Call) -> Heard:
        """Answer X's challenge, or check its signature and take its call apart.

        Errors: CallRefused
        """
        return activity.hear(call, self.config.consumer_secret)

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand one answer to X.

        Errors: ChannelError, permanent for a refusal for good; OutcomeUnknown where X may have it
        """
        receipt: Receipt = self._sending.send(outgoing, before_handover)
        return receipt

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of an answer that is at X, None where it is not.

        Errors: ChannelError where X cannot be asked now
        """
        found: Receipt | None = self._sending.find(outgoing)
        return found

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return a picture from X's own hosts.

        Errors: ChannelError, permanent for another host and for a picture beyond the limit
        """
        return bytes(self._asking.line.picture(ref, limit_bytes))

    def who(self) -> Who:
        """Return the account that the keys belong to.

        Errors: ChannelError
        """
        told = fields(self._asking.line.ask("GET", "/2/users/me"), "data")
        handle, own_id = text(told, "username"), text(told, "id")
        if not own_id:
            raise ChannelError("X did not say which account these keys belong to.")
        return Who(own_id, f"@{handle}", f"https://x.com/{handle}")

    def check(self) -> list[Finding]:
        """Ask X for each thing that an account needs, and say what works and how to mend what does not."""
        try:
            who = self.who()
        except ChannelError as error:
            return [
                Finding(
                    ok=False, what=error.message, mend="Copy the four keys anew from the app in X's developer console."
                )
            ]
        findings = [Finding(ok=True, what=f"X knows these keys as {who.handle}.")]
        route = f"/2/users/{who.network_id}/mentions"
        plan = "See in X's developer console that the plan includes it, and how often."
        findings.append(_try("Mentions can be read", lambda: self._asking.posts(route, max_results="5"), plan))
        if self.config.reads_messages:
            mend = "Give the app “Read and write and Direct message”, then make the access token anew, or leave messages out."
            read = lambda: self._asking.messages("/2/dm_events", max_results="1")  # noqa: E731
            findings.append(_try("Direct messages can be read", read, mend))
        return findings + (self._webhooks() if self.config.bearer_token else [])

    def _webhooks(self) -> list[Finding]:
        """What X says of its calls to us. None is needed: what is not told is fetched."""
        try:
            known = listed(self._asking.line.ask("GET", "/2/webhooks", public=True), "data")
        except ChannelError:
            return []
        return [
            _webhook(text(each, "url"), valid=each.get("valid") is True) for each in known if isinstance(each, dict)
        ]

    def close(self) -> None:
        """Hang up; the next question opens a new line."""
        if "_asking" in self.__dict__:
            self._asking.line.close()


def _try(promise: str, attempt: Callable[[], object], mend: str) -> Finding:
    try:
        attempt()
    except ChannelError as error:
        return Finding(ok=False, what=f"{promise.replace(' can be', ' cannot be')}: {error.message}", mend=mend)
    return Finding(ok=True, what=f"{promise}.")


def _webhook(url: str, *, valid: bool) -> Finding:
    if valid:
        return Finding(ok=True, what=f"X calls {url} when something is new.")
    mend = "See that the address can be reached from outside, then let X check it again in its developer console."
    return Finding(ok=False, what=f"X no longer calls {url}: its challenge was not answered as it should.", mend=mend)
