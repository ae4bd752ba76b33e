"""Reads what is typed about shifts, patterns and working hours; what speaks against it is told by cover."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms

from sociable.cover.around import Wanted
from sociable.cover.checking import wanted_as
from sociable.cover.models import Shift, ShiftPattern, WorkingPattern
from sociable.cover.queries import accounts_planned_by, people_rostered_by
from sociable.cover.rota import MOST_WEEKS
from sociable.directory.models import Account
from sociable.directory.queries import zone_of
from sociable.domain.cover.making import stretch
from sociable.domain.errors import DomainError
from sociable.domain.worktime.zones import zone_named
from sociable.people.models import Partner, Person, Service
from sociable.planning.fields import DayField, NotationField, NumberField, TimeField, WholeNumberField

WEEKDAYS = [(n, name) for n, name in enumerate(
    ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
)]  # fmt: skip


class PeopleField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has it without
    """One of the people somebody may put on a rota."""

    default_error_messages = {  # noqa: RUF012 - as Django has it
        "required": "Choose who works it.",
        "invalid_choice": "You do not plan the rota of this person.",
    }

    def __init__(self, planner: Person, *, label: str) -> None:
        super().__init__(people_rostered_by(planner), label=label, empty_label="Choose")


def _accounts_field(accounts: list[Account]) -> forms.ModelMultipleChoiceField:  # type: ignore[type-arg]
    return forms.ModelMultipleChoiceField(
        Account.objects.filter(pk__in=[account.pk for account in accounts]).select_related("partner", "answered_from"),
        label="Accounts it covers",
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one account that the shift covers."},
    )


class ReasonField(forms.CharField):
    """Why something is made against what was warned of; it is asked for once something was."""

    def __init__(self) -> None:
        super().__init__(
            label="Why all the same",
            help_text="Only where something above speaks against it. It is kept with the shift.",
            required=False,
            max_length=300,
        )


class ShiftForm(forms.Form):
    """One shift, in local times."""

    def __init__(self, planner: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PeopleField(planner, label="Who")
        self.fields["on"] = DayField(label="Day")
        self.fields["begins"] = TimeField(label="From")
        self.fields["ends"] = TimeField(label="Until", help_text="Not later than the beginning: it ends the next day.")
        self.fields["accounts"] = _accounts_field(accounts_planned_by(planner))
        self.fields["note"] = forms.CharField(label="Note", required=False, max_length=300)
        self.fields["reason"] = ReasonField()

    def wanted(self) -> Wanted:
        """This function will return the shift that was typed."""
        typed = self.cleaned_data
        accounts = tuple(typed["accounts"])
        zone = ZoneInfo(zone_of(accounts[0]))
        begins_at, ends_at = stretch(typed["on"], typed["begins"], typed["ends"], zone)
        return Wanted(typed["person"], begins_at, ends_at, accounts, typed["note"])


def as_typed(shift: Shift) -> dict[str, Any]:
    """This function will return a shift as the form shows it."""
    wanted = wanted_as(shift)
    zone = ZoneInfo(zone_of(wanted.accounts[0])) if wanted.accounts else ZoneInfo("Europe/London")
    begins, ends = wanted.starts_at.astimezone(zone), wanted.ends_at.astimezone(zone)
    return {
        "person": wanted.person.pk, "on": begins.date(), "begins": begins.time(), "ends": ends.time(),
        "accounts": [account.pk for account in wanted.accounts], "note": wanted.note,
    }  # fmt: skip


class PatternForm(forms.ModelForm):  # type: ignore[type-arg]  # Django has it without
    """A kind of shift that comes again."""

    weekdays = forms.TypedMultipleChoiceField(
        choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple, label="Days",
        error_messages={"required": "Choose at least one day of the week."},
    )  # fmt: skip

    class Meta:
        model = ShiftPattern
        fields = ("name", "partner", "service", "weekdays", "begins", "ends", "every_weeks", "accounts", "is_kept")
        field_classes = {"begins": TimeField, "ends": TimeField}  # noqa: RUF012 - as Django has it
        labels = {  # noqa: RUF012
            "partner": "Body", "begins": "From", "ends": "Until", "every_weeks": "Every so many weeks",
            "is_kept": "Offered when shifts are made",
        }  # fmt: skip
        help_texts = {  # noqa: RUF012
            "ends": "Not later than the beginning: it ends the next day.",
            "is_kept": "Untick it and it is offered no more. Shifts that were made from it stay.",
        }

    def __init__(self, planner: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        accounts = accounts_planned_by(planner)
        bodies = {account.partner_id for account in accounts}
        self.fields["partner"] = forms.ModelChoiceField(
            Partner.objects.filter(pk__in=bodies), label="Body", empty_label="Choose", initial=_only(bodies)
        )
        services = {account.service_id for account in accounts}
        self.fields["service"] = forms.ModelChoiceField(
            Service.objects.filter(pk__in=[each for each in services if each]), required=False, empty_label="All of it",
            initial=_only(services),
        )  # fmt: skip
        self.fields["accounts"] = _accounts_field(accounts)
        self.fields["every_weeks"].min_value = 1  # type: ignore[attr-defined]

    def clean_every_weeks(self) -> int:
        every: int = self.cleaned_data["every_weeks"]
        if not 1 <= every <= 12:
            raise forms.ValidationError("Give a number of weeks from 1 to 12.")
        return every


def _only(keys: set[int] | set[int | None]) -> int | None:
    """What stands there before anybody chooses: the one there is."""
    return next(iter(keys)) if len(keys) == 1 else None


class FromPatternForm(forms.Form):
    """For whom a pattern makes its shifts, and for how long."""

    def __init__(self, planner: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"] = PeopleField(planner, label="Who")
        self.fields["first_on"] = DayField(label="From the day")
        self.fields["weeks"] = WholeNumberField(
            label="For how many weeks", min_value=1, max_value=MOST_WEEKS, initial=4
        )
        self.fields["bank_holidays"] = forms.BooleanField(
            label="On bank holidays too", required=False, help_text="Else those days are left out."
        )
        self.fields["reason"] = ReasonField()


class WorkingForm(forms.ModelForm):  # type: ignore[type-arg]
    """When somebody works, and the limits of their shifts, from a day on."""

    week_hours = NumberField(label="Hours a week at most", min_value=0, max_value=100, decimal_places=2)
    longest_hours = NumberField(label="Longest shift, in hours", min_value=1, max_value=24, decimal_places=2)
    rest_hours = NumberField(
        label="Least rest between two days, in hours", min_value=0, max_value=48, decimal_places=2,
        help_text="The law says 11, and lets few be asked for less.",
    )  # fmt: skip

    class Meta:
        model = WorkingPattern
        fields = (
            "valid_from_on", "notation", "zone", "most_days_in_a_row", "at_once", "weekends_in_a_row", "weekends_in_four",
        )  # fmt: skip
        field_classes = {"valid_from_on": DayField, "notation": NotationField}  # noqa: RUF012 - as Django has it
        labels = {  # noqa: RUF012
            "valid_from_on": "From the day", "notation": "When they work", "zone": "Time zone",
            "most_days_in_a_row": "Most days in a row", "at_once": "Most accounts in one shift",
            "weekends_in_a_row": "Most weekends in a row", "weekends_in_four": "Most weekends among any four",
        }  # fmt: skip
        help_texts = {  # noqa: RUF012
            "notation": "As stated hours are written: Mo-Fr 09:00-17:00, or Mo,We 09:00-17:00; Th 09:00-13:00",
            "weekends_in_a_row": "Empty: not limited. A weekend counts where a shift begins on its Saturday or Sunday.",
            "weekends_in_four": "Empty: not limited. 0: never on a weekend.",
            "at_once": "A shift that covers more is warned of.",
        }
        error_messages = {"notation": {"required": "Say when they work, as in Mo-Fr 09:00-17:00."}}  # noqa: RUF012

    order = (
        "valid_from_on", "notation", "week_hours", "longest_hours", "rest_hours", "most_days_in_a_row",
        "weekends_in_a_row", "weekends_in_four", "at_once", "zone",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields(self.order)
        for field, column in self.hours.items():
            self.initial.setdefault(field, f"{getattr(self.instance, column) / 60:g}")

    hours = {"week_hours": "week_minutes", "longest_hours": "longest_shift_minutes", "rest_hours": "rest_minutes"}  # noqa: RUF012

    def clean_zone(self) -> str:
        try:
            return zone_named(self.cleaned_data["zone"]).key
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None

    def save(self, commit: bool = True) -> WorkingPattern:
        for field, column in self.hours.items():
            setattr(self.instance, column, round(self.cleaned_data[field] * 60))
        return super().save(commit)  # type: ignore[no-any-return]


class CancelForm(forms.Form):
    """Why a published shift is cancelled at once."""

    reason = forms.CharField(
        label="Why it is cancelled", help_text="They read it on their day.", max_length=300,
        error_messages={"required": "Say why it is cancelled: they will read it."},
    )  # fmt: skip
