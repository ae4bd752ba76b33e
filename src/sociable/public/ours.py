"""Decides whether a link, handle or address that somebody was given is really one of ours, or only looks like it.

Which accounts and websites are ours is read by its caller; it asks no network.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

NEAR_LETTERS = 2  # so many letters wrong still look right
LEAST_CHARS = 5  # shorter names are too easily alike by chance
LEAST_CHARS_OF_BAIT = 8  # and shorter ones stand within longer words
_SAME_HOST = {"twitter.com": "x.com", "fb.com": "facebook.com", "fb.me": "facebook.com", "instagr.am": "instagram.com"}
_SPARE = re.compile(r"^(www|m|mobile|web|en-gb|l)\.")

# What reads alike at a glance: letters of other alphabets (Cyrillic, Greek, without a dot), and figures and strokes for letters.
_OF_OTHERS = "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u0501\u0261\u04bb\u04cf\u03b1\u03bf\u03bd\u03c1\u03b9\u0131"
_LOOKS = str.maketrans(_OF_OTHERS + "01i|35$\u00f8\u0111\u0142", "aeopcyxljsdghlaovpll" + "olllessodl")
_AROUND = "<>\"'\u201c\u201d\u2018\u2019.,;:!? "


class Answer(StrEnum):
    """What there is to say about it."""

    YES = "yes"
    NEARLY = "nearly"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Known:
    """One account of ours, or a partner's website, by everything it is reached by."""

    key: str
    name: str
    link: str = ""
    handle: str = ""
    address: str = ""
    site: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, whom it is about, and why in a sentence."""

    answer: Answer
    why: str
    known: Known | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was pasted, in its plainest form: exactly one of link, address and handle stands."""

    host: str = ""
    path: str = ""
    address: str = ""
    handle: str = ""


def judge(pasted: str, ours: Sequence[Known]) -> Verdict:
    """This function will say whether what was pasted is ours, only looks like it, or is unknown to us."""
    asked = _asked(pasted)
    if exact := next((known for known in ours if _is(asked, known)), None):
        return Verdict(Answer.YES, f"Yes. This is {exact.name}.", exact)
    for rule in (_own_site, _look_alike, _other_network):
        if found := rule(asked, ours):
            return found
    return Verdict(Answer.NO, "No. We do not know this account, and it is not one of ours.")


def _asked(pasted: str) -> _Asked:
    text = unicodedata.normalize("NFKC", pasted).strip().strip(_AROUND).removeprefix("mailto:")
    text = re.sub(r"[\s\u200b-\u200f\u2060\ufeff]", "", text)
    if _is_address(text):
        return _Asked(address=text.casefold())
    if re.match(r"(?i)[a-z][a-z0-9+.-]*://", text) or re.match(r"[^@/\s]+\.[^@/\s.]{2,}(/|$)", text):
        host, path = _plain_link(text)
        return _Asked(host=host, path=path)
    return _Asked(handle=text.lstrip("@").casefold())


def _is_address(text: str) -> bool:
    return "://" not in text and "/" not in text and bool(re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text))


def _plain_link(link: str) -> tuple[str, str]:
    try:
        parts = urlsplit(link if "://" in link else f"https://{link}")
    except ValueError:  # brackets where only an address of numbers has them
        return link.casefold(), ""
    host = _readable(_SPARE.sub("", (parts.hostname or "").rstrip(".").casefold()))
    if parts.username:  # what stands before an @ is no host, however much it looks like one
        host = f"{parts.username.casefold()}@{host}"
    query = parts.query if "profile.php" in parts.path else ""
    path = re.sub(r"/+", "/", parts.path).rstrip("/").casefold().replace("/@", "/")
    return _SAME_HOST.get(host, host), path + (f"?{query}" if query else "")


def _readable(host: str) -> str:
    """The letters behind "xn--", which is how a browser hides a look-alike."""
    try:
        return host.encode("ascii").decode("idna") if "xn--" in host else host
    except UnicodeError:
        return host


