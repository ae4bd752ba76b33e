"""Bluesky's own servers, and people with accounts on them."""

from collections.abc import Callable, Iterator
from itertools import count

import psycopg
import pytest

from tests.conftest import require
from tests.servers.bluesky import Bluesky, Person, private_bluesky

_numbers = count(1)


@pytest.fixture(scope="session")
def bluesky(postgres_server: str) -> Iterator[Bluesky]:
    """One network for all tests; each test makes accounts of its own on it."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE bluesky")
    try:
        database = postgres_server.rsplit("/", 1)[0] + "/bluesky"
        with private_bluesky(require("bluesky"), require("redis"), database) as network:
            yield network
    finally:
        with psycopg.connect(postgres_server, autocommit=True) as connection:
            connection.execute("DROP DATABASE bluesky WITH (FORCE)")


@pytest.fixture
def person(bluesky: Bluesky) -> Callable[[str], Person]:
    """Makes people nobody else has heard of."""
    return lambda name: bluesky.person(f"{name}{next(_numbers)}")
