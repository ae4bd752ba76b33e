"""A real installation begins with `sociable add-partner`: whoever is named there can sign in and set the body up."""

from __future__ import annotations

import io
import sys

import pytest

from sociable.config import command
from sociable.people.models import AuditEvent, Partner, Person
from sociable.people.permissions import Place, can_manage_people

pytestmark = pytest.mark.django_db
LEEDS = ["add-partner", "testshire", "Testshire Council", "--administrator", "Ann@testshire.example"]
ANN = ["--administrator-name", "Ann Example"]


@pytest.fixture
def types(monkeypatch: pytest.MonkeyPatch):
    """What is typed where there is no terminal."""
    return lambda words: monkeypatch.setattr(sys, "stdin", io.StringIO(words))


def test_the_first_administrator_signs_in_and_manages_the_body(types, pages):
    types("a long enough pass phrase\n")
    assert command.run([*LEEDS, *ANN]) == 0
    partner, ann = Partner.objects.get(), Person.objects.get()
    assert (partner.slug, partner.short_name, ann.email) == ("testshire", "Testshire Council", "ann@testshire.example")
    assert can_manage_people(ann, Place(partner.pk))
    assert [event.verb for event in AuditEvent.objects.order_by("pk")] == ["added", "gave a role"]
    assert pages.login(email="ann@testshire.example", password="a long enough pass phrase")
    assert "Testshire Council" in pages.get("/office/partners/").page.text


def test_somebody_who_signs_in_already_keeps_their_password(types, capsys):
    types("a long enough pass phrase\n")
    assert command.run([*LEEDS, *ANN]) == 0
    types("")
    assert (
        command.run(
            ["add-partner", "other", "Other Trust", "--kind", "nhs_trust", "--administrator", "ann@testshire.example"]
        )
        == 0
    )
    ann = Person.objects.get()
    assert ann.check_password("a long enough pass phrase")
    assert all(can_manage_people(ann, Place(each.pk)) for each in Partner.objects.all())


@pytest.mark.parametrize(
    ("words", "typed", "why"),
    [
        (LEEDS, "", "give their name"),
        ([*LEEDS, *ANN], "short\n", "too short"),
        ([*LEEDS, *ANN], "\n", "too short"),
        ([*LEEDS[:1], "not a slug", *LEEDS[2:], *ANN], "a long enough pass phrase\n", "slug"),
        ([*LEEDS[:4], "no address", *ANN], "a long enough pass phrase\n", "valid email"),
    ],
)
def test_what_will_not_do_is_refused_and_nothing_is_added(types, capsys, words, typed, why):
    types(typed)
    assert command.run(words) == 1
    assert why in capsys.readouterr().err
    assert not Partner.objects.exists()
    assert not Person.objects.exists()
