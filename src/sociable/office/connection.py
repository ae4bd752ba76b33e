"""The page that connects an account to its network: settings tried on the spot, secrets kept and never shown again."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from sociable.channels import registry
from sociable.channels.base import Adapter, ChannelError, Fetches, Finding, Hears, SettingsRefused
from sociable.directory import connecting
from sociable.directory import queries as directory
from sociable.directory.models import Account, Connection
from sociable.journeys import connect, fetch
from sociable.office import health, limits
from sociable.office.connection_forms import ConnectionForm
from sociable.office.rights import page
from sociable.people import permissions
from sociable.people.parts import signed_in, staff
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
        "network": registry.kinds()[account.channel].name if registry.needs_connection(account.channel) else "",
        "health": health.of(
            connection, now, directory.zone_of(account), is_all=registry.needs_connection(account.channel)
        ),
        "facts": health.facts(connection, now, directory.zone_of(account)) if connection else [],
        "limits": limits.rows(account),
        "published": registry.adapter_class(account.channel).capabilities
        if account.channel in registry.kinds()
        else None,
        "has_secrets": bool(connection and connection.sealed_secrets),
        "hook": _hook_address(account, connection),
    }
    return page(request, "accounts", "connection.html", context)


def _hook_address(account: Account, connection: Connection | None) -> str:
    """Where the network should call us; there is an address only once the account is connected."""
    heard = account.channel in registry.kinds() and issubclass(registry.adapter_class(account.channel), Hears)
    if connection is None or not heard:
        return ""
    return f"{settings.PUBLIC_URL}{reverse('api:hook', args=[account.channel, connection.hook_token])}"


def _form(request: HttpRequest, account: Account, connection: Connection | None) -> ConnectionForm | None:
    adapter = registry.adapter_class(account.channel) if account.channel in registry.kinds() else None
    if adapter is None or not adapter.settings:
        return None
    stored = dict(connection.settings) if connection else {}
    shown = {name: "\n".join(value) if isinstance(value, list) else value for name, value in stored.items()}
    return ConnectionForm(
        adapter.settings,
        _kept_secrets(connection),
        request.POST or None,
        initial={**shown, "fetches": connection.fetches if connection else True},
        is_new=connection is None,
        can_fetch=issubclass(adapter, Fetches),
    )


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
    adapter = connect.adapter_with(account, form.settings())
    try:
        cursor = _cursor(adapter, form)
        who = connect.who(adapter)
    except ChannelError as error:
        form.add_error(None, f"The network could not be asked: {error.message}")
        return False
    finally:
        adapter.close()
    connect.connect(
        account=account,
        settings=form.settings(),
        fetches=form.cleaned_data["fetches"],
        person=signed_in(request),
        now=timezone.now(),
        cursor=cursor,
        who=who,
    )
    messages.success(request, "The connection is kept. It is fetched now; its health is told on this page.")
    return True


def _cursor(adapter: Adapter, form: ConnectionForm) -> str | None:
    if not form.cleaned_data["only_new"]:
        return "" if form.reads_elsewhere() else None
    return connect.newest_cursor(adapter)


@staff
@require_POST
def fetch_now(request: HttpRequest, account_id: int) -> HttpResponse:
    """This button will have the account fetched at once."""
    account = _account(request, account_id)
    fetch.schedule(get_object_or_404(Connection, account=account), timezone.now())
    messages.success(request, "It is fetched now.")
    return redirect("office:connection", account_id=account.pk)
