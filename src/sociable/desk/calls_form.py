"""Reads what is typed in a note of a call or a visit; whether it can be so is decided by the journey."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from sociable.conversations.models import CallNote
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.text import e164
from sociable.journeys import calls
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.permissions import Act

KEPT = (
    *("account", "began_at", "network", "sender", "name", "phone", "email", "asked", "outcome", "told", "told_at"),
    *("takes", "closes"),
)
LONGEST_CHARS = 100_000
AS_BROWSERS_SEND = "%Y-%m-%dT%H:%M"
OUTCOMES = [("promised", "It is promised: it waits in the queue"), ("answered", "I answered it: the clock stops")]
COPIED_OUTCOMES = [("promised", "It waits in the queue"), ("answered", "I answered it there: the clock stops")]
ABOUT_OUTCOMES = [("answered", "That answered it: the clock stops"), ("promised", "They still wait: the clock goes on")]
AT = {"invalid": "Give a day and a time, as in 3 December 2026 10:30."}


def _moment(label: str, hint: str, *, required: bool) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        help_text=hint,
        required=required,
        input_formats=[AS_BROWSERS_SEND, f"{AS_BROWSERS_SEND}:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=AS_BROWSERS_SEND),
        error_messages=AT | {"required": "Give the time at which it began."},
    )


def _words(label: str, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=False,
        max_length=LONGEST_CHARS,
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": None}),
    )


class CallForm(forms.Form):
    """A call or a visit, as far as it is typed."""

    account = forms.ModelChoiceField(
        Account.objects.none(),
        label="For",
        empty_label="Choose the account",
        error_messages={"required": "Choose the account that it is for."},
    )
    network = forms.CharField(label="Where they wrote it", required=False, max_length=60)
    sender = forms.CharField(label="Known there as", required=False, max_length=200)
    name = forms.CharField(label="Their name", required=False, max_length=200)
    phone = forms.CharField(
        label="Phone number", required=False, max_length=60, widget=forms.TextInput(attrs={"type": "tel"})
    )
    email = forms.EmailField(
        label="Email address",
        required=False,
        max_length=320,
        error_messages={"invalid": "This is not an email address. Write it as in name@example.org, or leave it empty."},
    )
    asked = _words("What they asked")
    outcome = forms.ChoiceField(label="How it stands", choices=OUTCOMES, widget=forms.RadioSelect)
    told = _words("What you told them", "They can read it on their private link, if they have one.")
    takes = forms.BooleanField(label="I will answer it myself", required=False)
    closes = forms.BooleanField(label="Close it", required=False)
    began_at = _moment("Began at", "Its clock runs from here.", required=True)
    told_at = _moment("You told them at", "Leave it empty for now.", required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, note: CallNote, person: Person, now: datetime, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "call_%s", **kwargs})
        self.note, self.person, self.now = note, person, now
        self.fields["account"].queryset = accounts_of(person)  # type: ignore[attr-defined]
        if calls.by_hand()[note.channel].speaks:
            del self.fields["network"], self.fields["sender"]
        else:
            self._is_copied()
        if note.conversation is not None:
            self._is_about(note.conversation.account)

    def _is_copied(self) -> None:
        """It was written somewhere, at a time that whoever copies it must give."""
        for field, label in (
            ("asked", "What they wrote"),
            ("told", "What you answered there"),
            ("began_at", "Written at"),
        ):
            self.fields[field].label = label
        self.fields["told_at"].label = "You answered at"
        self.fields["outcome"].choices = COPIED_OUTCOMES  # type: ignore[attr-defined]
        self.fields["began_at"].error_messages["required"] = (
            "Give the time at which they wrote it: its clock runs from there."
        )

    def _is_about(self, account: Account) -> None:
        self.fields["account"].required = False
        self.fields["account"].widget = forms.HiddenInput()
        self.fields["asked"].label = "What they said or asked, if anything new"
        self.fields["outcome"].choices = ABOUT_OUTCOMES  # type: ignore[attr-defined]
        if not permissions.can_answer(self.person, account.place):
            self.fields["outcome"].choices = ABOUT_OUTCOMES[1:]  # type: ignore[attr-defined]

    def clean_phone(self) -> str:
        typed = str(self.cleaned_data["phone"]).strip()
        try:
            return e164(typed) if typed else ""
        except DomainError as refusal:
            raise forms.ValidationError(refusal.message) from None

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        account = self.note.conversation.account if self.note.conversation else given.get("account")
        if account is None:
            return given
        given["account"] = account
        given["began_at"] = self._instant(given.get("began_at"), account)
        given["told_at"] = self._instant(given.get("told_at"), account)
        if given["began_at"] is not None:
            given["began_at"] = _same_minute(given["began_at"], self.note.begun_at)
        if given["began_at"] is not None and given["told_at"] is not None:
            given["told_at"] = _same_minute(given["told_at"], given["began_at"])
        self._check(given)
        return given

    def _instant(self, typed: datetime | None, account: Account) -> datetime | None:
        """What was typed is read on the clocks of the account."""
        if typed is None:
            return None
        return timezone.make_naive(typed).replace(tzinfo=ZoneInfo(directory.zone_of(account)))

    def _check(self, given: dict[str, Any]) -> None:
        if given["began_at"] is None:
            return
        field = "began_at"
        try:
            calls.check_began(self.note, given["began_at"], self.now)
            field = "told_at"
            calls.check_told(self.call(given), self.now)
        except calls.NotThen as refusal:
            self.add_error(field, refusal.message)

    def read_again(self) -> None:
        """This function will take the conversation for read as it is now: the same words, sent once more, are kept."""
        data = self.data.copy()  # type: ignore[attr-defined]  # what a browser sent can be copied
        data["version"] = str(self.note.conversation.version) if self.note.conversation else ""
        self.data = data

    def call(self, given: dict[str, Any] | None = None) -> calls.Call:
        """This function will return the call as it was typed."""
        given = given if given is not None else self.cleaned_data
        answers = given.get("outcome") == "answered"
        return calls.Call(
            account=given["account"],
            began_at=given["began_at"],
            asked=given.get("asked", ""),
            name=given.get("name", "").strip(),
            phone=given.get("phone", ""),
            email=given.get("email", "").strip(),
            network=given.get("network", "").strip(),
            sender=given.get("sender", "").strip(),
            told=given.get("told", ""),
            told_at=given.get("told_at"),
            answers=answers,
            takes=bool(given.get("takes")) and not answers,
            closes=bool(given.get("closes")) and answers,
            against_version=given.get("version") or 0,
        )


def _same_minute(at: datetime, exact: datetime) -> datetime:
    """Browsers send whole minutes: within one, the exact second that is known is what was meant."""
    return exact if at.replace(second=0, microsecond=0) == exact.replace(second=0, microsecond=0) else at


def accounts_of(person: Person) -> Any:
    """This function will return the accounts on which a person may note a call: those that answer, and that they see."""
    answering = (Account.Stage.LEARNING, Account.Stage.LIVE)
    return (
        Account.objects.where(person, Act.NOTE).filter(stage__in=answering).select_related("partner").order_by("name")
    )


def as_typed(note: CallNote, account: Account | None) -> dict[str, Any]:
    """This function will return the fields of a note's page as they stand: what was typed, or else what is known."""
    zone = ZoneInfo(directory.zone_of(account)) if account else timezone.get_current_timezone()
    speaks = calls.by_hand()[note.channel].speaks
    known: dict[str, Any] = {"began_at": note.begun_at.astimezone(zone).strftime(AS_BROWSERS_SEND) if speaks else ""}
    known |= {"outcome": "answered" if note.conversation else "promised", "closes": note.conversation is None}
    if note.conversation is not None:
        known |= {"name": note.conversation.contact.name, "version": note.conversation.version}
    return {**known, **note.typed}
