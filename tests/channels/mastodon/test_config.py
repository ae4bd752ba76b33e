"""Settings that cannot work are refused field by field, in words."""

from typing import Any

import pytest

from sociable.channels.base import SettingsRefused
from sociable.channels.mastodon.config import MastodonConfig

GOOD = {"server": "https://mastodon.example", "access_token": "abc-DEF_123"}


@pytest.mark.parametrize(
    ("given", "server"),
    [
        ("https://mastodon.example", "https://mastodon.example"),
        ("mastodon.example", "https://mastodon.example"),
        (" Mastodon.Example/@help ", "https://mastodon.example"),
        ("https://mastodon.example:8443/about", "https://mastodon.example:8443"),
        ("http://127.0.0.1:3000", "http://127.0.0.1:3000"),
        ("http://[::1]:3000", "http://[::1]:3000"),
        ("http://localhost", "http://localhost"),
    ],
)
def test_an_address_is_taken_as_people_copy_it(given: str, server: str) -> None:
    assert MastodonConfig.from_dict(GOOD | {"server": given}).server == server


@pytest.mark.parametrize(
    ("settings", "field", "words"),
    [
        ({"server": ""}, "server", "such as https"),
        ({"server": "ftp://mastodon.example"}, "server", "such as https"),
        ({"server": "https://help@mastodon.example"}, "server", "such as https"),
        ({"server": "https://mastodon.example:99999"}, "server", "such as https"),
        ({"server": "https://"}, "server", "such as https"),
        ({"server": "@help@mastodon.example"}, "server", "such as https"),
        ({"server": "http://mastodon.example"}, "server", "in the open"),
        ({"access_token": ""}, "access_token", "access token"),
        ({"access_token": "two words"}, "access_token", "access token"),
        ({"access_token": "ça"}, "access_token", "access token"),
        ({"pasword": "x"}, "pasword", "no setting called"),
    ],
)
def test_what_cannot_work_is_refused_beside_its_field(settings: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        MastodonConfig.from_dict(GOOD | settings)
    assert list(refused.value.problems) == [field]
    assert words in refused.value.problems[field]


def test_the_token_is_not_printed() -> None:
    assert "abc-DEF_123" not in repr(MastodonConfig.from_dict(GOOD))
