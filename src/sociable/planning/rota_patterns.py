"""The pages of what comes again: kinds of shift and the shifts made from them, and when each person works at all."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sociable.cover import around, wishes, working
from sociable.cover import rota as verbs
from sociable.cover.checking import ShiftRefused, Unwise
from sociable.cover.models import ShiftPattern, WorkingPattern
from sociable.cover.queries import people_rostered_by, people_timed_by, plans
from sociable.domain.cover.limits import Concern, Limits
from sociable.domain.worktime import StatedHours, holidays
from sociable.domain.worktime.wording import and_words, days_words, length_words, times_of_day_words
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.planning import rota_week
from sociable.planning.rights import page
from sociable.planning.rota_forms import FromPatternForm, PatternForm, WorkingForm
from sociable.planning.wishes import rows as wish_rows


def _planner(request: HttpRequest) -> Person:
    person = signed_in(request)
    if not rota_week.planned_by(person).accounts:
        raise Http404
    return person


def _patterns(person: Person) -> list[ShiftPattern]:
    """The patterns all of whose accounts somebody plans."""
    planned = rota_week.planned_by(person).accounts
    rows = ShiftPattern.objects.select_related("partner", "service").prefetch_related("accounts")
    return [row for row in rows if row.accounts.all() and all(one.pk in planned for one in row.accounts.all())]


def _pattern(person: Person, pattern_id: int) -> ShiftPattern:
    found = next((row for row in _patterns(person) if row.pk == pattern_id), None)
    if found is None:
        raise Http404
    return found


@staff
@require_safe
def patterns(request: HttpRequest) -> HttpResponse:
    """This page will list the kinds of shift."""
    rows = [
        {
            "pattern": row,
            "when": pattern_words(row),
            "accounts": and_words([account.name for account in row.accounts.all()]),
        }
        for row in _patterns(_planner(request))
    ]
    return page(request, "rota", "rota_patterns.html", {"rows": rows})


def pattern_words(pattern: ShiftPattern) -> str:
    """This function will say when a kind of shift lies: "Monday to Friday, 9am to 1pm, every 2 weeks"."""
    every = f", every {pattern.every_weeks} weeks" if pattern.every_weeks > 1 else ""
    return f"{days_words(sorted(pattern.weekdays))}, {times_of_day_words(pattern.begins, pattern.ends)}{every}"


@staff
@require_http_methods(["GET", "POST"])
def pattern(request: HttpRequest, pattern_id: int | None = None) -> HttpResponse:
    """This page will take a kind of shift, or a change of one; shifts made from it stay as they are."""
    person, now = _planner(request), timezone.now()
    row = _pattern(person, pattern_id) if pattern_id else None
    form = PatternForm(person, request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        working.keep_pattern(form, by=person, now=now)
        messages.success(request, f"Kept: {form.instance.name}.")
        return redirect("planning:rota_patterns")
    context = {"form": form, "pattern": row}
    return page(request, "rota", "rota_pattern.html", context, status=409 if form.errors else 200)


@staff
@require_http_methods(["GET", "POST"])
def make(request: HttpRequest, pattern_id: int) -> HttpResponse:
    """This page will make the drafts of a kind of shift for somebody, for some weeks."""
    person, now = _planner(request), timezone.now()
    row = _pattern(person, pattern_id)
    form = FromPatternForm(person, request.POST or None, initial={"first_on": _next_monday(row, now)})
    concerns: tuple[Concern, ...] = ()
    if request.method == "POST" and form.is_valid():
        try:
            made = verbs.make_from(row, by=person, now=now, **_typed(form, row))
        except Unwise as unwise:
            concerns = unwise.concerns
        except ShiftRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _made_words(len(made), form.cleaned_data["person"]))
            asked = rota_week.read(request, now)
            return redirect(asked.address(week=form.cleaned_data["first_on"].isoformat()))
    context = {"form": form, "pattern": row, "when": pattern_words(row), "concerns": concerns}
    return page(request, "rota", "rota_make.html", context, status=409 if concerns or form.errors else 200)


def _typed(form: FromPatternForm, row: ShiftPattern) -> dict[str, Any]:
    typed = form.cleaned_data
    closed = frozenset() if typed["bank_holidays"] else holidays.bank_holidays(row.partner.division)
    return {
        "person": typed["person"], "first_on": typed["first_on"], "weeks": typed["weeks"], "reason": typed["reason"],
        "without": closed,
    }  # fmt: skip


def _made_words(number: int, person: Person) -> str:
    if not number:
        return f"Nothing new: {person.first_name} has these shifts already."
    return f"{number} draft{'' if number == 1 else 's'} for {person.first_name}. They hold once they are published."


def _next_monday(row: ShiftPattern, now: datetime) -> date:
    today = now.astimezone(ZoneInfo(row.partner.zone)).date()
    return today + timedelta(days=7 - today.weekday())


# -- When people work ------------------------------------------------------------------------------------------------------


@staff
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """This page will list the people of whom somebody may write down when they work, with when each does."""
    now = timezone.now()
    planner = _planner(request)
    timed = people_timed_by(planner)
    others = people_rostered_by(planner).exclude(pk__in=timed.values("pk")).values_list("name", flat=True)
    rows = [{"person": each, **working_words(each, now)} for each in timed]
    return page(
        request, "rota", "rota_people.html", {"rows": rows, "others": and_words(list(others)) if others else ""}
    )


def working_words(person: Person, now: datetime) -> dict[str, str]:
    """This function will say when somebody works, and the limits that hold for them."""
    row = around.pattern_of(person, now)
    bounds = around.limits_of(row)
    limits = (
        f"At most {length_words(bounds.week)} a week, {length_words(bounds.longest_shift)} a shift and "
        f"{bounds.days_in_a_row} days in a row; {length_words(bounds.rest)} of rest{_weekend_words(bounds)}"
    )
    return {"when": StatedHours.parse(row.notation).sentence() if row else "", "limits": limits}


def _weekend_words(bounds: Limits) -> str:
    in_a_row, in_four = bounds.weekends_in_a_row, bounds.weekends_in_four
    if in_four == 0 or in_a_row == 0:
        return "; no weekends"
    said = [
        *([f"{in_a_row} weekend{'' if in_a_row == 1 else 's'} in a row"] if in_a_row else []),
        *([f"{in_four} of any four weekends"] if in_four else []),
    ]
    return f"; at most {and_words(said)}" if said else ""


@staff
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    """This page will take when somebody works, from a day on."""
    planner, now = _planner(request), timezone.now()
    who = get_object_or_404(people_timed_by(planner), pk=person_id)
    current = around.pattern_of(who, now)
    form = WorkingForm(request.POST or None, instance=_next_version(who, current, now))
    if request.method == "POST" and form.is_valid():
        working.keep_working(form, by=planner, now=now)
        messages.success(request, f"Kept for {who.first_name}. Shifts that stand already are not moved by it.")
        return redirect("planning:rota_people")
    versions = [
        {"row": row, "words": StatedHours.parse(row.notation).sentence()}
        for row in WorkingPattern.objects.filter(person=who).order_by("-valid_from_on", "-id")
    ]
    context = {"form": form, "who": who, "versions": versions, "plans": plans(planner, who), **working_words(who, now)}
    if context["plans"]:
        context["wishes"] = wish_rows(wishes.standing(who, now), planner)
    return page(request, "rota", "rota_person.html", context, status=409 if form.errors else 200)


def _next_version(who: Person, current: WorkingPattern | None, now: datetime) -> WorkingPattern:
    """A new version that begins as a copy of what holds: versions are never edited."""
    zone = around.zone_of(who)
    today = around.local_day(now, zone)
    if current is None:
        return WorkingPattern(person=who, zone=zone, valid_from_on=today)
    kept = {name: getattr(current, name) for name in COPIED}
    return WorkingPattern(person=who, valid_from_on=today, **kept)


COPIED = (
    "notation", "zone", "week_minutes", "longest_shift_minutes", "rest_minutes", "most_days_in_a_row", "at_once",
    "weekends_in_a_row", "weekends_in_four",
)  # fmt: skip
