"""Tells somebody at once that we have their request and when they can expect an answer.

A receipt is sent by Sociable itself: it never answers, and it never goes to a machine.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from sociable.conversations import services as conversations
from sociable.conversations.models import Identity, Message
from sociable.directory.queries import Stated, zone_of
from sociable.domain.saying import moment_words
from sociable.journeys import outbox
from sociable.promises.models import Wait

MOST_AN_HOUR = 3  # to one address: two machines that answer each other stop here


def send(wait: Wait, stated: Stated, now: datetime) -> Message | None:
    """This function will queue the receipt of a wait, unless the account sends none or the address had enough of them."""
    first = wait.began_with
    by_email = first.identity_kind == "email" and bool(first.from_address)
    if not stated.account.sends_receipts or not by_email or _had_enough(first, now):
        return None
    message = conversations.add_outbound(
        conversation=wait.conversation,
        text=words(wait, stated, now),
        channel="email",
        author=None,
        to=[first.from_address],
        now=now,
        automatic=Message.Automatic.OWN,
    )
    outbox.queue(message, undo_until_at=now)
    return message


def _had_enough(first: Message, now: datetime) -> bool:
    sent = Message.objects.filter(
        conversation__contact_id=first.conversation.contact_id,
        automatic=Message.Automatic.OWN,
        stored_at__gt=now - timedelta(hours=1),
    )
    return sent.count() >= MOST_AN_HOUR


def words(wait: Wait, stated: Stated, now: datetime) -> str:
    """This function will write the receipt: what we have, when we will answer, and the private link if it is theirs."""
    account = stated.account
    lines = [f"Thank you for asking {account.name}. We have your message and a person will read it.", ""]
    if stated.calendar is not None and not stated.calendar.is_open(now) and account.partner.crisis_words:
        lines += [account.partner.crisis_words, ""]
    if wait.due_at is None:
        lines.append("We cannot promise a time here, but we answer everybody.")
    else:
        lines.append(f"We will answer by {moment_words(wait.due_at, zone_of(account))}.")
    if _is_theirs(wait):
        link = private_link(conversations.receipt_of(wait.conversation, now).token)
        lines += ["", "Read your request, add to it, or see the answer on your private link:", link]
    return "\n".join([*lines, "", account.name, account.partner.name])


def _is_theirs(wait: Wait) -> bool:
    """Whoever joined from another address, having had a copy of the mail, say, is not shown all that was said before."""
    addresses = Identity.objects.filter(contact=wait.conversation.contact_id, kind="email")
    return addresses.filter(address=wait.began_with.from_address).exists()


def private_link(token: str) -> str:
    """This function will return the address of a receipt page."""
    return f"{settings.PUBLIC_URL}/r/{token}/"
