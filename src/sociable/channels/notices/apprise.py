"""Carries notices by whatever the workplace talks in: Teams, Slack, Mattermost, ntfy and the others that an administrator allows.

Leaves every network's own form to Apprise; what it says of a failure is passed on without the address, which is a secret. Whose
servers may be called is decided here: an address is typed in by whoever has a route.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from functools import cache
from types import ModuleType
from typing import Any, ClassVar

from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.notices.base import LONGEST_ADDRESS_CHARS, KeepsNothing, Parcel

CONNECT_SECONDS, READ_SECONDS = 4, 8
# What would end on this machine and reach nobody.
ON_THIS_MACHINE = frozenset({"syslog", "dbus", "qt", "kde", "glib", "gio", "gnome", "macosx", "windows"})


class AppriseCarrier(KeepsNothing):
    """One call to one address in the form that Apprise gives it."""

    kind: ClassVar[str] = "apprise"
    at_once: ClassVar[int] = 48
    at_one_place: ClassVar[int] = 16

    def check(self, address: str, means: Mapping[str, Any]) -> str:
        """Return an address that Apprise can read, and that may be called.

        Shape:  `means` hold the names of `services` that are allowed, and of `hosts` for those whose address names a server
        Errors: ChannelError
        """
        given = address.strip()
        if not given or len(given) > LONGEST_ADDRESS_CHARS or len(given.split()) != 1:
            raise ChannelError("Enter one address, such as ntfy://ntfy.sh/your-topic.", permanent=True)
        scheme = given.partition("://")[0].lower()
        plugin = None if scheme in ON_THIS_MACHINE else _plugin(given)
        if plugin is None:
            raise ChannelError(
                "This is no address that Apprise can use. It begins with the name of the service, such as workflows://, slack:// or "
                "ntfy://; an address copied from Teams or Slack that begins with https:// is often understood as well.",
                permanent=True,
            )
        _check_allowed(plugin, means)
        return given

    def get_ready(self) -> None:
        """Load Apprise with all the services it knows: a second of a core."""
        _plugin("json://localhost")

    def place(self, parcel: Parcel) -> str:
        """Name the server, or the service where it has only one."""
        plugin = _plugin(parcel.address)
        host = getattr(plugin, "host", None) or ""
        return f"{type(plugin).__name__} {host}:{getattr(plugin, 'port', None) or ''}"

    def hand_over(self, parcel: Parcel) -> str:
        """Send it.

        Errors: ChannelError; OutcomeUnknown where no answer came in time
        """
        import apprise  # noqa: PLC0415 - large, and needed by whoever has such a route alone

        plugin = _plugin(parcel.address)
        if plugin is None:
            raise ChannelError("Apprise cannot read this address. Enter it again.", permanent=True)
        _check_allowed(plugin, parcel.means)
        _guard(plugin, _by_name(parcel.means))
        line = apprise.Apprise()
        line.add(plugin)
        result = line.notify(
            title=parcel.title,
            body=parcel.whole,
            notify_type=apprise.NotifyType.WARNING,
            timeout=CONNECT_SECONDS + READ_SECONDS,
        )
        if result:
            return f"{plugin.service_name} took it."
        if result.elapsed >= READ_SECONDS:  # it was reached, and never said anything
            raise OutcomeUnknown(f"{plugin.service_name} did not answer in time; it may or may not have it.")
        raise ChannelError(f"{plugin.service_name} did not take it.{_said(result, parcel.address)}")


@cache
def _plugin(address: str) -> Any:
    """What Apprise makes of an address, with time-outs of ours; None where it can make nothing of it."""
    from apprise import Apprise  # noqa: PLC0415 - see above

    made = Apprise.instantiate(address, suppress_exceptions=True)
    if made is not None:
        made.socket_connect_timeout, made.socket_read_timeout = CONNECT_SECONDS, READ_SECONDS
    return made


def _said(result: Any, address: str) -> str:
    """The last word of the service, unless it holds a part of the address."""
    said = [str(entry.message).replace("\x00", " ") for entry in result.logs()]
    secrets = [part for part in address.replace("?", "/").replace("@", "/").split("/") if len(part) > 6]
    last = next((line for line in reversed(said) if not any(part in line for part in secrets)), "")
    return f" {last[:200]}" if last else ""


# -- Whom it may call ------------------------------------------------------------------------------------------------------


def _check_allowed(plugin: Any, means: Mapping[str, Any]) -> None:
    """Refuse a service that is not allowed, a server that is not named, and one that leads into the own network.

    Errors: ChannelError
    """
    services, host = means.get("services", ()), _host(plugin)
    if not _names(plugin) & {each.lower() for each in services}:
        words = f"Notices do not go by {plugin.service_name} here. An administrator can allow it (ALERT_SERVICES)."
        raise ChannelError(words, permanent=True)
    if host and not any(fnmatch(host, each.lower()) for each in means.get("hosts", ())):
        words = f"Notices do not go to {host} here. An administrator can allow that server (ALERT_HOSTS)."
        raise ChannelError(words, permanent=True)
    if host and host not in _by_name(means):
        from sociable.channels import outside  # noqa: PLC0415 - see above

        if outside.leads_inside(host):
            raise ChannelError(f"{host} leads into the own network, where no notices go.", permanent=True)


def _names(plugin: Any) -> set[str]:
    """By which names an address may call for this service."""
    given = (type(plugin).protocol, type(plugin).secure_protocol)
    return {name for each in given for name in ((each,) if isinstance(each, str) else each or ())}


def _host(plugin: Any) -> str:
    """The server that the address names; empty where the service has only its own."""
    named = any("{host}" in str(each) for each in type(plugin).templates)
    return str(plugin.host or "").lower() if named else ""


def _by_name(means: Mapping[str, Any]) -> frozenset[str]:
    """The servers that stand there with their whole name: they may be inside the own network."""
    return frozenset(each.lower() for each in means.get("hosts", ()) if "*" not in each)


class _Requests(ModuleType):
    """Stands in for `requests` in the parts of Apprise that call services: what is reached is checked, and nothing is followed on."""

    allowed: frozenset[str] = frozenset()

    def __getattr__(self, name: str) -> Any:
        import requests  # noqa: PLC0415 - see above

        return getattr(requests, name)

    def request(self, method: str, url: str, **how: Any) -> Any:
        """Ask as `requests` does."""
        import requests  # noqa: PLC0415 - see above

        from sociable.channels import outside  # noqa: PLC0415 - see above

        try:
            with outside.session(self.allowed) as session:
                return session.request(method, url, **(how | {"allow_redirects": False}))
        except outside.InsideError as error:
            raise requests.ConnectionError("It leads into the own network.") from error

    def get(self, url: str, **how: Any) -> Any:
        return self.request("GET", url, **how)

    def post(self, url: str, data: Any = None, **how: Any) -> Any:
        return self.request("POST", url, data=data, **how)

    def put(self, url: str, data: Any = None, **how: Any) -> Any:
        return self.request("PUT", url, data=data, **how)

    def patch(self, url: str, data: Any = None, **how: Any) -> Any:
        return self.request("PATCH", url, data=data, **how)

    def delete(self, url: str, **how: Any) -> Any:
        return self.request("DELETE", url, **how)

    def head(self, url: str, **how: Any) -> Any:
        return self.request("HEAD", url, **how)


_GUARDED = _Requests("requests")


def _guard(plugin: Any, allowed: frozenset[str]) -> None:
    """Have a service speak through what checks whom it reaches; Apprise leaves no other way in."""
    _GUARDED.allowed = allowed
    for module in _modules(type(plugin)):
        if "requests" in vars(module):
            module.requests = _GUARDED  # type: ignore[attr-defined]


def _modules(service: type) -> Iterator[ModuleType]:
    """The parts of Apprise in which a service is written."""
    for each in service.__mro__:
        if each.__module__.startswith("apprise.plugins."):
            yield sys.modules[each.__module__]
