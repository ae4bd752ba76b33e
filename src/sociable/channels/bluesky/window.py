"""Decides what is new, changed or gone in a listing that shows the newest first and can only be read downwards.

Leaves asking for the pages to whoever knows the listing. What arrives late may stand below what was seen before, and what
was listed may be removed; so a whole page is looked at each time, and what stood there the last time is remembered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

MOST_REMEMBERED = 200  # twice the longest page
HIDDEN = "-"  # the version of what is not listed and yet not gone


@dataclass(frozen=True, slots=True)
class Sight:
    """One thing as it stands in a listing. `at` sorts as the listing does; another `version` means that it was changed."""

    key: str
    version: str
    at: str


@dataclass(frozen=True, slots=True)
class Window:
    """How far a listing has been read. While a pass goes down, `page` is where it goes on and `passing` what it met.

    `mark` is the newest of the last whole pass, `seen` what stood in its window.
    """

    mark: str = ""
    seen: Mapping[str, Sight] = field(default_factory=dict)
    page: str = ""
    passing: Mapping[str, Sight] = field(default_factory=dict)

    @classmethod
    def read(cls, kept: Any) -> Self:
        """Return the window that `kept` describes; nothing means from the start."""
        kept = kept if isinstance(kept, dict) else {}
        seen, passing = (
            {key: Sight(key, *facts) for key, facts in kept.get(name, {}).items()} for name in ("seen", "passing")
        )
        return cls(kept.get("mark", ""), seen, kept.get("page", ""), passing)

    def kept(self) -> dict[str, Any]:
        """Return what `read` takes, as JSON has it."""
        told = {
            "mark": self.mark,
            "seen": {key: (sight.version, sight.at) for key, sight in self.seen.items()},
            "page": self.page,
            "passing": {key: (sight.version, sight.at) for key, sight in self.passing.items()},
        }
        return {name: value for name, value in told.items() if value}

    def hiding(self, keys: Iterable[str], before: "Window") -> "Window":
        """Return the window that remembers what is not listed any more and yet not gone, so that it is not asked for again."""
        hidden = {key: replace(before.seen[key], version=HIDDEN) for key in keys}
        return replace(self, seen=dict(self.seen) | hidden)


@dataclass(frozen=True, slots=True)
class Step:
    """What one page told: keys that are new, changed, and not there any more (only once a pass is whole), and where we stand."""

    new: tuple[str, ...]
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    window: Window
    more: bool


def everything(listed: Sequence[Sight]) -> Window:
    """Return the window in which all that is listed now counts as seen."""
    return Window(max((sight.at for sight in listed), default=""), {sight.key: sight for sight in listed})


def look(window: Window, listed: Sequence[Sight], next_page: str) -> Step:
    """Return what a page tells, and where to go on.

    Shape:  `listed` newest first, from where `window.page` points; `next_page` is empty at the end of the listing
    """
    known = {**window.seen, **window.passing}
    new = tuple(sight.key for sight in listed if sight.key not in known)
    changed = tuple(sight.key for sight in listed if known.get(sight.key, sight).version not in {sight.version, HIDDEN})
    met = dict(window.passing) | {sight.key: sight for sight in listed}
    whole = not next_page or (bool(window.mark) and any(sight.at <= window.mark for sight in listed))
    if not whole:
        return Step(new, changed, (), replace(window, page=next_page, passing=met), more=True)
    missing = _missing(window, met, lowest="" if not next_page else min(sight.at for sight in listed))
    mark = max([window.mark, *(sight.at for sight in met.values())])
    return Step(new, changed, missing, Window(mark, _newest(met, window)), more=False)


def _missing(window: Window, met: Mapping[str, Sight], lowest: str) -> tuple[str, ...]:
    """What stood above the lowest of this pass and is not there: only there would it have been listed again."""
    return tuple(
        key for key, sight in window.seen.items() if key not in met and sight.at > lowest and sight.version != HIDDEN
    )


def _newest(met: Mapping[str, Sight], window: Window) -> dict[str, Sight]:
    """What to remember: what was met, and what lies hidden among it."""
    hidden = {key: sight for key, sight in window.seen.items() if key not in met and sight.version == HIDDEN}
    kept = sorted([*met.values(), *hidden.values()], key=lambda sight: (sight.at, sight.key), reverse=True)
    return {sight.key: sight for sight in kept[:MOST_REMEMBERED]}
