"""Answers who is on duty: who covers an account at an instant, and what somebody covers now and next.

Somebody covers an account while a published shift of theirs names it, they are ready for it, and no time away that counts lies there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet

from sociable.asking.question import Among, Asked, Given, Question
from sociable.cover.models import Readiness, RotaChange, Shift, TimeAway
from sociable.directory.models import Account
from sociable.domain.cover.reasons import as_us
from sociable.domain.cover.spans import minus, within
from sociable.people.models import Person

NEXT_WITHIN = timedelta(weeks=6)
JUST_OVER = timedelta(hours=2)
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Duty:
    """What somebody covers now, their next shift, and what they covered until a short while ago."""

    now: tuple[Shift, ...]
    next: Shift | None
    over: tuple[Shift, ...] = ()

    @property
    def accounts(self) -> list[Account]:
        """The accounts of now and next, each once."""
        shifts = [*self.now, *([self.next] if self.next else [])]
        return list({account.pk: account for shift in shifts for account in shift.accounts.all()}.values())


def of_person(person: Person, now: datetime) -> Duty:
    """This function will say what somebody is on the rota for now, and next, and was until two hours ago."""
    near = Shift.objects.published().touching(now - JUST_OVER, now + NEXT_WITHIN)
    theirs = near.filter(person=person)
    shifts = list(theirs.prefetch_related("accounts__partner", "accounts__answered_from").order_by("starts_at"))
    return Duty(
        tuple(shift for shift in shifts if shift.starts_at <= now < shift.ends_at),
        next((shift for shift in shifts if shift.starts_at > now), None),
        tuple(shift for shift in shifts if shift.ends_at <= now),
    )


def on_now(account_ids: Iterable[int], now: datetime) -> dict[int, list[Person]]:
    """This function will say who covers accounts at an instant: account id to people, by name; nobody is no key.

    Source: the rule of cover in docs/reference/words.md
    """
    on = shifts_now(account_ids, now).answer()
    people = Person.objects.in_bulk({person for there in on.values() for person in there})
    return {pk: sorted((people[one] for one in there), key=lambda person: person.name) for pk, there in on.items()}


def shifts_now(account_ids: Iterable[int], now: datetime) -> Asked[dict[int, dict[int, Span]]]:
    """This function will ask by ids who covers accounts at an instant, each with the shift that puts them there; nobody is no key.

    Shape:  one query, however many accounts
    """
    return _ON_NOW.given(accounts=set(account_ids), now=now).into(_by_account)


def _by_account(rows: Iterable[tuple[int, int, datetime, datetime]]) -> dict[int, dict[int, Span]]:
    found: dict[int, dict[int, Span]] = defaultdict(dict)
    for account_id, person_id, starts_at, ends_at in rows:
        found[account_id][person_id] = (starts_at, ends_at)
    return dict(found)


def _on_now() -> QuerySet[Any, Any]:
    now = Given("now")
    on = Shift.accounts.through._base_manager.filter(
        Among("account", "accounts"), shift__state=Shift.State.PUBLISHED, shift__person__is_active=True,
        shift__starts_at__lte=now, shift__ends_at__gt=now,
    )  # fmt: skip
    ready = Readiness.objects.standing(now).filter(person=OuterRef("shift__person"), account=OuterRef("account"))
    away = TimeAway.objects.counted().filter(person=OuterRef("shift__person"), starts_at__lte=now, ends_at__gt=now)
    rows = on.filter(Exists(ready), ~Exists(away)).order_by("shift__starts_at", "shift_id")
    return rows.values_list("account_id", "shift__person_id", "shift__starts_at", "shift__ends_at")


_ON_NOW: Question[tuple[int, int, datetime, datetime]] = Question(_on_now)


def comes_at(account_id: int, after: datetime, until: datetime) -> datetime | None:
    """This function will find when somebody may next come on duty for an account: a shift begins, or they are back or ready in one.

    Shape:  an instant between the two; None: nobody comes
    """
    shifts = Shift.objects.published().touching(after, until).filter(accounts=account_id, person__is_active=True)
    people = set(shifts.values_list("person", flat=True))
    back = TimeAway.objects.counted().filter(person__in=people, ends_at__gt=after, ends_at__lt=until)
    ready = Readiness.objects.filter(account=account_id, withdrawn_at=None, person__in=people, ready_from_at__gt=after)
    firsts = (
        shifts.filter(starts_at__gt=after).aggregate(at=Min("starts_at"))["at"],
        back.aggregate(at=Min("ends_at"))["at"],
        ready.filter(ready_from_at__lt=until).aggregate(at=Min("ready_from_at"))["at"],
    )
    return min((at for at in firsts if at is not None), default=None)


def shown_on(account_id: int, begins_at: datetime, ends_at: datetime) -> list[Person]:
    """This function will list who covers an account on a day and lets the public read it, by name.

    Shape:  whoever is on, ready and not away for at least some of the day between the two instants
    """
    shifts = Shift.objects.published().touching(begins_at, ends_at).filter(accounts=account_id, person__is_active=True)
    people = {
        shift.person_id: shift.person for shift in shifts.filter(person__shown_today=True).select_related("person")
    }
    ready_rows = Readiness.objects.filter(account=account_id, withdrawn_at=None, person__in=people)
    away_rows = TimeAway.objects.counted().touching(begins_at, ends_at).filter(person__in=people)
    on = _spans(shifts.values_list("person_id", "starts_at", "ends_at"))
    away = _spans(away_rows.values_list("person_id", "starts_at", "ends_at"))
    signed_off = ready_rows.values_list("person_id", "ready_from_at", "expires_at")
    ready = _spans((pk, first, last or ends_at) for pk, first, last in signed_off)
    day = [(as_us(begins_at), as_us(ends_at))]
    there = [person for pk, person in people.items() if minus(within(within(on[pk], ready[pk]), day), away[pk])]
    return sorted(there, key=lambda person: person.name)


def _spans(rows: Iterable[tuple[int, datetime, datetime]]) -> dict[int, list[tuple[int, int]]]:
    """When, by person, in microseconds."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for person_id, first, last in rows:
        found[person_id].append((as_us(first), as_us(last)))
    return found


