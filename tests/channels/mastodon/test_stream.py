"""A server's event stream wakes whoever waits, and what is missed while it is down is not lost."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from sociable.channels.mastodon import stream
from sociable.channels.mastodon.adapter import MastodonAdapter
from tests.servers.mastodon import Mastodon
from tests.servers.relay import relay_to

pytestmark = pytest.mark.servers
Accounts = Callable[..., MastodonAdapter]
SOON, AT_ONCE = timedelta(seconds=60), timedelta(milliseconds=10)


def test_a_mention_wakes(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    assert not adapter.wait(AT_ONCE)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(adapter.wait, SOON)
        mastodon.post("tom", "@help wake up")
        assert waiting.result(timeout=60)
    assert not adapter.wait(AT_ONCE)


def test_what_comes_between_two_waits_is_noticed(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    adapter.wait(AT_ONCE)
    mastodon.post("jerry", "@help in between", visibility="direct")
    assert adapter.wait(SOON)


def test_news_that_is_not_for_the_account_wakes_nobody(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    adapter.wait(AT_ONCE)
    mastodon.post("jerry", "nothing to do with you")
    assert not adapter.wait(timedelta(milliseconds=600))


def test_a_stream_that_breaks_is_opened_again_and_what_was_missed_is_asked_for(
    mastodon: Mastodon, account_of: Accounts
) -> None:
    with relay_to(mastodon.port) as relay:
        adapter = account_of(mastodon, server=f"http://127.0.0.1:{relay.port}")
        stream_of(adapter)._base = f"http://127.0.0.1:{relay.port}"
        assert not adapter.wait(AT_ONCE)
        relay.cut()
        mastodon.post("tom", "@help while it was down")
        assert adapter.wait(SOON)  # it broke
        assert adapter.wait(SOON)  # it stands again, and something may have been missed
        assert not adapter.wait(AT_ONCE)
        mastodon.post("tom", "@help and on it goes")
        assert adapter.wait(SOON)


def stream_of(adapter: MastodonAdapter) -> stream.Stream:
    return adapter._there().stream


@pytest.mark.parametrize("status", [404, 503, 302])
def test_where_there_is_no_stream_waiting_is_the_poll(
    status: int, mastodon: Mastodon, account_of: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "POLL_WITHOUT_STREAM", AT_ONCE)
    adapter = account_of(mastodon)
    with mastodon.fault("GET", "/api/v1/streaming/user", "status", status=status):
        assert adapter.wait(SOON)
        assert adapter.wait(SOON)
    assert not adapter.wait(AT_ONCE)  # and now there is one


def test_where_nobody_answers_waiting_is_the_poll(mastodon: Mastodon, account_of: Accounts) -> None:
    assert account_of(mastodon, server="http://127.0.0.1:9").wait(AT_ONCE)


def test_a_stream_that_says_nothing_for_long_is_given_up(
    mastodon: Mastodon, account_of: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "SILENCE_SECONDS", 0.05)  # the server says a word every 0.2 s
    adapter = account_of(mastodon)
    assert adapter.wait(SOON)


def test_the_token_is_handed_to_no_server_that_asks_for_it_in_the_open(
    account_of: Accounts, mastodon: Mastodon
) -> None:
    asked: list[str] = []

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        adapter = account_of(mastodon)
        elsewhere = {"configuration": {"urls": {"streaming": "ws://streaming.elsewhere.test"}}}
        with mastodon.fault("GET", "/api/v2/instance/", "status", status=200, body=elsewhere):
            assert stream_of(adapter)._address() == mastodon.url
        adapter.close()
        move = {"Location": f"http://127.0.0.1:{other.server_port}/"}
        with mastodon.fault("GET", "/api/v1/streaming/user", "status", status=302, headers=move):
            adapter.wait(AT_ONCE)
        other.shutdown()
    assert asked == []
