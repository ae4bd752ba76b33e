"""The pages of people and their roles. Who may give what where is decided in people/permissions."""

from __future__ import annotations

from datetime import datetime

from allauth.account.forms import ResetPasswordForm
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.journeys import leave
from sociable.office.forms import PersonForm, RoleForm
from sociable.office.rights import page
from sociable.people import permissions
from sociable.people import services as record_keeping
from sociable.people.models import Person, Role
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act, Place


def _roles_managed(person: Person) -> QuerySet[Role]:
    """Roles at places whose people this person manages."""
    here = permissions.scope_filter(person, Act.MANAGE_PEOPLE, partner="partner", service="service", account="account")
    return Role.objects.filter(here)


def _seen(person: Person) -> list[Person]:
    """People with a role here, and those with none at all that somebody should give one to or switch off."""
    mine = {role.person_id for role in _roles_managed(person)}
    return list(
        Person.objects.filter(pk__in=mine).prefetch_related("roles__partner", "roles__service").order_by("name")
    )


def _all_managed(person: Person, of: Person) -> bool:
    """Whether every role somebody holds is at a place this person manages: only then may they be renamed or switched off."""
    return all(permissions.can_manage_people(person, record_keeping.place_of(role)) for role in of.grants)


def _where(role: Role) -> str:
    if role.account_id:
        return Account.objects.get(pk=role.account_id).name
    return f"{role.service}, {role.partner.short_name}" if role.service else f"all of {role.partner.short_name}"


def _check_opens(person: Person) -> None:
    """Errors: NotAllowed for who manages nobody anywhere."""
    if not any(Act.MANAGE_PEOPLE in permissions.MAY[role.kind] for role in person.grants):
        permissions.check_can_manage_people(person, Place(0))


@staff
@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """This page will list people by name with their roles."""
    person = signed_in(request)
    _check_opens(person)
    names = dict(Account.objects.values_list("pk", "name"))
    rows = [
        {
            "person": each,
            "roles": [
                f"{role.get_kind_display()}: {names.get(role.account_id or 0) or _where(role)}"
                for role in each.roles.all()
            ],
        }
        for each in _seen(person)
    ]
    return page(request, "people", "people.html", {"rows": rows})


@staff
@require_http_methods(["GET", "POST"])
def add(request: HttpRequest) -> HttpResponse:
    """This page will add a person with a first role, and send them a link to choose a password."""
    giver = signed_in(request)
    _check_opens(giver)
    form, role = PersonForm(request.POST or None), RoleForm(giver, request.POST or None)
    here = Person.objects.filter(email__iexact=request.POST.get("email", "").strip()).first()
    if here is not None and role.is_valid():
        return _also_here(request, here, role)
    if request.method == "POST" and form.is_valid() & role.is_valid():
        given = {"kind": role.cleaned_data["kind"], **role.place()}
        added = record_keeping.add_person(form.save(commit=False), **given, by=giver, now=timezone.now())
        _send_link(request, added)
        return redirect("office:person", person_id=added.pk)
    return page(request, "people", "add_person.html", {"form": form, "role_form": role})


def _also_here(request: HttpRequest, person: Person, role: RoleForm) -> HttpResponse:
    """Somebody who signs in already, for another body perhaps, is given the role and stays who they are."""
    given = {"kind": role.cleaned_data["kind"], **role.place()}
    record_keeping.give_role(person, **given, by=signed_in(request), now=timezone.now())
    messages.success(request, f"{person.name} signs in with that address already and now has this role as well.")
    return redirect("office:person", person_id=person.pk)


def _send_link(request: HttpRequest, person: Person) -> None:
    form = ResetPasswordForm(data={"email": person.email})
    try:
        if form.is_valid():
            form.save(request)
        messages.success(
            request, f"{person.name} is added. A link to choose a password is on its way to {person.email}."
        )
    except DomainError as refusal:
        messages.warning(
            request,
            f"{person.name} is added, but no mail left: {refusal.message} They can use “I have forgotten my password”.",
        )


@staff
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, person_id: int) -> HttpResponse:
    """This page will show a person, their roles, and what may be changed."""
    giver = signed_in(request)
    person = _person(giver, person_id)
    whole = _all_managed(giver, person)
    form = PersonForm(request.POST or None, instance=person)
    if request.method == "POST" and whole and form.is_valid():
        record_keeping.change_person(form.save(commit=False), changed=form.changed_data, by=giver, now=timezone.now())
        messages.success(request, "Saved.")
        return redirect("office:person", person_id=person.pk)
    return _page(request, person, form if whole else None, RoleForm(giver))


def _page(request: HttpRequest, person: Person, form: PersonForm | None, role_form: RoleForm) -> HttpResponse:
    giver = signed_in(request)
    roles = [
        {
            "role": role,
            "where": _where(role),
            "may": permissions.can_manage_people(giver, record_keeping.place_of(role)),
        }
        for role in person.roles.select_related("partner", "service").order_by("partner__name", "kind")
    ]
    named = Person.objects.get(pk=person.pk).name
    context = {
        "person": person,
        "name": named,
        "form": form,
        "roles": roles,
        "role_form": role_form,
        "whole": form is not None,
    }
    return page(request, "people", "person.html", context)


def _person(giver: Person, person_id: int) -> Person:
    mine = {role.person_id for role in _roles_managed(giver)}
    return get_object_or_404(Person, pk=person_id, pk__in=mine)


@staff
@require_POST
def add_role(request: HttpRequest, person_id: int) -> HttpResponse:
    """This button will give a person a role."""
    giver = signed_in(request)
    person = _person(giver, person_id)
    form = RoleForm(giver, request.POST)
    if not form.is_valid():
        return _page(request, person, PersonForm(instance=person) if _all_managed(giver, person) else None, form)
    record_keeping.give_role(person, kind=form.cleaned_data["kind"], **form.place(), by=giver, now=timezone.now())
    messages.success(request, "The role is given.")
    return redirect("office:person", person_id=person.pk)


@staff
@require_POST
def remove_role(request: HttpRequest, person_id: int, role_id: int) -> HttpResponse:
    """This button will take a role away."""
    giver = signed_in(request)
    role = get_object_or_404(_roles_managed(giver), pk=role_id, person=person_id)
    record_keeping.take_role(role, by=giver, now=timezone.now())
    messages.success(request, "The role is taken away.")
    still_seen = any(each.person_id == person_id for each in _roles_managed(Person.objects.get(pk=giver.pk)))
    return redirect("office:person", person_id=person_id) if still_seen else redirect("office:people")


@staff
@require_POST
def switch(request: HttpRequest, person_id: int) -> HttpResponse:
    """This button will end or restore somebody's sign-in."""
    giver = signed_in(request)
    person = _person(giver, person_id)
    if not _all_managed(giver, person):
        raise permissions.NotAllowed("This person also works for another body: only take away their roles here.")
    if person.pk == giver.pk:
        raise permissions.NotAllowed("Somebody else must end your sign-in: else a body could be left with nobody.")
    messages.success(request, _switched(person, giver, timezone.now()))
    return redirect("office:person", person_id=person.pk)


def _switched(person: Person, giver: Person, now: datetime) -> str:
    if not person.is_active:
        leave.come_back(person, by=giver, now=now)
        return f"{person.name} can sign in again."
    cancelled = leave.leave(person, by=giver, now=now)
    words = f"{person.name} can no longer sign in."
    if not cancelled:
        return words
    gone = "One shift of theirs is" if cancelled == 1 else f"{cancelled} shifts of theirs are"
    return f"{words} {gone} cancelled; the board shows what nobody covers now."
