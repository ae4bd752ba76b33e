"""What a desk hears: its own accounts, from where it left off, for as long as its person may; and others nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.test import Client

from sociable.conversations.models import Share
from sociable.live import hub, queries, stream
from sociable.live import services as live
from sociable.live.models import ChangeEvent
from tests.cast import MONDAY_10
from tests.live.browsers import browser

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("listening")]


def signed_in(person) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def publish(account, kind="message", conversation=None, now=MONDAY_10) -> int:
    live.publish(kind=kind, account_id=account.pk, conversation_id=conversation, now=now)
    return ChangeEvent.objects.latest("pk").pk


async def in_thread(what, *arguments, **named):
    def call():
        try:
            return what(*arguments, **named)
        finally:
            connections.close_all()

    return await asyncio.to_thread(call)


def test_nobody_hears_anything_without_signing_in(cast):
    async def listen():
        for cookie in ("", "stale-or-invented"):
            async with browser(cookie) as one:
                assert one.status == 401
                assert b"data" not in one.body

    asyncio.run(listen())


def test_a_person_who_may_no_longer_sign_in_hears_nothing(cast):
    session = signed_in(cast.asha)
    type(cast.asha).objects.filter(pk=cast.asha.pk).update(is_active=False)

    async def listen():
        async with browser(session) as one:
            assert one.status == 401

    asyncio.run(listen())


def test_only_get_is_answered(cast):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session, method="POST") as one:
            assert one.status == 405

    asyncio.run(listen())


def test_a_desk_hears_its_own_accounts_and_no_others(cast):
    session = signed_in(cast.ben)  # the libraries' accounts alone

    async def listen():
        async with browser(session) as one:
            await in_thread(publish, cast.help, conversation=1)
            await in_thread(publish, cast.clinic, conversation=2)
            number = await in_thread(publish, cast.books, conversation=3)
            await one.hears(f"id: {number}\n")
            assert f'"account":{cast.books.pk},"conversation":3,"kind":"message"'.encode() in one.body
            assert f'"account":{cast.help.pk},'.encode() not in one.body
            assert f'"account":{cast.clinic.pk},'.encode() not in one.body

    asyncio.run(listen())


def test_a_conversation_that_was_shared_is_heard_without_its_account(cast):
    conversation = cast.ask(account=cast.clinic).conversation
    Share.objects.create(
        conversation=conversation, partner=cast.council, shared_at=MONDAY_10, reason="They asked us both"
    )
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as one:
            await in_thread(publish, cast.clinic, conversation=conversation.pk + 1)
            number = await in_thread(publish, cast.clinic, conversation=conversation.pk)
            await one.hears(f"id: {number}\n")
            assert one.body.count(b"data:") == 1

    asyncio.run(listen())


def test_what_was_rolled_back_is_never_told(cast):
    session = signed_in(cast.asha)

    def undone():
        with transaction.atomic():
            publish(cast.help, kind="undone-thing")
            transaction.set_rollback(True)

    async def listen():
        async with browser(session) as one:
            await in_thread(undone)
            await in_thread(publish, cast.help, kind="true-thing")
            await one.hears("true-thing")
            assert b"undone-thing" not in one.body

    asyncio.run(listen())


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_desk_that_was_away_hears_what_it_missed(cast, how):
    session = signed_in(cast.asha)
    seen = publish(cast.help)
    missed = [publish(cast.help, kind=f"missed-{n}", now=MONDAY_10 + timedelta(minutes=10 * n)) for n in (1, 2)]
    publish(cast.clinic, kind="not-hers", now=MONDAY_10 + timedelta(minutes=30))
    given = {"headers": {"last-event-id": str(seen)}} if how == "header" else {"query": f"after={seen}"}

    async def listen():
        async with browser(session, **given) as one:
            assert [f"id: {number}\n".encode() in one.body for number in missed] == [True, True]
            assert b"not-hers" not in one.body
            assert b"resync" not in one.body

    asyncio.run(listen())


def test_an_event_that_committed_behind_a_later_one_is_told_again(cast):
    """On PostgreSQL ids are given before commit: the later id may be seen first."""
    session = signed_in(cast.asha)
    slow = publish(cast.help, kind="slow", now=MONDAY_10)
    seen = publish(cast.help, kind="quick", now=MONDAY_10 + timedelta(seconds=30))
    old = ChangeEvent.objects.get(pk=slow)
    assert old.pk < seen

    async def listen():
        async with browser(session, headers={"last-event-id": str(seen)}) as one:
            assert f"id: {slow}\n".encode() in one.body

    asyncio.run(listen())


@pytest.mark.parametrize("given", ["7; drop", "-1", "9" * 40, "²"])
def test_a_place_that_is_no_number_is_passed_over(cast, given):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session, query=f"after={given}") as one:
            assert one.status == 200
            assert b"resync" not in one.body

    asyncio.run(listen())


def test_a_place_that_was_pruned_means_load_anew(cast):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session, headers={"last-event-id": "999999999"}) as one:
            assert one.body.count(b"event: resync") == 1

    asyncio.run(listen())


def test_a_page_made_before_anything_happened_hears_all_and_need_not_load_anew(cast):
    """Otherwise a desk in a new installation would load itself anew for ever."""
    session = signed_in(cast.asha)
    assert queries.newest_id() == 0

    async def listen():
        async with browser(session, query="after=0") as one:
            assert b"resync" not in one.body
        number = await in_thread(publish, cast.help)
        async with browser(session, query="after=0") as one:
            assert f"id: {number}\n".encode() in one.body

    asyncio.run(listen())


def test_too_much_to_catch_up_with_means_load_anew(cast):
    session = signed_in(cast.asha)
    seen = publish(cast.help)
    ChangeEvent.objects.bulk_create(
        ChangeEvent(at=MONDAY_10, account_id=cast.help.pk, kind="message") for _ in range(hub.ROOM + 1)
    )

    async def listen():
        async with browser(session, headers={"last-event-id": str(seen)}) as one:
            assert one.body.count(b"event: resync") == 1
            assert one.body.count(b"data:") == 1

    asyncio.run(listen())


def test_a_browser_that_lags_behind_loads_anew_and_the_others_go_on(cast):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as slow, browser(session) as quick:
            held = asyncio.Event()
            slow_send = slow.send

            async def stuck(message):
                await held.wait()
                await slow_send(message)

            for listener in list(hub._streams):
                if listener.wants.__self__._send == slow.send:
                    listener.wants.__self__._send = stuck
            for number in range(hub.ROOM * 2 + 10):
                hub.tell({"id": number + 1, "account": cast.help.pk, "conversation": 1, "kind": "message"})
                if number % 100 == 99:  # a room full, in the time that is told together, would be too much for anybody
                    await quick.hears(f"id: {number + 1}\n")
            await quick.hears(f"id: {hub.ROOM * 2 + 10}\n")
            assert b"resync" not in quick.body
            held.set()
            await slow.hears("event: resync")

    asyncio.run(listen())


def test_somebody_who_signs_out_hears_no_more(cast, monkeypatch):
    monkeypatch.setattr(stream, "LOOK_AGAIN_SECONDS", 0.2)
    client = Client()
    client.force_login(cast.asha)
    session = client.cookies["sessionid"].value

    async def listen():
        async with browser(session) as one:
            await in_thread(client.session.flush)
            await one.ends()

    asyncio.run(listen())


def test_a_role_given_or_taken_counts_within_the_minute(cast, monkeypatch):
    from sociable.people.models import Role

    monkeypatch.setattr(stream, "LOOK_AGAIN_SECONDS", 0.1)
    session = signed_in(cast.olu)

    async def listen():
        async with browser(session) as one:
            await in_thread(Role.objects.create, person=cast.olu, kind="answerer", partner=cast.council)
            async with asyncio.timeout(20):
                while b"message" not in one.body:
                    hub.tell({"account": cast.help.pk, "conversation": 1, "kind": "message"})
                    await asyncio.sleep(0.02)

    asyncio.run(listen())


def test_a_quiet_stream_gives_signs_of_life(cast, monkeypatch):
    monkeypatch.setattr(stream, "PING_SECONDS", 0.05)
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as one:
            await one.hears(": still here")

    asyncio.run(listen())


def test_a_browser_that_goes_leaves_nothing_behind(cast):
    session = signed_in(cast.asha)

    async def listen():
        before = hub.count()
        async with browser(session):
            assert hub.count() == before + 1
        assert hub.count() == before

    asyncio.run(listen())


def test_every_stream_ends_when_the_house_stops(cast):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as one, browser(session) as other:
            hub.hand_out(hub.END)
            await one.ends()
            await other.ends()

    asyncio.run(listen())


def test_a_hint_is_heard_and_leaves_no_row(cast):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as one:
            await in_thread(live.hint, kind="presence", account_id=cast.help.pk, conversation_id=5, person=cast.asha.pk)
            await one.hears(f'"kind":"presence","person":{cast.asha.pk}')
            assert b"id:" not in one.body  # a browser's place in the table does not move

    asyncio.run(listen())
    assert not ChangeEvent.objects.exists()


def test_old_events_are_pruned(cast):
    publish(cast.help, now=MONDAY_10)
    publish(cast.help, now=MONDAY_10 + live.KEEP)
    assert live.prune(MONDAY_10 + live.KEEP + timedelta(seconds=1)) == 1


def test_what_happens_together_is_told_together(cast):
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as one:
            await one.hears("retry:")
            already = one.pieces
            for number in range(20):
                hub.tell({"account": cast.help.pk, "conversation": 1, "kind": f"kind-{number}"})
                await asyncio.sleep(0.001)  # one after the other, and faster than anybody reads
            await one.hears("kind-19")
            assert all(f'kind-{number}"' in one.body.decode() for number in range(20))
            return one.pieces - already

    assert asyncio.run(listen()) < 20


def test_a_stream_that_could_not_be_looked_at_again_ends_and_its_browser_comes_back(cast, monkeypatch):
    monkeypatch.setattr(stream, "LOOK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr(stream.log, "exception", lambda _words: None)
    session = signed_in(cast.asha)

    async def listen():
        async with browser(session) as one:
            (listener,) = (each.wants.__self__ for each in hub._streams)

            async def fail():
                raise OSError

            listener._look = fail
            await one.ends()

    asyncio.run(listen())
