"""Answers what speaks against a shift: reads all that is known of the person around it, and asks the rules of domain/cover.

Whether it is made all the same is decided in rota.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from sociable.cover.models import Readiness, Shift, Shifts, TimeAway, WorkingPattern
from sociable.directory.models import Account
from sociable.directory.queries import calendar_from
from sociable.domain.cover import limits
from sociable.domain.cover.limits import Around, Concern, Limits, span_words
from sociable.people.models import Partner, Person

REACH = timedelta(
    weeks=limits.LAW_WEEKS_AVERAGED + 1
)  # how far other shifts still matter: the law averages over so long
ZONE = "Europe/London"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A shift as somebody wants it, before it is a row. Half-open, aware UTC."""

    person: Person
    starts_at: datetime
    ends_at: datetime
    accounts: tuple[Account, ...]
    note: str = ""

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The stretch it lies in."""
        return self.starts_at, self.ends_at


def against(wanted: Wanted, besides: Collection[int] = ()) -> tuple[Concern, ...]:
    """This function will say all that speaks against a shift, what refuses it first.

    Shape:  `besides` are shifts that go when this one comes: what it changes
    """
    return limits.concerns(wanted.span, around(wanted, besides))


def around(wanted: Wanted, besides: Collection[int] = ()) -> Around:
    """This function will read what is known of a person around a shift."""
    pattern = pattern_of(wanted.person, wanted.starts_at)
    zone = ZoneInfo(pattern.zone if pattern else zone_of(wanted.person))
    return Around(
        who=wanted.person.first_name,
        shifts=tuple((each.starts_at, each.ends_at) for each in others_of(wanted, besides)),
        away=tuple(_away(wanted)),
        working=tuple(_working(pattern, wanted)) if pattern else None,
        not_ready=tuple(account.name for account in not_ready(wanted)),
        accounts=len(wanted.accounts),
        limits=limits_of(pattern),
        zone=zone,
    )


def standing(person_id: int) -> Shifts:
    """This function will return somebody's shifts as they would be if every draft were published."""
    replaced = Shift.objects.filter(replaces=OuterRef("pk"), state=Shift.State.DRAFT)
    drafts = Q(state=Shift.State.DRAFT, only_removes=False)
    stay = Q(state=Shift.State.PUBLISHED) & ~Exists(replaced)
    return Shift.objects.all().filter(drafts | stay, person=person_id)


def others_of(wanted: Wanted, besides: Collection[int] = ()) -> list[Shift]:
    """This function will list the person's other shifts, published and drafts, as far around as a limit reaches."""
    near = standing(wanted.person.pk).touching(wanted.starts_at - REACH, wanted.ends_at + REACH)
    return list(near.exclude(pk__in=besides))


def not_ready(wanted: Wanted) -> list[Account]:
    """This function will list the accounts for which the person is not ready during the whole shift."""
    ready = ready_for(wanted.person, wanted.starts_at, wanted.ends_at)
    return [account for account in wanted.accounts if account.pk not in ready]


def ready_for(person: Person, starts_at: datetime, ends_at: datetime) -> set[int]:
    """This function will return the accounts for which a person is ready during all of a stretch, by their id."""
    lasts = Q(expires_at=None) | Q(expires_at__gte=ends_at)
    rows = Readiness.objects.filter(lasts, person=person, withdrawn_at=None, ready_from_at__lte=starts_at)
    return set(rows.values_list("account_id", flat=True))


def _away(wanted: Wanted) -> Iterable[tuple[datetime, datetime]]:
    rows = TimeAway.objects.counted().touching(*wanted.span).filter(person=wanted.person)
    return rows.values_list("starts_at", "ends_at")


# -- Their working pattern -------------------------------------------------------------------------------------------------


def pattern_of(person: Person, at: datetime) -> WorkingPattern | None:
    """This function will return the working pattern in force at an instant; None where nobody has said when they work."""
    rows = WorkingPattern.objects.filter(person=person).order_by("-valid_from_on", "-id")
    return next((row for row in rows if row.valid_from_on <= at.astimezone(ZoneInfo(row.zone)).date()), None)


def limits_of(pattern: WorkingPattern | None) -> Limits:
    """This function will return the limits of a working pattern, or what holds for everybody."""
    if pattern is None:
        return Limits()
    return Limits(
        week=timedelta(minutes=pattern.week_minutes),
        longest_shift=timedelta(minutes=pattern.longest_shift_minutes),
        rest=timedelta(minutes=pattern.rest_minutes),
        days_in_a_row=pattern.most_days_in_a_row,
        at_once=pattern.at_once,
        weekends_in_a_row=pattern.weekends_in_a_row,
        weekends_in_four=pattern.weekends_in_four,
    )


def _working(pattern: WorkingPattern, wanted: Wanted) -> list[tuple[datetime, datetime]]:
    calendar = calendar_from(((date.min, pattern.notation),), _division(wanted.person), pattern.zone)
    return calendar.spans_between(*wanted.span)


def body_of(person: Person) -> Partner | None:
    """This function will return the body somebody works for: that of their first role."""
    role = person.roles.select_related("partner").order_by("pk").first()
    return role.partner if role else None


def _division(person: Person) -> str:
    body = body_of(person)
    return body.division if body else "england-and-wales"


def zone_of(person: Person) -> str:
    """This function will return the time zone of somebody's body."""
    body = body_of(person)
    return body.zone if body else ZONE


def when_words(shift: Shift) -> str:
    """This function will say when a shift lies, as the clock of whoever works it shows it."""
    return span_words((shift.starts_at, shift.ends_at), ZoneInfo(zone_of(shift.person)))


def local_day(at: datetime, zone: str) -> date:
    """This function will say on which local day an instant lies."""
    return at.astimezone(ZoneInfo(zone)).date()
