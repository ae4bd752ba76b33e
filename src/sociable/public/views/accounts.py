"""Shows the accounts of all bodies as they stand now, for people and for machines, and says whether an account is ours."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.html import json_script
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from sociable.cover import duty
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.worktime.zones import day_begins
from sociable.people.models import Partner, Person
from sociable.promises import kept
from sociable.public import chat_words, finding, opendata, ours, showing
from sociable.public.forms import FilterForm, OursForm
from sociable.public.showing import Shown

LOOK_BACK = timedelta(days=30)


def _published() -> list[Account]:
    return list(Account.objects.published().select_related("partner", "service"))


@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    now, every = timezone.now(), _published()
    form = _filter(request, every)
    found = _narrowed(every, form)
    records = kept.kept_since((account.pk for account in found), now - LOOK_BACK, now)
    shown = [one for one in showing.shown_all(found, now) if one.is_open or not form.cleaned_data.get("open")]
    shown.sort(key=lambda one: not one.is_answered)  # the resting and the closed come last
    context = {
        "form": form,
        "cards": [one.card(records[one.account.pk]) for one in shown],
        "number": len(shown),
        "of": len(every),
        "chosen": _chosen(request, form),
        "clear_url": reverse("public:accounts"),
    }
    return render(request, "public/accounts.html", context)


def _filter(request: HttpRequest, every: list[Account]) -> FilterForm:
    partners = {account.partner_id: account.partner for account in every}
    services = {account.service.name for account in every if account.service}
    by_name = sorted(partners.values(), key=lambda partner: partner.name)
    form = FilterForm(request.GET, partners=by_name, services=sorted(services), prefix=None)
    form.is_valid()  # a filter that is not on the list narrows nothing, and the form says so
    return form


def _narrowed(every: list[Account], form: FilterForm) -> list[Account]:
    wanted = form.cleaned_data
    found = [
        account
        for account in every
        if wanted.get("partner") in (None, "", account.partner.slug)
        and wanted.get("service") in (None, "", account.service.name if account.service else None)
        and wanted.get("purpose") in (None, "", account.purpose)
    ]
    return finding.matching(wanted.get("q", ""), found)


def _chosen(request: HttpRequest, form: FilterForm) -> list[dict[str, str]]:
    """The filters in use, each with the address of the list without it."""
    chips = []
    for name, value in form.cleaned_data.items():
        if not value:
            continue
        others = request.GET.copy()
        others.pop(name, None)
        choices = dict(getattr(form.fields[name], "choices", ()))
        words = f"“{value}”" if name == "q" else "Open now" if name == "open" else str(choices.get(value, value))
        chips.append({"text": words, "remove_url": f"{request.path}?{others.urlencode()}"})
    return chips


@require_safe
def account(request: HttpRequest, slug: str) -> HttpResponse:
    found = Account.objects.published().select_related("partner", "service").filter(slug=slug).first()
    if found is None:
        raise Http404
    now = timezone.now()
    here = showing.shown(found, now)
    record = kept.kept_since([found.pk], now - LOOK_BACK, now)[found.pk]
    times, while_learning = (
        kept.times_since(found.pk, here.stated.calendar, now - LOOK_BACK, now, in_learning=in_learning)
        for in_learning in (False, True)
    )
    context = {
        "here": here,
        "partner": found.partner,
        "account": found,
        "record": record,
        "kept_words": showing.kept_words(record.live),
        "kept_details": showing.kept_details(record.live),
        "learning_details": _details(record.learning),
        "only_learning": bool(record.learning.judged and not record.live.judged),
        "learning_first": _details(record.first_learning),
        "learning_times": showing.times_words(while_learning) if while_learning else "",
        "first_words": showing.kept_words(record.first) if here.promises_first else "",
        "first_details": _details(record.first),
        "chat_words": chat_words.asked_now(here) if here.takes_chat and here.is_open else "",
        "times_words": showing.times_words(times) if times else "",
        "other_ways": [way.strip() for way in found.other_ways.splitlines() if way.strip()],
        "schema": _data_block(opendata.schema_org(here)),
        "report_to": _report_to(here),
        "on_today": _on_today(here, now),
    }
    return render(request, "public/account.html", context)


def _on_today(here: Shown, now: datetime) -> list[Person]:
    """Who covers it today and lets it be said; of an account answered from another, those of that other."""
    if not here.is_answered:
        return []
    account, zone = here.answering or here.account, zone_of(here.account)
    today = now.astimezone(ZoneInfo(zone)).date()
    begins_at, ends_at = (day_begins(today + timedelta(days=days), zone) for days in (0, 1))
    return duty.shown_on(account.pk, begins_at, ends_at)


def _details(counted: kept.Kept) -> list[str]:
    """What a figure is made of, where there is anything to count."""
    return showing.kept_details(counted) if counted.judged or counted.not_yet_due else []


def _data_block(told: dict[str, Any]) -> SafeString:
    """A data block, which no browser runs: json_script escapes what could end it."""
    return mark_safe(json_script(told).replace('type="application/json"', 'type="application/ld+json"', 1))  # noqa: S308


def _report_to(here: Shown) -> Account | None:
    """Who hears that something on a page is wrong: the body's help account, or the account itself."""
    helping = Account.objects.asked_by_form().filter(partner=here.account.partner_id, purpose=Account.Purpose.HELP)
    return helping.order_by("pk").first() or (here.account if here.takes_form else None)


