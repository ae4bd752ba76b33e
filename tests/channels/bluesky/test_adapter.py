"""The adapter against Bluesky's own servers: what is heard, and what is said."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sociable.channels.bluesky.adapter import BlueskyAdapter
from tests.channels.bluesky.acting import KEY, Make, all_of, answer_to, asked, read
from tests.servers.bluesky import Bluesky, Person

pytestmark = pytest.mark.servers


def test_mentions_answers_and_quotes_are_heard(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    news = council.post("We grit the roads tonight.")
    asked = jerry.post(f"@{council.handle} my bin was missed", mentions=[council])
    answered = jerry.answer(news, "and my road?")
    quoted = jerry.quote(news, "do they, now?")
    bluesky.settle()
    items, cursor = all_of(adapter_of(council))
    assert [item.remote_id for item in items] == [asked["uri"], answered["uri"], quoted["uri"]]
    mention, answer, quote = map(read, items)
    assert (mention.text, mention.from_address, mention.from_handle) == (
        f"@{council.handle} my bin was missed",
        jerry.did,
        f"@{jerry.handle}",
    )
    assert (mention.thread_key, mention.in_reply_to, mention.visibility) == (asked["uri"], "", "public")
    assert mention.reply_ref == {"root": asked, "parent": asked}
    assert (answer.thread_key, answer.in_reply_to) == (news["uri"], news["uri"])
    assert answer.reply_ref == {"root": news, "parent": answered}
    assert quote.references == (news["uri"],)
    assert quote.text == f"do they, now?\n\nQuotes @{council.handle}: “We grit the roads tonight.”"
    assert all(parsed.happening == "said" and not parsed.suspected_why for parsed in (mention, answer, quote))
    assert all_of(adapter_of(council), cursor) == ([], cursor)


def test_an_answer_is_a_reply_that_the_resident_is_told_of(
    bluesky: Bluesky, council: Person, jerry: Person, person: Callable[[str], Person], adapter_of: Make
) -> None:
    adapter, tom = adapter_of(council), person("tom")
    question = asked(bluesky, council, jerry, adapter)
    handed: list[int] = []
    text = f"@{tom.handle} sees https://leeds.test/bins?a=1 #bins, and thank you"
    receipt = adapter.send(answer_to(question, text, 1, council), lambda: handed.append(len(council.posts())))
    bluesky.settle()
    assert handed == [0], "told just before, and once"
    told = jerry.ask("app.bsky.notification.listNotifications")["notifications"]
    assert [(each["uri"], each["reason"]) for each in told] == [(receipt.remote_id, "reply")]
    record = told[0]["record"]
    assert record["reply"] == question.reply_ref
    features = [facet["features"][0] for facet in record["facets"]]
    assert [next(iter(set(feature.values()) - {feature["$type"]})) for feature in features] == [
        tom.did,
        "https://leeds.test/bins?a=1",
        "bins",
    ]
    assert record["createdAt"] == "2026-11-23T12:00:00.000Z"
    assert receipt.remote_id == BlueskyAdapter.message_id_for(1, 1, council.did, KEY)
    assert receipt.link == f"https://bsky.app/profile/{council.did}/post/{receipt.remote_id.rpartition('/')[2]}"


def test_the_same_answer_twice_is_one_post(bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make) -> None:
    question = asked(bluesky, council, jerry, adapter_of(council))
    outgoing = answer_to(question, "Sorry! 👩‍👩‍👧‍👦", 1, council)
    receipts = [adapter_of(council).send(outgoing) for _ in range(3)]
    assert receipts[0] == receipts[1] == receipts[2]
    assert len(council.posts()) == 1


def test_parts_answer_one_another_under_one_root(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    question = asked(bluesky, council, jerry, adapter)
    first = adapter.send(answer_to(question, "One (1/2)", 1, council))
    second = adapter.send(answer_to(question, "Two (2/2)", 2, council, reply_ref=first.reply_ref))
    bluesky.settle()
    thread = jerry.ask("app.bsky.feed.getPostThread", uri=question.message_id)["thread"]
    assert thread["replies"][0]["post"]["uri"] == first.remote_id
    assert thread["replies"][0]["replies"][0]["post"]["uri"] == second.remote_id
    assert second.reply_ref["root"] == question.reply_ref["root"]


def test_what_becomes_of_an_answer_is_asked_of_the_network(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    question = asked(bluesky, council, jerry, adapter)
    outgoing = answer_to(question, "Sorry!", 1, council)
    assert adapter.find(outgoing) is None
    receipt = adapter.send(outgoing)
    found = adapter_of(council).find(outgoing)
    assert found == receipt
    council.delete({"uri": receipt.remote_id})
    assert adapter.find(outgoing) is None


def test_deletes_and_edits_are_noticed(bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make) -> None:
    kept, changed, gone = (jerry.post(f"@{council.handle} {n}", mentions=[council]) for n in range(3))
    bluesky.settle()
    before, cursor = all_of(adapter_of(council))
    (asked_at,) = [read(item).sent_at for item in before if item.remote_id == changed["uri"]]
    jerry.edit(changed, f"@{council.handle} of another mind")
    jerry.delete(gone)
    bluesky.settle()
    items, cursor = all_of(adapter_of(council), cursor)
    edit, removal = map(read, items)
    assert (edit.happening, edit.about_id, edit.text) == (
        "edited",
        changed["uri"],
        f"@{council.handle} of another mind",
    )
    assert edit.first_said_at is not None
    assert abs(edit.first_said_at - asked_at) < timedelta(seconds=2), "the network lists it a moment after it took it"
    assert edit.first_said_at < edit.sent_at
    assert (removal.happening, removal.about_id) == ("withdrawn", gone["uri"])
    assert all_of(adapter_of(council), cursor)[0] == []
    assert kept["uri"] not in {item.remote_id for item in items}


def test_a_block_is_no_deletion(bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make) -> None:
    question = jerry.post(f"@{council.handle} hello", mentions=[council])
    bluesky.settle()
    _, cursor = all_of(adapter_of(council))
    block = {"$type": "app.bsky.graph.block", "subject": council.did, "createdAt": "2026-11-23T12:00:00Z"}
    jerry.tell("com.atproto.repo.createRecord", repo=jerry.did, collection="app.bsky.graph.block", record=block)
    bluesky.settle()
    items, after = all_of(adapter_of(council), cursor)
    assert items == []
    assert question["uri"] in after
    assert all_of(adapter_of(council), after) == ([], after), "and it is not asked for at every look"


def test_what_the_account_says_in_the_app_is_seen(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    question = asked(bluesky, council, jerry, adapter)
    _, cursor = all_of(adapter)
    council.post("News, that answers nobody.")
    in_app = council.answer(question.reply_ref["parent"], "Answered on my phone.")
    ours = adapter.send(answer_to(question, "Answered at the desk.", 1, council))
    bluesky.settle()
    items, cursor = all_of(adapter, cursor)
    assert {item.remote_id for item in items} == {in_app["uri"], ours.remote_id}
    for parsed in map(read, items):
        assert parsed.by_account
        assert parsed.in_reply_to == question.message_id
    assert [adapter.is_ours(item.remote_id, KEY) for item in items].count(True) == 1
    council.delete({"uri": ours.remote_id})
    bluesky.settle()
    removal = read(all_of(adapter, cursor)[0][0])
    assert (removal.happening, removal.about_id) == ("withdrawn", ours.remote_id)


def test_the_past_is_left_out_where_that_is_wanted(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    asked(bluesky, council, jerry, adapter, "long ago")
    cursor = adapter.newest_cursor()
    assert all_of(adapter, cursor)[0] == []
    jerry.post(f"@{council.handle} now", mentions=[council])
    bluesky.settle()
    assert [read(item).text for item in all_of(adapter, cursor)[0]] == [f"@{council.handle} now"]


def test_a_long_past_is_read_page_by_page_and_nothing_is_left_out(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sociable.channels.bluesky.posts.PAGE", 5)
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    instants = [at + timedelta(milliseconds=number // 4) for number in range(18)]  # several in each instant
    posted = [
        jerry.post(f"@{council.handle} {n}", mentions=[council], createdAt=instant.isoformat())["uri"]
        for n, instant in enumerate(instants)
    ]
    bluesky.settle()
    adapter, cursor, seen = adapter_of(council), "", []
    for _ in range(30):
        fetched = adapter.fetch(cursor)
        assert len(fetched.items) <= 5
        seen += [item.remote_id for item in fetched.items]
        cursor = fetched.cursor
        if not fetched.more:
            break
    assert sorted(seen) == sorted(posted)
    listed = adapter.listed(at, at + timedelta(hours=1))
    assert {item.remote_id for item in listed} == set(posted)


def test_what_was_written_without_a_line_and_arrives_late_is_heard(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    asked(bluesky, council, jerry, adapter)
    _, cursor = all_of(adapter)
    an_hour_ago, last_year = (datetime.now(tz=UTC) - timedelta(hours=hours) for hours in (1, 9000))
    jerry.post(f"@{council.handle} from the bus", mentions=[council], createdAt=an_hour_ago.isoformat())
    jerry.post(f"@{council.handle} long ago", mentions=[council], createdAt=last_year.isoformat())
    bluesky.settle()
    items, _ = all_of(adapter, cursor)
    late = {read(item).text.partition(" ")[2]: read(item) for item in items}
    assert abs(late["from the bus"].sent_at - an_hour_ago) < timedelta(seconds=1), (
        "its own time, of an hour ago, counts"
    )
    assert datetime.now(tz=UTC) - late["long ago"].sent_at < timedelta(minutes=5), (
        "it was not there when we last looked"
    )
    assert json.loads(items[0].content)["post"]["record"]["createdAt"]
