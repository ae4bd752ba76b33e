"""Decides whether the settings of an account for text messages can work, and says field by field why not.

Leaves keeping the settings and their secrets to the directory, and using them to the adapter.
"""

import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from sociable.channels.base import Setting, SettingsRefused

NOTIFY = "https://api.notifications.service.gov.uk"
SHORTEST_CALLBACK_TOKEN_CHARS = 10  # Notify takes none that is shorter
_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_API_KEY = re.compile(rf".+-{_ID}-{_ID}", re.DOTALL)
SETTINGS = (
    Setting(
        name="api_key",
        label="API key",
        help="From API integration in GOV.UK Notify: a live key, or a test key to try",
        required=True,
        secret=True,
    ),
    Setting(
        name="template_id",
        label="Template ID",
        help="Of a text message template whose whole text is one placeholder, such as ((message))",
        required=True,
    ),
    Setting(name="placeholder", label="Name of the placeholder", help="“message” if left empty"),
    Setting(
        name="sms_sender_id",
        label="Sender ID",
        help="Of the number that residents text; if left empty, the service's default sender is used",
    ),
    Setting(
        name="callback_token",
        label="Bearer token for callbacks",
        help="Any long secret: give the same to Notify under Callbacks, for received texts and for delivery receipts",
        group="Callbacks",
        secret=True,
    ),
    Setting(
        name="api_url",
        told_secrets=True,
        label="Address of the API",
        help="Leave it empty, unless your network reaches Notify through a gateway",
        group="Callbacks",
    ),
)
_GIVEN_BY_THE_HOUSE = {"address", "from_name", "session"}


@dataclass(frozen=True)
class SmsConfig:
    """One service at Notify.

    Units: timeout_seconds bounds each wait for Notify
    """

    api_key: str = field(repr=False)
    template_id: str
    placeholder: str = "message"
    sms_sender_id: str = ""
    callback_token: str = field(default="", repr=False)
    api_url: str = NOTIFY
    timeout_seconds: float = 30

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = _Reader(settings)
        config = cls(
            api_key=reader.api_key(),
            template_id=reader.id("template_id", required=True),
            placeholder=reader.placeholder(),
            sms_sender_id=reader.id("sms_sender_id", required=False),
            callback_token=reader.callback_token(),
            api_url=reader.api_url(),
        )
        if reader.problems:
            raise SettingsRefused(reader.problems)
        return config


class _Reader:
    """Reads fields one by one and keeps a sentence for each that will not do."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._settings = settings
        known = {each.name for each in SETTINGS} | _GIVEN_BY_THE_HOUSE
        self.problems = {
            name: f"There is no setting called “{name}” for text messages." for name in settings if name not in known
        }

    def _text(self, name: str) -> str:
        return str(self._settings.get(name) or "").strip()

    def api_key(self) -> str:
        value = self._text("api_key")
        if not _API_KEY.fullmatch(value):
            self.problems["api_key"] = (
                "Copy the whole key from Notify: its name, then two long groups of letters and digits."
            )
        return value

    def id(self, name: str, *, required: bool) -> str:
        value = self._text(name)
        if (value or required) and not re.fullmatch(_ID, value):
            self.problems[name] = "Copy it from Notify: five groups of letters and digits with hyphens between."
        return value

    def placeholder(self) -> str:
        value = self._text("placeholder").removeprefix("((").removesuffix("))").strip() or "message"
        if not re.fullmatch(r"[\w -]{1,60}", value):
            self.problems["placeholder"] = "Give the name between the double brackets, such as message."
        return value

    def callback_token(self) -> str:
        value = self._text("callback_token")
        if value and (len(value) < SHORTEST_CALLBACK_TOKEN_CHARS or not value.isprintable() or not value.isascii()):
            self.problems |= {"callback_token": "Give at least ten plain letters and digits."}
        return value

    def api_url(self) -> str:
        """Where Notify is asked: keys never cross a network in the open."""
        value = self._text("api_url").rstrip("/") or NOTIFY
        try:
            parts = urlsplit(value)
            host = parts.hostname or ""
            safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host))
            good = safe and bool(host) and not (parts.path or parts.query or parts.fragment or parts.username)
        except ValueError:
            good = False
        if not good:
            self.problems["api_url"] = "Give an address such as https://gateway.council.example, or leave it empty."
        return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
