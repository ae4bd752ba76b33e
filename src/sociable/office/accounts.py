"""The register of accounts: who owns each, what it states, how it is connected; and the pages that change one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sociable.channels import registry
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection, PromiseVersion
from sociable.domain.worktime import Calendar
from sociable.journeys import chat, state
from sociable.office import health, policy, stage, stating
from sociable.office.forms import AccountForm, NewAccountForm
from sociable.office.rights import page, parts
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act


def seen_by(person: Person) -> Any:
    """This function will return the accounts a person may look up in the register."""
    readable = Account.objects.none()
    for act in (Act.SEE, Act.SEE_FIGURES, Act.CHANGE_ACCOUNT):
        readable = readable | Account.objects.where(person, act)
    return readable.select_related("partner", "service", "owner", "deputy", "answered_from").distinct()


@staff
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """This page will lead to the first part its reader sees."""
    return redirect(f"office:{parts(signed_in(request))[0].key}")


@staff
@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """This page will list the accounts."""
    now, person = timezone.now(), signed_in(request)
    if not any(part.key == "accounts" for part in parts(person)):
        permissions.check_can_see_figures(person, permissions.Place(0))
    accounts = list(seen_by(person).order_by("partner__name", "name"))
    calendars = directory.calendars_of(accounts)
    connections = {
        row.account_id: row for row in Connection.objects.filter(account__in=accounts).select_related("account")
    }
    promised = _promised(accounts)
    rows = [_row(each, calendars[each.pk], promised[each.pk], connections.get(each.pk), now) for each in accounts]
    context = {
        "rows": rows,
        "warnings": ending(calendars.values(), now),
        "may_add": bool(permissions.whole_partners(person, Act.CHANGE_ACCOUNT)),
    }
    return page(request, "accounts", "accounts.html", context)


def ending(calendars: Any, now: datetime) -> list[str]:
    """This function will warn, once in the same words, where the known bank holidays end soon."""
    return sorted({words for calendar in calendars if calendar and (words := calendar.warn_if_ending(now))})


def _promised(accounts: list[Account]) -> dict[int, list[PromiseVersion]]:
    promised: dict[int, list[PromiseVersion]] = {account.pk: [] for account in accounts}
    for version in PromiseVersion.objects.filter(account__in=accounts).order_by("valid_from_on", "id"):
        promised[version.account_id].append(version)
    return promised


def _row(
    account: Account,
    calendar: Calendar | None,
    promised: list[PromiseVersion],
    connection: Connection | None,
    now: datetime,
) -> dict[str, Any]:
    zone = directory.zone_of(account)
    rule = directory.promise_rule(directory.promise_on(promised, account, now))
    hours = calendar.plan.hours_on(now.astimezone(calendar.zone).date()) if calendar else None
    return {
        "account": account,
        "hours": hours.sentence() if hours else "No hours stated",
        "special": hours.special_sentences(now.astimezone(calendar.zone).date()) if hours and calendar else [],
        "promise": rule.sentence() if rule and hours else "No promise",
        "tone": stage.TONES[account.stage],
        "stage_words": stage.words_of(account, now),
        "connected": connection is not None,
        "health": health.of(connection, now, zone, is_all=registry.needs_connection(account.channel)),
    }


@staff
@require_safe
def show(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will show all that is kept about one account."""
    now, person = timezone.now(), signed_in(request)
    account = get_object_or_404(seen_by(person), pk=account_id)
    calendar = directory.calendar_of(account)
    connection = Connection.objects.filter(account=account).select_related("account").first()
    context = {
        **_row(account, calendar, directory.promise_versions(account), connection, now),
        "warnings": ending([calendar], now),
        **stage.shown(account, now, may_change=permissions.can_change_account(person, account.place)),
        "may_connect": permissions.can_connect(person, account.place),
        "may_plan_it": permissions.can_plan(person, account.place),
        "alerts": policy.in_words(account, now),
        "facts": _facts(account),
        "chat_tag": chat.script_line(account.slug),
        "hours_versions": stating.hours_versions(account, now),
        "promise_versions": stating.promise_versions(account, now),
    }
    return page(request, "accounts", "account.html", context)


def _facts(account: Account) -> list[dict[str, str]]:
    facts = [
        ("Partner", account.partner.name),
        ("Service", str(account.service or "")),
        ("Lives on", registry.kinds()[account.channel].name if account.channel in registry.kinds() else ""),
        ("Purpose", account.get_purpose_display()),
        ("Answered from", account.answered_from.name if account.answered_from else ""),
        ("What it does", account.about),
        ("Mail address", account.address),
        ("Other ways to ask", account.other_ways),
        ("Web chats one person has at once", str(account.most_chats) if account.takes_chat else ""),
        ("Warning of a hole", _days_ahead(account.hole_days)),
        ("Owner", str(account.owner or "Nobody")),
        ("Deputy", str(account.deputy or "Nobody")),
        ("Who can get back in", account.recovery),
        ("Last reviewed", f"{account.reviewed_on:%-d %B %Y}" if account.reviewed_on else "Never"),
    ]
    return [{"key": key, "value": linebreaksbr(value, autoescape=True)} for key, value in facts if value]


@staff
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """This page will add an account as proposed."""
    if not permissions.whole_partners(signed_in(request), Act.CHANGE_ACCOUNT):
        permissions.check_can_change_account(signed_in(request), permissions.Place(0))
    form = NewAccountForm(signed_in(request), request.POST or None)
    if request.method == "POST" and form.is_valid():
        account = state.add_account(form.save(commit=False), person=signed_in(request), now=timezone.now())
        messages.success(
            request, f"{account.name} is proposed. Next, say who owns it, its hours and its promise; then move it on."
        )
        return redirect("office:edit_account", account_id=account.pk)
    return page(request, "accounts", "form.html", {"form": form, "title": "Propose an account", "yes": "Propose it"})


@staff
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will change the facts of an account."""
    mine = Account.objects.where(signed_in(request), Act.CHANGE_ACCOUNT).select_related("partner")
    account = get_object_or_404(mine, pk=account_id)
    form = AccountForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.initial.get(name) for name in form.changed_data}
        moved = state.change_account(
            form.save(commit=False), changes=changes, person=signed_in(request), now=timezone.now()
        )
        messages.success(request, f"Saved. {stating.counted(len(moved))} moved." if moved else "Saved.")
        return redirect("office:account", account_id=account.pk)
    context = {"form": form, "title": f"Change {account.name}", "back": ("office:account", account)}
    return page(request, "accounts", "edit_account.html", {**context, "account": account})


def _days_ahead(days: int) -> str:
    return "None" if days == 0 else f"{days} working day{'' if days == 1 else 's'} before"
