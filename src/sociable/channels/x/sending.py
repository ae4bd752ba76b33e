"""Hands one answer to X, as a reply or as a direct message, and finds out what became of one.

X takes no key by which a second try would be known for the first, so what may be there is looked for by what it answers and
what it says. Leaves splitting long answers, and when to try again, to the rooms above.
"""

import base64
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from sociable.channels.base import ChannelError, OutcomeUnknown, Outgoing, Receipt, nothing
from sociable.channels.x.asking import Asking
from sociable.channels.x.line import Refused
from sociable.channels.x.parse import words
from sociable.channels.x.raw import Fields, fields, id_at, listed, refers_to, text

PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
LARGEST_PICTURE_BYTES = 5 * 1024 * 1024
MOST_PICTURES = 4
LONGEST_ALT_CHARS = 1000
CLOCKS_APART = timedelta(minutes=2)  # between X's clock and ours, when looking for what was sent

# What X says when it will not, and what that means to whoever wrote the answer.
_MEANS = {
    "deleted or not visible": "The post that this answers is gone, or its author no longer lets this account see it.",
    "permission to dm": "They take no direct messages from this account.",
    "cannot send messages": "They take no direct messages from this account.",
    "text is too long": "It is too long for X.",
    "not allowed to reply": "The author of the post lets only some people reply to it, and this account is not among them.",
}


class Sending:
    """The way out for one account."""

    def __init__(self, asking: Asking, account: str) -> None:
        self._asking = asking
        self._line = asking.line
        self._account = account

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand over one answer; pictures go first, and are seen by nobody until the answer that has them is there.

        Errors: ChannelError, permanent for a refusal; OutcomeUnknown where X may have it
        """
        private = is_private(outgoing)
        _check_pictures(outgoing, 1 if private else MOST_PICTURES)
        route, body = self._letter(outgoing) if private else self._reply(outgoing)
        media = [self._upload(outgoing, index, private=private) for index in range(len(outgoing.attachments))]
        if media:
            body |= {"attachments": [{"media_id": media[0]}]} if private else {"media": {"media_ids": media}}
        before_handover()
        try:
            told = fields(self._line.hand_over(route, body), "data")
        except Refused as error:
            return self._refused(error, outgoing)
        return self._taken(told)

    def _reply(self, outgoing: Outgoing) -> tuple[str, Fields]:
        parent = text(dict(outgoing.reply_ref), "post")
        if not parent:
            raise ChannelError("There is no post of theirs here that could be answered in public.", permanent=True)
        return "/2/tweets", {"text": outgoing.text, "reply": {"in_reply_to_tweet_id": parent}}

    def _letter(self, outgoing: Outgoing) -> tuple[str, Fields]:
        return f"{self._correspondence(outgoing)}/messages", {"text": outgoing.text}

    def _correspondence(self, outgoing: Outgoing) -> str:
        """The direct conversation, by its own id or by whom it is with."""
        ref = dict(outgoing.reply_ref)
        if conversation := text(ref, "dm"):
            return f"/2/dm_conversations/{conversation}"
        author = text(ref, "author")
        other = author if author and author != self._account else next(iter(outgoing.to), "")
        if not other.isdecimal():
            raise ChannelError(
                "X needs to know whom to write to, and their account there is not known here.", permanent=True
            )
        return f"/2/dm_conversations/with/{other}"

    def _upload(self, outgoing: Outgoing, index: int, *, private: bool) -> str:
        _, content_type, content = outgoing.attachments[index]
        form = "gif" if content_type == "image/gif" else "image"
        category = f"{'dm' if private else 'tweet'}_{form}"
        body = {"media": base64.b64encode(content).decode(), "media_category": category}
        media = text(fields(self._line.ask("POST", "/2/media/upload", body=body), "data"), "id")
        if not media:
            raise ChannelError("X took a picture and did not say under which number.")
        if alt := _alt(outgoing, index):
            self._line.ask("POST", "/2/media/metadata", body={"id": media, "metadata": {"alt_text": {"text": alt}}})
        return media

    def _refused(self, error: Refused, outgoing: Outgoing) -> Receipt:
        """X will not; where it says that it has these words already, an earlier try may have put them there."""
        said = error.said.lower()
        if "duplicate content" in said:
            if found := self.find(outgoing):
                return found
            raise ChannelError("X has the same words from this account already, and takes none twice.", permanent=True)
        meaning = next((sentence for sign, sentence in _MEANS.items() if sign in said), "")
        raise ChannelError(f"{meaning} {error.message}".strip(), error.permanent) from error

    def _taken(self, told: Fields) -> Receipt:
        if post := text(told, "id"):
            return self._published(post)
        if event := text(told, "dm_event_id"):
            return self._delivered(event, text(told, "dm_conversation_id"))
        raise OutcomeUnknown("X said yes without saying under which number, so it may or may not be there.")

    def _published(self, post: str) -> Receipt:
        link, ref = f"https://x.com/i/status/{post}", {"post": post, "author": self._account}
        return Receipt("delivered", f"x:post:{post}", "X has published it.", link, ref)

    def _delivered(self, event: str, conversation: str) -> Receipt:
        link, ref = f"https://x.com/messages/{conversation}", {"dm": conversation, "author": self._account}
        return Receipt("accepted", f"x:dm:{event}", "X has taken it.", link, ref, thread_key=f"x:dm:{conversation}")

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Return the receipt of an answer that is at X, None where it is not.

        Errors: ChannelError where X cannot be asked now
        """
        if is_private(outgoing):
            return next((self._delivered(*each) for each in self._letters_like(outgoing)), None)
        return next((self._published(each) for each in self._posts_like(outgoing)), None)

    def _posts_like(self, outgoing: Outgoing) -> Iterator[str]:
        params = {"max_results": "100"}
        if outgoing.sent_at:
            params["since_id"] = str(id_at(outgoing.sent_at - CLOCKS_APART))
        parent = text(dict(outgoing.reply_ref), "post")
        for post in self._every(
            lambda **page: self._asking.posts(f"/2/users/{self._account}/tweets", **params, **page)
        ):
            answers = refers_to(post).get(parent) == "replied_to"
            if answers and _same(words(post), outgoing.text):
                yield text(post, "id")

    def _letters_like(self, outgoing: Outgoing) -> Iterator[tuple[str, str]]:
        route = f"{self._correspondence(outgoing)}/dm_events"
        first = id_at(outgoing.sent_at - CLOCKS_APART) if outgoing.sent_at else 0
        for message in self._every(lambda **page: self._asking.messages(route, max_results="100", **page)):
            number = text(message, "id")
            if number.isdecimal() and int(number) < first:
                return
            if text(message, "sender_id") == self._account and _same(words(message), outgoing.text):
                yield number, text(message, "dm_conversation_id")

    def _every(self, ask: Callable[..., Fields]) -> Iterator[Fields]:
        """What X lists, newest first, over all its pages."""
        token = ""
        while True:
            told = ask(**({"pagination_token": token} if token else {}))
            yield from (each for each in listed(told, "data") if isinstance(each, dict))
            before, token = token, text(fields(told, "meta"), "next_token")
            if not token or token == before:
                return


