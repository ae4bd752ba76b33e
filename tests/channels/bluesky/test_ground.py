"""The ground under the other tests: these really are Bluesky's servers, and what we lean on holds."""

from collections.abc import Callable

import pytest

from tests.servers.bluesky import Bluesky, Person

pytestmark = pytest.mark.servers


def test_a_mention_becomes_a_notification(bluesky: Bluesky, person: Callable[[str], Person]) -> None:
    council, jerry = person("council"), person("jerry")
    uri = jerry.post(f"@{council.handle} my bin was missed", mentions=[council])["uri"]
    bluesky.settle()
    told = council.ask("app.bsky.notification.listNotifications")["notifications"]
    assert [(each["uri"], each["reason"], each["author"]["did"]) for each in told] == [(uri, "mention", jerry.did)]
