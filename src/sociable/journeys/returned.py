"""What came in can tell what became of what went out: a delivery report, or simply an answer to it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from sociable.channels import registry
from sociable.channels.base import Bounce, Parsed
from sociable.channels.base import Receipt as Taken
from sociable.conversations.models import Conversation, Message, Outgoing
from sociable.directory.models import Account
from sociable.journeys import came_back, outbox

State = Outgoing.State
SAME_MESSAGE = timedelta(minutes=15)  # between our sending and the network's time of it


def note(bounce: Bounce, report: Message, now: datetime) -> None:
    """This function will mark our message as returned where the report names it and says that is final."""
    if not bounce.permanent or came_back.note(bounce, now):
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


def delivered(account: Account, parsed: Parsed, now: datetime) -> bool:
    """This function will note what the network says became of a message of ours; False where it names none that we know."""
    _known_by_our_key(account, parsed, now)
    named = Q(remote_id=parsed.about_id) | Q(message__message_id=parsed.about_id[:500])
    sent = Outgoing.objects.filter(named, message__partner_id=account.partner_id).exclude(message__message_id="")
    told = parsed.delivery
    found = list(sent.select_related("message__conversation__account__partner"))
    for outgoing in found:
        if told is None or told.state == "accepted":
            seen(outgoing.message, now)
        elif told.state == "delivered":
            outbox.arrived(outgoing, told.detail, now)
        elif told.permanent:
            outbox.came_back(outgoing, told.detail, now)
    return bool(found)


def _known_by_our_key(account: Account, parsed: Parsed, now: datetime) -> None:
    """A network that gives our own key back tells the id of a message whose fate, and so its id, we had not heard."""
    unknown = Outgoing.objects.filter(
        message__partner_id=account.partner_id,
        message__message_id__in=parsed.references,
        state__in=[State.SENDING, State.UNKNOWN],
        remote_id="",
    )
    for outgoing in unknown.select_related("message__conversation__account__partner"):
        outbox.taken(outgoing, Taken("accepted", parsed.about_id, "The network tells of it by our key."), now)


def seen(message: Message, now: datetime) -> None:
    """This function will note that the network has a message of ours whose fate was not known: it showed it to us."""
    unknown = Outgoing.objects.filter(message=message, state=State.UNKNOWN)
    for outgoing in unknown.select_related("message__conversation__account__partner"):
        outbox.taken(outgoing, Taken("accepted", message.message_id, "The network shows it."), now)


def recognised(conversation: Conversation, parsed: Parsed, now: datetime) -> Message | None:
    """This function will find the message of ours that the network shows us before we knew its id there, and give it that id."""
    on_its_way = Outgoing.objects.filter(
        message__conversation=conversation,
        message__direction=Message.Direction.OUT,
        message__sent_at__gt=parsed.sent_at - SAME_MESSAGE,
        state__in=[State.SENDING, State.UNKNOWN, State.ACCEPTED],
    ).filter(Q(remote_id="") | Q(remote_id=parsed.message_id))
    for outgoing in on_its_way.select_related("message__conversation__account__partner").order_by("pk"):
        by_key = outgoing.message.message_id in parsed.references
        if by_key or _squeezed(outgoing.message.text) in _squeezed(parsed.text):
            receipt = Taken("accepted", parsed.message_id, "The network shows it.", parsed.link, parsed.reply_ref)
            outbox.taken(outgoing, receipt, now)
            return outgoing.message
    return None


def _squeezed(text: str) -> str:
    return " ".join(text.split())
