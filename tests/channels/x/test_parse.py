"""What a thing from X says, fetched or told: the words people see, who said them, and what they belong to."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.base import Parsed
from sociable.channels.x.activity import _items
from sociable.channels.x.parse import parse
from sociable.channels.x.raw import at_of_id, id_at
from tests.channels.x.conftest import FETCHED_AT, all_of, read
from tests.channels.x.test_reading import Make
from tests.servers.x import BEGINNING, HELP, XNetwork

ZWJ_FAMILY = "👩‍👩‍👧‍👦"
ARABIC = "متى يُجمع صندوقي؟"


def only(network: XNetwork, adapter_for: Make, **settings: Any) -> Parsed:
    """The one thing that somebody else said."""
    found = [read(item) for item in all_of(adapter_for(**settings))[0]]
    (one,) = [parsed for parsed in found if not parsed.by_account]
    return one


def told(**post: Any) -> Parsed:
    whole = {"account": HELP, "post": {"id": "1" * 18, "author_id": "7", "text": "x"} | post}
    return parse(json.dumps(whole).encode(), fetched_at=FETCHED_AT)


def test_a_mention_is_read_with_all_that_is_needed_to_answer_it(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom_bins", "Tom")
    asked = network.post(tom.id, "@HelpLeeds <where> is bin & lid? https://leeds.test/bins?a=1&b=2 or leeds.uk/x")
    parsed = only(network, adapter_for)
    assert parsed.text == "@HelpLeeds <where> is bin & lid? https://leeds.test/bins?a=1&b=2 or http://leeds.uk/x"
    assert (parsed.message_id, parsed.happening, parsed.visibility) == (f"x:post:{asked.id}", "said", "public")
    assert (parsed.from_address, parsed.from_name, parsed.from_handle) == (tom.id, "Tom", "@tom_bins")
    assert parsed.identity_kind == "x"
    assert parsed.link == f"https://x.com/tom_bins/status/{asked.id}"
    assert parsed.reply_ref == {"post": asked.id, "author": tom.id}
    assert (parsed.sent_at, parsed.sent_at_why) == (BEGINNING, "when X recorded it")
    assert not parsed.may_acknowledge  # nobody gets an automatic answer in public


def test_a_reply_hides_the_mentions_that_x_filled_in_and_those_alone(network: XNetwork, adapter_for: Make) -> None:
    tom, ann = network.user("tom"), network.user("ann")
    first = network.post(tom.id, "@HelpLeeds @ann look")
    network.post(ann.id, "I looked", to=first.id)
    network.post(ann.id, "@HelpLeeds I looked", to=first.id)
    texts = [read(item).text.partition("\n")[0] for item in all_of(adapter_for(own_posts_left_out=True))[0]]
    assert texts == ["@HelpLeeds @ann look", "I looked", "@HelpLeeds I looked"]


def test_what_is_answered_or_quoted_of_others_is_shown_with_it(network: XNetwork, adapter_for: Make) -> None:
    tom, ann = network.user("tom"), network.user("ann")
    first = network.post(tom.id, "My street floods every week")
    network.post(ann.id, "@HelpLeeds what about this?", to=first.id)
    assert (
        only(network, adapter_for).text == "@HelpLeeds what about this?\n\nAnswers @tom: “My street floods every week”"
    )


def test_what_answers_our_own_post_names_it_and_does_not_repeat_it(network: XNetwork, adapter_for: Make) -> None:
    news = network.post(HELP, "Bins are late today.")
    network.post(network.user("tom").id, "How late?", to=news.id)
    parsed = only(network, adapter_for)
    assert (parsed.text, parsed.in_reply_to) == ("How late?", f"x:post:{news.id}")


def test_two_people_under_one_post_do_not_share_a_thread(network: XNetwork, adapter_for: Make) -> None:
    news = network.post(HELP, "Bins are late today.")
    for name in ("tom", "ann"):
        network.post(network.user(name).id, "How late?", to=news.id)
    found = [read(item) for item in all_of(adapter_for(own_posts_left_out=True))[0]]
    assert len({parsed.thread_key for parsed in found}) == 2


def test_what_answers_a_post_that_is_gone_says_so() -> None:
    gone = {"resource_id": "5", "type": "https://api.x.com/2/problems/resource-not-found"}
    whole = {
        "account": HELP,
        "errors": [gone],
        "post": {"id": "9", "referenced_posts": [{"type": "replied_to", "id": "5"}]},
    }
    parsed = parse(json.dumps(whole).encode(), fetched_at=FETCHED_AT)
    assert parsed.problems == ("It answers a post that is gone or that we may not see.",)
    assert parsed.happening == "said"


def test_a_long_post_is_read_whole(network: XNetwork, adapter_for: Make) -> None:
    whole = "@HelpLeeds " + "word " * 400 + "& the end https://leeds.test/end"
    post = network.post(network.user("tom").id, whole)
    post.note = post.text
    assert only(network, adapter_for).text == whole


def test_an_edit_names_the_first_form_and_holds_the_whole_new_text(network: XNetwork, adapter_for: Make) -> None:
    first = network.post(network.user("tom").id, "@HelpLeeds bin day at 1 Raod?")
    network.later(minutes=3)
    second = network.edit(first, "@HelpLeeds bin day at 1 Road?")
    parsed = only(network, adapter_for)
    assert (parsed.happening, parsed.about_id, parsed.text) == (
        "edited",
        f"x:post:{first.id}",
        "@HelpLeeds bin day at 1 Road?",
    )
    assert parsed.reply_ref["post"] == second.id
    assert parsed.sent_at == second.at
    assert parsed.first_said_at == first.at  # as its id says


def test_a_repost_and_an_announcement_ask_for_nothing(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    first = network.post(tom.id, "@HelpLeeds hello")
    network.post(network.user("ann").id, "RT @tom: @HelpLeeds hello", reposts=first.id)
    network.post(HELP, "Good morning, Leeds.")
    happened = {read(item).text[:5]: read(item).happening for item in all_of(adapter_for())[0]}
    assert happened == {"@Help": "said", "RT @t": "noted", "Good ": "noted"}


def test_a_direct_message_is_private_and_may_be_acknowledged(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom", "Tom")
    picture = network.picture(b"png", "dm_image")
    written = network.write(tom.id, HELP, "see https://leeds.test/x", media=[picture.key])
    parsed = only(network, adapter_for)
    assert (parsed.text, parsed.visibility, parsed.may_acknowledge) == ("see https://leeds.test/x", "private", True)
    assert (parsed.message_id, parsed.thread_key) == (f"x:dm:{written.id}", f"x:dm:{HELP}-{tom.id}")
    assert parsed.reply_ref == {"dm": f"{HELP}-{tom.id}", "author": tom.id}
    assert [file.name for file in parsed.files] == [picture.id]


def test_a_picture_comes_with_what_it_shows_and_without_its_link(network: XNetwork, adapter_for: Make) -> None:
    post = network.post(network.user("tom").id, "@HelpLeeds look")
    picture = network.picture(b"a picture", alt="A broken bin")
    post.media = [picture.key]
    link = {
        "url": "https://t.co/p1",
        "expanded_url": f"https://x.com/tom/status/{post.id}/photo/1",
        "display_url": "pic",
    }
    post.urls.append(link)
    post.text += " https://t.co/p1"
    parsed = only(network, adapter_for)
    assert parsed.text == "@HelpLeeds look"
    assert [(file.ref, file.alt_text) for file in parsed.files] == [
        (f"{network.server.url}/media/{picture.id}", "A broken bin")
    ]


def test_of_a_moving_picture_the_best_form_is_taken() -> None:
    variants = [
        {"content_type": "video/mp4", "bit_rate": 256, "url": "https://video.twimg.com/low.mp4"},
        {"content_type": "application/x-mpegURL", "url": "https://video.twimg.com/list.m3u8"},
        {"content_type": "video/mp4", "bit_rate": 832, "url": "https://video.twimg.com/high.mp4"},
    ]
    media = [
        {"media_key": "7_1", "type": "video", "variants": variants, "preview_image_url": "https://pbs.twimg.com/p.jpg"}
    ]
    whole = {"account": HELP, "post": {"id": "9", "attachments": {"media_keys": ["7_1"]}}, "includes": {"media": media}}
    (file,) = parse(json.dumps(whole).encode(), fetched_at=FETCHED_AT).files
    assert (file.ref, file.name, file.declared_type) == ("https://video.twimg.com/high.mp4", "high.mp4", "video/mp4")


@pytest.mark.parametrize("words", [ZWJ_FAMILY * 20, ARABIC, "\u202ereversed\u202c", "e\u0301", "a\u200db", "#️⃣ 1️⃣"])
def test_whatever_people_write_is_kept_to_the_last_mark(network: XNetwork, adapter_for: Make, words: str) -> None:
    network.post(network.user("tom").id, f"@HelpLeeds {words}")
    assert only(network, adapter_for).text == f"@HelpLeeds {words}"


def test_a_post_told_by_webhook_reads_as_when_it_was_fetched(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom", "Tom")
    news = network.post(HELP, "Bins are late.")
    posts = [
        network.post(tom.id, "Where & when? https://leeds.test/a", to=news.id),
        network.post(tom.id, "@HelpLeeds " + "long " * 90),
    ]
    posts[1].note = posts[1].text
    fetched = {item.remote_id: item for item in all_of(adapter_for(own_posts_left_out=True))[0]}
    for post in posts:
        (item,) = _items(network.told(post))
        by_fetch, by_call = read(fetched[item.remote_id]), read(item)
        assert by_call.text == by_fetch.text
        assert by_call.reply_ref == by_fetch.reply_ref
        same = ("message_id", "in_reply_to", "from_address", "from_name", "from_handle", "sent_at", "link", "happening")
        assert [getattr(by_call, name) for name in same] == [getattr(by_fetch, name) for name in same]


def test_a_message_told_by_webhook_reads_as_when_it_was_fetched(network: XNetwork, adapter_for: Make) -> None:
    network.write(network.user("tom", "Tom").id, HELP, "hello https://leeds.test/a")
    (fetched,) = all_of(adapter_for())[0]
    (heard,) = _items(network.told_message(next(iter(network.messages.values()))))
    assert heard.remote_id == fetched.remote_id
    assert read(heard) == read(fetched)


def test_the_clock_starts_by_the_id_where_x_gives_no_time_and_never_in_the_future() -> None:
    at = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    assert told(id=str(id_at(at) + 5)).sent_at == at
    assert told(id="77").sent_at == FETCHED_AT
    assert told(created_at="2031-01-01T00:00:00Z").sent_at == FETCHED_AT


@given(st.integers(0, 10**12), st.integers(0, (1 << 22) - 1))
def test_an_id_holds_its_instant(milliseconds: int, rest: int) -> None:
    at = datetime(2011, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    found = at_of_id(str(id_at(at) + rest))
    assert found is not None
    assert abs(found - at) < timedelta(milliseconds=2)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_known = st.sampled_from(
    ["text", "id", "author_id", "entities", "referenced_posts", "attachments", "created_at", "note_post", "display_text_range",
     "edit_history_post_ids", "urls", "includes", "users", "media", "dm_conversation_id", "sender_id", "status", "data"]
)  # fmt: skip
_thing = st.dictionaries(_known, _json | st.dictionaries(_known, _json, max_size=4), max_size=8)
_kinds = ["post", "message", "gone", "tweet_create_events", "tweet_delete_events", "direct_message_events", "data"]


@given(kind=st.sampled_from(_kinds), thing=_thing, listed=st.booleans())
def test_half_and_broken_things_are_read_or_kept_as_unknown(kind: str, thing: Any, listed: bool) -> None:
    content = json.dumps({"account": HELP, kind: [thing] if listed else thing, "for_user_id": 7}).encode()
    without = json.dumps({kind: [thing] if listed else thing}).encode()
    for raw in (content, without):
        parsed = parse(raw, fetched_at=FETCHED_AT)
        assert parsed.sent_at <= FETCHED_AT
        assert parsed.happening != "unknown" or parsed.problems
        json.dumps(dict(parsed.reply_ref))
        parsed.text.encode()
        assert "\x00" not in parsed.text + parsed.from_name + parsed.from_handle + parsed.from_address
        assert not any("TypeError" in problem or "Attribute" in problem for problem in parsed.problems), parsed.problems
