"""What the person was told and nobody has acknowledged: the bell in the head of every page, and the list behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from sociable.alerts import queries as alerts
from sociable.alerts import words
from sociable.alerts.models import Chain, Notice
from sociable.desk import views
from sociable.directory.queries import zone_of
from sociable.domain.saying import moment_near
from sociable.journeys import handed
from sociable.live import queries as live
from sociable.people.requests import StaffRequest

MOST = 50


@require_safe
@never_cache
@login_required
def told(request: StaffRequest) -> HttpResponse:
    """This function will list what the person was told, newest first; asked by a script, only what changes."""
    now = timezone.now()
    wanted = alerts.to_acknowledge(request.user).select_related(
        "chain__wait__account__partner", "chain__wait__conversation"
    )
    rows = [_row(notice, notice.chain, now) for notice in wanted[:MOST] if notice.chain is not None]
    context = {"section": "desk", "rows": rows, "tabs": views.tabs(request), "live_after": live.newest_id()}
    return render(request, "desk/_told.html" if request.headers.get("X-Part") else "desk/told.html", context)


def _row(notice: Notice, chain: Chain, now: datetime) -> dict[str, Any]:
    said = words.of_request(notice, chain, now)
    return {
        "notice": notice,
        "title": said.title,
        "lines": said.text.split("\n"),
        "at": moment_near(notice.due_at, now, zone_of(chain.wait.account)),
        "conversation_id": chain.wait.conversation_id,
    }


@require_safe
@never_cache
@login_required
def bell(request: StaffRequest) -> HttpResponse:
    """This function will return the bell alone, for a page that lives on."""
    return render(request, "components/bell.html", {"to_acknowledge": alerts.to_acknowledge(request.user).count()})


@require_POST
@login_required
def have(request: StaffRequest, notice_id: int) -> HttpResponse:
    """This function will take the person's word that they have it."""
    handed.acknowledge(get_object_or_404(Notice, pk=notice_id, person=request.user), timezone.now())
    return redirect("desk:told")
