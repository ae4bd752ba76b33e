"""Puts the two halves of an email account behind the contract every channel keeps.

Leaves reading mail to `parse`, IMAP to `mailbox`, SMTP to `postbox`, settings to `config`.
"""

from collections.abc import Callable, Collection, Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Self

from sociable.channels.base import (
    Capabilities,
    ChannelError,
    Fetched,
    Finding,
    Outgoing,
    Parsed,
    RawItem,
    Receipt,
    Setting,
    nothing,
)
from sociable.channels.email.config import SETTINGS, EmailConfig
from sociable.channels.email.mailbox import Mailbox
from sociable.channels.email.parse import nobody
from sociable.channels.email.parse import parse as parse_mail
from sociable.channels.email.postbox import Postbox
from sociable.channels.email.signing import SignsThreads


class EmailAdapter(SignsThreads):
    """One mailbox: fetched by IMAP, answered by SMTP, or either alone."""

    kind: ClassVar[str] = "email"
    icon: ClassVar[str] = "email"
    name: ClassVar[str] = "Email"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=None,
        private=True,
        threads=True,
        attachments_bytes=18 * 1024 * 1024,
        by_mail_server=True,
        source="RFC 5321 and 5322 state no limit; 25 MB is the usual bound of a mail, and base64 adds a third",
        as_of_on=date(2026, 11, 23),
    )

    settings: ClassVar[tuple[Setting, ...]] = SETTINGS

    def __init__(self, config: EmailConfig) -> None:
        self.config = config
        self._mailbox = Mailbox(config, config.imap) if config.imap else None
        self._postbox = Postbox(config, config.smtp) if config.smtp else None

    @property
    def can_send(self) -> bool:
        """Whether this mailbox has a server of its own for what leaves."""
        return self._postbox is not None

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """Return an adapter for one mailbox.

        Errors: SettingsRefused with a sentence for each field
        """
        return cls(EmailConfig.from_dict(settings))

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),
        is_ours: Callable[[str], bool] = nobody,
        own_addresses: Collection[str] = (),
    ) -> Parsed:
        """Return what a mail says; see `parse.parse`."""
        return parse_mail(
            content,
            fetched_at=fetched_at,
            received_at=received_at,
            envelope_to=envelope_to,
            is_ours=is_ours,
            own_addresses=own_addresses,
        )

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return the mails after the cursor, oldest first; flags stay as they are.

        Errors: ChannelError, never permanent: a mailbox is tried until it answers
        """
        return self._in().fetch(cursor, limit)

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Yield the mails that reached the mailbox in a half-open stretch of time and are in its folder still.

        Errors: ChannelError
        """
        return self._in().listed(since, until)

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out all mail there today, for a mailbox with a long past."""
        return self._in().newest_cursor()

    def wait(self, timeout: timedelta) -> bool:
        """Wait until new mail may be there (True) or the time, 28 minutes at most, is over (False)."""
        return self._in().wait(timeout)

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand one mail to the SMTP server.

        Errors: ChannelError, permanent for a refusal for good; OutcomeUnknown where the server may have it
        """
        if self._postbox is None:
            raise ChannelError(f"The mailbox {self.config.address} has no server for outgoing mail (SMTP).")
        return self._postbox.send(outgoing, before_handover)

    def check(self) -> list[Finding]:
        """Log in both ways and say what works and how to mend what does not."""
        address = self.config.address
        findings = []
        if mailbox := self._mailbox:
            mend = f"Check the IMAP server, user and password of {address}."
            findings.append(_try(f"Mail to {address} can be fetched", mailbox.log_in, mend))
        if postbox := self._postbox:
            mend = f"Check the SMTP server, user and password of {address}."
            findings.append(_try(f"Mail from {address} can be sent", postbox.log_in, mend))
        return findings

    def close(self) -> None:
        """Hang up; the next fetch opens a new connection."""
        if self._mailbox:
            self._mailbox.close()

    def _in(self) -> Mailbox:
        if self._mailbox is None:
            raise ChannelError(f"The mailbox {self.config.address} has no server for incoming mail (IMAP).")
        return self._mailbox


def _try(promise: str, attempt: Callable[[], object], mend: str) -> Finding:
    try:
        attempt()
    except ChannelError as error:
        return Finding(ok=False, what=error.message, mend=mend)
    return Finding(ok=True, what=f"{promise}.")
