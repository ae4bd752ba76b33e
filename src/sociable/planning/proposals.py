"""The pages on which a rota is asked for, watched while it is worked out, read with its reasons, and published in one step.

How it is worked out is decided by domain/cover/proposal; what is kept of it, by cover/proposals.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.cover import proposals as verbs
from sociable.cover.checking import ShiftRefused, Stale, Unwise
from sociable.cover.models import Shift
from sociable.cover.proposal_models import RotaProposal
from sociable.cover.queries import people_rostered_by, people_timed_by, ready_without_hours
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.live import queries as live
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import NotAllowed
from sociable.planning import proposal_telling as telling
from sociable.planning import rota_week
from sociable.planning.proposal_form import ProposalForm
from sociable.planning.rights import page

MOST_LISTED = 20


@staff
@require_http_methods(["GET", "POST"])
def proposals(request: HttpRequest) -> HttpResponse:
    """This page will take what rota is wanted, and list what was asked for before."""
    person, now = signed_in(request), timezone.now()
    if not rota_week.planned_by(person).accounts:
        raise Http404
    form = ProposalForm(person, now, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            row = verbs.ask(form.asked(), by=person, now=now)
        except ShiftRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("planning:proposal", proposal_id=row.pk)
    mine = RotaProposal.objects.filter(asked_by=person)[:MOST_LISTED]
    context = {"form": form, "rows": [_row(row) for row in mine], "unknown": _unknown(form.planned, person)}
    return page(request, "rota", "proposals.html", context, status=409 if form.errors else 200)


def _unknown(accounts: Iterable[Account], person: Person) -> list[dict[str, Any]]:
    """Who cannot be proposed for anything, since nobody has said when they work; with where to say it, for those of whom they may."""
    timed = set(people_timed_by(person).values_list("pk", flat=True))
    return [
        {"name": each.name, "url": reverse("planning:rota_person", args=[each.pk]) if each.pk in timed else ""}
        for each in ready_without_hours(accounts, people_rostered_by(person))
    ]


def _row(row: RotaProposal) -> dict[str, Any]:
    return {
        "url": reverse("planning:proposal", args=[row.pk]),
        "title": _span_words(row),
        "what_if": row.what_if_words,
        "asked_at": row.asked_at,
        "state": row.get_state_display(),
        "tone": TONES[row.state],
        "left": telling.hours(row.told["after"]["holes"]) if row.told else "",
    }


TONES = {"waiting": "neutral", "working": "info", "done": "accent", "failed": "late", "published": "good"}


def _span_words(row: RotaProposal) -> str:
    zone = ZoneInfo(_zone(row))
    first, last = row.starts_at.astimezone(zone), (row.ends_at - timedelta(minutes=1)).astimezone(zone)
    return f"{first:%A} {first.day} {first:%B} to {last:%A} {last.day} {last:%B %Y}"


def _zone(row: RotaProposal) -> str:
    account = row.accounts.select_related("partner").first()
    return zone_of(account) if account else rota_week.LONDON


@staff
@require_safe
def proposal(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """This page will show how far a rota has come, and then the rota with its reasons beside today's."""
    now = timezone.now()
    row = _own(signed_in(request), proposal_id)
    context: dict[str, Any] = {
        "row": row,
        "title": _span_words(row),
        "accounts": [account.name for account in row.accounts.order_by("name")],
        "unknown": [] if row.is_open else _unknown(row.accounts.all(), row.asked_by),
        "state": row.get_state_display(),
        "tone": TONES[row.state],
    }
    if row.is_open:
        context |= {"progress": telling.progress(row, now, _ahead(row)), "live_after": live.newest_id()}
    if row.told:
        context |= _came_of(row, now)
    return page(request, "rota", "proposal.html", context)


def _own(person: Person, proposal_id: int) -> RotaProposal:
    """It may tell why somebody is away, so it is for whoever asked for it."""
    return get_object_or_404(RotaProposal.objects.filter(asked_by=person), pk=proposal_id)


def _ahead(row: RotaProposal) -> int:
    """How many rotas are worked out before this one begins."""
    before = RotaProposal.objects.filter(state__in=RotaProposal.OPEN, asked_at__lt=row.asked_at)
    return before.count() if row.state == RotaProposal.State.WAITING else 0


def _came_of(row: RotaProposal, now: datetime) -> dict[str, Any]:
    told = row.told
    zone = ZoneInfo(_zone(row))
    named = {each["person"] for each in (*told["shifts"], *told.get("moved", []))}
    people = {one.pk: one.name for one in Person.objects.filter(pk__in=named)}
    people |= {
        one.pk: one.name for one in Person.objects.filter(pk__in=[int(each) for each in told["after"]["by_person"]])
    }
    accounts = {one.pk: one.name for one in Account.objects.filter(pk__in={*map(int, told["after"]["by_account"])})}
    weeks = telling.weeks(told["shifts"], _today(row), people, accounts, zone)
    return {
        "sums": telling.sums(row),
        "near": telling.near(row),
        "weeks": weeks,
        "moved": telling.moved(told, people, zone),
        "holes": telling.holes(told["holes"], accounts, zone)[: telling.MOST_HOLES],
        "more_holes": max(0, len(told["holes"]) - telling.MOST_HOLES),
        "wishes": telling.wishes(told),
        "by_account": telling.side_by_side(told, "by_account", accounts),
        "by_person": telling.side_by_side(told, "by_person", people),
        "changes": telling.changes(told, weeks),
        "may_publish": row.state == RotaProposal.State.DONE and not row.what_if and row.starts_at > now,
    }


def _today(row: RotaProposal) -> set[tuple[int, str, str]]:
    """The published shifts of today's rota, as a proposal names them."""
    shifts = Shift.objects.published().touching(row.starts_at, row.ends_at)
    return {(each.person_id, each.starts_at.isoformat(), each.ends_at.isoformat()) for each in shifts}


@staff
@require_POST
def stop(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """This page will have the best so far taken."""
    row = _own(signed_in(request), proposal_id)
    verbs.stop(row, timezone.now())
    return redirect("planning:proposal", proposal_id=row.pk)


@staff
@require_POST
def publish(request: HttpRequest, proposal_id: int) -> HttpResponse:
    """This page will put the proposed rota in the place of today's."""
    person, now = signed_in(request), timezone.now()
    row = _own(person, proposal_id)
    try:
        done = verbs.publish(row.pk, by=person, now=now)
    except (Stale, ShiftRefused, Unwise, NotAllowed) as refusal:
        messages.error(request, refusal.message)
        return redirect("planning:proposal", proposal_id=row.pk)
    number = f"{done.changes} change{'' if done.changes == 1 else 's'}"
    people = f"{len(done.people)} {'person' if len(done.people) == 1 else 'people'}"
    messages.success(request, f"Published: {number} for {people}. They see it on their day.")
    week = row.starts_at.astimezone(ZoneInfo(_zone(row))).date()
    return redirect(f"{reverse('planning:rota')}?week={week.isoformat()}")
