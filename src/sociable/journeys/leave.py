"""Somebody leaves, or comes back: their sign-in ends, and they are taken off the rota in the same step."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.cover import leaving
from sociable.people import services as people
from sociable.people.models import Person


def leave(person: Person, *, by: Person, now: datetime) -> int:
    """This function will end somebody's sign-in and cancel their shifts to come; it says how many those were."""
    with transaction.atomic():
        people.switch(person, on=False, by=by, now=now)
        return leaving.end_shifts_of(person, by=by, now=now)


def come_back(person: Person, *, by: Person, now: datetime) -> None:
    """This function will restore somebody's sign-in; what was cancelled is planned anew."""
    with transaction.atomic():
        people.switch(person, on=True, by=by, now=now)
