"""Decides by which of our own signed marks a mail names the conversation it belongs to.

Leaves finding that conversation, and mail that carries no mark of ours, to the rooms above.
"""

from sociable.channels.base import Named, Parsed
from sociable.channels.email import address


class SignsThreads:
    """The marks an email adapter puts on outgoing mail and reads on incoming mail."""

    @staticmethod
    def is_ours(value: str, key: bytes) -> bool:
        """Say whether this Message-ID was made here."""
        return address.is_our_message_id(value, key)

    @staticmethod
    def message_id_for(conversation_id: int, message_id: int, account_address: str, key: bytes) -> str:
        """Return the signed Message-ID of one of our messages: the same at every try."""
        return address.message_id(
            conversation_id, message_id, address.domain_of(account_address) or "sociable.invalid", key
        )

    @staticmethod
    def reply_address_for(account_address: str, conversation_id: int, key: bytes) -> str:
        """Return the signed address that brings an answer back to its conversation."""
        return address.reply_address(account_address, conversation_id, key)

    @staticmethod
    def conversation_named(parsed: Parsed, key: bytes) -> Named | None:
        """Return the conversation a mail names by our reply address or Message-ID, and why it is believed."""
        for each in (*parsed.delivered_to, *parsed.to, *parsed.cc):
            conversation_id = address.read_reply_address(each, key)
            if conversation_id is not None:
                return Named(conversation_id, "It came to the private reply address of this conversation")
        for value in (parsed.in_reply_to, *reversed(parsed.references)):
            ours = address.read_message_id(value, key)
            if ours is not None:
                return Named(ours[0], "It answers a message we sent in this conversation")
        return None
