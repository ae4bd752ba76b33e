"""Says how it stands with a chat: before it begins, while somebody waits, what was said, and when it has ended.

Which lines there are is asked of conversations, who waits of promises; how it looks is the script's on the body's site.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from sociable.conversations import chats, presence
from sociable.conversations import services as conversations
from sociable.conversations.chat_models import Chat
from sociable.conversations.models import Attachment, Conversation, Message
from sociable.directory.queries import zone_of
from sociable.domain.chat import LAPSES_AFTER, Lately, about
from sociable.domain.errors import DomainError
from sociable.domain.promise import seconds_words
from sociable.domain.saying import moment_soon
from sociable.journeys import chat as journey
from sociable.journeys import claim
from sociable.journeys.receipts import private_link
from sociable.promises import services as promises
from sociable.promises.models import Wait
from sociable.promises.waiting import Waiting, waiting_at
from sociable.public.forms import LONGEST_CHARS
from sociable.public.showing import Shown

_LEFT_WAITING = "left waiting"
_ENDED_WORDS: dict[str, str] = {
    Chat.Ended.LEFT: "You ended this chat. Write again and it goes on.",
    Chat.Ended.QUIET: "This chat has ended. Write again and it goes on.",
    Chat.Ended.GONE: "This chat has ended, and we still answer your question. Write again and it goes on.",
    _LEFT_WAITING: "You ended this chat, and we still answer your question. Write again and it goes on.",
    Chat.Ended.REVOKED: "This chat was ended by us.",
}


def before(here: Shown) -> dict[str, Any]:
    """This function will say what somebody reads who has not begun a chat: may they, how long it takes, and the other ways."""
    account = here.account
    return {
        "account": account.name,
        "partner": account.partner.name,
        "brand": account.partner.brand,
        **_may_begin(here),
        "open": here.state_words,
        "expect": f"{here.expect_words}.",
        "ways": list(_ways(here)),
        "crisis": "" if here.is_open else account.partner.crisis_words,
        "privacy": settings.PUBLIC_URL + reverse("public:privacy"),
        "most_chars": LONGEST_CHARS,
        "most_bytes": settings.ATTACHMENT_LIMIT_BYTES,
    }


def _may_begin(here: Shown) -> dict[str, Any]:
    try:
        journey.check_can_begin(here.stated, here.now)
    except DomainError as refusal:
        return {"can_begin": False, "why_not": refusal.message, "waiting": ""}
    return {"can_begin": True, "why_not": "", "waiting": asked_now(here)}


def _ways(here: Shown) -> Any:
    account = here.account
    if account.address:
        yield {"text": f"Email {account.address}", "href": f"mailto:{account.address}"}
    if here.takes_form:
        page = settings.PUBLIC_URL + reverse("public:ask_account", args=[account.slug])
        yield {"text": "Use our form", "href": page}


def asked_now(here: Shown) -> str:
    """This function will say how long a first answer is likely to take for somebody who asks now, and from what that is known."""
    waiting = waiting_at(here.account.pk, here.now)
    said = [_before_you(len(waiting.since)), _lately(waiting)]
    if promised := here.stated.first_answer_by(here.now):
        said.insert(0, f"We promise a first answer within {seconds_words(promised - here.now)}.")
    return " ".join(said)


def _before_you(number: int) -> str:
    if not number:
        return "Nobody waits before you."
    return f"{number} {'person waits' if number == 1 else 'people wait'} before you."


def _lately(waiting: Waiting) -> str:
    known = waiting.lately
    if known is None:
        return "Too few people chatted here lately to say how long it takes."
    return f"Going by the last {known.number} people here, {_how_long(known)}."


def _how_long(known: Lately) -> str:
    if known.half is None:
        return "more than half still wait"
    half = f"half have a first answer in {about(known.half)}"
    if known.most is None:
        return f"{half}, and more than one in ten still wait"
    if about(known.most) == about(known.half):
        return f"nine in ten have a first answer in {about(known.most)}"
    return f"{half}, nine in ten in {about(known.most)}"


# -- In a chat -------------------------------------------------------------------------------------------------------------


def update(chat: Chat, after: int, now: datetime, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """This function will say what was said in a chat after a line, and how it stands.

    Shape:  the same over every way: the stream, the poll that stands in for it, and the answer to a line. `last` is the line
            to ask after next; `more` says that there is more than is told at once. `known` is the state that was told before
            on the same stream: the private link, and who writes, are not asked for again
    """
    said = chats.lines_after(chat, now, after)
    shown = said[: chats.MOST_LINES]
    link = known["link"] if known and known["link"] else _link(chat, now)
    writing = _writing(chat, now) if known is None else known["writing"]
    if any(one.message.direction == Message.Direction.OUT for one in shown):
        writing = ""
    return {
        "lines": [_line(one, link) for one in shown],
        "last": shown[-1].message.pk if shown else after,
        "more": len(said) > len(shown),
        "state": _state(chat, now) | {"link": link, "writing": writing},
    }


def who_writes(conversation_id: int | None, known: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """This function will say of a chat only who writes in it now, and of all else what is known."""
    writing = presence.answering(conversation_id, now) if conversation_id and known["open"] else ""
    return {**known, "writing": writing}


def _writing(chat: Chat, now: datetime) -> str:
    return presence.answering(chat.conversation_id, now) if chat.conversation_id and chat.is_open else ""


def _link(chat: Chat, now: datetime) -> str:
    return private_link(conversations.receipt_of(chat.conversation, now).token) if chat.conversation else ""


def _line(said: chats.Line, link: str) -> dict[str, Any]:
    message = said.message
    mine = message.direction == Message.Direction.IN
    return {
        "n": message.pk,
        "line": message.message_id.rsplit(":", 1)[-1] if mine else "",
        "mine": mine,
        "who": "" if mine else _first_name(message),
        "by_person": message.author_id is not None,
        "at": message.sent_at.isoformat(timespec="seconds"),
        "text": message.text,
        "files": [_file(one, link) for one in said.files],
    }


def _first_name(message: Message) -> str:
    """Whoever answers is named by their first name; what Sociable says by itself, by the account's."""
    return message.author.first_name if message.author else message.from_name


