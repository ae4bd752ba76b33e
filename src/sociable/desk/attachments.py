"""Hands out what came with a message: its files, its formatted form, its quoted text, and its raw form as it arrived.

Everything here is a stranger's: it is downloaded, or shown in a frame of its own that can run and fetch nothing.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, TypeVar

from csp.decorators import csp
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from sociable.channels.email.fold import fold
from sociable.channels.email.safe_html import make_safe
from sociable.conversations import files
from sociable.conversations.models import Attachment, Conversation, Message, RawInbound
from sociable.desk.actions import seen_message
from sociable.desk.conversation_words import PICTURES
from sociable.people.requests import StaffRequest

Response = TypeVar("Response", bound=HttpResponseBase)
LARGEST_INLINE_BYTES = 3_000_000  # a picture inside a mail; larger ones are among the files
MOST_INLINE_BYTES = 20_000_000  # all of them on one page, however often the mail names them
_NOTHING: dict[str, Any] = {"default-src": ["'none'"], "sandbox": []}
_FRAME: dict[str, Any] = {
    "default-src": ["'none'"],
    "img-src": ["data:"],
    "style-src": ["'self'", "'unsafe-inline'"],
    "frame-ancestors": ["'self'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "sandbox": ["allow-popups", "allow-popups-to-escape-sandbox"],
}


@require_safe
@never_cache
@login_required
def attachment(request: StaffRequest, attachment_id: int) -> FileResponse:
    """This function will hand out a file to keep; a picture of a plain kind may be shown where it is asked for inline."""
    seen = Conversation.objects.visible_to(request.user)
    one = get_object_or_404(Attachment.objects.filter(message__conversation__in=seen), pk=attachment_id)
    path = files.path_of(one.sha256) if one.sha256 else None
    if path is None or not path.exists():
        raise Http404
    shown = "inline" in request.GET and one.content_type in PICTURES
    kind = one.content_type if shown else "application/octet-stream"
    response = FileResponse(path.open("rb"), as_attachment=not shown, filename=one.name, content_type=kind)
    return _under(_NOTHING, request, response)


def _under(policy: dict[str, Any], request: HttpRequest, response: Response) -> Response:
    """Answer under a security policy of its own instead of our pages'."""
    csp(policy)(lambda _request: response)(request)
    return response


@require_safe
@never_cache
@login_required
def raw(request: StaffRequest, raw_id: int) -> HttpResponse:
    """This function will hand out a message as it arrived, byte for byte."""
    seen = Conversation.objects.visible_to(request.user)
    one = get_object_or_404(RawInbound.objects.filter(message__conversation__in=seen), pk=raw_id)
    suffix = "eml" if one.channel == "email" else "json"
    response = HttpResponse(bytes(one.content), content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="message-{one.message_id}.{suffix}"'
    return response


@require_safe
@never_cache
@login_required
def quoted(request: StaffRequest, message_id: int) -> HttpResponse:
    """This function will show all the text of a message, with what it quotes, however long."""
    message = seen_message(request, message_id)
    visible, earlier = fold(message.text, message.subject)
    return render(request, "desk/message_text.html", {"message": message, "visible": visible, "quoted": earlier})


@require_safe
@never_cache
@xframe_options_sameorigin
@login_required
def formatted(request: StaffRequest, message_id: int) -> HttpResponse:
    """This function will show a message as it was formatted, made safe, for a frame that can run and fetch nothing.

    Pictures from elsewhere are let through only where they were asked for.
    """
    message, pictures = seen_message(request, message_id), "pictures" in request.GET
    safe = make_safe(message.html, allow_remote_images=pictures, image_for_cid=_pictures_of(message))
    shown = {"message": message, "safe": safe, "pictures": pictures}
    policy = _FRAME | ({"img-src": ["data:", "https:", "http:"]} if pictures else {})
    return _under(policy, request, render(request, "desk/message_formatted.html", shown))


def _pictures_of(message: Message) -> Callable[[str], str | None]:
    """Pictures inside a mail travel inside its page: the frame has no right to fetch even from us."""
    inside = message.attachments.filter(content_type__in=PICTURES, size_bytes__lte=LARGEST_INLINE_BYTES, sha256__gt="")
    by_id = {one.content_id.strip("<>"): one for one in inside.exclude(content_id="")}
    room = [MOST_INLINE_BYTES]

    def picture(content_id: str) -> str | None:
        one = by_id.get(content_id)
        if one is None or one.size_bytes > room[0] or not files.path_of(one.sha256).exists():
            return None
        room[0] -= one.size_bytes
        encoded = base64.b64encode(files.path_of(one.sha256).read_bytes()).decode()
        return f"data:{one.content_type};base64,{encoded}"

    return picture
