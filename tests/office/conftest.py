"""An administrator of the council beside the cast, and a client of theirs that checks every page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast
from tests.channels.meta import network  # noqa: F401 - a fixture
from tests.pages import Pages


@pytest.fixture
def dana(cast: Cast) -> Any:
    from sociable.people.models import Person, Role

    dana = Person.objects.create_user("dana@staff.example.org", "a long enough password", name="Dana Fox")
    Role.objects.create(person=dana, kind="administrator", partner=cast.council)
    return dana


@pytest.fixture
def office(dana: Any) -> Pages:
    pages = Pages()
    pages.force_login(dana)
    return pages


def client_of(person: Any) -> Pages:
    pages = Pages()
    pages.force_login(person)
    return pages
