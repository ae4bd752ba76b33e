"""The page that brings messages from a file into an account: looked at first, taken when it was looked at."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from sociable.channels.elsewhere.rows import Unreadable
from sociable.conversations import files
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.saying import moment_words
from sociable.journeys import bring_in
from sociable.journeys.bring_in import Found, Looked
from sociable.office.rights import page
from sociable.people import services as people
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act

MOST_HERE = 2000  # more takes longer than a page should; the command takes any number
MOST_BYTES = 20 * 1024 * 1024
SHOWN = 25
_SALT = "bring-in"
_KEPT_SECONDS = 86_400


class FileForm(forms.Form):
    """A file, and where its messages were written."""

    file = forms.FileField(
        label="A CSV or JSON file",
        help_text="Each row a message: when it was sent, who wrote it, what it says.",
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )
    network = forms.CharField(
        label="Where they were written",
        help_text="As in Nextdoor; leave it empty if the file says it in a column of its own.",
        required=False,
        max_length=60,
    )

    def clean_file(self) -> Any:
        chosen = self.cleaned_data["file"]
        if chosen.size > MOST_BYTES:
            raise forms.ValidationError("The file is larger than 20 MB. Bring it in with the command import-messages.")
        return chosen


@staff
@require_http_methods(["GET", "POST"])
def bring(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will look at a file of messages, show what it would make, and take it."""
    mine = Account.objects.where(signed_in(request), Act.CONNECT).select_related("partner")
    account = get_object_or_404(mine, pk=account_id)
    if request.method == "POST" and "confirm" in request.POST:
        return _take(request, account)
    form = FileForm(request.POST or None, request.FILES or None)
    context: dict[str, Any] = {"account": account, "form": form}
    if request.method == "POST" and form.is_valid():
        content, network = form.cleaned_data["file"].read(), form.cleaned_data["network"].strip()
        try:
            looked = bring_in.look(account, content, timezone.now(), network=network)
        except Unreadable as refusal:
            form.add_error("file", refusal.message)
        else:
            mark = signing.dumps([account.pk, files.keep(content), network], salt=_SALT)
            context |= {"looked": _shown(looked, account), "mark": mark}
    return page(request, "accounts", "bring_in.html", context, status=409 if form.errors else 200)


def _shown(looked: Looked, account: Account) -> dict[str, Any]:
    zone = directory.zone_of(account)
    return {
        "fresh": len(looked.fresh),
        "known": looked.known,
        "matters": looked.matters,
        "waiting": looked.waiting,
        "refused": looked.refused[:200],
        "refused_count": len(looked.refused),
        "too_many": len(looked.fresh) > MOST_HERE,
        "rows": [_row(one, zone) for one in looked.fresh[:SHOWN]],
        "first": moment_words(looked.fresh[0].at, zone) if looked.fresh else "",
        "last": moment_words(looked.fresh[-1].at, zone) if looked.fresh else "",
    }


def _row(one: Found, zone: str) -> dict[str, Any]:
    who = "Us" if one.row.ours else one.row.name or one.row.sender or "Somebody"
    return {"at": moment_words(one.at, zone), "who": who, "text": one.row.text[:200], "ours": one.row.ours}


def _take(request: HttpRequest, account: Account) -> HttpResponse:
    now = timezone.now()
    try:
        of_account, sha256, network = signing.loads(request.POST.get("mark", ""), salt=_SALT, max_age=_KEPT_SECONDS)
        content = files.path_of(sha256).read_bytes() if of_account == account.pk else None
    except (signing.BadSignature, OSError):
        content = None
    if content is None:
        messages.error(request, "The file is no longer here. Choose it again.")
        return redirect("office:bring_in", account_id=account.pk)
    looked = bring_in.look(account, content, now, network=network)
    if len(looked.fresh) > MOST_HERE:
        messages.error(request, "These are too many for this page. Bring them in with the command import-messages.")
        return redirect("office:bring_in", account_id=account.pk)
    *_, done = bring_in.bring_in(account, looked, now)
    people.record(
        verb="brought in messages", object_kind="account", object_id=account.pk, partner_id=account.partner_id, now=now,
        person=signed_in(request), after={"messages": done.read},
    )  # fmt: skip
    words = f"{done.read} message{'s' * (done.read != 1)} came in."
    messages.success(request, words + (f" {done.unread} are kept and not read yet." if done.unread else ""))
    return redirect("office:account", account_id=account.pk)
