"""Keeps what a forecast takes for granted because a lead said so: how long answers take, and when schools are closed.

What is foreseen from it is left to journeys/foresee.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from sociable.directory.models import Account, AnswerTime, SchoolHoliday
from sociable.domain.errors import DomainError
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Partner, Person
from sociable.people.permissions import Place


class DaysTurnedRound(DomainError):
    """School holidays that would end before they begin."""

    def __init__(self) -> None:
        super().__init__("The last day comes before the first.")


@dataclass(frozen=True, slots=True)
class Takes:
    """How long an answer takes; without minutes it is as measured."""

    minutes: int | None
    at_once: int = 1
    slowing_percent: int = 50


def set_answer_time(account: Account, takes: Takes, *, by: Person, now: datetime) -> AnswerTime:
    """This function will set how long answers of an account are taken to be in forecasts.

    Errors: NotAllowed
    """
    permissions.check_can_plan(by, account.own_place)
    said = {"minutes": takes.minutes, "at_once": takes.at_once, "slowing_percent": takes.slowing_percent}
    with transaction.atomic():
        row = AnswerTime.objects.create(account=account, set_at=now, set_by=by, **said)
        people.record(
            verb="set how long answers take", object_kind="account", object_id=account.pk,
            partner_id=account.partner_id, now=now, person=by, after=said,
        )  # fmt: skip
    return row


def add_school_holiday(
    partner: Partner, name: str, stretch: tuple[date, date], *, source: str, by: Person, now: datetime
) -> SchoolHoliday:
    """This function will note when the schools around a body are closed, from a first day to a last.

    Errors: NotAllowed; DaysTurnedRound
    """
    permissions.check_can_plan(by, Place(partner.pk))
    first_on, last_on = stretch
    if last_on < first_on:
        raise DaysTurnedRound
    with transaction.atomic():
        row = SchoolHoliday.objects.create(
            partner=partner, name=name, first_on=first_on, last_on=last_on, source=source, set_at=now, set_by=by
        )
        _record("added school holidays", row, by, now)
    return row


def remove_school_holiday(row: SchoolHoliday, *, by: Person, now: datetime) -> None:
    """This function will take school holidays off again.

    Errors: NotAllowed
    """
    permissions.check_can_plan(by, Place(row.partner_id))
    with transaction.atomic():
        _record("took school holidays off", row, by, now)
        row.delete()


def _record(verb: str, row: SchoolHoliday, by: Person, now: datetime) -> None:
    said = {"name": row.name, "first_on": row.first_on.isoformat(), "last_on": row.last_on.isoformat()}
    people.record(
        verb=verb, object_kind="school holidays", object_id=row.pk, partner_id=row.partner_id, now=now, person=by,
        after=said,
    )  # fmt: skip
