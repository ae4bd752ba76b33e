"""Carries notices as text messages, through a line that the body has connected.

Leaves which line that is to whoever sends, and the line itself to the channel for text messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from sociable.channels.base import ChannelError, Outgoing
from sociable.channels.notices.base import KeepsNothing, Parcel
from sociable.channels.sms.adapter import SmsAdapter
from sociable.channels.sms.numbers import is_answerable, normalise

LONGEST_TEXT_CHARS = 600  # about four parts; each is paid for


class TextCarrier(KeepsNothing):
    """One text a notice."""

    kind: ClassVar[str] = "text"
    at_once: ClassVar[int] = 16
    at_one_place: ClassVar[int] = 16

    def check(self, address: str, _means: Mapping[str, Any]) -> str:
        """Return a phone number in the one form in which it is kept.

        Errors: ChannelError
        """
        number = normalise(address)
        if not is_answerable(number):
            raise ChannelError("Enter a mobile number, like 07700 900123.", permanent=True)
        return number

    def place(self, parcel: Parcel) -> str:
        """Name the line."""
        return str(parcel.means.get("api_url") or "text")

    def hand_over(self, parcel: Parcel) -> str:
        """Send it.

        Errors: ChannelError; OutcomeUnknown
        """
        adapter = SmsAdapter.from_settings(dict(parcel.means))
        try:
            receipt = adapter.send(_text(parcel))
        finally:
            adapter.close()
        return receipt.detail


def _text(parcel: Parcel) -> Outgoing:
    end = f"{parcel.tap_says}: {parcel.tap}" if parcel.tap else f"Open it: {parcel.link}"
    words = f"{parcel.title}. {parcel.text.replace(chr(10), ' ')}"[: LONGEST_TEXT_CHARS - len(end) - 1]
    return Outgoing(
        message_id=parcel.key.strip("<>"),
        from_address="",
        from_name="Sociable",
        reply_to="",
        to=(parcel.address,),
        subject="",
        text=f"{words}\n{end}",
        automatic=True,
        sent_at=parcel.at,
    )
