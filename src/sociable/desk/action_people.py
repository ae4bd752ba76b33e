"""Actions on whose a request is: two conversations of one matter, two addresses of one person, another account's.

What proves that people are one is decided by journeys/identify.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.urls import reverse

from sociable.conversations.models import Conversation
from sociable.desk.action import Action, words_field
from sociable.directory.models import Account
from sociable.journeys import identify, join
from sociable.people import permissions


class Merge(Action):
    """Make two conversations one."""

    name, title, button, icon = "merge", "Merge into another", "Merge", "merge"
    about = "Everything said here moves there. Whoever waits in both waits once, timed from the first. Private links of both lead there."
    into = forms.ChoiceField(label="Into", required=False)
    number = forms.IntegerField(
        label="Or the number of another conversation",
        help_text="The number at the end of its address",
        required=False,
        min_value=1,
        error_messages={"invalid": "Give the number alone, as in 1204."},
    )
    same_person = forms.BooleanField(
        label="Both are the same person: each private link will show everything", required=False
    )

    def prepare(self) -> None:
        found = join.merge_candidates(self.conversation, self.person)
        same = [(one.pk, f"{one.subject or 'No subject'} ({one.account.name})") for one in found]
        self.fields["into"].choices = [("", "Choose one of the same person"), *same]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if not given.get("into") and not given.get("number") and not self.errors:
            self.add_error("into", "Choose the conversation into which this one goes.")
        return given

    def carry_out(self) -> str:
        into_id = int(self.cleaned_data["number"] or self.cleaned_data["into"])
        if not Conversation.objects.visible_to(self.person).filter(pk=into_id).exists():
            raise join.CannotJoin(f"There is no conversation {into_id} that you may see.")
        into = join.merge(
            self.conversation.pk, into_id, self.person, self.now, same_person=self.cleaned_data["same_person"]
        )
        self.next_url = reverse("desk:conversation", args=[into.pk])
        return "Merged: everything is here now."


class SamePerson(Action):
    """Say that two people are one."""

    name, title, button, icon = "same-person", "Same person as", "They are one person", "people"
    about = (
        "They hold one place in the queue from then on. Their conversations stay apart, and so do their private links. "
        "You can part them again."
    )
    who = forms.CharField(
        label="Whom",
        help_text="Their email address, handle or phone number as we know it, or the number at the end of the address of one of "
        "their conversations",
        max_length=320,
        error_messages={"required": "Say whom you mean."},
    )
    reason = words_field("How you know it", "A name alone proves nothing. What you write here is kept with your name.")

    def carry_out(self) -> str:
        identify.by_word(
            self.conversation.pk, self.cleaned_data["who"], self.cleaned_data["reason"], self.person, self.now
        )
        return "They are one person here now, with one place in the queue."


class SendCode(Action):
    """Have somebody prove that an address is theirs."""

    name, title, button, icon = "send-code", "Prove an email address", "Send the code", "shield"
    about = (
        "We send a code to the address. Whoever reads it there writes it into this conversation, which is noticed by itself, "
        "or reads it out to you. The code is shown to nobody here."
    )
    address = forms.CharField(
        label="Email address they say is theirs", max_length=320, error_messages={"required": "Give the address."}
    )

    def carry_out(self) -> str:
        code = identify.send_code(self.conversation.pk, self.cleaned_data["address"], self.person, self.now)
        return f"A code is on its way to {code.address}. It holds for a day."


class EnterCode(Action):
    """Take a code that was read out."""

    name, title, button, icon = "enter-code", "Enter the code", "Enter it", "shield"
    about = "The code they were sent, as they read it out to you."
    code = forms.CharField(label="Code", max_length=20, error_messages={"required": "Type the code."})

    def carry_out(self) -> str:
        identify.enter_code(self.conversation.pk, self.cleaned_data["code"], self.person, self.now)
        return "The address is proved to be theirs."


class Part(Action):
    """Say that two people are not one."""

    name, title, button = "part", "Not the same person", "Part them"
    about = (
        "The address, and what was said by it, is another person's again. Conversations that were merged stay merged."
    )
    joining = forms.IntegerField(widget=forms.HiddenInput)
    reason = words_field("Why they are not one person", "It is kept.")

    def carry_out(self) -> str:
        identify.part(
            self.cleaned_data["joining"], self.conversation.pk, self.cleaned_data["reason"], self.person, self.now
        )
        return "They are two people again."


class Move(Action):
    """Pass it to the account it is for."""

    name, title, button, icon = "move", "Move to another account", "Move", "move"
    about = "The clock keeps its start and the time we told them. Whoever answers there finds it in the queue."
    account = forms.ChoiceField(label="To", error_messages={"required": "Choose the account it is for."})
    note = words_field("What they should know", required=False, most=400)

    def prepare(self) -> None:
        here = self.conversation.account
        others = Account.objects.filter(partner=here.partner, stage__in=join.ANSWERING).exclude(pk=here.pk)
        self.fields["account"].choices = [("", "Choose an account"), *others.values_list("pk", "name")]  # type: ignore[attr-defined]

    def carry_out(self) -> str:
        account = Account.objects.select_related("partner").get(pk=self.cleaned_data["account"])
        join.move(self.conversation.pk, account, self.person, self.cleaned_data["note"], self.now)
        if not permissions.can_see(self.person, account.place):
            self.next_url = reverse("desk:desk")
        return f"It is with {account.name} now. The clock keeps its start."
