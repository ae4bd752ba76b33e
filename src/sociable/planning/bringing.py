"""The pages that bring in sign-offs and time away from a table: every row, or none, with what is wrong said by line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.cover import signing
from sociable.cover.models import TimeAway
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.journeys import away
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Place
from sociable.planning import rows_file
from sociable.planning.away_form import AwayForm
from sociable.planning.ready_form import SignOffForm, planned_accounts
from sociable.planning.rights import page
from sociable.planning.rows_file import NoTable

SHOWN = 50


class TableForm(forms.Form):
    """A file, or rows pasted from a spreadsheet."""

    file = forms.FileField(label="A CSV file", required=False)
    rows = forms.CharField(
        label="Or its rows", required=False, strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}), help_text="The first line names the columns",
    )  # fmt: skip

    def text(self) -> str:
        """What was given.

        Errors: NoTable
        """
        chosen = self.cleaned_data.get("file")
        return rows_file.decoded(chosen.read(rows_file.MOST_BYTES + 1)) if chosen else str(self.cleaned_data["rows"])


@dataclass(frozen=True, slots=True)
class Kind:
    """What a table holds: its columns, what each row is made into, and where the page belongs."""

    part: str
    title: str
    columns: Mapping[str, str]
    needed: tuple[str, ...]
    example: str
    take: Callable[[Person, dict[str, str], datetime], None]
    done: str


@staff
@require_http_methods(["GET", "POST"])
def ready(request: HttpRequest) -> HttpResponse:
    """This page will bring in sign-offs."""
    if not planned_accounts(signed_in(request)).exists():
        permissions.check_can_plan(signed_in(request), Place(0))
    return _page(request, READY)


@staff
@require_http_methods(["GET", "POST"])
def times_away(request: HttpRequest) -> HttpResponse:
    """This page will bring in time away."""
    return _page(request, AWAY)


def _page(request: HttpRequest, kind: Kind) -> HttpResponse:
    form = TableForm(request.POST or None, request.FILES or None)
    refused: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            text = form.text()
            taken, refused = _take(signed_in(request), text, kind, timezone.now())
        except NoTable as refusal:
            form.add_error("rows", refusal.message)
        else:
            if not refused:
                messages.success(request, kind.done.format(number=taken))
                return redirect(f"planning:{kind.part}")
            form = TableForm(initial={"rows": text})
    context = {"kind": kind, "form": form, "refused": refused[:SHOWN], "more": max(len(refused) - SHOWN, 0)}
    return page(request, kind.part, "bring_in_table.html", context)


def _take(by: Person, text: str, kind: Kind, now: datetime) -> tuple[int, list[str]]:
    """How many rows were taken, and what is wrong with which lines: where anything is, nothing was taken."""
    taken, refused = 0, []
    with transaction.atomic():
        for line, row in rows_file.rows(text, list(kind.columns), kind.needed):
            try:
                with transaction.atomic():
                    kind.take(by, row, now)
                taken += 1
            except DomainError as refusal:
                refused.append(f"Line {line}: {refusal.message}")
        if refused:
            transaction.set_rollback(True)
    if not taken and not refused:
        raise NoTable("There is no row under the line that names the columns.")
    return taken, refused


class _Wrong(DomainError):
    """A cell cannot be read."""


def _checked(form: forms.Form) -> None:
    if not form.is_valid():
        said = [f"{form.fields[name].label}: {words}" if name in form.fields else words
                for name, errors in form.errors.items() for words in errors]  # fmt: skip
        raise _Wrong(" ".join(map(str, said)))


def _person(email: str) -> str:
    found = Person.objects.filter(email__iexact=email).first()
    return str(found.pk) if found else "0"  # somebody whom the form does not offer, as anybody else's is


def _sign_off(by: Person, row: dict[str, str], now: datetime) -> None:
    account = Account.objects.filter(slug=row["account"].lower()).first()
    typed = {
        "person": _person(row["person"]), "account": str(account.pk) if account else "0",
        "from_on": row["from"], "until_on": row["until"], "note": row["note"],
    }  # fmt: skip
    form = SignOffForm(by, timezone.localdate(now), typed)
    _checked(form)
    signing.sign_off(form.cleaned_data["person"], form.cleaned_data["account"], form.given(), by=by, now=now)


def _enter_away(by: Person, row: dict[str, str], now: datetime) -> None:
    words = {str(label).lower(): value for value, label in TimeAway.Kind.choices}
    typed = {
        "person": _person(row["person"]), "kind": words.get(row["what"].lower(), row["what"].lower()),
        "first_on": row["first day"], "last_on": row["last day"], "from_at": row["from"], "to_at": row["to"],
        "private_reason": row["why"],
    }  # fmt: skip
    form = AwayForm(by, typed)
    if "person" not in form.fields and typed["person"] != str(by.pk):
        raise _Wrong("Who: you can bring in your own time away only.")
    _checked(form)
    away.ask(form.whom, form.asked(), by=by, now=now)


READY = Kind(
    part="ready",
    title="Bring in sign-offs",
    columns={
        "person": "their work email address",
        "account": "the short name of the account, as it stands in its address",
        "from": "the day from which they are ready",
        "until": "the last day; empty until it is taken back",
        "note": "what they have done for it",
    },
    needed=("person", "account", "from"),
    example="person,account,from,until,note\nkal@city.example,libraries,2026-12-01,2027-11-30,Two weeks beside Priya",
    take=_sign_off,
    done="{number} signed off.",
)
AWAY = Kind(
    part="away",
    title="Bring in time away",
    columns={
        "person": "their work email address",
        "what": "leave, sickness, training, meeting or other",
        "first day": "the day on which it begins",
        "last day": "empty: the same day",
        "from": "a time, as 09:30; empty: whole days",
        "to": "a time",
        "why": "read by them and whoever plans them alone",
    },
    needed=("person", "what", "first day"),
    example="person,what,first day,last day,from,to,why\nkal@city.example,leave,2026-12-21,2026-12-24,,,",
    take=_enter_away,
    done="{number} brought in.",
)
