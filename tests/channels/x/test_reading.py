"""What is fetched from X: every mention and message once, whatever gets in the way."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sociable.channels.base import ChannelError, LogInRefused, RateLimited, RawItem
from sociable.channels.x.adapter import XAdapter
from sociable.channels.x.place import MOST_WATCHED, Place
from sociable.channels.x.reading import ROUNDS_A_LOOK
from tests.channels.x.conftest import all_of, read
from tests.servers.standin import Answer, say
from tests.servers.x import BEARER, HELP, MENTIONS, MESSAGES, OWN, XNetwork

Make = Callable[..., XAdapter]


def ids(items: list[RawItem]) -> list[str]:
    return [item.remote_id for item in items]


def test_mentions_and_messages_come_oldest_first_and_once(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    asked = network.post(tom.id, "@HelpLeeds when is my bin day?")
    network.later(minutes=1)
    written = network.write(tom.id, HELP, "I live at 1 Road")
    network.later(minutes=1)
    items, cursor = all_of(adapter_for())
    assert ids(items) == [f"x:post:{asked.id}", f"x:dm:{written.id}"]
    assert [item.received_at for item in items] == [asked.at, written.at]
    assert all_of(adapter_for(), cursor)[0] == []
    later = network.post(tom.id, "@HelpLeeds hello?")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"x:post:{later.id}"]


@pytest.mark.parametrize("limit", [5, 7, 25, 100])
def test_a_backlog_of_many_pages_loses_and_doubles_nothing(network: XNetwork, adapter_for: Make, limit: int) -> None:
    tom = network.user("tom")
    wanted = set()
    for number in range(61):
        network.later(seconds=20)
        wanted.add(f"x:post:{network.post(tom.id, f'@HelpLeeds {number}').id}")
        wanted.add(f"x:dm:{network.write(tom.id, HELP, str(number)).id}")
    items, _ = all_of(adapter_for(), limit=limit)
    assert len(items) == len(wanted)
    assert set(ids(items)) == wanted


def test_after_a_long_absence_nothing_is_brought_again(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    for number in range(130):
        network.later(minutes=1)
        network.post(tom.id, f"@HelpLeeds {number}")
        network.write(tom.id, HELP, str(number))
    _, cursor = all_of(adapter_for(), limit=100)
    assert all_of(adapter_for(), cursor)[0] == []


def test_a_new_adapter_goes_on_in_the_middle_of_a_gap(network: XNetwork, adapter_for: Make) -> None:
    """As when the process is killed between two pages, while more is being said."""
    tom = network.user("tom")
    wanted, got, cursor, more = set(), set(), "", True
    for number in range(40):
        network.later(minutes=5)
        wanted.add(f"x:post:{network.post(tom.id, f'@HelpLeeds {number}').id}")
        wanted.add(f"x:dm:{network.write(tom.id, HELP, str(number)).id}")
    while more:
        fetched = adapter_for().fetch(cursor, 7)
        got, cursor, more = got | set(ids(fetched.items)), fetched.cursor, fetched.more
        network.later(minutes=5)
        if len(wanted) < 100:
            wanted.add(f"x:post:{network.post(tom.id, f'@HelpLeeds late {len(wanted)}').id}")
    got |= set(ids(all_of(adapter_for(), cursor)[0]))
    assert got == wanted


def test_a_post_that_is_listed_late_is_not_lost(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    late = network.post(tom.id, "@HelpLeeds first written, last listed")
    del network.posts[late.id]
    network.later(seconds=30)
    network.post(tom.id, "@HelpLeeds listed at once")
    _, cursor = all_of(adapter_for())
    network.posts[late.id] = late
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"x:post:{late.id}"]


def test_beginning_at_the_newest_leaves_the_past_out(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    network.post(tom.id, "@HelpLeeds the past")
    network.write(tom.id, HELP, "the past as well")
    cursor = adapter_for().newest_cursor()
    network.later(seconds=5)
    new = network.post(tom.id, "@HelpLeeds the present")
    message = network.write(tom.id, HELP, "here as well")
    assert set(ids(all_of(adapter_for(), cursor)[0])) == {f"x:post:{new.id}", f"x:dm:{message.id}"}


def test_beginning_where_nobody_ever_wrote_takes_all_that_comes(network: XNetwork, adapter_for: Make) -> None:
    cursor = adapter_for().newest_cursor()
    new = network.post(network.user("tom").id, "@HelpLeeds the first ever")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"x:post:{new.id}"]


@pytest.mark.parametrize(
    "cursor", ["", "nonsense", "[]", '{"account": "1001"}', '{"account":"1001","gaps":{"x":1}}', "9" * 30]
)
def test_a_cursor_that_cannot_be_read_means_from_the_start(network: XNetwork, adapter_for: Make, cursor: str) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"x:post:{asked.id}"]


def test_a_cursor_of_another_account_is_not_taken(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    _, cursor = all_of(adapter_for())
    other = json.loads(cursor) | {"account": "77"}
    assert ids(all_of(adapter_for(), json.dumps(other))[0]) == [f"x:post:{asked.id}"]


def test_an_answer_in_the_networks_own_app_is_read_as_ours(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    asked = network.post(tom.id, "@HelpLeeds when?")
    network.later(minutes=1)
    network.post(HELP, "On Friday.", to=asked.id)
    network.write(HELP, tom.id, "And the code is 7.")
    parsed = [read(item) for item in all_of(adapter_for())[0]]
    assert [(each.by_account, each.happening, each.text) for each in parsed] == [
        (False, "said", "@HelpLeeds when?"),
        (True, "said", "On Friday."),
        (True, "said", "And the code is 7."),
    ]
    assert parsed[1].in_reply_to == f"x:post:{asked.id}"
    only_theirs = all_of(adapter_for(own_posts_left_out=True, messages_left_out=True))[0]
    assert ids(only_theirs) == [f"x:post:{asked.id}"]


# Limits and trouble


def test_a_limit_on_messages_keeps_no_mention_waiting_and_is_kept(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    network.allowance[MESSAGES] = 0
    asked = network.post(tom.id, "@HelpLeeds hello")
    written = network.write(tom.id, HELP, "a secret")
    items, cursor = all_of(adapter_for())
    assert ids(items) == [f"x:post:{asked.id}"]
    network.later(minutes=1)
    assert ids(all_of(adapter_for(), cursor)[0]) == []
    assert len(network.server.seen("/2/dm_events")) == 1  # not asked again while X wants its pause
    network.now = network.resets_at + timedelta(seconds=1)
    assert ids(all_of(adapter_for(), cursor)[0]) == [f"x:dm:{written.id}"]


def test_a_limit_on_mentions_is_told_with_its_end_after_what_came_is_handed_over(
    network: XNetwork, adapter_for: Make
) -> None:
    written = network.write(network.user("tom").id, HELP, "a secret")
    network.allowance[MENTIONS] = 0
    adapter = adapter_for()
    fetched = adapter.fetch("")
    assert ids(fetched.items) == [f"x:dm:{written.id}"]
    assert fetched.more
    with pytest.raises(RateLimited) as refused:
        adapter.fetch(fetched.cursor)
    assert refused.value.retry_after == timedelta(minutes=15)


def test_a_limit_without_headers_is_told_without_an_end(network: XNetwork, adapter_for: Make) -> None:
    network.server.fail("GET", Answer(429, b"slow down"), times=9)
    with pytest.raises(RateLimited) as refused:
        all_of(adapter_for())
    assert refused.value.retry_after is None


def test_a_limit_whose_end_makes_no_sense_is_trouble_and_no_crash(network: XNetwork, adapter_for: Make) -> None:
    network.server.fail("GET", Answer(429, b"{}", headers={"x-rate-limit-reset": "soon"}), times=9)
    with pytest.raises(ChannelError):
        all_of(adapter_for())


def test_a_page_refused_in_the_middle_of_a_gap_is_asked_for_again(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    wanted = []
    for number in range(30):
        network.later(minutes=5)
        wanted.append(f"x:post:{network.post(tom.id, f'@HelpLeeds {number}').id}")
    adapter = adapter_for(own_posts_left_out=True, messages_left_out=True)
    first = adapter.fetch("", 10)
    network.server.fail("GET /2/users", Answer(503, b"over capacity"))
    with pytest.raises(ChannelError, match="in trouble itself"):
        adapter.fetch(first.cursor, 10)
    rest, _ = all_of(adapter_for(own_posts_left_out=True, messages_left_out=True), first.cursor, 10)
    assert sorted(ids([*first.items, *rest])) == sorted(wanted)


def test_a_page_token_that_x_no_longer_knows_loses_nothing(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    wanted = set()
    for number in range(30):
        network.later(minutes=5)
        wanted.add(f"x:dm:{network.write(tom.id, HELP, str(number)).id}")
    first = adapter_for().fetch("", 10)
    stale = Place.read(first.cursor, HELP)
    stale.gaps["messages"].token = "long-forgotten-token"
    network.server.fail(
        "long-forgotten", say(400, {"title": "Invalid Request", "detail": "pagination_token is not valid"})
    )
    rest, _ = all_of(adapter_for(), stale.cursor(), 10)
    assert set(ids([*first.items, *rest])) == wanted


def test_revoked_keys_are_told_and_work_again_when_mended(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    network.revoked = True
    with pytest.raises(LogInRefused, match=r"no longer takes the keys.*Could not authenticate"):
        all_of(adapter_for())
    network.revoked = False
    assert ids(all_of(adapter_for())[0]) == [f"x:post:{asked.id}"]


def test_an_app_without_permission_for_messages_still_hears_mentions(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    said = "Your client app is not configured with the appropriate oauth1 app permissions for this endpoint."
    network.server.fail("dm_events", say(403, {"title": "Forbidden", "detail": said, "type": "about:blank"}), times=9)
    adapter = adapter_for()
    fetched = adapter.fetch("")
    assert ids(fetched.items) == [f"x:post:{asked.id}"]
    with pytest.raises(LogInRefused, match="oauth1 app permissions"):
        adapter.fetch(fetched.cursor)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        Answer(500, b"[]"),
        Answer(503, b""),
        Answer(200, b"<html>"),
        Answer(200, b"[]"),
        Answer(302, b"", headers={"location": "/"}),
    ],
)
def test_whatever_a_bad_day_brings_is_trouble_in_a_sentence(
    network: XNetwork, adapter_for: Make, answer: Answer | None
) -> None:
    network.server.fail("GET", answer, times=9)
    with pytest.raises(ChannelError) as trouble:
        all_of(adapter_for())
    assert not trouble.value.permanent
    assert trouble.value.message.endswith(".")


def test_a_server_that_is_down_is_trouble(adapter_for: Make) -> None:
    with pytest.raises(ChannelError, match="cannot be reached"):
        all_of(adapter_for(api_url="http://127.0.0.1:9"))


def test_what_does_not_answer_in_time_is_trouble(
    network: XNetwork, adapter_for: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        adapter = adapter_for(api_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        object.__setattr__(adapter.config, "timeout_seconds", 0.2)
        with pytest.raises(ChannelError, match="did not answer in time"):
            all_of(adapter)


def test_the_older_words_are_spoken_where_the_published_ones_are_refused(network: XNetwork, adapter_for: Make) -> None:
    network.server.judge = None  # the published description knows only its own words
    network.words = "tweet"
    tom = network.user("tom")
    news = network.post(HELP, "Bins are late today.")
    answer = network.post(tom.id, "How late?", to=news.id)
    items, cursor = all_of(adapter_for(own_posts_left_out=True))
    assert ids(items) == [f"x:post:{answer.id}"]
    assert (read(items[0]).text, read(items[0]).in_reply_to) == ("How late?", f"x:post:{news.id}")
    asked_before = len(network.server.seen("post.fields"))
    all_of(adapter_for(own_posts_left_out=True), cursor)
    assert len(network.server.seen("post.fields")) == asked_before  # what it understood is remembered


def test_what_is_public_is_read_by_the_app_where_it_has_a_token(network: XNetwork, adapter_for: Make) -> None:
    network.post(network.user("tom").id, "@HelpLeeds hello")
    all_of(adapter_for(bearer_token=BEARER))
    asked = {one.path: one.headers["authorization"][:6] for one in network.server.asked}
    assert asked == {
        f"/2/users/{HELP}/mentions": "Bearer",
        f"/2/users/{HELP}/tweets": "Bearer",
        "/2/dm_events": "OAuth ",
    }


# What is taken back, and the nightly tally


def test_a_removal_is_noticed_and_told_once(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    gone, stays = network.post(tom.id, "@HelpLeeds oops"), network.post(tom.id, "@HelpLeeds still here")
    _, cursor = all_of(adapter_for())
    network.delete(gone)
    told: list[RawItem] = []
    for _ in range(2 * ROUNDS_A_LOOK):
        items, cursor = all_of(adapter_for(), cursor)
        told += items
    assert ids(told) == [f"x:gone:{gone.id}"]
    assert (read(told[0]).happening, read(told[0]).about_id) == ("withdrawn", f"x:post:{gone.id}")
    assert len(network.server.seen(r"GET /2/tweets\?")) == 2
    assert stays.id in Place.read(cursor, HELP).watched


def test_the_cursor_does_not_grow_without_end() -> None:
    place = Place(account=HELP)
    place.watch([str(number) for number in range(1000)])
    assert place.watched == [str(number) for number in range(1000 - MOST_WATCHED, 1000)]
    assert len(place.cursor()) < 4000


def test_a_days_list_has_the_names_of_what_was_fetched(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    begins = network.now
    for number in range(8):
        network.later(hours=6)
        network.post(tom.id, f"@HelpLeeds {number}")
        network.write(tom.id, HELP, str(number))
        network.write(HELP, tom.id, f"answer {number}")
    fetched = {item.remote_id: item for item in all_of(adapter_for(own_posts_left_out=True))[0]}
    day = (begins + timedelta(hours=12), begins + timedelta(hours=36))
    listed = list(adapter_for().listed(*day))
    theirs = [i for i in fetched.values() if not read(i, datetime(2026, 12, 1, tzinfo=UTC)).by_account]
    assert {item.remote_id for item in listed} == {i.remote_id for i in theirs if day[0] <= i.received_at < day[1]}
    assert all(item.content == fetched[item.remote_id].content for item in listed)
    assert len(listed) == 8


def test_own_posts_that_are_limited_keep_nothing_waiting(network: XNetwork, adapter_for: Make) -> None:
    network.allowance[OWN] = 0
    asked = network.post(network.user("tom").id, "@HelpLeeds hello")
    assert ids(all_of(adapter_for())[0]) == [f"x:post:{asked.id}"]
