"""Answers to X: published once, found again where nobody knows, refused in words."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited
from tests.channels.x.conftest import all_of, outgoing, read
from tests.channels.x.test_reading import Make
from tests.servers.standin import Answer, say
from tests.servers.x import HELP, XNetwork

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 100


def refused(adapter: Any, **facts: Any) -> ChannelError:
    with pytest.raises(ChannelError) as trouble:
        adapter.send(outgoing(**facts))
    assert trouble.value.message.endswith(".")
    return trouble.value


def test_a_reply_is_published_under_the_post_it_answers(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")
    handed: list[int] = []
    receipt = adapter_for().send(
        outgoing(reply_ref={"post": asked.id}), before_handover=lambda: handed.append(len(network.posts))
    )
    (answer,) = [post for post in network.posts.values() if post.author == HELP]
    assert (answer.to, answer.text[answer.hidden_start :]) == (asked.id, "We come on Friday.")
    assert handed == [1]  # just before it was there
    assert (receipt.state, receipt.remote_id) == ("delivered", f"x:post:{answer.id}")
    assert receipt.reply_ref == {"post": answer.id, "author": HELP}
    (seen,) = [read(item) for item in all_of(adapter_for())[0] if read(item).by_account]
    assert seen.message_id == receipt.remote_id  # the network shows us our own


def test_parts_are_published_one_under_another(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")
    ref: Any = {"post": asked.id}
    for text in ("(1/3) First.", "(2/3) Then.", "(3/3) Last."):
        ref = adapter_for().send(outgoing(text=text, reply_ref=ref)).reply_ref
    parts = [post for post in network.posts.values() if post.author == HELP]
    assert [post.to for post in parts] == [asked.id, parts[0].id, parts[1].id]
    assert {post.root for post in parts} == {asked.id}


@pytest.mark.parametrize("stop", [RuntimeError, KeyboardInterrupt])
def test_what_is_stopped_at_the_last_instant_is_not_published(network: XNetwork, adapter_for: Make, stop: type) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")

    def halt() -> None:
        raise stop

    with pytest.raises(stop):
        adapter_for().send(outgoing(reply_ref={"post": asked.id}), before_handover=halt)
    assert list(network.posts) == [asked.id]


def test_what_was_asked_in_public_can_be_answered_in_private(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    asked = network.post(tom.id, "@HelpLeeds my NHS number is …")
    facts = {"visibility": "private", "reply_ref": {"post": asked.id, "author": tom.id}, "to": (tom.id,)}
    receipt = adapter_for().send(outgoing(**facts))
    (letter,) = network.messages.values()
    assert (letter.sender, letter.conversation, letter.text) == (HELP, f"{HELP}-{tom.id}", "We come on Friday.")
    assert (receipt.state, receipt.remote_id) == ("accepted", f"x:dm:{letter.id}")
    assert receipt.thread_key == f"x:dm:{HELP}-{tom.id}"
    network.later(minutes=1)
    network.write(tom.id, HELP, "Thank you")
    back = [read(item) for item in all_of(adapter_for())[0]][-1]
    assert back.thread_key == receipt.thread_key  # what comes back finds its conversation


def test_a_message_is_answered_in_its_own_conversation_and_its_parts_follow(
    network: XNetwork, adapter_for: Make
) -> None:
    tom = network.user("tom")
    network.write(tom.id, HELP, "hello")
    ref = {"dm": f"{HELP}-{tom.id}", "author": tom.id}
    first = adapter_for().send(outgoing(reply_ref=ref, text="One"))
    adapter_for().send(outgoing(reply_ref=first.reply_ref, text="Two", visibility="private"))
    assert [letter.text for letter in network.messages.values()] == ["hello", "One", "Two"]
    assert len(network.server.seen("POST /2/dm_conversations/1001-2001/messages")) == 2


def test_what_was_written_in_private_is_never_answered_in_public(network: XNetwork, adapter_for: Make) -> None:
    ref = {"dm": "1001-2001", "author": "2001"}
    assert refused(adapter_for(), visibility="public", reply_ref=ref).permanent
    assert not network.posts


def test_nobody_to_write_to_is_said(network: XNetwork, adapter_for: Make) -> None:
    error = refused(adapter_for(), visibility="private", to=("tom@example.test",))
    assert error.permanent
    assert "whom to write to" in error.message


# Pictures


def test_pictures_go_with_what_they_show(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds which bin?")
    files = (("a.png", "image/png", PNG), ("b.gif", "image/gif", b"GIF89a"))
    facts = {"attachments": files, "alt_texts": ("A green bin", ""), "reply_ref": {"post": asked.id}}
    receipt = adapter_for().send(outgoing(**facts))
    pictures = list(network.pictures.values())
    assert [(p.content, p.category, p.alt) for p in pictures] == [
        (PNG, "tweet_image", "A green bin"),
        (b"GIF89a", "tweet_gif", ""),
    ]
    answer = network.posts[receipt.remote_id.rpartition(":")[2]]
    assert answer.media == [picture.key for picture in pictures]
    assert adapter_for().find(outgoing(**facts)) == receipt  # the link X adds for a picture does not hide it


def test_a_message_takes_one_picture(network: XNetwork, adapter_for: Make) -> None:
    tom = network.user("tom")
    files = (("a.png", "image/png", PNG),)
    adapter_for().send(outgoing(visibility="private", to=(tom.id,), attachments=files))
    assert next(iter(network.pictures.values())).category == "dm_image"
    error = refused(adapter_for(), visibility="private", to=(tom.id,), attachments=files * 2)
    assert "one picture" in error.message


@pytest.mark.parametrize(
    ("files", "alts", "said"),
    [
        ((("a.pdf", "application/pdf", b"%PDF"),), (), "send a link"),
        ((("big.png", "image/png", PNG + b"0" * 10_000_000),), (), "5 MB"),
        ((("a.png", "image/png", PNG),) * 5, (), "4 pictures"),
        ((("a.png", "image/png", PNG),), ("x" * 1001,), "1,000 characters"),
    ],
)
def test_what_x_would_not_carry_is_refused_before_anything_is_there(
    network: XNetwork, adapter_for: Make, files: Any, alts: Any, said: str
) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds which?")
    error = refused(adapter_for(), attachments=files, alt_texts=alts, reply_ref={"post": asked.id})
    assert error.permanent
    assert said in error.message
    assert not network.server.seen("POST")


def test_a_picture_that_is_not_taken_stops_the_answer_without_a_doubt(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds which?")
    network.server.fail("POST /2/media/upload", None)
    error = refused(adapter_for(), attachments=(("a.png", "image/png", PNG),), reply_ref={"post": asked.id})
    assert not isinstance(error, OutcomeUnknown)
    assert not error.permanent
    assert list(network.posts) == [asked.id]


# Refusals, limits and doubts


def test_a_parent_that_is_gone_is_said(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")
    network.delete(asked)
    error = refused(adapter_for(), reply_ref={"post": asked.id})
    assert error.permanent
    assert "The post that this answers is gone" in error.message


def test_somebody_who_takes_no_messages_is_said(network: XNetwork, adapter_for: Make) -> None:
    shy = network.user("shy", takes_messages=False)
    error = refused(adapter_for(), visibility="private", to=(shy.id,))
    assert error.permanent
    assert error.message.startswith("They take no direct messages from this account.")


def test_a_limit_on_answers_is_told_with_its_end(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")
    network.allowance["POST /2/tweets"] = 0
    with pytest.raises(RateLimited) as limited:
        adapter_for().send(outgoing(reply_ref={"post": asked.id}))
    assert limited.value.retry_after == timedelta(minutes=15)


def test_revoked_keys_are_for_an_administrator_and_not_for_the_writer(network: XNetwork, adapter_for: Make) -> None:
    network.revoked = True
    error = refused(adapter_for(), reply_ref={"post": "5"})
    assert isinstance(error, LogInRefused)
    assert not error.permanent


def test_a_line_that_never_was_there_leaves_no_doubt(adapter_for: Make) -> None:
    error = refused(adapter_for(api_url="http://127.0.0.1:9"), reply_ref={"post": "5"})
    assert not isinstance(error, OutcomeUnknown)
    assert not error.permanent


Break = Callable[[XNetwork], None]
accepted: dict[str, Break] = {
    "hangs up": lambda network: network.server.fail("POST /2/", None, after=True),
    "says 503": lambda network: network.server.fail("POST /2/", Answer(503, b"over capacity"), after=True),
    "says nonsense": lambda network: network.server.fail("POST /2/", Answer(201, b"<html>"), after=True),
    "says half": lambda network: network.server.fail("POST /2/", say(201, {"data": {}}), after=True),
}
not_accepted: dict[str, Break] = {
    "hangs up": lambda network: network.server.fail("POST /2/", None),
    "says 500": lambda network: network.server.fail("POST /2/", Answer(500, b"")),
}


@pytest.mark.parametrize("breaks", accepted.values(), ids=accepted)
@pytest.mark.parametrize("private", [False, True])
def test_what_was_accepted_before_x_went_quiet_is_found(
    network: XNetwork, adapter_for: Make, breaks: Break, private: bool
) -> None:
    tom = network.user("tom")
    asked = network.post(tom.id, "@HelpLeeds when?")
    text = "On  Friday &\n<soon>: https://leeds.test/bins/ or leeds.uk/x e\u0301"
    where = {"visibility": "private", "to": (tom.id,)} if private else {"reply_ref": {"post": asked.id}}
    parcel = outgoing(text=text, **where)
    breaks(network)
    with pytest.raises(OutcomeUnknown):
        adapter_for().send(parcel)
    network.later(minutes=2)
    for number in range(120):  # much else was said meanwhile
        network.post(HELP, f"news {number}")
        network.write(HELP, tom.id, f"letter {number}")
    found = adapter_for().find(parcel)
    assert found is not None
    assert len([p for p in network.posts.values() if p.to == asked.id]) == (0 if private else 1)
    known = network.messages if private else network.posts
    assert found.remote_id.rpartition(":")[2] in known


@pytest.mark.parametrize("breaks", not_accepted.values(), ids=not_accepted)
@pytest.mark.parametrize("private", [False, True])
def test_what_was_not_accepted_is_not_found(network: XNetwork, adapter_for: Make, breaks: Break, private: bool) -> None:
    tom = network.user("tom")
    asked = network.post(tom.id, "@HelpLeeds when?")
    other = network.post(tom.id, "@HelpLeeds and my other bin?")
    network.write(HELP, tom.id, "We come on Friday.")  # long before, to the letter
    network.later(hours=1)
    adapter_for().send(outgoing(reply_ref={"post": other.id}, sent_at=network.now))  # the same words to another post
    where = {"visibility": "private", "to": (tom.id,)} if private else {"reply_ref": {"post": asked.id}}
    parcel = outgoing(sent_at=network.now, **where)
    breaks(network)
    with pytest.raises(OutcomeUnknown):
        adapter_for().send(parcel)
    assert adapter_for().find(parcel) is None


def test_a_second_try_of_what_is_there_is_not_a_second_post(network: XNetwork, adapter_for: Make) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")
    first = adapter_for().send(outgoing(reply_ref={"post": asked.id}))
    network.later(minutes=1)
    assert adapter_for().send(outgoing(reply_ref={"post": asked.id})) == first
    error = refused(adapter_for(), reply_ref={"post": asked.id}, sent_at=network.now + timedelta(hours=1))
    assert error.permanent
    assert "takes none twice" in error.message


def test_a_network_that_cannot_be_asked_leaves_the_doubt(network: XNetwork, adapter_for: Make) -> None:
    network.server.fail("GET", Answer(503, b""))
    with pytest.raises(ChannelError) as trouble:
        adapter_for().find(outgoing(reply_ref={"post": "5"}))
    assert not trouble.value.permanent
