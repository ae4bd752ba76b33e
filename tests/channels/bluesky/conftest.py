"""Bluesky's own servers, people with accounts on them, and adapters for those accounts."""

import os
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

import psycopg
import pytest
from psycopg import sql

from sociable.channels.bluesky.adapter import BlueskyAdapter
from tests.conftest import require
from tests.servers.bluesky import Bluesky, Person, private_bluesky
from tests.servers.bluesky_chat import Chat, private_chat
from tests.servers.faulty import Faulty, faulty

_numbers = count(1)


@pytest.fixture(scope="session")
def bluesky(postgres_server: str) -> Iterator[Bluesky]:
    """One network for all tests; each test makes accounts of its own on it."""
    name = f"bluesky_{os.getpid()}"  # where tests run side by side on one PostgreSQL, each side has a network
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        database = postgres_server.rsplit("/", 1)[0] + "/" + name
        with private_bluesky(require("bluesky"), require("redis"), database) as network:
            yield network
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def person(bluesky: Bluesky) -> Callable[[str], Person]:
    """Makes people nobody else has heard of."""
    return lambda name: bluesky.person(f"{name}{next(_numbers)}")


@pytest.fixture
def council(person: Callable[[str], Person]) -> Person:
    """The account that is asked."""
    return person("council")


@pytest.fixture
def jerry(person: Callable[[str], Person]) -> Person:
    """A resident."""
    return person("jerry")


@pytest.fixture
def chat(bluesky: Bluesky) -> Iterator[Chat]:
    """The service for direct messages."""
    with private_chat(bluesky.chat_port, bluesky.names, bluesky.chat) as service:
        yield service


@pytest.fixture
def between(bluesky: Bluesky) -> Iterator[Faulty]:
    """What stands between the adapter and the home, and can break."""
    with faulty(bluesky.home) as proxy:
        yield proxy


@pytest.fixture
def adapter_of(bluesky: Bluesky) -> Iterator[Callable[..., BlueskyAdapter]]:
    """Makes adapters for an account, and hangs up afterwards."""
    made: list[BlueskyAdapter] = []

    def make(who: Person, **settings: Any) -> BlueskyAdapter:
        made.append(BlueskyAdapter.from_settings(settings_of(who) | settings))
        return made[-1]

    yield make
    for adapter in made:
        adapter.close()


def settings_of(who: Person, *, direct_messages: bool = False) -> dict[str, Any]:
    """What connects somebody's account."""
    return {
        "handle": who.handle,
        "app_password": who.app_password(direct_messages=direct_messages),
        "direct_messages": direct_messages,
        "server": who.home,
        "chat_service": who.network.chat,
        "image_hosts": ["localhost"],
    }
