"""The address at which a network calls us. Who called, and what it says, is judged by the channel's own adapter."""

from __future__ import annotations

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sociable.channels.base import Call, CallRefused
from sociable.journeys import hear

LONGEST_BYTES = 4 * 1024 * 1024  # the longest that a network sends at once is a batch of a thousand events


@csrf_exempt  # it acts for nobody who is signed in; the adapter proves who called
@never_cache
@require_http_methods(["GET", "POST"])
def hook(request: HttpRequest, kind: str, token: str) -> HttpResponse:
    """This address will take what a network tells, and say 200 only once that is stored."""
    if int(request.headers.get("content-length") or 0) > LONGEST_BYTES:
        return _words("That is more than we take at once.", 413)
    call = Call(
        method=request.method or "",
        headers={name.lower(): value for name, value in request.headers.items()},
        query=request.GET.dict(),
        body=request.body,
    )
    try:
        heard = hear.hear(kind, token, call, timezone.now())
    except CallRefused as refusal:
        return _words(refusal.message, refusal.status)
    except (OSError, DatabaseError):
        return _words("It could not be stored just now. Call again.", 503)
    return HttpResponse(heard.answer, content_type=heard.content_type)


def _words(words: str, status: int) -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
