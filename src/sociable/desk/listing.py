"""Puts the desk's list together: its views with their counts, its rows in words, and the key of the next page.

The order comes from promises; what a person may see, from permissions; nothing is written here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.core import signing
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Max, Min, Q, QuerySet
from django.db.models.functions import Substr
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from sociable.channels import registry
from sociable.conversations.chat_models import Chat
from sociable.conversations.models import Conversation, Message, Outgoing, Presence
from sociable.cover import duty
from sociable.desk import chat_words, window_words
from sociable.directory.models import Account
from sociable.directory.queries import answering as answered_from
from sociable.directory.queries import judging_calendars, zone_of
from sociable.domain.saying import moment_near
from sociable.domain.text import heading_of
from sociable.domain.worktime import Calendar
from sociable.people import permissions
from sociable.people.models import Person
from sociable.promises import queries as promises
from sociable.promises import words
from sociable.promises.models import Wait

PAGE_ROWS = 50
PRESENT = timedelta(seconds=45)  # after this without a heartbeat somebody is gone
SNIPPET_CHARS = 140
CHECK_DAYS = 14  # how long what was set aside stays in the view that asks to look at it
MOST_COUNTED = 100
PEOPLE_READ = ("email", "phone")  # addresses of any other kind are a machine's names for somebody


@dataclass(frozen=True, slots=True)
class View:
    """One view of the desk."""

    key: str
    name: str
    icon: str
    tone: str = ""


VIEWS = (
    View("next", "Next for me", "take", "accent"),
    View("mine", "Mine", "person"),
    View("chat", "Web chat", "chat", "accent"),
    View("unclaimed", "Unclaimed", "list"),
    View("risk", "At risk", "alert", "late"),
    View("window", "Reply soon or not at all", "clock", "late"),
    View("waiting", "Waiting for them", "reply"),
    View("put-off", "Put off", "snooze"),
    View("sending", "Sending trouble", "send", "late"),
    View("check", "To check", "eye"),
)


@dataclass
class Asked:
    """What a person asked of the desk, read from the address; anything odd in it is left out."""

    person: Person
    view: str = "next"
    account_slug: str = ""
    channel: str = ""
    after: str = ""
    all_accounts: list[Account] = field(default_factory=list)

    @classmethod
    def read(cls, person: Person, query: QueryDict) -> Asked:
        """This function will read view, account and page from an address."""
        view = query.get("view", "next")
        asked = cls(
            person,
            view if view in {v.key for v in VIEWS} else "next",
            query.get("account", ""),
            after=query.get("after", ""),
        )
        asked.all_accounts = list(
            Account.objects.visible_to(person).select_related("partner", "service", "answered_from__partner")
        )
        return asked

    @cached_property
    def accounts(self) -> list[Account]:
        """The accounts the person may see, or only the one asked for."""
        return [account for account in self.all_accounts if self.account_slug in ("", account.slug)]

    @cached_property
    def answering(self) -> list[Account]:
        """Those of them that the person may answer."""
        return [account for account in self.accounts if permissions.can_answer(self.person, account.place)]

    @cached_property
    def offered(self) -> list[Account]:
        """Those of them whose next request is theirs to take: for which they are signed off, or nobody is."""
        return duty.ready_among(self.person, self.answering, timezone.now())[0]

    @cached_property
    def unclaimed(self) -> promises.Line:
        """The line of those accounts: what nobody holds."""
        return promises.Line(self.accounts)

    @cached_property
    def next(self) -> promises.Line:
        """The line the person answers from: what nobody else holds."""
        if len(self.offered) == len(self.accounts):
            return self.unclaimed.but(holder=self.person)
        return promises.Line(self.offered, holder=self.person)

    @cached_property
    def everything(self) -> promises.Line:
        """The line of those accounts whoever holds what."""
        return self.unclaimed.but(anyone=True)

    def address(self, **changes: str) -> str:
        """This function will return the desk's address with these changes, and without a page unless one is named."""
        query = QueryDict(mutable=True)
        for name, value in ({"view": self.view, "account": self.account_slug} | changes).items():
            if value:
                query[name] = value
        return f"{reverse('desk:desk')}?{query.urlencode()}"


@dataclass
class Listed:
    """The rows of one page of a view, and the key by which the next begins."""

    rows: list[dict[str, Any]]
    after: str = ""


