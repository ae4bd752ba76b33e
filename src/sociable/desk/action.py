"""What every action on a conversation is: a form, most of them a single button, and the journey that does it.

The actions themselves stand by what they change: its state, its people, who can read it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.urls import reverse

from sociable.conversations.models import Conversation
from sociable.people import permissions
from sociable.people.models import Person


class Action(forms.Form):
    """One thing to do with a conversation: its words, what it asks, and the journey that does it."""

    name: ClassVar[str]
    title: ClassVar[str]
    button: ClassVar[str]
    icon: ClassVar[str] = ""
    about: ClassVar[str] = ""
    do_not_call_in_templates: ClassVar[bool] = True  # templates name the classes of buttons

    def __init__(self, conversation: Conversation, person: Person, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conversation, self.person, self.now = conversation, person, now
        self.next_url = reverse("desk:conversation", args=[conversation.pk])
        self.prepare()

    def prepare(self) -> None:
        """Fill in what can be chosen."""

    def carry_out(self) -> str:
        """This function will do it and return what was done, in words.

        Errors: DomainError
        """
        raise NotImplementedError


def words_field(label: str, hint: str = "", *, required: bool = True, most: int = 300) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a few words here."},
    )


def answerers(conversation: Conversation) -> list[Person]:
    """This function will list who may answer a conversation, by name."""
    here = (
        Person.objects.filter(is_active=True, roles__partner=conversation.account.partner_id)
        .distinct()
        .prefetch_related("roles")
    )
    return [one for one in here if permissions.can_answer(one, conversation.place)]
