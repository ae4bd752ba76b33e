"""Counts a text as a network counts it, and says how much of its room that takes; one answer with the browser's.

How each counts is data (schemes.py). What to do with a text that is too long is decided elsewhere.
"""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache

import regex

from sociable.domain.text.schemes import Piece, Scheme, scheme

LABEL_CHARS, ADDRESS_CHARS = 63, 4096
_LEADING_MENTION = regex.compile(r"@([A-Za-z0-9_]+)[\u0009-\u000d\u0020]*")


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that one message may hold, counted by a scheme. A network may set two at once."""

    scheme: str
    most: int


@dataclass(frozen=True, slots=True)
class Measured:
    """What a text takes of one limit. `most` may be less than the limit says where the alphabet is dearer.

    Units:  `messages` is how many it is paid for as, 0 where that is no matter
    """

    used: int
    most: int
    said: str
    messages: int = 0

    @property
    def left(self) -> int:
        """What may still be written; below zero, by how much it is too long."""
        return self.most - self.used


@dataclass(frozen=True, slots=True)
class SmsParts:
    """How many text messages are paid for, and which characters make them dearer."""

    parts: int
    dearer: tuple[str, ...]


def count(text: str, by: str, filled_in: Collection[str] = ()) -> int:
    """This function will count a text by a scheme's name.

    `filled_in` are the names that the network itself puts before a reply: such mentions at its beginning do not count.

    Errors: UnknownScheme
    """
    how = scheme(by)
    text = _without_filled_in(text, filled_in)
    if how.normalised:
        text = unicodedata.normalize("NFC", text)
    for one, other in how.replaced:
        text = text.replace(one, other)
    if how.pieces:
        text = small(text)
    for piece in how.pieces:
        text = _replaced(text, piece)
    return _length(text, how)


def measure(text: str, limit: Limit, filled_in: Collection[str] = ()) -> Measured:
    """This function will say what a text takes of a limit."""
    how = scheme(limit.scheme)
    used = count(text, limit.scheme, filled_in)
    return Measured(used, _most(text, limit, how), how.said, _messages(used, text, how))


def fits(text: str, limits: Iterable[Limit], filled_in: Collection[str] = ()) -> bool:
    """This function will say whether one message can hold a text: within every limit at once."""
    return all(measure(text, limit, filled_in).left >= 0 for limit in limits)


def sms_parts(text: str) -> SmsParts:
    """This function will say how many text messages a text is paid for as, and which characters make it dearer.

    Source: GOV.UK Notify, text message pricing; above six parts by the same step as between five and six
    """
    how = scheme("sms")
    return SmsParts(_messages(count(text, "sms"), text, how), _beside(_plainer(text, how), how))


# -- The parts of it -------------------------------------------------------------------------------------------------------


def _without_filled_in(text: str, filled_in: Collection[str]) -> str:
    names = {name.lower().removeprefix("@") for name in filled_in}
    at = 0
    while names and (mention := _LEADING_MENTION.match(text, at)) and mention[1].lower() in names:
        at = mention.end()
    return text[at:]


_SMALL = {ord(letter): letter.lower() for letter in string.ascii_uppercase}


def small(text: str) -> str:
    """This function will write A to Z small and leave every other sign: the languages do not agree on the case of all letters.

    Shape:  as long as before, sign by sign
    """
    return text.translate(_SMALL)


@cache
def compiled(pattern: str) -> regex.Pattern[str]:
    """This function will return a pattern of schemes.py, for text with small letters."""
    return regex.compile(pattern, regex.V0)


def _replaced(text: str, piece: Piece) -> str:
    def counted(found: regex.Match[str]) -> str:
        if not piece.counts:
            return str(found["kept"])
        return "x" * piece.counts if _can_be_an_address(found) else str(found[0])

    return compiled(piece.pattern).sub(counted, text)


def _can_be_an_address(found: regex.Match[str]) -> bool:
    domain = found.groupdict().get("domain")
    if domain is None:
        return True
    return len(found[0]) <= ADDRESS_CHARS and all(_encoded_chars(label) <= LABEL_CHARS for label in domain.split("."))


def _encoded_chars(label: str) -> int:
    """How long a label is as the domain name system writes it."""
    return len(label) if label.isascii() else len(label.encode("punycode")) + len("xn--")


def _length(text: str, how: Scheme) -> int:
    if how.unit == "graphemes":
        return len(compiled(r"\X").findall(text))
    if how.unit == "bytes":
        return len(text.encode("utf-8", "surrogatepass"))
    if how.unit == "weights":
        return sum(_weight(ord(char), how) for char in text) // how.scale
    if how.unit == "sms":
        return _sms_length(text, how)
    return len(text)


def _weight(point: int, how: Scheme) -> int:
    return next((weight for first, last, weight in how.ranges if first <= point <= last), how.default_weight)


def _sms_length(text: str, how: Scheme) -> int:
    if _beside(text, how):
        return len(text.encode("utf-16-be", "surrogatepass")) // 2
    return len(text) + sum(char in how.twofold for char in text)


def _plainer(text: str, how: Scheme) -> str:
    for one, other in how.replaced:
        text = text.replace(one, other)
    return text


def _beside(text: str, how: Scheme) -> tuple[str, ...]:
    """The characters that the plain alphabet does not have, each once, in the order of the text."""
    return tuple(dict.fromkeys(char for char in text if char not in how.basic and char not in how.twofold))


def _messages(used: int, text: str, how: Scheme) -> int:
    """How many messages a text is paid for as, where a network counts so; above the longest by the same step."""
    if not how.parts:
        return 0
    sizes = [row[1] if _beside(_plainer(text, how), how) else row[0] for row in how.parts]
    within = next((number for number, most in enumerate(sizes, 1) if used <= most), 0)
    return within or len(sizes) + -(-(used - sizes[-1]) // (sizes[-1] - sizes[-2]))


def _most(text: str, limit: Limit, how: Scheme) -> int:
    if not how.parts or not _beside(_plainer(text, how), how):
        return limit.most
    within = [row[1] for row in how.parts if row[0] <= limit.most]
    return within[-1] if within else how.parts[0][1]
