"""Decides whether an X account's settings can work, and says field by field why not.

Leaves keeping the settings and their secrets to the directory, and using them to the adapter.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from sociable.channels.base import Setting, SettingsRefused

X = "https://api.x.com"
SETTINGS = (
    Setting(
        name="consumer_key",
        label="API key",
        help="Of the app in X's developer console",
        group="Keys",
        required=True,
        secret=True,
    ),
    Setting(name="consumer_secret", label="API key secret", group="Keys", required=True, secret=True),
    Setting(
        name="bearer_token",
        label="Bearer token",
        help="If given, what is public is read with it, which X allows more often",
        group="Keys",
        secret=True,
    ),
    Setting(
        name="access_token",
        label="Access token",
        help="Of this very account, not of the app: made with “Read and write and Direct message”; it does not expire",
        group="Keys",
        required=True,
        secret=True,
    ),
    Setting(name="access_token_secret", label="Access token secret", group="Keys", required=True, secret=True),
    Setting(
        name="messages_left_out",
        label="Leave direct messages out",
        help="Where your plan with X does not include them",
        group="What is read",
        kind="yes_no",
    ),
    Setting(
        name="own_posts_left_out",
        label="Leave out what colleagues answer in X's own app",
        help="Saves questions to X; a request answered there then waits on here",
        group="What is read",
        kind="yes_no",
    ),
    Setting(
        name="api_url",
        told_secrets=True,
        label="Address of the API",
        help="Leave it empty, unless your network reaches X through a gateway",
        group="What is read",
    ),
)
_GIVEN_BY_THE_HOUSE = {"address", "from_name", "session"}
_KEY = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True)
class XConfig:
    """One account of X. `access_token` begins with the account's own id, as X makes them.

    Units: timeout_seconds bounds each wait for X
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)
    bearer_token: str = field(default="", repr=False)
    reads_messages: bool = True
    reads_own_posts: bool = True
    api_url: str = X
    network_id: str = ""
    timeout_seconds: int = 30

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = _Reader(settings)
        keys = {each.name: reader.key(each) for each in SETTINGS if each.secret}
        config = cls(
            consumer_key=keys["consumer_key"],
            consumer_secret=keys["consumer_secret"],
            access_token=keys["access_token"],
            access_token_secret=keys["access_token_secret"],
            bearer_token=keys["bearer_token"],
            reads_messages=not settings.get("messages_left_out"),
            reads_own_posts=not settings.get("own_posts_left_out"),
            api_url=reader.address("api_url"),
            network_id=_id_in(keys["access_token"]),
        )
        if reader.problems:
            raise SettingsRefused(reader.problems)
        return config


def _id_in(token: str) -> str:
    """The account's id, by which X begins each access token."""
    head = token.partition("-")[0]
    return head if head.isascii() and head.isdecimal() else ""


class _Reader:
    """Reads fields one by one and keeps a sentence for each that will not do."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        known = {each.name for each in SETTINGS} | _GIVEN_BY_THE_HOUSE
        self.problems = {name: f"There is no setting called “{name}” for X." for name in settings if name not in known}

    def _text(self, name: str) -> str:
        return str(self._settings.get(name) or "").strip()

    def key(self, setting: Setting) -> str:
        value = self._text(setting.name)
        if setting.required and not value:
            self.problems[setting.name] = (
                f"“{setting.label}” is needed: it stands with the app in X's developer console."
            )
        elif value and not _KEY.fullmatch(value):
            self.problems[setting.name] = "Copy it from X as it stands, without spaces and without the word before it."
        return value

    def address(self, name: str) -> str:
        """Where X is asked: keys never cross a network in the open."""
        value = self._text(name).rstrip("/") or X
        try:
            parts = urlsplit(value)
            safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname or ""))
            good = safe and bool(parts.hostname) and not (parts.query or parts.fragment or parts.username)
        except ValueError:
            good = False
        if not good:
            self.problems[name] = "Give an address that begins with https://, or leave it empty."
        return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
