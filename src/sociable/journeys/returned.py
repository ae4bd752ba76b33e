"""What came in can tell what became of what went out: a delivery report, or simply an answer to it."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from sociable.channels import registry
from sociable.channels.base import Bounce, Parsed
from sociable.conversations.models import Message, Outgoing
from sociable.journeys import outbox


def note(bounce: Bounce, report: Message, now: datetime) -> None:
    """This function will mark our message as returned where the report names it and says that is final."""
    if not bounce.permanent:
        return
    sent = Outgoing.objects.select_related("message__conversation__account__partner").filter(
        message__partner_id=report.partner_id, message__message_id__in=bounce.message_ids
    )
    for outgoing in sent:
        reason = bounce.diagnostic or bounce.status or "no reason given"
        outbox.came_back(outgoing, f"It came back from {bounce.recipient or 'the other side'}: {reason}", now)


def answered(message: Message, parsed: Parsed, now: datetime) -> None:
    """This function will note that a message whose fate was not known did arrive, because somebody answered it."""
    adapter, key = registry.adapter_class(message.channel), settings.SECRET_KEY.encode()
    named = [value for value in (parsed.in_reply_to, *parsed.references) if adapter.is_ours(value, key)]
    if not named:
        return
    unknown = Outgoing.objects.filter(
        state=Outgoing.State.UNKNOWN, message__partner_id=message.partner_id, message__message_id__in=named
    )
    for outgoing in unknown.select_related("message__conversation__account__partner"):
        outbox.arrived(outgoing, "It arrived: they answered it.", now)
