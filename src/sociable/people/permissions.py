"""Decides what a person may do and where, in pairs: `can_x` for buttons, `check_can_x` which raises the human reason.

Scope is partner, then service, then account. Which rows a person sees is asked by `visible_to` of each table, built on `scope_filter`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from django.db.models import Q

from sociable.domain.errors import DomainError
from sociable.people.models import Role

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from sociable.people.models import Person


class NotAllowed(DomainError):
    """A person asked for something their roles do not give. Becomes a 403 with the sentence."""


class Act(Enum):
    """What can be done, each with the words that finish "You may not …"."""

    SEE = "see this conversation"
    NOTE = "write notes here"
    ANSWER = "answer for this account"
    JUMP = "move a request ahead of its place"
    CHANGE_ACCOUNT = "change this account, its hours or its promise"
    PLAN = "plan who covers this account"
    CONNECT = "connect this account to its channel"
    SEE_FIGURES = "see the figures of this partner"
    MANAGE_PEOPLE = "change people and their roles"


_ANSWERING = frozenset({Act.SEE, Act.NOTE, Act.ANSWER})
_K = Role.Kind
# The one table of who may do what. docs/reference/roles.md is checked against it by a test.
MAY: dict[str, frozenset[Act]] = {
    _K.ANSWERER: _ANSWERING,
    _K.SERVICE_LEAD: _ANSWERING | {Act.JUMP, Act.CHANGE_ACCOUNT, Act.PLAN, Act.SEE_FIGURES},
    _K.CHAMPION: frozenset({Act.SEE, Act.NOTE, Act.SEE_FIGURES}),
    _K.COMMUNICATIONS: frozenset({Act.SEE, Act.NOTE, Act.SEE_FIGURES}),
    _K.DIGITAL_ACCESS: frozenset({Act.SEE, Act.NOTE, Act.CHANGE_ACCOUNT, Act.PLAN, Act.CONNECT, Act.SEE_FIGURES}),
    _K.ANALYST: frozenset({Act.SEE_FIGURES}),
    _K.ADMINISTRATOR: frozenset(Act),
}


# What a role at the account from which another is answered gives at that other.
PASSED_ON = _ANSWERING | {Act.JUMP}


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is to be done: None means "anywhere in the wider scope".

    `answered_at` is the account from which this one is answered: who answers there answers here too.
    """

    partner_id: int
    service_id: int | None = None
    account_id: int | None = None
    answered_at: Place | None = None


def holds_at(role: Role, place: Place) -> bool:
    """This function will say whether a role is held at a place, or wider."""
    return (
        role.partner_id == place.partner_id
        and role.service_id in (None, place.service_id)
        and role.account_id in (None, place.account_id)
    )


def may(person: Person | AnonymousUser, act: Act, place: Place) -> bool:
    """This function will say whether any role of the person gives the act at the place."""
    if not person.is_authenticated or not person.is_active:
        return False
    places = [place, *([place.answered_at] if place.answered_at is not None and act in PASSED_ON else [])]
    return any(act in MAY[role.kind] and holds_at(role, each) for role in person.grants for each in places)


def _check(person: Person, act: Act, place: Place) -> None:
    if not may(person, act, place):
        raise NotAllowed(f"You may not {act.value}. Ask an administrator of this body if you should.")


def can_see(person: Person, place: Place) -> bool:
    """This function will say whether the person may read conversations of the place."""
    return may(person, Act.SEE, place)


def check_can_see(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_see`."""
    _check(person, Act.SEE, place)


def can_note(person: Person, place: Place) -> bool:
    """This function will say whether the person may write notes beside conversations of the place."""
    return may(person, Act.NOTE, place)


def check_can_note(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_note`."""
    _check(person, Act.NOTE, place)


def can_answer(person: Person, place: Place) -> bool:
    """This function will say whether the person may claim and answer conversations of the place."""
    return may(person, Act.ANSWER, place)


def check_can_answer(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_answer`."""
    _check(person, Act.ANSWER, place)


def can_jump(person: Person, place: Place) -> bool:
    """This function will say whether the person may move a request ahead of its fair place, for need."""
    return may(person, Act.JUMP, place)


def check_can_jump(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_jump`."""
    _check(person, Act.JUMP, place)


def can_change_account(person: Person, place: Place) -> bool:
    """This function will say whether the person may change the account, its hours and its promise."""
    return may(person, Act.CHANGE_ACCOUNT, place)


def check_can_change_account(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_change_account`."""
    _check(person, Act.CHANGE_ACCOUNT, place)


def can_plan(person: Person, place: Place) -> bool:
    """This function will say whether the person may plan who covers the account: sign-offs, rota, time away."""
    return may(person, Act.PLAN, place)


def check_can_plan(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_plan`."""
    _check(person, Act.PLAN, place)


def can_connect(person: Person, place: Place) -> bool:
    """This function will say whether the person may connect the account to its channel and see its health."""
    return may(person, Act.CONNECT, place)


def check_can_connect(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_connect`."""
    _check(person, Act.CONNECT, place)


def can_see_figures(person: Person, place: Place) -> bool:
    """This function will say whether the person may see how promises were kept inside the body."""
    return may(person, Act.SEE_FIGURES, place)


def check_can_see_figures(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_see_figures`."""
    _check(person, Act.SEE_FIGURES, place)


def can_manage_people(person: Person, place: Place) -> bool:
    """This function will say whether the person may change people and their roles."""
    return may(person, Act.MANAGE_PEOPLE, place)


def check_can_manage_people(person: Person, place: Place) -> None:
    """This function will raise NotAllowed unless `can_manage_people`."""
    _check(person, Act.MANAGE_PEOPLE, place)


def whole_partners(person: Person | AnonymousUser, act: Act) -> list[int]:
    """This function will list the partners in all of which the person may do the act, not only in a service or account of them."""
    if not person.is_authenticated or not person.is_active:
        return []
    return sorted({r.partner_id for r in person.grants if act in MAY[r.kind] and not (r.service_id or r.account_id)})


def scope_filter(
    person: Person | AnonymousUser, act: Act, *, partner: str = "partner", service: str = "service", account: str = "pk"
) -> Q:
    """This function will return the rows in which the person may do the act, as a filter that matches nothing for outsiders.

    Shape:  partner, service and account name the columns of the filtered table; who may answer, or see what is answered, at the
            account from which another is answered, may do so at that other
    """
    nothing = Q(pk__in=[])
    if not person.is_authenticated or not person.is_active:
        return nothing
    allowed = nothing
    for role in person.grants:
        if act not in MAY[role.kind]:
            continue
        allowed |= _scope(role, partner, service, account)
        if act in PASSED_ON and (role.service_id or role.account_id):
            through = "answered_from" if account == "pk" else f"{account}__answered_from"
            allowed |= _scope(role, partner, f"{through}__service", through)
    return allowed


def _scope(role: Role, partner: str, service: str, account: str) -> Q:
    here = Q(**{partner: role.partner_id})
    if role.service_id:
        here &= Q(**{service: role.service_id})
    if role.account_id:
        here &= Q(**{account: role.account_id})
    return here
