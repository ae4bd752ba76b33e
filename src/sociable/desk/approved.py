"""Lets somebody answer with a message the network has approved, once words of their own are no longer taken.

Which messages there are and how one is sent is the journeys'; words of one's own are written in composer.
"""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from sociable.desk import approved_words as words
from sociable.desk import conversation as pages
from sociable.journeys import answer, approved, ways
from sociable.people import permissions
from sociable.people.requests import StaffRequest


@require_POST
@login_required
def send(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will send the chosen message; whatever stands against it, what was filled in stays."""
    conversation, now = pages.seen(request, conversation_id), timezone.now()
    values = {
        name.removeprefix(words.FIELD): request.POST[name] for name in request.POST if name.startswith(words.FIELD)
    }
    try:
        approved.send(
            conversation_id=conversation.pk,
            person=request.user,
            chosen_id=_number(request.POST.get("approved", "")),
            values=values,
            against_version=_number(request.POST.get("version", "")),
            now=now,
            send_anyway="anyway" in request.POST,
        )
    except (answer.NothingWritten, answer.NotHere, answer.SomethingNewer, ways.Stopped) as refusal:
        shown = words.box(request, conversation, now, error=refusal.message, values=values)
        if shown is not None:
            shown["anyway"] = isinstance(refusal, answer.SomethingNewer)
        return pages.show(request, conversation, now, status=409, approved=shown)
    return redirect("desk:conversation", conversation.pk)


@require_POST
@login_required
def look_again(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will have the list of approved messages brought anew."""
    conversation, now = pages.seen(request, conversation_id), timezone.now()
    permissions.check_can_answer(request.user, conversation.place)
    approved.look_again(conversation, now)
    messages.info(request, "The network is asked for its approved messages. Load this page again in a moment.")
    return redirect("desk:conversation", conversation.pk)


def _number(given: str) -> int:
    return int(given) if given.isdecimal() and len(given) < 19 else 0
