"""The pages of a channel's limits for one account: how each stands and from where, corrected, and set back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sociable.channels import registry
from sociable.directory import limits
from sociable.directory.limits import Stands
from sociable.directory.models import Account
from sociable.journeys import limit as doing
from sociable.office.rights import page
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act

HOUR_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Words:
    """What a limit is called, in what it is given, and how many of the stored units that is."""

    name: str
    unit: str
    times: int = 1


WORDS = {
    "longest_text": Words("Longest public text", "characters, counted as the network counts"),
    "longest_bytes": Words("Longest text in bytes", "bytes"),
    "longest_private_text": Words("Longest private text", "characters, counted as the network counts"),
    "most_parts": Words("Most parts of one answer", "messages"),
    "attachments_bytes": Words("Largest files of one message together", "bytes"),
    "attachments_most": Words("Most files of one message", "files"),
    "reply_window": Words("A free reply is possible for", "hours after they last wrote", HOUR_SECONDS),
    "late_window": Words("A person may reply late for", "hours after they last wrote", HOUR_SECONDS),
}


class LimitForm(forms.Form):
    """What the limit is, and how that is known."""

    value = forms.IntegerField(
        min_value=1, max_value=10**12, error_messages={"required": "Give the limit as a whole number."}
    )
    source = forms.CharField(
        label="How do you know?",
        max_length=300,
        help_text="A web address, a letter, what was tried and refused. It is shown beside the limit and in the trail",
        error_messages={"required": "Say how you know, for whoever asks next year."},
    )

    def __init__(self, words: Words, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].label = words.name
        self.fields["value"].help_text = words.unit.capitalize()


def rows(account: Account) -> list[dict[str, Any]]:
    """This function will tell each limit of the account's channel in words, with its source and date."""
    if account.channel not in registry.kinds():
        return []
    return [
        {"name": one.name, "what": WORDS[one.name].name, "value": _value(one), "stands": one}
        for one in limits.standing(account)
    ]


def _value(one: Stands) -> str:
    if one.value is None:
        return "No limit stated"
    words, number = WORDS[one.name], one.value // WORDS[one.name].times
    unit = words.unit.removesuffix("s") if number == 1 and " " not in words.unit else words.unit
    return f"{number:,} {unit}"


def _found(request: HttpRequest, account_id: int, name: str) -> tuple[Account, Stands]:
    mine = Account.objects.where(signed_in(request), Act.CONNECT).select_related("partner")
    account = get_object_or_404(mine, pk=account_id)
    stands = limits.stands(account, name) if account.channel in registry.kinds() else None
    if stands is None:
        raise Http404
    return account, stands


@staff
@require_http_methods(["GET", "POST"])
def correct(request: HttpRequest, account_id: int, limit: str) -> HttpResponse:
    """This page will correct one limit."""
    account, stands = _found(request, account_id, limit)
    words = WORDS[limit]
    value = stands.value // words.times if stands.value is not None else None
    form = LimitForm(
        words, request.POST or None, initial={"value": value, "source": stands.source if stands.set_here else ""}
    )
    if request.method == "POST" and form.is_valid():
        typed = form.cleaned_data
        doing.correct(
            account, limit, typed["value"] * words.times, source=typed["source"], person=signed_in(request),
            now=timezone.now(),
        )  # fmt: skip
        messages.success(request, "It counts from now on, for this account alone.")
        return redirect("office:connection", account_id=account.pk)
    context = {"account": account, "form": form, "title": words.name, "stands": stands, "value": _value(stands)}
    return page(request, "accounts", "limit.html", context)


@staff
@require_POST
def set_back(request: HttpRequest, account_id: int, limit: str) -> HttpResponse:
    """This button will let the network's own limit count again."""
    account, _ = _found(request, account_id, limit)
    if doing.set_back(account, limit, person=signed_in(request), now=timezone.now()):
        messages.success(request, "The network's own limit counts again.")
    return redirect("office:connection", account_id=account.pk)
