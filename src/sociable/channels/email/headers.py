"""Decides what a mail's header lines say: words, addresses and Message-IDs, however badly they are written.

Leaves the body, and what the headers mean for a wait, to the modules beside it.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from email.message import Message
from email.utils import getaddresses

from sociable.channels.email.address import normalise_address
from sociable.channels.email.charsets import decode
from sociable.channels.tidy import tidy

LONGEST_LINE_CHARS = 1_000_000
LONGEST_WORDS_CHARS = 64_000
LONGEST_ID_CHARS = 250
MOST_REFERENCES = 100
MOST_ADDRESSES = 500

_ENCODED_WORD = re.compile(r"=\?([^?*\s]+)(?:\*[^?\s]*)?\?([bBqQ])\?([^?]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(?==\?[^?\s]+\?[bBqQ]\?)")
_ESCAPED = re.compile(rb"=([0-9A-Fa-f]{2})")
_SPACES = re.compile(r"\s+")
_ID = re.compile(r"<([^<>\s]+)>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()\[\]\\@]+@[^\s<>,;:\"()\[\]\\@]+")


class Headers:
    """The header lines of one part, by lower-case name, in the order in which they stand."""

    def __init__(self, message: Message) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in message.raw_items():
            self._values.setdefault(name.strip().lower(), []).append(str(value)[:LONGEST_LINE_CHARS])

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def all(self, name: str) -> list[str]:
        """Return each line of this name as it was written."""
        return self._values.get(name, [])

    def first(self, name: str) -> str:
        """Return the first line of this name as it was written, or nothing."""
        return next(iter(self.all(name)), "")

    def text(self, name: str) -> str:
        """Return the first line of this name as a person reads it."""
        return words(self.first(name))

    def plain(self, name: str) -> str:
        """Return the first line of this name in lower case without comments, for comparing."""
        return _SPACES.sub(" ", tidy(self.first(name)).partition("(")[0]).strip().lower()

    def addresses(self, name: str) -> list[tuple[str, str]]:
        """Return name and normalised address of everybody in all lines of this name."""
        return addresses(self.all(name))

    def ids(self, name: str) -> list[str]:
        """Return the Message-IDs in all lines of this name."""
        return [tidy_id(found) for line in self.all(name) for found in _ID.findall(tidy(line))]


def words(value: str) -> str:
    """Return a header value as a person reads it: encoded words decoded, raw bytes guessed, one line."""
    text = _raw_text(value[:LONGEST_WORDS_CHARS])
    if "=?" in text:
        text = _decode_words(text)
    return _SPACES.sub(" ", tidy(text)).strip()


def addresses(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Return name and normalised address of everybody named; what is no address is left out."""
    found: dict[str, str] = {}
    for line in lines:
        for name, address in _pairs(_raw_text(line[:LONGEST_WORDS_CHARS])):
            if _ADDRESS.fullmatch(address) and len(address) <= LONGEST_ID_CHARS:
                found.setdefault(normalise_address(tidy(address)), words(name))
    return [(name, address) for address, name in found.items()][:MOST_ADDRESSES]


def tidy_id(value: str) -> str:
    """Return a Message-ID in angle brackets; one too long to store gives way to a short one of its own."""
    bare = _SPACES.sub("", tidy(value)).strip("<>")
    if len(bare) > LONGEST_ID_CHARS - 2:
        bare = f"long.{hashlib.sha256(bare.encode()).hexdigest()}@shortened.invalid"
    return f"<{bare}>" if bare else ""


def message_id(headers: Headers, content_digest: str) -> tuple[str, bool]:
    """Return the Message-ID, and whether it had to be made: then it is the same for the same bytes."""
    line = headers.first("message-id")
    value = next(iter(headers.ids("message-id")), "") or tidy_id(line)
    return (value, False) if value else (f"<none.{content_digest[:40]}@missing.invalid>", True)


def references(headers: Headers) -> tuple[str, tuple[str, ...]]:
    """Return the message this one answers, and its whole thread oldest first (both ends of a long one)."""
    answered = headers.ids("in-reply-to")
    thread = list(dict.fromkeys([*headers.ids("references"), *answered]))
    if len(thread) > MOST_REFERENCES:
        thread = [*thread[: MOST_REFERENCES // 2], *thread[-MOST_REFERENCES // 2 :]]
    return (answered[0] if answered else ""), tuple(thread)


def _pairs(text: str) -> list[tuple[str, str]]:
    """Let the standard library read an address line; where it cannot, take whatever looks like an address."""
    try:
        pairs = [pair for pair in getaddresses([text]) if _ADDRESS.fullmatch(pair[1]) and pair[1] in text]
    except (RecursionError, ValueError, IndexError, TypeError, AttributeError):
        pairs = []
    return pairs or [("", found) for found in _ADDRESS.findall(text)]


def _raw_text(value: str) -> str:
    """Turn the raw 8-bit bytes that some senders put in headers into characters."""
    if value.isascii():
        return value
    return decode(value.encode("utf-8", "surrogateescape"), "").text


def _decode_words(text: str) -> str:
    """Decode encoded words; neighbours in one charset are joined first, as many senders cut characters in two."""
    text = _BETWEEN_WORDS.sub(r"\1", text)
    pieces: list[tuple[bytes, str]] = []
    end = 0
    for found in _ENCODED_WORD.finditer(text):
        charset, content = found[1].lower(), _word_bytes(found[2], found[3])
        if found.start() > end:
            pieces.append((text[end : found.start()].encode("utf-8", "replace"), "utf-8"))
        elif pieces and pieces[-1][1] == charset:
            content = pieces.pop()[0] + content
        pieces.append((content, charset))
        end = found.end()
    pieces.append((text[end:].encode("utf-8", "replace"), "utf-8"))
    return "".join(decode(content, charset).text for content, charset in pieces)


def _word_bytes(encoding: str, payload: str) -> bytes:
    content = payload.encode("utf-8", "replace")
    if encoding in "qQ":
        return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content.replace(b"_", b" "))
    try:
        return base64.b64decode(content + b"=" * (-len(content) % 4))
    except (binascii.Error, ValueError):
        return content
