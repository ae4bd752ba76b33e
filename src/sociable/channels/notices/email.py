"""Carries notices by the installation's own mail server.

Leaves the server's settings to whoever sends, and SMTP to the email channel.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from sociable.channels.base import ChannelError, Outgoing
from sociable.channels.email.config import EmailConfig
from sociable.channels.email.postbox import Line, Postbox
from sociable.channels.notices.base import Parcel


class EmailCarrier:
    """One mail a notice, marked as written by a machine so that nothing answers it. Connections carry one after another."""

    kind: ClassVar[str] = "email"
    at_once: ClassVar[int] = 16
    at_one_place: ClassVar[int] = 16

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._free: dict[EmailConfig, list[tuple[Line, float]]] = {}  # and since when; the last one used is used next

    def check(self, address: str, _means: Mapping[str, Any]) -> str:
        """Return an address; nothing stands for the one its person signs in with.

        Errors: ChannelError
        """
        given = address.strip()
        if given and (given.count("@") != 1 or any(each.isspace() for each in given)):
            raise ChannelError("Enter an email address, like name@example.org.", permanent=True)
        return given

    def place(self, parcel: Parcel) -> str:
        """Name the mail server."""
        return f"{parcel.means.get('smtp_host')}:{parcel.means.get('smtp_port')}"

    def hand_over(self, parcel: Parcel) -> str:
        """Send the mail.

        Errors: ChannelError, permanent where the server will never take this recipient; OutcomeUnknown
        """
        config = EmailConfig.from_dict(dict(parcel.means))
        line = self._line(config)
        receipt = line.send(_mail(parcel))  # what goes wrong closes it
        with self._guard:
            self._free.setdefault(config, []).append((line, time.monotonic()))
        return receipt.detail

    def _line(self, config: EmailConfig) -> Line:
        if config.smtp is None:
            raise ChannelError("No mail server for sending is set.")
        with self._guard:
            free = self._free.get(config)
            return free.pop()[0] if free else Line(Postbox(config, config.smtp))

    def get_ready(self) -> None:
        """Do nothing: it is ready."""

    def rest(self, seconds: float) -> None:
        """Hang up on servers to which nothing went for so long."""
        until = time.monotonic() - seconds
        with self._guard:
            old = [line for lines in self._free.values() for line, since in lines if since <= until]
            kept = {config: [each for each in lines if each[1] > until] for config, lines in self._free.items()}
            self._free = {config: lines for config, lines in kept.items() if lines}
        for line in old:
            line.close()


def _mail(parcel: Parcel) -> Outgoing:
    address = str(parcel.means["address"])
    return Outgoing(
        message_id=parcel.key,
        from_address=address,
        from_name=str(parcel.means.get("from_name", "Sociable")),
        reply_to=address,
        to=(parcel.address,),
        subject=parcel.title,
        text=f"{parcel.whole}\n",
        automatic=True,
        sent_at=parcel.at,
    )
