"""Decides whether a Mastodon account's settings can work, and says field by field why not.

Leaves keeping the settings and their secrets to the directory, and using them to the adapter.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from sociable.channels.base import Setting, SettingsRefused

SETTINGS = (
    Setting(
        name="server",
        told_secrets=True,
        label="Server",
        help="Where the account signs in, such as https://mastodon.example.",
        required=True,
        elsewhere=True,
    ),
    Setting(
        name="access_token",
        label="Access token",
        help="From the server: Preferences, Development, New application, with the scopes read and write.",
        required=True,
        secret=True,
    ),
)
TOKEN_MISSING = "Give the access token that the server shows for your application."  # noqa: S105 - words, no secret
# What every account is told beside its own settings; its name and address at the network come from the server itself.
_TOLD_TO_ALL = frozenset({"address", "from_name", "session", "network_id"})
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:.]+\]")


@dataclass(frozen=True)
class MastodonConfig:
    """One account on one server.

    Shape:  `server` is scheme and host, with nothing after it
    Units:  timeout_seconds bounds each wait for the server
    """

    server: str
    access_token: str = field(repr=False)
    timeout_seconds: int = 30

    @property
    def host(self) -> str:
        """The server's name, with its port where it has one of its own."""
        return urlsplit(self.server).netloc

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        known = {each.name for each in SETTINGS} | _TOLD_TO_ALL | {"timeout_seconds"}
        problems = {
            name: f"There is no setting called “{name}” for a Mastodon account."
            for name in settings
            if name not in known
        }
        server = _server(str(settings.get("server") or "").strip(), problems)
        token = str(settings.get("access_token") or "").strip()
        if not token or not token.isascii() or any(char.isspace() for char in token):
            problems["access_token"] = TOKEN_MISSING
        if problems:
            raise SettingsRefused(problems)
        return cls(server, token, int(settings.get("timeout_seconds") or 30))


def _server(given: str, problems: dict[str, str]) -> str:
    """Return scheme and host of what was typed; a bare name means https."""
    parts = urlsplit(given if "://" in given else f"https://{given}")
    if not _names_a_host(parts.netloc) or parts.scheme not in {"http", "https"}:
        problems["server"] = "Give the server's address, such as https://mastodon.example."
    elif parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        problems["server"] = (
            "The access token would cross the network in the open: the address must begin with https. "
            "Without encryption only a server on this machine can be used."
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _names_a_host(netloc: str) -> bool:
    host, _, port = netloc.rpartition(":") if re.search(r":[0-9]*\Z", netloc) else (netloc, "", "")
    return bool(_HOST.fullmatch(host)) and (not port or 0 < int(port) < 65536)


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
