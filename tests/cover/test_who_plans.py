"""Who is turned to about an account's cover: its leads from nearest by, else the next who may plan it; one rule for all that ask."""

from __future__ import annotations

import pytest

from sociable.cover.models import Readiness, WorkingPattern
from sociable.cover.queries import PLANNERS, people_planned_by, people_timed_by, who_plans
from sociable.cover.working import keep_working
from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act, NotAllowed
from sociable.planning.rota_forms import WorkingForm
from tests.cast import Cast, at
from tests.cover.conftest import Hand

pytestmark = pytest.mark.django_db
NOW = at(8, day=20)


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


# -- Who writes down when somebody works -----------------------------------------------------------------------------------


@pytest.fixture
def nia(cast: Cast, hand: Hand) -> Person:
    """She leads the libraries, for which Asha, who answers for the whole council, is signed off; nobody leads the council."""
    Role.objects.filter(person=cast.lee).update(kind="administrator")
    return given(cast, "Nia", "service_lead", service=cast.libraries)


def timed_by(person: Person) -> list[str]:
    return [each.first_name for each in people_timed_by(person)]


def test_a_lead_writes_down_when_a_team_works_that_answers_for_the_whole_body(cast: Cast, nia: Person) -> None:
    assert timed_by(nia) == ["Asha", "Ben", "Nia"]
    assert [each.first_name for each in people_planned_by(nia)] == ["Ben", "Nia"]
    keep_working(hours_of(cast.asha), by=nia, now=NOW)
    row = WorkingPattern.objects.get()
    assert (row.person, row.set_by) == (cast.asha, nia)


def test_whoever_is_not_signed_off_for_anything_of_theirs_is_not_their_team(cast: Cast, nia: Person) -> None:
    Readiness.objects.filter(person=cast.asha, account=cast.books).update(withdrawn_at=NOW)
    assert timed_by(nia) == ["Ben", "Nia"]
    with pytest.raises(NotAllowed, match="When Asha Khan works is not yours to say"):
        keep_working(hours_of(cast.asha), by=nia, now=NOW)
    assert not WorkingPattern.objects.exists()


def test_a_sign_off_that_is_over_makes_nobody_their_team_and_none_makes_an_administrator_so(
    cast: Cast, nia: Person
) -> None:
    Readiness.objects.filter(person=cast.asha, account=cast.books).update(expires_at=NOW)
    Readiness.objects.create(person=cast.lee, account=cast.books, ready_from_at=NOW, signed_at=NOW)
    assert timed_by(nia) == ["Ben", "Nia"]


def test_whoever_has_a_lead_in_the_body_has_their_hours_said_by_them(cast: Cast, nia: Person) -> None:
    """Also where that lead is themselves, of another service."""
    dan = given(cast, "Dan", "service_lead")
    assert timed_by(nia) == ["Ben", "Nia"]
    assert "Asha" in timed_by(dan)
    Role.objects.filter(person=dan).delete()
    Role.objects.create(person=cast.asha, kind="service_lead", partner=cast.council, account=cast.help)
    assert timed_by(nia) == ["Ben", "Nia"]
    Role.objects.filter(person=cast.asha, kind="service_lead").delete()
    assert timed_by(nia) == ["Asha", "Ben", "Nia"]


def test_nobody_else_writes_anything_down(cast: Cast, nia: Person) -> None:
    for outsider in (cast.asha, cast.ben, cast.cara, cast.olu):
        assert timed_by(outsider) == []
    Person.objects.filter(pk=nia.pk).update(is_active=False)
    nia.refresh_from_db()
    assert timed_by(nia) == []


def hours_of(person: Person) -> WorkingForm:
    typed = WorkingForm(
        {"valid_from_on": "2026-11-23", "notation": "Mo-We 09:00-17:00", "week_hours": "22.5", "longest_hours": "10",
         "rest_hours": "11", "most_days_in_a_row": "5", "at_once": "3", "zone": "Europe/London"},
        instance=WorkingPattern(person=person, zone="Europe/London", valid_from_on=NOW.date()),
    )  # fmt: skip
    assert typed.is_valid(), typed.errors
    return typed


def test_where_nobody_leads_the_next_who_may_are_turned_to(cast: Cast) -> None:
    Role.objects.filter(kind="service_lead").delete()
    assert names(cast) == []
    given(cast, "Alex", "administrator")
    assert names(cast) == ["Alex"]
    given(cast, "Dot", "digital_access")
    assert names(cast) == ["Dot"]
    assert who_plans([cast.clinic]) == {cast.clinic.pk: []}
