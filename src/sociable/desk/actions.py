"""The things a person can do with a conversation besides answering: which there are, which make sense now, and their addresses.

A refusal stands beside what was typed, and nothing is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sociable.conversations.models import Conversation, Message
from sociable.desk import views
from sociable.desk.action import Action
from sociable.desk.action_links import EndChatAccess, EndLink, EndShare, NewLink, ShareIt
from sociable.desk.action_people import EnterCode, Merge, Move, Part, SamePerson, SendCode
from sociable.desk.action_state import (
    AheadForNeed,
    BackInPlace,
    BringBack,
    CannotTake,
    Close,
    HandOver,
    IsARequest,
    LetGo,
    NotARequest,
    PutOff,
    Reopen,
    Take,
)
from sociable.domain.errors import DomainError
from sociable.journeys import answer, handed, identify, join, outbox
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.requests import StaffRequest
from sociable.promises.models import Wait

State = Conversation.State

ACTIONS: dict[str, type[Action]] = {
    action.name: action
    for action in (
        Take, LetGo, CannotTake, HandOver, PutOff, BringBack, NotARequest, IsARequest, Close, Reopen, AheadForNeed, BackInPlace,
        Merge, SamePerson, SendCode, EnterCode, Part, Move, ShareIt, EndShare, NewLink, EndLink,
        EndChatAccess,
    )
}  # fmt: skip


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
    handed_on = handed.is_with(conversation, person, now)
    fitting = {
        "take": conversation.state == State.OPEN and not held,
        "let-go": held and conversation.held_by_id == person.pk and not handed_on,
        "cannot-take": handed_on,
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
