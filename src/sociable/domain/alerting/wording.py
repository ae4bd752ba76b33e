"""Says why somebody is told, and who was passed over; who that is, is decided by chain."""

from __future__ import annotations

from collections.abc import Sequence

from sociable.domain.alerting.situation import Situation, Standing
from sociable.domain.alerting.somebody import Somebody


def passed_over(situation: Situation, standing: Standing, fresh: Sequence[Somebody]) -> list[str]:
    """This function will say of whoever stands so why none of them is told."""
    if standing is Standing.HOLDER or (standing is Standing.NAMED and situation.duty):
        return []
    if standing is Standing.DUTY and not situation.duty:
        return [f"Nobody is on duty for {situation.account}."]
    if standing is Standing.NAMED and situation.named is None:
        return ["Nobody is named for when nobody is on duty."]
    return [f"{one.name} {_standing_words(standing)}, and is not at work now." for one in fresh]


def _standing_words(standing: Standing) -> str:
    return {
        Standing.HOLDER: "has it in hand",
        Standing.DUTY: "is on duty",
        Standing.NAMED: "is named for when nobody is on duty",
        Standing.COVER: "is ready for this account",
        Standing.LEAD: "plans who covers this account",
    }[standing]


def why(standing: Standing, situation: Situation) -> str:
    """This function will say to somebody why they are told."""
    if standing in situation.whys:
        return situation.whys[standing]
    account, minutes = situation.account, round(situation.policy.step.total_seconds() / 60)
    passed_by = f"nobody has acknowledged within {minutes} working minute{'' if minutes == 1 else 's'}"
    return {
        Standing.HOLDER: "You have this request in hand.",
        Standing.DUTY: f"You are on duty for {account}.",
        Standing.NAMED: f"Nobody is on duty for {account} now, and you are named for that.",
        Standing.COVER: f"You are ready for {account} and at work, and {passed_by}.",
        Standing.LEAD: f"You plan who covers {account}, and {passed_by}.",
    }[standing]
