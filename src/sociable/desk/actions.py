"""The things a person can do with a conversation besides answering: each a form, most of them a single button.

What may be done, and what it does, is decided by the journeys; a refusal stands beside what was typed, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sociable.conversations.models import Conversation, Message
from sociable.desk import views
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.saying import moment_words
from sociable.domain.worktime import NeverCloses, NeverOpen
from sociable.journeys import answer, chat, claim, identify, join, outbox, settle, share, snooze
from sociable.people import permissions
from sociable.people.models import Partner, Person
from sociable.people.requests import StaffRequest
from sociable.promises.models import Wait

State = Conversation.State
MORNING_HOUR = 9  # where no hours are stated, tomorrow begins then


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


def _words(label: str, hint: str = "", *, required: bool = True, most: int = 300) -> forms.CharField:
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        max_length=most,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write a few words here."},
    )


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


class HandOver(Action):
    """Put it into a colleague's hands."""

    name, title, button, icon = "hand-over", "Hand over", "Hand over", "hand-over"
    about = "The clock goes on. They see your note above the conversation."
    to = forms.ChoiceField(label="To", error_messages={"required": "Choose who shall have it."})
    note = _words("What they should know", required=False, most=400)

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
    detail = _words("What it is, if something else", required=False)

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
    reason = _words(
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
    reason = _words("What makes it urgent for them", "It is kept with the request, and counted.")

    def carry_out(self) -> str:
        settle.move_ahead(self.conversation.pk, self.person, self.cleaned_data["reason"], self.now)
        return "It stands ahead, and the reason is kept."


class BackInPlace(Action):
    """Take the need back."""

    name, title, button, icon = "back-in-place", "Back into its fair place", "Back into its place", "undo"
    reason = _words("Why it need not go ahead")

    def carry_out(self) -> str:
        settle.move_ahead(self.conversation.pk, self.person, self.cleaned_data["reason"], self.now, need=0)
        return "It stands in its fair place again."


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
    reason = _words("How you know it", "A name alone proves nothing. What you write here is kept with your name.")

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
    reason = _words("Why they are not one person", "It is kept.")

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
    note = _words("What they should know", required=False, most=400)

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


class ShareIt(Action):
    """Let another body read it."""

    name, title, button, icon = "share", "Share with another body", "Share", "people"
    about = "Their staff can read it, no more. It stays yours to answer."
    partner = forms.ChoiceField(label="With", error_messages={"required": "Choose a body."})
    reason = _words("Why they need to read it", "It is kept; the resident may ask for it.")

    def prepare(self) -> None:
        others = Partner.objects.exclude(pk=self.conversation.account.partner_id)
        self.fields["partner"].choices = [("", "Choose a body"), *others.values_list("pk", "name")]  # type: ignore[attr-defined]

    def carry_out(self) -> str:
        partner = Partner.objects.get(pk=self.cleaned_data["partner"])
        share.share(self.conversation.pk, partner, self.person, self.cleaned_data["reason"], self.now)
        return f"{partner.name} can read it now."


class EndShare(Action):
    """End another body's reading."""

    name, title, button = "end-share", "Stop sharing", "Stop sharing"
    partner = forms.ModelChoiceField(Partner.objects.all(), widget=forms.HiddenInput)

    def carry_out(self) -> str:
        share.end_share(self.conversation.pk, self.cleaned_data["partner"], self.person, self.now)
        return f"{self.cleaned_data['partner']} can no longer read it."


class NewLink(Action):
    """Replace the private link."""

    name, title, button, icon = "new-link", "New private link", "Make a new link", "refresh"
    about = "The old link stops working at once."

    def carry_out(self) -> str:
        share.renew_link(self.conversation.pk, self.person, self.now)
        return "There is a new private link; the old one no longer works."


class EndLink(Action):
    """End the private link."""

    name, title, button, icon = "end-link", "End the private link", "End the link", "lock"
    about = "Nobody can read or add to this conversation by its link until you make a new one."

    def carry_out(self) -> str:
        share.revoke_link(self.conversation.pk, self.person, self.now)
        return "The private link no longer works."


class EndChatAccess(Action):
    """Shut a browser out of its chat."""

    name, title, button, icon = "end-chat-access", "End the chat's access", "End the access", "lock"
    about = "Their browser can no longer read or write in this chat. The conversation stays, and so does their private link."

    def carry_out(self) -> str:
        chat.revoke(self.conversation.pk, self.person, self.now)
        return "Their browser can no longer read or write in this chat."


ACTIONS: dict[str, type[Action]] = {
    action.name: action
    for action in (
        Take, LetGo, HandOver, PutOff, BringBack, NotARequest, IsARequest, Close, Reopen, AheadForNeed, BackInPlace,
        Merge, SamePerson, SendCode, EnterCode, Part, Move, ShareIt, EndShare, NewLink, EndLink,
        EndChatAccess,
    )
}  # fmt: skip


def answerers(conversation: Conversation) -> list[Person]:
    """This function will list who may answer a conversation, by name."""
    here = (
        Person.objects.filter(is_active=True, roles__partner=conversation.account.partner_id)
        .distinct()
        .prefetch_related("roles")
    )
    return [one for one in here if permissions.can_answer(one, conversation.place)]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@login_required
def act(request: StaffRequest, conversation_id: int, name: str) -> HttpResponse:
    """This function will ask for what an action needs, and do it."""
    if name not in ACTIONS:
        raise Http404
    conversation = get_object_or_404(
        Conversation.objects.visible_to(request.user).select_related("account__partner", "contact", "held_by"),
        pk=conversation_id,
    )
    now, given = timezone.now(), request.POST if request.method == "POST" else None
    form = ACTIONS[name](conversation, request.user, now, given, initial=request.GET.dict())
    if given is not None and form.is_valid():
        try:
            messages.success(request, form.carry_out())
            return redirect(form.next_url)
        except permissions.NotAllowed:
            raise
        except DomainError as refusal:
            form.add_error(None, refusal.message)
    context = views.frame(request, now, conversation.pk) | {"form": form, "conversation": conversation}
    return render(request, "desk/action.html", context, status=409 if form.errors else 200)


@require_POST
@login_required
def split(request: StaffRequest, message_id: int) -> HttpResponse:
    """This function will give a message and all after it a conversation of their own."""
    message = seen_message(request, message_id)
    try:
        fresh = join.split(message.pk, request.user, timezone.now())
    except join.CannotSplit as refusal:
        messages.error(request, refusal.message)
        return redirect("desk:conversation", message.conversation_id)
    messages.success(request, "This is a conversation of its own now, timed from its first message.")
    return redirect("desk:conversation", fresh.pk)


@require_POST
@login_required
def undo(request: StaffRequest, message_id: int) -> HttpResponse:
    """This function will take an answer back, if it has not left."""
    message = seen_message(request, message_id)
    try:
        answer.take_back(message.pk, request.user, timezone.now())
    except outbox.TooLate as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "Taken back. Your words are in the box below, and the clock runs as before.")
    return redirect("desk:conversation", message.conversation_id)


