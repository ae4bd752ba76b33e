"""Decides who may do what where, as a truth table: every role, every act, every kind of place; and the printed table beside it."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser

from sociable.directory.models import Account
from sociable.people import permissions
from sociable.people.models import Person, Role
from sociable.people.permissions import MAY, Act, NotAllowed, Place

ROLES_PAGE = Path(__file__).parents[2] / "docs" / "reference" / "roles.md"
# Each act in the order of the printed table, and the pair of functions that asks for it.
PAIRS = {
    Act.SEE: (permissions.can_see, permissions.check_can_see),
    Act.NOTE: (permissions.can_note, permissions.check_can_note),
    Act.ANSWER: (permissions.can_answer, permissions.check_can_answer),
    Act.JUMP: (permissions.can_jump, permissions.check_can_jump),
    Act.CHANGE_ACCOUNT: (permissions.can_change_account, permissions.check_can_change_account),
    Act.PLAN: (permissions.can_plan, permissions.check_can_plan),
    Act.CONNECT: (permissions.can_connect, permissions.check_can_connect),
    Act.SEE_FIGURES: (permissions.can_see_figures, permissions.check_can_see_figures),
    Act.MANAGE_PEOPLE: (permissions.can_manage_people, permissions.check_can_manage_people),
}
# y: may. Columns as in Role.Kind, rows as above. Written out by hand: the rule is not asked for its own answer.
TRUTH = {
    "answerer": "yyy------",
    "service_lead": "yyyyyy-y-",
    "champion": "yy-----y-",
    "communications": "yy-----y-",
    "digital_access": "yy--yyyy-",
    "analyst": "-------y-",
    "administrator": "yyyyyyyyy",
}
# Where a role is held, and at which of these places it holds.
ACCOUNT, SISTER, OTHER_SERVICE, SERVICE, PARTNER, OTHER_PARTNER = (
    Place(1, 10, 100),
    Place(1, 10, 101),
    Place(1, 20, 200),
    Place(1, 10),
    Place(1),
    Place(2, 30, 300),
)
REACH = {
    (1, None, None): {ACCOUNT, SISTER, OTHER_SERVICE, SERVICE, PARTNER},
    (1, 10, None): {ACCOUNT, SISTER, SERVICE},
    (1, None, 100): {ACCOUNT},
    (2, None, None): {OTHER_PARTNER},
}
EVERYWHERE = [ACCOUNT, SISTER, OTHER_SERVICE, SERVICE, PARTNER, OTHER_PARTNER]


def person_with(*roles: Role, active: bool = True) -> Person:
    person = Person(name="Asha Khan", is_active=active)
    person.__dict__["grants"] = tuple(roles)
    return person


def test_the_truth_table_names_every_role_and_every_act() -> None:
    assert set(TRUTH) == set(Role.Kind.values) == set(MAY)
    assert set(PAIRS) == set(Act)


@pytest.mark.parametrize("kind", Role.Kind.values)
@pytest.mark.parametrize(("held", "reached"), REACH.items(), ids=["partner", "service", "account", "another partner"])
def test_a_role_gives_its_acts_where_it_is_held_and_nowhere_else(
    kind: str, held: tuple[int, int | None, int | None], reached: set[Place]
) -> None:
    partner, service, account = held
    person = person_with(Role(kind=kind, partner_id=partner, service_id=service, account_id=account))
    for (act, (can, check)), place in product(PAIRS.items(), EVERYWHERE):
        expected = TRUTH[kind][list(PAIRS).index(act)] == "y" and place in reached
        assert can(person, place) is expected, (kind, act, held, place)
        if expected:
            check(person, place)
        else:
            with pytest.raises(NotAllowed, match="You may not"):
                check(person, place)


@pytest.mark.parametrize("act", list(Act), ids=lambda act: act.name)
@pytest.mark.parametrize("place", EVERYWHERE)
def test_nobody_else_may_do_anything_anywhere(act: Act, place: Place) -> None:
    everything = Role(kind="administrator", partner_id=place.partner_id)
    for nobody in (AnonymousUser(), person_with(), person_with(everything, active=False)):
        assert not permissions.may(nobody, act, place)
        assert not permissions.whole_partners(nobody, act)


def test_two_roles_add_up_and_neither_widens_the_other() -> None:
    person = person_with(
        Role(kind="answerer", partner_id=1, service_id=10),
        Role(kind="analyst", partner_id=2),
        Role(kind="service_lead", partner_id=1, account_id=200),
    )
    assert permissions.can_answer(person, ACCOUNT)
    assert not permissions.can_change_account(person, ACCOUNT)
    assert permissions.can_change_account(person, OTHER_SERVICE)
    assert permissions.can_see_figures(person, OTHER_PARTNER)
    assert not permissions.can_see(person, OTHER_PARTNER)
    assert permissions.whole_partners(person, Act.SEE_FIGURES) == [2]


@pytest.mark.parametrize("kind", Role.Kind.values)
def test_the_rows_a_person_gets_are_those_the_rule_gives(kind: str, cast: Any) -> None:
    """The filter for screens and the rule for buttons are two ways to the same answer."""
    Role.objects.create(person=cast.olu, kind=kind, partner=cast.council, service=cast.libraries)
    Role.objects.create(person=cast.olu, kind=kind, partner=cast.trust, account=cast.clinic)
    olu = Person.objects.get(pk=cast.olu.pk)
    for act in Act:
        by_filter = set(Account.objects.where(olu, act))
        by_rule = {account for account in Account.objects.all() if permissions.may(olu, act, account.place)}
        assert by_filter == by_rule
    olu.is_active = False
    assert not any(Account.objects.where(olu, act).exists() for act in Act)


def test_the_printed_table_is_the_rule() -> None:
    lines = [line for line in ROLES_PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    head, _, *rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    kinds = [next(kind for kind in Role.Kind if kind.label == name) for name in head[1:]]
    printed = {
        (kind, act)
        for row, act in zip(rows, PAIRS, strict=True)
        for kind, cell in zip(kinds, row[1:], strict=True)
        if cell == "yes"
    }
    assert printed == {(kind, act) for kind, acts in MAY.items() for act in acts}
    assert set(kinds) == set(Role.Kind)
