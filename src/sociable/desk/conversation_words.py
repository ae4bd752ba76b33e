"""Puts one conversation into words for its page: its clock explained, its messages in order, what stands beside it.

What may be seen was decided before; what the clock says is said by promises and worktime; nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from sociable.channels import registry
from sociable.channels.email.fold import fold
from sociable.conversations.identity_models import Joining
from sociable.conversations.models import Attachment, Conversation, Identity, Message, Outgoing, RawInbound
from sociable.directory import queries as directory
from sociable.directory.models import HoursVersion
from sociable.directory.queries import Stated
from sociable.domain.ordering import why
from sociable.domain.promise import in_words
from sociable.domain.saying import moment_near, moment_words
from sociable.domain.text import number_words
from sociable.domain.worktime import Calendar, StatedHours
from sociable.journeys import calls, spoken
from sociable.people.models import AuditEvent, Person
from sociable.promises import services as waits
from sociable.promises import words
from sociable.promises.lines import entry_of, share_of
from sociable.promises.models import Wait

LONGEST_SHOWN_CHARS = 20_000  # more is a click away
LONGEST_QUOTED_CHARS = 4_000
NEWEST = 100
_KNOWN_BY = {"chat": "Their browser, in the web chat"}  # where the address is a mark that says nothing to a person
PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_TROUBLE = (Outgoing.State.FAILED, Outgoing.State.BOUNCED, Outgoing.State.UNKNOWN)
_DELIVERY = {
    Outgoing.State.QUEUED: ("Waiting to be sent", "info"),
    Outgoing.State.SENDING: ("Sending", "info"),
    Outgoing.State.ACCEPTED: ("Sent", "good"),
    Outgoing.State.DELIVERED: ("Delivered", "good"),
    Outgoing.State.BOUNCED: ("Came back", "late"),
    Outgoing.State.FAILED: ("Not sent", "late"),
    Outgoing.State.UNKNOWN: ("Not known whether it left", "warn"),
    Outgoing.State.UNDONE: ("Taken back", "outline"),
}
_TROUBLE_WORDS = {
    Outgoing.State.FAILED: "Not sent, so the clock runs again.",
    Outgoing.State.BOUNCED: "It did not arrive, so the clock runs again.",
    Outgoing.State.UNKNOWN: "It may or may not have left. Send it again only if you are sure it did not.",
}
_AUTOMATIC = {
    Message.Automatic.REPLY: "Automatic reply: it starts no clock",
    Message.Automatic.BOUNCE: "Delivery report: it starts no clock",
    Message.Automatic.LIST: "Mailing list: it starts no clock",
    Message.Automatic.OWN: "Sent by Sociable itself: it answers nothing",
}


# -- The clock ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Clock:
    """What the head of the page says of the open wait."""

    bar: words.Bar
    explained: str
    used: str
    judged: tuple[str, ...]
    why: str
    need: int
    need_reason: str


def clock(wait: Wait, conversation: Conversation, now: datetime) -> Clock:
    """This function will explain an open wait: when its answer is due and why, what is used of it, and who judged it so."""
    stated = directory.stated(waits.judged_by(wait))
    share = share_of(wait, stated.calendar, now)
    others = (
        Wait.objects.open().filter(contact=wait.contact_id, conversation__state=Conversation.State.OPEN).count() - 1
    )
    return Clock(
        bar=words.bar(wait, share, stated.calendar, now),
        explained=_explained(wait, stated.calendar, now, directory.zone_of(conversation.account)),
        used=_used(wait, stated.calendar, now),
        judged=tuple(_judged(wait, conversation, stated)),
        why=why(entry_of(wait, share), max(0, others)),
        need=wait.need,
        need_reason=wait.need_reason,
    )


def _explained(wait: Wait, calendar: Calendar | None, now: datetime, zone: str) -> str:
    if wait.due_at is None or calendar is None or wait.promise is None:
        return f"Arrived {moment_near(wait.started_at, now, zone)}. No promise was stated then."
    if wait.promise.minutes is not None:
        return _sentence(calendar.explain(wait.started_at, timedelta(minutes=wait.promise.minutes)).sentence)
    return _sentence(calendar.explain_elapsed(wait.started_at, wait.due_at).sentence)


def _sentence(said: str) -> str:
    return said[:1].upper() + said[1:] + "."


def _used(wait: Wait, calendar: Calendar | None, now: datetime) -> str:
    """Open time alone flatters, so clock time always stands beside it."""
    by_clock = _length(now - wait.started_at)
    if calendar is None:
        return f"Waiting {by_clock} by the clock."
    open_time = calendar.elapsed(wait.started_at, max(now, wait.started_at))
    return f"Waiting {_length(open_time)} of open time, {by_clock} by the clock."


def _length(length: timedelta) -> str:
    return in_words(minutes) if (minutes := _minutes(length)) else "0 minutes"


def _minutes(length: timedelta) -> timedelta:
    return max(timedelta(), length // timedelta(minutes=1) * timedelta(minutes=1))


def _judged(wait: Wait, conversation: Conversation, stated: Stated) -> Iterator[str]:
    if wait.promise is None:
        return
    rule = directory.promise_rule(wait.promise)
    of = f" of {stated.account.name}, where it arrived" if stated.account.pk != conversation.account_id else ""
    yield f"Promise{of}, stated from {_day(wait.promise.valid_from_on)}: “{rule.sentence() if rule else ''}.”"
    hours = (
        HoursVersion.objects.filter(account=stated.account, valid_from_on__lte=wait.started_at)
        .order_by("valid_from_on", "id")
        .last()
    )
    if hours is not None:
        said = StatedHours.parse(hours.notation)
        special = said.special_sentences(wait.started_at.date())
        yield f"Hours stated from {_day(hours.valid_from_on)}: {'; '.join([said.sentence(), *special])}."


def _day(on: Any) -> str:
    return f"{on.day} {on:%B %Y}"


def past_waits(conversation: Conversation, now: datetime) -> list[dict[str, Any]]:
    """This function will say how earlier waits of a conversation ended and whether the promise was kept."""
    ended = Wait.objects.filter(conversation=conversation, ended_at__isnull=False).select_related(
        "promise__account", "ended_by"
    )
    zone = directory.zone_of(conversation.account)
    return [
        {
            "what": f"{wait.get_ended_display()}{_wait_lasted(wait)}",
            "who": wait.ended_by.name if wait.ended_by else "",
            "at": f"Asked {moment_near(wait.started_at, now, zone)}, ended {moment_near(wait.ended_at or now, now, zone)}",
            "at_iso": (wait.ended_at or now).isoformat(),
            "detail": _kept_words(wait, now),
            "tone": {True: "good", False: "late", None: ""}[wait.kept(now)],
        }
        for wait in ended.order_by("-started_at", "-pk")
    ]


def _wait_lasted(wait: Wait) -> str:
    return f" after {_length((wait.ended_at or wait.started_at) - wait.started_at)}"


def _kept_words(wait: Wait, now: datetime) -> str:
    said = {True: "Promise kept", False: "Promise not kept", None: "Not counted"}[wait.kept(now)]
    if wait.due_at is None and wait.ended == Wait.Ended.ANSWERED:
        said = "No promise was stated"
    first = {True: " First answer in time.", False: " First answer late.", None: ""}[wait.kept_first(now)]
    return f"{said}.{first} {wait.ended_reason}".strip()


# -- Who they are ----------------------------------------------------------------------------------------------------------


NO_ADDRESS = (Identity.NOBODY, "form")


def told_addresses(conversation: Conversation) -> list[str]:
    """This function will list the mail addresses that were told in a conversation and that nobody has proved to be theirs."""
    theirs = Identity.objects.filter(contact=conversation.contact_id, kind="email").values("address")
    told = conversation.messages.filter(direction=Message.Direction.IN).exclude(reply_address="")
    return sorted(set(told.exclude(reply_address__in=theirs).values_list("reply_address", flat=True)))


def identities(conversation: Conversation, now: datetime) -> list[dict[str, Any]]:
    """This function will list the addresses of whoever a conversation is with, and by which proof each is theirs."""
    zone = directory.zone_of(conversation.account)
    joinings = Joining.objects.filter(contact=conversation.contact_id, undone_at=None).select_related("joined_by")
    by_identity = {pk: joining for joining in joinings for pk in joining.identities}
    rows = Identity.objects.filter(contact=conversation.contact_id).exclude(kind__in=NO_ADDRESS)
    rows = rows.order_by("kind", "address")
    return [
        {
            "icon": registry.icon_of(one.kind),
            "words": _identity_words(one),
            "joining": joining.pk if joining else None,
            "why": _joined_words(joining, now, zone) if joining else "",
        }
        for one in rows
        for joining in [by_identity.get(one.pk)]
    ]


def _identity_words(one: Identity) -> str:
    if one.handle:
        return one.handle
    if one.kind == "phone":
        return number_words(one.address)
    return _KNOWN_BY.get(one.kind, one.address)


def _joined_words(joining: Joining, now: datetime, zone: str) -> str:
    who = f", {joining.joined_by.name}" if joining.joined_by else ""
    reason = f": {joining.reason}" if joining.reason else ""
    return f"{joining.get_proof_display()}{who}, {moment_near(joining.joined_at, now, zone)}{reason}"


# -- Messages -------------------------------------------------------------------------------------------------------------


def messages_of(
    conversation: Conversation, now: datetime, *, everything: bool = False
) -> tuple[list[dict[str, Any]], int]:
    """This function will put the messages of a conversation into words, by day, and say how many earlier ones are left out."""
    said = conversation.messages.order_by("-sent_at", "-pk").defer("html")
    said = said.select_related("author", "outgoing", "sent_from").annotate(
        has_html=ExpressionWrapper(~Q(html=""), output_field=BooleanField()),
    )
    said = said.prefetch_related(
        "attachments",
        "outgoing__attempts",
        Prefetch("raw", RawInbound.objects.defer("content", "error").order_by("pk")),
    )
    some = list(said if everything else said[: NEWEST + 1])
    shown = some if everything else some[:NEWEST]
    left_out = conversation.messages.count() - len(shown) if len(some) > len(shown) else 0
    zone = ZoneInfo(directory.zone_of(conversation.account))
    newest = next((message.pk for message in shown if not message.automatic), None)
    ordered = [(message, message.sent_at.astimezone(zone)) for message in reversed(shown)]
    days = [
        {
            "day": f"{on:%A} {on.day} {on:%B %Y}",
            "messages": [_message(one, local, now, zone) | {"newest": one.pk == newest} for one, local in group],
        }
        for on, group in groupby(ordered, key=lambda pair: pair[1].date())
    ]
    return days, left_out


def _message(message: Message, local: datetime, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    name = message.said_by
    visible, quoted = (
        fold(message.text, message.subject) if message.direction == Message.Direction.IN else (message.text, "")
    )
    outgoing: Outgoing | None = getattr(message, "outgoing", None)
    return {
        "id": message.pk,
        "direction": message.direction,
        "from_name": name,
        "initials": "".join(part[0] for part in name.split()[:2] if part).upper(),
        "icon": registry.icon_of(message.channel),
        "channel_words": channel_words(message.channel),
        "visibility": VISIBILITIES.get(message.visibility, ""),
        "link": message.link,
        "edited": _edited(message, now, zone),
        "earlier": [each["text"] for each in message.earlier],
        "withdrawn": _withdrawn(message, now, zone),
        "elsewhere": _is_elsewhere(message, outgoing),
        "at": f"{local:%H:%M}",
        "at_iso": message.sent_at.isoformat(),
        "text": visible[:LONGEST_SHOWN_CHARS].strip("\n"),
        "more": len(visible) > LONGEST_SHOWN_CHARS,
        "quoted": quoted if len(quoted) <= LONGEST_QUOTED_CHARS else "",
        "quoted_size": filesizeformat(len(quoted)) if len(quoted) > LONGEST_QUOTED_CHARS else "",
        "has_html": message.has_html,  # type: ignore[attr-defined]
        "automatic": _AUTOMATIC.get(Message.Automatic(message.automatic), ""),
        "by_itself": message.automatic == Message.Automatic.OWN,
        "told": _told(message),
        "acknowledges": message.acknowledges and not message.automatic and message.part_of_id is None,
        "part_words": _part_words(message),
        "joined_why": message.joined_why,
        "suspected_why": message.suspected_why,
        "problems": message.problems,
        "attachments": [_file(one) for one in message.attachments.all()],
        "facts": list(_facts(message, local, zone)),
        "raw_id": min((raw.pk for raw in message.raw.all()), default=None),
        **(_delivery(outgoing, now, zone) if outgoing else {}),
    }


VISIBILITIES = {
    "public": "Everybody can read it",
    "unlisted": "Everybody can read it, though it is in no list",
    "followers": "Followers, or those in their group, can read it",
    "private": "Only they and we can read it",
}


def _edited(message: Message, now: datetime, zone: ZoneInfo) -> str:
    return f"They changed it {moment_near(message.edited_at, now, str(zone))}" if message.edited_at else ""


def _withdrawn(message: Message, now: datetime, zone: ZoneInfo) -> str:
    if message.withdrawn_at is None:
        return ""
    gone = "" if message.text else " Its words are no longer kept here."
    return f"Deleted at the network {moment_near(message.withdrawn_at, now, str(zone))}.{gone}"


def _is_elsewhere(message: Message, outgoing: Outgoing | None) -> bool:
    ours = message.direction == Message.Direction.OUT and not message.automatic
    return ours and outgoing is None and not _is_spoken(message)


def _told(message: Message) -> str:
    """Who was told an answer that was said aloud; empty for any other message."""
    if not spoken.is_spoken_answer(message):
        return ""
    return f"Told {', '.join(message.to_addresses)}" if message.to_addresses else "Said aloud"


def channel_words(channel: str) -> str:
    """This function will name a channel as people do."""
    if channel == "note":
        return "Note"
    kinds = registry.kinds()
    return kinds[channel].name if channel in kinds else channel.replace("_", " ").capitalize()


def _is_spoken(message: Message) -> bool:
    return message.channel in calls.by_hand()


def _facts(message: Message, local: datetime, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    sender = (
        f"{message.from_name} <{message.from_address}>"
        if message.from_name and message.from_address
        else message.from_address
    )
    yield "From", sender or message.from_name
    if message.sent_from is not None:
        yield "Sent from", message.sent_from.name
    if message.to_addresses:
        yield "To", ", ".join(message.to_addresses)
    if message.cc_addresses:
        yield "Copy to", ", ".join(message.cc_addresses)
    if message.reply_address:
        yield "Answers go to", message.reply_address
    if message.subject:
        yield "Subject", message.subject
    if message.visibility in VISIBILITIES:
        yield "Who can read it", VISIBILITIES[message.visibility]
    yield "Sent", f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S}"
    stored = message.stored_at.astimezone(zone)
    if abs(message.stored_at - message.sent_at) > timedelta(seconds=2):
        yield (
            "Reached us" if message.direction == Message.Direction.IN and not _is_spoken(message) else "Written down",
            f"{stored:%a} {stored.day} {stored:%b %Y, %H:%M:%S}",
        )


def _part_words(message: Message) -> str:
    if message.part_of_id is None:
        return ""
    return "Tells onlookers; goes with the answer above" if message.acknowledges else "Goes with the answer above"


def _file(attachment: Attachment) -> dict[str, Any]:
    url = reverse("desk:attachment", args=[attachment.pk])
    return {
        "name": attachment.name,
        "url": url,
        "size": filesizeformat(attachment.size_bytes),
        "refused_why": attachment.refused_why,
        "on_its_way": bool(attachment.remote_ref),
        "alt_text": attachment.alt_text,
        "picture": f"{url}?inline" if attachment.content_type in PICTURES and attachment.sha256 else "",
    }


def _delivery(outgoing: Outgoing, now: datetime, zone: ZoneInfo) -> dict[str, Any]:
    state = Outgoing.State(outgoing.state)
    text, tone = _DELIVERY[state]
    attempts = sorted(outgoing.attempts.all(), key=lambda attempt: attempt.pk)
    if state is Outgoing.State.QUEUED and now < outgoing.undo_until_at:
        text = "Leaves in a moment"
    elif state is Outgoing.State.QUEUED and attempts:
        text, tone = "Not sent yet: we go on trying", "warn"
    return {
        "delivery": {"text": text, "tone": tone},
        "trouble": f"{_TROUBLE_WORDS[state]} {outgoing.detail}" if state in _TROUBLE else "",
        "again": state in _TROUBLE,
        "undone": state is Outgoing.State.UNDONE,
        "take_back": state is Outgoing.State.QUEUED and bool(attempts) and not outgoing.message.automatic,
        "attempts": [
            {
                "at": f"{(at := attempt.at.astimezone(zone)):%a} {at.day} {at:%b, %H:%M:%S}",
                "result": _result(attempt.result),
                "detail": attempt.detail,
            }
            for attempt in attempts
        ],
    }


def _result(result: str) -> str:
    if result in Outgoing.State.values:
        return _DELIVERY[Outgoing.State(result)][0]
    return result.capitalize()


def undoable(person: Person, now: datetime) -> list[dict[str, Any]]:
    """This function will list what a person just sent and can still take back, from whichever conversation."""
    just_sent = Outgoing.objects.filter(
        message__author=person, message__part_of=None, state=Outgoing.State.QUEUED, undo_until_at__gt=now
    )
    return [
        {
            "id": f"undo-{one.message_id}",
            "text": f"Your answer to {one.message.conversation.contact} leaves in a moment.",
            "undo_url": reverse("desk:undo", args=[one.message_id]),
            "seconds": max(1, round((one.undo_until_at - now).total_seconds())),
        }
        for one in just_sent.select_related("message__conversation__contact")
    ]


# -- What stands beside ---------------------------------------------------------------------------------------------------


def other_conversations(conversation: Conversation, person: Person, now: datetime) -> list[dict[str, Any]]:
    """This function will list the same person's other conversations, as far as they may be seen."""
    others = Conversation.objects.visible_to(person).filter(contact=conversation.contact_id).exclude(pk=conversation.pk)
    others = (
        others.exclude(state=Conversation.State.MERGED).select_related("account__partner").order_by("-last_message_at")
    )
    return [
        {
            "url": reverse("desk:conversation", args=[one.pk]),
            "subject": one.subject or "No subject",
            "where": one.account.name,
            "at": moment_near(one.last_message_at, now, directory.zone_of(one.account)),
            "state": "" if one.state == Conversation.State.OPEN else one.get_state_display(),
        }
        for one in others[:10]
    ]


def history(conversation: Conversation, now: datetime) -> list[dict[str, Any]]:
    """This function will tell what people did to a conversation, the latest first."""
    events = AuditEvent.objects.filter(object_kind="conversation", object_id=conversation.pk).order_by("-pk")[:50]
    zone = directory.zone_of(conversation.account)
    return [
        {
            "what": event.verb.capitalize() + _changed(event),
            "who": event.person_name,
            "at": moment_words(event.at, zone),
            "at_iso": event.at.isoformat(),
            "detail": event.reason,
        }
        for event in events
    ]


def _changed(event: AuditEvent) -> str:
    values = [str(value) for key, value in event.after.items() if key in ("to", "account", "partner")]
    return f": {', '.join(values)}" if values else ""


def named(people: Iterable[Person], besides: Person) -> Sequence[str]:
    """This function will list how people are named in a note: @First.Last."""
    return [f"@{one.name.replace(' ', '.')}" for one in people if one.pk != besides.pk]
