"""Somebody's own rota: their shifts to come, what they ask others to take, what others ask of them, and their calendar's address."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.cover import around, duty, feeding, swaps, wishes
from sociable.cover.checking import ShiftRefused, Stale, Unwise
from sociable.cover.models import Shift, Swap
from sociable.domain.cover.limits import Concern
from sociable.domain.errors import DomainError
from sociable.domain.worktime.wording import and_words
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.planning.rights import page
from sociable.planning.wishes import rows as wish_rows

AHEAD = timedelta(weeks=8)


class SwapForm(forms.Form):
    """Whom somebody asks to take a shift, for what in return, and in which words."""

    def __init__(self, shift: Shift, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        ready = [person.pk for person in swaps.could_take(shift)]
        self.fields["to"] = _ReadyField(
            Person.objects.filter(pk__in=ready).order_by("name"), label="Whom you ask", required=False,
            empty_label="Anybody who is ready", shift=shift,
        )  # fmt: skip
        theirs = Shift.objects.published().filter(person__in=ready, starts_at__gt=now)
        near = theirs.filter(starts_at__gt=shift.starts_at - AHEAD, starts_at__lt=shift.starts_at + AHEAD)
        self.fields["in_return"] = _ShiftField(
            near.select_related("person").order_by("person__name", "starts_at"), required=False,
            label="A shift of theirs that you take for it", empty_label="None: you only give yours",
            help_text="Only where you ask one person.",
        )  # fmt: skip
        self.fields["words"] = forms.CharField(label="Why, or what you offer", required=False, max_length=300)


class _ReadyField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has it without
    """People who are ready for a shift; who is not free then is said, since they would have to decline."""

    def __init__(self, *args: Any, shift: Shift, **kwargs: Any) -> None:
        self._shift = shift
        super().__init__(*args, **kwargs)

    def label_from_instance(self, obj: Person) -> str:
        return obj.name if swaps.is_free(obj, self._shift) else f"{obj.name} (works or is away then)"


class _ShiftField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has it without
    """Shifts, each said by who works it and when."""

    def label_from_instance(self, obj: Shift) -> str:
        return f"{obj.person.name}: {around.when_words(obj)}"


@staff
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """This page will show somebody their own rota and their swaps."""
    person, now = signed_in(request), timezone.now()
    theirs = Shift.objects.published().filter(person=person, ends_at__gt=now, starts_at__lt=now + AHEAD)
    asked = {swap.shift_id: swap for swap in swaps.asked_by(person, now)}
    changes = duty.unseen_changes(person, now)
    falling = wishes.falling([person], now, now + AHEAD).get(person.pk, [])
    context = {
        "shifts": [
            {
                **_said(shift), "swap": asked.get(shift.pk), "is_now": shift.starts_at <= now,
                "wished": wishes.of_shift_words(shift, falling),
            }
            for shift in theirs.prefetch_related("accounts").order_by("starts_at")
        ],
        "wishes": wish_rows(wishes.standing(person, now), person),
        "offered": offered(person, now),
        "changes": [{"change": change, **_said(change.shift)} for change in changes],
        "feed_url": settings.PUBLIC_URL + reverse("api:rota_feed", args=[feeding.of_person(person, now).token]),
        "changes_until": max((change.pk for change in changes), default=0),
    }  # fmt: skip
    return page(request, "rota", "rota_mine.html", context)


def offered(person: Person, now: datetime) -> list[dict[str, Any]]:
    """This function will list the swaps somebody can agree to, as pages show them."""
    return [
        {"swap": swap, "back": around.when_words(swap.in_return) if swap.in_return else "", **_said(swap.shift)}
        for swap in swaps.offered_to(person, now)
    ]


def _said(shift: Shift) -> dict[str, Any]:
    return {
        "shift": shift,
        "when": around.when_words(shift),
        "accounts": and_words([account.name for account in shift.accounts.all()] or ["no account"]),
    }


@staff
@require_http_methods(["GET", "POST"])
def ask(request: HttpRequest, shift_id: int) -> HttpResponse:
    """This page will take whom somebody asks to take a shift of theirs."""
    person, now = signed_in(request), timezone.now()
    shift = get_object_or_404(Shift.objects.published().select_related("person"), pk=shift_id, person=person)
    form = SwapForm(shift, now, request.POST or None)
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        try:
            swaps.ask(shift, by=person, now=now, to=typed["to"], in_return=typed["in_return"], words=typed["words"])
        except (ShiftRefused, Stale) as refusal:
            form.add_error(None, refusal.message)
        else:
            who = typed["to"].first_name if typed["to"] else "Whoever is ready"
            messages.success(request, f"{who} sees it on their day. The shift stays yours until somebody agrees.")
            return redirect("planning:rota_mine")
    ready = [each.first_name for each in swaps.could_take(shift)]
    context = {"form": form, "ready": and_words(ready) if ready else "", **_said(shift)}
    return page(request, "rota", "rota_swap_ask.html", context, status=409 if form.errors else 200)


@staff
@require_http_methods(["GET", "POST"])
def agree(request: HttpRequest, swap_id: int) -> HttpResponse:
    """This page will give somebody the shift of a swap; where a limit speaks against it, it asks why all the same."""
    person, now = signed_in(request), timezone.now()
    swap = _swap(swap_id, person, now)
    if swap is None:
        messages.error(request, "That swap is no longer open: somebody was faster, or the shift has begun.")
        return redirect(_next(request))
    concerns: tuple[Concern, ...] = ()
    if request.method == "POST":
        try:
            swaps.agree(swap, by=person, now=now, reason=request.POST.get("reason", ""))
        except Unwise as unwise:
            concerns = unwise.concerns
        except DomainError as refusal:
            messages.error(request, refusal.message)
            return redirect(_next(request))
        else:
            messages.success(request, f"The shift is yours: {around.when_words(swap.shift)}.")
            return redirect(_next(request))
    context = {"swap": swap, "concerns": concerns, "back": around.when_words(swap.in_return) if swap.in_return else ""}
    return page(request, "rota", "rota_swap_agree.html", context | _said(swap.shift), status=409 if concerns else 200)


def _swap(swap_id: int, person: Person, now: datetime) -> Swap | None:
    """A swap that somebody may decide; None where it was open to them once."""
    row = Swap.objects.filter(pk=swap_id).first()
    if row is None or (row.offered_to_id not in (None, person.pk)):
        raise Http404
    return next((swap for swap in swaps.offered_to(person, now) if swap.pk == swap_id), None)


@staff
@require_POST
def decline(request: HttpRequest, swap_id: int) -> HttpResponse:
    """This button will decline a swap that was offered to somebody alone."""
    return _do(request, get_object_or_404(Swap, pk=swap_id, offered_to=signed_in(request)), swaps.decline, "Declined.")


@staff
@require_POST
def take_back(request: HttpRequest, swap_id: int) -> HttpResponse:
    """This button will take back what somebody asked."""
    swap = get_object_or_404(Swap, pk=swap_id, asked_by=signed_in(request))
    return _do(request, swap, swaps.take_back, "Taken back: the shift stays yours.")


def _do(request: HttpRequest, swap: Swap, verb: Any, words: str) -> HttpResponse:
    try:
        verb(swap, by=signed_in(request), now=timezone.now())
    except Stale as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, words)
    return redirect(_next(request))


@staff
@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """This button will keep that somebody has seen what changed on their rota."""
    until = request.POST.get("until", "")
    if until.isdecimal() and len(until) < 19:
        duty.see_changes(signed_in(request), int(until), timezone.now())
    return redirect(_next(request))


def _next(request: HttpRequest) -> str:
    to = request.POST.get("next", "")
    return to if url_has_allowed_host_and_scheme(to, allowed_hosts=None) else "planning:rota_mine"
