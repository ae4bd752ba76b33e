"""Actions on where a request stands: whose it is, when it comes back, whether it is one, its place in the order.

What each does is decided by journeys/claim, settle and snooze.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from sociable.conversations.models import Conversation
from sociable.desk.action import Action, answerers, words_field
from sociable.directory import queries as directory
from sociable.domain.saying import moment_words
from sociable.domain.worktime import NeverCloses, NeverOpen
from sociable.journeys import claim, handed, settle, snooze
from sociable.people.models import Person

State = Conversation.State
MORNING_HOUR = 9  # where no hours are stated, tomorrow begins then


class Take(Action):
    """Hold it to answer it."""

    name, title, button, icon = "take", "Take", "Take", "take"

    def carry_out(self) -> str:
        claim.take(self.conversation.pk, self.person, self.now)
        return "It is yours until you answer it or let it go."


class LetGo(Action):
    """End the hold."""

    name, title, button, icon = "let-go", "Let go", "Let go", "undo"

    def carry_out(self) -> str:
        claim.let_go(self.conversation.pk, self.person, self.now)
        return "It stands in its fair place again."


class CannotTake(Action):
    """Hand back what was handed on to them: it goes to the next."""

    name, title, button, icon = "cannot-take", "I cannot take this", "I cannot take this", "undo"

    def carry_out(self) -> str:
        to = handed.hand_back(self.conversation.pk, self.person, self.now)
        if to is None:
            return "It is in nobody's hands now: nobody else on duty can take it. Whoever is named for that is told."
        return f"It is with {to.name} now."


class HandOver(Action):
    """Put it into a colleague's hands."""

    name, title, button, icon = "hand-over", "Hand over", "Hand over", "hand-over"
    about = "The clock goes on. They see your note above the conversation."
    to = forms.ChoiceField(label="To", error_messages={"required": "Choose who shall have it."})
    note = words_field("What they should know", required=False, most=400)

    def prepare(self) -> None:
        chosen = [(one.pk, one.name) for one in answerers(self.conversation) if one.pk != self.person.pk]
        self.fields["to"].choices = [("", "Choose a person"), *chosen]  # type: ignore[attr-defined]

    def carry_out(self) -> str:
        to = Person.objects.get(pk=self.cleaned_data["to"])
        claim.hand_over(self.conversation.pk, self.person, to, self.cleaned_data["note"], self.now)
        return f"It is with {to.name} now."


class PutOff(Action):
    """Take it off the queue for a while."""

    name, title, button, icon = "put-off", "Put off", "Put off", "snooze"
    about = "The promise runs on and warnings still come; it only leaves the queue until then."
    until = forms.ChoiceField(
        label="Until",
        choices=[("opening", "We next open"), ("tomorrow", "Tomorrow when we open"), ("chosen", "A time I choose")],
        widget=forms.RadioSelect,
        error_messages={"required": "Choose until when."},
    )
    at = forms.DateTimeField(
        label="The time, if you choose one",
        required=False,
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Give a day and a time, as in 3 December 2026 10:30."},
    )

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("until") == "chosen" and not given.get("at") and "at" not in self.errors:
            self.add_error("at", "Give the day and the time.")
        return given

    def carry_out(self) -> str:
        at = self._instant()
        snooze.until(self.conversation.pk, self.person, at, self.now)
        return f"Put off until {moment_words(at, directory.zone_of(self.conversation.account))}. The clock goes on."

    def _instant(self) -> datetime:
        zone = ZoneInfo(directory.zone_of(self.conversation.account))
        if self.cleaned_data["until"] == "chosen":
            naive = timezone.make_naive(self.cleaned_data["at"])
            return naive.replace(tzinfo=zone)
        start = self.now
        if self.cleaned_data["until"] == "tomorrow":
            start = (self.now.astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        return self._opening(start, zone)

    def _opening(self, after: datetime, zone: ZoneInfo) -> datetime:
        calendar = directory.calendar_of(self.conversation.account)
        try:
            if calendar is not None:
                return calendar.next_open(calendar.next_close(after) if calendar.is_open(after) else after)
        except (NeverOpen, NeverCloses):
            pass  # hours that never change name no opening: the morning does
        return (self.now.astimezone(zone) + timedelta(days=1)).replace(
            hour=MORNING_HOUR, minute=0, second=0, microsecond=0
        )


class BringBack(Action):
    """Put it back into the queue now."""

    name, title, button, icon = "bring-back", "Bring back", "Bring back now", "undo"

    def carry_out(self) -> str:
        settle.bring_back(self.conversation.pk, self.person, self.now)
        return "It stands in its fair place again."


class NotARequest(Action):
    """Nobody has to answer."""

    name, title, button, icon = "not-request", "Not a request", "Not a request", "flag"
    about = "Its clock stops and it counts neither for nor against the promise. It stays in “To check” for two weeks."
    why = forms.ChoiceField(
        label="Why",
        choices=list(settle.NOT_REQUESTS.items()),
        widget=forms.RadioSelect,
        error_messages={"required": "Choose why nobody has to answer this."},
    )
    detail = words_field("What it is, if something else", required=False)

    def carry_out(self) -> str:
        settle.not_a_request(
            self.conversation.pk, self.person, self.cleaned_data["why"], self.now, detail=self.cleaned_data["detail"]
        )
        return "Not a request. It stays in “To check”, and you can say otherwise."


class IsARequest(Action):
    """Somebody has to answer after all."""

    name, title, button, icon = "is-request", "It is a request", "It is a request", "check"

    def carry_out(self) -> str:
        settle.is_a_request(self.conversation.pk, self.person, self.now)
        return "It is in the queue, timed from when it arrived."


class Close(Action):
    """Finish it."""

    name, title, button, icon = "close", "Close", "Close", "check"
    reason = words_field(
        "Why it is closed",
        "If they still wait: this is not an answer, and it counts as a promise not kept.",
        required=False,
    )

    def carry_out(self) -> str:
        settle.close(self.conversation.pk, self.person, self.cleaned_data["reason"], self.now)
        return "Closed. If they write again, it opens again."


class Reopen(Action):
    """Open it again."""

    name, title, button, icon = "reopen", "Open again", "Open again", "refresh"

    def carry_out(self) -> str:
        settle.reopen(self.conversation.pk, self.person, self.now)
        return "It is open again."


class AheadForNeed(Action):
    """Let somebody in greater need go first."""

    name, title, button, icon = "ahead", "Move ahead for need", "Move ahead", "care"
    about = "For people in greater need, whichever way they asked. Asking often is not a need."
    reason = words_field("What makes it urgent for them", "It is kept with the request, and counted.")

    def carry_out(self) -> str:
        settle.move_ahead(self.conversation.pk, self.person, self.cleaned_data["reason"], self.now)
        return "It stands ahead, and the reason is kept."


class BackInPlace(Action):
    """Take the need back."""

    name, title, button, icon = "back-in-place", "Back into its fair place", "Back into its place", "undo"
    reason = words_field("Why it need not go ahead")

    def carry_out(self) -> str:
        settle.move_ahead(self.conversation.pk, self.person, self.cleaned_data["reason"], self.now, need=0)
        return "It stands in its fair place again."
