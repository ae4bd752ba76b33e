"""The rota of one week, by person and by account: what is published, and for whoever plans, the drafts beside it.

Which week that is, and what of it somebody sees, is decided by rota_week; its lines are drawn up by rota_lines.
"""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.cover.models import Shift
from sociable.people.parts import staff
from sociable.planning.rights import page
from sociable.planning.rota_lines import by_account, by_person
from sociable.planning.rota_week import monday_of, places, planned_by, read, shifts_of

MOST_LINES = 80  # a page of more is read by nobody: a place is to be chosen


@staff
@require_safe
def rota(request: HttpRequest) -> HttpResponse:
    """This page will show the rota of a week."""
    now = timezone.now()
    asked = read(request, now)
    today = now.astimezone(ZoneInfo(asked.zone)).date()
    shifts, planned = shifts_of(asked), planned_by(asked.person)
    lines = (by_account if asked.by == "account" else by_person)(asked, shifts, planned)
    drafts = [shift for shift in shifts if shift.state == Shift.State.DRAFT]
    context = {
        "asked": asked,
        "lines": [(line, line.cells(asked.days, today)) for line in lines[:MOST_LINES]],
        "left_off": max(len(lines) - MOST_LINES, 0),
        "days": [{"on": on, "today": on == today} for on in asked.days],
        "last": asked.days[-1],
        "drafts": len(drafts),
        "may_plan": bool(planned.accounts),
        "publish_url": asked.address("planning:rota_publish", week=asked.monday.isoformat(), by="", weeks=1),
        "ways": [
            {"name": "By person", "url": asked.address(by="person"), "current": asked.by == "person"},
            {"name": "By account", "url": asked.address(by="account"), "current": asked.by == "account"},
        ],
        "earlier_url": asked.address(week=(asked.monday - timedelta(weeks=1)).isoformat()),
        "later_url": asked.address(week=(asked.monday + timedelta(weeks=1)).isoformat()),
        "this_url": asked.address(week=monday_of(today).isoformat()),
        "is_this": asked.monday == monday_of(today),
        "places": places(asked.person),
        "csv_url": asked.address("planning:rota_csv", by=""),
    }
    return page(request, "rota", "rota.html", context)
