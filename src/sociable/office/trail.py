"""The page of the audit trail: who changed what, newest first, a stretch at a time."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.directory.models import Account
from sociable.domain.saying import moment_near
from sociable.office.rights import page
from sociable.people import permissions
from sociable.people.models import AuditEvent, Partner, Person, Service
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act, Place

PAGE_ROWS = 50
_NAMED: dict[str, Any] = {"account": Account, "partner": Partner, "person": Person, "service": Service}


@staff
@require_safe
def trail(request: HttpRequest) -> HttpResponse:
    """This page will show the trail of the partners whose people the reader manages."""
    person = signed_in(request)
    partners = permissions.whole_partners(person, Act.MANAGE_PEOPLE)
    if not partners:
        permissions.check_can_manage_people(person, Place(0))
    asked = {name: request.GET[name] for name in ("kind", "object", "before") if request.GET.get(name, "").strip()}
    events = list(_events(partners, asked)[: PAGE_ROWS + 1])
    shown = events[:PAGE_ROWS]
    later = {**asked, "before": shown[-1].pk} if len(events) > PAGE_ROWS else None
    context = {
        "rows": _rows(shown),
        "kind": asked.get("kind", ""),
        "kinds": sorted({"conversation", *_NAMED}),
        "older_url": f"{reverse('office:trail')}?{urlencode(later)}" if later else "",
        "newest_url": reverse("office:trail") if "before" in asked else "",
    }
    return page(request, "trail", "trail.html", context)


def _events(partners: list[int], asked: dict[str, str]) -> Any:
    events = AuditEvent.objects.filter(partner_id__in=partners).order_by("-pk")
    if asked.get("before", "").isdecimal():
        events = events.filter(pk__lt=int(asked["before"][:18]))
    if "kind" in asked:
        events = events.filter(object_kind=asked["kind"][:40])
    return events.filter(object_id=int(asked["object"][:18])) if asked.get("object", "").isdecimal() else events


def _rows(events: list[AuditEvent]) -> list[dict[str, Any]]:
    names = {
        kind: {
            row.pk: str(row)
            for row in table.objects.filter(pk__in={e.object_id for e in events if e.object_kind == kind})
        }
        for kind, table in _NAMED.items()
    }
    now = timezone.now()
    return [
        {
            "event": event,
            "at": moment_near(event.at, now, timezone.get_current_timezone_name()),
            "what": names.get(event.object_kind, {}).get(event.object_id) or f"{event.object_kind} {event.object_id}",
            "changes": [
                (name.replace("_", " "), event.before.get(name, ""), event.after.get(name, ""))
                for name in dict.fromkeys([*event.before, *event.after])
            ],
        }
        for event in events
    ]