def unseen_changes(person: Person, now: datetime) -> list[RotaChange]:
    """This function will list what changed on somebody's rota and they have not seen, soonest shift first."""
    rows = RotaChange.objects.filter(person=person, seen_at=None, shift__ends_at__gt=now)
    return list(rows.select_related("shift").prefetch_related("shift__accounts").order_by("shift__starts_at", "pk"))


def see_changes(person: Person, until_id: int, now: datetime) -> int:
    """This function will keep that somebody has seen the changes of their rota, up to the newest that was shown to them."""
    unseen = RotaChange.objects.filter(Q(pk__lte=until_id), person=person, seen_at=None)
    return unseen.update(seen_at=now)


def ready_among(person: Person, accounts: Iterable[Account], now: datetime) -> tuple[list[Account], list[Account]]:
    """This function will part accounts into those a person takes the next request of, and those that wait for somebody signed off.

    An account for which nobody is signed off is open to whoever may answer there, as before anybody planned cover.

    Shape:  (open to them, waiting for others), each in the order given; one answered from another goes by that other
    """
    given = list(accounts)
    counted = {account.pk: account.answered_from_id or account.pk for account in given}
    rows = Readiness.objects.standing(now).filter(account__in=set(counted.values()))
    ready = set(rows.filter(person=person).values_list("account_id", flat=True))
    anybody = set(rows.values_list("account_id", flat=True))
    closed = anybody - ready
    mine = [one for one in given if counted[one.pk] not in closed]
    return mine, [one for one in given if counted[one.pk] in closed]
