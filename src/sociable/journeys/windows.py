"""Keeps until when people can be answered where their network shuts the door, and says so while somebody is at work.

When a window closes and when that is said is decided in domain/window; which network has one, by its capabilities.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from sociable.asking.question import Given, Question
from sociable.channels import registry
from sociable.conversations.models import Conversation, Message, ReplyWindow
from sociable.directory import queries as directory
from sociable.directory.limits import capabilities_of
from sociable.domain.saying import moment_near
from sociable.domain.window import Reply, Window, warn_at, window
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import outbox, ways
from sociable.live import services as live
from sociable.promises import services as promises


def retell(conversation: Conversation, now: datetime) -> None:
    """This function will set the window of a conversation by what they wrote last, and have its closing said in time.

    Shape:  inside the caller's transaction; whoever writes again opens it anew, whoever writes elsewhere has none
    """
    last = ways.heard_in(conversation).first()
    made = _window_of(last) if last is not None else None
    if last is None or made is None:
        if ReplyWindow.objects.filter(conversation=conversation).delete()[0]:
            due.withdraw("window", [conversation.pk])
        return
    facts = {
        "channel": last.channel,
        "heard_at": made.heard_at,
        "free_until_at": made.free_until_at,
        "closes_at": made.closes_at,
        "approved": made.approved,
        "warned_at": None,
    }
    kept, is_new = ReplyWindow.objects.get_or_create(conversation=conversation, defaults=facts)
    if not is_new:
        if _as_domain(kept) == made:
            return
        ReplyWindow.objects.filter(pk=kept.pk).update(**facts)
    if made.closes_at > now:
        told_at = max(now, _warn_at(conversation, made))
        due.ask([due.Due("window", f"window:{conversation.pk}", conversation.pk, told_at)])


def heard(message: Message, *, is_new: bool, now: datetime) -> None:
    """This function will set the window of a conversation after they wrote; most channels have none, and cost nothing here."""
    sets_one = registry.adapter_class(message.channel).capabilities.reply_window is not None
    if sets_one or (not is_new and _KEPT.all(conversation=message.conversation_id)):
        retell(message.conversation, now)


def _window_of(message: Message) -> Window | None:
    """Only what they said in private opens a window; in public they are answered whenever."""
    can = capabilities_of(outbox.sending_account(message), message.channel)
    if message.visibility != "private" and not (can.private and not message.visibility):
        return None
    return window(message.sent_at, can.reply_window, can.late_window, approved=can.templates)


def _as_domain(kept: ReplyWindow) -> Window:
    return Window(kept.heard_at, kept.free_until_at, kept.closes_at, kept.approved)


def _warn_at(conversation: Conversation, made: Window) -> datetime:
    calendar = directory.calendar_of(conversation.account)
    return warn_at(made, calendar.spans_between(made.heard_at, made.closes_at) if calendar else None)


def warn(row: DueRow, now: datetime) -> None:
    """This function will say that a window closes soon, if somebody still waits behind it."""
    with transaction.atomic():
        kept = ReplyWindow.objects.select_for_update().filter(conversation=row.subject_id, warned_at=None).first()
        conversation = Conversation.objects.select_related("account__partner").filter(pk=row.subject_id).first()
        if kept is None or conversation is None or kept.closes_at <= now or promises.open_wait(conversation) is None:
            due.close(row, now)
            return
        told_at = _warn_at(conversation, _as_domain(kept))
        if told_at > now:  # the hours changed between
            due.renew(row, told_at)
            return
        if due.close(row, now):
            ReplyWindow.objects.filter(pk=kept.pk).update(warned_at=now)
            live.publish(
                kind="warn:window", account_id=conversation.account_id, conversation_id=conversation.pk, now=now
            )


def check_open(conversation: Conversation, place: ways.Place, legs: Sequence[ways.Leg], now: datetime) -> None:
    """This function will refuse words of our own where the network would.

    Errors: ways.WayClosed
    """
    if registry.adapter_class(place.channel).capabilities.reply_window is None:
        return
    kept = _KEPT.first(conversation=conversation.pk)
    if kept is None or kept.channel != place.channel:
        return
    if not any(leg.channel == kept.channel and leg.to and leg.visibility != "public" for leg in legs):
        return
    reply = _as_domain(kept).reply_at(now)
    if reply in (Reply.FREELY, Reply.AS_PERSON):
        return
    network = registry.adapter_class(kept.channel).name
    since = moment_near(kept.closes_at, now, directory.zone_of(conversation.account))
    instead = "Choose an approved message" if reply == Reply.APPROVED else "Choose another way, such as email"
    raise ways.WayClosed(
        f"{network} takes no words of ours any more: they last wrote {_ago(now - kept.heard_at)}, and the time to answer "
        f"ended {since}. {instead}. Your words are kept."
    )


def _ago(since: timedelta) -> str:
    hours = int(since.total_seconds() // 3600)
    return f"{hours} hours ago" if hours < 48 else f"{hours // 24} days ago"


_KEPT = Question(lambda: ReplyWindow.objects.filter(conversation=Given("conversation")))
