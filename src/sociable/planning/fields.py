"""Reads days, places and people as they are typed on the screens of planning."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from sociable.directory.models import Account
from sociable.people.models import Partner, Service


class DayField(forms.DateField):
    """A day, as browsers ask for it."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class Narrowing(forms.Form):
    """Which accounts a page shows: of one partner, of one service; everything travels in the address."""

    partner = forms.ModelChoiceField(Partner.objects.none(), required=False, empty_label="All partners")
    service = forms.ModelChoiceField(Service.objects.none(), required=False, empty_label="All services")

    def __init__(self, accounts: Iterable[Account], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = list(accounts)
        partners = Partner.objects.filter(pk__in={one.partner_id for one in given})
        services = Service.objects.filter(pk__in={one.service_id for one in given if one.service_id})
        self.fields["partner"] = forms.ModelChoiceField(partners, required=False, empty_label="All partners")
        self.fields["service"] = forms.ModelChoiceField(
            services.select_related("partner"), required=False, empty_label="All services"
        )

    def chosen(self, accounts: Iterable[Account]) -> list[Account]:
        """The accounts that are left; what cannot be read narrows nothing."""
        wanted = self.cleaned_data if self.is_valid() else {}
        partner, service = wanted.get("partner"), wanted.get("service")
        return [
            one
            for one in accounts
            if (partner is None or one.partner_id == partner.pk) and (service is None or one.service_id == service.pk)
        ]
