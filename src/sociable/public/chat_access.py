"""Decides who may chat from where: which sites may hold an account's chat, whose secret a browser shows, and how often it may ask.

What is said and shown is left to the pages; nothing here is asked of a third party and no cookie is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from sociable.conversations import chats
from sociable.conversations.chat_models import Chat
from sociable.directory.models import Account
from sociable.domain import chat as rule
from sociable.public import suspicion

# How often in ten minutes; a library's public computers share one address.
MOST = {"begin": 30, "ask": 1_200, "say": 120, "write": 300, "send": 6}
_BY_PLACE = ("begin", "ask", "send")
PREFLIGHT_SECONDS = 7_200
METHODS, HEADERS = "GET, POST, OPTIONS", "Authorization, Content-Type, Last-Event-ID"


class Refused(Exception):
    """A browser is not let in; `message` is a sentence for people, `status` the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Asked:
    """What a browser shows of itself: the site it is on, its secret, and the place on the internet it asks from."""

    origin: str = ""
    authorization: str = ""
    place: str = ""

    @property
    def secret(self) -> str:
        """The secret, or nothing."""
        kind, _, secret = self.authorization.partition(" ")
        return secret.strip() if kind.lower() == "bearer" else ""


def account_of(slug: str) -> Account:
    """This function will return the account with a chat under this name.

    Errors: Refused
    """
    with_chat = Account.objects.published().filter(takes_chat=True).select_related("partner", "service")
    account = with_chat.filter(slug=slug).first()
    if account is None:
        raise Refused("There is no web chat here.", 404)
    return account


def check_origin(account: Account, asked: Asked) -> None:
    """This function will refuse a page of a site that may not hold the chat; a page of ours may.

    Errors: Refused
    """
    if asked.origin and asked.origin not in (*account.chats_on, settings.PUBLIC_URL):
        raise Refused(f"The chat of {account.name} may not be used on {asked.origin[:100]}.", 403)


def chat_of(slug: str, asked: Asked) -> Chat | None:
    """This function will return the chat of the browser that shows this secret, at the account of this name; None without one."""
    chat = chats.chat_by(slug, asked.secret)
    return chat if chat is not None and chat.visitor.account.takes_chat else None


def check_lapse(chat: Chat, now: datetime) -> None:
    """This function will refuse a browser that held a chat long ago; the private page shows it to whoever has its link.

    Errors: Refused
    """
    if rule.has_lapsed(chat.said_at, now):
        raise LAPSED


LAPSED = Refused(
    f"Nothing was said in your chat for {rule.LAPSES_AFTER.days} days, so this browser no longer shows it. Your private page still does: "
    "its link stood in the chat, and in what we sent you by email. You can begin a new chat: what you typed is kept.",
    401,
)
UNKNOWN = Refused("This chat is not known here any more. Begin a new one: what you typed is kept.", 401)


def check_pace(kind: str, asked: Asked, chat: Chat | None = None) -> None:
    """This function will refuse what comes too often from one place, or from one browser.

    Errors: Refused
    """
    value = asked.place if kind in _BY_PLACE or chat is None else str(chat.visitor_id)
    if suspicion.count(f"chat-{kind}", value) > MOST[kind]:
        raise Refused("That was too often in a short time. Wait a few minutes: what you typed is kept.", 429)


def headers(asked: Asked) -> dict[str, str]:
    """This function will return what lets the page of another site read an answer."""
    shared = {"Vary": "Origin", "Cache-Control": "no-store"}
    return shared | ({"Access-Control-Allow-Origin": asked.origin} if asked.origin else {})


def preflight_headers(asked: Asked) -> dict[str, str]:
    """This function will return what a browser asks before it sends a line from another site."""
    return headers(asked) | {
        "Access-Control-Allow-Methods": METHODS,
        "Access-Control-Allow-Headers": HEADERS,
        "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
    }
