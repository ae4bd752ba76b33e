"""Decides whether an email account's settings can work, and says field by field why not.

Leaves keeping the settings and their secrets to the directory, and using them to the adapter.
"""

import ipaddress
import re
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self, cast, get_args

from sociable.channels.base import Setting, SettingsRefused
from sociable.channels.email.address import normalise_address

Security = Literal["ssl", "starttls", "none"]

_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")
_PORTS: dict[str, dict[Security, int]] = {
    "imap": {"ssl": 993, "starttls": 143, "none": 143},
    "smtp": {"ssl": 465, "starttls": 587, "none": 25},
}
MEBIBYTE_BYTES = 1024 * 1024


@dataclass(frozen=True)
class Server:
    """One server, and how to log in. A `token` is used with XOAUTH2 in place of the password."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class EmailConfig:
    """One mailbox: either way may be missing, as with mail that comes in by the built-in door.

    Units: timeout_seconds bounds each wait for a server; size_limit_bytes is the most fetched of one mail
    """

    address: str
    from_name: str = ""
    imap: Server | None = None
    smtp: Server | None = None
    folder: str = "INBOX"
    ca_file: str = ""
    timeout_seconds: int = 30
    size_limit_bytes: int = 50 * MEBIBYTE_BYTES

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> Self:
        """Return the settings, read and checked.

        Shape:  address, from_name, folder, ca_file, timeout_seconds, size_limit_bytes, and for each of imap and
                smtp: imap_host, imap_port, imap_security, imap_user, imap_password, imap_token
        Errors: SettingsRefused with a sentence for each field that cannot work
        """
        reader = _Reader(settings)
        config = cls(
            address=reader.address(),
            from_name=reader.text("from_name"),
            imap=reader.server("imap"),
            smtp=reader.server("smtp"),
            folder=reader.text("folder") or "INBOX",
            ca_file=reader.ca_file(),
            timeout_seconds=reader.number("timeout_seconds", 30, 1, 600),
            size_limit_bytes=reader.number("size_limit_bytes", 50 * MEBIBYTE_BYTES, MEBIBYTE_BYTES, 2**31),
        )
        if reader.problems:
            raise SettingsRefused(reader.problems)
        return config


SERVER_FIELDS = tuple(each.name for each in fields(Server))
FIELDS = (
    "address",
    "from_name",
    "folder",
    "ca_file",
    "timeout_seconds",
    "size_limit_bytes",
    *(f"{way}_{name}" for way in ("imap", "smtp") for name in SERVER_FIELDS),
)


_SECURITY_CHOICES = (
    ("ssl", "Encrypted from the start (SSL/TLS)"),
    ("starttls", "Encrypted after STARTTLS"),
    ("none", "Not at all: this machine only"),
)
IN, OUT = "Mail in", "Mail out"
SETTINGS = (
    Setting(
        name="imap_host",
        told_secrets=True,
        label="IMAP server",
        help="As in imap.council.example; empty if mail comes by our door",
        group=IN,
        elsewhere=True,
    ),
    Setting(
        name="imap_port",
        label="Port",
        help="Empty: 993 with SSL, else 143",
        group=IN,
        kind="number",
    ),
    Setting(
        name="imap_security", label="Encryption", group=IN, kind="choice", choices=_SECURITY_CHOICES, needs="imap_host"
    ),
    Setting(name="imap_user", label="User name", group=IN, elsewhere=True),
    Setting(name="imap_password", label="Password", group=IN, secret=True, needs="imap_host"),
    Setting(name="folder", label="Folder", help="Empty: INBOX", group=IN, elsewhere=True),
    Setting(
        name="smtp_host",
        told_secrets=True,
        label="SMTP server",
        help="Empty: the installation's own way out",
        group=OUT,
    ),
    Setting(name="smtp_port", label="Port", help="Empty: 465 with SSL, else 587", group=OUT, kind="number"),
    Setting(
        name="smtp_security", label="Encryption", group=OUT, kind="choice", choices=_SECURITY_CHOICES, needs="smtp_host"
    ),
    Setting(name="smtp_user", label="User name", group=OUT),
    Setting(name="smtp_password", label="Password", group=OUT, secret=True, needs="smtp_host"),
    Setting(
        name="ca_file",
        label="Certificate file",
        help="For servers whose certificate your body signed itself",
        group=OUT,
    ),
)


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class _Reader:
    """Reads fields one by one and keeps a sentence for each that will not do."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.problems = {
            name: f"There is no setting called “{name}” for a mailbox." for name in settings if name not in FIELDS
        }

    def text(self, name: str) -> str:
        value = str(self.settings.get(name) or "").strip()
        if any(ord(char) < 32 for char in value):
            self.problems[name] = "This must be one line."
        return value

    def address(self) -> str:
        value = self.text("address")
        if not _ADDRESS.fullmatch(value):
            self.problems["address"] = "Give the mailbox's full address, such as help@council.example."
        return normalise_address(value)

    def number(self, name: str, default: int, least: int, most: int) -> int:
        try:
            value = int(self.settings.get(name) or default)
        except (TypeError, ValueError):
            value = least - 1
        if not least <= value <= most:
            self.problems[name] = f"Give a whole number from {least} to {most}."
        return value

    def ca_file(self) -> str:
        value = self.text("ca_file")
        if value and not Path(value).is_file():
            self.problems["ca_file"] = f"There is no certificate file at {value}."
        return value

    def server(self, way: str) -> Server | None:
        host = self.text(f"{way}_host")
        if not host:
            self._no_server(way)
            return None
        security = self._security(way, host)
        server = Server(
            host=host,
            port=self.number(f"{way}_port", _PORTS[way][security], 1, 65535),
            security=security,
            user=self.text(f"{way}_user"),
            password=str(self.settings.get(f"{way}_password") or ""),
            token=str(self.settings.get(f"{way}_token") or ""),
        )
        self._log_in(way, server)
        return server

    def _no_server(self, way: str) -> None:
        if any(self.settings.get(f"{way}_{name}") for name in ("port", "user", "password", "token")):
            self.problems[f"{way}_host"] = "Give the server's name, or leave all its fields empty."

    def _security(self, way: str, host: str) -> Security:
        value = self.text(f"{way}_security") or "ssl"
        if value not in get_args(Security):
            self.problems[f"{way}_security"] = "Choose ssl, starttls or none."
            return "ssl"
        if value == "none" and not is_loopback(host):
            self.problems[f"{way}_security"] = (
                "Mail and password would cross the network in the open: choose ssl or starttls. "
                "No encryption is possible only for a server on this machine."
            )
        return cast("Security", value)

    def _log_in(self, way: str, server: Server) -> None:
        secret = server.password or server.token
        if (way == "imap" or secret) and not server.user:
            self.problems[f"{way}_user"] = "Give the user name this mailbox logs in with."
        if server.user and not secret:
            self.problems[f"{way}_password"] = "Give the password (or a token) this mailbox logs in with."
