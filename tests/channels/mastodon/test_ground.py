"""The Mastodon stand-in: is it what the published description of the API says, and does it do what these tests lean on?"""

import json
import subprocess
from urllib.error import HTTPError

import pytest
from mastodon import Mastodon as Client

from tests.conftest import require, sample_data
from tests.servers.mastodon import Mastodon, token_of

pytestmark = pytest.mark.servers


def test_it_lacks_nothing_of_the_published_api() -> None:
    truth = sample_data("specs", "mastodon-4.7.openapi.json")
    program = require("mastodon")
    compared = subprocess.run(
        [program, "compare-openapi", "--truth", truth, "--format", "json"], capture_output=True, check=True, timeout=100
    )
    counts = json.loads(compared.stdout)["counts"]
    assert (counts["truth_only"], counts["param_diffs"]) == (0, 0)
    assert counts["common"] > 200


def test_one_key_makes_one_status(mastodon: Mastodon) -> None:
    tom = Client(access_token=token_of("tom"), api_base_url=mastodon.url)
    first, again = (tom.status_post("Once.", idempotency_key="one") for _ in range(2))
    assert first.id == again.id


def test_what_was_posted_outlives_the_server(own_mastodon: Mastodon) -> None:
    own_mastodon.post("tom", "@help still here?")
    own_mastodon.stop()
    own_mastodon.start()
    assert [status["content"] for status in own_mastodon.statuses("tom")] == ["<p>@help still here?</p>"]


def test_trouble_comes_when_it_is_asked_for_and_goes_again(mastodon: Mastodon) -> None:
    with mastodon.fault("POST", "/api/v1/statuses", "ratelimit", times=1):
        with pytest.raises(HTTPError, match="429"):
            mastodon.post("tom", "too much")
        mastodon.post("tom", "enough")
    with mastodon.fault("POST", "/api/v1/statuses", "status", status=503), pytest.raises(HTTPError, match="503"):
        mastodon.post("tom", "too early")
    mastodon.post("tom", "well again")
