"""Keeps what somebody leaves to whoever covers an account next, until that person has read it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction

from sociable.cover.models import HandOver, Shift
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.live import services as live
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person

SHOWN = timedelta(days=14)  # what nobody read for so long is news to nobody


class NothingSaid(DomainError):
    """A hand-over without words."""


def leave(account: Account, text: str, *, by: Person, now: datetime, shift: Shift | None = None) -> HandOver:
    """This function will leave word for whoever covers an account next.

    Errors: NotAllowed for who may write no notes there; NothingSaid
    """
    permissions.check_can_note(by, account.place)
    if not text.strip():
        raise NothingSaid("Write what the next person should know.")
    with transaction.atomic():
        left = HandOver.objects.create(account=account, shift=shift, written_by=by, text=text.strip(), written_at=now)
        _told("left a hand-over", left, by, now)
    return left


def read(hand_over: HandOver, *, by: Person, now: datetime) -> None:
    """This function will keep that somebody has read a hand-over; the first who does counts.

    Errors: NotAllowed
    """
    permissions.check_can_note(by, hand_over.account.place)
    with transaction.atomic():
        if HandOver.objects.filter(pk=hand_over.pk, seen_at=None).update(seen_by=by, seen_at=now):
            _told("read a hand-over", hand_over, by, now)


def _told(verb: str, hand_over: HandOver, by: Person, now: datetime) -> None:
    account = hand_over.account
    people.record(
        verb=verb, object_kind="hand-over", object_id=hand_over.pk, partner_id=account.partner_id, now=now, person=by,
        after={"account": account.name},
    )  # fmt: skip
    live.publish(kind="hand-over", account_id=account.pk, conversation_id=None, now=now)


def to_read(accounts: Iterable[Account], reader: Person, now: datetime) -> list[HandOver]:
    """This function will list what was left at accounts and nobody has read yet, without what the reader wrote, newest first."""
    rows = HandOver.objects.filter(account__in=list(accounts), seen_at=None, written_at__gt=now - SHOWN)
    return list(rows.exclude(written_by=reader).select_related("account", "written_by", "shift"))
