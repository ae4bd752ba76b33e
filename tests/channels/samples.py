"""Settings with which each adapter can be made where no server answers: what the contract is run with.

A new channel adds its line; it points at this machine alone, at a port where nobody listens.
"""

from __future__ import annotations

from typing import Any

NOBODY = "http://127.0.0.1:9"
SETTINGS: dict[str, dict[str, Any]] = {
    "bluesky": {"address": "help.leeds.test", "app_password": "abcd-efgh", "server": NOBODY},
    "email": {"address": "help@leeds.test"},
    "form": {"address": "help@leeds.test"},
    "mastodon": {"server": NOBODY, "access_token": "a-token"},
    "x": {
        "consumer_key": "k",
        "consumer_secret": "s",
        "access_token": "1001-t",
        "access_token_secret": "u",
        "api_url": NOBODY,
    },
    "pebble": {"folder": "/nowhere/at/all"},
}
