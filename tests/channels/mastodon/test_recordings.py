"""Answers that real Mastodon servers gave, as recorded by the authors of Mastodon.py: all that is said in them must be read."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import yaml

from sociable.channels.mastodon.parse import envelope, parse
from tests.conftest import sample_data

FETCHED_AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ABOUT = {"host": "mastodon.example", "domain": "mastodon.example", "me": "1"}
Things = list[tuple[str, dict[str, Any]]]


@cache
def recorded() -> tuple[Things, Things]:
    """Every status and every notification in the recordings, wherever it stands, with the recording's name."""
    statuses: Things = []
    notifications: Things = []
    for path in sorted(sample_data("mastodon-recordings").rglob("*.yaml")):
        for exchange in yaml.load(path.read_text(), yaml.CSafeLoader)["interactions"]:
            for thing in _things(_answer(exchange["response"]["body"].get("string", ""))):
                if {"content", "visibility", "media_attachments"} <= thing.keys() and thing["content"] is not None:
                    statuses.append((path.name, thing))
                if {"type", "created_at", "account", "group_key"} <= thing.keys():
                    notifications.append((path.name, thing))
    return statuses, notifications


def _answer(body: str | bytes) -> Any:
    raw = body.encode() if isinstance(body, str) else body
    try:
        return json.loads(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw)
    except ValueError:
        return None


def _things(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _things(each)


def test_every_status_of_a_real_server_is_read() -> None:
    statuses, _ = recorded()
    assert len(statuses) > 100
    for name, status in statuses:
        parsed = parse(envelope("said", status, ABOUT), fetched_at=FETCHED_AT)
        assert parsed.happening == "said", name
        assert parsed.problems == (), name
        assert parsed.message_id == f"mastodon:mastodon.example/{status['id']}", name
        assert "@" in parsed.from_address, name
        assert parsed.written_at is not None, name
        assert parsed.text or parsed.files or not status["content"], name
        assert "<p" not in parsed.text, name
        assert "</a>" not in parsed.text, name
        assert [file.alt_text for file in parsed.files] == [
            media["description"] or "" for media in status["media_attachments"] if media["url"] or media["remote_url"]
        ], name


def test_every_notification_of_a_real_server_is_known() -> None:
    _, notifications = recorded()
    assert len(notifications) > 50
    for name, notification in notifications:
        parsed = parse(envelope("notification", notification, ABOUT), fetched_at=FETCHED_AT)
        expected = {"mention": "said", "quote": "said", "status": "said", "update": "edited"}
        if not notification.get("status"):
            expected = dict.fromkeys(expected, "noted")
        assert parsed.happening == expected.get(notification["type"], "unknown"), name


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
def test_the_recordings_hold_every_visibility(visibility: str) -> None:
    statuses, _ = recorded()
    found = [status for _, status in statuses if status["visibility"] == visibility]
    assert found
    ours = {"public": "public", "unlisted": "unlisted", "private": "followers", "direct": "private"}
    for status in found:
        assert parse(envelope("said", status, ABOUT), fetched_at=FETCHED_AT).visibility == ours[visibility]
