"""The pages of partners and their services."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from sociable.journeys import state
from sociable.office.forms import PartnerForm, ServiceForm
from sociable.office.rights import page
from sociable.office.stating import counted
from sociable.people import permissions
from sociable.people import services as record_keeping
from sociable.people.models import Partner, Person, Service
from sociable.people.parts import signed_in, staff
from sociable.people.permissions import Act


def _mine(person: Person) -> list[int]:
    return permissions.whole_partners(person, Act.MANAGE_PEOPLE)


@staff
@require_safe
def partners(request: HttpRequest) -> HttpResponse:
    """This page will list the partners a person manages, with their services."""
    mine = _mine(signed_in(request))
    if not mine:
        permissions.check_can_manage_people(signed_in(request), permissions.Place(0))
    rows = Partner.objects.filter(pk__in=mine).prefetch_related("services", "accounts")
    return page(request, "partners", "partners.html", {"partners": rows})


@staff
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, partner_id: int) -> HttpResponse:
    """This page will change a partner."""
    partner = get_object_or_404(Partner, pk=partner_id, pk__in=_mine(signed_in(request)))
    form = PartnerForm(request.POST or None, instance=partner)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.initial.get(name) for name in form.changed_data}
        moved = state.change_partner(
            form.save(commit=False), changes=changes, person=signed_in(request), now=timezone.now()
        )
        messages.success(request, f"Saved. {counted(moved)} moved." if moved else "Saved.")
        return redirect("office:partners")
    return page(request, "partners", "form.html", {"form": form, "title": f"Change {partner.name}", "yes": "Save"})


@staff
@require_http_methods(["GET", "POST"])
def add_service(request: HttpRequest, partner_id: int) -> HttpResponse:
    """This page will add a service to a partner."""
    partner = get_object_or_404(Partner, pk=partner_id, pk__in=_mine(signed_in(request)))
    return _service(request, Service(partner=partner), f"Add a service to {partner.name}")


@staff
@require_http_methods(["GET", "POST"])
def edit_service(request: HttpRequest, service_id: int) -> HttpResponse:
    """This page will change a service."""
    service = get_object_or_404(Service, pk=service_id, partner__in=_mine(signed_in(request)))
    return _service(request, service, f"Change {service.name}")


def _service(request: HttpRequest, service: Service, title: str) -> HttpResponse:
    form = ServiceForm(request.POST or None, instance=service)
    if request.method == "POST" and form.is_valid():
        record_keeping.keep_service(form.save(commit=False), person=signed_in(request), now=timezone.now())
        messages.success(request, "Saved.")
        return redirect("office:partners")
    return page(request, "partners", "form.html", {"form": form, "title": title, "yes": "Save"})