def is_private(outgoing: Outgoing) -> bool:
    """Say whether an answer goes as a direct message; what was written privately is never answered in public."""
    ref: dict[str, Any] = dict(outgoing.reply_ref)
    if outgoing.visibility in {"public", "unlisted", "followers"}:
        return False
    return outgoing.visibility == "private" or not text(ref, "post")


def _check_pictures(outgoing: Outgoing, most: int) -> None:
    """Refuse what X would not carry before anything of it is there."""
    if len(outgoing.attachments) > most:
        carries = "one picture" if most == 1 else f"{most} pictures"
        raise ChannelError(f"X carries {carries} with this, and there are {len(outgoing.attachments)}.", permanent=True)
    for index, (name, content_type, content) in enumerate(outgoing.attachments):
        if content_type not in PICTURES:
            raise ChannelError(
                f"X carries pictures only, and “{name}” is none: send a link to it instead.", permanent=True
            )
        if len(content) > LARGEST_PICTURE_BYTES:
            raise ChannelError(f"“{name}” is larger than the 5 MB that X takes.", permanent=True)
        if len(_alt(outgoing, index)) > LONGEST_ALT_CHARS:
            raise ChannelError(f"The description of “{name}” is longer than the 1,000 characters of X.", permanent=True)


def _alt(outgoing: Outgoing, index: int) -> str:
    return outgoing.alt_texts[index].strip() if index < len(outgoing.alt_texts) else ""


def _same(theirs: str, ours: str) -> bool:
    return _bare(theirs) == _bare(ours)


def _bare(said: str) -> list[str]:
    """What is left when X has shortened links, filled in their beginning and closed up gaps."""
    return [re.sub(r"^https?://", "", word).rstrip("/") for word in unicodedata.normalize("NFC", said).split()]
