"""The stand-in for X: held to the published description in all that it is asked and says, by X's own client library."""

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import tweepy

from tests.conftest import sample_data
from tests.servers.standin import Answer, Judge, StandIn, say, serving
from tests.servers.x import BEARER, HELP, KEYS, MENTIONS, XNetwork, x_network

SERVER = "https://api.x.com"


class _Here(requests.Session):
    """Takes what the library sends to X to the stand-in."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        return super().request(
            method, str(url).replace("https://api.twitter.com", self.url), *args, timeout=10, **kwargs
        )


@contextmanager
def library(network: XNetwork, **keys: str) -> Iterator[tweepy.Client]:
    client = tweepy.Client(**(keys or KEYS), return_type=dict)
    client.session = _Here(network.server.url)
    with client.session:
        yield client


@pytest.fixture
def judged() -> Iterator[tuple[XNetwork, Judge]]:
    judge = Judge(sample_data("specs", "x-api-v2.openapi.json"), SERVER, "/2/")
    with x_network(judge) as network:
        yield network, judge


def test_all_it_says_fits_the_published_description(judged: tuple[XNetwork, Judge]) -> None:
    network, judge = judged
    tom = network.user("tom_bins")
    asked = network.post(tom.id, "@HelpLeeds is https://leeds.test/bins right & when?")
    network.write(tom.id, HELP, "my address is 1 Road")
    with library(network) as client:
        _exchange(network, client, asked.id, tom.id)
    assert not judge.complaints
    assert judge.judged > 20


def _exchange(network: XNetwork, client: tweepy.Client, asked_id: str, tom_id: str) -> None:
    fields = {"post.fields": "created_at,entities,note_post", "expansions": "author_id,referenced_posts"}

    def ask(method: str, route: str, params: Any = None, **json: Any) -> Any:
        return client.request(method, route, params=params, json=json or None, user_auth=True).json()

    assert ask("GET", "/2/users/me")["data"]["username"] == "HelpLeeds"
    shown = ask("GET", f"/2/users/{HELP}/mentions", fields | {"max_results": 5})
    assert shown["data"][0]["text"] == "@HelpLeeds is https://t.co/x000000000 right &amp; when?"
    assert shown["includes"]["users"][0]["username"] == "tom_bins"
    picture = ask(
        "POST", "/2/media/upload", media=base64.b64encode(b"a picture").decode(), media_category="tweet_image"
    )
    key = picture["data"]["id"]
    ask("POST", "/2/media/metadata", id=key, metadata={"alt_text": {"text": "A green bin"}})
    answer = client.create_tweet(text="On Friday.", in_reply_to_tweet_id=asked_id, media_ids=[key])["data"]
    ask("GET", f"/2/users/{HELP}/tweets", {"expansions": "attachments.media_keys"})
    told = client.create_direct_message(participant_id=tom_id, text="Thank you")["data"]
    messages = ask("GET", "/2/dm_events", {"dm_event.fields": "id,text,created_at", "expansions": "sender_id"})
    assert [each["text"] for each in messages["data"]] == ["Thank you", "my address is 1 Road"]
    ask("GET", f"/2/dm_conversations/with/{tom_id}/dm_events")
    client.create_direct_message(dm_conversation_id=told["dm_conversation_id"], text="And bye")
    client.delete_tweet(answer["id"])
    gone = ask("GET", "/2/tweets", {"ids": f"{asked_id},{answer['id']}"})
    assert [each["resource_id"] for each in gone["errors"]] == [answer["id"]]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"text": "x", "reply": {"in_reply_to": "1"}}, "in_reply_to_tweet_id"),
        ({"text": "x", "media": {"media_ids": []}}, "[] should be non-empty"),
        ({"text": 7}, "not of type 'string'"),
    ],
)
def test_a_request_that_does_not_fit_is_found(judged: tuple[XNetwork, Judge], body: Any, said: str) -> None:
    network, judge = judged
    network.server._answers = lambda _asked: say(201, {"data": {"id": "1", "text": "x"}})
    with library(network) as client:
        client.request("POST", "/2/tweets", json=body, user_auth=True)
    assert said in judge.complaints[0]


def test_an_answer_that_does_not_fit_is_found(judged: tuple[XNetwork, Judge]) -> None:
    network, judge = judged
    network.server._answers = lambda _asked: say(201, {"data": {"id": 1, "text": "x"}})
    with library(network) as client:
        client.create_tweet(text="x")
    assert "1 is not of type 'string'" in judge.complaints[0]


def _sign_with(name: str, value: str) -> Callable[[XNetwork], Any]:
    def ask(network: XNetwork) -> None:
        with library(network, **(KEYS | {name: value})) as client:
            client.get_me()

    return ask


@pytest.mark.parametrize("name", ["consumer_key", "consumer_secret", "access_token", "access_token_secret"])
def test_a_wrong_signature_is_refused(network: XNetwork, name: str) -> None:
    with pytest.raises(tweepy.Unauthorized):
        _sign_with(name, "another")(network)


def test_the_app_alone_reads_what_is_public_and_nothing_else(network: XNetwork) -> None:
    with library(network, bearer_token=BEARER) as client:
        client.request("GET", f"/2/users/{HELP}/mentions")
        with pytest.raises(tweepy.Forbidden):
            client.request("GET", "/2/dm_events")


def test_what_is_used_up_is_refused_until_the_instant_the_headers_name(network: XNetwork) -> None:
    network.allowance[MENTIONS] = 1
    with library(network) as client:
        client.request("GET", f"/2/users/{HELP}/mentions", user_auth=True)
        with pytest.raises(tweepy.TooManyRequests) as refused:
            client.request("GET", f"/2/users/{HELP}/mentions", user_auth=True)
        assert refused.value.reset_time == network.resets_at.timestamp()
        network.now = network.resets_at
        client.request("GET", f"/2/users/{HELP}/mentions", user_auth=True)


def test_a_bad_day_is_played_as_told() -> None:
    stand_in = StandIn(lambda _asked: Answer(200, b"fine"))
    stand_in.fail("GET /a", Answer(503, b"no"))
    stand_in.fail("GET /b", None, after=True, times=2)
    with serving(stand_in), requests.Session() as session:
        said = [session.get(f"{stand_in.url}/{path}", timeout=10).text for path in "aa"]
        for _ in range(2):
            with pytest.raises(requests.ConnectionError):
                session.get(f"{stand_in.url}/b", timeout=10)
        said.append(session.get(f"{stand_in.url}/b", timeout=10).text)
    assert said == ["no", "fine", "fine"]