def views(asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """This function will return the views with their counts, as components/views.html takes them."""
    counts = _counts(asked, now)
    return [
        {
            "url": asked.address(view=view.key),
            "name": view.name,
            "icon": view.icon,
            "count": f"{MOST_COUNTED - 1}+" if counts[view.key] >= MOST_COUNTED else counts[view.key],
            "tone": view.tone if counts[view.key] else "",
            "current": view.key == asked.view,
        }
        for view in VIEWS
        if view.key != "window" or counts[view.key] or asked.view == view.key  # few bodies have one, and rarely
    ]


def listed(asked: Asked, now: datetime, current_id: int | None = None) -> Listed:
    """This function will return one page of the view that was asked for."""
    page = _LISTS[asked.view](asked, now)
    for row in page.rows:
        row["current"] = row["id"] == current_id
    return page


# -- Which conversations each view holds ---------------------------------------------------------------------------------


def _held(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    held = Conversation.objects.filter(account__in=asked.accounts, held_by=asked.person, held_until_at__gt=now)
    return held.exclude(state=Conversation.State.MERGED)


def _chatting(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    """Those who wait at the other end and whom nobody else has: whoever staffs the chat looks here."""
    there = Chat.objects.filter(ended_at=None, conversation__account__in=asked.accounts).values("conversation")
    free = Q(held_by=None) | Q(held_by=asked.person) | Q(held_until_at__lte=now)
    waiting = Conversation.objects.filter(free, pk__in=there, state=Conversation.State.OPEN)
    return waiting.filter(waits__in=Wait.objects.open())


def _waiting(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    answered = Conversation.objects.filter(
        account__in=asked.accounts, state=Conversation.State.OPEN, last_direction="out"
    )
    return answered.exclude(waits__in=Wait.objects.open())


def _put_off(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    return Conversation.objects.filter(
        account__in=asked.accounts, snoozed_until_at__gt=now, state=Conversation.State.OPEN
    )


def _in_trouble(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    trouble = Outgoing.objects.filter(
        Q(state__in=[Outgoing.State.FAILED, Outgoing.State.BOUNCED, Outgoing.State.UNKNOWN])
        | Q(state=Outgoing.State.QUEUED, undo_until_at__lt=now - timedelta(seconds=60)),
    )
    return Conversation.objects.filter(account__in=asked.accounts, messages__outgoing__in=trouble).distinct()


def _closing(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    return window_words.closing(asked.accounts, now)


def _to_check(asked: Asked, now: datetime) -> QuerySet[Conversation]:
    aside = Q(state=Conversation.State.KEPT_ASIDE)
    recent = Q(state=Conversation.State.NOT_REQUEST, last_message_at__gt=now - timedelta(days=CHECK_DAYS))
    either = [
        Conversation.State.KEPT_ASIDE,
        Conversation.State.NOT_REQUEST,
    ]  # said outright, so that the partial index serves
    return Conversation.objects.filter(aside | recent, account__in=asked.accounts, state__in=either)


def _counts(asked: Asked, now: datetime) -> dict[str, int]:
    """How much each view holds, up to MOST_COUNTED."""
    unclaimed = promises.count_open(asked.unclaimed, now, MOST_COUNTED)
    # Where what nobody holds fills the badge by itself, what the person holds need not be added.
    full = len(asked.offered) == len(asked.accounts) and unclaimed >= MOST_COUNTED
    return {
        "next": unclaimed if full else promises.count_open(asked.next, now, MOST_COUNTED),
        "unclaimed": unclaimed,
        "risk": promises.count_at_risk(asked.everything, now, MOST_COUNTED),
        **_capped({view: which(asked, now) for view, which in (_NEWEST_FIRST | _SOONEST_FIRST).items()}),
    }


def _capped(views: dict[str, QuerySet[Conversation]]) -> dict[str, int]:
    """All these counts in one statement: on a database across a network each would be a journey of its own."""
    counts: list[str] = []
    values: list[Any] = []
    for which in views.values():
        try:
            sql, given = which.order_by().values("pk")[:MOST_COUNTED].query.sql_with_params()
        except EmptyResultSet:  # nobody may see any account
            sql, given = "SELECT 1 WHERE 1 = 0", ()
        counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - what the ORM wrote, its values apart
        values += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", values)
        return dict(zip(views, cursor.fetchone(), strict=True))


_NEWEST_FIRST: dict[str, Callable[[Asked, datetime], QuerySet[Conversation]]] = {
    "mine": _held,
    "waiting": _waiting,
    "put-off": _put_off,
    "sending": _in_trouble,
    "check": _to_check,
}


_SOONEST_FIRST: dict[str, Callable[[Asked, datetime], QuerySet[Conversation]]] = {
    "chat": _chatting,
    "window": _closing,
}


# -- Pages -----------------------------------------------------------------------------------------------------------------


def _fair(asked: Asked, now: datetime) -> Listed:
    line = asked.next if asked.view == "next" else asked.unclaimed
    return _places(promises.fair_page(line, now, limit=PAGE_ROWS, after=_read_cursor(asked.after)), line, asked, now)


def _at_risk(asked: Asked, now: datetime) -> Listed:
    page = promises.at_risk(asked.everything, now, limit=PAGE_ROWS, after=_read_cursor(asked.after))
    return _places(page, asked.everything, asked, now)


def _places(page: promises.Page, line: promises.Line, asked: Asked, now: datetime) -> Listed:
    rows = [
        _row(
            place.wait.conversation,
            now,
            wait=place.wait,
            share=place.share,
            calendar=line.calendars[place.wait.account_id],
            reason=place.reason,
        )
        for place in page.places
    ]
    return Listed(_with_words(rows, asked, now), _write_cursor(page.after) if page.after else "")


def _newest_first(which: Callable[[Asked, datetime], QuerySet[Conversation]]) -> Callable[[Asked, datetime], Listed]:
    def page(asked: Asked, now: datetime) -> Listed:
        conversations = which(asked, now).order_by("-last_message_at", "-pk")
        if key := _read_key(asked.after):
            conversations = conversations.filter(
                Q(last_message_at__lt=key[0]) | Q(last_message_at=key[0], pk__lt=key[1])
            )
        some = list(
            conversations.select_related(
                "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
            )[: PAGE_ROWS + 1]
        )
        last = some[PAGE_ROWS - 1] if len(some) > PAGE_ROWS else None
        return Listed(rows_of(some[:PAGE_ROWS], asked, now), _write_key(last.last_message_at, last.pk) if last else "")

    return page


def _chats(asked: Asked, now: datetime) -> Listed:
    """Whoever has waited longest stands first; as many as one page holds, since behind so many nobody waits for long."""
    waiting = _chatting(asked, now).annotate(since=Min("waits__started_at", filter=Q(waits__ended_at=None)))
    some = waiting.select_related(
        "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
    ).order_by("since", "pk")
    return Listed(rows_of(list(some[:PAGE_ROWS]), asked, now))


def _closings(asked: Asked, now: datetime) -> Listed:
    """What closes first stands first; as many as one page holds, since each is warned of only a few hours before."""
    some = _closing(asked, now).select_related(
        "held_by", "contact", "account__partner", "account__service", "account__answered_from__partner"
    )
    return Listed(rows_of(list(some.order_by("reply_window__closes_at", "pk")[:PAGE_ROWS]), asked, now))


_LISTS: dict[str, Callable[[Asked, datetime], Listed]] = {
    "next": _fair,
    "unclaimed": _fair,
    "risk": _at_risk,
    "chat": _chats,
    "window": _closings,
    **{view: _newest_first(which) for view, which in _NEWEST_FIRST.items()},
}


# -- Rows --------------------------------------------------------------------------------------------------------------------


def rows_of(conversations: Sequence[Conversation], asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """This function will return rows for conversations in the order given, each with its open wait if it has one."""
    waits = {wait.conversation_id: wait for wait in Wait.objects.open().filter(conversation__in=conversations)}
    calendars = judging_calendars({conversation.account for conversation in conversations})
    rows = []
    for conversation in conversations:
        wait = waits.get(conversation.pk)
        calendar = calendars[conversation.account_id]
        share = promises.share_of(wait, calendar, now) if wait else 0.0
        rows.append(_row(conversation, now, wait=wait, share=share, calendar=calendar))
    return _with_words(rows, asked, now)


def _row(
    conversation: Conversation,
    now: datetime,
    *,
    wait: Wait | None,
    share: float,
    calendar: Calendar | None,
    reason: str = "",
) -> dict[str, Any]:
    account = wait.account if wait else conversation.account
    contact = wait.contact if wait else conversation.contact
    at = wait.started_at if wait else conversation.last_message_at
    held = conversation.held_by if conversation.held_until_at and conversation.held_until_at > now else None
    return {
        "id": conversation.pk,
        "contact_id": contact.pk,
        "message_id": wait.began_with_id if wait else None,
        "url": reverse("desk:conversation", args=[conversation.pk]),
        "who": contact.name,
        "subject": conversation.subject or "No subject",
        "at": moment_near(at, now, zone_of(account)),
        "channel": account.channel,
        "icon": registry.icon_of(account.channel),
        "where": account.name,
        "zone": zone_of(account),
        "promise": words.bar(wait, share, calendar, now) if wait else None,
        "why": reason,
        "holder": held.name if held else "",
        "held_by_id": held.pk if held else None,
        "tags": _tags(conversation, wait, now),
    }


def _tags(conversation: Conversation, wait: Wait | None, now: datetime) -> list[dict[str, str]]:
    tags = []
    first, tone = chat_words.first_answer(wait, now)
    if first:
        tags.append({"text": first, "tone": tone})
    other = answered_from(conversation.account)
    if other is not None:
        tags.append({"text": f"Answered from {other.name}", "tone": ""})
    if wait and wait.need:
        tags.append({"text": "Moved for need", "tone": "info"})
    if wait and wait.in_learning:
        tags.append({"text": "Learning", "tone": "info"})
    if conversation.state != Conversation.State.OPEN:
        tags.append(
            {"text": conversation.get_state_display(), "tone": "warn" if conversation.state == "kept_aside" else ""}
        )
    if conversation.snoozed_until_at and conversation.snoozed_until_at > now:
        tags.append(
            {
                "text": f"Put off until {moment_near(conversation.snoozed_until_at, now, zone_of(conversation.account))}",
                "tone": "",
            }
        )
    if conversation.handed_note:
        tags.append({"text": conversation.handed_note, "tone": "accent"})
    return tags


def _with_words(rows: list[dict[str, Any]], asked: Asked, now: datetime) -> list[dict[str, Any]]:
    """What takes a query for all rows at once: the first words, the names of people without one, and who is there."""
    ids = [row["id"] for row in rows]
    snippets = _snippets(rows)
    present = _present(ids, asked.person, now)
    windows = window_words.of_many(ids) if window_words.sets_one(asked.all_accounts) else {}
    for row in rows:
        message = snippets.get(row["message_id"]) or {}
        row["snippet"] = _beyond(row["subject"], message.get("start") or "")
        row["channel"] = message.get("channel") or row["channel"]
        row["icon"] = registry.icon_of(row["channel"])
        readable = message.get("identity_kind") in PEOPLE_READ
        row["who"] = row["who"] or (message.get("from_address") if readable else "") or "Somebody"
        row["mine"] = row["held_by_id"] == asked.person.pk
        row["presence"] = present.get(row["id"], "")
        if row["promise"] and (window := windows.get(row["id"])):  # it matters while somebody waits
            row["tags"].insert(0, window_words.tag(window, now, row["zone"]))
    return rows


def _beyond(heading: str, text: str) -> str:
    """The first words of a message, without those that head its row already."""
    words = " ".join(text.split())
    return words.partition(heading.rstrip("…"))[2].strip() if heading_of(text) == heading else words


def _snippets(rows: Iterable[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """The message a wait began with, or else the last thing said."""
    rows = list(rows)
    without = [row["id"] for row in rows if row["message_id"] is None]
    if without:
        spoken = Message.objects.filter(conversation_id__in=without).exclude(direction=Message.Direction.NOTE)
        last = dict(spoken.values("conversation_id").annotate(last=Max("pk")).values_list("conversation_id", "last"))
        for row in rows:
            row["message_id"] = row["message_id"] or last.get(row["id"])
    messages = Message.objects.filter(pk__in=[row["message_id"] for row in rows if row["message_id"]])
    some: Any = messages.annotate(start=Substr("text", 1, SNIPPET_CHARS)).values(
        "pk", "start", "channel", "from_address", "identity_kind"
    )
    return {message["pk"]: message for message in some}


def _present(ids: Sequence[int], person: Person, now: datetime) -> dict[int, str]:
    there = (
        Presence.objects.filter(conversation_id__in=ids, seen_at__gt=now - PRESENT)
        .exclude(person=person)
        .select_related("person")
    )
    words_of: dict[int, str] = {}
    for one in there.order_by("writing", "pk"):
        words_of[one.conversation_id] = f"{one.person.first_name} is {'writing' if one.writing else 'looking'}"
    return words_of


# -- Keys of pages: signed, so that an address somebody edited is a first page and not an error ------------------------------


def _write_cursor(cursor: promises.Cursor) -> str:
    facts = [cursor.as_of.isoformat(), cursor.need, cursor.share, cursor.started_at.isoformat(), cursor.wait_id]
    return signing.dumps(facts, salt="desk-page", compress=True)


def _read_cursor(text: str) -> promises.Cursor | None:
    facts = _unsigned(text)
    if len(facts) != 5:
        return None
    return promises.Cursor(
        datetime.fromisoformat(facts[0]), facts[1], facts[2], datetime.fromisoformat(facts[3]), facts[4]
    )


def _write_key(at: datetime, pk: int) -> str:
    return signing.dumps([at.isoformat(), pk], salt="desk-page", compress=True)


def _read_key(text: str) -> tuple[datetime, int] | None:
    facts = _unsigned(text)
    return (datetime.fromisoformat(facts[0]), facts[1]) if len(facts) == 2 else None


def _unsigned(text: str) -> list[Any]:
    try:
        return list(signing.loads(text, salt="desk-page")) if text else []
    except (signing.BadSignature, json.JSONDecodeError):
        return []
