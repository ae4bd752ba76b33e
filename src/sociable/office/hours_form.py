"""Reads stated hours as they are typed: by the week, a line a day, or whole in OpenStreetMap's notation.

What the notation allows is decided in domain/worktime; here each refusal is put beside the line it is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Any

from django import forms

from sociable.domain.errors import DomainError
from sociable.domain.worktime import StatedHours
from sociable.domain.worktime.notation import DAYS
from sociable.domain.worktime.spans import MIDNIGHT, DaySpans
from sociable.domain.worktime.wording import WEEKDAYS
from sociable.office.statement import Statement

_HOURS = re.compile(r"\d{1,2}:|off$|closed$", re.IGNORECASE)
CLOSED, AS_USUAL, OWN = "closed", "usual", "own"


class Hours(Statement):
    """A statement of hours, and what it says once it is read."""

    stated: StatedHours


class Week(Hours):
    """The hours of a week, bank holidays, and special days."""

    field_order = (
        *(name.lower() for name in WEEKDAYS),
        "bank_holidays",
        "bank_holiday_hours",
        "special",
        "valid_from_on",
    )
    bank_holidays = forms.ChoiceField(
        choices=[(CLOSED, "Closed"), (AS_USUAL, "Open like any other day"), (OWN, "Open at other hours")],
        widget=forms.RadioSelect,
        label="On bank holidays",
    )
    bank_holiday_hours = forms.CharField(
        label="Hours on bank holidays", required=False, help_text="As above, for the last choice"
    )
    special = forms.CharField(
        label="Special days",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="One a line: 2026 Dec 24 09:00-12:00, or 2026 Dec 28-31 off",
    )

    def __init__(self, today: date, *args: Any, **kwargs: Any) -> None:
        super().__init__(today, *args, **kwargs)
        for name in WEEKDAYS:
            self.fields[name.lower()] = forms.CharField(label=name, required=False, max_length=120)
        self.order_fields(self.field_order)

    @property
    def days(self) -> list[forms.BoundField]:
        """The seven lines of the week, for the page."""
        return [self[name.lower()] for name in WEEKDAYS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        rules = [
            self._rule(name.lower(), day, cleaned.get(name.lower()) or "")
            for day, name in zip(DAYS, WEEKDAYS, strict=True)
        ]
        rules += self._bank_holidays(cleaned)
        rules += [
            self._rule("special", "", line) for line in (cleaned.get("special") or "").splitlines() if line.strip()
        ]
        if not self.errors:
            self._put_together(rules)
        return cleaned

    def _put_together(self, rules: list[str]) -> None:
        """Each line was good by itself; together only a special day that is no date can be wrong."""
        try:
            self.stated = StatedHours.parse("; ".join(["Mo-Su off", *filter(None, rules)]))
        except DomainError as refusal:
            self.add_error("special", f"Each line begins with a date, as in 2026 Dec 24. {refusal.message}")

    def _bank_holidays(self, cleaned: dict[str, Any]) -> list[str]:
        choice = cleaned.get("bank_holidays")
        if choice == OWN and not cleaned.get("bank_holiday_hours"):
            self.add_error("bank_holiday_hours", "Say the hours on bank holidays, or choose closed.")
        if choice == OWN:
            return [self._rule("bank_holiday_hours", "PH", cleaned.get("bank_holiday_hours") or "")]
        return ["PH off"] if choice == CLOSED else []

    def _rule(self, field: str, day: str, hours: str) -> str:
        """One line as a rule of the notation; its refusal goes beside its field."""
        if not hours.strip():
            return ""
        rule = f"{day} {hours}".strip()
        if day and not _HOURS.match(hours.strip()):
            self.add_error(field, "Write hours as in 09:00-17:00, or leave a closed day empty.")
            return ""
        try:
            StatedHours.parse(rule)
        except DomainError as refusal:
            self.add_error(field, getattr(refusal, "reason", refusal.message))
        return rule


class Notation(Hours):
    """The hours as one text."""

    field_order = ("notation", "valid_from_on")
    notation = forms.CharField(
        label="Hours in OpenStreetMap's notation",
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text="As in Mo-Th 08:30-17:00; Fr 08:30-16:30; PH off; 2026 Dec 24 09:00-12:00",
    )

    def clean_notation(self) -> str:
        text = str(self.cleaned_data["notation"]).replace("\r\n", " ").replace("\n", " ")
        try:
            self.stated = StatedHours.parse(text)
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None
        return self.stated.notation


def as_typed(hours: StatedHours | None, from_on: date) -> dict[str, Any]:
    """This function will return stated hours as the week's form has them; special days that have passed are left out."""
    if hours is None:
        return {"bank_holidays": CLOSED}
    typed: dict[str, Any] = {
        name.lower(): spans_typed(spans) for name, spans in zip(WEEKDAYS, hours.weekly, strict=True)
    }
    typed["bank_holidays"] = AS_USUAL if hours.bank_holidays is None else OWN if hours.bank_holidays else CLOSED
    typed["bank_holiday_hours"] = spans_typed(hours.bank_holidays or ())
    typed["special"] = "\n".join(_dated(hours.dated, from_on))
    typed["notation"] = hours.notation
    return typed


def _dated(dated: Iterable[tuple[date, DaySpans]], from_on: date) -> list[str]:
    return [f"{on.year} {on:%b} {on.day} {spans_typed(spans) or 'off'}" for on, spans in dated if on >= from_on]


def spans_typed(spans: DaySpans) -> str:
    """This function will write the spans of a day as people type them: "09:00-12:00, 14:00-16:30"."""
    return ", ".join(
        f"{_time(opens)}-{_time(closes if closes == MIDNIGHT else closes % MIDNIGHT)}" for opens, closes in spans
    )


def _time(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
