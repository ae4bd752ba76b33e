"""Who is turned to about an account's cover: its leads from nearest by, else the next who may plan it; one rule for all that ask."""

from __future__ import annotations

import pytest

from sociable.cover.queries import PLANNERS, who_plans
from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act
from tests.cast import Cast

pytestmark = pytest.mark.django_db


def names(cast: Cast) -> list[str]:
    return [person.first_name for person in who_plans([cast.books, cast.clinic])[cast.books.pk]]


def given(cast: Cast, first: str, kind: str, **where: object) -> Person:
    person = Person.objects.create_user(f"{first.lower()}@staff.example.org", name=f"{first} Ray")
    Role.objects.create(person=person, kind=kind, partner=cast.council, **where)
    return person


def test_they_are_all_who_may_plan() -> None:
    assert set(PLANNERS) == {kind for kind, acts in MAY.items() if Act.PLAN in acts}


def test_leads_from_nearest_by_come_before_all_others(cast: Cast) -> None:
    assert names(cast) == ["Lee"]
    given(cast, "Dot", "digital_access", account=cast.books)
    assert names(cast) == ["Lee"]
    given(cast, "Nia", "service_lead", service=cast.libraries)
    assert names(cast) == ["Nia"]
    ada, _ = (
        given(cast, "Ada", "service_lead", account=cast.books),
        given(cast, "Zed", "service_lead", account=cast.help),
    )
    assert names(cast) == ["Ada"]
    Person.objects.filter(pk=ada.pk).update(is_active=False)
    assert names(cast) == ["Nia"]


def test_where_nobody_leads_the_next_who_may_are_turned_to(cast: Cast) -> None:
    Role.objects.filter(kind="service_lead").delete()
    assert names(cast) == []
    given(cast, "Alex", "administrator")
    assert names(cast) == ["Alex"]
    given(cast, "Dot", "digital_access")
    assert names(cast) == ["Dot"]
    assert who_plans([cast.clinic]) == {cast.clinic.pk: []}
