"""Where an answer or a note is written: kept as it is typed, held back when something newer was said, and never lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from sociable.channels.base import ParsedAttachment
from sociable.channels.email.attachments import attachment as parsed_attachment
from sociable.conversations.models import Conversation, Message
from sociable.desk import composer_check as checking
from sociable.desk import composer_words as box
from sociable.desk import conversation as pages
from sociable.domain.errors import DomainError
from sociable.domain.ways import Way
from sociable.journeys import answer, claim, senders, ways
from sociable.people import permissions
from sociable.people.models import Person
from sociable.people.requests import StaffRequest

JUST_SENT = timedelta(minutes=1)
LONGEST_CHARS = 200_000
LONGEST_LINE_CHARS = 2_000


class FilesTooLarge(answer.NothingWritten):
    """More was attached than one message may carry."""


# -- Keeping it ------------------------------------------------------------------------------------------------------------


@require_POST
def draft(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """This function will keep what is being written; it keeps a hold alive and tells others that somebody writes."""
    if request.user.is_authenticated:
        return _draft(cast("StaffRequest", request), conversation_id)
    return HttpResponse("Sign in again in another tab: your words stay here.", status=401, content_type="text/plain")


@login_required
def _draft(request: StaffRequest, conversation_id: int) -> HttpResponse:
    conversation, now = pages.seen_to_write_in(request, conversation_id), timezone.now()
    permissions.check_can_note(request.user, conversation.place)
    kind, text = _kind(request), _text(request)
    if not _already_said(conversation, request.user, text, now):
        answer.keep_draft(conversation, request.user, kind=kind, text=text, against_version=_number(request), now=now)
    return HttpResponse("Draft kept", content_type="text/plain")


def _already_said(conversation: Conversation, person: Person, text: str, now: datetime) -> bool:
    """A draft that was on its way when its words were sent must not come back as a draft."""
    just_said = Message.objects.filter(conversation=conversation, author=person, stored_at__gt=now - JUST_SENT)
    return just_said.filter(text=text.strip()).exclude(outgoing__state="undone").exists()


def _text(request: HttpRequest) -> str:
    return request.POST.get("text", "").replace("\x00", "").replace("\r\n", "\n")[:LONGEST_CHARS]


def _kind(request: HttpRequest) -> str:
    return "note" if request.POST.get("kind") == "note" else "answer"


def _number(request: HttpRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else 0


# -- Sending it ------------------------------------------------------------------------------------------------------------


@require_POST
def compose(request: HttpRequest, conversation_id: int) -> HttpResponse:
    """This function will send an answer or keep a note; whatever stands against it, the words stay in the box."""
    if request.user.is_authenticated:
        return _compose(cast("StaffRequest", request), conversation_id)
    return _sign_in_first(request, conversation_id)


@login_required
def _compose(request: StaffRequest, conversation_id: int) -> HttpResponse:
    conversation, now = pages.seen_to_write_in(request, conversation_id), timezone.now()
    kind, text = _kind(request), _text(request)
    attached: list[ParsedAttachment] = []
    try:
        attached = _attached(request)
        if kind == "note":
            answer.note(conversation_id=conversation.pk, person=request.user, text=text, now=now)
            return redirect(f"{reverse('desk:conversation', args=[conversation.pk])}?write=note")
        answer.send(
            conversation_id=conversation.pk,
            person=request.user,
            text=text,
            against_version=_number(request),
            now=now,
            send_anyway="anyway" in request.POST,
            acknowledges="acknowledges" in request.POST,
            closes="close" in request.POST,
            attachments=attached,
            chosen=_chosen(request),
            sent_from=_sent_from(request),
        )
    except senders.CannotThere as refusal:
        return _handed_on(request, conversation, now, refusal=refusal, attached=attached)
    except (answer.NothingWritten, answer.NotHere, answer.SomethingNewer, ways.Stopped) as refusal:
        return _refused(request, conversation, now, refusal=refusal, attached=attached)
    return _after_sending(request, conversation, now)


def _handed_on(
    request: StaffRequest,
    conversation: Conversation,
    now: datetime,
    *,
    refusal: senders.CannotThere,
    attached: Sequence[ParsedAttachment],
) -> HttpResponse:
    """The words are kept, and the conversation stands where it must be answered, with its clock.

    Whoever can no longer see it there leaves them as a note for those who answer.
    """
    sees = permissions.can_see(request.user, refusal.right.account.place)
    if (text := _text(request)).strip() and sees:
        answer.keep_draft(
            conversation, request.user, kind="answer", text=text, against_version=_number(request), now=now
        )
    elif text.strip():
        answer.note(conversation_id=conversation.pk, person=request.user, text=text, now=now)
    senders.hand_to(conversation, refusal.right, request.user, now)
    if not sees:
        name = refusal.right.account.name
        messages.info(
            request, f"It stands with {name} now, with its clock. Your words are a note for those who answer there."
        )
        return redirect("desk:desk")
    fresh = pages.seen(request, conversation.pk)
    return pages.show(request, fresh, now, status=409, error=refusal.message, **_written(request, attached))


def _refused(
    request: StaffRequest,
    conversation: Conversation,
    now: datetime,
    *,
    refusal: DomainError,
    attached: Sequence[ParsedAttachment],
) -> HttpResponse:
    kind, text = _kind(request), _text(request)
    if text.strip():
        answer.keep_draft(conversation, request.user, kind=kind, text=text, against_version=_number(request), now=now)
    newer = refusal.between if isinstance(refusal, answer.SomethingNewer) else None
    written = {"error": refusal.message, "newer": newer, **_written(request, attached)}
    return pages.show(request, conversation, now, status=409, **written)


def _written(request: StaffRequest, attached: Sequence[ParsedAttachment]) -> dict[str, Any]:
    """All that was typed and chosen, to be shown again."""
    return {
        "kind": _kind(request),
        "text": _text(request),
        "kept": attached,
        "acknowledges": "acknowledges" in request.POST,
        "chosen": _chosen(request),
        "from_reason": _line(request, "from-reason"),
    }


def _sent_from(request: HttpRequest) -> senders.From:
    given = request.POST.get("from", "")
    account_id = int(given) if given.isdecimal() and len(given) < 19 else None
    return senders.From(account_id, _line(request, "from-reason"))


def _chosen(request: HttpRequest) -> ways.Chosen:
    given = request.POST.get("way", "")
    way = Way(given) if given in set(Way) else Way.AS_IT_IS
    return ways.Chosen(way, _line(request, "email"), _line(request, f"closing-{way}"), _line(request, f"reason-{way}"))


def _line(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").replace("\x00", "").strip()[:LONGEST_LINE_CHARS]


@require_POST
@login_required
def check(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will say what stands against an answer and what would be seen; a script gets that part alone. Nothing is sent."""
    conversation, now = pages.seen(request, conversation_id), timezone.now()
    permissions.check_can_answer(request.user, conversation.place)
    if request.headers.get("X-Part"):
        found = checking.context(conversation, now, text=_text(request), chosen=_chosen(request))
        return render(request, "desk/composer_check.html", {"check": found})
    try:
        attached = _attached(request)
    except FilesTooLarge as refusal:
        return _refused(request, conversation, now, refusal=refusal, attached=[])
    return pages.show(request, conversation, now, **_written(request, attached))


