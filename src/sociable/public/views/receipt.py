"""Shows a request on its private link to whoever has it: what we have, when we answer, the answer; and takes more.

Never shown: notes, what is still within its undo, what a machine wrote, and anything about staff but the name an answer is signed with.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from sociable.channels import registry
from sociable.conversations import files
from sociable.conversations.models import Attachment, Conversation, Message, Outgoing, Receipt
from sociable.directory import queries as directory
from sociable.directory.queries import zone_of
from sociable.domain.saying import moment_soon
from sociable.journeys import ask as asking
from sociable.journeys import ways
from sociable.public import suspicion
from sociable.public.forms import AddForm
from sociable.public.showing import Shown
from sociable.public.standing import standing

_CAME = {
    "form": "on this page",
    "counter": "at the counter",
    "elsewhere": "elsewhere",
}  # the others by or on their names


def private(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """This function will keep a page out of caches and search engines, and its address out of what browsers tell other sites."""

    @wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            response = view(request, *args, **kwargs)
        except LinkGone:
            response = render(request, "public/receipt_gone.html", status=404)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response["Referrer-Policy"] = "no-referrer"
        return response

    return shown


class LinkGone(Exception):
    """There is no such private link, or it was ended."""


def _receipt(token: str) -> Receipt:
    whole = Receipt.objects.select_related("conversation__account__partner", "conversation__contact")
    found = whole.filter(token=token, revoked_at=None).first()
    if found is None:
        raise LinkGone
    return found


def _own(token: str) -> Receipt:
    """The link of whoever asked; who has only the link to one answer may read that and no more."""
    found = _receipt(token)
    if found.shows_id is not None:
        raise LinkGone
    return found


@private
@require_safe
def receipt(request: HttpRequest, token: str) -> HttpResponse:
    now, found = timezone.now(), _receipt(token)
    if found.shows_id is not None:
        return _one_answer(request, found, now)
    form = AddForm(initial={"mark": suspicion.new_mark(now)})
    return _page(request, found, form, now)


def _one_answer(request: HttpRequest, found: Receipt, now: datetime) -> HttpResponse:
    """An answer that was too long for the place where it was asked in public; nothing else of the conversation."""
    account = found.conversation.account
    answers = [_shown(message, found.token, zone_of(account), now) for message in _readable(found, now)]
    if not answers:
        raise LinkGone
    message = answers[0] | {
        "from_name": account.name,
        "initials": account.name[:1],
    }  # for all to read: nobody's own name
    context = {"account": account, "partner": account.partner, "message": message}
    return render(request, "public/one_answer.html", context)


@csrf_exempt  # whoever holds the link may write; no cookie stands behind it
@private
@require_http_methods(["POST"])
def add(request: HttpRequest, token: str) -> HttpResponse:
    now, found = timezone.now(), _own(token)
    form = AddForm(request.POST)
    if not form.is_valid():
        return _page(request, found, form, now)
    mark = suspicion.read_mark(form.cleaned_data["mark"])
    try:
        message = asking.add(
            receipt=found, text=form.cleaned_data["text"], nonce=mark.nonce if mark else "unmarked", now=now
        )
    except asking.KeptUnread as error:
        form.add_error(None, error.message)
        return _page(request, found, form, now)
    return redirect(f"{reverse('public:receipt', args=[token])}#message-{message.pk}")


@private
@require_safe
def file(request: HttpRequest, token: str, pk: int) -> HttpResponseBase:
    found = _receipt(token)
    attachment = get_object_or_404(Attachment, pk=pk, refused_why="", message__in=_readable(found, timezone.now()))
    try:
        content = files.path_of(attachment.sha256).open("rb")
    except FileNotFoundError:
        raise Http404 from None
    response = FileResponse(
        content, as_attachment=True, filename=attachment.name, content_type="application/octet-stream"
    )
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _readable(found: Receipt, now: datetime) -> QuerySet[Message]:
    messages = _messages(found.conversation, now)
    return messages if found.shows_id is None else messages.filter(pk=found.shows_id)


def _messages(conversation: Conversation, now: datetime) -> QuerySet[Message]:
    """What the resident wrote, and what people wrote to them that can no longer be taken back."""
    theirs = Q(direction=Message.Direction.IN)
    left = Q(outgoing__undo_until_at__lte=now) & ~Q(outgoing__state=Outgoing.State.UNDONE)
    elsewhere = Q(outgoing=None)  # said aloud, or written at the network itself
    ours = Q(direction=Message.Direction.OUT) & (left | elsewhere)
    for_onlookers = Q(part_of__isnull=False, acknowledges=True)  # it tells everybody else what they themselves have
    said = conversation.messages.filter(theirs | ours, automatic=Message.Automatic.NO).exclude(for_onlookers)
    return said.order_by("sent_at", "pk")


def _page(request: HttpRequest, found: Receipt, form: AddForm, now: datetime) -> HttpResponse:
    conversation = found.conversation
    stated = directory.stated(conversation.account_id)
    messages = list(_messages(conversation, now).prefetch_related("attachments"))
    context = {
        "form": form,
        "account": conversation.account,
        "partner": conversation.account.partner,
        "here": Shown(stated, now),
        "standing": standing(conversation, stated, messages, now),
        "messages_shown": [_shown(message, found.token, zone_of(stated.account), now) for message in messages],
        "link": request.build_absolute_uri(reverse("public:receipt", args=[found.token])),
        **_answered_also(conversation, messages),
        "receipt": found,
    }
    return render(request, "public/receipt.html", context, status=422 if form.errors else 200)


def _answered_also(conversation: Conversation, messages: list[Message]) -> dict[str, Any]:
    """Where our answer is read beside this page: nobody is to wait for a mail that never comes."""
    channel, address = ways.address_of(conversation)
    in_chat = registry.adapter_class(channel).capabilities.live
    by_email = channel == "email" and bool(address)
    return {
        "by_email": by_email,
        "in_chat": in_chat,
        "elsewhere": _came(channel) if address and not by_email else "",
        "comes_later": in_chat and any(message.reply_address for message in messages),
    }


def _shown(message: Message, token: str, zone: str, now: datetime) -> dict[str, Any]:
    """What components/message.html shows."""
    theirs = message.direction == Message.Direction.IN
    who = (message.from_name or "You") if theirs else message.from_name
    return {
        "id": message.pk,
        "direction": message.direction,
        "from_name": who,
        "initials": "".join(word[0] for word in who.split()[:2]),
        "icon": registry.icon_of(message.channel),
        "channel_words": _came(message.channel),
        "at": moment_soon(message.sent_at, now, zone),
        "at_iso": message.sent_at.isoformat(timespec="seconds"),
        "text": message.text,
        "attachments": [_attachment(one, token) for one in message.attachments.all()],
    }


def _came(channel: str) -> str:
    """How it came or went, after a name: "on this page", "by email", "on Bluesky"."""
    said = registry.channel_name(channel)
    return _CAME.get(channel) or (f"by {said}" if said.capitalize() in registry.PLAIN_WORDS else f"on {said}")


def _attachment(attachment: Attachment, token: str) -> dict[str, str]:
    return {
        "name": attachment.name,
        "url": reverse("public:receipt_file", args=[token, attachment.pk]),
        "size": filesizeformat(attachment.size_bytes),
        "refused_why": attachment.refused_why,
    }
