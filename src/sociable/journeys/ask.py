"""A resident asks by the public form, or adds to what they asked by their private link.

What was typed is stored raw before anything reads it, as with every channel; whether it looks like spam is judged by the page.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from sociable.channels.base import RawItem
from sociable.channels.form import adapter as form
from sociable.conversations import services as conversations
from sociable.conversations.models import Message, Receipt
from sociable.directory.models import Account
from sociable.domain.errors import DomainError
from sociable.domain.text import heading_of
from sociable.journeys import receive


class NothingAsked(DomainError):
    """The form came without words."""


KeptUnread = receive.KeptUnread


def ask(
    *,
    account: Account,
    name: str,
    email: str,
    text: str,
    nonce: str,
    now: datetime,
    subject: str = "",
    suspected_why: str = "",
) -> Receipt:
    """This function will take a request typed on the form and return its private link.

    Shape:  the same words with the same nonce are the same request, however often they are sent; what is suspected is kept
            aside for a person to look at, and its sender gets the same link as everybody
    Errors: NothingAsked; KeptUnread
    """
    content = form.raw(
        name=name, email=email, subject=subject or heading_of(text), text=text, suspected_why=suspected_why
    )
    message = _take(account, content, _remote_id(nonce, name, email, text), text, now)
    return conversations.receipt_of(message.conversation, now)


def add(*, receipt: Receipt, text: str, nonce: str, now: datetime) -> Message:
    """This function will add to the request behind a private link, in the name of whoever asked: it joins the open wait or begins one.

    Errors: NothingAsked; KeptUnread
    """
    conversation = receipt.conversation
    asked = conversation.messages.filter(direction=Message.Direction.IN, automatic="").order_by("sent_at", "pk").first()
    content = form.raw(
        name=asked.from_name if asked else "",
        email=asked.reply_address or asked.from_address if asked else "",
        subject=conversation.subject,
        text=text,
        adds_to=conversation.pk,
    )
    return _take(conversation.account, content, _remote_id(nonce, str(conversation.pk), text), text, now)


def _remote_id(nonce: str, *typed: str) -> str:
    """One page sent twice is one request; one page sent again with other words is another."""
    return f"form:{nonce[:60]}:{hashlib.sha256(repr(typed).encode()).hexdigest()[:32]}"


def _take(account: Account, content: bytes, remote_id: str, text: str, now: datetime) -> Message:
    if not text.strip():
        raise NothingAsked("Write what you need first.")
    return receive.at_once(account, form.FormAdapter.kind, RawItem(remote_id, content, now, ""), now)
