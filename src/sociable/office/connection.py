"""The page that connects an account to its network: settings tried on the spot, secrets kept and never shown again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sociable.channels.base import ChannelError, Finding, SettingsRefused
from sociable.directory import connecting
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.journeys import connect, fetch
from sociable.office import health
from sociable.office.connection_forms import FORMS, ConnectionForm
from sociable.office.rights import page, signed_in, staff
from sociable.people import permissions
from sociable.people.permissions import Act


def _account(request: HttpRequest, account_id: int) -> Account:
    mine = Account.objects.where(signed_in(request), Act.CONNECT).select_related("partner")
    return get_object_or_404(mine, pk=account_id)


@staff
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, account_id: int) -> HttpResponse:
    """This page will try and keep the settings of a connection."""
    account = _account(request, account_id)
    permissions.check_can_connect(signed_in(request), account.place)
    connection = Connection.objects.filter(account=account).first()
    form = _form(request, account, connection)
    findings: list[Finding] = []
    if form is not None and request.method == "POST" and form.is_valid():
        findings = _tried(account, form)
        if form.is_valid() and "save" in request.POST and _keep(request, account, form):
            return redirect("office:connection", account_id=account.pk)
    now = timezone.now()
    context = {
        "account": account,
        "form": form,
        "findings": findings,
        "connection": connection,
        "health": health.of(connection, now, directory.zone_of(account)),
        "has_secrets": bool(connection and connection.sealed_secrets),
    }
    return page(request, "accounts", "connection.html", context)


def _form(request: HttpRequest, account: Account, connection: Connection | None) -> ConnectionForm | None:
    kind = FORMS.get(account.channel)
    if kind is None:
        return None
    stored = dict(connection.settings) if connection else {}
    initial: dict[str, Any] = {**stored, "fetches": connection.fetches if connection else True}
    return kind(_kept_secrets(connection), request.POST or None, initial=initial, is_new=connection is None)


def _kept_secrets(connection: Connection | None) -> dict[str, str]:
    """Secrets that the installation can no longer open are asked for anew."""
    try:
        return connecting.unseal(connection.sealed_secrets) if connection else {}
    except ChannelError:
        return {}


def _tried(account: Account, form: ConnectionForm) -> list[Finding]:
    """What the network says to these settings; what cannot work is put beside its field. No transaction is open here."""
    try:
        adapter = connect.adapter_with(account, form.settings())
    except SettingsRefused as refusal:
        for field, words in refusal.problems.items():
            form.add_error(field if field in form.fields else None, words)
        return []
    try:
        return adapter.check() if "try" in form.data else []
    finally:
        adapter.close()


def _keep(request: HttpRequest, account: Account, form: ConnectionForm) -> bool:
    try:
        cursor = _cursor(account, form)
    except ChannelError as error:
        form.add_error("only_new", f"The newest message could not be asked for: {error.message}")
        return False
    connect.connect(
        account=account,
        settings=form.settings(),
        fetches=form.cleaned_data["fetches"],
        person=signed_in(request),
        now=timezone.now(),
        cursor=cursor,
    )
    messages.success(request, "The connection is kept. It is fetched now; its health is told on this page.")
    return True


def _cursor(account: Account, form: ConnectionForm) -> str | None:
    if not form.cleaned_data["only_new"]:
        return "" if form.reads_elsewhere() else None
    adapter = connect.adapter_with(account, form.settings())
    try:
        return connect.newest_cursor(adapter)
    finally:
        adapter.close()


@staff
@require_POST
def fetch_now(request: HttpRequest, account_id: int) -> HttpResponse:
    """This button will have the account fetched at once."""
    account = _account(request, account_id)
    fetch.schedule(get_object_or_404(Connection, account=account), timezone.now())
    messages.success(request, "It is fetched now.")
    return redirect("office:connection", account_id=account.pk)
