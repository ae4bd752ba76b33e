"""The page behind the link of a notice: one tap says that its person has it, or that a try arrived. It needs no sign-in.

Looking at it says nothing: mail servers open links by themselves, so only the button does.
"""

from __future__ import annotations

from contextlib import suppress

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sociable.alerts import tokens
from sociable.alerts.models import HandedOn, Notice
from sociable.journeys import claim, handed
from sociable.public.views.receipt import private


@private
@csrf_exempt  # the secret in the address is what lets in; a phone that was pushed to sends no cookie
@require_http_methods(["GET", "POST"])
def told(request: HttpRequest, token: str) -> HttpResponseBase:
    """This page will take the word of whoever was told."""
    number = tokens.read(token)
    notices = Notice.objects.select_related(
        "person", "route", "account", "chain__acknowledged_by", "chain__wait__conversation__held_by"
    )
    notice = notices.filter(pk=number, person__is_active=True).first() if number is not None else None
    if notice is None:
        return render(request, "public/told_gone.html", status=404)
    if request.method == "POST":
        _heard(notice, cannot="cannot" in request.POST)
        return redirect("public:told", token)
    return _shown(request, notice)


def _heard(notice: Notice, *, cannot: bool) -> None:
    now = timezone.now()
    if cannot and notice.chain is not None:
        with suppress(handed.NotYours):  # it went to the next meanwhile: the page says so
            handed.hand_back(notice.chain.wait.conversation_id, notice.person, now)
    else:
        handed.acknowledge(notice, now)


def _shown(request: HttpRequest, notice: Notice) -> HttpResponse:
    chain = notice.chain
    other = chain.acknowledged_by if chain is not None else None
    was_handed = HandedOn.objects.filter(wait=chain.wait, person=notice.person).first() if chain is not None else None
    conversation, now = chain.wait.conversation if chain is not None else None, timezone.now()
    context = {
        "handed_back": was_handed is not None and was_handed.handed_back_at is not None,
        "can_hand_back": conversation is not None and handed.is_with(conversation, notice.person, now),
        "has_it_now": claim.holder_of(conversation, now) if conversation is not None else None,
        "notice": notice,
        "is_drill": notice.kind == Notice.Kind.DRILL,
        "by_other": other if other is not None and other.pk != notice.person_id else None,
        "is_over": chain is not None and not chain.wait.is_open,
        "conversation_id": chain.wait.conversation_id if chain is not None else None,
    }
    return render(request, "public/told.html", context)
