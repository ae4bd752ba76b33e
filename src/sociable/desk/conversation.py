"""Shows one conversation: its page, what changes while somebody looks, and who else is there."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from sociable.asking.question import Given, Question
from sociable.channels import registry
from sociable.conversations import chats, presence
from sociable.conversations.chat_models import Chat
from sociable.conversations.models import Conversation, Mention, OpenTab, Outgoing, Receipt, Share
from sociable.desk import actions, approved_words, chat_words, views, window_words
from sociable.desk import composer_words as composer
from sociable.desk import conversation_words as words
from sociable.directory.queries import answering, zone_of
from sociable.domain.saying import moment_near, moment_words
from sociable.journeys import answer, claim
from sociable.journeys.receipts import private_link
from sociable.journeys.settle import NOT_REQUESTS
from sociable.live import services as live
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.requests import StaffRequest
from sociable.promises.models import Wait

UNSENT = "unsent"  # in the session: words that came without a sign-in


def seen(request: StaffRequest, conversation_id: int) -> Conversation:
    """This function will return a conversation the person may see, or answer 404."""
    return _visible(request, conversation_id, _WITH_ALL_ABOUT_IT.first(conversation=conversation_id))


def seen_to_write_in(request: StaffRequest, conversation_id: int) -> Conversation:
    """This function will return the same with its account alone: what else a page shows of it is read where the page is shown."""
    return _visible(request, conversation_id, _WITH_ITS_ACCOUNT.first(conversation=conversation_id))


def _visible(request: StaffRequest, conversation_id: int, found: Conversation | None) -> Conversation:
    if found is not None and permissions.can_see(request.user, found.place):
        return found
    shared = Conversation.objects.visible_to(request.user).select_related(*_ABOUT_IT)
    return get_object_or_404(shared, pk=conversation_id)


_ABOUT_IT = ("account__partner", "account__service", "account__answered_from", "contact", "held_by")
_WITH_ALL_ABOUT_IT = Question(lambda: Conversation.objects.select_related(*_ABOUT_IT).filter(pk=Given("conversation")))
_WITH_ITS_ACCOUNT = Question(lambda: Conversation.objects.select_related("account").filter(pk=Given("conversation")))


@require_safe
@never_cache
@login_required
def page(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will show a conversation beside the list; asked by a script, only the list anew."""
    conversation, now = seen(request, conversation_id), timezone.now()
    if conversation.merged_into_id is not None:
        return redirect("desk:conversation", conversation.merged_into_id)
    if request.headers.get("X-Part"):
        return render(
            request, "desk/_lists.html", views.frame(request, now, conversation.pk) | {"conversation": conversation}
        )
    OpenTab.objects.get_or_create(person=request.user, conversation=conversation, defaults={"opened_at": now})
    Mention.objects.filter(person=request.user, seen_at=None, message__conversation=conversation).update(seen_at=now)
    _look(conversation, request.user, now)
    if claim.is_worth_keeping(conversation, request.user, now):
        claim.keep(conversation.pk, request.user, now)
    _restore_unsent(request, conversation, now)
    return show(request, conversation, now)


def _restore_unsent(request: StaffRequest, conversation: Conversation, now: datetime) -> None:
    """What was sent after the sign-in had run out is a draft, once somebody signed in."""
    unsent = request.session.get(UNSENT)
    if unsent and unsent["conversation"] == conversation.pk:
        del request.session[UNSENT]
        answer.keep_draft(conversation, request.user, now=now, **unsent["written"])
        messages.info(request, "You had been signed out. Nothing was sent; your words are in the box below.")


def show(
    request: StaffRequest,
    conversation: Conversation,
    now: datetime,
    *,
    status: int = 200,
    approved: dict[str, Any] | None = None,
    **writing: Any,
) -> HttpResponse:
    """This function will render the whole page; `writing` is what the composer holds after a refusal, `approved` what its box does."""
    context = (
        views.frame(request, now, conversation.pk)
        | head(conversation, request.user, now)
        | thread(conversation, now, everything="all" in request.GET)
        | beside(conversation, request.user, now)
        | {
            "composer": composer.context(request, conversation, now, **writing),
            "approved": approved or approved_words.box(request, conversation, now),
            "undo": words.undoable(request.user, now),
        }
    )
    return render(request, "desk/conversation.html", context, status=status)


