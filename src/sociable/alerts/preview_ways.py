"""Plays a made-up request through each way it may go: to whom the net hands it, how its chain climbs, and who is told when.

The rules are those by which it then happens: domain/net and domain/alerting. Ways that have come to the same are followed as one.
When the net looks, and who is there, is read by preview_net.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sociable.alerts import words
from sociable.alerts.preview_net import Handing, Kept, Looks, Rota, after_these, kept_by
from sociable.domain import alerting, net
from sociable.domain.alerting import NOT_BEGUN, Carried, Situation, Telling
from sociable.domain.net import Hand, Holder

MOST_STEPS = 12
MOST_WAYS = 500
"""Where a request may go in more ways, what comes after is not followed."""


@dataclass(frozen=True, slots=True)
class Way:
    """How far a request has come in one way it may go: who has it, who was handed it, and how its chain stands.

    Shape:  `unable` is how many had been handed it when it was said that nobody can take it, -1: that was not said; `mark` numbers
            the moment at which its chain began, -1: none yet
    """

    kept: Kept | None = None
    had: frozenset[int] = frozenset()
    unable: int = -1
    mark: int = -1
    step: int = NOT_BEGUN
    told: frozenset[int] = frozenset()
    next_at: datetime | None = None
    steps: int = 0


@dataclass(slots=True)
class Mark:
    """A moment at which chains begin: `said` is what then happens at which time in the ways it may go, and `among` how many these are."""

    at: datetime
    kind: str
    handing: Handing | None = None
    said: dict[datetime, list[Telling]] = field(default_factory=lambda: defaultdict(list))
    among: dict[datetime, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Passed:
    """A way in which nobody at work has it when the net looks: who had it, and who of those on duty could take it."""

    way: Way
    holder: Holder | None
    hands: Sequence[Hand]

    @property
    def able(self) -> list[Hand]:
        return net.able(self.hands)


class Ways:
    """All ways a request may go, each with who was told in it for sure, by id, and when at the latest for the first time."""

    def __init__(self, rota: Rota, hold: timedelta) -> None:
        self._rota, self._hold = rota, hold
        self._ways: dict[Way, dict[int, datetime]] = {Way(): {}}
        self.marks: list[Mark] = []
        self.followed_until: datetime | None = None

    def __len__(self) -> int:
        return len(self._ways)

    @property
    def kept(self) -> set[Kept | None]:
        """Who may have it now."""
        return {way.kept for way in self._ways}

    @property
    def surely(self) -> dict[int, datetime]:
        """By when each is told who is told in every way it may go, be it sooner in some of them."""
        firsts = list(self._ways.values())
        return {key: max(one[key] for one in firsts) for key in firsts[0] if all(key in one for one in firsts)}

    def warn(self, kind: str, now: datetime) -> None:
        """An instant of the promise comes: whatever chain runs, it begins as high as that had climbed."""
        self.marks.append(Mark(now, kind))
        ways, self._ways = self._ways, {}
        for way, firsts in ways.items():
            carried = Carried(way.step, way.next_at) if way.mark >= 0 else None
            self._begin(way, firsts, self._rota.with_it(way.kept, now), now, carried)

    def look(self, now: datetime, most: int) -> None:
        """The net looks: where nobody at work has it, it goes to any of those who can take it, or is said to be with nobody."""
        hands, ways = self._rota.hands(now), self._ways
        passed = [one for way in ways if (one := self._passed(way, hands, now)) is not None]
        if not passed:
            return
        gone = {one.way for one in passed}
        self._ways = {way: firsts for way, firsts in ways.items() if way not in gone}
        handing = self._handing(passed, hands, now, most)
        self.marks.append(Mark(now, words.HANDED_ON if handing.able else words.NOBODY, handing))
        for one in passed:
            self._pass_on(one, ways[one.way], now)

    def climb(self, until: datetime | None) -> None:
        """Time passes, and nobody acknowledges."""
        ways, self._ways = self._ways, {}
        among = Counter(way.mark for way in ways)
        for begun, known in ways.items():
            way, firsts = begun, known
            while way.next_at is not None and (until is None or way.next_at < until) and way.steps < MOST_STEPS:
                now = way.next_at
                telling = alerting.tell_on(self._rota.with_it(way.kept, now), way.step, now, way.told)
                way = self._told(way, telling, now, among[way.mark])
                firsts = _with(firsts, telling, now)
            self._add(way, firsts)

    def _passed(self, way: Way, hands: Sequence[Hand], now: datetime) -> _Passed | None:
        holder = self._rota.holder(way.kept, now)
        if holder is not None and holder.is_at_work:
            return None
        one = _Passed(way, holder, after_these(hands, way.had))
        return None if not one.able and way.unable == len(way.had) else one

    def _handing(self, passed: Sequence[_Passed], hands: Sequence[Hand], now: datetime, most: int) -> Handing:
        had = frozenset.intersection(*(one.way.had for one in passed))
        able = [bool(one.able) for one in passed]
        stays = bool(self._ways)
        return Handing(
            now, now + self._hold, tuple(after_these(hands, had)), most,
            or_nobody=any(able) and not all(able), only_from=_who_had_it(passed) if stays else (),
        )  # fmt: skip

    def _pass_on(self, one: _Passed, firsts: Mapping[int, datetime], now: datetime) -> None:
        situation = self._rota.situation(now)
        for to in one.able:
            somebody = next(each for each in situation.duty if each.key == to.key)
            kept, had = kept_by(to, now, self._hold), one.way.had | {to.key}
            stands = net.handed(situation, somebody, net.before_words(one.holder))
            self._begin(replace(one.way, kept=kept, had=had), firsts, stands, now)
        if not one.able:
            self._begin(replace(one.way, unable=len(one.way.had)), firsts, net.to_nobody(situation, one.hands), now)

    def _begin(
        self, way: Way, firsts: Mapping[int, datetime], stands: Situation, now: datetime, carried: Carried | None = None
    ) -> None:
        telling = alerting.tell_on(stands, NOT_BEGUN, now, (), carried)
        begun = replace(way, mark=len(self.marks) - 1, told=frozenset(), steps=0)
        among = self.marks[-1].among.get(now, 0) + 1
        self._add(self._told(begun, telling, now, among), _with(firsts, telling, now))

    def _told(self, way: Way, telling: Telling, now: datetime, among: int) -> Way:
        mark = self.marks[way.mark]
        mark.said[now].append(telling)
        mark.among[now] = among
        told = way.told | {one.who.key for one in telling.told}
        return replace(way, step=telling.step, told=told, next_at=telling.next_at, steps=way.steps + 1)

    def _add(self, way: Way, firsts: dict[int, datetime]) -> None:
        """Follow a way; one that has come to the same is the same from here on."""
        other = self._ways.get(way, firsts)
        self._ways[way] = {key: max(at, other[key]) for key, at in firsts.items() if key in other}


def play(rota: Rota, looks: Looks, warnings: Sequence[tuple[str, datetime]], hold: timedelta) -> Ways:
    """This function will play a request through until its last instant, or until it may go in too many ways.

    Shape:  instants of the promise ascending; what is handed on at one comes after it
    """
    ways, left = Ways(rota, hold), deque(warnings)
    while left or looks.at is not None:
        if looks.at is None or (left and left[0][1] <= looks.at):
            ways.warn(*left.popleft())
        else:
            ways.look(looks.at, looks.most)
            looks.again(ways.kept)
        nexts = [at for at in (left[0][1] if left else None, looks.at) if at is not None]
        ways.climb(min(nexts, default=None))
        if len(ways) > MOST_WAYS and nexts:
            ways.followed_until = min(nexts)
            break
    return ways


def _with(firsts: Mapping[int, datetime], telling: Telling, now: datetime) -> dict[int, datetime]:
    return {one.who.key: now for one in telling.told} | dict(firsts)


def _who_had_it(passed: Iterable[_Passed]) -> tuple[Kept, ...]:
    return tuple(sorted({one.way.kept for one in passed if one.way.kept is not None}, key=lambda kept: kept.since_at))
