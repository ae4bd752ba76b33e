"""Decides whether the settings that every network of the Graph API shares can work, and says field by field why not.

Leaves the ids of a page or number to its own folder, and keeping the secrets to the directory.
"""

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from sociable.channels.base import Setting, SettingsRefused

SERVER = "https://graph.facebook.com"
VERSION = "v23.0"
_VERSION = re.compile(r"v\d{1,3}\.\d{1,2}")
_DIGITS = re.compile(r"\d{1,30}")

SHARED = (
    Setting(
        name="access_token",
        label="Access token",
        help="Of a system user or the page, with a long life. It is never shown again.",
        required=True,
        secret=True,
    ),
    Setting(
        name="app_secret",
        label="App secret",
        help="App settings, Basic. Proves that a call comes from Meta, and that ours come from you.",
        group="Your app at Meta",
        required=True,
        secret=True,
    ),
    Setting(name="app_id", label="App ID", help="App settings, Basic.", group="Your app at Meta"),
    Setting(
        name="verify_token",
        label="Verify token",
        help="Any words of your own; type the same into the webhook's settings at Meta.",
        group="Your app at Meta",
        required=True,
        secret=True,
    ),
    Setting(
        name="version",
        label="Version of the Graph API",
        help=f"Leave empty for {VERSION}.",
        group="Rarely needed",
    ),
    Setting(
        name="server",
        told_secrets=True,
        label="Server",
        help=f"Leave empty for {SERVER}.",
        group="Rarely needed",
    ),
)


@dataclass(frozen=True)
class GraphConfig:
    """What a call needs, and what a call to us must prove.

    Units: timeout_seconds bounds each wait for the network
    """

    access_token: str = field(repr=False)
    app_secret: str = field(repr=False)
    verify_token: str = field(repr=False)
    app_id: str = ""
    version: str = VERSION
    server: str = SERVER
    timeout_seconds: float = 30

    @property
    def proof(self) -> str:
        """The app secret proof: a token alone, stolen from somewhere, cannot make this.

        Source: Graph API "Secure Graph API calls": HMAC-SHA256 of the token under the app secret, in hex
        """
        return hmac.new(self.app_secret.encode(), self.access_token.encode(), hashlib.sha256).hexdigest()


class Reader:
    """Reads the settings of one account and keeps a sentence for each that will not do."""

    def __init__(self, settings: dict[str, Any], known: tuple[Setting, ...]) -> None:
        self.settings = settings
        names = {setting.name for setting in known} | {"address", "from_name", "session"}
        self.problems = {
            name: f"There is no setting called “{name}” for this channel." for name in settings if name not in names
        }

    def text(self, name: str) -> str:
        """Return a setting as one line."""
        value = str(self.settings.get(name) or "").strip()
        if any(ord(char) < 33 for char in value):
            self.problems[name] = "This must be one word without spaces."
        return value

    def number(self, name: str, where: str) -> str:
        """Return an id, which at Meta is always a number."""
        value = self.text(name)
        if not _DIGITS.fullmatch(value):
            self.problems[name] = f"Give the number that {where} shows, such as 106540352242922."
        return value

    def shared(self) -> GraphConfig:
        """Return what all these networks need."""
        for name, sentence in (
            ("access_token", "Give the access token this account speaks with."),
            ("app_secret", "Give the app secret: without it nobody can tell a call from Meta and a forged one apart."),
            ("verify_token", "Give the words that you typed into the webhook's settings at Meta."),
        ):
            if not str(self.settings.get(name) or "").strip():
                self.problems[name] = sentence
        return GraphConfig(
            access_token=self.text("access_token"),
            app_secret=self.text("app_secret"),
            verify_token=str(self.settings.get("verify_token") or "").strip(),
            app_id=self.text("app_id"),
            version=self._version(),
            server=self._server(),
        )

    def done(self) -> None:
        """Say what will not do.

        Errors: SettingsRefused with a sentence for each field
        """
        if self.problems:
            raise SettingsRefused(self.problems)

    def _version(self) -> str:
        value = self.text("version") or VERSION
        if not _VERSION.fullmatch(value):
            self.problems["version"] = f"Give a version such as {VERSION}, or leave it empty."
        return value

    def _server(self) -> str:
        value = (self.text("server") or SERVER).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(parts.hostname or "")):
            self.problems["server"] = (
                "The token would cross the network in the open: give an address that begins https://"
            )
        return value


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
