"""Puts an Instagram account behind the contract every channel keeps: comments and mentions in public, direct messages in private.

Leaves reading events to `parse`, and what the networks of Meta share to `graph`.
"""

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from sociable.channels.base import (
    Call,
    Capabilities,
    ChannelError,
    Finding,
    Heard,
    Known,
    Outgoing,
    RawItem,
    Receipt,
    Setting,
    Who,
    nothing,
)
from sociable.channels.graph import token
from sociable.channels.graph.account import GraphAccount
from sociable.channels.graph.call import Graph
from sociable.channels.graph.fetched import BEGINNING, Place, talks
from sociable.channels.graph.hearing import hear as hear_call
from sociable.channels.graph.naming import entry_of
from sociable.channels.graph.reading import Node, instant, loaded, many, named, part, words
from sociable.channels.graph.talking import CLOCKS_APART, LOOKED_THROUGH, find_talk, is_ours, send_talk
from sociable.channels.graph.webhook import content
from sociable.channels.instagram.config import SETTINGS, InstagramConfig
from sociable.channels.instagram.parse import mentioned, moment, remote_id
from sociable.channels.instagram.parse import parse as parse_event

PERMISSIONS = ("instagram_basic", "instagram_manage_comments", "instagram_manage_messages", "pages_manage_metadata")
COMMENT_FIELDS = "id,text,timestamp,username,from,parent_id"
TAG_FIELDS = "id,caption,username,timestamp,permalink,media_url"
MENTION_FIELDS = {
    "comment": "mentioned_comment.comment_id({}){{id,text,timestamp,username,media{{id,permalink}}}}",
    "media": "mentioned_media.media_id({}){{id,caption,timestamp,username,permalink,media_url}}",
}
MEDIA_LOOKED_AT = 50  # comments under older pictures come by the webhook alone
MENTIONS_ASKED_AT_ONCE = 5
PATIENCE_SECONDS = 4  # while Meta waits for the answer to its call


