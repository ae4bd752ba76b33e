"""Pages on which people look after the routes by which they are told: their order, their quiet hours, whether each works."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.alerts import routes, usual
from sociable.alerts.models import Route
from sociable.channels.base import ChannelError
from sociable.domain.saying import moment_soon
from sociable.journeys import drill
from sociable.office.rights import page
from sociable.people.parts import signed_in, staff

_TIME = {"type": "time"}
ADDED_BY_HAND = (Route.Kind.EMAIL, Route.Kind.TEXT, Route.Kind.APPRISE)


# -- One's own routes ------------------------------------------------------------------------------------------------------


class RouteForm(forms.Form):
    """A route as its person types it; the address is asked for again only where it is to be another."""

    address = forms.CharField(max_length=2000, required=False, strip=True)
    name = forms.CharField(max_length=80, required=False, label="What you call it", help_text="“My phone”, say")
    quiet_from = forms.TimeField(
        required=False, label="Quiet from", widget=forms.TimeInput(attrs=_TIME, format="%H:%M")
    )
    quiet_to = forms.TimeField(
        required=False, label="Quiet until", widget=forms.TimeInput(attrs=_TIME, format="%H:%M"),
        help_text="Your local time, every day; it may run over midnight. Outside your shifts and your accounts' hours nothing rings anyhow",
    )  # fmt: skip
    is_on = forms.BooleanField(required=False, initial=True, label="Use this route")

    def __init__(self, kind: str, *args: Any, changes: Route | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.changes = kind, changes
        label, help_text = ADDRESSES[Route.Kind(kind)]
        self.fields["address"].label = label
        if changes is not None:
            help_text = "Empty: it stays as it is. It is kept encrypted and not shown again"
            self.fields["address"].required = False
        self.fields["address"].help_text = help_text
        if changes is None and kind != Route.Kind.EMAIL:
            self.fields["address"].required = True
            self.fields["address"].error_messages["required"] = f"Enter the {label[0].lower()}{label[1:]}."
        if kind == Route.Kind.PUSH or (changes is not None and changes.kind == Route.Kind.DESK):
            del self.fields["address"]
        if changes is None:
            del self.fields["is_on"]

    @property
    def quiet(self) -> tuple[time, time] | None:
        """The quiet hours, where both ends are given."""
        begins, ends = self.cleaned_data["quiet_from"], self.cleaned_data["quiet_to"]
        return (begins, ends) if begins is not None and ends is not None else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if (cleaned.get("quiet_from") is None) != (cleaned.get("quiet_to") is None) and not self.errors:
            self.add_error("quiet_to", "Give both ends of the quiet hours, or neither.")
        elif cleaned.get("quiet_from") is not None and cleaned["quiet_from"] == cleaned.get("quiet_to"):
            self.add_error(
                "quiet_to", "The quiet hours end when they begin. To hear nothing at all, switch the route off."
            )
        return cleaned


ADDRESSES = {
    Route.Kind.EMAIL: ("Email address", "Empty: the one you sign in with"),
    Route.Kind.TEXT: ("Mobile number", "A text goes by the line of your body for text messages, and costs it money"),
    Route.Kind.APPRISE: (
        "Address of the chat",
        "The webhook of a Teams workflow or a Slack channel, or one such as ntfy://ntfy.sh/your-topic. It is kept encrypted",
    ),
    Route.Kind.PUSH: ("Browser", ""),
    Route.Kind.DESK: ("Desk", ""),
}


@staff
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """This page will show a person's routes in the order in which they are used, and whether each works."""
    person, now = signed_in(request), timezone.now()
    own = list(routes.of(person, now))
    ringing = [route for route in own if route.kind != Route.Kind.DESK]
    context = {
        "routes": [_shown(route, now, ringing) for route in own],
        "kinds": [(kind.value, kind.label) for kind in ADDED_BY_HAND],
        "push_key": usual.push_key().public,
        "works": any(_works(route, now) for route in ringing),
        "leads_of": [_needed(one, now) for one in drill.unreached(person, now)],
    }
    return page(request, "alerts", "routes.html", context)


def _needed(person: Any, now: datetime) -> dict[str, str]:
    """Somebody with a shift, now or to come: `needed_at` is found with them."""
    when = moment_soon(person.needed_at, now, str(timezone.get_current_timezone()))
    return {"name": person.name, "when": f"On shift since {when}" if person.needed_at <= now else f"Needed from {when}"}


def _works(route: Route, now: datetime) -> bool:
    return route.is_on and route.confirmed_at is not None and route.doubted_at is None and not route.fails(now)