def _file(attachment: Attachment, link: str) -> dict[str, str]:
    return {
        "name": attachment.name,
        "size": filesizeformat(attachment.size_bytes),
        "href": "" if attachment.refused_why else f"{link}files/{attachment.pk}/",
        "refused": attachment.refused_why,
    }


def _state(chat: Chat, now: datetime) -> dict[str, Any]:
    """How it stands with a chat: who answers, how long it may take, whether it has ended."""
    conversation = chat.conversation
    ended = _ended_words(chat, conversation)
    wait = promises.open_wait(conversation) if conversation and not ended else None
    return {
        "open": not ended,
        "ended": ended,
        "who": _holder(conversation, now) or _answered_last(chat, now),
        "waiting": _waiting_words(wait, chat, now) if wait else "",
        "email": chat.email,
    }


def _ended_words(chat: Chat, conversation: Conversation | None) -> str:
    if chat.ended == Chat.Ended.REVOKED:
        return _ENDED_WORDS[Chat.Ended.REVOKED]
    if chat.ended:
        return f"{_ENDED_WORDS[_how_it_ended(chat, conversation)]} {_until_words(chat)}"
    if conversation is not None and conversation.state == Conversation.State.CLOSED:
        return f"We think that is all, and have closed this. Write again and it goes on. {_until_words(chat)}"
    return ""


def _how_it_ended(chat: Chat, conversation: Conversation | None) -> str:
    """Whoever goes before they were answered is told that their question stays."""
    left = chat.ended == Chat.Ended.LEFT
    waits = left and conversation is not None and promises.open_wait(conversation) is not None
    return _LEFT_WAITING if waits else chat.ended


def _until_words(chat: Chat) -> str:
    until = (chat.said_at + LAPSES_AFTER).astimezone(ZoneInfo(zone_of(chat.visitor.account)))
    return f"This browser shows it until {until.day} {until:%B}, your private page for longer."


def _holder(conversation: Conversation | None, now: datetime) -> str:
    """The first name of who has the chat in hand."""
    holder = claim.holder_of(conversation, now) if conversation is not None else None
    return holder.first_name if holder is not None else ""


def _answered_last(chat: Chat, now: datetime) -> str:
    last = chats.answered_last(chat, now) if chat.conversation is not None else None
    return last.first_name if last is not None else ""


def _waiting_words(wait: Wait, chat: Chat, now: datetime) -> str:
    zone = zone_of(chat.visitor.account)
    if not wait.waits_live:
        return _by(wait, now, zone)
    if _holder(chat.conversation, now):  # how many stand before whoever has somebody's ear tells them nothing
        return _first_promised(wait, now, zone)
    waiting = waiting_at(wait.account_id, now)
    said = [_first_promised(wait, now, zone), _before_you(waiting.before(wait.started_at))]
    most = waiting.lately.most if waiting.lately else None
    if waiting.lately is not None and most is not None and now - wait.started_at > most:
        said.append(
            f"You have waited longer than nine in ten of the last {waiting.lately.number} people. We are sorry."
        )
    else:
        said.append(_lately(waiting))
    return " ".join(one for one in said if one)


def _first_promised(wait: Wait, now: datetime, zone: str) -> str:
    by_at = wait.first_answer_by_at
    if by_at is None:
        return _by(wait, now, zone)
    if by_at < now:
        late = f"We promised you a first answer by {moment_soon(by_at, now, zone)} and are late. We are sorry."
        return f"{late} You keep your place. {_by(wait, now, zone)}"
    return f"We promise a first answer by {moment_soon(by_at, now, zone)}."


def _by(wait: Wait, now: datetime, zone: str) -> str:
    """The promise for all, which stands beside the one for chat."""
    if wait.due_at is None:
        return ""
    if wait.due_at < now:
        return f"We said we would answer by {moment_soon(wait.due_at, now, zone)} and are late. We are sorry."
    return f"A person answers by {moment_soon(wait.due_at, now, zone)}."
