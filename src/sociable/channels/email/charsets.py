"""Decides which characters a run of bytes stands for, whatever charset it claims, without ever failing.

Leaves where the bytes came from, and what is shown of them, to the modules beside it.
"""

import codecs
import re
from functools import lru_cache
from typing import NamedTuple

from sociable.channels.tidy import tidy

# Python codecs that are no charset of mail; two of them take quadratic time, a gift to an attacker.
NOT_CHARSETS = frozenset({"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem"})
# What senders write, and what they mean (the first two by the WHATWG Encoding Standard).
MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "ks_c_5601-1987": "cp949",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "unicode-1-1-utf-7": "utf-7",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "x-sjis": "cp932",
    "windows-874": "cp874",
    "x-mac-roman": "mac-roman",
}
_HIGH_BYTES = re.compile(rb"[\x80-\xff]")


class Decoded(NamedTuple):
    """The text, and a sentence where it had to be guessed."""

    text: str
    problem: str = ""


def decode(content: bytes, charset: str) -> Decoded:
    """Return the text of these bytes: by their charset, else as UTF-8, else as a Western page, and say which."""
    codec = _codec(charset)
    if codec and codec != "cp1252" and (text := _strictly(content, codec)) is not None:
        return Decoded(tidy(text))
    if (text := _strictly(content, "utf-8")) is not None:
        return Decoded(tidy(text), "" if codec or not charset else _unknown(charset))
    if codec == "cp1252":
        return Decoded(tidy(content.decode("cp1252", "replace")))
    return Decoded(tidy(_least_damage(content, codec)), _damaged(charset) if codec else _unknown(charset))


@lru_cache(maxsize=256)
def _codec(charset: str) -> str:
    """Return Python's name of a charset, or nothing where it knows none that fits."""
    wanted = charset.strip().strip("\"'").lower()
    wanted = MEANT.get(wanted, wanted)
    try:
        name = codecs.lookup(wanted).name
        b"a".decode(name, "replace")  # refuses codecs that are not of text
    except (LookupError, ValueError):
        return ""
    return "" if name in NOT_CHARSETS else MEANT.get(name, name)


def _strictly(content: bytes, codec: str) -> str | None:
    try:
        return content.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _least_damage(content: bytes, codec: str) -> str:
    """Text that is nearly all right keeps its charset; text that is mostly wrong is read as Western."""
    codec = codec or "utf-8"
    try:
        text = content.decode(codec, "replace")
    except (UnicodeError, ValueError):
        return content.decode("cp1252", "replace")
    mostly_right = text.count("\ufffd") * 4 <= len(_HIGH_BYTES.findall(content))
    return text if mostly_right else content.decode("cp1252", "replace")


def _unknown(charset: str) -> str:
    if not charset:
        return "The mail does not say which character set it uses; we guessed."
    return f"The mail names a character set we do not know ({tidy(charset)[:40]}); we guessed."


def _damaged(charset: str) -> str:
    return f"Some characters are not valid {tidy(charset)[:40]}; they are shown as best we could."