def _shown(route: Route, now: datetime, ringing: list[Route]) -> dict[str, Any]:
    word, tone, more = state_of(route, now)
    place = ringing.index(route) if route in ringing else None
    return {
        "route": route,
        "word": word,
        "tone": tone,
        "more": more,
        "rings": place is not None,
        "first": place == 0,
        "last": place == len(ringing) - 1,
        "quiet": f"Quiet from {route.quiet_from:%H:%M} to {route.quiet_to:%H:%M}"
        if route.quiet_from and route.quiet_to
        else "",
    }


def state_of(route: Route, now: datetime) -> tuple[str, str, str]:
    """This function will say how a route does: a word, its tone, and a sentence."""
    if route.kind == Route.Kind.DESK:
        return "Always there", "good", "Shows a notice at once to whoever has Sociable open. It rings nothing."
    if not route.is_on:
        return "Off", "", "Nothing goes this way."
    if route.trouble:
        return "Does not work", "late", f"{route.trouble} Mend it, or take it away."
    if fails := route.fails(now):
        return "Rests", "warn", f"{fails} It is tried again by itself."
    return _proved(route, now)


def _proved(route: Route, now: datetime) -> tuple[str, str, str]:
    zone = str(timezone.get_current_timezone())
    if route.doubted_at is not None:
        tried = moment_soon(route.tried_at or now, now, zone)
        return "In doubt", "warn", f"It was tried at {tried}, and nobody confirmed it. It is used last. Try it now."
    if route.confirmed_at is None:
        return "Not tried yet", "warn", "Try it now, and tap the link that arrives."
    return "Works", "good", f"You confirmed it at {moment_soon(route.confirmed_at, now, zone)}."


@staff
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest, kind: str) -> HttpResponse:
    """This page will add a route of a kind; a browser adds itself."""
    if kind not in (*ADDED_BY_HAND, Route.Kind.PUSH):
        return redirect("office:alerts")
    form = RouteForm(kind, request.POST or None)
    if request.method == "POST" and form.is_valid() and (made := _added(request, form, kind)) is not None:
        drill.try_now(made, timezone.now())
        messages.success(
            request, f"Added, and a try is on its way to “{made.name}”. Tap the link in it to say that it arrived."
        )
        return redirect("office:alerts")
    if kind == Route.Kind.PUSH:
        messages.error(
            request, " ".join(map(str, form.non_field_errors())) or "The browser did not say where it can be reached."
        )
        return redirect("office:alerts")
    return page(request, "alerts", "route.html", {"form": form, "kind": Route.Kind(kind).label, "route": None})


def _added(request: HttpRequest, form: RouteForm, kind: str) -> Route | None:
    address = request.POST.get("subscription", "") if kind == Route.Kind.PUSH else form.cleaned_data["address"]
    try:
        made = routes.add(
            signed_in(request), kind=kind, name=form.cleaned_data["name"], address=address, now=timezone.now()
        )
    except ChannelError as error:
        form.add_error(None if kind == Route.Kind.PUSH else "address", error.message)
        return None
    if form.quiet:
        routes.change(made, name=made.name, quiet=form.quiet, is_on=True)
    return made


def _own(request: HttpRequest, route_id: int) -> Route:
    return get_object_or_404(Route, pk=route_id, person=signed_in(request))


@staff
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, route_id: int) -> HttpResponse:
    """This page will change one route of the person's own: its name, quiet hours, whether it is used."""
    route = _own(request, route_id)
    initial = {"name": route.name, "quiet_from": route.quiet_from, "quiet_to": route.quiet_to, "is_on": route.is_on}
    form = RouteForm(route.kind, request.POST or None, initial=initial, changes=route)
    if request.method == "POST" and form.is_valid():
        try:
            routes.change(
                route, name=form.cleaned_data["name"], quiet=form.quiet, is_on=form.cleaned_data["is_on"],
                address=form.cleaned_data.get("address") or None,
            )  # fmt: skip
        except ChannelError as error:
            form.add_error("address", error.message)
        else:
            messages.success(request, "Saved.")
            return redirect("office:alerts")
    return page(request, "alerts", "route.html", {"form": form, "kind": route.get_kind_display(), "route": route})


@staff
@require_POST
def move(request: HttpRequest, route_id: int) -> HttpResponse:
    """This page will move a route up or down."""
    routes.move(_own(request, route_id), up=request.POST.get("to") == "up")
    return redirect("office:alerts")


@staff
@require_POST
def remove(request: HttpRequest, route_id: int) -> HttpResponse:
    """This page will take a route away."""
    route = _own(request, route_id)
    routes.remove(route)
    messages.success(request, f"“{route.name}” is gone.")
    return redirect("office:alerts")


@staff
@require_POST
def try_now(request: HttpRequest, route_id: int) -> HttpResponse:
    """This page will try a route."""
    route = _own(request, route_id)
    if route.kind != Route.Kind.DESK:
        drill.try_now(route, timezone.now())
        messages.success(request, f"A try is on its way to “{route.name}”. Tap the link in it to say that it arrived.")
    return redirect("office:alerts")
