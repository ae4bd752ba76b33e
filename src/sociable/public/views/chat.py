"""Speaks with the script of the web chat on a body's site: JSON in, JSON out, from the sites that are listed and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from sociable.conversations import chats
from sociable.conversations.chat_models import Chat
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.journeys import chat as journey
from sociable.public import chat_access as access
from sociable.public import chat_words as words
from sociable.public.chat_access import Asked, Refused
from sociable.public.forms import LONGEST_CHARS
from sociable.public.showing import Shown
from sociable.public.suspicion import client_address

LONGEST_BODY_BYTES = 64 * 1024
_LINE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_NUMBER = re.compile(r"[0-9]{1,18}")
Page = Callable[[HttpRequest, Account, Asked], dict[str, Any]]
ChatPage = Callable[[HttpRequest, Chat, Asked], dict[str, Any]]
View = Callable[[HttpRequest, str], HttpResponse]


def answers(*methods: str) -> Callable[[Page], View]:
    """This function will make a page of the chat: it answers JSON to listed sites, and refusals in sentences."""

    def wrap(page: Page) -> View:
        @wraps(page)
        def view(request: HttpRequest, slug: str) -> HttpResponse:
            return _answer(request, slug, None, partial(page, request))

        return csrf_exempt(
            require_http_methods([*methods, "OPTIONS"])(view)
        )  # a secret stands behind it, and no cookie

    return wrap


def in_chat(*methods: str) -> Callable[[ChatPage], View]:
    """This function will make a page for whoever is in a chat, and shows its secret."""

    def wrap(page: ChatPage) -> View:
        @wraps(page)
        def view(request: HttpRequest, slug: str) -> HttpResponse:
            chat = access.chat_of(slug, asked_by(request))

            def answer(_: Account, asked: Asked) -> dict[str, Any]:
                if chat is None:
                    raise access.UNKNOWN
                access.check_lapse(chat, timezone.now())
                return page(request, chat, asked)

            return _answer(request, slug, chat, answer)

        return csrf_exempt(require_http_methods([*methods, "OPTIONS"])(view))

    return wrap


def _answer(
    request: HttpRequest, slug: str, chat: Chat | None, page: Callable[[Account, Asked], dict[str, Any]]
) -> HttpResponse:
    asked = asked_by(request)
    try:
        account = chat.visitor.account if chat is not None else access.account_of(slug)
        access.check_origin(account, asked)
    except Refused as refused:
        return _refusal(refused, {"Vary": "Origin", "Cache-Control": "no-store"})
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers=access.preflight_headers(asked))
    try:
        return JsonResponse(page(account, asked), headers=access.headers(asked))
    except DomainError as error:
        return _refusal(Refused(error.message, 409), access.headers(asked))
    except Refused as refused:
        return _refusal(refused, access.headers(asked))


def asked_by(request: HttpRequest) -> Asked:
    """This function will read what a browser shows of itself."""
    origin = request.headers.get("Origin", "")
    return Asked(origin, request.headers.get("Authorization", ""), client_address(request))


def _refusal(refused: Refused, headers: dict[str, str]) -> HttpResponse:
    return JsonResponse({"message": refused.message}, status=refused.status, headers=headers)


def _typed(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent."""
    if request.content_type != "application/json":
        raise Refused("Send JSON.", 415)
    if int(request.headers.get("content-length") or 0) > LONGEST_BODY_BYTES:
        raise Refused(f"Your message must be {LONGEST_CHARS:,} characters or fewer.", 413)
    try:
        typed = json.loads(request.body)
    except (ValueError, RecursionError):
        raise Refused("That was not whole. Send it again: what you typed is kept.", 400) from None
    if not isinstance(typed, dict):
        raise Refused("That was not whole. Send it again: what you typed is kept.", 400)
    return typed


def _text(typed: dict[str, Any], name: str, most: int, what: str) -> str:
    value = typed.get(name, "")
    if not isinstance(value, str):
        raise Refused("That was not whole. Send it again: what you typed is kept.", 400)
    value = value.replace("\r\n", "\n").replace("\x00", "").encode(errors="replace").decode()
    if len(value) > most:
        raise Refused(f"{what} must be {most:,} characters or fewer. It has {len(value):,}.", 413)
    return value


