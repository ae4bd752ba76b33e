"""The Graph API is called with a token that stays out of addresses, with a proof, within its limits; and its refusals are read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited, SettingsRefused
from sociable.channels.facebook.adapter import FacebookAdapter
from sociable.channels.graph import token
from sociable.channels.graph.call import Graph
from sociable.channels.graph.config import GraphConfig
from sociable.channels.graph.trouble import MEANING, Refused, raise_for, refusal
from sociable.channels.graph.usage import Usage, usage
from tests.channels.meta import config
from tests.servers.graph import APP, BEGINNING, PAGE, SECRET, TOKEN, GraphNetwork
from tests.servers.standin import Answer, say

GONE = "https://scontent.xx.fbcdn.net.evil.test/a.png"


@pytest.fixture
def graph(network: GraphNetwork) -> Graph:
    return Graph(config(network))


def test_the_token_is_in_no_address_and_the_proof_goes_with_it(network: GraphNetwork, graph: Graph) -> None:
    assert graph.get(PAGE, fields="name")["name"] == "Leeds Council"
    (asked,) = network.server.asked
    assert TOKEN not in asked.url
    assert SECRET not in asked.url
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    with Graph(config(network, app_secret="another")) as stolen, pytest.raises(Refused, match="appsecret_proof"):
        stolen.get(PAGE)


def test_secrets_are_shown_nowhere(network: GraphNetwork) -> None:
    adapter = FacebookAdapter.from_settings(network.settings(page_id=PAGE))
    assert TOKEN not in repr(adapter.config)
    assert SECRET not in repr(adapter.config)


def test_a_token_that_was_revoked_is_a_log_in_refused(network: GraphNetwork, graph: Graph) -> None:
    network.revoked = True
    with pytest.raises(LogInRefused, match="access token") as refused:
        graph.get(PAGE)
    assert not refused.value.permanent


def test_what_meta_does_not_know_itself_is_a_doubt_where_something_was_handed_over(
    network: GraphNetwork, graph: Graph
) -> None:
    for answer in (
        None,
        Answer(502, b"<html>bad gateway</html>", "text/html"),
        say(500, {"error": {"message": "An unknown error occurred", "type": "OAuthException", "code": 1}}),
        Answer(200, b"{", "application/json"),
    ):
        network.server.fail("POST", answer)
        with pytest.raises(OutcomeUnknown):
            graph.post(f"{PAGE}/subscribed_apps", {"subscribed_fields": "feed"})
        network.server.fail("POST", answer)
        with pytest.raises(ChannelError) as refused:
            graph.post(f"{PAGE}/subscribed_apps", {"subscribed_fields": "feed"}, handed_over=False)
        assert not isinstance(refused.value, OutcomeUnknown)
        assert not refused.value.permanent


def test_where_no_connection_came_about_nothing_was_handed_over() -> None:
    nobody = Graph(GraphConfig("t", "s", "v", server="http://127.0.0.1:9"))
    with pytest.raises(ChannelError, match="could not be reached") as refused:
        nobody.post(f"{PAGE}/messages", {})
    assert not isinstance(refused.value, OutcomeUnknown)


def test_a_spent_limit_is_known_before_the_next_call(network: GraphNetwork, graph: Graph) -> None:
    network.usage = {"x-app-usage": '{"call_count":100,"total_time":3,"total_cputime":4}'}
    graph.get(PAGE)
    with pytest.raises(RateLimited):
        graph.get(PAGE)
    assert len(network.server.asked) == 1


def test_a_refusal_for_too_many_calls_says_how_long_by_metas_own_header(network: GraphNetwork, graph: Graph) -> None:
    told = f'{{"{PAGE}":[{{"type":"pages","call_count":100,"estimated_time_to_regain_access":19}}]}}'
    limited = say(400, {"error": {"message": "Too many", "type": "OAuthException", "code": 80001}})
    network.server.fail("GET", Answer(400, limited.body, headers={"X-Business-Use-Case-Usage": told}))
    with pytest.raises(RateLimited) as refused:
        graph.get(PAGE)
    assert refused.value.retry_after == timedelta(minutes=19)


@pytest.mark.parametrize(
    ("headers", "percent", "pause"),
    [
        ({}, 0, None),
        ({"x-app-usage": '{"call_count":28,"total_time":95,"total_cputime":4}'}, 95, None),
        ({"x-business-use-case-usage": '{"1":[{"call_count":3},{"total_cputime":91}]}'}, 91, None),
        ({"retry-after": "30"}, 0, timedelta(seconds=30)),
        ({"x-app-usage": "rubbish", "x-business-use-case-usage": "[1]", "retry-after": "soon"}, 0, None),
        ({"x-app-usage": '{"call_count":"lots"}'}, 0, None),
    ],
)
def test_the_headers_are_read(headers: dict[str, str], percent: float, pause: timedelta | None) -> None:
    assert usage(headers) == Usage(percent, pause)


@given(
    st.dictionaries(st.sampled_from(["x-app-usage", "x-business-use-case-usage", "retry-after"]), st.text(max_size=40))
)
def test_headers_of_any_content_say_something_or_nothing(headers: dict[str, str]) -> None:
    assert usage(headers).percent >= 0


def test_every_known_refusal_is_a_sentence_with_metas_number() -> None:
    for code, subcode in MEANING:
        told = refusal({"code": code, "error_subcode": subcode, "message": "Original words."}).in_words
        assert told[0].isupper()
        assert ". (Meta: Original words., code " in told, told
        assert str(code) in told
    assert (
        "re-engagement"
        not in refusal({"code": 131047, "title": "Re-engagement message"}).in_words.lower().partition("(meta")[0]
    )
    assert "approved template" in refusal({"code": 131047, "title": "Re-engagement message"}).in_words


@pytest.mark.parametrize(
    ("code", "subcode", "kind", "permanent"),
    [
        (10, 2018278, Refused, True),
        (10, 0, LogInRefused, False),
        (200, 0, LogInRefused, False),
        (200, 1545041, Refused, True),
        (551, 0, Refused, True),
        (190, 463, LogInRefused, False),
        (4, 0, RateLimited, False),
        (130429, 0, RateLimited, False),
        (131056, 0, RateLimited, False),
        (2, 0, ChannelError, False),
        (100, 33, Refused, True),
        (7654321, 0, Refused, True),
    ],
)
def test_what_may_be_tried_again(code: int, subcode: int, kind: type[ChannelError], permanent: bool) -> None:
    body = {"error": {"code": code, "error_subcode": subcode, "message": "No", "is_transient": False}}
    with pytest.raises(ChannelError) as refused:
        raise_for(400, body, Usage(), handed_over=True)
    assert type(refused.value) is kind
    assert refused.value.permanent is permanent


def test_a_file_comes_from_metas_own_hosts_alone(network: GraphNetwork, graph: Graph) -> None:
    number = network.keep("image/png", b"a picture")
    assert graph.download(f"{network.server.url}/files/{number}", 100) == b"a picture"
    for address in (
        GONE,
        "http://scontent.xx.fbcdn.net/a.png",
        "https://fbcdn.net.test/a",
        "file:///etc/passwd",
        "https://x@evil.test/",
        "",
    ):
        with pytest.raises(ChannelError, match="outside") as refused:
            graph.download(address, 100)
        assert refused.value.permanent
    with pytest.raises(ChannelError, match="larger"):
        graph.download(f"{network.server.url}/files/{number}", 5)


@pytest.mark.parametrize("host", [f"{'a' * 80}.fbcdn.net", ".fbcdn.net", "a\ud800.fbcdn.net"])
def test_a_host_whose_name_is_none_is_given_up_for_good(graph: Graph, host: str) -> None:
    with pytest.raises(ChannelError, match="cannot be read") as refused:
        graph.download(f"https://{host}/a.png", 100)
    assert refused.value.permanent


def test_a_host_of_metas_is_known_by_its_whole_name(graph: Graph) -> None:
    assert graph._is_meta("https://scontent-lhr8-1.xx.fbcdn.net/v/a.jpg?x=1")
    assert graph._is_meta("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1")
    assert not graph._is_meta("https://notfbcdn.net/a.jpg")
    assert not graph._is_meta("https://scontent.fbcdn.net:8443/a.jpg")


def test_a_file_that_sends_us_elsewhere_is_not_followed(network: GraphNetwork, graph: Graph) -> None:
    network.server.fail("GET /files", Answer(302, headers={"location": "http://169.254.169.254/latest/meta-data"}))
    with pytest.raises(ChannelError):
        graph.download(f"{network.server.url}/files/1", 100)


def test_when_the_token_ends_is_asked_of_meta(network: GraphNetwork, graph: Graph) -> None:
    told = token.token(graph)
    assert told is not None
    assert (told.expires_at, told.valid) == (None, True)
    network.token_ends = BEGINNING + timedelta(days=40)
    told = token.token(graph)
    assert told is not None
    assert told.expires_at == network.token_ends
    assert network.server.asked[-1].headers["authorization"] == f"Bearer {APP}|{SECRET}"
    assert token.token(Graph(config(network, app_id=""))) is None


def test_what_the_token_may_not_do_is_found(network: GraphNetwork, graph: Graph) -> None:
    network.scopes.remove("pages_messaging")
    assert [finding.ok for finding in token.findings(graph, ["pages_messaging", "pages_manage_metadata"])] == [
        True,
        False,
    ]


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"page_id": "LeedsCouncil"}, "page_id"),
        ({"access_token": ""}, "access_token"),
        ({"app_secret": " "}, "app_secret"),
        ({"verify_token": ""}, "verify_token"),
        ({"version": "23"}, "version"),
        ({"server": "http://graph.facebook.com"}, "server"),
        ({"server": "http://127.0.0.1.evil.test"}, "server"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_settings_that_cannot_work_are_refused_beside_their_field(
    network: GraphNetwork, settings: dict[str, str], field: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        FacebookAdapter.from_settings({**network.settings(page_id=PAGE), **settings})
    assert list(refused.value.problems) == [field]
