"""Shows the pages that say how we work: the fair order and the clock, accessibility, privacy; and an example's postbox."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from sociable.domain.ordering import RULE
from sociable.domain.promise import YARDSTICK
from sociable.domain.saying import moment_soon
from sociable.journeys import chat
from sociable.people.models import Partner
from sociable.public import postbox, website

NOT_FOR_ROBOTS = ("/r/", "/desk/", "/office/", "/sign-in/", "/example/", "/events", "/chat/")


@require_safe
def fair(request: HttpRequest) -> HttpResponse:
    return render(request, "public/fair.html", {"rule": RULE.split(". "), "yardstick_days": YARDSTICK.days})


@require_safe
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "public/accessibility.html", {"partners": Partner.objects.all()})


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "public/privacy.html", {"partners": Partner.objects.all()})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in NOT_FOR_ROBOTS), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def letters(request: HttpRequest) -> HttpResponse:
    """Only an example has a postbox: in a real installation mail reaches the people it is for, and nobody else reads it."""
    if not settings.EXAMPLE:
        raise Http404
    now = timezone.now()
    read = [{"letter": one, "at": moment_soon(one.at, now, settings.TIME_ZONE)} for one in postbox.letters()]
    response = render(request, "public/postbox.html", {"letters": read})
    response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def website_page(request: HttpRequest) -> HttpResponse:
    """Only an example has a council's site to try the chat on; it is another origin, and has a policy of its own."""
    if not settings.EXAMPLE:
        raise Http404
    response = render(
        request, "public/website.html", {"server": settings.PUBLIC_URL, "line": chat.script_line(website.CHATS_WITH)}
    )
    response["Content-Security-Policy"] = website.policy()
    response["X-Robots-Tag"] = "noindex"
    return response
