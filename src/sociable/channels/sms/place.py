"""Decides how far received texts have been read, as one line of text that is kept between fetches.

Notify hands out the newest first. What lies between the last one taken and what was read before is a gap; the place remembers
it, so that neither a restart nor a pause in the middle loses what is in it. Leaves asking Notify to the adapter.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Self

MOST_REMEMBERED = 500
# Notify may list a text some moments after it came, behind a later one: the moments before the newest are read again.
LISTED_WITHIN = timedelta(minutes=2)


@dataclass
class Place:
    """All up to `since` was read, as was all from the text with the id `until` to `newest`; instants as Notify wrote them.

    Shape:  `heard` has the texts of the last moments before the newest, by id with their instant
    """

    service: str = ""
    since: str = ""
    until: str = ""
    newest: str = ""
    heard: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, cursor: str, service: str) -> Self:
        """Return the place that a cursor names; another service's, or one that cannot be read, is the very beginning."""
        try:
            kept = json.loads(cursor)
            words = {name: str(kept[name]) for name in ("service", "since", "until", "newest")}
            place = cls(**words, heard={str(each): str(at) for each, at in kept["heard"].items()})
        except (AttributeError, KeyError, TypeError, ValueError):
            return cls(service=service)
        return place if place.service == service else cls(service=service)

    def below(self) -> datetime | None:
        """Return the instant up to which nothing is new."""
        return _shortly_before(self.since)

    def took(self, texts: dict[str, str], last: str, *, more: bool) -> None:
        """Note the texts of a page, by id with their instants, the id of the last of them, and whether there is more below it."""
        self.newest = max([self.newest, *texts.values()])
        if more:
            self.until = last
        else:
            self.since, self.until = max(self.since, self.newest), ""
        self._remember(texts)
        self.newest = self.newest if more else ""

    def _remember(self, texts: dict[str, str]) -> None:
        edge = _shortly_before(max(self.since, self.newest))
        kept = {each: at for each, at in {**self.heard, **texts}.items() if edge is None or not _is_before(at, edge)}
        self.heard = dict(sorted(kept.items(), key=lambda each: each[1])[-MOST_REMEMBERED:])

    def cursor(self) -> str:
        """Return the place as text."""
        return json.dumps(asdict(self), separators=(",", ":"))


def _shortly_before(instant: str) -> datetime | None:
    try:
        return datetime.fromisoformat(instant) - LISTED_WITHIN
    except ValueError:
        return None


def _is_before(instant: str, edge: datetime) -> bool:
    try:
        return datetime.fromisoformat(instant) < edge
    except (TypeError, ValueError):
        return False
