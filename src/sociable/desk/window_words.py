"""Says until when somebody can still be answered where their network shuts the door.

Which window there is, is kept by the journeys; how it stands at an instant, decided in domain/window.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import QuerySet

from sociable.channels import registry
from sociable.conversations.models import Conversation, ReplyWindow
from sociable.directory.models import Account
from sociable.domain.saying import moment_near
from sociable.domain.window import Reply, Window
from sociable.promises.models import Wait

CLOSING = timedelta(hours=4)  # of clock time: said in the list even before it was warned of


def of(conversation: Conversation) -> ReplyWindow | None:
    """This function will return the window of a conversation, None where its network sets none."""
    return ReplyWindow.objects.filter(conversation=conversation).first()


def of_many(ids: Iterable[int]) -> dict[int, ReplyWindow]:
    """This function will return the windows of the conversations that have one, by the conversation's id."""
    return {one.conversation_id: one for one in ReplyWindow.objects.filter(conversation__in=list(ids))}


def sets_one(accounts: Iterable[Account]) -> bool:
    """This function will say whether any of these accounts lives where windows are set."""
    channels = {account.channel for account in accounts}
    return any(registry.adapter_class(channel).capabilities.reply_window for channel in channels)


def reply_at(kept: ReplyWindow, now: datetime) -> Reply:
    """This function will say how somebody can be answered at an instant."""
    return Window(kept.heard_at, kept.free_until_at, kept.closes_at, kept.approved).reply_at(now)


def sentence(kept: ReplyWindow, now: datetime, zone: str) -> str:
    """This function will say in one sentence until when, and how, somebody can be answered."""
    network, closes = registry.adapter_class(kept.channel).name, moment_near(kept.closes_at, now, zone)
    reply = reply_at(kept, now)
    if reply == Reply.FREELY:
        return f"{network}: can still reply freely until {moment_near(kept.free_until_at, now, zone)}{_and_then(kept, closes)}."
    if reply == Reply.AS_PERSON:
        return f"{network}: a person can still reply until {closes}; automatic messages are no longer taken."
    instead = "only an approved message is taken" if reply == Reply.APPROVED else "reply another way, such as by email"
    return f"{network}: the time to reply ended {closes}; {instead}."


def _and_then(kept: ReplyWindow, closes: str) -> str:
    if kept.closes_at > kept.free_until_at:
        return f", and a person may until {closes}"
    return ", after that only with an approved message" if kept.approved else ""


def shut(conversation: Conversation, channel: str, now: datetime) -> str:
    """This function will say what is left where a channel takes no words of ours any more; nothing where it does."""
    kept = of(conversation)
    if kept is None or kept.channel != channel or reply_at(kept, now) in (Reply.FREELY, Reply.AS_PERSON):
        return ""
    instead = "send an approved message, or this by email" if kept.approved else "send it by email"
    return f"{registry.adapter_class(channel).name} takes no words of ours any more: {instead}"


def tag(kept: ReplyWindow, now: datetime, zone: str) -> dict[str, str]:
    """This function will say it in the few words that a row of the list has room for."""
    reply, closes = reply_at(kept, now), moment_near(kept.closes_at, now, zone)
    if reply == Reply.APPROVED:
        return {"text": "Approved messages only", "tone": tone(kept, now)}
    if reply == Reply.CLOSED:
        return {"text": f"Could be answered until {closes}", "tone": tone(kept, now)}
    return {"text": f"Can reply until {closes}", "tone": tone(kept, now)}


def tone(kept: ReplyWindow, now: datetime) -> str:
    """This function will say how urgent it is: late once it is closed, a warning once that was said or is near."""
    if now >= kept.closes_at:
        return "warn" if kept.approved else "late"
    return "warn" if kept.warned_at is not None or kept.closes_at - now <= CLOSING else ""


def closing(accounts: Iterable[Account], now: datetime) -> QuerySet[Conversation]:
    """This function will return the open conversations in which somebody waits behind a window of which was warned."""
    warned = ReplyWindow.objects.filter(warned_at__isnull=False, closes_at__gt=now).values("conversation")
    waiting = Wait.objects.open().values("conversation")
    open_here = Conversation.objects.filter(account__in=accounts, state=Conversation.State.OPEN)
    return open_here.filter(pk__in=warned).filter(pk__in=waiting)