def _is(asked: _Asked, known: Known) -> bool:
    if asked.address:
        return asked.address == known.address.casefold() or asked.address == known.handle.lstrip("@").casefold()
    if asked.handle:
        return asked.handle in _handles(known)
    return (asked.host, asked.path) in {
        _plain_link(link) for link in (known.link, _federated(known.handle), known.site) if link
    }


def _handles(known: Known) -> set[str]:
    """A handle as people write it: whole, and without the server of a federated one."""
    whole = known.handle.strip().lstrip("@").casefold()
    return (
        {whole, whole.split("@")[0]} - {""}
        if "@" not in known.address or whole != known.address.casefold()
        else {whole} - {""}
    )


def _federated(handle: str) -> str:
    """The address of "@name@server"."""
    found = re.fullmatch(r"@?([^@\s]+)@([^@\s]+\.[^@\s]+)", handle)
    return f"https://{found[2]}/@{found[1]}" if found and handle.startswith("@") else ""


def _own_site(asked: _Asked, ours: Sequence[Known]) -> Verdict | None:
    """A page or mailbox under a website of ours, though not one of the accounts."""
    host = asked.host or asked.address.partition("@")[2]
    for known in ours:
        site = _plain_link(known.site)[0] if known.site else ""
        if site and (host == site or host.endswith(f".{site}")):
            if asked.address:
                why = f"This address is at {known.name}, but it is not one of the accounts listed here. Check before you use it."
                return Verdict(Answer.NEARLY, why, known)
            return Verdict(Answer.YES, f"Yes. This is a page of {known.name}.", known)
    return None


def _other_network(asked: _Asked, ours: Sequence[Known]) -> Verdict | None:
    """A name of ours, but somewhere we have no such account."""
    name = asked.path.strip("/").split("/")[-1] if asked.host else asked.address.partition("@")[0]
    for known in ours:
        if name and name in _handles(known) | {known.address.partition("@")[0].casefold()}:
            where = asked.host or asked.address.partition("@")[2]
            why = f"Take care. {known.name} has this name elsewhere, but we have no such account at {where}."
            return Verdict(Answer.NEARLY, why, known)
    return None


def _look_alike(asked: _Asked, ours: Sequence[Known]) -> Verdict | None:
    for known in ours:
        for mine in _names(known):
            for theirs in _parts(asked):
                if _looks_like(theirs, mine):
                    why = f"No, take care. This looks like {known.name} but it is not: ours is {mine}."
                    return Verdict(Answer.NEARLY, why, known)
    return None


def _names(known: Known) -> Iterable[str]:
    hosts = [_plain_link(known.site)[0]] if known.site else []
    handle = known.handle.lstrip("@").casefold()
    return [
        name for name in (*hosts, handle, known.address.casefold(), known.address.casefold().partition("@")[2]) if name
    ]


def _parts(asked: _Asked) -> Iterable[str]:
    whole = (
        asked.host,
        asked.handle,
        asked.address,
        asked.address.partition("@")[2],
        asked.path.strip("/").split("/")[-1],
    )
    return [part for part in whole if part]


def _looks_like(theirs: str, mine: str) -> bool:
    """Alike at a glance, a letter or two out, or ours used as bait within a longer address."""
    if theirs == mine or len(mine) < LEAST_CHARS:
        return False
    plain_theirs, plain_mine = _plain(theirs), _plain(mine)
    if plain_theirs == plain_mine or _distance(plain_theirs, plain_mine) <= min(NEAR_LETTERS, len(plain_mine) // 4):
        return True
    return len(plain_mine) >= LEAST_CHARS_OF_BAIT and plain_mine in plain_theirs


def _plain(text: str) -> str:
    """What is left of a name at a glance."""
    flat = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    alike = flat.translate(_LOOKS)
    return re.sub(r"[-_.\s]", "", alike.replace("rn", "m").replace("vv", "w").replace("cl", "d"))


def _distance(one: str, other: str) -> int:
    """Letters to change, add, leave out or swap to make one from the other."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
