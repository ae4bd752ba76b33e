"""The Mastodon server of these tests."""

from collections.abc import Iterator

import pytest

from tests.conftest import require
from tests.servers.mastodon import Mastodon, private_mastodon


@pytest.fixture(scope="session")
def mastodon() -> Iterator[Mastodon]:
    """A server up for all tests that only talk to it."""
    with private_mastodon(require("mastodon")) as server:
        yield server


@pytest.fixture
def own_mastodon() -> Iterator[Mastodon]:
    """A server for one test, which may take it down."""
    with private_mastodon(require("mastodon")) as server:
        yield server
