"""The pages of somebody's own calendars from which their time away is read: added, looked at, taken away."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sociable.channels.base import ChannelError
from sociable.channels.calendars import reading
from sociable.cover import absences, calendars
from sociable.cover.models import CalendarFeed, TimeAway
from sociable.domain.saying import moment_near
from sociable.journeys import calendar as doing
from sociable.people.parts import signed_in, staff
from sociable.planning.rights import page


class CalendarForm(forms.Form):
    """One calendar: its address, what it is called here, and what its entries are."""

    address = forms.CharField(
        label="Address of the calendar", max_length=2000,
        help_text="Its secret iCalendar address, as Outlook, Google or Nextcloud give it. It is kept sealed and never shown again",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        error_messages={"required": "Give the address of the calendar."},
    )  # fmt: skip
    name = forms.CharField(
        label="What you call it", max_length=80, error_messages={"required": "Give it a name, as in “My Outlook”."}
    )
    kind = forms.ChoiceField(label="What its entries are", choices=TimeAway.Kind.choices, initial=TimeAway.Kind.MEETING)
    only_busy = forms.BooleanField(
        label="Leave out what is marked free, and what you declined", required=False, initial=True
    )


@staff
@require_http_methods(["GET", "POST"])
def all_of_them(request: HttpRequest) -> HttpResponse:
    """This page will show its reader's calendars and add one."""
    now, person = timezone.now(), signed_in(request)
    form = CalendarForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            feed = doing.add(person, now=now, **form.cleaned_data)
        except ChannelError as refusal:
            form.add_error("address", refusal.message)
        else:
            messages.success(request, f"{feed.name} is read from now on, every quarter of an hour.")
            return redirect("planning:away_calendars")
    rows = [_row(feed, now) for feed in CalendarFeed.objects.filter(person=person).select_related("person")]
    return page(request, "away", "away_calendars.html", {"form": form, "rows": rows})


def _row(feed: CalendarFeed, now: datetime) -> dict[str, Any]:
    zone = absences.zone_of(feed.person)
    to_come = TimeAway.objects.counted().filter(feed=feed, ends_at__gt=now).count()
    return {
        "feed": feed,
        "kind": dict(TimeAway.Kind.choices).get(feed.kind, feed.kind),
        "host": reading.host_of(calendars.address_of(feed)),
        "to_come": to_come,
        "read": moment_near(feed.last_read_at, now, zone) if feed.last_read_at else "",
        "since": moment_near(feed.trouble_since_at, now, zone) if feed.trouble_since_at else "",
    }


@staff
@require_POST
def look_now(request: HttpRequest, feed_id: int) -> HttpResponse:
    """This button will have a calendar looked at at once."""
    feed = get_object_or_404(CalendarFeed, pk=feed_id, person=signed_in(request).pk)
    doing.look_now(feed, timezone.now())
    messages.success(request, f"{feed.name} is looked at now.")
    return redirect("planning:away_calendars")


@staff
@require_POST
def remove(request: HttpRequest, feed_id: int) -> HttpResponse:
    """This button will take a calendar away."""
    feed = get_object_or_404(CalendarFeed.objects.select_related("person"), pk=feed_id, person=signed_in(request).pk)
    doing.remove(feed, by=signed_in(request), now=timezone.now())
    messages.success(request, f"{feed.name} is read no more, and what it said of the time to come is gone.")
    return redirect("planning:away_calendars")
