"""A notice that a mail server took comes back later: its route is passed over until a tap proves it again, and the next is used.

Which report speaks of which mail is read by the email channel; only a mark that we signed is believed.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from sociable.alerts import routes, tokens
from sociable.alerts.models import Notice
from sociable.channels import registry
from sociable.channels.base import Bounce
from sociable.journeys import routes_left


def note(bounce: Bounce, now: datetime) -> bool:
    """This function will mark the routes of the notices that a report names; False where it names none of ours, or is not final.

    Shape:  a route that its person confirmed since the notice left stays as it is; told again, it does nothing more
    """
    ids = [pk for each in bounce.message_ids if (pk := tokens.notice_of(each)) is not None]
    if not ids or not bounce.permanent:
        return False
    reason = bounce.diagnostic or bounce.status or "no reason given"
    with transaction.atomic():
        found = Notice.objects.select_for_update(of=("self",)).select_related("route")
        gone = [one for one in found.filter(pk__in=ids).order_by("pk") if one.state == Notice.State.HANDED]
        for notice in gone:
            _mark(notice, f"A notice came back from there: {reason}"[:500], now)
        routes_left.send_onward([one for one in gone if one.acknowledged_at is None], now)
    return True


def _mark(notice: Notice, trouble: str, now: datetime) -> None:
    notice.state, notice.detail = Notice.State.FAILED, trouble
    notice.save(update_fields=["state", "detail"])
    routes.came_back(notice, trouble, now)


def heard(content: bytes, now: datetime) -> bool:
    """This function will read a mail to the address that notices come from; False where it reports of none of them."""
    parsed = registry.adapter_class("email").parse(content, fetched_at=now)
    return parsed.bounce_of is not None and note(parsed.bounce_of, now)
