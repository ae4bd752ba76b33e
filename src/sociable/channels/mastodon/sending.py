"""Posts an answer so that no more people can read it than could read the question, and asks what became of one.

Leaves what is said to whoever wrote it, and when it is tried again to the journeys.

A server keeps an Idempotency-Key for an hour: the same key within it returns the post that is there and makes no other.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sociable.channels.base import ChannelError, OutcomeUnknown, Outgoing, Receipt, nothing
from sociable.channels.mastodon.line import Line, NotThere, Unreachable, Unwell
from sociable.channels.mastodon.parse import read_time, status_id
from sociable.channels.mastodon.words import plain_text

# From the widest circle to the narrowest. Followers of the one who asked are not followers of the account that answers, so
# what was said to followers is answered to that person alone.
CIRCLES = ("public", "unlisted", "direct")
CIRCLE_OF = {"public": "public", "unlisted": "unlisted"}
NEVER_ARRIVED = 503  # what a server says for itself when it takes no work; other 5xx may come after it was done
CLOCKS_APART = timedelta(seconds=30)
MOST_PAGES, PAGE = 10, 40


@dataclass(frozen=True)
class Post:
    """What is handed to the server for one answer."""

    text: str
    visibility: str
    in_reply_to: str
    spoiler: str
    language: str
    key: str


def compose(outgoing: Outgoing) -> Post:
    """Return the post that carries an answer: to the one who asked, under their content warning, no wider than they wrote."""
    ref, visibility = outgoing.reply_ref, _circle(outgoing)
    mention = str(ref.get("mention") or "") or _mention(outgoing.to)
    names = {word.strip(".,:;!?").lower() for word in outgoing.text.split()}
    return Post(
        text=f"{mention} {outgoing.text}" if mention and mention.lower() not in names else outgoing.text,
        visibility=visibility,
        in_reply_to=str(ref.get("status") or ""),
        spoiler=str(ref.get("spoiler") or ""),
        language=str(ref.get("language") or ""),
        key=_key(outgoing.message_id, outgoing.text, visibility, str(ref.get("status"))),
    )


def _key(*facts: str) -> str:
    """Return the same key at every try of one answer; another answer has another, also where our numbers begin anew.

    A house that was restored from a backup gives a message the number that another had an hour ago, and a server would take
    the one for the other.
    """
    return hashlib.sha256("\0".join(facts).encode()).hexdigest()


def _mention(to: tuple[str, ...]) -> str:
    return " ".join(f"@{address.removeprefix('@')}" for address in to)


def _circle(outgoing: Outgoing) -> str:
    """Who may read it: the narrower of what was chosen and what is answered; where neither says, that person alone."""
    wanted = [CIRCLE_OF.get(outgoing.visibility, "direct")] if outgoing.visibility else []
    if outgoing.reply_ref.get("status"):
        wanted.append(CIRCLE_OF.get(str(outgoing.reply_ref.get("visibility")), "direct"))
    return max(wanted or ["direct"], key=CIRCLES.index)


class Sender:
    """Sends for one account."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Post an answer with its files.

        Errors: ChannelError, permanent for a refusal; OutcomeUnknown where the server may have it
        """
        post = compose(outgoing)
        media = [self._upload(outgoing, number) for number in range(len(outgoing.attachments))]
        before_handover()
        return self._receipt(self._hand_over(post, media), outgoing)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of an answer that stands among what the account has posted, None where it does not.

        Shape:  known by what it answers, its circle and its words, as they were given to the server
        """
        post = compose(outgoing)
        me = str(self._line.ask_one(self._line.api.account_verify_credentials).get("id"))
        before: str | None = None
        for _ in range(MOST_PAGES):
            page = self._line.ask_list(self._own_before(me, before))
            for status in page:
                at = read_time(status.get("created_at"))
                if outgoing.sent_at and at and at < outgoing.sent_at - CLOCKS_APART:
                    return None
                if self._is_it(status, post):
                    return self._receipt(status, outgoing)
            if not page:
                return None
            before = str(page[-1].get("id"))
        raise ChannelError(
            f"The account has posted too much since for {self._line.config.host} to say whether this is there."
        )

    def _own_before(self, me: str, before: str | None) -> Callable[[], object]:
        return lambda: self._line.api.account_statuses(me, max_id=before, limit=PAGE, exclude_reblogs=True)

    def _is_it(self, status: dict[str, Any], post: Post) -> bool:
        if str(status.get("in_reply_to_id") or "") != post.in_reply_to or status.get("visibility") != post.visibility:
            return False
        try:
            typed = str(self._line.ask_one(lambda: self._line.api.status_source(str(status["id"]))).get("text") or "")
        except NotThere:  # before Mastodon 3.5
            typed = plain_text(str(status.get("content") or ""), {})
        return typed.split() == post.text.split()

    def _upload(self, outgoing: Outgoing, number: int) -> str:
        """Hand over one file with its description; a file that belongs to no post is thrown away by the server."""
        name, content_type, content = outgoing.attachments[number]
        alt_text = outgoing.alt_texts[number] if number < len(outgoing.alt_texts) else ""
        media = self._line.ask_one(
            lambda: self._line.api.media_post(
                content, mime_type=content_type, description=alt_text or None, file_name=name, synchronous=True
            )
        )
        return str(media.get("id"))

    def _hand_over(self, post: Post, media: list[str]) -> dict[str, Any]:
        host = self._line.config.host
        try:
            return self._line.ask_one(
                lambda: self._line.api.status_post(
                    post.text,
                    in_reply_to_id=post.in_reply_to or None,
                    media_ids=media or None,
                    sensitive=bool(post.spoiler and media),
                    visibility=post.visibility,
                    spoiler_text=post.spoiler or None,
                    language=post.language or None,
                    idempotency_key=post.key,
                )
            )
        except Unreachable as error:
            if error.handed_over:
                raise OutcomeUnknown(f"{host} went quiet after it was given the answer; it may stand there.") from error
            raise
        except Unwell as error:
            if error.status != NEVER_ARRIVED:
                raise OutcomeUnknown(f"{error.message} It had been given the answer, which may stand there.") from error
            raise
        except NotThere as error:
            raise ChannelError(
                "What this answers is no longer there: it was deleted, or its author no longer lets this account see it."
                " Answer in a private message or another way.",
                permanent=True,
            ) from error

    def _receipt(self, status: dict[str, Any], outgoing: Outgoing) -> Receipt:
        link = str(status.get("url") or status.get("uri") or "")
        own = {"status": str(status.get("id")), "visibility": str(status.get("visibility") or "")}
        mention = str(outgoing.reply_ref.get("mention") or "") or _mention(outgoing.to)
        return Receipt(
            state="accepted",
            remote_id=status_id(self._line.config.host, status.get("id")),
            detail=f"It stands at {link}" if link else "The server has it.",
            link=link,
            reply_ref=dict(outgoing.reply_ref) | own | {"mention": mention},
        )
