"""Decides how an account may move between its stages, what is missing for a move, and for which of it a reason is enough.

How many are ready, what is stated and which hours are covered is found out by whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from sociable.domain.errors import DomainError
from sociable.domain.worktime.wording import length_words

ENOUGH = 2  # with one trained person leave and sickness alone leave about 15 % of days with nobody; with two, 2.4 %
WEEKS = 4
HALF_HOUR = timedelta(minutes=30)
LONGEST_LEARNING = timedelta(days=366)


class Stage(StrEnum):
    """Where an account stands."""

    PROPOSED = "proposed"
    LEARNING = "learning"
    LIVE = "live"
    RESTING = "resting"
    CLOSED = "closed"


# The one table of moves, in the order in which they are offered. docs/how-to/move-an-account-to-live.md is checked against it.
MOVES: dict[Stage, tuple[Stage, ...]] = {
    Stage.PROPOSED: (Stage.LEARNING, Stage.LIVE, Stage.CLOSED),
    Stage.LEARNING: (Stage.LIVE, Stage.LEARNING, Stage.RESTING, Stage.CLOSED),
    Stage.LIVE: (Stage.LEARNING, Stage.RESTING, Stage.CLOSED),
    Stage.RESTING: (Stage.LIVE, Stage.LEARNING, Stage.CLOSED),
    Stage.CLOSED: (Stage.PROPOSED,),
}


class MoveRefused(DomainError):
    """An account cannot move there yet, or not without a reason; `of` names what it is about."""

    def __init__(self, message: str, of: str = "to") -> None:
        super().__init__(message)
        self.of = of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an account that is to move.

    Shape:  `uncovered` of `needed` are half hours of the next four weeks, as the published rota has them; an account that is
            answered from another is `covered_elsewhere`
    """

    ready: int
    uncovered: int
    needed: int
    states_hours: bool
    promises: bool
    is_connected: bool
    has_other_ways: bool
    waiting: int
    answers_for: tuple[str, ...]
    today: date
    covered_elsewhere: bool = False


class Lack(StrEnum):
    """What can be missing for a move."""

    CONNECTED = "connected"
    TRAINED = "trained"
    SECOND = "second"
    COVER = "cover"
    HOURS = "hours"
    PROMISE = "promise"
    OTHER_WAYS = "other_ways"
    WAITING = "waiting"
    ANSWERS_FOR = "answers_for"


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is missing, as a sentence. Where it `bars`, no reason is enough."""

    lack: Lack
    words: str
    bars: bool = False


def moves(stage: Stage) -> tuple[Stage, ...]:
    """This function will list the stages to which an account may move."""
    return MOVES[stage]


def missing(to: Stage, facts: Facts) -> tuple[Missing, ...]:
    """This function will say all that is missing for a move, what bars it first; nothing where all is there."""
    found = [lack for each in _ASKED.get(to, ()) if (lack := each(facts)) is not None]
    return tuple(sorted(found, key=lambda one: not one.bars))


def check_move(now_is: Stage, to: Stage, facts: Facts, *, until_on: date | None = None, reason: str = "") -> None:
    """This function will raise MoveRefused where an account may not move, or not without a reason.

    Shape:  `until_on` is the day until which it is to be learning
    Errors: MoveRefused
    """
    if to not in MOVES[now_is]:
        raise MoveRefused(f"It is {now_is} and cannot become {to} from there.")
    if to is Stage.LEARNING:
        _check_until(until_on, facts.today)
    lacks = missing(to, facts)
    if bars := [one.words for one in lacks if one.bars]:
        raise MoveRefused(" ".join(bars))
    if lacks and not reason.strip():
        raise MoveRefused("Something is missing, see above. Say why it is to move all the same.", of="reason")


def _check_until(until_on: date | None, today: date) -> None:
    if until_on is None:
        raise MoveRefused("Say until when it is learning: the public is told.", of="learning_until_on")
    if until_on <= today:
        raise MoveRefused(
            "Choose a day to come: until then the public reads that it is learning.", of="learning_until_on"
        )
    if until_on > today + LONGEST_LEARNING:
        raise MoveRefused("Choose a day within a year; it can be moved on later.", of="learning_until_on")


# -- What can be missing ---------------------------------------------------------------------------------------------------


def _connected(facts: Facts) -> Missing | None:
    words = "It is not connected to its channel, so nothing that residents write there is heard."
    return None if facts.is_connected else Missing(Lack.CONNECTED, words, bars=True)


def _connected_later(facts: Facts) -> Missing | None:
    lack = _connected(facts)
    return Missing(lack.lack, lack.words) if lack else None


def _trained(facts: Facts) -> Missing | None:
    if facts.covered_elsewhere or facts.ready >= ENOUGH:
        return None
    if not facts.ready:
        return Missing(Lack.TRAINED, "Nobody is signed off for it.", bars=True)
    words = "Only one person is signed off for it: leave and sickness will leave many days with nobody. Two are usual."
    return Missing(Lack.SECOND, words)


def _cover(facts: Facts) -> Missing | None:
    if facts.covered_elsewhere or not facts.uncovered:
        return None
    needed, uncovered = (length_words(many * HALF_HOUR) for many in (facts.needed, facts.uncovered))
    words = (
        f"It needs people for {needed} in the next four weeks, and for {uncovered} of that the published rota has too few who "
        "are ready and in."
    )
    return Missing(Lack.COVER, words)


def _hours(facts: Facts) -> Missing | None:
    words = "It states no hours, so it can promise nothing and nobody knows when it is open."
    return None if facts.states_hours else Missing(Lack.HOURS, words)


def _promise(facts: Facts) -> Missing | None:
    words = "It promises nothing: residents do not learn when they can expect an answer."
    return None if facts.promises else Missing(Lack.PROMISE, words)


def _other_ways(facts: Facts) -> Missing | None:
    words = "It names no other way to ask. Its public page will have nothing to offer to whoever finds it."
    return None if facts.has_other_ways else Missing(Lack.OTHER_WAYS, words)


def _waiting(facts: Facts) -> Missing | None:
    if not facts.waiting:
        return None
    people = "1 person still waits" if facts.waiting == 1 else f"{facts.waiting} people still wait"
    return Missing(Lack.WAITING, f"{people} for an answer here. They keep their place and their time.")


def _answers_for(facts: Facts) -> Missing | None:
    if not facts.answers_for:
        return None
    words = f"What is asked of {', '.join(facts.answers_for)} is answered from here, and would wait there instead."
    return Missing(Lack.ANSWERS_FOR, words)


_ASKED: dict[Stage, tuple[Callable[[Facts], Missing | None], ...]] = {
    Stage.LEARNING: (_connected_later, _hours),
    Stage.LIVE: (_connected, _trained, _cover, _hours, _promise),
    Stage.RESTING: (_other_ways, _waiting, _answers_for),
    Stage.CLOSED: (_other_ways, _waiting, _answers_for),
}
