"""Reading what Bluesky's own servers handed over (payloads, written down by `record`), and what a stranger could make of it."""

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.base import Parsed
from sociable.channels.bluesky.parse import parse

PAYLOADS = Path(__file__).parent / "payloads"
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))
FETCHED_AT = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


def told(name: str) -> dict[str, Any]:
    return dict(json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8")))


def read(what: Any, received_at: datetime | None = None) -> Parsed:
    return parse(json.dumps(what).encode(), fetched_at=FETCHED_AT, received_at=received_at)


def test_a_mention_says_who_wrote_what_where() -> None:
    payload = told("mention")
    parsed = read(payload, FETCHED_AT - timedelta(hours=1))
    uri, did = payload["post"]["uri"], payload["post"]["author"]["did"]
    assert parsed.text == "@council.test 👩‍👩‍👧‍👦 is my bin missed?"
    assert (parsed.message_id, parsed.thread_key, parsed.in_reply_to) == (uri, uri, "")
    assert (parsed.from_address, parsed.from_handle, parsed.from_name) == (did, "@jerry.test", "Jerry \N{DROPLET}")
    assert parsed.identity_kind == "bluesky"
    assert parsed.link == f"https://bsky.app/profile/{did}/post/{uri.rpartition('/')[2]}"
    assert parsed.reply_ref["root"] == parsed.reply_ref["parent"] == {"uri": uri, "cid": payload["post"]["cid"]}
    assert (parsed.sent_at, parsed.sent_at_why) == (FETCHED_AT - timedelta(hours=1), "when the network took it")
    assert (parsed.visibility, parsed.by_account, parsed.problems) == ("public", False, ())


def test_a_link_shows_where_it_leads() -> None:
    assert read(told("pictures")).text == "@council.test the form… (https://forms.leeds.test/bins?step=2) says no"
    assert read(told("line")).text == "It is private: see the form (https://forms.leeds.test/)"


def test_pictures_come_with_what_is_said_of_them() -> None:
    files = read(told("pictures")).files
    assert [file.alt_text for file in files] == ["A full bin", ""]
    assert all(file.ref.startswith("http://localhost:") and "feed_fullsize" in file.ref for file in files)


def test_an_answer_names_what_it_answers() -> None:
    payload = told("reply")
    reply = payload["post"]["record"]["reply"]
    parsed = read(payload)
    assert (parsed.in_reply_to, parsed.thread_key) == (reply["parent"]["uri"], reply["root"]["uri"])
    assert parsed.reply_ref["root"] == reply["root"]
    assert parsed.suspected_why == ""


def test_whom_a_post_answers_is_told_by_its_address() -> None:
    payload = told("reply")
    whom = payload["post"]["record"]["reply"]["parent"]["uri"].split("/")[2]
    assert read(payload).answers_whom == whom
    assert read(told("mention")).answers_whom == ""


def test_a_quote_with_a_picture_is_both() -> None:
    payload = told("quote")
    parsed = read(payload)
    assert parsed.text == "this one?\n\nQuotes @council.test: “We grit the roads tonight.”"
    assert parsed.references == (payload["post"]["record"]["embed"]["record"]["record"]["uri"],)
    assert [file.alt_text for file in parsed.files] == ["Ice"]


def test_a_link_card_is_a_line_with_its_address() -> None:
    assert read(told("card")).text == "@council.test read this\n\nLink: Bins: a story (https://news.test/story)"


def test_a_direct_message_is_private_and_of_its_conversation() -> None:
    payload = told("line")
    parsed = read(payload)
    assert (parsed.visibility, parsed.from_handle) == ("private", "@jerry.test")
    assert parsed.reply_ref == {"convo": payload["convo"]["id"]}
    assert parsed.thread_key == f"bluesky:{payload['convo']['id']}"
    assert parsed.message_id == f"{parsed.thread_key}/{payload['line']['id']}"
    assert not parsed.by_account
    assert read({**payload, "us": payload["line"]["sender"]["did"]}).by_account


def test_in_a_group_others_read_it() -> None:
    payload = told("line")
    payload["convo"]["members"].append({"did": "did:plc:third", "handle": "tom.test"})
    parsed = read(payload)
    assert parsed.visibility == "followers"
    assert parsed.problems == ("It was written in a group: everybody in it reads the answer.",)


def test_an_edit_names_the_post_and_a_deletion_too() -> None:
    payload = told("mention")
    edit = read({**payload, "edited": True, "first": "2026-11-23T09:00:00.000Z"})
    assert (edit.happening, edit.message_id, edit.about_id) == ("edited", "", payload["post"]["uri"])
    assert edit.first_said_at == datetime(2026, 11, 23, 9, tzinfo=UTC), (
        "as the network listed it, whatever its author claims"
    )
    assert read({**payload, "edited": True}).first_said_at is None
    removal = read({"gone": payload["post"]["uri"]})
    assert (removal.happening, removal.about_id) == ("withdrawn", payload["post"]["uri"])


def test_what_answers_somebody_else_is_looked_at_first() -> None:
    payload = told("reply")
    us, other = payload["us"], {"uri": "at://did:plc:tom/app.bsky.feed.post/3l3qzxqxqxc2a", "cid": "x"}
    payload["post"]["record"]["reply"]["parent"] = other
    assert read(payload).suspected_why == "It answers somebody else, in a thread in which this account has spoken"
    mention = {"index": {"byteStart": 0, "byteEnd": 3}, "features": [told_mention(us)]}
    payload["post"]["record"]["facets"] = [mention]
    assert read(payload).suspected_why == "", "they name us"
    del payload["post"]["record"]["facets"]
    payload["post"]["record"]["reply"]["parent"]["uri"] = payload["post"]["uri"].replace("post/3", "post/2")
    assert read(payload).suspected_why == "", "they go on with their own"


def told_mention(did: str) -> dict[str, str]:
    return {"$type": "app.bsky.richtext.facet#mention", "did": did}


def test_what_moderators_marked_as_spam_is_looked_at_first() -> None:
    payload = told("mention")
    payload["post"]["labels"] = [{"val": "spam", "src": "did:plc:m"}]
    assert "spam" in read(payload).suspected_why
    payload["post"]["labels"][0]["neg"] = True
    assert read(payload).suspected_why == ""


def test_nothing_comes_after_it_was_fetched() -> None:
    payload = told("mention")
    payload["post"]["record"]["createdAt"] = "2036-01-01T00:00:00Z"
    assert read(payload, FETCHED_AT + timedelta(days=1)).sent_at == FETCHED_AT
    assert read(payload).sent_at == FETCHED_AT


@pytest.mark.parametrize(
    ("text", "facets", "shown"),
    [
        ("here", [(0, 4, "https://x.test/")], "here (https://x.test/)"),
        ("x.test/a", [(0, 8, "https://x.test/a")], "x.test/a"),
        ("https://x.test", [(0, 14, "https://x.test/")], "https://x.test"),
        ("👩‍👩‍👧‍👦 here", [(26, 30, "https://x.test/")], "👩‍👩‍👧‍👦 here (https://x.test/)"),
        ("שלום כאן", [(9, 15, "https://x.test/")], "שלום כאן (https://x.test/)"),
        ("a b", [(0, 1, "https://x.test/1"), (2, 3, "https://x.test/2")], "a (https://x.test/1) b (https://x.test/2)"),
        ("here", [(0, 99, "https://x.test/")], "here"),
        ("here", [(3, 1, "https://x.test/")], "here"),
        ("here", [(-3, 2, "https://x.test/")], "he (https://x.test/)re"),
        ("é", [(0, 1, "https://x.test/")], "\ufffd (https://x.test/)\ufffd"),
    ],
)
def test_marks_count_bytes_and_may_be_wrong(text: str, facets: list[tuple[int, int, str]], shown: str) -> None:
    payload = told("mention")
    payload["post"]["record"] |= {"text": text, "facets": [mark(*facet) for facet in facets]}
    assert read(payload).text == shown


def mark(begin: int, end: int, target: str) -> dict[str, Any]:
    feature = {"$type": "app.bsky.richtext.facet#link", "uri": target}
    return {"index": {"byteStart": begin, "byteEnd": end}, "features": [feature]}


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.just("at://did:plc:a/app.bsky.feed.post/3l3qzxqxqxc2a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a payload."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, each in inner for deeper in places(each, (*path, key)))]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_whatever_stands_in_any_place_it_is_read_or_shown_as_it_came(name: str, data: st.DataObject) -> None:
    payload = told(name)
    *path, last = data.draw(st.sampled_from(places(payload)[1:]))
    inside = payload
    for key in path:
        inside = inside[key]
    inside[last] = data.draw(anything)
    before = deepcopy(payload)
    parsed = read(payload)
    assert payload == before
    assert parsed.happening in {"said", "edited", "withdrawn", "unknown"}
    assert (parsed.happening == "unknown") <= bool(parsed.problems)
    for value in (parsed.text, parsed.from_name, parsed.from_handle, parsed.message_id, parsed.thread_key, parsed.link):
        assert "\x00" not in value
        value.encode()
    json.dumps(dict(parsed.reply_ref)).encode()
    for file in parsed.files:
        (file.ref + file.alt_text).encode()
