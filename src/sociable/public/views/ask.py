"""Shows whom one can ask and when an answer comes, and takes what is asked."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sociable.directory.models import Account
from sociable.journeys import ask as asking
from sociable.public import finding, showing, suspicion
from sociable.public.forms import AskForm
from sociable.public.showing import Shown


@require_safe
@cache_control(private=True, no_cache=True)
def ask(request: HttpRequest) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    accounts = list(Account.objects.asked_by_form().select_related("partner", "service"))
    found = finding.matching(words, accounts)
    everybody = showing.shown_all(found or accounts, timezone.now())
    context = {
        "words": words,
        "nothing_found": bool(words) and not found,
        "groups": _by_partner(everybody),
        "number": len(everybody),
    }
    return render(request, "public/ask.html", context | {"crisis": _crisis(everybody) if not words else []})


def _by_partner(everybody: list[Shown]) -> list[dict[str, Any]]:
    """The accounts under the body that answers for them, in the order in which each was found first."""
    groups: dict[int, dict[str, Any]] = {}
    for one in everybody:
        group = groups.setdefault(one.account.partner_id, {"partner": one.account.partner, "accounts": []})
        group["accounts"].append(one)
    return list(groups.values())


def _crisis(everybody: list[Shown]) -> list[str]:
    """The crisis words of bodies with something closed now, each once."""
    said = [one.account.partner.crisis_words for one in everybody if not one.is_open]
    return list(dict.fromkeys(words for words in said if words))


@csrf_exempt  # it acts for nobody who is signed in; its own signed mark is checked, and no cookie is needed to ask
@require_http_methods(["GET", "HEAD", "POST"])
@cache_control(private=True, no_cache=True)
def ask_account(request: HttpRequest, slug: str) -> HttpResponse:
    account = Account.objects.published().select_related("partner", "service").filter(slug=slug).first()
    if account is None:
        raise Http404
    now = timezone.now()
    here = showing.shown(account, now)
    if not here.takes_form:
        return render(request, "public/ask_not_here.html", {"here": here, "partner": account.partner}, status=404)
    form = AskForm(request.POST if request.method == "POST" else None, initial={"mark": suspicion.new_mark(now)})
    if request.method != "POST" or not form.is_valid():
        return _form(request, here, form)
    typed = form.cleaned_data
    mark = suspicion.read_mark(typed["mark"])
    suspected = suspicion.why(
        mark=mark,
        trapped=request.POST.get("fax", ""),
        address=suspicion.client_address(request),
        sender=typed["email"],
        text=typed["text"],
        now=now,
    )
    try:
        receipt = asking.ask(
            account=account,
            name=typed["name"],
            email=typed["email"],
            text=typed["text"],
            # without a mark a nonce of its own: a stranger's same words must not lead to this one's link
            nonce=mark.nonce if mark else secrets.token_urlsafe(12),
            now=now,
            suspected_why=suspected,
        )
    except asking.KeptUnread as error:
        form.add_error(None, error.message)
        return _form(request, here, form)
    return redirect("public:receipt", receipt.token)


def _form(request: HttpRequest, here: Shown, form: AskForm) -> HttpResponse:
    context = {"here": here, "form": form, "partner": here.account.partner}
    return render(request, "public/ask_account.html", context, status=422 if form.errors else 200)
