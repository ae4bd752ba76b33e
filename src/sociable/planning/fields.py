"""Reads days, times, hours and places as they are typed on the screens of planning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.worktime import StatedHours
from sociable.people.models import Partner, Service

FIRST_YEAR, LAST_YEAR = 2000, 2190


class DayField(forms.DateField):
    """A day, as browsers ask for it; one that no calendar reckons with is a slip of the hand."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_error_messages = {"required": "Choose a day."}  # noqa: RUF012 - as Django has it

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise forms.ValidationError(f"Look at the year once more: {day.year} cannot be meant.")
        return day


class TimeField(forms.TimeField):
    """A time of day, as browsers ask for it."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    default_error_messages = {"required": "Give a time, as in 09:00."}  # noqa: RUF012 - as Django has it


class NumberField(forms.DecimalField):
    """A number from one to another; whatever else is typed is told in one sentence."""

    def __init__(self, *, min_value: int, max_value: int, decimal_places: int = 0, **given: Any) -> None:
        kind = "number" if decimal_places else "whole number"
        words = f"Give a {kind} from {min_value} to {max_value}."
        told = dict.fromkeys(("invalid", "min_value", "max_value", "max_decimal_places", "required"), words)
        super().__init__(
            min_value=min_value, max_value=max_value, decimal_places=decimal_places, error_messages=told, **given
        )


class WholeNumberField(NumberField):
    """The same, of whole numbers alone."""

    def clean(self, value: Any) -> int | None:
        typed = super().clean(value)
        return None if typed is None else int(typed)


class NotationField(forms.CharField):
    """Hours, as stated hours are written; what cannot be read is said in the words of the notation itself."""

    widget = forms.TextInput(attrs={"spellcheck": "false", "autocapitalize": "none"})

    def __init__(self, **given: Any) -> None:
        """One line, also where the model has a text of any length for it."""
        super().__init__(**given | {"widget": self.widget})

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        try:
            return StatedHours.parse(typed).notation
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None


class Narrowing(forms.Form):
    """Which accounts a page shows: of one partner, of one service; everything travels in the address."""

    partner = forms.ModelChoiceField(Partner.objects.none(), label="Body", required=False, empty_label="All bodies")
    service = forms.ModelChoiceField(Service.objects.none(), required=False, empty_label="All services")

    def __init__(self, accounts: Iterable[Account], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        given = list(accounts)
        partners = Partner.objects.filter(pk__in={one.partner_id for one in given})
        services = Service.objects.filter(pk__in={one.service_id for one in given if one.service_id})
        self.fields["partner"] = forms.ModelChoiceField(
            partners, label="Body", required=False, empty_label="All bodies"
        )
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
