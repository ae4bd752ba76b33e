"""Says as data how each network counts what is written, with source and date, for the server and the browser alike.

Nothing is counted here: see counting.py, and counting.js for the same in the browser. How much one message may hold is
said by the channel and may be changed by an administrator; how it is counted is said here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Literal

from sociable.domain.text import patterns

Unit = Literal["characters", "graphemes", "bytes", "weights", "sms"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text that counts otherwise than by its length: as `counts`, or as its group `kept` where that is 0.

    Shape:  `pattern` in signs that Python and the browser read alike, for text whose A to Z were made small
    Units:  a group `domain` must be one the domain name system could hold: no label over 63 in Punycode
    """

    pattern: str
    counts: int = 0


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of counting. `said` is its unit as people say it.

    Units:  `ranges` are (first, last, weight) of code points, `default_weight` that of any other, `scale` the weight of one;
            `parts` are the most a message of one, two, three parts holds: in the alphabet of `basic` and `twofold`, and beside it
    Source: `source`, as it stood on `as_of_on`
    """

    key: str
    unit: Unit
    said: str
    source: str
    as_of_on: date
    normalised: bool = False
    replaced: tuple[tuple[str, str], ...] = ()
    pieces: tuple[Piece, ...] = ()
    ranges: tuple[tuple[int, int, int], ...] = ()
    default_weight: int = 1
    scale: int = 1
    basic: str = ""
    twofold: str = ""
    parts: tuple[tuple[int, int], ...] = ()


class UnknownScheme(LookupError):
    """Nothing counts by that name."""


# A text message in the GSM alphabet; the second row counts double.
_GSM = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWOFOLD = "^{}\\[~]|€\f"
# What GOV.UK Notify puts in a text message's plain alphabet, so that a curly quote does not make it dearer.
_PLAINER = (
    ("\u2010", "-"), ("\u2011", "-"), ("\u2013", "-"), ("\u2014", "-"), ("\u2212", "-"), ("\u2026", "..."), ("\u2018", "'"),
    ("\u2019", "'"), ("\u201c", '"'), ("\u201d", '"'), ("\u201a", "'"), ("\u201e", '"'), ("\u180e", ""), ("\u200b", ""),
    ("\u200c", ""), ("\u2060", ""), ("\ufeff", ""), ("\u2028", ""), ("\u2029", ""), ("\u00a0", " "), ("\u202f", " "), ("\t", " "),
)  # fmt: skip
_NETWORK_NEUTRAL_ON = date(2026, 11, 23)

SCHEMES: dict[str, Scheme] = {
    one.key: one
    for one in (
        Scheme("characters", "characters", "characters", "Unicode code points", _NETWORK_NEUTRAL_ON),
        Scheme(
            "graphemes",
            "graphemes",
            "characters",
            "Unicode Standard Annex 29, extended grapheme clusters",
            _NETWORK_NEUTRAL_ON,
        ),
        Scheme("bytes", "bytes", "bytes", "UTF-8", _NETWORK_NEUTRAL_ON),
        Scheme(
            "x",
            "weights",
            "characters",
            "X: counting characters, twitter-text configuration version 3",
            date(2026, 11, 23),
            normalised=True,
            pieces=(
                Piece(patterns.WEB_ADDRESS, 23),
                Piece(patterns.BARE_ADDRESS, 23),
                Piece(patterns.EMOJI, 2),
            ),
            ranges=((0, 4351, 100), (8192, 8205, 100), (8208, 8223, 100), (8242, 8247, 100)),
            default_weight=200,
            scale=100,
        ),
        Scheme(
            "mastodon",
            "graphemes",
            "characters",
            "Mastodon: posting a status, characters_reserved_per_url 23; a remote mention counts by its name alone",
            date(2026, 11, 23),
            pieces=(Piece(patterns.WEB_ADDRESS, 23), Piece(patterns.REMOTE_MENTION)),
        ),
        Scheme(
            "sms",
            "sms",
            "characters",
            "GOV.UK Notify: text message pricing; 3GPP TS 23.038",
            date(2026, 11, 23),
            replaced=_PLAINER,
            basic=_GSM,
            twofold=_GSM_TWOFOLD,
            parts=((160, 70), (306, 134), (459, 201), (612, 268), (765, 335), (918, 402)),
        ),
    )
}


def scheme(key: str) -> Scheme:
    """This function will return the scheme of a name.

    Errors: UnknownScheme
    """
    if key not in SCHEMES:
        raise UnknownScheme(f"Nothing counts by the name “{key}”. There is: {', '.join(sorted(SCHEMES))}.")
    return SCHEMES[key]


def as_data(keys: Iterable[str]) -> dict[str, dict[str, Any]]:
    """This function will return schemes as plain data for the browser, by name, without what is only for people to read."""
    untold = {"key", "source", "as_of_on"}
    return {key: {name: value for name, value in asdict(scheme(key)).items() if name not in untold} for key in keys}