@require_POST
@login_required
def send_again(request: StaffRequest, message_id: int) -> HttpResponse:
    """This function will queue a message that is in trouble again."""
    message = seen_message(request, message_id)
    permissions.check_can_answer(request.user, message.conversation.place)
    try:
        outbox.send_again(message, timezone.now())
    except outbox.TooLate as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "It is being sent again. Every try is listed under the message.")
    return redirect("desk:conversation", message.conversation_id)


def seen_message(request: StaffRequest, message_id: int) -> Message:
    """This function will return a message of a conversation the person may see, or answer 404."""
    seen = Conversation.objects.visible_to(request.user)
    some = Message.objects.select_related("conversation__account__partner", "conversation__contact")
    return get_object_or_404(some.filter(conversation__in=seen), pk=message_id)


def offered(
    conversation: Conversation, person: Person, now: datetime, *, wait: Wait | None, chatted: bool
) -> Iterator[str]:
    """This function will name the actions that make sense now, the most common first."""
    place, need = conversation.place, wait.need if wait else 0
    if conversation.state == State.MERGED or not permissions.can_answer(person, place):
        return
    held_until = conversation.held_until_at
    held = conversation.held_by_id is not None and (held_until is None or held_until > now)
    snoozed = conversation.snoozed_until_at is not None and conversation.snoozed_until_at > now
    fitting = {
        "take": conversation.state == State.OPEN and not held,
        "let-go": held and conversation.held_by_id == person.pk,
        "is-request": conversation.state in (State.NOT_REQUEST, State.KEPT_ASIDE),
        "reopen": conversation.state == State.CLOSED,
        "not-request": conversation.state in (State.OPEN, State.KEPT_ASIDE),
        "hand-over": conversation.state == State.OPEN,
        "put-off": conversation.state == State.OPEN and not snoozed,
        "bring-back": snoozed,
        "close": conversation.state == State.OPEN,
        "ahead": wait is not None and not need and permissions.can_jump(person, place),
        "back-in-place": bool(need) and permissions.can_jump(person, place),
        "move": True,
        "merge": True,
        "same-person": True,
        "send-code": True,
        "enter-code": identify.awaits_code(conversation, now),
        "share": True,
        "end-chat-access": chatted,
    }
    yield from (name for name, fits in fitting.items() if fits)
