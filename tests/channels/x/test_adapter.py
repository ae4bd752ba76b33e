"""An X account's settings, its check-up, its pictures, and what its log must never hold."""

import logging
from typing import Any

import pytest

from sociable.channels.base import ChannelError, SettingsRefused
from sociable.channels.x.adapter import XAdapter
from tests.channels.x.conftest import all_of, outgoing
from tests.channels.x.test_reading import Make
from tests.servers.standin import Answer, say
from tests.servers.x import BEARER, HELP, KEYS, MESSAGES, XNetwork


@pytest.mark.parametrize(
    ("settings", "field", "said"),
    [
        ({"consumer_key": ""}, "consumer_key", "is needed"),
        ({"access_token_secret": " "}, "access_token_secret", "is needed"),
        ({"access_token": "two words"}, "access_token", "as it stands"),
        ({"bearer_token": "Bearer AAA"}, "bearer_token", "without the word before it"),
        ({"api_url": "http://gateway.leeds.test"}, "api_url", "https://"),
        ({"api_url": "https://user@gateway.leeds.test"}, "api_url", "https://"),
        ({"api_url": "https://[bad"}, "api_url", "https://"),
        ({"colour": "blue"}, "colour", "no setting called"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_the_field(settings: Any, field: str, said: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        XAdapter.from_settings(KEYS | settings)
    assert list(refused.value.problems) == [field]
    assert said in refused.value.problems[field]


def test_the_account_is_told_by_its_token_without_asking() -> None:
    assert XAdapter.from_settings(KEYS).config.network_id == HELP


def test_an_odd_token_is_asked_about(network: XNetwork, adapter_for: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KEYS, "access_token", "without-a-number")
    network.post(network.user("tom").id, "@HelpLeeds hello")
    assert len(all_of(adapter_for())[0]) == 1
    assert network.server.seen("/2/users/me")


def test_the_network_says_who_the_account_is(adapter_for: Make) -> None:
    who = adapter_for().who()
    assert (who.network_id, who.handle, who.link) == (HELP, "@HelpLeeds", "https://x.com/HelpLeeds")


def test_a_check_says_what_works(network: XNetwork, adapter_for: Make) -> None:
    network.webhooks["1"] = {"id": "1", "url": "https://a.test/", "valid": True, "created_at": "2026"}
    network.webhooks["2"] = {"id": "2", "url": "https://b.test/", "valid": False, "created_at": "2026"}
    findings = adapter_for(bearer_token=BEARER).check()
    assert [(finding.ok, finding.what) for finding in findings] == [
        (True, "X knows these keys as @HelpLeeds."),
        (True, "Mentions can be read."),
        (True, "Direct messages can be read."),
        (True, "X calls https://a.test/ when something is new."),
        (False, "X no longer calls https://b.test/: its challenge was not answered as it should."),
    ]
    assert all(finding.ok or finding.mend for finding in findings)


def test_a_check_says_what_does_not_work_and_how_to_mend_it(network: XNetwork, adapter_for: Make) -> None:
    network.allowance[MESSAGES] = 0
    network.server.fail(
        "mentions", say(403, {"title": "Client Forbidden", "reason": "client-not-enrolled", "detail": "Not in plan"})
    )
    wrong = [finding for finding in adapter_for().check() if not finding.ok]
    assert ["Mentions cannot be read" in wrong[0].what, "plan" in wrong[0].mend] == [True, True]
    assert "asks for a pause" in wrong[1].what
    network.revoked = True
    (only,) = adapter_for().check()
    assert "no longer takes the keys" in only.what
    assert only.mend


# Pictures


def test_a_picture_is_fetched_from_x(network: XNetwork, adapter_for: Make) -> None:
    picture = network.picture(b"p" * 100_000)
    url = f"{network.server.url}/media/{picture.id}"
    assert adapter_for().download(url, 100_000) == picture.content
    with pytest.raises(ChannelError, match="larger than the limit") as refused:
        adapter_for().download(url, 99_999)
    assert refused.value.permanent


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.test/a.png",
        "http://pbs.twimg.com/a.png",
        "file:///etc/passwd",
        "https://pbs.twimg.com.evil.test/a.png",
        "https://pbs.twimg.com@evil.test/a.png",
        "http://127.0.0.1:9/a.png",
        "http://169.254.169.254/latest",
        "http://[bad",
        "nonsense",
    ],
)
def test_a_picture_that_lies_elsewhere_is_not_fetched(network: XNetwork, adapter_for: Make, url: str) -> None:
    with pytest.raises(ChannelError, match="does not lie at X") as refused:
        adapter_for().download(url, 1000)
    assert refused.value.permanent


def test_a_picture_is_not_followed_elsewhere(network: XNetwork, adapter_for: Make) -> None:
    network.server.fail("/media/", Answer(302, b"", headers={"location": "http://127.0.0.1:9/"}))
    with pytest.raises(ChannelError, match="302"):
        adapter_for().download(f"{network.server.url}/media/5", 1000)


def test_no_key_is_ever_written_to_the_log(
    network: XNetwork, adapter_for: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    adapter = adapter_for(bearer_token=BEARER)
    all_of(adapter)
    adapter.send(outgoing(reply_ref={"post": asked.id}))
    secrets = [BEARER, *KEYS.values(), "oauth_signature", "We come on Friday"]
    assert not [secret for secret in secrets if secret in caplog.text]
    assert not [secret for secret in secrets if secret in repr(adapter.config)]


def test_listing_the_channels_does_not_load_the_client_library() -> None:
    import subprocess
    import sys

    code = "import sys; import sociable.channels.x.adapter as x; assert 'tweepy' not in sys.modules; x.XAdapter"
    subprocess.run([sys.executable, "-c", code], check=True)
