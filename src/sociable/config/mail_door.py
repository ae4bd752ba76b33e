"""Stands at the built-in mail door: says which addresses are ours, stores what comes for them, and has it read.

How mail is spoken is known to channels/email/door; what becomes of a stored mail, to journeys/receive.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.conf import settings
from django.db import close_old_connections
from django.db.models.functions import Lower
from django.utils import timezone

from sociable.channels.base import ChannelError, RawItem
from sociable.channels.email.door import Envelope, MailDoor
from sociable.conversations.models import RawInbound
from sociable.directory.models import Account
from sociable.journeys import came_back, receive
from sociable.journeys.fetch import STAGES_HEARD
from sociable.public import postbox

log = logging.getLogger(__name__)
READERS = 2
MOST_UNREAD = 50  # beyond this the door itself reads, and so takes in no faster than is read


@dataclass(frozen=True)
class Doors:
    """The doors that are open, and who reads behind them."""

    open: list[MailDoor]
    reader: Reader

    def stop(self) -> None:
        """This function will close the doors, and return when what came in by them was read."""
        for door in self.open:
            door.stop()
        self.reader.finish()


def open_doors() -> Doors:
    """This function will open the doors the settings ask for; port 0 means no door.

    Errors: ChannelError where a port cannot be had
    """
    reader = Reader()
    doors = Doors([], reader)
    wanted = [
        MailDoor(
            settings.SMTP_HOST,
            port,
            reader.accept,
            knows_address,
            lmtp=lmtp,
            hostname=settings.MAIL_DOMAIN,
            size_limit_bytes=settings.MESSAGE_LIMIT_BYTES,
        )
        for port, lmtp in ((settings.SMTP_PORT, False), (settings.LMTP_PORT, True))
        if port
    ]
    try:
        for door in wanted:
            _open(door)
            doors.open.append(door)
    except BaseException:
        doors.stop()
        raise
    return doors


def _open(door: MailDoor) -> None:
    try:
        door.start()
    except ChannelError as error:
        setting = "LMTP_PORT" if door.lmtp else "SMTP_PORT"
        raise ChannelError(f"{error.message} Choose another {setting}.", permanent=error.permanent) from None


def plain(address: str) -> str:
    """This function will take the signed part off a reply address of ours: help+r.abc.def@x is mail for help@x."""
    local, at, domain = address.partition("@")
    return f"{local.partition('+r.')[0]}{at}{domain}"


def accounts_at(addresses: Iterable[str]) -> dict[str, Account]:
    """This function will find the accounts that hear mail to these addresses.

    Shape:  address as given to its account; an address that is nobody's is left out
    """
    wanted = {address: plain(address.lower()) for address in addresses}
    heard = Account.objects.annotate(lower=Lower("address")).filter(
        stage__in=STAGES_HEARD, lower__in=set(wanted.values())
    )
    accounts = {account.address.lower(): account for account in heard.select_related("partner")}
    return {address: accounts[bare] for address, bare in wanted.items() if bare in accounts}


def is_of_notices(address: str) -> bool:
    """This function will say whether an address is the one that notices to staff come from, and to which they come back."""
    return address.lower() == settings.DEFAULT_FROM_EMAIL.lower()


def knows_address(address: str) -> bool:
    """This function will say whether mail to an address is taken: an account's, the notices' own, or, in an example, anybody's."""
    close_old_connections()
    try:
        return settings.EXAMPLE or is_of_notices(address) or bool(accounts_at([address]))
    finally:
        close_old_connections()


class Reader:
    """Stores what comes to the door, and has it read beside the door."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="mail-reader")
        self._room = threading.Semaphore(MOST_UNREAD)

    def finish(self) -> None:
        """This function will return when everything in hand was read."""
        self._threads.shutdown(wait=True)

    def accept(self, envelope: Envelope) -> None:
        """This function will store a mail once for each account it is for, and return when that is safe.

        Errors: whatever kept it from being stored; the sender keeps the mail and comes again
        """
        close_old_connections()
        now = timezone.now()
        try:
            found = accounts_at(envelope.recipients)
            for account in {account.pk: account for account in found.values()}.values():
                addressed = [address for address, its in found.items() if its.pk == account.pk]
                self._have_read(_store(account, envelope, addressed))
            others = [address for address in envelope.recipients if address not in found]
            if any(map(is_of_notices, others)):
                _notice_came_back(envelope, alone=not found and not settings.EXAMPLE)
            if others and settings.EXAMPLE:
                postbox.keep(envelope.content, others, now)
        finally:
            close_old_connections()

    def _have_read(self, fresh: Sequence[RawInbound]) -> None:
        if not fresh:
            return
        if self._room.acquire(blocking=False):
            self._threads.submit(self._read_beside, fresh)
        else:
            _read(fresh)

    def _read_beside(self, fresh: Sequence[RawInbound]) -> None:
        try:
            _read(fresh)
        finally:
            self._room.release()
            close_old_connections()


def _notice_came_back(envelope: Envelope, *, alone: bool) -> None:
    """Note what became of a notice. Whatever else is written to its address is told that nobody reads it, if it goes nowhere else.

    Errors: ChannelError
    """
    if not came_back.heard(envelope.content, timezone.now()) and alone:
        raise ChannelError("Nobody reads mail to this address: it sends notices to staff.", permanent=True)


def _store(account: Account, envelope: Envelope, addressed: Sequence[str]) -> list[RawInbound]:
    now = timezone.now()
    item = RawItem(remote_id=envelope.remote_id, content=envelope.content, received_at=now, cursor="")
    return receive.store(account, "email", [item], fetched_at=now, recipients=addressed)


def _read(fresh: Sequence[RawInbound]) -> None:
    """It is stored: whatever goes wrong now, the sender is told yes, and the due row behind it has it read again."""
    try:
        receive.read_all(fresh, timezone.now())
    except Exception:
        log.exception("mail stored, to be read again", extra={"raw_ids": [raw.pk for raw in fresh]})
