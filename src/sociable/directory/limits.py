"""Answers what an account's channel can carry: as its network publishes it, as its server says, as an administrator set it.

The later of these three counts. What a capability means is told in channels/base; who may set one, by the office.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import Any

from sociable.channels import registry
from sociable.channels.base import Capabilities
from sociable.directory.models import Account, Limit
from sociable.people.models import Person

# What may be set, and the unit in which it is kept.
SETTABLE: Mapping[str, str] = {
    "longest_text": "counted as the network counts",
    "longest_bytes": "bytes",
    "longest_private_text": "counted as the network counts",
    "most_parts": "messages",
    "attachments_bytes": "bytes",
    "attachments_most": "files",
    "reply_window": "seconds",
    "late_window": "seconds",
}
_DURATIONS = ("reply_window", "late_window")


@dataclass(frozen=True, slots=True)
class Stands:
    """One limit as it stands for an account, and from where and when it is known."""

    name: str
    unit: str
    value: int | None
    source: str
    as_of_on: date
    set_here: bool


def capabilities_of(account: Account, channel: str = "") -> Capabilities:
    """This function will return what a channel can carry for an account.

    Shape:  its own channel where none is named; limits are its own channel's alone
    Errors: UnknownChannel
    """
    published = registry.adapter_class(channel or account.channel).capabilities
    if channel and channel != account.channel:
        return published
    return replace(published, **{limit.name: _typed(limit) for limit in _in_force(account).values()})


def standing(account: Account) -> list[Stands]:
    """This function will list every limit of an account's channel with its source and date."""
    published = registry.adapter_class(account.channel).capabilities
    in_force = _in_force(account)
    return [_stands(name, published, in_force.get(name)) for name in SETTABLE]


def _stands(name: str, published: Capabilities, limit: Limit | None) -> Stands:
    if limit is not None:
        return Stands(name, SETTABLE[name], limit.value, limit.source, limit.as_of_on, limit.set_by_id is not None)
    value = getattr(published, name)
    seconds = int(value.total_seconds()) if isinstance(value, timedelta) else value
    return Stands(name, SETTABLE[name], seconds, published.source, published.as_of_on, set_here=False)


def _in_force(account: Account) -> dict[str, Limit]:
    """What an administrator set stands before what the server says."""
    known = {each.name for each in fields(Capabilities)}
    rows = Limit.objects.filter(account=account, name__in=known & set(SETTABLE))
    return {row.name: row for row in sorted(rows, key=lambda row: row.set_by_id is not None)}


def _typed(limit: Limit) -> Any:
    return timedelta(seconds=limit.value) if limit.name in _DURATIONS else limit.value


def read_from_server(account: Account, limits: Mapping[str, int], source: str, on: date) -> None:
    """This function will keep what an account's own server says of its limits, in place of what it said before."""
    wanted = {name: value for name, value in limits.items() if name in SETTABLE and value > 0}
    Limit.objects.filter(account=account, set_by=None).exclude(name__in=wanted).delete()
    for name, value in wanted.items():
        facts = {"value": value, "source": source[:300], "as_of_on": on}
        Limit.objects.update_or_create(account=account, name=name, set_by=None, defaults=facts)


def set_here(account: Account, name: str, value: int, *, source: str, on: date, person: Person) -> None:
    """This function will keep a limit as an administrator knows it, before whatever server or publication say."""
    facts = {"value": value, "source": source[:300], "as_of_on": on, "set_by": person}
    Limit.objects.filter(account=account, name=name).exclude(set_by=None).delete()
    Limit.objects.create(account=account, name=name, **facts)


def leave(account: Account, name: str) -> bool:
    """This function will go back to what the server or the network itself says; False where nothing else was set here."""
    return bool(Limit.objects.filter(account=account, name=name).exclude(set_by=None).delete()[0])


def stands(account: Account, name: str) -> Stands | None:
    """This function will tell one limit as it stands; None for a name that is none."""
    return next((one for one in standing(account) if one.name == name), None)
