"""Says in a notice which holes came near and which are closed: who reads it knows where to look first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sociable.directory import queries as directory
from sociable.directory.health_models import Concern

MOST_NAMED = 30


def subject(concerns: Sequence[Concern]) -> str:
    """This function will say in one line what the mail is about, what is open first."""
    open_still = [one for one in concerns if one.over_at is None]
    accounts = {one.account_id: one.account.name for one in open_still or concerns}
    name = next(iter(accounts.values()))
    if not open_still:
        return f"{name}: covered again" if len(accounts) == 1 else f"{len(accounts)} accounts are covered again"
    if len(open_still) == 1:
        return f"{name}: nobody trained is in on {_day(open_still[0])}"
    if len(accounts) == 1:
        return f"{name}: nobody trained is in on {len(open_still)} days"
    return f"{len(accounts)} accounts: nobody trained is in at some hours"


def text(concerns: Sequence[Concern]) -> str:
    """This function will say what is open and what is closed."""
    parts = []
    if open_still := [one for one in concerns if one.over_at is None]:
        parts += ["At these stated hours too few people who are ready are in:", _listed(open_still, with_why=True)]
    if closed := [one for one in concerns if one.over_at is not None]:
        parts += ["Covered again:", _listed(closed, with_why=False)]
    parts.append(
        "You get this because you plan these accounts in Sociable. How many working days before stands in the settings of each "
        "account. What is near is told at once, the rest once a day."
    )
    return "\n\n".join(parts)


def _listed(concerns: Sequence[Concern], *, with_why: bool) -> str:
    lines = [line for one in concerns for line in _lines(one, with_why=with_why)]
    more = [f"- and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    return "\n".join([*lines[:MOST_NAMED], *more])


def _lines(concern: Concern, *, with_why: bool) -> Iterator[str]:
    zone = ZoneInfo(directory.zone_of(concern.account))
    for one in json.loads(concern.words)["spans"]:
        begins, ends = (datetime.fromisoformat(one[end]).astimezone(zone) for end in ("from", "to"))
        why = f": {one['why']}" if with_why else ""
        yield f"- {concern.account.name}, {_day(concern)}, {begins:%H:%M} to {ends:%H:%M}{why}"


def _day(concern: Concern) -> str:
    zone = ZoneInfo(directory.zone_of(concern.account))
    on = datetime.fromisoformat(json.loads(concern.words)["spans"][0]["from"]).astimezone(zone)
    return f"{on:%A} {on.day} {on:%B}"
