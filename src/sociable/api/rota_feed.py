"""The addresses at which calendar programs read a rota, or its holes. Nobody signs in: the secret in the address is what lets them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from sociable.cover import feeding, holes_file
from sociable.cover.models import FeedOut


@require_safe
def rota(request: HttpRequest, token: str) -> HttpResponse:
    """This address will give a rota as iCalendar, or say that nothing has changed."""
    return _answer(request, feeding.feed_at(token), feeding.written, "rota.ics")


@require_safe
def holes(request: HttpRequest, token: str) -> HttpResponse:
    """This address will give the holes that a person sees as iCalendar, or say that nothing has changed."""
    return _answer(request, feeding.holes_feed_at(token), holes_file.written, "holes.ics")


def _answer(
    request: HttpRequest, feed: FeedOut | None, written: Callable[[FeedOut, datetime], bytes | None], name: str
) -> HttpResponse:
    content = written(feed, timezone.now()) if feed is not None else None
    if content is None:
        raise Http404
    etag = feeding.etag_of(content)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["ETag"], response["Cache-Control"] = etag, "private, max-age=300"
    response["Content-Disposition"], response["X-Robots-Tag"] = f'inline; filename="{name}"', "noindex"
    answer = get_conditional_response(request, etag=etag, response=response)
    return response if answer is None else answer
