"""Stands in for Meta's Graph API: a Facebook page with Messenger, an Instagram account and a WhatsApp number, one app.

What WhatsApp is asked and says is held to its published description, Facebook and Instagram to shapes of our own; the state
behind them, the windows, limits and refusals, are ours, from the networks' pages.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import Message as MimePart
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from sociable.channels.base import Call
from tests.servers import meta_shapes
from tests.servers.standin import Answer, Asked, Judge, StandIn, say, serving
from tests.servers.whatsapp_description import mended

PAGE, INSTAGRAM, PHONE, WABA, APP = (
    "220000000000001",
    "17841400000000001",
    "106540352242922",
    "102290129340398",
    "4410001",
)
SHOWN_NUMBER = "15550783881"
TOKEN, SECRET, VERIFY = "EAAa-page-token", "an-app-secret", "words of our own"
BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
DAY, WEEK = timedelta(hours=24), timedelta(days=7)
CLOSED = {"code": 10, "subcode": 2018278, "message": "This message is sent outside of allowed window."}


class Refuses(Exception):
    """The network says no."""

    def __init__(self, code: int, message: str, subcode: int = 0, status: int = 400) -> None:
        super().__init__(message)
        error = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "Atrace"}
        self.answer = say(status, {"error": {**error, **({"error_subcode": subcode} if subcode else {})}})


@dataclass
class Comment:
    """A comment, or a post where it has no parent."""

    id: str
    author: str
    text: str
    at: datetime
    post: str
    parent: str = ""
    where: str = "page"
    answered_privately: bool = False


@dataclass
class Talk:
    """One private message on one of the three."""

    id: str
    person: str
    by_us: bool
    text: str
    at: datetime
    where: str
    files: list[str] = field(default_factory=list)
    sent: dict[str, Any] = field(default_factory=dict)


class GraphJudge:
    """Holds what is asked and said to WhatsApp's description, and to our own shapes for the others."""

    under = "/"

    def __init__(self, specification: Path | None) -> None:
        self.whatsapp = Judge(specification, "https://graph.facebook.com", mend=mended) if specification else None
        self.own_complaints: list[str] = []
        self.judged_by_own = 0

    @property
    def complaints(self) -> list[str]:
        return [*self.own_complaints, *(self.whatsapp.complaints if self.whatsapp else [])]

    def asked(self, asked: Asked) -> None:
        if _is_whatsapp(asked):
            if self.whatsapp and not asked.path.startswith("/files/"):
                self.whatsapp.asked(asked)
        elif asked.method == "POST":
            shape, value = _shape_of(asked)
            self._hold(shape, value, f"{asked.method} {asked.path}")

    def answered(self, asked: Asked, answer: Answer) -> None:
        if answer.status >= 400:
            self._hold(meta_shapes.ERROR, json.loads(answer.body), f"the answer to {asked.path}")
        elif _is_whatsapp(asked):
            if self.whatsapp and not asked.path.startswith("/files/"):
                self.whatsapp.answered(asked, answer)
        elif asked.method == "POST" and asked.path.endswith("/messages"):
            self._hold(meta_shapes.TAKEN, json.loads(answer.body), f"the answer to {asked.path}")

    def called(self, payload: dict[str, Any]) -> None:
        """Hold a call to our webhook."""
        if payload["object"] == "whatsapp_business_account":
            if self.whatsapp:
                body = json.dumps(payload).encode()
                headers = {"content-type": "application/json", "authorization": "Bearer x", "user-agent": "Meta/1.0.0"}
                self.whatsapp.asked(Asked("POST", "/whatsapp/webhooks", headers, body))
        else:
            self._hold(meta_shapes.WEBHOOK, payload, "a call to our webhook")

    def _hold(self, shape: Any, value: Any, what: str) -> None:
        from jsonschema import Draft202012Validator

        if shape is None:
            return
        self.judged_by_own += 1
        self.own_complaints += [
            f"{what}: {error.message} at {error.json_path}" for error in Draft202012Validator(shape).iter_errors(value)
        ]


def _is_whatsapp(asked: Asked) -> bool:
    return any(f"/{known}" in asked.path for known in (PHONE, WABA, "9900"))


