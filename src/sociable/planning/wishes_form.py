"""Reads a wish as it is typed: for days of every week or for one day, all of it or a part, and how much it matters."""

from __future__ import annotations

from typing import Any

from django import forms

from sociable.cover.wish_models import Wish
from sociable.cover.wishes import Stated
from sociable.people.models import Person
from sociable.planning.fields import DayField, TimeField
from sociable.planning.rota_forms import WEEKDAYS

NOWHERE = "It goes into no proposal, no trail and no mail"
WHAT = [("free", "Rather be free"), ("work", "Rather work")]


class WishForm(forms.Form):
    """What somebody wishes; the reason may stay unsaid."""

    what = forms.ChoiceField(
        label="What you wish", choices=WHAT, widget=forms.RadioSelect,
        error_messages={"required": "Choose whether you would rather be free or work."},
    )  # fmt: skip
    weekdays = forms.TypedMultipleChoiceField(
        label="Every week on", choices=WEEKDAYS, coerce=int, widget=forms.CheckboxSelectMultiple, required=False
    )
    until_on = DayField(label="Until", required=False, help_text="Empty: until it is taken back")
    on_day = DayField(label="Or on one day", required=False)
    begins = TimeField(label="From", required=False, help_text="Empty: all day")
    ends = TimeField(label="To", required=False, help_text="Not later than the beginning: the next day")
    weight = forms.TypedChoiceField(
        label="How much it matters", choices=Wish.Weight.choices, coerce=int, widget=forms.RadioSelect,
        initial=Wish.Weight.MUCH, error_messages={"required": "Choose how much it matters."},
    )  # fmt: skip
    private_reason = forms.CharField(
        label="Why", max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=f"Only you and whoever plans you can read it. {NOWHERE}",
    )  # fmt: skip

    def __init__(self, of: Person, reader: Person, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if of != reader:
            self.fields["what"].label = f"What {of.first_name} wishes"
            self.fields[
                "private_reason"
            ].help_text = (
                f"As {of.first_name} said it, if they did. Only they and whoever plans them can read it. {NOWHERE}"
            )

    def clean(self) -> dict[str, Any]:
        """Either days of every week or one day; from a time to a time, or all day."""
        typed = super().clean() or {}
        weekly, once = typed.get("weekdays"), typed.get("on_day")
        if not weekly and not once and "on_day" not in self.errors:
            self.add_error("weekdays", "Choose days of every week, or give one day.")
        if weekly and once:
            self.add_error("on_day", "Choose days of every week or give one day, not both: make two wishes of it.")
        if (typed.get("begins") is None) != (typed.get("ends") is None) and not {"begins", "ends"} & set(self.errors):
            self.add_error("begins", "Say from when to when, or leave both empty for all day.")
        return typed

    def stated(self) -> Stated:
        """What was typed."""
        typed = self.cleaned_data
        return Stated(
            rather=typed["what"] == "work", weight=typed["weight"], weekdays=tuple(sorted(typed["weekdays"])),
            on_day=typed["on_day"], begins=typed["begins"], ends=typed["ends"],
            until_on=typed["until_on"] if typed["weekdays"] else None, private_reason=typed["private_reason"],
        )  # fmt: skip


def as_typed(wish: Wish) -> dict[str, Any]:
    """This function will return a wish as the form shows it."""
    names = ("weekdays", "on_day", "begins", "ends", "until_on", "weight", "private_reason")
    return {"what": "work" if wish.rather else "free"} | {name: getattr(wish, name) for name in names}
