"""A client of the lead and one of Asha, each of which checks every page it fetches."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast
from tests.cover.conftest import hand  # noqa: F401 - a fixture
from tests.pages import Pages


def client_of(person: Any) -> Pages:
    pages = Pages()
    pages.force_login(person)
    return pages


@pytest.fixture
def lead(cast: Cast) -> Pages:
    return client_of(cast.lee)


@pytest.fixture
def asha(cast: Cast) -> Pages:
    return client_of(cast.asha)