def _shape_of(asked: Asked) -> tuple[Any, Any]:
    """What a request should look like; files are handed in as a form."""
    if "multipart" in asked.headers.get("content-type", ""):
        return None, None
    shapes = {
        "messages": meta_shapes.SENT,
        "comments": meta_shapes.COMMENT,
        "replies": meta_shapes.COMMENT,
        "mentions": meta_shapes.MENTION,
    }
    return shapes.get(asked.path.rpartition("/")[2]), asked.json()


class GraphNetwork:
    """The three networks behind one server, for one app."""

    def __init__(self, judge: GraphJudge | None = None) -> None:
        self.now = BEGINNING
        self.judge = judge
        self.server = StandIn(self._answer, judge)  # type: ignore[arg-type]
        self.names = {PAGE: "Leeds Council", INSTAGRAM: "leedscouncil"}
        self.talks: dict[str, Talk] = {}
        self.comments: dict[str, Comment] = {}
        self.files: dict[str, tuple[str, bytes]] = {}
        self.calls: list[dict[str, Any]] = []
        self.subscribed: dict[str, list[str]] = {}
        self.templates: list[dict[str, Any]] = []
        self.blocked: set[str] = set()
        self.secretive: set[str] = set()
        self.usage: dict[str, str] = {}
        self.scopes = [
            "pages_messaging", "pages_read_engagement", "pages_read_user_content", "pages_manage_engagement", "pages_manage_metadata",
            "instagram_basic", "instagram_manage_comments", "instagram_manage_messages",
            "whatsapp_business_management", "whatsapp_business_messaging",
        ]  # fmt: skip
        self.token_ends: datetime | None = None
        self.revoked = False
        self._count = 0

    def settings(self, **more: str) -> dict[str, str]:
        """What an account of ours is connected with."""
        shared = {
            "access_token": TOKEN,
            "app_secret": SECRET,
            "verify_token": VERIFY,
            "app_id": APP,
            "server": self.server.url,
        }
        return {**shared, **more}

    # What happens there, told by a test.

    def later(self, **span: float) -> datetime:
        """Let time go by."""
        self.now += timedelta(**span)
        return self.now

    def person(self, name: str) -> str:
        made = self._id("70")
        self.names[made] = name
        return made

    def writes(self, person: str, text: str, where: str = "page", files: tuple[tuple[str, bytes], ...] = ()) -> Talk:
        """Somebody writes in private on Messenger ("page"), Instagram or WhatsApp."""
        talk = Talk(self._mid(where), person, by_us=False, text=text, at=self.now, where=where)
        talk.files = [self.keep(kind, content) for kind, content in files]
        self.talks[talk.id] = talk
        self.calls.append(self.whatsapp_call(talk) if where == "whatsapp" else self.talk_call(talk))
        return talk

    def comments_on(self, person: str, text: str, post: str = "", parent: str = "", where: str = "page") -> Comment:
        """Somebody comments under a post of ours, or under a comment."""
        made = Comment(self._id("31"), person, text, self.now, post or self.post(where).id, parent, where)
        if where == "page":
            made.id = f"{made.post.partition('_')[2]}_{made.id}"
        self.comments[made.id] = made
        self.calls.append(self.comment_call(made))
        return made

    def post(self, where: str = "page", author: str = "", text: str = "Bins are collected on Monday") -> Comment:
        """We post, or a visitor does."""
        number = self._id("55")
        made_id = f"{PAGE}_{number}" if where == "page" else number
        made = Comment(made_id, author or (PAGE if where == "page" else INSTAGRAM), text, self.now, made_id, "", where)
        self.comments[made.id] = made
        return made

    def edits(self, what: Talk | Comment, text: str, times: int = 1) -> None:
        what.text = text
        self.calls.append(self._edit_call(what, times))

    def takes_back(self, what: Talk | Comment) -> None:
        """Whoever wrote it deletes it."""
        if isinstance(what, Comment):
            del self.comments[what.id]
            self.calls.append(self._feed(what, "remove"))
        else:
            del self.talks[what.id]
            self.calls.append(self._taken_back(what))

    def colleague_writes(self, person: str, text: str, where: str = "page") -> Talk:
        """Somebody of ours answers in Meta's own inbox or app."""
        talk = Talk(self._mid(where), person, by_us=True, text=text, at=self.now, where=where)
        self.talks[talk.id] = talk
        self.calls.append(self._echo(talk))
        return talk

    def told(self, talk: Talk, became: str, code: int = 0, title: str = "") -> None:
        """The network tells what became of a message of ours."""
        self.calls.append(
            self._status(talk, became, code, title) if talk.where == "whatsapp" else self._receipt(talk, became)
        )

    def keep(self, kind: str, content: bytes) -> str:
        number = self._id("9900")
        self.files[number] = (kind, content)
        return number

    # The calls to our webhook.

    def call(self, *payloads: dict[str, Any]) -> Call:
        """One signed call with the entries of all payloads, or of all that has happened since the last."""
        held = list(payloads) or self.calls
        if not payloads:
            self.calls = []
        for payload in held:
            if self.judge:
                self.judge.called(payload)
        body = json.dumps({"object": held[0]["object"], "entry": [e for p in held for e in p["entry"]]}).encode()
        return signed(body)

    def challenge(self, token: str = VERIFY) -> Call:
        query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": token}
        return Call("GET", {}, query, b"")

    def talk_call(self, talk: Talk, **more: Any) -> dict[str, Any]:
        kinds = {"image": "image", "video": "video", "audio": "audio"}
        files = [
            {
                "type": kinds.get(self.files[number][0].partition("/")[0], "file"),
                "payload": {"url": f"{self.server.url}/files/{number}"},
            }
            for number in talk.files
        ]
        message = {
            "mid": talk.id,
            **({"text": talk.text} if talk.text else {}),
            **({"attachments": files} if files else {}),
        }
        return self._talk(talk, {"message": {**message, **more}})

    def _talk(self, talk: Talk, told: dict[str, Any], by_us: bool | None = None) -> dict[str, Any]:
        us = PAGE if talk.where == "page" else INSTAGRAM
        ours = talk.by_us if by_us is None else by_us
        sender, recipient = (us, talk.person) if ours else (talk.person, us)
        event = {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": _ms(self.now), **told}
        name = "page" if talk.where == "page" else "instagram"
        return {"object": name, "entry": [{"id": us, "time": _ms(self.now), "messaging": [event]}]}

    def _echo(self, talk: Talk) -> dict[str, Any]:
        if talk.where == "whatsapp":
            value = self._whatsapp_value(message_echoes=[
                {"from": SHOWN_NUMBER, "to": talk.person, "id": talk.id, "timestamp": str(_s(self.now)), "type": "text", "text": {"body": talk.text}}
            ])  # fmt: skip
            return self._changes("whatsapp_business_account", WABA, "smb_message_echoes", value)
        marked = {"metadata": mark} if (mark := talk.sent.get("message", {}).get("metadata")) else {}
        return self.talk_call(talk, is_echo=True, app_id=int(APP), **marked)

    def _edit_call(self, what: Talk | Comment, times: int) -> dict[str, Any]:
        if isinstance(what, Comment):
            return self._feed(what, "edited")
        if what.where == "whatsapp":
            inner = {"type": "text", "text": {"body": what.text}}
            return self._whatsapp_said(
                what, "edit", {"original_message_id": what.id, "message": inner}, f"{what.id}E{times}"
            )
        return self._talk(what, {"message_edit": {"mid": what.id, "text": what.text, "num_edit": times}})

    def _taken_back(self, talk: Talk) -> dict[str, Any]:
        if talk.where == "whatsapp":
            return self._whatsapp_said(talk, "revoke", {"original_message_id": talk.id}, f"{talk.id}R")
        return self._talk(talk, {"message": {"mid": talk.id, "is_deleted": True}})

    def _receipt(self, talk: Talk, became: str) -> dict[str, Any]:
        if became == "delivered":
            return self._talk(talk, {"delivery": {"mids": [talk.id], "watermark": _ms(self.now)}}, by_us=False)
        read = {"mid": talk.id} if talk.where == "instagram" else {"watermark": _ms(self.now)}
        return self._talk(talk, {"read": read}, by_us=False)

    def comment_call(self, comment: Comment) -> dict[str, Any]:
        if comment.where == "page":
            return self._feed(comment, "add")
        value = {
            "id": comment.id,
            "text": comment.text,
            "from": {"id": comment.author, "username": self.names[comment.author]},
            "media": {"id": comment.post, "media_product_type": "FEED"},
            **({"parent_id": comment.parent} if comment.parent else {}),
        }
        return self._changes("instagram", INSTAGRAM, "comments", value)

    def _feed(self, comment: Comment, verb: str) -> dict[str, Any]:
        is_post = comment.id == comment.post
        value = {
            "item": "status" if is_post else "comment",
            "verb": verb,
            "post_id": comment.post,
            **({} if is_post else {"comment_id": comment.id, "parent_id": comment.parent or comment.post}),
            "from": {"id": comment.author, "name": self.names[comment.author]},
            "created_time": _s(comment.at),
            **({} if verb == "remove" else {"message": comment.text}),
            "post": {"permalink_url": f"https://www.facebook.com/{comment.post}"},
        }
        return self._changes("page", PAGE, "feed", value)

    def mention_call(self, comment: Comment) -> dict[str, Any]:
        return self._changes("instagram", INSTAGRAM, "mentions", {"media_id": comment.post, "comment_id": comment.id})

    def whatsapp_call(self, talk: Talk, **more: Any) -> dict[str, Any]:
        if not talk.files:
            return self._whatsapp_said(talk, "text", {"body": talk.text}, talk.id, **more)
        content_type, content = self.files[talk.files[0]]
        kind = (
            content_type.partition("/")[0]
            if content_type.partition("/")[0] in ("image", "video", "audio")
            else "document"
        )
        sha = hashlib.sha256(content).hexdigest()
        about = {
            "id": talk.files[0],
            "mime_type": content_type,
            "sha256": sha,
            **({"caption": talk.text} if talk.text else {}),
        }
        return self._whatsapp_said(talk, kind, about, talk.id, **more)

    def _whatsapp_said(self, talk: Talk, kind: str, about: dict[str, Any], mid: str, **more: Any) -> dict[str, Any]:
        message = {"from": talk.person, "id": mid, "timestamp": str(_s(self.now)), "type": kind, kind: about, **more}
        contacts = [{"profile": {"name": self.names[talk.person]}, "wa_id": talk.person}]
        return self._changes(
            "whatsapp_business_account", WABA, "messages", self._whatsapp_value(contacts=contacts, messages=[message])
        )

    def _status(self, talk: Talk, became: str, code: int, title: str) -> dict[str, Any]:
        errors = (
            [{"code": code, "title": title, "message": title, "error_data": {"details": f"{title}."}}] if code else []
        )
        key = talk.sent.get("biz_opaque_callback_data")
        status = {
            "id": talk.id,
            "status": became,
            "timestamp": str(_s(self.now)),
            "recipient_id": talk.person,
            **({"errors": errors} if errors else {}),
            **({"biz_opaque_callback_data": key} if key else {}),
        }
        return self._changes("whatsapp_business_account", WABA, "messages", self._whatsapp_value(statuses=[status]))

    def _whatsapp_value(self, **lists: Any) -> dict[str, Any]:
        metadata = {"display_phone_number": SHOWN_NUMBER, "phone_number_id": PHONE}
        return {"messaging_product": "whatsapp", "metadata": metadata, **lists}

    def _changes(self, name: str, account: str, field_name: str, value: dict[str, Any]) -> dict[str, Any]:
        entry: dict[str, Any] = {"id": account, "changes": [{"field": field_name, "value": value}]}
        return {"object": name, "entry": [entry if name.startswith("whatsapp") else {**entry, "time": _s(self.now)}]}

    # What it answers.

    def _answer(self, asked: Asked) -> Answer:
        try:
            if asked.path.startswith("/files/"):
                content_type, content = self.files[asked.path.rpartition("/")[2]]
                return Answer(200, content, content_type)
            self._may(asked)
            answer = self._routed(asked)
        except Refuses as refusal:
            answer = refusal.answer
        return Answer(answer.status, answer.body, answer.content_type, {**answer.headers, **self.usage})

    def _routed(self, asked: Asked) -> Answer:
        path = asked.path.removeprefix("/v23.0/")
        for method, pattern, says in _ROUTES:
            if method == asked.method and (found := re.fullmatch(pattern, path)):
                return says(self, asked, *found.groups())
        raise Refuses(100, f"Unsupported {asked.method.lower()} request.", 33)

    def _may(self, asked: Asked) -> None:
        """A token in the header, and the proof that whoever has it has the app's secret too."""
        given = asked.headers.get("authorization", "").removeprefix("Bearer ")
        if given == f"{APP}|{SECRET}":
            return
        if self.revoked or given != TOKEN:
            raise Refuses(190, "Error validating access token: The session has been invalidated.", status=401)
        proof = hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()
        if asked.query.get("appsecret_proof") != proof:
            raise Refuses(100, "Invalid appsecret_proof provided in the API argument")

    def page(self, asked: Asked) -> Answer:
        return say(
            200,
            {
                "id": PAGE,
                "name": self.names[PAGE],
                "username": "LeedsCouncil",
                "link": "https://www.facebook.com/LeedsCouncil",
            },
        )

    def instagram(self, asked: Asked) -> Answer:
        wanted = asked.query.get("fields", "")
        if found := re.match(r"mentioned_comment\.comment_id\((\w+)\)", wanted):
            comment = self._comment(found[1])
            media = {"id": comment.post, "permalink": f"https://www.instagram.com/p/{comment.post}/"}
            node = {
                "id": comment.id,
                "text": comment.text,
                "timestamp": _iso(comment.at),
                "username": self.names[comment.author],
                "media": media,
            }
            return say(200, {"mentioned_comment": node, "id": INSTAGRAM})
        return say(200, {"id": INSTAGRAM, "username": self.names[INSTAGRAM], "name": "Leeds"})

    def profile(self, asked: Asked, person: str) -> Answer:
        """Who somebody is, for whom they wrote to; only some of them are told."""
        if person in self.secretive or person not in self.names:
            raise Refuses(100, f"Unsupported get request. Object with ID '{person}' does not exist", 33)
        wanted = asked.query["fields"].split(",")
        known = {"name": self.names[person], "username": self.names[person].lower().replace(" ", "_")}
        return say(200, {"id": person, **{name: known[name] for name in wanted}})

    def debug_token(self, asked: Asked) -> Answer:
        ends = _s(self.token_ends) if self.token_ends else 0
        told = {
            "app_id": APP,
            "is_valid": not self.revoked,
            "expires_at": ends,
            "data_access_expires_at": 0,
            "scopes": self.scopes,
        }
        return say(200, {"data": told})

    def subscriptions(self, asked: Asked, account: str) -> Answer:
        held = (
            [{"id": APP, "name": "Sociable", "subscribed_fields": self.subscribed[account]}]
            if account in self.subscribed
            else []
        )
        if account == WABA:
            held = [
                {"whatsapp_business_api_data": {"id": APP, "link": "https://sociable.test", "name": "Sociable"}}
                for _ in held
            ]
        return say(200, {"data": held})

    def subscribe(self, asked: Asked, account: str) -> Answer:
        wanted = asked.json().get("subscribed_fields", "")
        self.subscribed[account] = wanted.split(",") if wanted else []
        return say(200, {"success": True})

    def conversations(self, asked: Asked, page: str) -> Answer:
        where = "instagram" if asked.query.get("platform") == "instagram" else "page"
        people: dict[str, list[Talk]] = {}
        for talk in sorted(self.talks.values(), key=lambda talk: talk.at, reverse=True):
            if talk.where == where and asked.query.get("user_id", talk.person) == talk.person:
                people.setdefault(talk.person, []).append(talk)
        nodes = [
            {
                "id": f"t_{person}",
                "updated_time": _iso(talks[0].at),
                "messages": self._paged([self._node(talk) for talk in talks], {}, 50),
            }
            for person, talks in people.items()
        ]
        return say(200, self._paged(nodes, asked.query, int(asked.query.get("limit", 25))))

    def messages_of(self, asked: Asked, person: str) -> Answer:
        talks = [talk for talk in self.talks.values() if talk.person == person and talk.where != "whatsapp"]
        nodes = [self._node(talk) for talk in sorted(talks, key=lambda talk: talk.at, reverse=True)]
        return say(200, self._paged(nodes, asked.query, int(asked.query.get("limit", 25))))

    def _node(self, talk: Talk) -> dict[str, Any]:
        us = PAGE if talk.where == "page" else INSTAGRAM
        label = "name" if talk.where == "page" else "username"
        sender, recipient = (us, talk.person) if talk.by_us else (talk.person, us)
        node: dict[str, Any] = {
            "id": talk.id,
            "created_time": _iso(talk.at),
            "from": {label: self.names[sender], "id": sender},
            "to": {"data": [{label: self.names[recipient], "id": recipient}]},
            "message": talk.text,
        }
        if talk.files:
            node["attachments"] = {"data": [self._file_node(number) for number in talk.files]}
        return node

    def _file_node(self, number: str) -> dict[str, Any]:
        kind, address = self.files[number][0], f"{self.server.url}/files/{number}"
        told = {"image_data": {"url": address}} if kind.startswith("image/") else {"file_url": address}
        return {"id": number, "mime_type": kind, **told}

    def _paged(self, nodes: list[dict[str, Any]], query: Mapping[str, str], size: int) -> dict[str, Any]:
        start = int(query.get("after") or 0)
        page, more = nodes[start : start + size], len(nodes) > start + size
        paging: dict[str, Any] = {"cursors": {"before": str(start), "after": str(start + len(page))}}
        return {"data": page, "paging": {**paging, **({"next": f"{self.server.url}/next"} if more else {})}}

    def feed(self, asked: Asked, page: str, edge: str) -> Answer:
        posts = [each for each in self.comments.values() if each.where == "page" and each.id == each.post]
        ours = (
            [each for each in posts if each.id.startswith(page)]
            if edge == "feed"
            else [each for each in posts if not each.id.startswith(page)]
        )
        nodes = [
            {**self._comment_node(post), "comments": self._paged(self._under(post.id), {}, 50)}
            for post in sorted(ours, key=lambda post: post.at, reverse=True)
        ]
        return say(200, self._paged(nodes, asked.query, int(asked.query.get("limit", 25))))

    def _under(self, post: str) -> list[dict[str, Any]]:
        found = [each for each in self.comments.values() if each.post == post and each.id != post]
        return [self._comment_node(each) for each in sorted(found, key=lambda each: each.at, reverse=True)]

    def _comment_node(self, comment: Comment) -> dict[str, Any]:
        if comment.where != "page":
            node = {
                "id": comment.id,
                "text": comment.text,
                "timestamp": _iso(comment.at),
                "username": self.names[comment.author],
            }
            return {
                **node,
                "from": {"id": comment.author, "username": self.names[comment.author]},
                **({"parent_id": comment.parent} if comment.parent else {}),
            }
        return {
            "id": comment.id,
            "from": {"id": comment.author, "name": self.names[comment.author]},
            "message": comment.text,
            "created_time": _iso(comment.at),
            "permalink_url": f"https://www.facebook.com/{comment.post}",
            **({"parent": {"id": comment.parent}} if comment.parent else {}),
        }

    def comments_under(self, asked: Asked, target: str) -> Answer:
        comment = self._comment(target)
        nodes = self._under(comment.post) if target == comment.post else [
            self._comment_node(each) for each in self.comments.values() if each.parent == target
        ]  # fmt: skip
        return say(200, self._paged(nodes, asked.query, int(asked.query.get("limit", 25))))

    def media(self, asked: Asked, account: str) -> Answer:
        posts = [
            each
            for each in self.comments.values()
            if each.where == "instagram" and each.id == each.post and each.author == INSTAGRAM
        ]
        nodes = []
        for post in sorted(posts, key=lambda post: post.at, reverse=True):
            under = self._under(post.id)
            top = [
                {**node, "replies": {"data": [reply for reply in under if reply.get("parent_id") == node["id"]]}}
                for node in under if not node.get("parent_id")
            ]  # fmt: skip
            nodes.append(
                {
                    "id": post.id,
                    "permalink": f"https://www.instagram.com/p/{post.id}/",
                    "timestamp": _iso(post.at),
                    "comments": self._paged(top, {}, 50),
                }
            )
        return say(200, self._paged(nodes, asked.query, int(asked.query.get("limit", 25))))

    def nothing(self, asked: Asked, account: str) -> Answer:
        return say(200, {"data": []})

    def comment(self, asked: Asked, target: str) -> Answer:
        """We answer in public."""
        parent = self._comment(target)
        text = (
            asked.json()["message"] if "json" in asked.headers["content-type"] else _form(asked)["message"][1].decode()
        )
        made = Comment(
            self._id("31"),
            PAGE if parent.where == "page" else INSTAGRAM,
            text,
            self.now,
            parent.post,
            parent.id,
            parent.where,
        )
        if parent.where == "page":
            made.id = f"{made.post.partition('_')[2]}_{made.id}"
        if parent.where == "instagram" and len(text) > 300:
            raise Refuses(100, "The comment is too long")
        self.comments[made.id] = made
        self.calls.append(self.comment_call(made))
        return say(200, {"id": made.id})

    def mention(self, asked: Asked) -> Answer:
        wanted = asked.json()
        parent = self._comment(wanted.get("comment_id") or wanted["media_id"])
        made = Comment(self._id("31"), INSTAGRAM, wanted["message"], self.now, parent.post, parent.id, "instagram")
        self.comments[made.id] = made
        return say(200, {"id": made.id})

    def _comment(self, number: str) -> Comment:
        if number not in self.comments:
            raise Refuses(100, f"Unsupported request. Object with ID '{number}' does not exist", 33)
        return self.comments[number]

    def hand_in(self, asked: Asked, account: str) -> Answer:
        """A file, of which nobody sees anything yet."""
        form = _form(asked)
        name, content = form["file" if account == PHONE else "filedata"]
        if len(content) > 25 * 1024 * 1024 and account != PHONE:
            raise Refuses(100, "Attachment size exceeds allowable limit", 2018294)
        number = self.keep(name, content)
        return say(200, {"id": number} if account == PHONE else {"attachment_id": number})

    def send(self, asked: Asked, page: str) -> Answer:
        """We write in private by Messenger or Instagram."""
        wanted = asked.json()
        person, where = self._allowed(wanted["recipient"], wanted)
        text = wanted["message"].get("text", "")
        if where == "page" and len(text) > 2000:
            raise Refuses(100, "Length of param message[text] must be less than or equal to 2000")
        if where == "instagram" and len(text.encode()) > 1000:
            raise Refuses(100, "Length of param message[text] must be less than or equal to 1000")
        talk = Talk(self._mid(where), person, by_us=True, text=text, at=self.now, where=where, sent=wanted)
        self.talks[talk.id] = talk
        self.calls.append(self._echo(talk))
        return say(200, {"recipient_id": person, "message_id": talk.id})

    def _allowed(self, recipient: dict[str, str], wanted: dict[str, Any]) -> tuple[str, str]:
        """Whom it goes to; nobody is written to after the window, and a comment is answered in private once."""
        if about := recipient.get("comment_id") or recipient.get("post_id"):
            comment = self._comment(about)
            if comment.answered_privately:
                raise Refuses(10900, "Activity already replied to")
            if self.now - comment.at > WEEK:
                raise Refuses(1893015, "You can't send a private reply to this comment any more")
            comment.answered_privately = True
            return comment.author, comment.where
        person = recipient["id"]
        if person in self.blocked:
            raise Refuses(551, "This person isn't available right now.", 1545041)
        heard = [
            talk
            for talk in self.talks.values()
            if talk.person == person and not talk.by_us and talk.where != "whatsapp"
        ]
        if not heard:
            raise Refuses(100, "No matching user found", 2018001)
        since = self.now - max(talk.at for talk in heard)
        if since > (WEEK if wanted.get("tag") == "HUMAN_AGENT" else DAY):
            raise Refuses(10, "This message is sent outside of allowed window.", 2018278)
        return person, heard[-1].where

    def send_whatsapp(self, asked: Asked) -> Answer:
        """We write by WhatsApp: what may not be is taken all the same, and told to have failed afterwards."""
        wanted = asked.json()
        person, kind = wanted["to"], wanted["type"]
        if kind == "text" and len(wanted["text"]["body"]) > 4096:
            raise Refuses(100, "(#100) Param text['body'] must be at most 4096 characters long.")
        if kind == "template":
            self._templated(wanted["template"])
        text = wanted.get("text", {}).get("body") or wanted.get(kind, {}).get("caption", "")
        talk = Talk(self._mid("whatsapp"), person, by_us=True, text=text, at=self.now, where="whatsapp", sent=wanted)
        self.talks[talk.id] = talk
        heard = [
            each.at
            for each in self.talks.values()
            if each.person == person and not each.by_us and each.where == "whatsapp"
        ]
        if kind != "template" and (not heard or self.now - max(heard) > DAY):
            self.told(talk, "failed", 131047, "Re-engagement message")
        taken = {
            "messaging_product": "whatsapp",
            "contacts": [{"input": person, "wa_id": person}],
            "messages": [{"id": talk.id}],
        }
        return say(200, taken)

    def _templated(self, wanted: dict[str, Any]) -> None:
        known = [
            each
            for each in self.templates
            if (each["name"], each["language"]) == (wanted["name"], wanted["language"]["code"])
        ]
        if not known or known[0]["status"] != "APPROVED":
            raise Refuses(132001, "(#132001) Template name does not exist in the translation", status=404)
        given = {each["type"].upper(): len(each["parameters"]) for each in wanted.get("components", [])}
        for component in known[0]["components"]:
            blanks = len(set(re.findall(r"\{\{\w+\}\}", component.get("text", ""))))
            if blanks != given.get(component["type"], 0):
                raise Refuses(132000, "(#132000) Number of parameters does not match the expected number of params")

    def phone(self, asked: Asked) -> Answer:
        return say(
            200,
            {
                "id": PHONE,
                "display_phone_number": "+1 555-078-3881",
                "verified_name": "Leeds Council",
                "quality_rating": "GREEN",
            },
        )

    def list_templates(self, asked: Asked) -> Answer:
        return say(200, self._paged(self.templates, asked.query, int(asked.query.get("limit", 25))))

    def file(self, asked: Asked, number: str) -> Answer:
        if number not in self.files:
            raise Refuses(100, "Unsupported get request. Object does not exist", 33)
        content_type, content = self.files[number]
        told = {"messaging_product": "whatsapp", "url": f"{self.server.url}/files/{number}", "mime_type": content_type}
        return say(
            200, {**told, "sha256": hashlib.sha256(content).hexdigest(), "file_size": str(len(content)), "id": number}
        )

    def _id(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count:08d}"

    def _mid(self, where: str) -> str:
        return f"wamid.HBgL{self._id('')}==" if where == "whatsapp" else f"m_{self._id('')}-{where}"


_ROUTES: tuple[tuple[str, str, Callable[..., Answer]], ...] = (
    ("GET", PAGE, GraphNetwork.page),
    ("GET", INSTAGRAM, GraphNetwork.instagram),
    ("GET", PHONE, GraphNetwork.phone),
    ("GET", r"(70\d{8})", GraphNetwork.profile),
    ("GET", "debug_token", GraphNetwork.debug_token),
    ("GET", rf"({PAGE}|{WABA})/subscribed_apps", GraphNetwork.subscriptions),
    ("POST", rf"({PAGE}|{WABA})/subscribed_apps", GraphNetwork.subscribe),
    ("GET", rf"({PAGE})/conversations", GraphNetwork.conversations),
    ("GET", r"t_(\d+)/messages", GraphNetwork.messages_of),
    ("GET", rf"({PAGE})/(feed|tagged)", GraphNetwork.feed),
    ("GET", rf"({INSTAGRAM})/media", GraphNetwork.media),
    ("GET", rf"({INSTAGRAM})/tags", GraphNetwork.nothing),
    ("GET", r"(\w+)/(?:comments|replies)", GraphNetwork.comments_under),
    ("POST", rf"({PAGE})/messages", GraphNetwork.send),
    ("POST", rf"{INSTAGRAM}/mentions", GraphNetwork.mention),
    ("POST", rf"({PAGE})/message_attachments", GraphNetwork.hand_in),
    ("POST", rf"({PHONE})/media", GraphNetwork.hand_in),
    ("POST", rf"{PHONE}/messages", GraphNetwork.send_whatsapp),
    ("POST", r"(\w+)/(?:comments|replies)", GraphNetwork.comment),
    ("GET", rf"{WABA}/message_templates", GraphNetwork.list_templates),
    ("GET", r"(9900\d+)", GraphNetwork.file),
)


def signed(body: bytes, secret: str = SECRET) -> Call:
    """A call as Meta makes it."""
    mac = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Call("POST", {"x-hub-signature-256": f"sha256={mac}", "content-type": "application/json"}, {}, body)


def _form(asked: Asked) -> dict[str, tuple[str, bytes]]:
    """The parts of a form: the kind of a file, and its bytes."""
    head = f"Content-Type: {asked.headers['content-type']}\r\n\r\n".encode()
    parts: list[MimePart] = BytesParser().parsebytes(head + asked.body).get_payload()  # type: ignore[assignment]
    return {
        str(part.get_param("name", header="content-disposition")): (
            part.get_content_type(),
            part.get_payload(decode=True),
        )  # type: ignore[misc]
        for part in parts
    }


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _s(at: datetime) -> int:
    return int(at.timestamp())


def _iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")


@contextmanager
def graph_network(specification: Path | None = None) -> Iterator[GraphNetwork]:
    """Run the stand-in on a free port of this machine."""
    network = GraphNetwork(GraphJudge(specification))
    with serving(network.server):
        yield network
