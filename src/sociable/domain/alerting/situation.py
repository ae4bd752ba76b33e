"""Knows one account at one instant: who has the request, who is on duty, named, ready or leads, and how its people are told.

Who of them is told now is decided by chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import IntEnum

from sociable.domain.alerting.somebody import Somebody
from sociable.domain.worktime import Calendar

NOT_BEGUN = -1


class Standing(IntEnum):
    """What somebody is to a request: the chain climbs from the first to the last."""

    HOLDER = 0
    DUTY = 1
    NAMED = 2
    COVER = 3
    LEAD = 4


@dataclass(frozen=True, slots=True)
class Policy:
    """How an account wants its people told. `quiet` counts only where it states no hours."""

    step: timedelta = timedelta(minutes=10)
    surge_most: int = 5
    surge_within: timedelta = timedelta(minutes=10)
    quiet: tuple[time, time] = (time(18), time(8))


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the rule knows of one account at one instant. `whys` say why somebody is told where it is not for the usual reason."""

    account: str
    calendar: Calendar | None
    policy: Policy = Policy()
    zone: str = "Europe/London"
    holder: Somebody | None = None
    duty: tuple[Somebody, ...] = ()
    named: Somebody | None = None
    cover: tuple[Somebody, ...] = ()
    leads: tuple[Somebody, ...] = ()
    whys: Mapping[Standing, str] = field(default_factory=dict)

    def rung(self, standing: Standing) -> tuple[Somebody, ...]:
        """This function will list who stands so; each person once, where they stand first. Named is only where nobody is on duty.

        Shape:  a lead of whom no hours are known stands as lead too, since as cover nobody could say that they are at work
        """
        everybody: dict[Standing, Sequence[Somebody]] = {
            Standing.HOLDER: [self.holder] if self.holder else [],
            Standing.DUTY: self.duty,
            Standing.NAMED: [self.named] if self.named and not self.duty else [],
            Standing.COVER: self.cover,
            Standing.LEAD: self.leads,
        }
        before = {one.key for lower in Standing if lower < standing for one in everybody[lower]}
        only_here = standing is Standing.LEAD
        return tuple(one for one in everybody[standing] if one.key not in before or (only_here and not one.hours.known))
