"""The addresses at which calendar programs read a rota. Nobody signs in: the secret in the address is what lets them."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from sociable.cover import feeding


@require_safe
def rota(request: HttpRequest, token: str) -> HttpResponse:
    """This address will give a rota as iCalendar, or say that nothing has changed."""
    now = timezone.now()
    feed = feeding.feed_at(token)
    if feed is None:
        raise Http404
    content = feeding.written(feed, now)
    etag = feeding.etag_of(content)
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["ETag"], response["Cache-Control"] = etag, "private, max-age=300"
    response["Content-Disposition"], response["X-Robots-Tag"] = 'inline; filename="rota.ics"', "noindex"
    answer = get_conditional_response(request, etag=etag, response=response)
    return response if answer is None else answer
