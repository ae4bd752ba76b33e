"""Decides how far an account has been read, as one line of text that is kept between fetches.

X hands out the newest first, a page at a time. What lies between the last page taken and what was read before is a gap; the
place remembers it, so that neither a restart nor a pause in the middle loses what is in it. Leaves asking X to `reading`.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Self

MOST_WATCHED = 100  # as many as X looks up at once


@dataclass
class Gap:
    """How far one kind of thing was read.

    Shape:  all up to `since` is read, as is all from `until` to `newest`; `token` names the next page of the gap between, where
            X pages by tokens alone; nothing up to `floor` is ever taken; `paused_until` is in seconds of X's own clock
    """

    since: int = 0
    floor: int = 0
    until: int = 0
    newest: int = 0
    token: str = ""
    paused_until: int = 0

    @property
    def is_open(self) -> bool:
        return bool(self.until or self.token)

    def took(self, ids: list[int], *, more: bool, token: str = "") -> None:
        """Note a page, and whether there is more below it; an empty one may have more below it too."""
        self.newest = max([self.newest, *ids])
        if more and (ids or token):
            self.until, self.token = min(ids, default=self.until), token
        else:
            self.since, self.until, self.newest, self.token = max(self.since, self.newest), 0, 0, ""


@dataclass
class Place:
    """How far an account was read, which posts are looked at again, and in which words X is asked."""

    account: str = ""
    gaps: dict[str, Gap] = field(default_factory=dict)
    watched: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    rounds: int = 0
    spoken: str = ""

    @classmethod
    def read(cls, cursor: str, account: str) -> Self:
        """Return the place that a cursor names; another account's, or one that cannot be read, is the very beginning."""
        try:
            kept = json.loads(cursor)
            gaps = {str(name): _gap(value) for name, value in kept["gaps"].items()}
            place = cls(
                account=str(kept["account"]),
                gaps=gaps,
                watched=[str(each) for each in kept["watched"]],
                heard=[str(each) for each in kept["heard"]],
                rounds=int(kept["rounds"]),
                spoken=str(kept["spoken"]),
            )
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls(account=account)
        return place if place.account == account else cls(account=account)

    def gap(self, name: str) -> Gap:
        """Return how far one kind of thing was read."""
        return self.gaps.setdefault(name, Gap())

    def watch(self, ids: list[str]) -> None:
        """Remember posts as read, and worth a second look: their authors may take them back."""
        self.watched = _newest({*self.watched, *ids})

    def hear(self, ids: list[str]) -> None:
        """Remember messages as read."""
        self.heard = _newest({*self.heard, *ids})

    def cursor(self) -> str:
        """Return the place as text."""
        return json.dumps(asdict(self), separators=(",", ":"))


def _newest(ids: set[str]) -> list[str]:
    """The newest of some ids, which X numbers one after another."""
    return sorted(ids, key=lambda each: (len(each), each))[-MOST_WATCHED:]


def _gap(kept: dict[str, Any]) -> Gap:
    numbers = ("since", "floor", "until", "newest", "paused_until")
    return Gap(**{name: int(kept[name]) for name in numbers}, token=str(kept["token"]))