# -- Is this account ours? -----------------------------------------------------------------------------------------------


@require_safe
def verify(request: HttpRequest) -> HttpResponse:
    form = OursForm(request.GET if "q" in request.GET else None)
    verdict, about = None, None
    if form.is_valid():
        every = _published()
        verdict = ours.judge(
            form.cleaned_data["q"], [*map(_known, every), *map(_site, Partner.objects.exclude(website=""))]
        )
        about = next((one for one in every if verdict.known and one.slug == verdict.known.key), None)
    context = {"form": form, "verdict": verdict, "about": showing.shown(about, timezone.now()) if about else None}
    return render(request, "public/verify.html", context, status=422 if form.errors else 200)


def _known(one: Account) -> ours.Known:
    page = settings.PUBLIC_URL + reverse("public:account", args=[one.slug])
    return ours.Known(one.slug, one.name, link=one.link or page, handle=one.handle, address=one.address)


def _site(partner: Partner) -> ours.Known:
    return ours.Known("", f"the website of {partner.name}", site=partner.website)


# -- For machines ----------------------------------------------------------------------------------------------------------


@require_safe
def accounts_json(request: HttpRequest) -> HttpResponse:
    now = _minute()
    body = json.dumps(opendata.as_json(_rows(now), now), ensure_ascii=False, indent=1)
    return _open(request, body, "application/json")


@require_safe
def accounts_csv(request: HttpRequest) -> HttpResponse:
    response = _open(request, opendata.as_csv(_rows(_minute())), "text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="accounts.csv"'
    return response


def _minute() -> datetime:
    """Whole minutes, so that within one all get the same answer and caches can help."""
    return timezone.now().replace(second=0, microsecond=0)


def _rows(now: datetime) -> list[dict[str, Any]]:
    every = _published()
    records = kept.kept_since((account.pk for account in every), now - LOOK_BACK, now)
    return [opendata.fields(one, records[one.account.pk]) for one in showing.shown_all(every, now)]


def _open(request: HttpRequest, body: str, content_type: str) -> HttpResponse:
    """Anybody's page may read it; for a minute nobody need ask again."""
    response = HttpResponse(body, content_type=content_type)
    etag = f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'
    response["ETag"], response["Cache-Control"], response["Access-Control-Allow-Origin"] = (
        etag,
        "public, max-age=60",
        "*",
    )
    answer = get_conditional_response(request, etag=etag, response=response)
    return response if answer is None else answer
