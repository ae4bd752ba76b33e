"""Keeps what changed on a rota: in the audit trail, for whoever works the shift, and on open screens; and takes a shift off it.

What may change is decided by checking; telling people by their routes belongs to alerts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Q

from sociable.cover import around
from sociable.cover.models import RotaChange, Shift, Swap
from sociable.domain.cover.limits import span_words
from sociable.due import services as due
from sociable.live import services as live
from sociable.people import services as people
from sociable.people.models import Person

CHANGES_TOGETHER = timedelta(minutes=2)  # what changes within it is told in one notice


def take_off(shift: Shift, *, reason: str, by: Person | None, now: datetime, tell: bool = True) -> None:
    """This function will take a published shift off the rota, in the transaction and under the lock of whoever calls."""
    before = facts(shift)
    shift.state, shift.cancelled_at, shift.cancelled_reason = Shift.State.CANCELLED, now, reason[:300]
    shift.changed_at, shift.revision = now, shift.revision + 1
    shift.save(update_fields=["state", "cancelled_at", "cancelled_reason", "changed_at", "revision"])
    open_swaps = Swap.objects.filter(Q(shift=shift) | Q(in_return=shift), state=Swap.State.ASKED)
    open_swaps.update(state=Swap.State.LAPSED, decided_at=now)
    record("took a shift off the rota", shift, by=by, now=now, before=before, reason=reason)
    if tell:
        told(shift, RotaChange.What.TAKEN_OFF, now, words=reason)
    publish_change(shift, now)


def told(shift: Shift, what: str, now: datetime, *, words: str = "") -> None:
    """This function will leave for somebody what changed on their rota; what is over is not worth telling."""
    if shift.ends_at > now:
        RotaChange.objects.create(person_id=shift.person_id, shift=shift, what=what, words=words[:300], at=now)
        person = shift.person_id
        due.ask([due.Due("rota-told", f"rota-told:{person}", person, now + CHANGES_TOGETHER)])


def publish_change(shift: Shift, now: datetime) -> None:
    """This function will tell open screens that the rota of a shift's accounts changed."""
    for account_id in shift.accounts.values_list("pk", flat=True):
        live.publish(kind="rota", account_id=account_id, conversation_id=None, now=now)


def record(verb: str, shift: Shift, *, by: Person | None, now: datetime, **told: Any) -> None:
    """This function will write what was done to a shift into the trail of each body whose account it covers."""
    for partner_id in sorted(set(shift.accounts.values_list("partner_id", flat=True))):
        people.record(
            verb=verb, object_kind="shift", object_id=shift.pk, partner_id=partner_id, now=now, person=by, **told
        )


def facts(shift: Shift) -> dict[str, Any]:
    """This function will say a shift as the audit trail keeps it."""
    zone = ZoneInfo(around.zone_of(shift.person))
    return {
        "who": shift.person.name,
        "when": span_words((shift.starts_at, shift.ends_at), zone),
        "accounts": sorted(shift.accounts.values_list("name", flat=True)),
    }