@require_safe
@never_cache
@login_required
def changes(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will return the parts that change while somebody looks; the messages only if they are not as `seen`."""
    conversation, now = seen(request, conversation_id), timezone.now()
    context = head(conversation, request.user, now)
    if request.GET.get("seen") != context["stamp"]:
        context |= thread(conversation, now) | beside(conversation, request.user, now)
    return render(request, "desk/conversation_changes.html", context)


@require_POST
@login_required
def here(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will note that somebody looks, or has gone, and say who else is there."""
    conversation, now = seen(request, conversation_id), timezone.now()
    if "gone" in request.POST:
        if presence.leave(conversation.pk, request.user.pk):
            _hint(conversation)
        return HttpResponse(status=204)
    _look(conversation, request.user, now)
    people = presence.present(conversation.pk, now, besides=request.user.pk)
    return render(request, "desk/conversation_presence.html", {"people": people})


def _look(conversation: Conversation, person: Person, now: datetime) -> None:
    if presence.look(conversation.pk, person.pk, now):
        _hint(conversation)


def _hint(conversation: Conversation) -> None:
    with transaction.atomic():
        live.hint(kind="presence", account_id=conversation.account_id, conversation_id=conversation.pk)


def head(conversation: Conversation, person: Person, now: datetime) -> dict[str, Any]:
    """This function will return what stands above the messages: who, where, the clock, who holds it and what can be done."""
    wait = (
        Wait.objects.open()
        .filter(conversation=conversation)
        .select_related("promise__account", "account__partner", "contact")
        .first()
    )
    zone = zone_of(conversation.account)
    held_until, snoozed = conversation.held_until_at, conversation.snoozed_until_at
    held = conversation.held_by if conversation.held_by and (held_until is None or held_until > now) else None
    window = window_words.of(conversation)
    chat = chats.last_in(conversation.pk)
    names = list(actions.offered(conversation, person, now, wait=wait, chatted=chat is not None))
    return {
        "conversation": conversation,
        "answered_from": answering(conversation.account),
        "who": conversation.contact.name or "Somebody without a name",
        "channel_words": words.channel_words(conversation.account.channel),
        "channel_icon": registry.icon_of(conversation.account.channel),
        "clock": words.clock(wait, conversation, now) if wait else None,
        "chat": chat_words.shown(chat, conversation, now) if chat else None,
        "first_answer": chat_words.first_answer(wait, now),
        "wait": wait,
        "holder": held,
        "held_until": moment_near(held_until, now, zone) if held and held_until else "",
        "snoozed_until": moment_near(snoozed, now, zone) if snoozed and snoozed > now else "",
        "people": presence.present(conversation.pk, now, besides=person.pk),
        "buttons": [actions.ACTIONS[name] for name in names if name in _ONE_CLICK],
        "menu": [
            actions.ACTIONS[name] for name in names if name not in _ONE_CLICK and name not in ("not-request", "put-off")
        ],
        "not_requests": NOT_REQUESTS if "not-request" in names else {},
        "may_call": bool(names),
        "may_put_off": "put-off" in names,
        "may_answer": permissions.can_answer(person, conversation.place),
        "may_note": permissions.can_note(person, conversation.place),
        "stamp": _stamp(conversation, chat),
        "window": window and window_words.sentence(window, now, zone),
        "window_tone": window and window_words.tone(window, now),
    }


_ONE_CLICK = ("take", "let-go", "cannot-take", "is-request", "reopen", "bring-back")


def _stamp(conversation: Conversation, chat: Chat | None) -> str:
    """Changes whenever the messages, or what became of them, would be shown differently."""
    said = conversation.messages.order_by("pk").values_list("pk", flat=True).last()
    sending = list(
        Outgoing.objects.filter(message__conversation=conversation).order_by("pk").values_list("pk", "state", "detail")
    )
    facts = repr(
        (
            conversation.version,
            conversation.state,
            conversation.held_by_id,
            conversation.snoozed_until_at,
            said,
            sending,
            chat and (chat.pk, chat.ended_at),
        )
    )
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def thread(conversation: Conversation, now: datetime, *, everything: bool = False) -> dict[str, Any]:
    """This function will return the messages by day, the newest ones where there are very many."""
    days, left_out = words.messages_of(conversation, now, everything=everything)
    return {"days": days, "left_out": left_out, "shows_thread": True}


def beside(conversation: Conversation, person: Person, now: datetime) -> dict[str, Any]:
    """This function will return what stands beside the messages: the person, what else they asked, links, and the history."""
    receipt = Receipt.objects.filter(conversation=conversation, revoked_at=None, shows=None).order_by("-pk").first()
    mentions = (
        Mention.objects.filter(message__conversation=conversation)
        .select_related("person", "message__author")
        .order_by("-pk")
    )
    return {
        "shows_side": True,
        "identities": words.identities(conversation, now) if permissions.can_see(person, conversation.place) else [],
        "told_addresses": words.told_addresses(conversation),
        "others": words.other_conversations(conversation, person, now),
        "mentions": mentions[:20],
        "past": words.past_waits(conversation, now),
        "history": words.history(conversation, now),
        "link": private_link(receipt.token) if receipt else "",
        "link_made": moment_words(receipt.made_at, zone_of(conversation.account)) if receipt else "",
        "shares": Share.objects.filter(conversation=conversation).select_related("partner", "shared_by"),
        "shared_with_me": not permissions.can_see(person, conversation.place),
    }