class InstagramAdapter(GraphAccount[InstagramConfig]):
    """One Instagram account, heard by webhook and asked as a fall-back."""

    kind: ClassVar[str] = "instagram"
    name: ClassVar[str] = "Instagram"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=300,
        private=False,
        private_replies=True,
        longest_private_text=1000,
        counting_private="bytes",
        threads=True,
        most_parts=5,
        attachments_bytes=25 * 1024 * 1024,
        attachments_most=10,
        reply_window=timedelta(hours=24),
        late_window=timedelta(days=7),
        ids_of_network=True,
        ask_every=timedelta(minutes=10),
        source="Instagram Messaging: 1,000 bytes of UTF-8, files 25 MB (pictures 8 MB), 24-hour window, tag HUMAN_AGENT "
        "7 days; Instagram Graph API: comments 300 characters",
        as_of_on=date(2026, 11, 27),
    )
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = InstagramConfig.from_dict
    what: ClassVar[str] = "account"
    permissions: ClassVar[Collection[str]] = PERMISSIONS
    read = staticmethod(parse_event)

    def hear(self, call: Call) -> Heard:
        """Make sure that Meta made this call, and split it into single events; the words of a mention are asked for.

        Errors: CallRefused
        """
        heard = hear_call(
            call,
            self.config.graph,
            lists=(),
            remote_id=remote_id,
            moment=moment,
            to_account=lambda event: words(entry_of(event), "id"),
        )
        return replace(heard, items=self._with_words(heard.items))

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out everything there today."""
        talk = self._graph.get(
            f"{self.config.page_id}/conversations", platform="instagram", fields="updated_time", limit=1
        )
        times = [instant(node.get("updated_time")) for node in many(talk, "data")]
        asked = "timestamp,comments.limit(1){timestamp}"
        for media in many(self._graph.get(f"{self.config.instagram_id}/media", fields=asked, limit=25), "data"):
            times += [_at(media), *(_at(comment) for comment in many(part(media, "comments"), "data"))]
        return str(Place(max((at for at in times if at), default=BEGINNING), "\uffff"))

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Answer a comment or a mention in public, or a person in private.

        Errors: ChannelError, permanent for a refusal for good; OutcomeUnknown where Meta may have it
        """
        if _is_private(outgoing):
            platform = {"platform": "instagram"}
            return send_talk(
                self._graph,
                self.config.page_id,
                outgoing,
                before_handover,
                kind=self.kind,
                platform=platform,
                marked=False,
            )
        if outgoing.attachments:
            raise ChannelError("A public answer on Instagram takes no files.", permanent=True)
        path, body = self._public_place(outgoing)
        return _receipt(words(self._graph.post(path, body, before_handover=before_handover), "id"), outgoing)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Ask the inbox, or look under the comment, for an answer whose fate is not known."""
        if _is_private(outgoing):
            return find_talk(self._graph, self.config.page_id, outgoing, "instagram", kind=self.kind)
        ref = outgoing.reply_ref
        if outgoing.sent_at is None or ref.get("mention"):
            raise ChannelError("Instagram cannot be asked about it; look under the picture itself.", permanent=True)
        since, person = outgoing.sent_at - CLOCKS_APART, str(ref.get("person") or "")
        path = f"{ref['comment']}/replies"
        for reply in many(self._graph.get(path, fields=COMMENT_FIELDS, limit=LOOKED_THROUGH), "data"):
            if is_ours(reply, outgoing.text, since, "text", person):
                return _receipt(words(reply, "id"), outgoing)
        return None

    def name_of(self, address: str) -> Known:
        """Ask who somebody is: a message names its writer by an id that holds for this account alone."""
        if not address.isdecimal():
            return Known()
        node = self._graph.get(address, fields="name,username")
        username = words(node, "username")
        return Known(words(node, "name"), f"@{username}" if username else "")

    def who(self) -> Who:
        """Ask Meta which account this is, and until when the token works."""
        account = self._graph.get(self.config.instagram_id, fields="id,username,name")
        told, username = token.token(self._graph), words(account, "username")
        return Who(
            network_id=words(account, "id"),
            handle=f"@{username}",
            link=f"https://www.instagram.com/{username}/",
            expires_at=told.expires_at if told else None,
        )

    def _subscription(self) -> Finding:
        """The linked page must be told of the app, whichever of its fields; what is heard is set in the app's webhook."""
        path = f"{self.config.page_id}/subscribed_apps"
        try:
            if not list(self._graph.pages(path)):
                self._graph.post(path, {"subscribed_fields": "feed"}, handed_over=False)
        except ChannelError as error:
            return Finding(ok=False, what=error.message, mend="Give the token the permission pages_manage_metadata.")
        return Finding(ok=True, what="The linked page sends what happens on Instagram to your app.")

    def _with_words(self, items: tuple[RawItem, ...]) -> tuple[RawItem, ...]:
        """A mention comes without its words. Where they cannot be had at once it is kept as it came."""
        mentions = [item for item in items if mentioned(loaded(item.content)) and self._is_mine(item)]
        asked = {item.remote_id: self._completed(item) for item in mentions[:MENTIONS_ASKED_AT_ONCE]}
        return tuple(asked.get(item.remote_id, item) for item in items)

    def _is_mine(self, item: RawItem) -> bool:
        return item.to_account == self.config.instagram_id

    def _completed(self, item: RawItem) -> RawItem:
        event = loaded(item.content)
        kind, number = mentioned(event) or ("", "")
        if not number.isdecimal():
            return item
        with Graph(replace(self.config.graph, timeout_seconds=PATIENCE_SECONDS)) as graph:
            try:
                told = graph.get(self.config.instagram_id, fields=MENTION_FIELDS[kind].format(number))
            except ChannelError:
                return item
        node = part(told, f"mentioned_{kind}")
        if not node:
            return item
        entry = {**entry_of(event), "fetched": [{"caption": "", **node} if kind == "media" else dict(node)]}
        return replace(item, content=content({**event, "entry": [entry]}))

    def _since(self, since: datetime) -> Iterator[RawItem]:
        account = self.config.instagram_id
        yield from talks(self._graph, self.config.page_id, account, "instagram", since)
        yield from self._comments(since)
        for media in self._graph.pages(f"{account}/tags", fields=TAG_FIELDS, limit=25):
            if _at(media) < since:
                return
            yield self._item({"caption": "", **media})

    def _comments(self, since: datetime) -> Iterator[RawItem]:
        fields = f"{COMMENT_FIELDS},replies.limit(50){{{COMMENT_FIELDS}}}"
        asked = f"id,permalink,timestamp,comments.limit(50){{{fields}}}"
        for number, media in enumerate(self._graph.pages(f"{self.config.instagram_id}/media", fields=asked, limit=25)):
            if number >= MEDIA_LOOKED_AT or self._graph.usage.nearly_spent:
                return
            about = {"id": media.get("id"), "permalink": media.get("permalink")}
            for comment in self._under(media, fields):
                replies = many(part(comment, "replies"), "data")
                alone = {name: value for name, value in comment.items() if name != "replies"}
                for node in (alone, *({**reply, "parent_id": comment.get("id")} for reply in replies)):
                    if _at(node) >= since:
                        yield self._item({**node, "media": about})

    def _under(self, media: Node, fields: str) -> Iterator[Node]:
        comments = part(media, "comments")
        if part(comments, "paging").get("next"):
            return self._graph.pages(f"{words(media, 'id')}/comments", fields=fields, limit=50)
        return (node for node in many(comments, "data") if isinstance(node, dict))

    def _item(self, fetched: dict[str, Any]) -> RawItem:
        account = self.config.instagram_id
        event = {"object": "instagram", "entry": [{"id": account, "fetched": [fetched]}]}
        return RawItem(remote_id(event), content(event), moment(event), to_account=account)

    def _public_place(self, outgoing: Outgoing) -> tuple[str, dict[str, str]]:
        """Under our own pictures a comment is replied to; where we were only mentioned, the mention is."""
        ref = outgoing.reply_ref
        if ref.get("mention"):
            named = {"comment_id": str(ref["comment"])} if ref.get("comment") else {}
            body = {"media_id": str(ref.get("media") or ""), **named, "message": outgoing.text}
            return f"{self.config.instagram_id}/mentions", body
        return f"{ref['comment']}/replies", {"message": outgoing.text}


def _is_private(outgoing: Outgoing) -> bool:
    ref = outgoing.reply_ref
    return outgoing.visibility == "private" or not (ref.get("comment") or ref.get("media"))


def _at(node: Node) -> datetime:
    return instant(node.get("timestamp")) or BEGINNING


def _receipt(comment_id: str, outgoing: Outgoing) -> Receipt:
    return Receipt(
        "delivered", named(InstagramAdapter.kind, comment_id), "It stands on Instagram.", reply_ref=outgoing.reply_ref
    )
