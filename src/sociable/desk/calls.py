"""Where a call or a visit is written down while it happens: begun with a button, kept as it is typed, never lost."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from sociable.channels import registry
from sociable.conversations.models import CallNote, Conversation, Identity, Message
from sociable.desk import actions, views
from sociable.desk import conversation as pages
from sociable.desk.calls_form import KEPT, LONGEST_CHARS, CallForm, accounts_of, as_typed
from sociable.directory import queries as directory
from sociable.domain.errors import DomainError
from sociable.domain.saying import moment_near, moment_soon
from sociable.domain.text import number_words
from sociable.journeys import calls, spoken
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.requests import StaffRequest
from sociable.promises import services as promises

UNSENT = "unsent call"  # in the session: words that came without a sign-in
NEWEST = 4


@require_POST
@login_required
def begin(request: StaffRequest) -> HttpResponse:
    """This function will begin a note of a call or a visit; its clock begins with it."""
    now = timezone.now()
    given = request.POST.get("about", "")
    about = pages.seen(request, int(given)) if given.isdecimal() and len(given) < 19 else None
    if about is None and not accounts_of(request.user).exists():
        raise permissions.NotAllowed("You may not note calls: no account is yours to see.")
    note = calls.begin(person=request.user, channel=request.POST.get("channel", ""), now=now, about=about)
    return redirect("desk:call", note.pk)


def own(person: Person, call_id: int) -> CallNote:
    """This function will return a note that the person has begun, or answer 404."""
    mine = CallNote.objects.filter(person=person).select_related(
        "conversation__account__partner", "conversation__contact", "became"
    )
    return get_object_or_404(mine, pk=call_id)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def call(request: HttpRequest, call_id: int) -> HttpResponse:
    """This function will show a note as far as it is typed, and finish it."""
    if request.method == "POST" and not request.user.is_authenticated:
        request.session[UNSENT] = {"call": call_id, "typed": _typed(request)}
        return redirect(f"{reverse(settings.LOGIN_URL)}?next={reverse('desk:call', args=[call_id])}")
    return _call(cast("StaffRequest", request), call_id)


@login_required
def _call(request: StaffRequest, call_id: int) -> HttpResponse:
    note, now = own(request.user, call_id), timezone.now()
    if note.became is not None:
        return redirect("desk:conversation", note.became.pk)
    if note.conversation is not None:
        pages.seen(request, note.conversation.pk)  # what may no longer be seen is not shown here either
    if request.method != "POST":
        _restore_unsent(request, note, now)
        account = note.conversation.account if note.conversation else None
        return _page(request, note, CallForm(note, request.user, now, initial=as_typed(note, account)), now)
    form = CallForm(note, request.user, now, request.POST)
    if not form.is_valid():
        calls.keep(note, _typed(request), now)
        return _page(request, note, form, now, status=409)
    return _finish(request, note, form, now)


def _finish(request: StaffRequest, note: CallNote, form: CallForm, now: datetime) -> HttpResponse:
    try:
        conversation = calls.finish(note=note, call=form.call(), person=request.user, now=now)
    except DomainError as refusal:
        calls.keep(note, _typed(request), now)
        if isinstance(refusal, calls.SaidMeanwhile):
            form.read_again()
        form.add_error(None, refusal.message)
        return _page(request, note, form, now, status=403 if isinstance(refusal, permissions.NotAllowed) else 409)
    messages.success(request, _done_words(conversation, form.call(), now))
    return redirect("desk:conversation", conversation.pk)


def _done_words(conversation: Conversation, call: calls.Call, now: datetime) -> str:
    wait = promises.open_wait(conversation)
    if wait is None:
        return "Noted, and answered: its clock has stopped."
    if wait.due_at is None:
        return "Noted. It stands in the queue; no time is promised here."
    by = moment_soon(wait.due_at, now, directory.zone_of(conversation.account))
    return f"Noted. It stands in the queue. Tell them: “We will answer by {by}.”"


def _restore_unsent(request: StaffRequest, note: CallNote, now: datetime) -> None:
    """What was sent after the sign-in had run out is in the note again, once its writer signed in."""
    unsent = request.session.get(UNSENT)
    if unsent and unsent["call"] == note.pk:
        del request.session[UNSENT]
        note.typed = unsent["typed"]
        calls.keep(note, note.typed, now)
        messages.info(request, "You had been signed out. Nothing was lost: your words are below, and not done yet.")


def _page(request: StaffRequest, note: CallNote, form: CallForm, now: datetime, status: int = 200) -> HttpResponse:
    about = note.conversation
    zone = directory.zone_of(about.account) if about else str(timezone.get_current_timezone())
    context = views.frame(request, now, about.pk if about else None) | {
        "note": note,
        "form": form,
        "icon": registry.icon_of(note.channel),
        "what": calls.by_hand()[note.channel].what,
        "speaks": calls.by_hand()[note.channel].speaks,
        "began": moment_near(note.begun_at, now, zone),
        "kept_until": (now + calls.KEEP_UNFINISHED).astimezone(ZoneInfo(zone)),
        "about": about,
        "numbers": _numbers(about),
        "said": _said(about, now, zone),
        "expected": _expected(request.user, now) if about is None else {},
    }
    return render(request, "desk/call.html", context, status=status)


def _numbers(about: Conversation | None) -> list[str]:
    if about is None:
        return []
    known = Identity.objects.filter(contact=about.contact_id, kind="phone").values_list("address", flat=True)
    return [number_words(number) for number in known]


def _said(about: Conversation | None, now: datetime, zone: str) -> list[dict[str, str]]:
    """The last things said, to read from while speaking."""
    if about is None:
        return []
    said = about.messages.exclude(direction=Message.Direction.NOTE).filter(automatic="").select_related("author")
    return [
        {
            "who": one.said_by,
            "at": moment_near(one.sent_at, now, zone),
            "text": one.text[:3000],
        }
        for one in reversed(said.order_by("-sent_at", "-pk")[:NEWEST])
    ]


def _expected(person: Person, now: datetime) -> dict[str, str]:
    """For each account, what to tell whoever asks now: account id to words."""
    stated = directory.stated_by_account(accounts_of(person))
    due = {pk: one.clock(now)[0].due_at for pk, one in stated.items()}
    return {
        str(
            pk
        ): f"If it is promised, tell them: “We will answer by {moment_soon(at, now, directory.zone_of(stated[pk].account))}.”"
        if at
        else "Nothing is promised here: tell them that somebody will answer."
        for pk, at in due.items()
    }


@require_POST
def draft(request: HttpRequest, call_id: int) -> HttpResponse:
    """This function will keep what is typed in a note."""
    if request.user.is_authenticated:
        note = own(cast("StaffRequest", request).user, call_id)
        calls.keep(note, _typed(request), timezone.now())
        return HttpResponse("Draft kept", content_type="text/plain")
    return HttpResponse("Sign in again in another tab: your words stay here.", status=401, content_type="text/plain")


def _typed(request: HttpRequest) -> dict[str, Any]:
    """The fields as they came, without what no database keeps."""
    given = {name: request.POST.get(name, "").replace("\x00", "")[:LONGEST_CHARS] for name in KEPT}
    return given | {name: name in request.POST for name in ("takes", "closes")}


@require_POST
@login_required
def throw_away(request: StaffRequest, call_id: int) -> HttpResponse:
    """This function will forget a note that is not done."""
    note = own(request.user, call_id)
    calls.throw_away(note)
    messages.success(request, "The note is thrown away.")
    return redirect("desk:conversation", note.conversation_id) if note.conversation_id else redirect("desk:desk")


@require_POST
@login_required
def no_answer(request: StaffRequest, message_id: int) -> HttpResponse:
    """This function will make a note of what was logged as an answer said aloud and was none."""
    message = actions.seen_message(request, message_id)
    try:
        spoken.was_no_answer(message.pk, request.user, timezone.now())
    except spoken.NotSpoken as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, "It is a note now, and the clock runs as if nothing had been said.")
    return redirect("desk:conversation", message.conversation_id)
