"""Settings with which each adapter can be made where no server answers: what the contract is run with.

A new channel adds its line; it points at this machine alone, at a port where nobody listens.
"""

from __future__ import annotations

from typing import Any

NOBODY = "http://127.0.0.1:9"
META = {"access_token": "t", "app_secret": "s", "verify_token": "v", "server": NOBODY}
SETTINGS: dict[str, dict[str, Any]] = {
    "bluesky": {"handle": "help.leeds.test", "app_password": "abcd-efgh", "server": NOBODY},
    "facebook": {"page_id": "220000000000001", **META},
    "chat": {"address": "help@leeds.test"},
    "mastodon": {"server": NOBODY, "access_token": "a-token"},
    "counter": {"address": "help@leeds.test"},
    "elsewhere": {"address": "help@leeds.test"},
    "email": {"address": "help@leeds.test"},
    "form": {"address": "help@leeds.test"},
    "phone": {"address": "help@leeds.test"},
    "x": {
        "consumer_key": "k",
        "consumer_secret": "s",
        "access_token": "1001-t",
        "access_token_secret": "u",
        "api_url": NOBODY,
    },
    "instagram": {"instagram_id": "17841400000000001", "page_id": "220000000000001", **META},
    "pebble": {"folder": "/nowhere/at/all"},
    "sms": {
        "api_key": "key-26785a09-ab16-4eb0-8407-a37497a57506-3d844edf-8d35-48ac-975b-e847b4f122b0",
        "template_id": "f33517ff-2a88-4f6e-b855-c550268ce08a",
        "api_url": NOBODY,
    },
    "whatsapp": {"phone_number_id": "106540352242922", "waba_id": "102290129340398", **META},
}
