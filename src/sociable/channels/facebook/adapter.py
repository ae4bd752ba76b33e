"""Puts a Facebook page behind the contract every channel keeps: comments and mentions in public, Messenger in private.

Leaves reading events to `parse`, and what the networks of Meta share to `graph`.
"""

from collections.abc import Callable, Collection, Iterator
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
from sociable.channels.facebook.config import SETTINGS, FacebookConfig
from sociable.channels.facebook.parse import moment, remote_id
from sociable.channels.facebook.parse import parse as parse_event
from sociable.channels.graph import token
from sociable.channels.graph.account import GraphAccount
from sociable.channels.graph.call import File
from sociable.channels.graph.fetched import BEGINNING, Place, talks
from sociable.channels.graph.hearing import hear as hear_call
from sociable.channels.graph.naming import entry_of
from sociable.channels.graph.reading import Node, instant, many, named, part, words
from sociable.channels.graph.talking import CLOCKS_APART, LOOKED_THROUGH, find_talk, is_ours, send_talk
from sociable.channels.graph.webhook import content

HEARD = ("messages", "message_echoes", "message_edits", "message_deliveries", "message_reads", "messaging_postbacks")
SUBSCRIBED = (*HEARD, "message_reactions", "messaging_referrals", "feed", "mention")
PERMISSIONS = ("pages_messaging", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement")
COMMENT_FIELDS = "id,from,message,created_time,permalink_url,parent{id},attachment"
POST_FIELDS = "id,from,message,created_time,permalink_url,full_picture"
POSTS_LOOKED_AT = 50  # comments under older posts come by the webhook alone


class FacebookAdapter(GraphAccount[FacebookConfig]):
    """One Facebook page, heard by webhook and asked as a fall-back."""

    kind: ClassVar[str] = "facebook"
    name: ClassVar[str] = "Facebook"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=8000,
        private=False,
        private_replies=True,
        longest_private_text=2000,
        threads=True,
        most_parts=5,
        attachments_bytes=25 * 1024 * 1024,
        attachments_most=10,
        reply_window=timedelta(hours=24),
        late_window=timedelta(days=7),
        ids_of_network=True,
        ask_every=timedelta(minutes=10),
        source="Messenger Platform: Send API 2,000 characters, attachments 25 MB, 24-hour window, tag HUMAN_AGENT 7 days; "
        "Graph API: comments 8,000 characters",
        as_of_on=date(2026, 11, 27),
    )
    settings: ClassVar[tuple[Setting, ...]] = SETTINGS
    configured = FacebookConfig.from_dict
    what: ClassVar[str] = "page"
    permissions: ClassVar[Collection[str]] = PERMISSIONS
    read = staticmethod(parse_event)

    def hear(self, call: Call) -> Heard:
        """Make sure that Meta made this call, and split it into single events.

        Errors: CallRefused
        """
        return hear_call(
            call,
            self.config.graph,
            lists=(),
            remote_id=remote_id,
            moment=moment,
            to_account=lambda event: words(entry_of(event), "id"),
        )

    def newest_cursor(self) -> str:
        """Return the cursor that leaves out everything there today."""
        page, asked = self.config.page_id, "created_time,comments.order(reverse_chronological).limit(1){created_time}"
        talk = self._graph.get(f"{page}/conversations", platform="messenger", fields="updated_time", limit=1)
        times = [instant(node.get("updated_time")) for node in many(talk, "data")]
        for edge in ("feed", "tagged"):
            for post in many(self._graph.get(f"{page}/{edge}", fields=asked, limit=25), "data"):
                times += [_at(post), *(_at(comment) for comment in many(part(post, "comments"), "data"))]
        return str(Place(max((at for at in times if at), default=BEGINNING), "\uffff"))

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Answer a comment or a post in public, or a person in private.

        Errors: ChannelError, permanent for a refusal for good; OutcomeUnknown where Meta may have it
        """
        if _is_private(outgoing):
            return send_talk(self._graph, self.config.page_id, outgoing, before_handover, kind=self.kind)
        return self._comment(outgoing, before_handover)

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Ask the page's inbox, or look under the comment, for an answer whose fate is not known."""
        if _is_private(outgoing):
            return find_talk(self._graph, self.config.page_id, outgoing, "messenger", kind=self.kind)
        return self._find_comment(outgoing)

    def name_of(self, address: str) -> Known:
        """Ask who somebody is: a message names its writer by an id that holds for this account alone."""
        if not address.isdecimal():
            return Known()
        node = self._graph.get(address, fields="name")
        return Known(words(node, "name"))

    def who(self) -> Who:
        """Ask Meta which page this is, and until when the token works."""
        page = self._graph.get(self.config.page_id, fields="id,name,username,link")
        told = token.token(self._graph)
        return Who(
            network_id=words(page, "id"),
            handle=words(page, "username") or words(page, "name"),
            link=words(page, "link"),
            expires_at=told.expires_at if told else None,
        )

    def _subscription(self) -> Finding:
        """A page sends its events to an app that it was told of; that is done here where it is missing."""
        path = f"{self.config.page_id}/subscribed_apps"
        try:
            held = {field for app in self._graph.pages(path) for field in many(app, "subscribed_fields")}
            if set(SUBSCRIBED) - held:
                body = {"subscribed_fields": ",".join(SUBSCRIBED)}
                self._graph.post(path, body, handed_over=False)
        except ChannelError as error:
            mend = "Give the token the permission pages_manage_metadata, and add the webhook in the app's settings."
            return Finding(ok=False, what=error.message, mend=mend)
        return Finding(ok=True, what="The page sends its comments and messages to your app.")

    def _since(self, since: datetime) -> Iterator[RawItem]:
        page = self.config.page_id
        yield from talks(self._graph, page, page, "messenger", since)
        for edge in ("feed", "tagged"):
            yield from self._posts(edge, since)

    def _posts(self, edge: str, since: datetime) -> Iterator[RawItem]:
        asked = f"{POST_FIELDS},comments.order(reverse_chronological).filter(stream).limit(50){{{COMMENT_FIELDS}}}"
        path = f"{self.config.page_id}/{edge}"
        for number, post in enumerate(self._graph.pages(path, fields=asked, limit=25)):
            if number >= POSTS_LOOKED_AT or self._graph.usage.nearly_spent:
                return
            if _at(post) >= since:
                yield self._item({"post": post})
            for comment in self._comments(post, since):
                yield self._item({"comment": comment, "post_id": words(post, "id")})

    def _comments(self, post: Node, since: datetime) -> Iterator[Node]:
        comments = part(post, "comments")
        held: Iterator[Node] = (node for node in many(comments, "data") if isinstance(node, dict))
        if part(comments, "paging").get("next"):
            path, order = f"{words(post, 'id')}/comments", "reverse_chronological"
            held = self._graph.pages(path, fields=COMMENT_FIELDS, order=order, filter="stream", limit=50)
        for comment in held:
            if _at(comment) < since:
                return
            yield comment

    def _item(self, fetched: dict[str, Any]) -> RawItem:
        page = self.config.page_id
        event = {"object": "page", "entry": [{"id": page, "fetched": [fetched]}]}
        return RawItem(remote_id(event), content(event), moment(event), to_account=page)

    def _comment(self, outgoing: Outgoing, before_handover: Callable[[], None]) -> Receipt:
        target = _target(outgoing)
        taken = self._graph.post(
            f"{target}/comments", {"message": outgoing.text}, files=_picture(outgoing), before_handover=before_handover
        )
        return _receipt(words(taken, "id"), outgoing)

    def _find_comment(self, outgoing: Outgoing) -> Receipt | None:
        if outgoing.sent_at is None:
            raise ChannelError("Without the time it was sent Facebook cannot be asked about it.", permanent=True)
        since, person = outgoing.sent_at - CLOCKS_APART, str(outgoing.reply_ref.get("person") or "")
        path, order = f"{_target(outgoing)}/comments", "reverse_chronological"
        asked = self._graph.get(path, fields=COMMENT_FIELDS, order=order, limit=LOOKED_THROUGH)
        for comment in many(asked, "data"):
            if is_ours(comment, outgoing.text, since, "message", person):
                return _receipt(words(comment, "id"), outgoing)
        return None


def _is_private(outgoing: Outgoing) -> bool:
    ref = outgoing.reply_ref
    return outgoing.visibility == "private" or not (ref.get("comment") or ref.get("post"))


def _target(outgoing: Outgoing) -> str:
    return str(outgoing.reply_ref.get("comment") or outgoing.reply_ref.get("post"))


def _at(node: Node) -> datetime:
    return instant(node.get("created_time")) or BEGINNING


def _receipt(comment_id: str, outgoing: Outgoing) -> Receipt:
    link = f"https://www.facebook.com/{comment_id}"
    return Receipt(
        "delivered", named(FacebookAdapter.kind, comment_id), "It stands on Facebook.", link, outgoing.reply_ref
    )


def _picture(outgoing: Outgoing) -> tuple[File, ...]:
    """Under a comment Facebook takes one picture and nothing else."""
    if not outgoing.attachments:
        return ()
    name, content_type, content = outgoing.attachments[0]
    if len(outgoing.attachments) > 1 or not content_type.startswith("image/"):
        raise ChannelError("A public answer on Facebook takes one picture and no other file.", permanent=True)
    return (("source", (name, content, content_type)),)
