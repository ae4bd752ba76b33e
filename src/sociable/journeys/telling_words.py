"""Says in an email what is wrong with accounts and what is well again: who reads it knows at once whether to act."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

from sociable.directory import queries as directory
from sociable.directory.health_models import Concern
from sociable.domain.saying import moment_near
from sociable.people.models import Person

MOST_NAMED = 20
_HEADS = {
    Concern.Kind.TROUBLE: "Not heard just now",
    Concern.Kind.ENDING: "Log-ins that end soon",
    Concern.Kind.QUIET: "Webhooks that went quiet",
    Concern.Kind.READINESS: "Sign-offs that end soon",
    Concern.Kind.LEARNING: "Learning that was to be over",
}
_MEANS = {
    Concern.Kind.TROUBLE: (
        "Nothing that residents write is lost: it is fetched when the network answers again, and the clock of each request "
        "starts when the network took it. We try again all the time and will tell you when it has recovered."
    ),
    Concern.Kind.ENDING: "Connect these accounts anew before, and nothing is missed.",
    Concern.Kind.QUIET: "See in the network's own settings that it still has our webhook address.",
    Concern.Kind.READINESS: "Renew them before, or the hours these people cover have a hole.",
    Concern.Kind.LEARNING: "Until then the public reads that they are still learning, without a day.",
}
_SUBJECTS = {
    Concern.Kind.TROUBLE: ("is not heard", "are not heard"),
    Concern.Kind.ENDING: ("needs a new log-in", "need a new log-in"),
    Concern.Kind.QUIET: ("is no longer called by its network", "are no longer called by their networks"),
    Concern.Kind.READINESS: ("has a sign-off that ends soon", "have sign-offs that end soon"),
    Concern.Kind.LEARNING: ("was to have finished learning", "were to have finished learning"),
}
_OF_COVER = {
    Concern.Kind.READINESS: ("Who is ready", "planning:ready"),
    Concern.Kind.LEARNING: ("Their stages", "office:accounts"),
}


def subject(concerns: Sequence[Concern]) -> str:
    """This function will say in one line what the mail is about, the worst first."""
    for kind, words in _SUBJECTS.items():
        if these := [one for one in concerns if one.kind == kind and one.over_at is None]:
            return _counted(these, *words)
    return _counted(concerns, "is heard again", "are heard again")


def _counted(concerns: Sequence[Concern], one: str, many: str) -> str:
    accounts = {concern.account_id: concern.account.name for concern in concerns}
    return f"{next(iter(accounts.values()))} {one}" if len(accounts) == 1 else f"{len(accounts)} accounts {many}"


def text(person: Person, concerns: Sequence[Concern], now: datetime) -> str:
    """This function will say what is wrong, what is well again, what it means and where to look."""
    parts = [f"Hello {person.first_name},"]
    for kind, head in _HEADS.items():
        if these := [one for one in concerns if one.kind == kind and one.over_at is None]:
            parts += [f"{head}:", *_listed([_going(one, now) for one in these]), _MEANS[kind]]
    if over := [one for one in concerns if one.over_at is not None]:
        parts += ["Heard again:", *_listed([_over(one, now) for one in over])]
    parts += _where_to_look(concerns)
    parts.append(
        "You get this because you own these accounts in Sociable, stand in for who does, or administer their body."
    )
    return "\n\n".join(parts) + "\n"


def _where_to_look(concerns: Sequence[Concern]) -> list[str]:
    kinds = {Concern.Kind(one.kind) for one in concerns}
    places = dict.fromkeys(_OF_COVER.get(kind, ("How all accounts are", "office:connections")) for kind in kinds)
    return [f"{words}: {settings.PUBLIC_URL}{reverse(name)}" for words, name in sorted(places)]


def _listed(lines: Sequence[str]) -> Iterator[str]:
    more = [f"- and {len(lines) - MOST_NAMED} more"] if len(lines) > MOST_NAMED else []
    yield "\n".join([*(f"- {line}" for line in lines[:MOST_NAMED]), *more])


def _going(concern: Concern, now: datetime) -> str:
    zone = directory.zone_of(concern.account)
    if concern.kind == Concern.Kind.ENDING:
        ends_at = datetime.fromisoformat(concern.words).astimezone(ZoneInfo(zone))
        days = (ends_at - now) // timedelta(days=1)
        when = "ended" if ends_at <= now else "ends within a day" if days < 1 else f"ends in {days} days"
        return f"{concern.account.name}: {when}, {ends_at:%-d %B %Y at %H:%M}"
    if concern.kind in _OF_COVER:
        return f"{concern.account.name}: {concern.words}"
    return f"{concern.account.name}, since {moment_near(concern.began_at, now, zone)}: {concern.words}"


def _over(concern: Concern, now: datetime) -> str:
    zone = directory.zone_of(concern.account)
    until = moment_near(concern.over_at or now, now, zone)
    return f"{concern.account.name}, from {moment_near(concern.began_at, now, zone)} to {until}"
