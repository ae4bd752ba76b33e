"""Carries notices by the installation's own mail server.

Leaves the server's settings to whoever sends, and SMTP to the email channel.
"""

from __future__ import annotations

from typing import ClassVar

from sociable.channels.base import ChannelError, Outgoing
from sociable.channels.email.adapter import EmailAdapter
from sociable.channels.notices.base import Parcel


class EmailCarrier:
    """One mail a notice, marked as written by a machine so that nothing answers it."""

    kind: ClassVar[str] = "email"
    at_once: ClassVar[int] = 16
    at_one_place: ClassVar[int] = 16

    def check(self, address: str) -> str:
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
        adapter = EmailAdapter.from_settings(dict(parcel.means))
        try:
            receipt = adapter.send(_mail(parcel))
        finally:
            adapter.close()
        return receipt.detail


def _mail(parcel: Parcel) -> Outgoing:
    address = str(parcel.means["address"])
    return Outgoing(
        message_id=parcel.key,
        from_address=address,
        from_name=str(parcel.means.get("from_name", "Sociable")),
        reply_to=address,
        to=(parcel.address,),
        subject=parcel.title,
        text=f"{parcel.text}\n\nI have it: {parcel.tap}\n\nOpen it: {parcel.link}\n",
        automatic=True,
        sent_at=parcel.at,
    )
