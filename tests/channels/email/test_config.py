"""An account's settings: every refusal is a sentence beside its field."""

from typing import Any

import pytest

from sociable.channels.base import SettingsRefused
from sociable.channels.email.config import EmailConfig, is_loopback

GOOD: dict[str, Any] = {
    "address": "Help@Leeds.Test",
    "imap_host": "imap.leeds.test",
    "imap_user": "help",
    "imap_password": "secret",
    "smtp_host": "smtp.leeds.test",
    "smtp_security": "starttls",
}


def test_good_settings_get_the_usual_ports() -> None:
    config = EmailConfig.from_dict(GOOD)
    assert config.address == "help@leeds.test"
    assert config.imap is not None
    assert (config.imap.port, config.imap.security) == (993, "ssl")
    assert config.smtp is not None
    assert (config.smtp.port, config.smtp.user) == (587, "")
    assert "secret" not in repr(config)


def test_either_way_may_be_missing() -> None:
    config = EmailConfig.from_dict({"address": "help@leeds.test"})
    assert (config.imap, config.smtp) == (None, None)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("address", "leeds", "full address"),
        ("address", "", "full address"),
        ("imap_security", "none", "in the open"),
        ("smtp_security", "tls1", "Choose ssl"),
        ("imap_port", "99999", "from 1 to 65535"),
        ("imap_port", "x", "whole number"),
        ("imap_user", "", "user name"),
        ("imap_password", "", "password"),
        ("smtp_password", "secret", "user name"),
        ("ca_file", "/no/such/file", "/no/such/file"),
        ("timeout_seconds", "0.5", "whole number"),
        ("folder", "IN\nBOX", "one line"),
        ("imap_hots", "x", "no setting called"),
    ],
)
def test_what_cannot_work_is_said_beside_the_field(field: str, value: str, says: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        EmailConfig.from_dict(GOOD | {field: value})
    named = "smtp_user" if field == "smtp_password" else field
    assert says in refused.value.problems[named]
    assert refused.value.problems[named].endswith(".")


def test_a_port_without_a_server_is_asked_about() -> None:
    with pytest.raises(SettingsRefused) as refused:
        EmailConfig.from_dict({"address": "help@leeds.test", "smtp_port": 25})
    assert set(refused.value.problems) == {"smtp_host"}


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("localhost", True), ("127.0.0.9", True), ("[::1]", True), ("10.0.0.1", False), ("leeds.test", False)],
)
def test_only_this_machine_is_reached_in_the_clear(host: str, *, loopback: bool) -> None:
    assert is_loopback(host) == loopback