def _after_sending(request: StaffRequest, conversation: Conversation, now: datetime) -> HttpResponse:
    if "next" not in request.POST:
        return redirect("desk:conversation", conversation.pk)
    try:
        return redirect("desk:conversation", claim.take_next(request.user, now).pk)
    except claim.NothingToTake as nothing:
        messages.info(request, nothing.message)
        return redirect("desk:desk")


def _sign_in_first(request: HttpRequest, conversation_id: int) -> HttpResponse:
    written = {"kind": _kind(request), "text": _text(request), "against_version": _number(request)}
    request.session[pages.UNSENT] = {"conversation": conversation_id, "written": written}
    return redirect(f"{reverse(settings.LOGIN_URL)}?next={reverse('desk:conversation', args=[conversation_id])}")


def _attached(request: HttpRequest) -> list[ParsedAttachment]:
    """Files chosen now, and those kept from a refusal before."""
    chosen = request.FILES.getlist("files")
    kept = [
        replace(one, alt_text=_line(request, f"alt-{box.key_of(mark)}"))
        for mark in request.POST.getlist("kept")
        if (one := box.unsealed(mark)) is not None
    ]
    size_bytes = sum(one.size or 0 for one in chosen) + sum(one.size_bytes for one in kept)
    if size_bytes > settings.ATTACHMENT_LIMIT_BYTES:
        raise FilesTooLarge(
            f"The files are {filesizeformat(size_bytes)} together; {filesizeformat(settings.ATTACHMENT_LIMIT_BYTES)} can be sent. "
            "Choose fewer or smaller ones: your words are kept."
        )
    fresh = [
        replace(
            parsed_attachment(one.name or "", one.content_type or "", one.read(), "", number),
            alt_text=_line(request, f"alt-new-{number}"),
        )
        for number, one in enumerate(chosen, 1)
    ]
    return kept + fresh


@require_POST
@login_required
def insert(request: StaffRequest, conversation_id: int) -> HttpResponse:
    """This function will put the words of a saved answer before what is written, as a start; nothing is sent."""
    conversation, now = pages.seen(request, conversation_id), timezone.now()
    permissions.check_can_answer(request.user, conversation.place)
    given = request.POST.get("saved", "")
    text = _text(request)
    if given.isdecimal() and len(given) < 19:
        saved = get_object_or_404(box.saved_for(conversation), pk=given)
        own = text or f"\n\n{answer.sign_off(conversation.account, request.user)}"
        text = f"{saved.text.strip()}\n\n{own.strip()}"
    else:
        messages.info(request, "Choose a saved answer first.")
    answer.keep_draft(conversation, request.user, kind="answer", text=text, against_version=_number(request), now=now)
    return redirect("desk:conversation", conversation.pk)
