"""Carries notices by whatever the workplace talks in: Teams, Slack, Mattermost, ntfy and the others that Apprise knows.

Leaves every network's own form to Apprise; what it says of a failure is passed on without the address, which is a secret.
"""

from __future__ import annotations

from functools import cache
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

    def check(self, address: str) -> str:
        """Return an address that Apprise can read.

        Errors: ChannelError
        """
        given = address.strip()
        if not given or len(given) > LONGEST_ADDRESS_CHARS or len(given.split()) != 1:
            raise ChannelError("Enter one address, such as ntfy://ntfy.sh/your-topic.", permanent=True)
        scheme = given.partition("://")[0].lower()
        if scheme in ON_THIS_MACHINE or _plugin(given) is None:
            raise ChannelError(
                "This is no address that Apprise can use. It begins with the name of the service, such as msteams://, slack:// or "
                "ntfy://; an address copied from Teams or Slack that begins with https:// is often understood as well.",
                permanent=True,
            )
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
    said = [str(entry.message) for entry in result.logs()]
    secrets = [part for part in address.replace("?", "/").replace("@", "/").split("/") if len(part) > 6]
    last = next((line for line in reversed(said) if not any(part in line for part in secrets)), "")
    return f" {last[:200]}" if last else ""
