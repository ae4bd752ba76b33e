"""The pages by which a rota comes in from a file and goes out again: looked at first, taken when it was looked at."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.conversations import files
from sociable.cover import around, bringing, feeding, rota_file
from sociable.cover.bringing import Found, Given
from sociable.cover.models import FeedOut, Shift
from sociable.cover.queries import accounts_planned_by, people_rostered_by
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.cover.limits import span_words
from sociable.domain.worktime.wording import and_words
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act
from sociable.planning import rota_week
from sociable.planning.rights import page

MOST_BYTES = 2 * 1024 * 1024
SHOWN = 300
_SALT = "rota-file"
_KEPT_SECONDS = 86_400
COLUMNS = ("uid", "email", "name", "starts_at", "ends_at", "accounts", "note", "state")
RISKY = ("=", "+", "-", "@", "\t", "\r")
KINDS = {
    "new": ("New", "good"), "changed": ("Changed", "info"), "removed": ("Taken off", "late"),
    "same": ("As it is", "neutral"), "refused": ("Left out", "warn"),
}  # fmt: skip


class FileForm(forms.Form):
    """A file, and what it leaves unsaid."""

    def __init__(self, planner: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"] = forms.FileField(
            label="A CSV or iCalendar file",
            error_messages={"required": "Choose a file.", "empty": "The file is empty."},
        )
        self.fields["person"] = forms.ModelChoiceField(
            people_rostered_by(planner),
            required=False,
            label="Whose shifts, where the file does not say",
            empty_label="It says",
        )
        accounts = [account.pk for account in accounts_planned_by(planner)]
        self.fields["account"] = forms.ModelChoiceField(
            Account.objects.filter(pk__in=accounts).select_related("partner"), required=False,
            label="What they cover, where the file does not say", empty_label="It says",
        )  # fmt: skip

    def clean_file(self) -> Any:
        chosen = self.cleaned_data["file"]
        if chosen.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB. Bring it in by parts.")
        return chosen


@staff
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest) -> HttpResponse:
    """This page will look at a file of shifts, show what each row would come to, and take it."""
    person, now = signed_in(request), timezone.now()
    if not rota_week.planned_by(person).accounts:
        raise Http404
    if request.method == "POST" and "confirm" in request.POST:
        return _take(request, person, now)
    form = FileForm(person, request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        given = Given(form.cleaned_data["person"], _some(form.cleaned_data["account"]))
        try:
            found = bringing.look(rota_file.read(content, now), given, by=person, now=now)
        except rota_file.Unreadable as refusal:
            form.add_error("file", refusal.message)
        else:
            kept = [
                person.pk,
                files.keep(content),
                given.person and given.person.pk,
                [one.pk for one in given.accounts],
                now.isoformat(),
            ]
            context |= _looked(found) | {"mark": signing.dumps(kept, salt=_SALT)}
    return page(request, "rota", "rota_bring.html", context, status=409 if form.errors else 200)


def _some(account: Account | None) -> tuple[Account, ...]:
    return (account,) if account is not None else ()


def _looked(found: list[Found], reason: str = "") -> dict[str, Any]:
    counted = Counter(each.kind for each in found)
    return {
        "looked": True,
        "rows": [_row(each) for each in found[:SHOWN]],
        "left_off": max(len(found) - SHOWN, 0),
        "counts": [(KINDS[kind][0], counted[kind]) for kind in KINDS if counted[kind]],
        "takes": sum(counted[kind] for kind in ("new", "changed", "removed")),
        "asks_why": any(each.concerns for each in found),
        "reason": reason,
    }


def _row(found: Found) -> dict[str, Any]:
    wanted = found.wanted
    words, tone = KINDS[found.kind]
    return {
        "where": found.row.where,
        "kind": words,
        "tone": tone,
        "who": wanted.person.name if wanted else found.row.who,
        "when": span_words(wanted.span, ZoneInfo(around.zone_of(wanted.person))) if wanted else "",
        "accounts": and_words([account.name for account in wanted.accounts]) if wanted and wanted.accounts else "",
        "words": found.words,
        "concerns": found.concerns,
    }


def _take(request: HttpRequest, person: Person, now: datetime) -> HttpResponse:
    rows, given = _kept(request, person)
    if rows is None:
        messages.error(request, "The file is no longer here. Choose it again.")
        return redirect("planning:rota_bring")
    reason = request.POST.get("reason", "").strip()[:300]
    looked = bringing.look(rows, given, by=person, now=now) if not reason else []
    if any(each.concerns for each in looked):
        context = _looked(looked) | {"mark": request.POST["mark"], "form": FileForm(person), "why_missing": True}
        return page(request, "rota", "rota_bring.html", context, status=409)
    taken = bringing.take(rows, given, by=person, now=now, reason=reason)
    done = Counter(each.kind for each in taken)
    number = done["new"] + done["changed"] + done["removed"]
    left = f" {done['refused']} left out." if done["refused"] else ""
    messages.success(
        request, f"{number} draft{'' if number == 1 else 's'} made.{left} They hold once they are published."
    )
    first = min((each.wanted.starts_at for each in taken if each.wanted), default=now)
    return redirect(f"{reverse('planning:rota')}?week={first:%Y-%m-%d}")


def _kept(request: HttpRequest, person: Person) -> tuple[list[rota_file.Row] | None, Given]:
    """The file that was looked at, from where it was kept."""
    try:
        by, sha256, whose, covers, looked_at = signing.loads(
            request.POST.get("mark", ""), salt=_SALT, max_age=_KEPT_SECONDS
        )
        content = files.path_of(sha256).read_bytes() if by == person.pk else None
    except (signing.BadSignature, OSError):
        content = None
    if content is None:
        return None, Given()
    planned = {account.pk: account for account in accounts_planned_by(person)}
    accounts = tuple(planned[pk] for pk in covers if pk in planned)
    return rota_file.read(content, datetime.fromisoformat(looked_at)), Given(
        people_rostered_by(person).filter(pk=whose).first(), accounts
    )


# -- Out -------------------------------------------------------------------------------------------------------------------


@staff
@require_safe
def as_csv(request: HttpRequest) -> HttpResponse:
    """This address will give four weeks of the rota as somebody sees it, in the columns that come in again."""
    asked = rota_week.read(request, timezone.now())
    shifts = rota_week.shifts_of(asked, weeks=4)
    answer = HttpResponse("".join(_lines(shifts)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="rota-{asked.monday.isoformat()}.csv"'
    return answer


def _lines(shifts: Iterable[Shift]) -> Iterator[str]:
    yield _line(COLUMNS)
    for shift in shifts:
        accounts = list(shift.accounts.all())
        zone = ZoneInfo(zone_of(accounts[0]) if accounts else "Europe/London")
        yield _line(
            (
                shift.uid or f"shift-{shift.began_as or shift.pk}",
                shift.person.email,
                shift.person.name,
                shift.starts_at.astimezone(zone).isoformat(timespec="minutes"),
                shift.ends_at.astimezone(zone).isoformat(timespec="minutes"),
                "; ".join(account.slug for account in accounts),
                shift.note,
                shift.get_state_display(),
            )
        )


def _line(cells: Iterable[str]) -> str:
    """No spreadsheet runs a cell that somebody typed."""
    kept = io.StringIO()
    csv.writer(kept).writerow(f"'{cell}" if cell.startswith(RISKY) else cell for cell in cells)
    return kept.getvalue()


# -- One account, and addresses for calendars --------------------------------------------------------------------------------


def _account(request: HttpRequest, account_id: int) -> Account:
    mine = Account.objects.where(signed_in(request), Act.SEE) | Account.objects.where(signed_in(request), Act.PLAN)
    return get_object_or_404(mine.distinct().select_related("partner", "service"), pk=account_id)


@staff
@require_safe
def account(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will show who covers an account in the next two weeks, and the address of its cover for calendars."""
    found, now = _account(request, account_id), timezone.now()
    shifts = Shift.objects.published().touching(now, now + timedelta(days=14)).filter(accounts=found)
    context = {
        "account": found,
        "shifts": [
            {"shift": shift, "when": around.when_words(shift)}
            for shift in shifts.select_related("person").order_by("starts_at")
        ],
        "feed_url": feed_url(feeding.of_account(found, now)),
        "may_plan": found.pk in rota_week.planned_by(signed_in(request)).accounts,
    }
    return page(request, "rota", "rota_account.html", context)


def feed_url(feed: FeedOut) -> str:
    """This function will return the whole address of a feed."""
    return f"{settings.PUBLIC_URL}{reverse('api:rota_feed', args=[feed.token])}"


@staff
@require_POST
def new_address(request: HttpRequest, account_id: int | None = None) -> HttpResponse:
    """This button will change the address of somebody's own rota, or of an account's cover for whoever plans it."""
    person, now = signed_in(request), timezone.now()
    if account_id is None:
        feeding.change_address(feeding.of_person(person, now), by=person, now=now)
        messages.success(request, "Your rota has a new address. Give it to your calendar; the old one is dead.")
        return redirect("planning:rota_mine")
    found = _account(request, account_id)
    if found.pk not in rota_week.planned_by(person).accounts:
        raise Http404
    feeding.change_address(feeding.of_account(found, now), by=person, now=now)
    messages.success(request, "The calendar has a new address. Whoever used the old one needs it.")
    return redirect("planning:rota_account", account_id=found.pk)
