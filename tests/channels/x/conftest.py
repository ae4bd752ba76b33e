"""The stand-in for X, and adapters that talk to it."""

from collections.abc import Iterator

import pytest

from tests.conftest import specification
from tests.servers.standin import Judge
from tests.servers.x import XNetwork, x_network


@pytest.fixture
def network() -> Iterator[XNetwork]:
    """A network that runs; whatever is said to it and by it fits X's published description, where that is at hand."""
    path = specification("x-api-v2.openapi.json")
    judge = Judge(path, "https://api.x.com") if path else None
    with x_network(judge) as running:
        yield running
    assert not (judge and judge.complaints), "\n".join(judge.complaints if judge else [])
