"""Between processes: what one tells through PostgreSQL the others hear, also after the connection was lost."""

from __future__ import annotations

import asyncio

import pytest
from django.db import connection

from sociable.live import hub
from sociable.live import services as live
from tests.conftest import ON_POSTGRES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not ON_POSTGRES, reason="SQLite has one house, which tells itself"),
]


def _hint() -> None:
    live.hint(kind="presence", account_id=7, conversation_id=1)
    connection.close()


async def heard(stream: hub.Stream) -> hub.Frame:
    async with asyncio.timeout(10):
        return await stream.queue.get()


def test_what_is_told_in_the_database_reaches_the_streams_of_this_process(listening):
    async def run():
        stream = hub.open_stream(lambda frame: frame.account_id == 7)
        await asyncio.to_thread(_hint)
        assert b'"kind":"presence"' in (await heard(stream)).content
        hub.close_stream(stream)

    asyncio.run(run())
    connection.close()


def test_workers_are_woken_through_the_database(listening):
    seen = hub.wakes()
    live.wake_workers()
    hub.wait_for_work(seen, 10)
    assert hub.wakes() > seen


def test_after_a_lost_connection_it_listens_again_and_browsers_load_anew(listening):
    async def run():
        stream = hub.open_stream(lambda frame: True)
        await asyncio.to_thread(_cut)
        assert await heard(stream) is hub.RESYNC
        await asyncio.to_thread(_hint)
        assert b"presence" in (await heard(stream)).content
        hub.close_stream(stream)

    def _cut() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN sociable_due'")
        connection.close()

    asyncio.run(run())
