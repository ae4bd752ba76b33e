"""Decides what residents may type and what is said beside a field that cannot be taken.

Whether it looks like spam is left to suspicion; nothing typed is ever thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator

from sociable.directory.models import Account
from sociable.people.models import Partner

LONGEST_CHARS = 10_000


class Words(forms.CharField):
    """Text as people wrote it: a line's end counts once, and what no database keeps is left out."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).replace("\r\n", "\n").replace("\x00", "").strip()


class _Message(forms.Form):
    text = Words(
        strip=False,
        validators=[
            MaxLengthValidator(LONGEST_CHARS)
        ],  # not max_length: so high a limit needs no counter under the field
        widget=forms.Textarea(attrs={"rows": 8}),
        error_messages={
            "required": "Write what you need",
            "max_length": "Your message must be %(limit_value)d characters or fewer. It has %(show_value)d.",
        },
    )
    mark = forms.CharField(required=False, widget=forms.HiddenInput, max_length=300)


class AskForm(_Message):
    """A request to one account."""

    name = Words(
        label="Your name",
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"max_length": "Your name must be 120 characters or fewer"},
    )
    email = forms.EmailField(
        label="Your email address",
        required=False,
        max_length=254,
        help_text="We send our answer here. Without it, keep the private link on the next page: your answer appears there.",
        widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false"}),
        error_messages={
            "invalid": "Enter an email address in the correct format, like name@example.com",
            "max_length": "Your email address must be 254 characters or fewer",
        },
    )
    field_order = ("text", "name", "email", "mark")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "What do you need?"
        self.fields[
            "text"
        ].help_text = "Do not send bank details, passwords or health details that we have not asked for."


class AddForm(_Message):
    """More about a request, from its private link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = "Add to your request"
        self.fields["text"].widget.attrs["rows"] = 5


class FilterForm(forms.Form):
    """What narrows the list of accounts; everything travels in the address."""

    q = forms.CharField(
        label="Search", required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    partner = forms.ChoiceField(label="Organisation", required=False)
    service = forms.ChoiceField(label="Service", required=False)
    purpose = forms.ChoiceField(
        label="What it is for", required=False, choices=[("", "Anything"), *Account.Purpose.choices]
    )
    open = forms.BooleanField(label="Open now", required=False)

    def __init__(self, *args: Any, partners: Iterable[Partner], services: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["partner"].choices = [("", "All"), *((one.slug, one.name) for one in partners)]  # type: ignore[attr-defined]
        self.fields["service"].choices = [("", "All"), *((name, name) for name in services)]  # type: ignore[attr-defined]


class OursForm(forms.Form):
    """Something that says it is ours."""

    q = forms.CharField(
        label="Link, name or email address",
        max_length=500,
        help_text="For example https://social.example/@citylibraries, @citylibraries or libraries@city.example",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={
            "required": "Paste the link, name or email address you want to check",
            "max_length": "That is too long to be a link, name or email address",
        },
    )
