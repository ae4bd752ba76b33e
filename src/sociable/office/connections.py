"""The page of all connections a person looks after: how each is heard, those that need somebody first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.channels import registry
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.domain.saying import moment_near
from sociable.office import health
from sociable.office.rights import page
from sociable.people import permissions
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act, Place

_FIRST = ("late", "warn")


@staff
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """This page will show how every account is heard that the reader connects."""
    now, person = timezone.now(), signed_in(request)
    mine = Account.objects.where(person, Act.CONNECT)
    if not mine.exists():
        permissions.check_can_connect(person, Place(0))
    found = Connection.objects.filter(account__in=mine).exclude(account__stage=Account.Stage.CLOSED)
    rows = [_row(one, now) for one in found.select_related("account__partner").order_by("account__name")]
    rows.sort(key=lambda row: _FIRST.index(row["health"].tone) if row["health"].tone in _FIRST else len(_FIRST))
    return page(request, "connections", "connections.html", {"rows": rows})


def _row(connection: Connection, now: datetime) -> dict[str, Any]:
    account, zone = connection.account, directory.zone_of(connection.account)
    known = account.channel in registry.kinds()
    heard_at = connection.last_heard_at if connection.fetches else connection.called_at
    return {
        "account": account,
        "channel": registry.adapter_class(account.channel).name if known else account.channel,
        "health": health.of(connection, now, zone),
        "heard": health.ago(now - heard_at) if heard_at else "Never",
        "lag": health.counted_seconds(connection.lag_seconds),
        "ends": moment_near(connection.expires_at, now, zone) if connection.expires_at else "",
    }
