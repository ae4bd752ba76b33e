"""What tests of the residents' pages share: a clock that stands still, and a page that was open long enough to be a person's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache

from tests.cast import MONDAY_10


class Clock:
    """The time as the pages read it, which moves only when a test says so."""

    def __init__(self) -> None:
        self.now = MONDAY_10

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Monday 10am until a test moves it; only the reading of the clock is replaced, at the one place where pages read it."""
    stands = Clock()
    cache.clear()
    with patch("django.utils.timezone.now", stands):
        yield stands
    cache.clear()


@pytest.fixture
def asked(pages: Any, cast: Any, clock: Clock) -> Any:
    """Asks by the real form as a person does, a minute after opening it, and returns the answer to the post."""

    def ask(slug: str = "help", **typed: Any) -> Any:
        form = pages.get(f"/ask/{slug}/").page.form(f"/ask/{slug}/")
        clock.move(minutes=1)
        return pages.submit(form, **{"text": "My bin was missed", "name": "Dev", "email": "dev@example.org"} | typed)

    return ask
