"""A resident on X from the first mention to the answer, through the house: once each, whatever happens on the way."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from sociable.conversations import services as conversations
from sociable.conversations.models import Conversation, Message, Outgoing, RawInbound
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.journeys import answer, fetch, outbox
from sociable.promises.models import Wait
from sociable.worker.loop import JOURNEYS
from tests.cast import Cast, at
from tests.servers.x import HELP, KEYS, XNetwork


@pytest.fixture
def account(cast: Cast, network: XNetwork) -> Any:
    Account.objects.filter(pk=cast.help.pk).update(channel="x", address="", handle="@HelpLeeds")
    cast.help.refresh_from_db()
    connection = Connection.objects.create(
        account=cast.help,
        settings={"api_url": network.server.url},
        sealed_secrets=connecting.seal(KEYS),
        network_id=HELP,
    )
    network.now = at(10)
    fetch.schedule(connection, at(10))
    return cast.help


def do(kind: str, now: Any) -> None:
    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def answered(cast: Cast, message: Message, when: Any, text: str = "On Tuesday.", **how: Any) -> Message:
    said = answer.send(
        conversation_id=message.conversation_id,
        person=cast.asha,
        text=text,
        now=when,
        send_anyway=True,
        against_version=1,
        **how,
    )
    do("deliver", when + timedelta(seconds=11))
    return Message.objects.get(pk=said.pk)


def test_a_mention_is_answered_under_itself_and_goes_on(cast: Cast, account: Any, network: XNetwork) -> None:
    tom = network.user("tom", "Tom")
    asked = network.post(tom.id, "@HelpLeeds when is bin day?")
    do("fetch", at(10, 1))
    message = Message.objects.get()
    assert Wait.objects.get().started_at == at(10)
    network.now = at(10, 5)
    said = answered(cast, message, at(10, 5))
    (reply,) = [post for post in network.posts.values() if post.author == HELP]
    assert (reply.to, said.message_id) == (asked.id, f"x:post:{reply.id}")
    network.now = at(10, 6)
    network.post(tom.id, "And the garden?", to=reply.id)
    do("fetch", at(10, 7))  # brings both: our own post is known again, the new one joins
    assert Conversation.objects.count() == 1
    assert Message.objects.filter(direction="out").count() == 1
    assert Wait.objects.filter(ended_at=None).count() == 1


def test_a_private_answer_to_a_mention_and_what_comes_back_are_one_conversation(
    cast: Cast, account: Any, network: XNetwork
) -> None:
    tom = network.user("tom", "Tom")
    network.post(tom.id, "@HelpLeeds about my council tax")
    do("fetch", at(10, 1))
    network.now = at(10, 5)
    message = Message.objects.get()
    private = conversations.add_outbound(
        conversation=message.conversation,
        text="In private.",
        channel="x",
        author=cast.asha,
        to=[tom.id],
        now=at(10, 6),
        visibility="private",
    )
    outbox.queue(private, undo_until_at=at(10, 6))
    network.now = at(10, 6)
    do("deliver", at(10, 6))
    network.now = at(10, 8)
    network.write(tom.id, HELP, "My number is 7.")
    do("fetch", at(10, 9))
    assert Conversation.objects.count() == 1
    assert list(Message.objects.filter(visibility="private").order_by("sent_at").values_list("text", "direction")) == [
        ("In private.", "out"),
        ("My number is 7.", "in"),
    ]


def test_what_x_took_before_it_went_quiet_is_not_sent_twice(cast: Cast, account: Any, network: XNetwork) -> None:
    network.post(network.user("tom").id, "@HelpLeeds when?")
    do("fetch", at(10, 1))
    network.now = at(10, 5)
    network.server.fail("POST /2/tweets", None, after=True)
    said = answered(cast, Message.objects.get(), at(10, 5))
    assert Outgoing.objects.get(message=said).state == Outgoing.State.UNKNOWN
    do("resolve", at(10, 8))
    assert Outgoing.objects.get(message=said).state == Outgoing.State.DELIVERED
    assert len([post for post in network.posts.values() if post.author == HELP]) == 1


def test_what_x_never_took_is_sent_again_once(cast: Cast, account: Any, network: XNetwork) -> None:
    network.post(network.user("tom").id, "@HelpLeeds when?")
    do("fetch", at(10, 1))
    network.now = at(10, 5)
    network.server.fail("POST /2/tweets", None)
    said = answered(cast, Message.objects.get(), at(10, 5))
    for minute in range(6, 14):
        network.now = at(10, minute)
        do("resolve", at(10, minute))
        do("deliver", at(10, minute))
    assert Outgoing.objects.get(message=said).state == Outgoing.State.DELIVERED
    assert len([post for post in network.posts.values() if post.author == HELP]) == 1


def test_an_answer_in_the_networks_own_app_ends_the_wait(cast: Cast, account: Any, network: XNetwork) -> None:
    asked = network.post(network.user("tom").id, "@HelpLeeds when?")
    do("fetch", at(10, 1))
    network.now = at(10, 20)
    network.post(HELP, "On Friday.", to=asked.id)
    do("fetch", at(10, 21))
    wait = Wait.objects.get()
    assert (wait.ended_at, wait.ended) == (at(10, 20), Wait.Ended.ANSWERED)


def test_a_call_of_x_is_stored_before_it_is_answered_and_a_forged_one_is_not(account: Any, network: XNetwork) -> None:
    token = Connection.objects.get().hook_token
    told = json.dumps(network.told(network.post(network.user("tom").id, "@HelpLeeds hello"))).encode()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in network.signed(told).items()}
    client, where = Client(), f"/hooks/x/{token}/"
    for _ in range(2):  # a replay brings nothing new
        assert client.post(where, told, content_type="application/json", **headers).status_code == 200
    assert client.post(where, told + b" ", content_type="application/json", **headers).status_code == 403
    assert client.post("/hooks/x/nobody/", told, content_type="application/json", **headers).status_code == 404
    challenge = client.get(where, {"crc_token": "a-token"})
    assert (challenge.status_code, challenge.json()) == (200, network.challenge("a-token"))
    assert (RawInbound.objects.count(), Message.objects.count()) == (1, 1)
    do("fetch", at(10, 1))
    assert (RawInbound.objects.count(), Message.objects.count()) == (1, 1)
