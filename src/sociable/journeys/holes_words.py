"""Says in a notice which holes came near and which are closed: who reads it knows where to look first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sociable.directory import queries as directory
from sociable.directory.health_models import Concern
from sociable.domain.worktime.wording import stretch_words

MOST_NAMED = 30
NOBODY, TOO_FEW = "nobody trained is in", "too few trained people are in"


def subject(concerns: Sequence[Concern]) -> str:
    """This function will say in one line what the mail is about, what is open first."""
    open_still = [one for one in concerns if one.over_at is None]
    accounts = {one.account_id: one.account.name for one in open_still or concerns}
    name = next(iter(accounts.values()))
    if not open_still:
        return f"{name}: covered again" if len(accounts) == 1 else f"{len(accounts)} accounts are covered again"
    if len(open_still) == 1:
        return f"{name}: {_how_many(open_still[0])} on {_day(open_still[0])}"
    return f"{name if len(accounts) == 1 else f'{len(accounts)} accounts'}: {_on_days(open_still, len(accounts) == 1)}"


def _how_many(concern: Concern) -> str:
    """Nobody, where at some time of the day there is nobody; else how few, where most are missing."""
    if _has_nobody(concern):
        return NOBODY
    worst = max(_spans(concern), key=lambda one: one["missing"])
    return f"{TOO_FEW} ({_of_needed(worst)})"


def _on_days(concerns: Sequence[Concern], of_one_account: bool) -> str:
    empty = sum(_has_nobody(one) for one in concerns)
    few = len(concerns) - empty
    if not of_one_account:
        how = NOBODY if not few else TOO_FEW if not empty else "nobody trained is in, or too few,"
        return f"{how} at some hours"
    if empty and few:
        return f"{NOBODY} on {_days(empty)}, and too few on {_days(few)}"
    return f"{NOBODY if empty else TOO_FEW} on {_days(empty or few)}"


def _days(number: int) -> str:
    return f"{number} day{'' if number == 1 else 's'}"


def _spans(concern: Concern) -> list[dict[str, Any]]:
    return list(json.loads(concern.words)["spans"])


def _has_nobody(concern: Concern) -> bool:
    return any(not _is_in(one) for one in _spans(concern))


def _is_in(span: dict[str, Any]) -> int:
    return int(span.get("in", 0))  # noted before it was counted: nobody


def _of_needed(span: dict[str, Any]) -> str:
    return f"{_is_in(span)} of {_is_in(span) + span['missing']} needed"


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
    for one in _spans(concern):
        begins, ends = (datetime.fromisoformat(one[end]).astimezone(zone) for end in ("from", "to"))
        few = f"{_of_needed(one)}; " if _is_in(one) else ""
        why = f": {few}{one['why']}" if with_why else ""
        yield f"- {concern.account.name}, {_day(concern)}, {stretch_words(begins, ends)}{why}"


def _day(concern: Concern) -> str:
    zone = ZoneInfo(directory.zone_of(concern.account))
    on = datetime.fromisoformat(_spans(concern)[0]["from"]).astimezone(zone)
    return f"{on:%A} {on.day} {on:%B}"
