"""A Facebook page, against the stand-in: what is said there is read, and answers go where and as they may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.graph.trouble import Refused
from tests.channels.meta import FETCHED_AT, answer, facebook, heard
from tests.servers.graph import APP, BEGINNING, PAGE, GraphNetwork
from tests.servers.standin import say

PNG = ("bin.png", "image/png", b"\x89PNG a bin")


def test_a_private_message_is_read(network: GraphNetwork) -> None:
    dev = network.person("Dev Patel")
    talk = network.writes(dev, "Bins? \u200f\u05e9 👩‍👩‍👧", files=(("image/png", b"a picture"),))
    adapter = facebook(network)
    (parsed,) = heard(adapter, network.call())
    assert (parsed.happening, parsed.text, parsed.visibility) == ("said", "Bins? \u200f\u05e9 👩‍👩‍👧", "private")
    assert (parsed.message_id, parsed.from_address, parsed.identity_kind) == (f"facebook:{talk.id}", dev, "facebook")
    assert (parsed.sent_at, parsed.thread_key, parsed.reply_ref) == (BEGINNING, f"facebook:talk:{dev}", {"person": dev})
    assert parsed.may_acknowledge
    (file,) = parsed.files
    assert adapter.download(file.ref, 100) == b"a picture"


def test_a_comment_a_visitors_post_and_a_mention_are_read(network: GraphNetwork) -> None:
    dev = network.person("Dev Patel")
    comment = network.comments_on(dev, "Is my street swept?")
    visited = network.post(author=dev, text="@Leeds my bin was missed")
    network.calls.append(network._feed(visited, "add"))
    value = {"item": "comment", "verb": "add", "post_id": "9_9", "comment_id": "9_10", "sender_id": dev, "sender_name": "Dev Patel",
             "message": "Ask @Leeds", "created_time": int(BEGINNING.timestamp())}  # fmt: skip
    network.calls.append(network._changes("page", PAGE, "mention", value))
    said, post, mention = heard(facebook(network), network.call())
    assert (said.text, said.visibility, said.from_name) == ("Is my street swept?", "public", "Dev Patel")
    assert (said.message_id, said.in_reply_to) == (f"facebook:{comment.id}", f"facebook:{comment.post}")
    assert said.reply_ref == {"comment": comment.id, "post": comment.post, "person": dev}
    assert said.link == f"https://www.facebook.com/{comment.post}"
    assert (post.message_id, post.in_reply_to, post.reply_ref) == (
        f"facebook:{visited.id}",
        "",
        {"post": visited.id, "person": dev},
    )
    assert (mention.text, mention.from_address, mention.message_id) == ("Ask @Leeds", dev, "facebook:9_10")


def test_what_the_page_says_itself(network: GraphNetwork) -> None:
    dev = network.person("Dev")
    asked = network.comments_on(dev, "Bins?")
    network.calls.append(network._feed(network.post(), "add"))
    network.comments_on(PAGE, "On Tuesday, says Sam", asked.post, parent=asked.id)
    network.colleague_writes(dev, "In private, says Sam")
    _, post, comment, echo = heard(facebook(network), network.call())
    assert (post.happening, post.by_account) == ("noted", True)
    assert (comment.happening, comment.by_account, comment.in_reply_to) == ("said", True, f"facebook:{asked.id}")
    assert comment.thread_key == ""  # under a post it answers only the comment it names
    assert (echo.happening, echo.by_account, echo.thread_key) == ("said", True, f"facebook:talk:{dev}")
    assert not echo.may_acknowledge


def test_edits_removals_and_receipts(network: GraphNetwork) -> None:
    dev, adapter = network.person("Dev"), facebook(network)
    talk, comment = network.writes(dev, "Bins?"), network.comments_on(dev, "Bins?")
    network.call()
    network.edits(talk, "Bins in Headingley?")
    network.edits(comment, "Bins in Headingley?")
    sent = network.colleague_writes(dev, "Tuesday")
    network.told(sent, "delivered")
    network.told(sent, "read")
    network.takes_back(comment)
    told = [(parsed.happening, parsed.about_id, parsed.text) for parsed in heard(adapter, network.call())]
    assert told == [
        ("edited", f"facebook:{talk.id}", "Bins in Headingley?"),
        ("edited", f"facebook:{comment.id}", "Bins in Headingley?"),
        ("said", "", "Tuesday"),
        ("delivery", f"facebook:{sent.id}", ""),
        ("noted", "", "They have read our messages up to now."),
        ("withdrawn", f"facebook:{comment.id}", ""),
    ]


TALK = {"sender": {"id": "7"}, "recipient": {"id": PAGE}, "timestamp": 1764579600000}
SAID: list[tuple[dict[str, Any], str]] = [
    ({"message": {"mid": "m", "text": "Yes", "quick_reply": {"payload": "YES"}}}, "Yes"),
    ({"postback": {"mid": "m", "title": "Talk to a person", "payload": "HUMAN"}}, "Talk to a person"),
    ({"message": {"mid": "m", "attachments": [{"type": "location", "payload": {"title": "Here", "coordinates": {"lat": 53.8, "long": -1.5}}}]}}, "A place: Here 53.8, -1.5"),
    ({"message": {"mid": "m", "attachments": [{"type": "fallback", "title": "Bin day", "url": "https://leeds.test"}]}}, "They shared: Bin day https://leeds.test"),
    ({"message": {"mid": "m", "attachments": [{"type": "hologram", "payload": {}}]}}, "They sent something of the kind “hologram”:"),
    ({"message": {"mid": "m"}}, ""),
]  # fmt: skip


@pytest.mark.parametrize(("event", "text"), SAID)
def test_other_things_that_they_say(network: GraphNetwork, event: dict[str, Any], text: str) -> None:
    call = network.call({"object": "page", "entry": [{"id": PAGE, "time": 1, "messaging": [{**TALK, **event}]}]})
    (parsed,) = heard(facebook(network), call)
    assert (parsed.happening, parsed.text, bool(parsed.problems)) == ("said", text, not text)
    network.judge.own_complaints.clear()  # a hologram is in no page of Meta's


def test_a_conversation_that_another_app_has_says_so(network: GraphNetwork) -> None:
    talk = {**TALK, "message": {"mid": "m", "text": "Hi"}}
    call = network.call({"object": "page", "entry": [{"id": PAGE, "time": 1, "standby": [talk]}]})
    (parsed,) = heard(facebook(network), call)
    assert "Another app" in parsed.problems[0]


def test_a_network_whose_clock_is_ahead_puts_nothing_into_the_future(network: GraphNetwork) -> None:
    network.later(days=365)
    network.writes(network.person("Dev"), "Bins?")
    assert heard(facebook(network), network.call())[0].sent_at == FETCHED_AT


# -- Answers ---------------------------------------------------------------------------------------------------------------


def asked_in_private(network: GraphNetwork, **facts: Any) -> Any:
    network.writes(network.person("Dev"), "Bins?", **facts)
    return heard(facebook(network), network.call())[0]


def asked_in_public(network: GraphNetwork) -> Any:
    network.comments_on(network.person("Dev"), "Bins?")
    return heard(facebook(network), network.call())[0]


def test_a_private_answer_goes_as_a_response_with_our_key_and_comes_back_under_metas_id(network: GraphNetwork) -> None:
    asked, adapter = asked_in_private(network), facebook(network)
    receipt = adapter.send(answer(asked))
    (sent,) = network.server.seen("POST .*messages")
    assert sent.json() == {
        "recipient": {"id": asked.from_address},
        "message": {"text": "On Tuesday.", "metadata": "sociable:7"},
        "messaging_type": "RESPONSE",
    }
    (echo,) = heard(adapter, network.call())
    assert (echo.message_id, echo.references, echo.by_account) == (receipt.remote_id, ("sociable:7",), True)
    assert receipt.state == "accepted"


@pytest.mark.parametrize(
    ("hours", "kinds"),
    [(1, ["RESPONSE"]), (23.9, ["RESPONSE"]), (24, ["MESSAGE_TAG"]), (167, ["MESSAGE_TAG"]), (169, None)],
)
def test_after_a_day_it_goes_as_what_it_is_a_persons_answer(
    network: GraphNetwork, hours: float, kinds: list[str] | None
) -> None:
    asked = asked_in_private(network)
    outgoing = answer(asked, sent_at=network.later(hours=hours))
    if kinds is None:
        with pytest.raises(Refused, match="time in which they can be written to freely is over") as refused:
            facebook(network).send(outgoing)
        assert refused.value.permanent
    else:
        facebook(network).send(outgoing)
        assert [sent.json()["messaging_type"] for sent in network.server.seen("POST .*messages")] == kinds


def test_one_that_was_written_in_time_and_leaves_late_goes_by_the_later_rule(network: GraphNetwork) -> None:
    asked = asked_in_private(network)
    written_at = network.later(hours=23)
    network.later(hours=2)
    facebook(network).send(answer(asked, sent_at=written_at))
    kinds = [sent.json()["messaging_type"] for sent in network.server.seen("POST .*messages")]
    assert kinds == ["RESPONSE", "MESSAGE_TAG"]


def test_a_machine_never_uses_the_rule_for_people(network: GraphNetwork) -> None:
    asked = asked_in_private(network)
    with pytest.raises(Refused):
        facebook(network).send(answer(asked, automatic=True, sent_at=network.later(hours=25)))
    assert [sent.json()["messaging_type"] for sent in network.server.seen("POST .*messages")] == ["RESPONSE"]


def test_a_comment_is_answered_in_public(network: GraphNetwork) -> None:
    asked, adapter = asked_in_public(network), facebook(network)
    receipt = adapter.send(answer(asked))
    (sent,) = network.server.seen("POST .*comments")
    assert (sent.path, sent.json()) == (f"/v23.0/{asked.reply_ref['comment']}/comments", {"message": "On Tuesday."})
    (echo,) = heard(adapter, network.call())
    assert (echo.message_id, echo.by_account, echo.in_reply_to) == (receipt.remote_id, True, asked.message_id)
    assert receipt.link
    assert adapter.send(answer(asked, "2/2", reply_ref=receipt.reply_ref)).remote_id != receipt.remote_id


def test_a_comment_is_answered_in_private_once(network: GraphNetwork) -> None:
    asked, adapter = asked_in_public(network), facebook(network)
    receipt = adapter.send(answer(asked, visibility="private"))
    (sent,) = network.server.seen("POST .*messages")
    assert sent.json()["recipient"] == {"comment_id": asked.reply_ref["comment"]}
    assert receipt.reply_ref == {"person": asked.from_address}
    with pytest.raises(Refused, match="sent already"):
        adapter.send(answer(asked, visibility="private"))


def test_a_comment_older_than_seven_days_is_not_answered_in_private(network: GraphNetwork) -> None:
    asked = asked_in_public(network)
    with pytest.raises(Refused, match="older than seven days"):
        facebook(network).send(answer(asked, visibility="private", sent_at=network.later(days=8)))


def test_files_are_handed_in_before_the_words_leave(network: GraphNetwork) -> None:
    asked = asked_in_private(network)
    facebook(network).send(answer(asked, attachments=(PNG, ("a.pdf", "application/pdf", b"%PDF"))))
    asked_for = [each.path.rpartition("/")[2] for each in network.server.seen("POST")]
    assert asked_for == ["message_attachments", "message_attachments", "messages", "messages", "messages"]
    sent = [each.json()["message"] for each in network.server.seen("POST .*/messages\\?")]
    assert [message.get("text") or message["attachment"]["type"] for message in sent] == [
        "On Tuesday.",
        "image",
        "file",
    ]


def test_a_file_that_does_not_leave_after_the_words_is_said_and_not_tried_again(network: GraphNetwork) -> None:
    asked = asked_in_private(network)
    network.server.fail(
        r"POST .*/messages\?",
        say(400, {"error": {"message": "No", "type": "x", "code": 100, "fbtrace_id": "a"}}),
        after=True,
    )
    network.server.faults[0].times = 0
    adapter = facebook(network)
    sends = iter([False, True])
    answers = network.server.answer

    def second_fails(asked_for: Any) -> Any:
        if asked_for.method == "POST" and asked_for.path.endswith("/messages") and next(sends):
            network.server.faults[0].times = 1
        return answers(asked_for)

    network.server.answer = second_fails  # type: ignore[method-assign]
    with pytest.raises(ChannelError, match="The words were sent; a file was not") as refused:
        adapter.send(answer(asked, attachments=(PNG,)))
    assert refused.value.permanent


def test_a_picture_goes_under_a_comment_and_nothing_else_does(network: GraphNetwork) -> None:
    asked, adapter = asked_in_public(network), facebook(network)
    adapter.send(answer(asked, attachments=(PNG,)))
    assert "multipart/form-data" in network.server.seen("POST .*comments")[0].headers["content-type"]
    for files in ((PNG, PNG), (("a.pdf", "application/pdf", b"%PDF"),)):
        with pytest.raises(ChannelError, match="one picture"):
            adapter.send(answer(asked, attachments=files))


def test_it_is_handed_over_once_and_only_after_the_word(network: GraphNetwork) -> None:
    asked, calls = asked_in_private(network), []

    def about_to() -> None:
        calls.append(len(network.server.seen(r"POST .*/messages\?")))

    facebook(network).send(answer(asked, attachments=(PNG,)), about_to)
    assert calls == [0]

    class NotOurs(Exception):
        pass

    def taken_back() -> None:
        raise NotOurs

    before = len(network.talks)
    with pytest.raises(NotOurs):
        facebook(network).send(answer(asked), taken_back)
    assert len(network.talks) == before


def test_a_comment_that_was_deleted_meanwhile_is_said_in_words(network: GraphNetwork) -> None:
    asked = asked_in_public(network)
    del network.comments[asked.reply_ref["comment"]]
    with pytest.raises(Refused, match="no longer there"):
        facebook(network).send(answer(asked))


@pytest.mark.parametrize("where", ["private", "public"])
@pytest.mark.parametrize("taken", [True, False])
def test_a_doubt_is_resolved_by_asking_meta(network: GraphNetwork, where: str, taken: bool) -> None:
    asked = asked_in_private(network) if where == "private" else asked_in_public(network)
    outgoing, adapter = answer(asked, sent_at=network.later(minutes=5)), facebook(network)
    network.server.fail("POST", None, after=taken)
    with pytest.raises(OutcomeUnknown):
        adapter.send(outgoing)
    found = adapter.find(outgoing)
    assert (found is not None) == taken
    if found:
        assert found.remote_id.removeprefix("facebook:") in {**network.talks, **network.comments}


def test_the_same_words_of_theirs_or_of_last_week_are_not_ours(network: GraphNetwork) -> None:
    asked = asked_in_private(network)
    network.colleague_writes(asked.from_address, "On Tuesday.")
    network.later(days=1)
    network.writes(asked.from_address, "On Tuesday.")
    assert facebook(network).find(answer(asked, sent_at=network.now)) is None
    network.colleague_writes(asked.from_address, "On Tuesday.")
    assert facebook(network).find(answer(asked, sent_at=network.now))


# -- The fall-back ---------------------------------------------------------------------------------------------------------


def busy(network: GraphNetwork) -> None:
    for number in range(30):
        network.writes(network.person(f"Person {number}"), f"Question {number}")
        network.later(minutes=1)
        network.comments_on(network.person(f"Neighbour {number}"), f"Comment {number}")
        network.later(minutes=1)


def test_what_no_webhook_told_is_fetched_once_oldest_first_with_the_same_ids(network: GraphNetwork) -> None:
    busy(network)
    told = {item.remote_id: item for item in facebook(network).hear(network.call()).items}
    adapter, cursor, got, rounds = facebook(network), "", [], 0
    while rounds < 10:
        fetched = adapter.fetch(cursor)
        got += fetched.items
        cursor, rounds = fetched.cursor, rounds + 1
        if not fetched.more:
            break
    assert {item.remote_id for item in got} >= set(told)
    assert [item.received_at for item in got] == sorted(item.received_at for item in got)
    assert len({item.remote_id for item in got}) == len(got)
    for item in got:
        if item.remote_id in told:
            one, other = (
                facebook(network).parse(each.content, fetched_at=FETCHED_AT) for each in (item, told[item.remote_id])
            )
            assert (one.text, one.message_id, one.from_address, one.thread_key, one.reply_ref, one.visibility, one.sent_at) == (
                other.text, other.message_id, other.from_address, other.thread_key, other.reply_ref, other.visibility, other.sent_at
            )  # fmt: skip
    again = facebook(network).fetch(cursor)
    assert {item.remote_id for item in again.items} <= {item.remote_id for item in got}
    network.later(minutes=1)
    new = network.writes(network.person("Late"), "And me?")
    assert f"message:{new.id}" in {item.remote_id for item in facebook(network).fetch(cursor).items}


def test_a_fetched_message_knows_the_name(network: GraphNetwork) -> None:
    network.writes(
        network.person("Dev Patel"), "Bins?", files=(("image/png", b"a picture"), ("application/pdf", b"%PDF"))
    )
    (item,) = facebook(network).fetch("").items
    parsed = facebook(network).parse(item.content, fetched_at=FETCHED_AT)
    assert (parsed.from_name, [file.name for file in parsed.files]) == ("Dev Patel", ["picture 1", "file 2"])


def test_reading_may_begin_after_all_that_is_there(network: GraphNetwork) -> None:
    busy(network)
    cursor = facebook(network).newest_cursor()
    assert facebook(network).fetch(cursor).items == []
    network.later(minutes=1)
    network.writes(network.person("Late"), "And me?")
    assert len(facebook(network).fetch(cursor).items) == 1
    assert facebook(network).fetch("rubbish").items


def test_a_day_is_listed_whole(network: GraphNetwork) -> None:
    network.writes(network.person("Early"), "Before")
    since = network.later(hours=1)
    busy(network)
    until = network.later(hours=1)
    network.writes(network.person("Late"), "After")
    listed = list(facebook(network).listed(since, until))
    assert len(listed) == 90  # questions, comments, and the posts they stand under


def test_a_limit_nearly_spent_ends_the_fetch_where_it_is(network: GraphNetwork) -> None:
    busy(network)
    network.usage = {"x-app-usage": '{"call_count":93}'}
    few = facebook(network).fetch("", 1000)
    network.usage = {}
    assert len(few.items) < len(facebook(network).fetch("", 1000).items)


# -- Connecting ------------------------------------------------------------------------------------------------------------


def test_it_says_who_it_is_and_until_when(network: GraphNetwork) -> None:
    network.token_ends = BEGINNING + timedelta(days=60)
    who = facebook(network).who()
    assert (who.network_id, who.handle, who.link) == (PAGE, "LeedsCouncil", "https://www.facebook.com/LeedsCouncil")
    assert who.expires_at == network.token_ends


def test_a_check_subscribes_the_page_and_says_what_is_wrong(network: GraphNetwork) -> None:
    assert all(finding.ok for finding in facebook(network).check())
    assert "feed" in network.subscribed[PAGE]
    assert len(network.server.seen("POST .*subscribed_apps")) == 1
    assert all(finding.ok for finding in facebook(network, app_id="").check())
    assert len(network.server.seen("POST .*subscribed_apps")) == 1
    network.revoked = True
    (finding,) = facebook(network).check()
    assert not finding.ok
    assert finding.mend
    assert APP not in finding.what
