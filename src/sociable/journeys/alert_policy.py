"""A lead says how the people of an account are told; the trail keeps who said so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sociable.alerts.models import AlertPolicy
from sociable.journeys import net
from sociable.people import permissions
from sociable.people import services as people
from sociable.people.models import Person

KEPT = (
    "is_on", "step_minutes", "named_id", "surge_most", "surge_minutes", "quiet_from", "quiet_to", "drill_minutes", "net_percent",
    "hand_most",
)  # fmt: skip


def keep(policy: AlertPolicy, *, by: Person, now: datetime) -> None:
    """This function will keep how the people of an account are told, and what it was before.

    Errors: NotAllowed
    """
    permissions.check_can_plan(by, policy.account.place)
    with transaction.atomic():
        before = AlertPolicy.objects.filter(account=policy.account_id).first() or AlertPolicy()
        policy.set_at, policy.set_by = now, by
        policy.save()
        net.look_anew(policy, now)
        changed = [name for name in KEPT if getattr(before, name) != getattr(policy, name)]
        people.record(
            verb="changed alerts", object_kind="account", object_id=policy.account_id, partner_id=policy.account.partner_id,
            now=now, person=by, before={name: _value(before, name) for name in changed},
            after={name: _value(policy, name) for name in changed},
        )  # fmt: skip


def _value(policy: AlertPolicy, name: str) -> Any:
    value = getattr(policy, name)
    return value if isinstance(value, bool | int) or value is None else f"{value:%H:%M}"
