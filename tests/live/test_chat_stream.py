"""What somebody who chats hears: each line once and in order, over reload, sleep and lost connections; and of others nothing."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connections, transaction

from sociable.config.web.chat_stream import Allowed, ChatListener
from sociable.conversations.models import Chat, Conversation
from sociable.domain.chat import LAPSES_AFTER
from sociable.journeys import answer as answering
from sociable.journeys import chat as journey
from sociable.journeys import claim, join
from sociable.live import hub, stream
from sociable.live import services as live
from tests.chatting import SITE, answer, begin, say, takes_chat
from tests.live.browsers import browser, house

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("listening")]


@pytest.fixture(autouse=True)
def nobody_has_asked_too_often():
    cache.clear()


@pytest.fixture
def chat(cast):
    """Somebody who chats with an account that is always open, and said one line."""
    from sociable.directory.models import HoursVersion

    HoursVersion.objects.update(notation="24/7")
    takes_chat(cast.help)
    begun = begin(cast.help, now=now())
    say(begun, "Hello", now=now())
    return begun


@pytest.fixture
def conversation(chat):
    return Conversation.objects.get()


def now() -> datetime:
    return datetime.now(tz=UTC)


def tidily(what, *arguments, **named):
    """Do something in a thread that keeps no connection."""
    try:
        return what(*arguments, **named)
    finally:
        connections.close_all()


async def in_thread(what, *arguments, **named):
    return await asyncio.to_thread(tidily, what, *arguments, **named)


@asynccontextmanager
async def listening(secret: str, *, after: int = 0, origin: str = SITE, **more: Any):
    headers = {"authorization": f"Bearer {secret}", "origin": origin} | ({"last-event-id": str(after)} if after else {})
    async with browser("", headers=headers, path="/chat/help/events", **more) as one:
        yield one


def told(one) -> list[dict[str, Any]]:
    events = one.body.decode().split("\n\n")[:-1]
    return [json.loads(event.split("data: ", 1)[1]) for event in events if "data: {" in event]


def lines(one) -> list[str]:
    return [line["text"] for each in told(one) for line in each["lines"]]


def last_number(one) -> int:
    return max(int(line[4:]) for line in one.body.decode().split("\n") if line.startswith("id: "))


async def until(one, text: str) -> None:
    await one.until(lambda heard: text in heard.body.decode())


def test_who_comes_hears_what_was_said_and_then_what_is(chat, conversation, cast):
    async def listen():
        async with listening(chat.secret) as one:
            assert one.status == 200
            assert one.headers["access-control-allow-origin"] == SITE
            await until(one, "Hello")
            await in_thread(answer, conversation, cast.asha, "On Friday.", now=now())
            await until(one, "On Friday.")
            assert lines(one) == ["Hello", "On Friday."]
            assert told(one)[-1]["lines"][0]["who"] == "Asha"

    asyncio.run(listen())


def test_who_comes_back_hears_what_was_missed_and_nothing_twice(chat, conversation, cast):
    async def listen():
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            after = last_number(one)
        await in_thread(answer, conversation, cast.asha, "Said while away", now=now())
        await in_thread(say, chat, "Typed on another page", now=now())
        async with listening(chat.secret, after=after) as again:
            await until(again, "Typed on another page")
            assert lines(again) == ["Said while away", "Typed on another page"]

    asyncio.run(listen())


def test_many_lines_at_once_are_each_heard_once_and_in_order(chat, conversation, cast):
    def both_sides(number: int) -> None:
        try:
            if number % 2:
                say(chat, f"line {number}", now=now())
            else:
                answer(conversation, cast.asha, f"line {number}", now=now(), send_anyway=True)
        finally:
            connections.close_all()

    async def listen():
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            for number in range(20):
                await asyncio.to_thread(both_sides, number)
            await until(one, "line 19")
            heard = lines(one)
            assert heard == ["Hello", *(f"line {number}" for number in range(20))]
            numbers = [line["n"] for each in told(one) for line in each["lines"]]
            assert numbers == sorted(set(numbers))

    asyncio.run(listen())


def test_who_takes_it_and_who_writes_is_heard_by_first_name_and_a_note_is_not(chat, conversation, cast):
    async def listen():
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            await in_thread(claim.take, conversation.pk, cast.asha, now())
            await until(one, '"who":"Asha"')
            await in_thread(
                answering.note, conversation_id=conversation.pk, person=cast.asha, text="Between us", now=now()
            )
            await in_thread(
                answering.keep_draft, conversation, cast.asha, kind="answer", text="Well", against_version=1, now=now()
            )
            await until(one, '"writing":"Asha"')
            assert "Between us" not in one.body.decode()

    asyncio.run(listen())


def test_the_chats_of_others_are_not_heard(chat, conversation, cast):
    async def listen():
        other = await in_thread(begin, cast.help, now=now())
        await in_thread(say, other, "Mine alone", now=now())
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            await in_thread(say, other, "And this too", now=now())
            await in_thread(say, chat, "Still here", now=now())
            await until(one, "Still here")
            assert lines(one) == ["Hello", "Still here"]

    asyncio.run(listen())


def test_a_merged_conversation_is_heard_on(chat, conversation, cast):
    async def listen():
        mail = await in_thread(cast.mail, when=now())
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            await in_thread(join.merge, conversation.pk, mail.conversation_id, cast.asha, now(), same_person=True)
            await in_thread(say, chat, "After the merge", now=now())
            await until(one, "After the merge")
            await in_thread(answer, mail.conversation, cast.asha, "To both", now=now(), send_anyway=True)
            await until(one, "To both")

    asyncio.run(listen())


def test_what_is_said_as_the_stream_turns_to_the_merged_conversation_is_heard(chat, conversation, cast, monkeypatch):
    follow = hub.follow

    def as_it_turns(*given: Any) -> None:
        with ThreadPoolExecutor(1) as pool:  # the line is stored and told of before the stream follows
            pool.submit(tidily, say, chat, "Meanwhile", now=now()).result()
        follow(*given)

    async def listen():
        mail = await in_thread(cast.mail, when=now())
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            monkeypatch.setattr(hub, "follow", as_it_turns)
            await in_thread(join.merge, conversation.pk, mail.conversation_id, cast.asha, now(), same_person=True)
            await until(one, "Meanwhile")

    asyncio.run(listen())


def test_word_of_a_merge_is_heard_also_once_the_browser_was_looked_at_again(chat, conversation, cast):
    mail, held = cast.mail(when=now()), Chat.objects.get()

    async def look_and_hear() -> list[bool]:
        allowed = Allowed(200, (), chat_id=held.pk, conversation_id=held.conversation_id)
        async with house() as asked:
            one = ChatListener(asked, allowed, send=None)
            one.audience = await one._look_at_chat()  # by now of the conversation it was merged into alone
            frames = [hub.Frame(b"", None, pk, "merged") for pk in (conversation.pk, mail.conversation_id)]
            others = [
                hub.Frame(b"", 0, conversation.pk, "merged", person_id=cast.asha.pk),
                hub.Frame(b"", 0, None, "merged"),
            ]
            heard = [one.may_hear(frame) for frame in (*frames, *others)]
            hub.close_stream(one._stream)
            return heard

    join.merge(conversation.pk, mail.conversation_id, cast.asha, now(), same_person=True)
    assert asyncio.run(look_and_hear()) == [True, True, False, False]


def test_a_revoked_secret_hears_nothing_more(chat, conversation, cast):
    async def listen():
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            await in_thread(journey.revoke, conversation.pk, cast.asha, now())
            await one.ends()
        async with listening(chat.secret) as again:
            assert again.status == 401

    asyncio.run(listen())


def test_a_chat_of_long_ago_is_streamed_to_nobody_and_a_stream_that_stood_open_ends(chat, conversation, cast):
    def long_ago():
        with transaction.atomic():
            Chat.objects.update(said_at=now() - LAPSES_AFTER)
            live.publish(kind="taken", account_id=cast.help.pk, conversation_id=conversation.pk, now=now())

    async def listen():
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            await in_thread(long_ago)
            await one.ends()
        async with listening(chat.secret) as again:
            assert again.status == 401
            assert b"no longer shows it" in again.body

    asyncio.run(listen())


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"origin": "https://elsewhere.example"}, 403), ({"secret": "invented"}, 401), ({"method": "POST"}, 405)],
)
def test_nobody_else_hears_anything(chat, changed, status):
    async def listen():
        given = {"secret": chat.secret} | changed
        async with listening(given.pop("secret"), **given) as one:
            await one.ends()
            assert one.status == status
            assert b"Hello" not in one.body
            assert ("access-control-allow-origin" in one.headers) == (status != 403)

    asyncio.run(listen())


def test_a_browser_is_told_before_it_listens_what_it_may_send(chat):
    async def listen():
        async with listening("", method="OPTIONS") as one:
            await one.ends()
            assert one.status == 204
            assert "Authorization" in one.headers["access-control-allow-headers"]

    asyncio.run(listen())


def test_a_quiet_stream_gives_signs_of_life_and_shows_that_they_are_there(chat, monkeypatch):
    monkeypatch.setattr(stream, "PING_SECONDS", 0.05)
    monkeypatch.setattr(stream, "LOOK_AGAIN_SECONDS", 0.05)
    Chat.objects.update(here_at=datetime(2026, 1, 1, tzinfo=UTC))

    async def listen():
        async with listening(chat.secret) as one:
            await one.hears(": still here")

    asyncio.run(listen())
    assert Chat.objects.get().here_at > datetime(2026, 1, 2, tzinfo=UTC)


def test_every_chat_ends_when_the_house_stops_and_is_forgotten(chat):
    async def listen():
        async with listening(chat.secret) as one:
            await until(one, "Hello")
            assert hub.count() == 1
            hub.hand_out(hub.END)
            await one.ends()

    asyncio.run(listen())
    assert hub.count() == 0
