"""Keeps kinds of shift, when each person works, and how many an account needs, with the trail of who said so."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol

from django.db import transaction

from sociable.cover.around import body_of
from sociable.cover.models import Need, ShiftPattern, WorkingPattern
from sociable.cover.queries import times
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed


class Typed(Protocol):
    """A form that was found valid, with the row it fills."""

    instance: Any

    def save(self) -> Any:
        """Write the row and what hangs on it."""


def keep_pattern(typed: Typed, *, by: Person, now: datetime) -> ShiftPattern:
    """This function will keep a new or changed kind of shift.

    Errors: NotAllowed where somebody does not plan all of its accounts
    """
    with transaction.atomic():
        verb = "changed" if typed.instance.pk else "added"
        pattern: ShiftPattern = typed.save()
        for account in pattern.accounts.select_related("partner", "answered_from"):
            permissions.check_can_plan(by, account.place)
        people.record(
            verb=f"{verb} a kind of shift", object_kind="shift pattern", object_id=pattern.pk, partner_id=pattern.partner_id,
            now=now, person=by, after={"name": pattern.name, "days": pattern.weekdays, "begins": f"{pattern.begins:%H:%M}",
                                       "ends": f"{pattern.ends:%H:%M}", "every_weeks": pattern.every_weeks},
        )  # fmt: skip
    return pattern


def keep_working(typed: Typed, *, by: Person, now: datetime) -> WorkingPattern:
    """This function will keep when somebody works from a day on; what held before stays as it was.

    Errors: NotAllowed
    """
    pattern: WorkingPattern = typed.instance
    if not times(by, pattern.person):
        raise NotAllowed(f"When {pattern.person.name} works is not yours to say. Ask whoever leads them.")
    with transaction.atomic():
        pattern.set_at, pattern.set_by = now, by
        pattern = typed.save()
        body = body_of(pattern.person)
        people.record(
            verb="said when they work", object_kind="person", object_id=pattern.person_id,
            partner_id=body.pk if body else None, now=now, person=by,
            after={
                "from": pattern.valid_from_on.isoformat(), "hours": pattern.notation, "week_minutes": pattern.week_minutes,
                "rest_minutes": pattern.rest_minutes, "weekends_in_a_row": pattern.weekends_in_a_row,
                "weekends_in_four": pattern.weekends_in_four,
            },
        )  # fmt: skip
    return pattern


def keep_need(typed: Typed, *, by: Person, now: datetime) -> Need:
    """This function will keep how many an account needs at some hours from a day on; of two that speak of an hour the later counts.

    Errors: NotAllowed
    """
    need: Need = typed.instance
    permissions.check_can_plan(by, need.account.place)
    with transaction.atomic():
        need.set_at, need.set_by = now, by
        need = typed.save()
        people.record(
            verb="said how many it needs", object_kind="account", object_id=need.account_id,
            partner_id=need.account.partner_id, now=now, person=by,
            after={"from": need.valid_from_on.isoformat(), "hours": need.notation, "people": need.people},
        )  # fmt: skip
    return need
