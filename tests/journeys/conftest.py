"""Hands the tests here the stand-in for Meta's networks, at ten on Monday."""

from __future__ import annotations

import pytest

from tests.cast import at
from tests.channels.meta import network  # noqa: F401 - a fixture
from tests.servers.graph import GraphNetwork


@pytest.fixture
def meta(network: GraphNetwork) -> GraphNetwork:  # noqa: F811 - it is that fixture
    """Facebook, Instagram and WhatsApp."""
    network.now = at(10)
    return network
