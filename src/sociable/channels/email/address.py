"""Decides how our own reply addresses and Message-IDs are signed, and what two equal addresses look like.

Leaves the key and what a conversation number means to the caller.
"""

import base64
import hashlib
import hmac
import re

LONGEST_LOCAL_PART_CHARS = 64  # RFC 5321, 4.5.3.1.1

_REPLY = re.compile(r"(?:^|[^a-z0-9])r\.([a-z2-7]{1,26})\.([a-z2-7]{16})$")
_MESSAGE_ID = re.compile(r"^<?c\.([a-z2-7]{1,26})\.([a-z2-7]{1,26})\.([a-z2-7]{16})@[^<>\s@]+>?$")


def normalise_address(address: str) -> str:
    """Return the form in which two addresses of one mailbox are equal: bare, trimmed, lower case.

    The local part is case-sensitive by the letter of RFC 5321 and nowhere in practice.
    """
    return address.strip().removeprefix("<").removesuffix(">").strip().rstrip(".").lower()


def domain_of(address: str) -> str:
    """Return what stands after the last @ of an address, or nothing."""
    return address.rpartition("@")[2] if "@" in address else ""


def reply_address(account_address: str, conversation_id: int, key: bytes, separator: str = "+") -> str:
    """Return the signed address that brings an answer back to its conversation.

    A mailbox without sub-addressing (an empty `separator`), or with a name too long to carry the
    signature within 64 characters, gets its plain address back: the signed Message-ID then threads.
    """
    local, _, domain = account_address.rpartition("@")
    number = _encode_number(conversation_id)
    signed = f"{local}{separator}r.{number}.{_sign(key, 'reply', number)}"
    if not separator or len(signed) > LONGEST_LOCAL_PART_CHARS:
        return account_address
    return f"{signed}@{domain}"


def read_reply_address(address: str, key: bytes) -> int | None:
    """Return the conversation a signed reply address names, or None where the signature is not ours."""
    local = normalise_address(address).rpartition("@")[0]
    found = _REPLY.search(local)
    if not found or not _signed(found[2], key, "reply", found[1]):
        return None
    return _decode_number(found[1])


def message_id(conversation_id: int, message_number: int, domain: str, key: bytes) -> str:
    """Return the signed Message-ID of one of our own messages."""
    conversation, message = _encode_number(conversation_id), _encode_number(message_number)
    return f"<c.{conversation}.{message}.{_sign(key, 'message', conversation, message)}@{domain}>"


def read_message_id(value: str, key: bytes) -> tuple[int, int] | None:
    """Return the conversation and message a signed Message-ID names, or None where it is not ours."""
    found = _MESSAGE_ID.match(value.strip().lower())
    if not found or not _signed(found[3], key, "message", found[1], found[2]):
        return None
    return _decode_number(found[1]), _decode_number(found[2])


def is_our_message_id(value: str, key: bytes) -> bool:
    """Say whether this Message-ID was made here."""
    return read_message_id(value, key) is not None


def _sign(key: bytes, *parts: str) -> str:
    digest = hmac.digest(key, ".".join(parts).encode(), hashlib.sha256)
    return base64.b32encode(digest[:10]).decode().lower()


def _signed(signature: str, key: bytes, *parts: str) -> bool:
    return hmac.compare_digest(signature, _sign(key, *parts))


def _encode_number(number: int) -> str:
    size = max(1, (number.bit_length() + 7) // 8)
    return base64.b32encode(number.to_bytes(size, "big")).decode().rstrip("=").lower()


def _decode_number(text: str) -> int:
    padded = text.upper() + "=" * (-len(text) % 8)
    return int.from_bytes(base64.b32decode(padded), "big")
