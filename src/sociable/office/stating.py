"""Pages on which an account's hours and promise are stated: typed, then shown with what would move, then stated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.directory import queries as directory
from sociable.directory.models import Account, HoursVersion
from sociable.domain.saying import moment_near
from sociable.domain.worktime import StatedHours
from sociable.domain.worktime.wording import date_words
from sociable.journeys import state
from sociable.office import hours_form, promise_form
from sociable.office.rights import page
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act
from sociable.promises.services import Moved

ROWS_SHOWN = 50


def _account(request: HttpRequest, account_id: int) -> Account:
    mine = Account.objects.where(signed_in(request), Act.CHANGE_ACCOUNT).select_related("partner", "service")
    return get_object_or_404(mine, pk=account_id)


def _today(account: Account, now: datetime) -> date:
    return now.astimezone(ZoneInfo(directory.zone_of(account))).date()


@staff
@require_http_methods(["GET", "POST"])
def hours(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will take stated hours by the week or in notation."""
    account, now = _account(request, account_id), timezone.now()
    by_text = request.GET.get("as") == "text"
    kind = hours_form.Notation if by_text else hours_form.Week
    current = _current(account, now)
    today = _today(account, now)
    form: hours_form.Hours = kind(today, request.POST or None, initial=hours_form.as_typed(current, today))
    stated = _state(
        request,
        account,
        form,
        would_move=lambda on: state.hours_would_move(account, form.stated, on),
        say=lambda: [form.stated.sentence(), *form.stated.special_sentences(_today(account, now))],
        do=lambda on: state.state_hours(
            account_id=account.pk,
            hours=form.stated,
            valid_from_on=on,
            person=signed_in(request),
            now=now,
            change_note=form.cleaned_data["change_note"],
        ),
        now=now,
    )
    context = {"account": account, "form": form, "by_text": by_text, "versions": hours_versions(account, now)}
    return stated or page(request, "accounts", "hours.html", context)


def _current(account: Account, now: datetime) -> StatedHours | None:
    calendar = directory.calendar_of(account)
    return calendar.plan.hours_on(_today(account, now)) if calendar else None


@staff
@require_http_methods(["GET", "POST"])
def promise(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will take a promise."""
    account, now = _account(request, account_id), timezone.now()
    versions = directory.promise_versions(account)
    current = directory.promise_on(versions, account, now)
    form = promise_form.PromiseForm(_today(account, now), request.POST or None, initial=promise_form.as_typed(current))
    stated = _state(
        request,
        account,
        form,
        would_move=lambda _: state.promise_would_move(account, form.version()),
        say=lambda: [f"{rule.sentence()}." for rule in [directory.promise_rule(form.version())] if rule],
        do=lambda _: state.state_promise(
            account_id=account.pk, version=form.version(), person=signed_in(request), now=now
        ),
        now=now,
    )
    context = {
        "account": account,
        "form": form,
        "versions": promise_versions(account, now),
        "hours": _current(account, now),
    }
    return stated or page(request, "accounts", "promise.html", context)


def _state(
    request: HttpRequest,
    account: Account,
    form: forms.Form,
    *,
    would_move: Callable[[date], list[Moved]],
    say: Callable[[], list[str]],
    do: Callable[[date], list[Moved]],
    now: datetime,
) -> HttpResponse | None:
    """The step that was asked for: what would move, or that it is stated; None shows the form, with its refusals."""
    if request.method != "POST" or "back" in request.POST or not form.is_valid():
        return None
    on = form.cleaned_data["valid_from_on"]
    if "confirm" not in request.POST:
        moved = would_move(on)
        shown = [_row(each, account, now) for each in moved[:ROWS_SHOWN]]
        context = {
            "account": account,
            "kept": [(name, value) for name in form.fields for value in request.POST.getlist(name)],
            "said": say(),
            "on": date_words(on),
            "moved": moved,
            "rows": shown,
        }
        return page(request, "accounts", "would_move.html", context)
    moved = do(on)
    messages.success(request, f"Stated from {date_words(on)}. {counted(len(moved))} moved.")
    return redirect("office:account", account_id=account.pk)


def counted(number: int) -> str:
    """This function will count open requests: "No open requests have"."""
    return f"{number or 'No'} open {'request has' if number == 1 else 'requests have'}"


def _row(moved: Moved, account: Account, now: datetime) -> dict[str, Any]:
    zone = directory.zone_of(account)
    return {
        "wait": moved.wait,
        "was": moment_near(moved.was_due_at, now, zone) if moved.was_due_at else "no promise",
        "will": moment_near(moved.due_at, now, zone) if moved.due_at else "no promise",
        "sooner": bool(moved.due_at and moved.was_due_at and moved.due_at < moved.was_due_at),
        "late": bool(moved.due_at and moved.due_at < now),
    }


def hours_versions(account: Account, now: datetime) -> list[dict[str, Any]]:
    """This function will list the versions of an account's hours, newest first, in words."""
    rows = list(
        HoursVersion.objects.filter(account=account).select_related("stated_by").order_by("-valid_from_on", "-pk")
    )
    said = [_whole(StatedHours.parse(row.notation)) for row in rows]
    return _in_words(rows, said, _today(account, now))


def _whole(hours: StatedHours) -> str:
    return " ".join(f"{sentence}." for sentence in (hours.sentence(), *hours.special_sentences()))


def promise_versions(account: Account, now: datetime) -> list[dict[str, Any]]:
    """This function will list the versions of an account's promise, newest first, in words."""
    rows = list(account.promise_versions.select_related("stated_by").order_by("-valid_from_on", "-pk"))
    said = [f"{rule.sentence()}." for rule in map(directory.promise_rule, rows) if rule]
    return _in_words(rows, said, _today(account, now))


def _in_words(rows: list[Any], said: list[str], today: date) -> list[dict[str, Any]]:
    """Of those that have begun the newest holds; of two from one day, the later stated."""
    days = [row.valid_from_on for row in rows]
    holds = next((number for number, on in enumerate(days) if on <= today), len(rows) - 1)
    listed = []
    for number, (row, words) in enumerate(zip(rows, said, strict=True)):
        replaced = row.valid_from_on in days[:number]
        listed.append(
            {
                "row": row,
                "words": words,
                "on": date_words(row.valid_from_on),
                "state": "Holds now" if number == holds else "To come" if number < holds and not replaced else "Past",
            }
        )
    return listed
