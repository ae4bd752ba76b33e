"""The page that shows what publishing would change, and publishes exactly that."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.cover import around, checking, publishing
from sociable.cover.checking import ShiftRefused, Stale
from sociable.cover.models import Shift
from sociable.domain.worktime.wording import and_words
from sociable.domain.worktime.zones import day_begins
from sociable.people.parts import signed_in, staff
from sociable.planning import rota_week
from sociable.planning.rights import page

STRETCHES = ((1, "This week"), (4, "Four weeks"), (26, "All that is drafted"))


@staff
@require_http_methods(["GET", "POST"])
def publish(request: HttpRequest) -> HttpResponse:
    """This page will list the drafts of a stretch of weeks with what each changes, and publish them in one step."""
    person, now = signed_in(request), timezone.now()
    if not rota_week.planned_by(person).accounts:
        raise Http404
    asked = rota_week.read(request, now)
    if request.method == "POST":
        try:
            done = publishing.publish(_ids(request), mark=request.POST.get("mark", ""), by=person, now=now)
        except (Stale, ShiftRefused) as refusal:
            messages.error(request, refusal.message)
            return redirect(request.get_full_path())
        messages.success(request, _done_words(done))
        return redirect(asked.address())
    weeks = _weeks(request)
    drafts = _drafts(asked, weeks)
    context = {
        "asked": asked,
        "weeks": [
            {"name": name, "url": asked.address("planning:rota_publish", weeks=number), "current": number == weeks}
            for number, name in STRETCHES
        ],
        "changes": [_change(draft) for draft in drafts],
        "ids": [draft.pk for draft in drafts],
        "mark": publishing.mark_of(drafts),
        "people": len({draft.person_id for draft in drafts}),
    }
    return page(request, "rota", "rota_publish.html", context)


def _weeks(request: HttpRequest) -> int:
    return next((number for number, _ in STRETCHES if str(number) == request.GET.get("weeks")), 1)


def _ids(request: HttpRequest) -> list[int]:
    return [int(each) for each in request.POST.getlist("draft") if each.isdecimal() and len(each) < 19]


def _drafts(asked: rota_week.Asked, weeks: int) -> list[Shift]:
    """The drafts of a stretch that somebody may publish; of a place, where one is chosen."""
    planned = rota_week.planned_by(asked.person)
    ends_at = day_begins(asked.monday + timedelta(weeks=weeks), asked.zone)
    here = {account.pk for account in asked.accounts}
    return [
        draft
        for draft in publishing.drafts_between(asked.begins_at, ends_at)
        if planned.holds(draft) and not here.isdisjoint(account.pk for account in draft.accounts.all())
    ]


def _change(draft: Shift) -> dict[str, Any]:
    was = draft.replaces
    besides = [draft.pk, *([was.pk] if was else [])]
    against = () if draft.only_removes else around.against(checking.wanted_as(draft), besides)
    return {
        "draft": draft,
        "kind": "Taken off" if draft.only_removes else "Changed" if was else "New",
        "tone": "late" if draft.only_removes else "info" if was else "good",
        "when": around.when_words(draft),
        "accounts": and_words([account.name for account in draft.accounts.all()] or ["no account"]),
        "was": _was(draft, was) if was and not draft.only_removes else "",
        "against": [each.words for each in against],
        "reason": draft.override_reason,
    }


def _was(draft: Shift, was: Shift) -> str:
    who = f"{was.person.name}, " if was.person_id != draft.person_id else ""
    accounts = and_words([account.name for account in was.accounts.all()] or ["no account"])
    return f"{who}{around.when_words(was)}, {accounts}"


def _done_words(done: publishing.Published) -> str:
    names = and_words([person.first_name for person in done.people])
    number = f"{done.changes} change{'' if done.changes == 1 else 's'}"
    if len(done.people) > 4:
        names = f"{len(done.people)} people"
    return f"Published: {number}. {names} see{'s' if len(done.people) == 1 else ''} it on their day."
