"""An Instagram account, against the stand-in: what is said there is read, and answers go where and as they may."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.graph.trouble import Refused
from sociable.channels.instagram.adapter import InstagramAdapter
from tests.channels.meta import FETCHED_AT, answer, heard, instagram
from tests.servers.graph import BEGINNING, INSTAGRAM, PAGE, GraphNetwork

PNG = ("bin.png", "image/png", b"\x89PNG a bin")


def test_a_direct_message_is_read_and_its_removal(network: GraphNetwork) -> None:
    dev = network.person("dev_bins")
    talk = network.writes(dev, "Bins?", "instagram", files=(("image/png", b"a picture"),))
    network.takes_back(talk)
    said, gone = heard(instagram(network), network.call())
    assert (said.text, said.visibility, said.identity_kind, said.from_address) == ("Bins?", "private", "instagram", dev)
    assert (said.message_id, said.thread_key, len(said.files)) == (f"instagram:{talk.id}", f"instagram:talk:{dev}", 1)
    assert (gone.happening, gone.about_id) == ("withdrawn", said.message_id)


def test_a_comment_is_read_and_says_that_its_time_is_the_notices(network: GraphNetwork) -> None:
    dev = network.person("dev_bins")
    comment = network.comments_on(dev, "When is the park open?", where="instagram")
    own = network.comments_on(INSTAGRAM, "From 8", comment.post, parent=comment.id, where="instagram")
    parsed, ours = heard(instagram(network), network.call())
    assert (parsed.text, parsed.visibility, parsed.from_handle) == ("When is the park open?", "public", "dev_bins")
    assert parsed.reply_ref == {"comment": comment.id, "media": comment.post, "person": dev}
    assert parsed.thread_key == f"instagram:media:{comment.post}"
    assert "notice" in parsed.sent_at_why
    assert (ours.by_account, ours.in_reply_to, ours.thread_key) == (True, parsed.message_id, "")
    assert ours.message_id == f"instagram:{own.id}"


def test_the_words_of_a_mention_are_asked_for(network: GraphNetwork) -> None:
    dev = network.person("dev_bins")
    elsewhere = network.post("instagram", author=dev, text="Leaves everywhere")
    comment = network.comments_on(dev, "@leedscouncil please sweep", elsewhere.id, where="instagram")
    (parsed,) = heard(instagram(network), network.call(network.mention_call(comment)))
    assert (parsed.text, parsed.from_handle) == ("@leedscouncil please sweep", "dev_bins")
    assert (parsed.problems, parsed.sent_at) == ((), comment.at)
    assert parsed.reply_ref == {"comment": comment.id, "media": elsewhere.id, "mention": True}
    receipt = instagram(network).send(answer(parsed))
    (sent,) = network.server.seen("POST .*mentions")
    assert sent.json() == {"media_id": elsewhere.id, "comment_id": comment.id, "message": "On Tuesday."}
    assert receipt.remote_id.startswith("instagram:")


def test_a_mention_whose_words_cannot_be_had_is_kept_and_says_so(network: GraphNetwork) -> None:
    comment = network.comments_on(network.person("dev"), "@leedscouncil", where="instagram")
    network.revoked = True
    (parsed,) = heard(instagram(network), network.call(network.mention_call(comment)))
    assert (parsed.happening, parsed.text, parsed.message_id) == (
        "said",
        "They mentioned us.",
        f"instagram:{comment.id}",
    )
    assert "without its words" in parsed.problems[0]
    network.revoked = False
    settings = network.settings(instagram_id="17841400000000002", page_id=PAGE)
    elsewhere = InstagramAdapter.from_settings(settings)
    assert heard(elsewhere, network.call(network.mention_call(comment)))[0].text == "They mentioned us."


def test_what_they_read_is_told_message_by_message(network: GraphNetwork) -> None:
    sent = network.colleague_writes(network.person("dev"), "On Tuesday", "instagram")
    network.told(sent, "read")
    echo, read = heard(instagram(network), network.call())
    assert (echo.by_account, read.happening, read.about_id) == (True, "delivery", f"instagram:{sent.id}")
    assert read.delivery is not None
    assert (read.delivery.state, read.delivery.detail) == ("delivered", "They have read it.")


TALK = {"sender": {"id": "7"}, "recipient": {"id": INSTAGRAM}, "timestamp": 1764579600000}


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"mid": "m", "attachments": [{"type": "story_mention", "payload": {"url": "https://lookaside.fbsbx.com/s"}}]}, "They mentioned us in their story: https://lookaside.fbsbx.com/s"),
        ({"mid": "m", "text": "Open?", "reply_to": {"story": {"url": "https://lookaside.fbsbx.com/s", "id": "1"}}}, "About our story https://lookaside.fbsbx.com/s\nOpen?"),
        ({"mid": "m", "is_unsupported": True}, ""),
    ],
)  # fmt: skip
def test_other_things_that_they_say(network: GraphNetwork, message: dict[str, Any], text: str) -> None:
    call = network.call(
        {"object": "instagram", "entry": [{"id": INSTAGRAM, "time": 1, "messaging": [{**TALK, "message": message}]}]}
    )
    (parsed,) = heard(instagram(network), call)
    assert (parsed.text, bool(parsed.problems)) == (text, not text)


def asked_in_private(network: GraphNetwork) -> Any:
    network.writes(network.person("dev"), "Bins?", "instagram")
    return heard(instagram(network), network.call())[0]


def asked_in_public(network: GraphNetwork) -> Any:
    network.comments_on(network.person("dev"), "Bins?", where="instagram")
    return heard(instagram(network), network.call())[0]


def test_a_private_answer_goes_through_the_page_and_its_files_name_the_network(network: GraphNetwork) -> None:
    asked = asked_in_private(network)
    receipt = instagram(network).send(answer(asked, attachments=(PNG,)))
    handed_in = network.server.seen("POST .*message_attachments")[0]
    assert b"instagram" in handed_in.body
    assert network.talks[receipt.remote_id.removeprefix("instagram:")].where == "instagram"
    assert "metadata" not in network.server.seen(r"POST .*/messages\?")[0].json()["message"]


def test_a_thousand_bytes_are_the_limit_and_not_a_thousand_letters(network: GraphNetwork) -> None:
    assert instagram(network).capabilities.counting_private == "bytes"
    asked = asked_in_private(network)
    instagram(network).send(answer(asked, "é" * 500))
    with pytest.raises(Refused):
        instagram(network).send(answer(asked, "é" * 501))


@pytest.mark.parametrize(("hours", "kind"), [(2, "RESPONSE"), (30, "MESSAGE_TAG"), (170, None)])
def test_a_day_then_seven_then_nothing(network: GraphNetwork, hours: int, kind: str | None) -> None:
    asked = asked_in_private(network)
    outgoing = answer(asked, sent_at=network.later(hours=hours))
    if kind is None:
        with pytest.raises(Refused):
            instagram(network).send(outgoing)
    else:
        instagram(network).send(outgoing)
        assert network.server.seen(r"POST .*/messages\?")[-1].json()["messaging_type"] == kind


def test_a_comment_is_answered_in_public_and_in_private(network: GraphNetwork) -> None:
    asked, adapter = asked_in_public(network), instagram(network)
    receipt = adapter.send(answer(asked))
    assert network.server.seen("POST .*replies")[0].path == f"/v23.0/{asked.reply_ref['comment']}/replies"
    (echo,) = heard(adapter, network.call())
    assert (echo.message_id, echo.by_account, echo.in_reply_to) == (receipt.remote_id, True, asked.message_id)
    adapter.send(answer(asked, visibility="private"))
    assert network.server.seen(r"POST .*/messages\?")[0].json()["recipient"] == {
        "comment_id": asked.reply_ref["comment"]
    }
    with pytest.raises(ChannelError, match="takes no files"):
        adapter.send(answer(asked, attachments=(PNG,)))


@pytest.mark.parametrize("where", ["private", "public"])
@pytest.mark.parametrize("taken", [True, False])
def test_a_doubt_is_resolved_by_asking_meta(network: GraphNetwork, where: str, taken: bool) -> None:
    asked = asked_in_private(network) if where == "private" else asked_in_public(network)
    outgoing, adapter = answer(asked, sent_at=network.later(minutes=5)), instagram(network)
    network.server.fail("POST", None, after=taken)
    with pytest.raises(OutcomeUnknown):
        adapter.send(outgoing)
    assert (adapter.find(outgoing) is not None) == taken


def test_an_answer_to_a_mention_cannot_be_looked_for(network: GraphNetwork) -> None:
    asked = asked_in_public(network)
    with pytest.raises(ChannelError) as refused:
        instagram(network).find(answer(asked, reply_ref={**asked.reply_ref, "mention": True}))
    assert refused.value.permanent


def test_what_no_webhook_told_is_fetched_with_the_same_ids(network: GraphNetwork) -> None:
    for number in range(30):
        network.writes(network.person(f"person{number}"), f"Question {number}", "instagram")
        comment = network.comments_on(network.person(f"neighbour{number}"), f"Comment {number}", where="instagram")
        network.later(minutes=1)
        network.comments_on(
            network.person(f"other{number}"), "Me too", comment.post, parent=comment.id, where="instagram"
        )
        network.later(minutes=1)
    network.writes(network.person("on_facebook"), "Not here")
    told = {
        item.remote_id: item
        for payload in network.calls[:-1]
        for item in instagram(network).hear(network.call(payload)).items
    }
    adapter, cursor, got = instagram(network), "", []
    for _ in range(8):
        fetched = adapter.fetch(cursor)
        got, cursor = got + fetched.items, fetched.cursor
        if not fetched.more:
            break
    assert {item.remote_id for item in got} == set(told)
    assert len(got) == 90
    for item in got:
        one, other = (adapter.parse(each.content, fetched_at=FETCHED_AT) for each in (item, told[item.remote_id]))
        assert (one.text, one.message_id, one.from_address, one.in_reply_to, one.reply_ref) == (
            other.text, other.message_id, other.from_address, other.in_reply_to, other.reply_ref
        )  # fmt: skip
    network.later(minutes=1)
    since = network.now
    network.writes(network.person("late"), "And me?", "instagram")
    assert len(list(adapter.listed(since, since + timedelta(hours=1)))) == 1
    assert instagram(network).fetch(instagram(network).newest_cursor()).items == []


def test_it_says_who_it_is_and_a_check_lets_it_in(network: GraphNetwork) -> None:
    network.token_ends = BEGINNING + timedelta(days=60)
    who = instagram(network).who()
    assert (who.network_id, who.handle, who.link) == (
        INSTAGRAM,
        "@leedscouncil",
        "https://www.instagram.com/leedscouncil/",
    )
    assert who.expires_at == network.token_ends
    assert all(finding.ok for finding in instagram(network).check())
    network.scopes.remove("instagram_manage_messages")
    assert [finding.what for finding in instagram(network).check() if not finding.ok] == [
        "The access token lacks the permission instagram_manage_messages."
    ]
