"""The pages on which somebody states what they wish of their rota; who plans them reads it beside their hours and on the rota."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.cover import wishes as verbs
from sociable.cover.wish_models import Wish
from sociable.cover.wishes import WishRefused
from sociable.people.parts import signed_in, staff
from sociable.planning.rights import page
from sociable.planning.wishes_form import WishForm, as_typed


@staff
@require_safe
def wishes(request: HttpRequest) -> HttpResponse:
    """This page will list what its reader wishes."""
    found = verbs.standing(signed_in(request), timezone.now())
    return page(request, "rota", "wishes.html", {"rows": rows(found)})


def rows(found: Iterable[Wish]) -> list[dict[str, Any]]:
    """This function will show wishes as pages list them."""
    return [
        {
            "wish": wish, "what": verbs.kind_words(wish), "when": verbs.when_words(wish),
            "weight": Wish.Weight(wish.weight).label,
        }
        for wish in found
    ]  # fmt: skip


@staff
@require_http_methods(["GET", "POST"])
def wish(request: HttpRequest, wish_id: int | None = None) -> HttpResponse:
    """This page will take a wish, or a change of one."""
    person, now = signed_in(request), timezone.now()
    row = get_object_or_404(Wish, pk=wish_id, person=person) if wish_id else None
    form = WishForm(request.POST or None, initial=as_typed(row) if row else None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = verbs.state(form.stated(), by=person, now=now, instead=row)
        except WishRefused as refusal:
            form.add_error("on_day" if form.cleaned_data["on_day"] else None, refusal.message)
        else:
            messages.success(request, f"Kept: {verbs.words(kept)}. It is a wish: it may not always be possible.")
            return redirect("planning:wishes")
    context = {"form": form, "wish": row}
    return page(request, "rota", "wish.html", context, status=409 if form.errors else 200)


@staff
@require_POST
def take_back(request: HttpRequest, wish_id: int) -> HttpResponse:
    """This button will take a wish back."""
    person = signed_in(request)
    row = get_object_or_404(Wish.objects.select_related("person"), pk=wish_id, person=person)
    verbs.take_back(row, by=person, now=timezone.now())
    messages.success(request, f"Taken back: {verbs.words(row)}.")
    return redirect("planning:wishes")