def _email(typed: dict[str, Any], *, needed: bool = False) -> str:
    value = _text(typed, "email", 254, "Your email address").strip()
    if value or needed:
        try:
            validate_email(value)
        except ValidationError:
            raise Refused("Enter an email address in the correct format, like name@example.com", 422) from None
    return value


def _line_id(value: Any) -> str:
    if not isinstance(value, str) or not _LINE.fullmatch(value):
        raise Refused("That was not whole. Send it again: what you typed is kept.", 400)
    return value


# -- The pages -----------------------------------------------------------------------------------------------------------


@answers("GET")
def about(request: HttpRequest, account: Account, asked: Asked) -> dict[str, Any]:
    """This page will say what stands before a chat: may one begin, how long it takes, and the other ways."""
    access.check_pace("ask", asked)
    return words.before(Shown(directory.stated(account.pk), timezone.now()))


@answers("POST")
def begin(request: HttpRequest, account: Account, asked: Asked) -> dict[str, Any]:
    """This page will begin a chat, or give back the one this browser is in; the secret is told once."""
    access.check_pace("begin", asked)
    typed, now = _typed(request), timezone.now()
    begun = journey.begin(
        account,
        secret=asked.secret,
        name=_text(typed, "name", 120, "Your name"),
        email=_email(typed),
        page=_text(typed, "page", 2_000, "The address of the page")[:500],
        anew=typed.get("anew") is True,
        now=now,
    )
    told = words.update(begun.chat, 0, now)
    return told | ({"secret": begun.secret} if begun.secret else {})


@in_chat("GET", "POST")
def lines(request: HttpRequest, chat: Chat, asked: Asked) -> dict[str, Any]:
    """This page will take a line, or tell what was said after one: for whoever comes back, and where nothing can be streamed."""
    now = timezone.now()
    if request.method == "POST":
        access.check_pace("say", asked, chat)
        typed = _typed(request)
        line = _line_id(typed.get("line"))
        message = journey.say(chat, line=line, text=_text(typed, "text", LONGEST_CHARS, "Your message"), now=now)
        return {"line": line, "n": message.pk}
    access.check_pace("ask", asked)
    chats.seen(chat, now)
    after = request.GET.get("after", "")
    return words.update(chat, int(after) if _NUMBER.fullmatch(after) else 0, now)


@in_chat("POST")
def files(request: HttpRequest, chat: Chat, asked: Asked) -> dict[str, Any]:
    """This page will take files as a line; what they are is told from their content."""
    now = timezone.now()
    access.check_pace("say", asked, chat)
    try:
        chosen = request.FILES.getlist("files")
    except MultiPartParserError:
        raise Refused("The file did not arrive whole. Choose it again.", 400) from None
    if sum(one.size or 0 for one in chosen) > settings.ATTACHMENT_LIMIT_BYTES:
        most = filesizeformat(settings.ATTACHMENT_LIMIT_BYTES)
        raise Refused(f"Files may be {most} together. Choose fewer or smaller ones.", 413)
    line = _line_id(request.POST.get("line"))
    given = [(one.name or "", one.content_type or "", one.read()) for one in chosen]
    text = _text(dict(request.POST.items()), "text", LONGEST_CHARS, "Your message")
    return {"line": line, "n": journey.say(chat, line=line, text=text, files=given, now=now).pk}


@in_chat("POST")
def writing(request: HttpRequest, chat: Chat, asked: Asked) -> dict[str, Any]:
    """This page will tell the desk that they are writing."""
    access.check_pace("write", asked, chat)
    journey.writes(chat)
    return {}


@in_chat("POST")
def leave(request: HttpRequest, chat: Chat, asked: Asked) -> dict[str, Any]:
    """This page will end the chat for them."""
    now = timezone.now()
    journey.leave(chat, now)
    chat.refresh_from_db(fields=["ended_at", "ended"])
    return words.update(chat, 0, now)


@in_chat("POST")
def transcript(request: HttpRequest, chat: Chat, asked: Asked) -> dict[str, Any]:
    """This page will send what was said by email."""
    access.check_pace("send", asked)
    email = _email(_typed(request), needed=True)
    journey.send_transcript(chat, email, timezone.now())
    return {"message": f"It is on its way to {email}."}
