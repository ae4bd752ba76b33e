"""Asks for time away, notes sickness, agrees, declines and takes back; why somebody is away goes on no trail and into no log.

Who may read a reason is answered by absences; what it would do to cover, by torn; calendars of others are read in calendars.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from sociable.cover import absences, days
from sociable.cover.checking import lock
from sociable.cover.models import TimeAway
from sociable.cover.queries import plans
from sociable.domain.cover.limits import span_words
from sociable.domain.cover.making import instant
from sociable.domain.errors import DomainError
from sociable.domain.worktime.zones import day_begins
from sociable.live import services as live
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed

Kind, State = TimeAway.Kind, TimeAway.State
NEEDS_NO_AGREEMENT = frozenset({Kind.SICKNESS})
LONGEST = timedelta(days=366)
FAR = timedelta(days=2 * 366)


class AwayRefused(DomainError):
    """A time away cannot be: it ends before it begins, is there already, was decided meanwhile."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A time away as somebody asks for it. Half-open, aware UTC."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    whole_days: bool = False
    private_reason: str = ""

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The stretch it lies in."""
        return self.starts_at, self.ends_at


def whole_days(kind: str, first_on: date, last_on: date, zone: str, reason: str = "") -> Asked:
    """This function will read whole days where somebody works: from the first midnight to the one after the last day.

    Units:  aware UTC; a day on which the clocks change is an hour shorter or longer
    """
    return Asked(kind, day_begins(first_on, zone), days.ends_at(last_on, zone), True, reason)


def hours(kind: str, first: tuple[date, time], last: tuple[date, time], zone: str, reason: str = "") -> Asked:
    """This function will read a part of a day, or one over midnight, as a clock on the wall shows it.

    Units:  aware UTC
    """
    starts_at, ends_at = (instant(on, at, ZoneInfo(zone)) for on, at in (first, last))
    return Asked(kind, starts_at, ends_at, False, reason)


def ask(person: Person, asked: Asked, *, by: Person, now: datetime) -> TimeAway:
    """This function will ask for time away. Sickness counts at once, and so does what whoever plans somebody enters for them.

    Errors: NotAllowed; AwayRefused
    """
    _check_may_enter(by, person)
    _check_fits(asked, now)
    with transaction.atomic():
        lock([person])
        _check_is_new(person, asked)
        agreed = asked.kind in NEEDS_NO_AGREEMENT or absences.decides(by, person)
        made = TimeAway.objects.create(
            person=person,
            kind=asked.kind,
            starts_at=asked.starts_at,
            ends_at=asked.ends_at,
            whole_days=asked.whole_days,
            private_reason=asked.private_reason.strip(),
            state=State.AGREED if agreed else State.ASKED,
            asked_at=now,
            asked_by=by,
            decided_at=now if agreed else None,
            decided_by=by if agreed else None,
        )
        told(made, "noted time away" if agreed else "asked for time away", by=by, now=now)
    return made


def agree(away: TimeAway, *, by: Person, now: datetime, words: str = "") -> TimeAway:
    """This function will agree to a time away: from now on they are not counted then.

    Errors: NotAllowed; AwayRefused where it was decided already
    """
    return _decide(away, State.AGREED, "agreed to time away", by=by, now=now, words=words)


def decline(away: TimeAway, *, by: Person, now: datetime, words: str) -> TimeAway:
    """This function will decline a time away; they read why.

    Errors: NotAllowed; AwayRefused where it was decided already, or no word is said
    """
    if not words.strip():
        raise AwayRefused("Say why: they will read it.")
    return _decide(away, State.DECLINED, "declined time away", by=by, now=now, words=words)


def take_back(away: TimeAway, *, by: Person, now: datetime) -> TimeAway:
    """This function will take a time away back, by whoever is away or plans them: they are counted again.

    Errors: NotAllowed; AwayRefused where it is over, or comes from a calendar, where it is taken out instead
    """
    _check_may_enter(by, away.person)
    with transaction.atomic():
        lock([away.person])
        away = TimeAway.objects.select_related("person").get(pk=away.pk)
        if away.feed_id is not None:
            raise AwayRefused("It comes from a calendar. Take it out there, and it goes here with the next look.")
        if away.state not in (State.ASKED, State.AGREED):
            raise AwayRefused("It does not count any more.")
        if away.ends_at <= now:
            raise AwayRefused("It is over: what was stays as it was.")
        away.state, away.decided_at, away.decided_by = State.CANCELLED, now, by
        away.save(update_fields=["state", "decided_at", "decided_by"])
        told(away, "took back time away", by=by, now=now)
    return away


def _decide(away: TimeAway, state: str, verb: str, *, by: Person, now: datetime, words: str) -> TimeAway:
    if not absences.decides(by, away.person):
        raise NotAllowed(
            f"You do not decide on the time away of {away.person.name}. {absences.who_decides(away.person)}"
        )
    with transaction.atomic():
        lock([away.person])
        away = TimeAway.objects.select_related("person").get(pk=away.pk)
        if away.state != State.ASKED:
            raise AwayRefused(f"It was {away.get_state_display().lower()} meanwhile.")
        away.state, away.decided_at, away.decided_by, away.decision_words = state, now, by, words.strip()[:300]
        away.save(update_fields=["state", "decided_at", "decided_by", "decision_words"])
        told(away, verb, by=by, now=now)
    return away


def _check_may_enter(by: Person, person: Person) -> None:
    if by.pk != person.pk and not plans(by, person):
        raise NotAllowed(f"You do not plan {person.name}. Ask them to enter it themselves, or whoever leads them.")


def _check_fits(asked: Asked, now: datetime) -> None:
    if asked.ends_at <= asked.starts_at:
        raise AwayRefused("It ends before it begins.")
    if asked.ends_at - asked.starts_at > LONGEST:
        raise AwayRefused("It is longer than a year. Enter a year at most; what follows is entered then.")
    if abs(asked.starts_at - now) > FAR:
        raise AwayRefused("It begins more than two years from now. Look at the year once more.")


def _check_is_new(person: Person, asked: Asked) -> None:
    """Of one kind nobody is away twice at once; to fall ill on leave is another matter."""
    same = TimeAway.objects.touching(*asked.span).filter(
        person=person, kind=asked.kind, state__in=[State.ASKED, State.AGREED], feed=None
    )
    other = same.first()
    if other is not None:
        span = span_words((other.starts_at, other.ends_at), ZoneInfo(absences.zone_of(person)))
        raise AwayRefused(
            f"{other.get_kind_display()} is there already, {span}. Take that back first, or choose other times."
        )


def told(away: TimeAway, verb: str, *, by: Person | None, now: datetime) -> None:
    """This function will write what was done on the trail, without what it is for, and tell open screens."""
    zone = ZoneInfo(absences.zone_of(away.person))
    after: dict[str, Any] = {"when": span_words((away.starts_at, away.ends_at), zone), "state": away.state}
    for partner_id in sorted({role.partner_id for role in away.person.grants}):
        people.record(
            verb=verb,
            object_kind="person",
            object_id=away.person_id,
            partner_id=partner_id,
            now=now,
            person=by,
            after=after,
        )
    for account_id in absences.accounts_touched(away):
        live.publish(kind="cover", account_id=account_id, conversation_id=None, now=now)
