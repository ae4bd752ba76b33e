"""The pages of time away: one's own, what a lead is to decide on with what it does to cover, and who is away in the weeks to come."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.cover import absences, days, torn
from sociable.cover.absences import Seen
from sociable.cover.away import NEEDS_NO_AGREEMENT, AwayRefused
from sociable.cover.models import CalendarFeed, TimeAway
from sociable.cover.queries import people_planned_by
from sociable.domain.worktime.wording import date_words
from sociable.journeys import away as doing
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.planning.away_form import AwayForm, WordsForm
from sociable.planning.rights import page

WEEKS = 6
MOST_DECIDED = 20
TONES = {"asked": "warn", "agreed": "good", "declined": "late", "cancelled": "outline"}


@staff
@require_safe
def away(request: HttpRequest) -> HttpResponse:
    """This page will show its reader's own time away, and what they decide on and plan around."""
    now, person = timezone.now(), signed_in(request)
    until = now + timedelta(weeks=WEEKS)
    planned = absences.planned_by(person, now, until).exclude(person=person.pk)
    context = {
        "own": [_row(seen, now) for seen in absences.seen_by(person, absences.of(person, now))],
        "feeds": CalendarFeed.objects.filter(person=person),
        "to_decide": [_to_decide(one, now) for one in absences.asked_of(person, now)[:MOST_DECIDED]],
        "coming": [_row(seen, now) for seen in absences.seen_by(person, planned)],
        "plans": people_planned_by(person).exclude(pk=person.pk).exists(),
        "weeks": WEEKS,
        "until": date_words(days.day_of(until, absences.zone_of(person))),
    }
    return page(request, "away", "away.html", context)


def _row(seen: Seen, now: datetime) -> dict[str, Any]:
    one = seen.away
    return {
        "seen": seen,
        "away": one,
        "when": absences.when_words(one, one.person),
        "tone": TONES[one.state],
        "is_now": one.starts_at <= now < one.ends_at,
    }


def _to_decide(one: TimeAway, now: datetime) -> dict[str, Any]:
    return {
        "away": one,
        "what": one.get_kind_display(),
        "when": absences.when_words(one, one.person),
        "torn": torn.of(one, now),
        "form": WordsForm(auto_id=f"away-{one.pk}-%s"),
    }


@staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """This page will take a time away, show what it does to cover, and then ask for it."""
    now, reader = timezone.now(), signed_in(request)
    form = AwayForm(reader, request.POST or None)
    if request.method == "POST" and "back" not in request.POST and form.is_valid():
        if "confirm" not in request.POST:
            return _would_tear(request, form, now)
        try:
            made = doing.ask(form.whom, form.asked(), by=reader, now=now)
        except AwayRefused as refusal:
            form.add_error("first_on", refusal.message)
        else:
            messages.success(request, _asked_words(made))
            return redirect("planning:away_one", away_id=made.pk)
    return page(request, "away", "away_new.html", {"form": form})


def _would_tear(request: HttpRequest, form: AwayForm, now: datetime) -> HttpResponse:
    asked, person = form.asked(), form.whom
    context = {
        "kept": [(name, value) for name in form.fields for value in request.POST.getlist(name)],
        "who": "You are" if person.pk == form.reader.pk else f"{person.name} is",
        "what": dict(TimeAway.Kind.choices)[asked.kind],
        "when": absences.when_words(asked, person),
        "torn": torn.by(person, asked.starts_at, asked.ends_at, now),
        "shifts": len(torn.shifts_lost(person, asked.starts_at, asked.ends_at, now)),
        "at_once": asked.kind in NEEDS_NO_AGREEMENT or absences.decides(form.reader, person),
        "who_decides": absences.who_decides(person),
    }
    return page(request, "away", "away_would_tear.html", context)


def _asked_words(made: TimeAway) -> str:
    if made.state == TimeAway.State.AGREED:
        return "It counts from now on."
    return f"It is asked for. {absences.who_decides(made.person)[:-1]} agree to it; until then you are still counted."


@staff
@require_safe
def one(request: HttpRequest, away_id: int) -> HttpResponse:
    """This page will show one time away to whoever it is about and to who plans them."""
    now, reader = timezone.now(), signed_in(request)
    found = _seen(reader, away_id)
    (seen,) = absences.seen_by(reader, [found])
    context = {
        **_row(seen, now),
        "facts": _facts(found, seen),
        "torn": torn.of(found, now) if found.state in ("asked", "agreed") else [],
        "may_decide": found.state == TimeAway.State.ASKED and absences.decides(reader, found.person),
        "may_take_back": found.state in ("asked", "agreed") and found.feed_id is None and found.ends_at > now,
        "counts": found.state == TimeAway.State.AGREED,
        "form": WordsForm(),
    }
    return page(request, "away", "away_one.html", context)


def _facts(found: TimeAway, seen: Seen) -> list[dict[str, str]]:
    by = found.asked_by.name if found.asked_by else f"the calendar “{found.feed.name}”" if found.feed else ""
    facts = [
        ("Who", found.person.name),
        ("What", seen.what),
        ("When", absences.when_words(found, found.person)),
        ("Why", seen.reason),
        ("Entered by", by),
        ("Decided by", found.decided_by.name if found.decided_by else ""),
        ("They said", found.decision_words),
    ]
    return [{"key": key, "value": value} for key, value in facts if value]


def _seen(reader: Person, away_id: int) -> TimeAway:
    """The time away, for whoever may know why."""
    rows = TimeAway.objects.select_related("person", "asked_by", "decided_by", "feed")
    found = get_object_or_404(rows, pk=away_id)
    if not absences.may_know(reader, found):
        raise Http404
    return found


@staff
@require_POST
def agree(request: HttpRequest, away_id: int) -> HttpResponse:
    """This button will agree to a time away."""
    found = _seen(signed_in(request), away_id)
    return _done(
        request, found, lambda words: doing.agree(found, by=signed_in(request), now=timezone.now(), words=words)
    )


@staff
@require_POST
def decline(request: HttpRequest, away_id: int) -> HttpResponse:
    """This button will decline a time away."""
    found = _seen(signed_in(request), away_id)
    return _done(
        request, found, lambda words: doing.decline(found, by=signed_in(request), now=timezone.now(), words=words)
    )


@staff
@require_POST
def take_back(request: HttpRequest, away_id: int) -> HttpResponse:
    """This button will take a time away back."""
    found = _seen(signed_in(request), away_id)
    return _done(request, found, lambda _: doing.take_back(found, by=signed_in(request), now=timezone.now()))


def _done(request: HttpRequest, found: TimeAway, do: Any) -> HttpResponse:
    try:
        done = do(request.POST.get("words", "")[:300])
    except AwayRefused as refusal:
        messages.error(request, refusal.message)
        return redirect("planning:away_one", away_id=found.pk)
    messages.success(
        request, f"{done.person.name}, {absences.when_words(done, done.person)}: {done.get_state_display().lower()}."
    )
    return redirect("planning:away")
