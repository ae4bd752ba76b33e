"""Decides whether a Bluesky account's settings can work, and says field by field why not.

Leaves keeping the settings and their secrets to the directory, and using them to the adapter.
"""

import ipaddress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from sociable.channels.base import Setting, SettingsRefused
from sociable.channels.bluesky.syntax import is_did, is_handle

SERVER = "https://bsky.social"
CHAT = "did:web:api.bsky.chat"
IMAGE_HOSTS = ("cdn.bsky.app", "video.bsky.app")

SETTINGS = (
    Setting(
        name="handle",
        label="Handle",
        help="As in council.bsky.social, without the @",
        required=True,
        elsewhere=True,
    ),
    Setting(
        name="app_password",
        label="App password",
        help="Made in Bluesky under Settings, Privacy and security, App passwords; never the account's own password",
        required=True,
        secret=True,
    ),
    Setting(
        name="direct_messages",
        label="Direct messages too",
        help="The app password must have been made with “Allow access to your direct messages”",
        kind="yes_no",
    ),
    Setting(
        name="server",
        told_secrets=True,
        label="Server",
        help="Empty: https://bsky.social; otherwise the address of the server your account lives on",
        group="Another server",
        elsewhere=True,
    ),
    Setting(
        name="chat_service",
        label="Service for direct messages",
        help="Empty: Bluesky's own; otherwise its DID",
        group="Another server",
    ),
    Setting(
        name="image_hosts",
        label="Hosts of pictures",
        help="One a line; empty: Bluesky's own. Pictures are fetched from nowhere else",
        group="Another server",
        kind="lines",
    ),
)
ALSO = ("address", "from_name", "session", "timeout_seconds")


@dataclass(frozen=True)
class BlueskyConfig:
    """One account.

    Units: timeout_seconds bounds each wait for the server
    """

    handle: str
    app_password: str = field(repr=False)
    session: str = field(default="", repr=False)
    server: str = SERVER
    direct_messages: bool = False
    chat_service: str = CHAT
    image_hosts: tuple[str, ...] = IMAGE_HOSTS
    timeout_seconds: int = 30

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Shape:  handle, app_password, direct_messages, server, chat_service, image_hosts, timeout_seconds, session
        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = _Reader(settings)
        config = cls(
            handle=reader.handle(),
            app_password=reader.password(),
            session=str(settings.get("session") or ""),
            server=reader.server(),
            direct_messages=settings.get("direct_messages") in {True, "true", "on", "yes"},
            chat_service=reader.chat_service(),
            image_hosts=reader.image_hosts(),
            timeout_seconds=reader.timeout(),
        )
        if reader.problems:
            raise SettingsRefused(reader.problems)
        return config


def is_here(host: str) -> bool:
    """Say whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Reader:
    """Reads fields one by one and keeps a sentence for each that will not do."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        known = {*ALSO, *(setting.name for setting in SETTINGS)}
        self.problems = {
            name: f"There is no setting called “{name}” for Bluesky." for name in settings if name not in known
        }

    def text(self, name: str) -> str:
        return str(self.settings.get(name) or "").strip()

    def handle(self) -> str:
        value = self.text("handle").removeprefix("@").lower()
        if not is_handle(value) and not is_did(value):
            self.problems["handle"] = "Give the account's full handle, such as council.bsky.social."
        return value

    def password(self) -> str:
        value = self.text("app_password")
        if not value:
            sentence = "Give an app password, made in Bluesky's own settings."
            self.problems |= {"app_password": sentence}
        return value

    def server(self) -> str:
        value = self.text("server") or SERVER
        parts = urlsplit(value)
        if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
            self.problems["server"] = "Give the server's address alone, such as https://bsky.social."
        elif parts.scheme != "https" and not (parts.scheme == "http" and is_here(parts.hostname)):
            self.problems["server"] = (
                "The password would cross the network in the open: the address must begin with https."
            )
        return value.rstrip("/")

    def chat_service(self) -> str:
        value = self.text("chat_service") or CHAT
        if not is_did(value):
            self.problems["chat_service"] = "Give a DID, such as did:web:api.bsky.chat."
        return value

    def image_hosts(self) -> tuple[str, ...]:
        given = self.settings.get("image_hosts") or IMAGE_HOSTS
        hosts = tuple(str(host).strip().lower() for host in ([given] if isinstance(given, str) else given))
        if any(not is_handle(host) and not is_here(host) for host in hosts):
            self.problems["image_hosts"] = "Give names of hosts alone, such as cdn.bsky.app, one a line."
        return hosts

    def timeout(self) -> int:
        try:
            value = int(self.settings.get("timeout_seconds") or 30)
        except (TypeError, ValueError):
            value = 0
        if not 1 <= value <= 600:
            self.problems["timeout_seconds"] = "Give a whole number from 1 to 600."
        return value
