"""The pages on which wishes are stated: by whoever wishes it, or by whoever plans them and was told.

Who plans them reads it beside their hours and on the rota.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.cover import wishes as verbs
from sociable.cover.around import local_day, zone_of
from sociable.cover.queries import people_planned_by
from sociable.cover.wish_models import Wish
from sociable.cover.wishes import WishRefused
from sociable.domain.worktime.wording import date_words
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.planning.rights import page
from sociable.planning.wishes_form import WishForm, as_typed


@staff
@require_safe
def wishes(request: HttpRequest) -> HttpResponse:
    """This page will list what its reader wishes."""
    person = signed_in(request)
    return page(request, "rota", "wishes.html", {"rows": rows(verbs.standing(person, timezone.now()), person)})


def rows(found: Iterable[Wish], reader: Person) -> list[dict[str, Any]]:
    """This function will show wishes as pages list them, with who wrote each down and whether the reader may change it."""
    return [
        {
            "wish": wish, "what": verbs.kind_words(wish), "when": verbs.when_words(wish),
            "weight": Wish.Weight(wish.weight).label, "written": _written(wish, reader),
            "may_change": verbs.can_write(reader, wish.person, wish),
        }
        for wish in found
    ]  # fmt: skip


def _written(wish: Wish, reader: Person) -> str:
    """Who wrote it down, where they did not state it themselves."""
    if wish.written_by is None:
        return ""
    on = date_words(local_day(wish.stated_at, zone_of(wish.person)))
    who = "you" if wish.written_by == reader else wish.written_by.name
    return f"Written down by {who} on {on}"


@staff
@require_http_methods(["GET", "POST"])
def wish(request: HttpRequest, wish_id: int | None = None, person_id: int | None = None) -> HttpResponse:
    """This page will take a wish, or a change of one: the reader's own, or of somebody whom they plan."""
    reader, now = signed_in(request), timezone.now()
    who = _whose(reader, person_id)
    row = _written_down(reader, who, wish_id) if wish_id else None
    form = WishForm(who, reader, request.POST or None, initial=as_typed(row) if row else None)
    if request.method == "POST" and form.is_valid():
        try:
            kept = verbs.state(form.stated(), of=who, by=reader, now=now, instead=row)
        except WishRefused as refusal:
            form.add_error("on_day" if form.cleaned_data["on_day"] else None, refusal.message)
        else:
            messages.success(request, f"Kept: {verbs.words(kept)}. It is a wish: it may not always be possible.")
            return redirect(*_back(reader, who))
    context = {"form": form, "wish": row, "who": None if who == reader else who}
    return page(request, "rota", "wish.html", context, status=409 if form.errors else 200)


def _whose(reader: Person, person_id: int | None) -> Person:
    return get_object_or_404(people_planned_by(reader), pk=person_id) if person_id else reader


def _written_down(reader: Person, who: Person, wish_id: int) -> Wish:
    """One that somebody stated themselves is not there for anybody else to change."""
    row = get_object_or_404(Wish.objects.select_related("person"), pk=wish_id, person=who)
    if not verbs.can_write(reader, who, row):
        raise Http404
    return row


def _back(reader: Person, who: Person) -> tuple[Any, ...]:
    """Where a wish of somebody is listed."""
    return ("planning:wishes",) if who == reader else ("planning:rota_person", who.pk)


@staff
@require_POST
def take_back(request: HttpRequest, wish_id: int, person_id: int | None = None) -> HttpResponse:
    """This button will take a wish back."""
    reader = signed_in(request)
    who = _whose(reader, person_id)
    row = _written_down(reader, who, wish_id)
    verbs.take_back(row, by=reader, now=timezone.now())
    messages.success(request, f"Taken back: {verbs.words(row)}.")
    return redirect(*_back(reader, who))
