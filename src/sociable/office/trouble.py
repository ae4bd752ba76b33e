"""The pages of what was set aside: due rows that failed too often, and messages that could not be read."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from sociable.conversations.models import RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.saying import moment_near
from sociable.due import queries as due
from sociable.journeys import again as doing
from sociable.office.rights import page
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act, Place

MOST_ROWS = 200
SHOWN_BYTES = 20_000
WHAT = {
    "receive": "Reading messages",
    "warn": "A warning",
    "deliver": "Sending an answer",
    "fetch": "Fetching",
    "tally": "The nightly tally",
    "introduce": "Asking who the account is",
    "hold": "Ending a hold",
    "snooze": "Bringing back what was put off",
}


def _accounts(person: Person) -> dict[int, Account]:
    mine = {account.pk: account for account in Account.objects.where(person, Act.CONNECT).select_related("partner")}
    if not mine:
        permissions.check_can_connect(person, Place(0))
    return mine


def _unreadable(person: Person) -> dict[int, Account]:
    """What a resident wrote is shown only to those who may see conversations there as well."""
    return {pk: account for pk, account in _accounts(person).items() if permissions.can_see(person, account.place)}


@staff
@require_safe
def trouble(request: HttpRequest) -> HttpResponse:
    """This page will list what was set aside in the accounts the reader connects."""
    now, person = timezone.now(), signed_in(request)
    accounts, readable = _accounts(person), _unreadable(person)
    rows = list(due.set_aside()[:MOST_ROWS])
    of = doing.account_ids(rows)
    raws = (
        RawInbound.objects.filter(state=RawInbound.State.UNREADABLE, account__in=readable)
        .defer("content")
        .order_by("-pk")
    )
    context = {
        "rows": [
            {
                "row": row,
                "what": WHAT.get(row.kind, row.kind),
                "account": accounts[of[row.pk]],
                "since": moment_near(row.set_aside_at, now, directory.zone_of(accounts[of[row.pk]]))
                if row.set_aside_at
                else "",
            }
            for row in rows
            if of.get(row.pk) in accounts
        ],
        "raws": [
            {"raw": raw, "account": readable[raw.account_id], "at": moment_near(raw.fetched_at, now, "Europe/London")}
            for raw in raws[:MOST_ROWS]
        ],
    }
    return page(request, "trouble", "trouble.html", context)


@staff
@require_POST
def again(request: HttpRequest, row_id: int) -> HttpResponse:
    """This button will have a row that was set aside done again."""
    person = signed_in(request)
    row = get_object_or_404(due.set_aside(), pk=row_id)
    account = _accounts(person).get(doing.account_ids([row]).get(row.pk, 0))
    if account is None:
        raise Http404
    doing.do(row, account, person, timezone.now())
    messages.success(request, "It is done again now. If it fails once more, it comes back to this page.")
    return redirect("office:trouble")


def _raw(request: HttpRequest, raw_id: int) -> RawInbound:
    return get_object_or_404(
        RawInbound.objects.select_related("account__partner"), pk=raw_id, account__in=_unreadable(signed_in(request))
    )


@staff
@require_safe
def raw(request: HttpRequest, raw_id: int) -> HttpResponse:
    """This page will show a message that could not be read, as it came."""
    found = _raw(request, raw_id)
    text = bytes(found.content[:SHOWN_BYTES]).decode("utf-8", "replace").replace("\x00", "�")
    return page(request, "trouble", "raw.html", {"raw": found, "text": text, "cut": found.size_bytes > SHOWN_BYTES})


@staff
@require_safe
def download(request: HttpRequest, raw_id: int) -> HttpResponse:
    """This link will give the raw form as a file; a browser never shows it."""
    found = _raw(request, raw_id)
    answer = HttpResponse(bytes(found.content), content_type="application/octet-stream")
    answer["Content-Disposition"] = f'attachment; filename="message-{found.pk}.raw"'
    return answer


@staff
@require_POST
def read_again(request: HttpRequest, raw_id: int) -> HttpResponse:
    """This button will have a message read again."""
    doing.read(_raw(request, raw_id), signed_in(request), timezone.now())
    messages.success(request, "It is read again now. If it still cannot be read, it comes back to this page.")
    return redirect("office:trouble")
