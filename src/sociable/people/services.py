"""Writes the audit trail, and changes people, their roles and services so that the trail tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from sociable.people import permissions
from sociable.people.models import AuditEvent, Partner, Person, Role, Service
from sociable.people.permissions import Place


def record(
    *,
    verb: str,
    object_kind: str,
    object_id: int,
    partner_id: int | None,
    now: datetime,
    person: Person | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """This function will write one audit event; call it inside the transaction of the change it tells of.

    Shape:  before and after hold only the fields that changed, as JSON values
    """
    return AuditEvent.objects.create(
        at=now,
        person_id=person.pk if person else None,
        person_name=person.name if person else "",
        verb=verb,
        object_kind=object_kind,
        object_id=object_id,
        partner_id=partner_id,
        before=before or {},
        after=after or {},
        reason=reason,
    )


def add_partner(partner: Partner, *, administrator: Person, now: datetime) -> Partner:
    """This function will add a partner and its first administrator, on the word of whoever runs the installation."""
    with transaction.atomic():
        partner.save(force_insert=True)
        if not administrator.pk:
            administrator.save(force_insert=True)
        record(
            verb="added",
            object_kind="partner",
            object_id=partner.pk,
            partner_id=partner.pk,
            now=now,
            after={"name": partner.name},
        )
        role = Role.objects.create(person=administrator, kind=Role.Kind.ADMINISTRATOR, partner=partner)
        _record_of(administrator, "gave a role", role, by=None, now=now)
    return partner


def add_person(
    person: Person,
    *,
    kind: str,
    partner_id: int,
    service_id: int | None,
    account_id: int | None,
    by: Person,
    now: datetime,
) -> Person:
    """This function will add a person with a first role; they choose a password by the link they are sent.

    Errors: NotAllowed
    """
    with transaction.atomic():
        person.set_unusable_password()
        person.save(force_insert=True)
        give_role(
            person, kind=kind, partner_id=partner_id, service_id=service_id, account_id=account_id, by=by, now=now
        )
    return person


def give_role(
    person: Person,
    *,
    kind: str,
    partner_id: int,
    service_id: int | None,
    account_id: int | None,
    by: Person,
    now: datetime,
) -> Role:
    """This function will give a role; one that is held already is given once.

    Errors: NotAllowed
    """
    with transaction.atomic():
        role = Role(person=person, kind=kind, partner_id=partner_id, service_id=service_id, account_id=account_id)
        permissions.check_can_manage_people(by, place_of(role))
        held = Role.objects.filter(
            person=person, kind=kind, partner=partner_id, service=service_id, account=account_id
        ).first()
        if held is not None:
            return held
        role.save()
        _record_of(person, "gave a role", role, by=by, now=now)
    return role


def take_role(role: Role, *, by: Person, now: datetime) -> None:
    """This function will take a role away.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_manage_people(by, place_of(role))
        _record_of(role.person, "took a role away", role, by=by, now=now)
        role.delete()


def place_of(role: Role) -> Place:
    """This function will say where a role is held; the service of its account is taken from the account."""
    if role.account is None:
        return Place(role.partner_id, role.service_id)
    return role.account.place


def _record_of(person: Person, verb: str, role: Role, *, by: Person | None, now: datetime) -> None:
    record(
        verb=verb,
        object_kind="person",
        object_id=person.pk,
        partner_id=role.partner_id,
        now=now,
        person=by,
        after={"role": role.kind, "service": role.service_id, "account": role.account_id},
    )


def change_person(person: Person, *, changed: list[str], by: Person, now: datetime) -> None:
    """This function will keep what was changed about a person; whether `by` may is asked before, of all their roles."""
    with transaction.atomic():
        before = Person.objects.filter(pk=person.pk).values(*changed).first() if changed else {}
        person.save()
        after = {name: getattr(person, name) for name in changed}
        _record_in_each_partner(person, "changed", by=by, now=now, before=dict(before or {}), after=after)


def switch(person: Person, *, on: bool, by: Person, now: datetime) -> None:
    """This function will end or restore somebody's sign-in; their open pages end with the next click."""
    with transaction.atomic():
        person.is_active = on
        person.save(update_fields=["is_active"])
        _record_in_each_partner(person, "restored" if on else "switched off", by=by, now=now)


def _record_in_each_partner(person: Person, verb: str, *, by: Person, now: datetime, **told: Any) -> None:
    for partner_id in {role.partner_id for role in person.grants}:
        record(verb=verb, object_kind="person", object_id=person.pk, partner_id=partner_id, now=now, person=by, **told)


def keep_service(service: Service, *, person: Person, now: datetime) -> None:
    """This function will keep a new or changed service.

    Errors: NotAllowed
    """
    with transaction.atomic():
        permissions.check_can_manage_people(person, Place(service.partner_id))
        verb = "changed" if service.pk else "added"
        service.save()
        record(
            verb=verb,
            object_kind="service",
            object_id=service.pk,
            partner_id=service.partner_id,
            now=now,
            person=person,
            after={"name": service.name, "about": service.about},
        )
