"""The page behind the link of a notice: one tap says that its person has it, or that a try arrived. It needs no sign-in.

Looking at it says nothing: mail servers open links by themselves, so only the button does.
"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sociable.alerts import tokens
from sociable.alerts.models import Notice
from sociable.journeys import alert
from sociable.public.views.receipt import private


@private
@csrf_exempt  # the secret in the address is what lets in; a phone that was pushed to sends no cookie
@require_http_methods(["GET", "POST"])
def told(request: HttpRequest, token: str) -> HttpResponseBase:
    """This page will take the word of whoever was told."""
    number = tokens.read(token)
    notices = Notice.objects.select_related("person", "route", "account", "chain__acknowledged_by", "chain__wait")
    notice = notices.filter(pk=number).first() if number is not None else None
    if notice is None:
        return render(request, "public/told_gone.html", status=404)
    if request.method == "POST":
        alert.acknowledge_notice(notice, timezone.now())
        return redirect("public:told", token)
    return _shown(request, notice)


def _shown(request: HttpRequest, notice: Notice) -> HttpResponse:
    chain = notice.chain
    other = chain.acknowledged_by if chain is not None else None
    context = {
        "notice": notice,
        "is_drill": notice.kind == Notice.Kind.DRILL,
        "by_other": other if other is not None and other.pk != notice.person_id else None,
        "is_over": chain is not None and not chain.wait.is_open,
        "conversation_id": chain.wait.conversation_id if chain is not None else None,
    }
    return render(request, "public/told.html", context)
