"""Stands in for X: posts, mentions, direct messages, pictures and the calls to our webhook, with X's own refusals.

Its requests and answers are held to X's published description (see `standin`); the state behind them is ours.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from oauthlib.oauth1 import Client as OAuthClient
from oauthlib.oauth1.rfc5849 import signature
from werkzeug.http import http_date

from tests.servers.standin import Answer, Asked, Judge, StandIn, say, serving

HELP = "1001"  # our account
KEYS = {
    "consumer_key": "an-app-key",
    "consumer_secret": "an-app-secret",
    "access_token": f"{HELP}-a-token",
    "access_token_secret": "a-token-secret",
}
BEARER = "an-app-only-token"
BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
_EPOCH_MS = 1288834974657
_LINK = re.compile(r"https?://[^\s]+|\b[\w.-]+\.(?:uk|com|org)(?:/[^\s]*)?")
_MENTION = re.compile(r"(?<!\w)@(\w{1,15})")


@dataclass
class User:
    id: str
    username: str
    name: str
    takes_messages: bool = True


@dataclass
class Post:
    id: str
    author: str
    text: str  # as X keeps it: links shortened, & < > escaped
    at: datetime
    to: str = ""  # the post it answers
    root: str = ""
    reposts: str = ""
    urls: list[dict[str, str]] = field(default_factory=list)
    media: list[str] = field(default_factory=list)
    history: list[str] = field(default_factory=list)
    note: str = ""
    mentions: list[str] = field(default_factory=list)
    hidden_start: int = 0  # where what people see begins, after the mentions that a reply fills in


@dataclass
class Message:
    id: str
    conversation: str
    sender: str
    text: str
    at: datetime
    urls: list[dict[str, str]] = field(default_factory=list)
    media: list[str] = field(default_factory=list)


@dataclass
class Picture:
    id: str
    key: str
    content: bytes
    category: str
    alt: str = ""


Says = Callable[..., Answer]


class XNetwork:
    """The state of the network, and what it says. `words` “tweet” makes it speak the vocabulary before the published one."""

    def __init__(self) -> None:
        self.now = BEGINNING
        self.words = "post"
        self.users = {HELP: User(HELP, "HelpLeeds", "Help team")}
        self.posts: dict[str, Post] = {}
        self.messages: dict[str, Message] = {}
        self.pictures: dict[str, Picture] = {}
        self.webhooks: dict[str, dict[str, Any]] = {}
        self.allowance: dict[str, int] = {}  # how many requests of a kind are left until `resets_at`
        self.resets_at = BEGINNING + timedelta(minutes=15)
        self.revoked = False
        self.server = StandIn(self._answer)
        self._count = 0
        self._nonces: set[str] = set()

    # What happens there, told by a test.

    def later(self, **span: float) -> datetime:
        """Let time go by."""
        self.now += timedelta(**span)
        return self.now

    def user(self, username: str, name: str = "", **facts: Any) -> User:
        made = User(str(2000 + len(self.users)), username, name or username.title(), **facts)
        self.users[made.id] = made
        return made

    def post(self, author: str, text: str, **facts: Any) -> Post:
        """Somebody posts; the text is kept as X keeps it."""
        kept, urls = self._shortened(text, len(self.posts))
        parent = self.posts.get(facts.get("to", ""))
        hidden = ""
        if parent is not None:
            seen = dict.fromkeys([parent.author, *parent.mentions])
            hidden = "".join(f"@{self.users[each].username} " for each in seen if each != author)
        typed = [name for name in _MENTION.findall(text) if f"@{name} " not in hidden]
        made_id = self._id()
        made = Post(
            id=made_id,
            author=author,
            text=hidden + kept,
            at=self.now,
            root=parent.root if parent else made_id,
            urls=urls,
            history=[made_id],
            mentions=self._named(_MENTION.findall(hidden) + typed),
            hidden_start=len(hidden),
            **facts,
        )
        self.posts[made_id] = made
        return made

    def edit(self, post: Post, text: str) -> Post:
        """The author edits: a new post whose history names the ones before."""
        made = self.post(post.author, text, to=post.to)
        made.root, made.history = post.root, [*post.history, made.id]
        return made

    def delete(self, *posts: Post) -> None:
        for post in posts:
            del self.posts[post.id]

    def write(self, sender: str, to: str, text: str, **facts: Any) -> Message:
        """Somebody writes a direct message."""
        kept, urls = self._shortened(text, len(self.messages) + 500)
        pair = "-".join(sorted((sender, to), key=int))
        made = Message(self._id(), pair, sender, kept, self.now, urls, **facts)
        self.messages[made.id] = made
        return made

    def picture(self, content: bytes, category: str = "tweet_image", alt: str = "") -> Picture:
        made_id = self._id()
        made = Picture(made_id, f"3_{made_id}", content, category, alt)
        self.pictures[made.id] = made
        return made

    # The calls to our webhook.

    def challenge(self, token: str) -> dict[str, str]:
        """The answer that X expects to its challenge."""
        return {"response_token": "sha256=" + _mac(token.encode())}

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers of a call that X makes."""
        return {"x-twitter-webhooks-signature": "sha256=" + _mac(body), "content-type": "application/json"}

    def told(self, post: Post) -> dict[str, Any]:
        """A post as the Account Activity API tells it, in the older form."""
        author = self.users[post.author]
        urls = [
            {"url": u["url"], "expanded_url": u["expanded_url"], "display_url": u["expanded_url"]} for u in post.urls
        ]
        named = [{"id_str": i, "screen_name": self.users[i].username, "indices": [0, 0]} for i in post.mentions]
        told: dict[str, Any] = {
            "id": int(post.id),
            "id_str": post.id,
            "created_at": post.at.strftime("%a %b %d %H:%M:%S +0000 %Y"),
            "timestamp_ms": str(_ms(post.at)),
            "text": post.text,
            "in_reply_to_status_id_str": post.to or None,
            "user": {"id_str": author.id, "screen_name": author.username, "name": author.name},
            "entities": {"urls": urls, "user_mentions": named},
            "display_text_range": [post.hidden_start, len(post.text)],
        }
        if post.note:
            told |= {"truncated": True, "text": post.text[:139] + "…"}
            told["extended_tweet"] = {"full_text": post.note, "entities": told["entities"]}
        return {"for_user_id": HELP, "tweet_create_events": [told]}

    def told_message(self, message: Message) -> dict[str, Any]:
        """A direct message as the Account Activity API tells it."""
        other = next(each for each in message.conversation.split("-") if each != message.sender)
        event = {
            "type": "message_create",
            "id": message.id,
            "created_timestamp": str(_ms(message.at)),
            "message_create": {
                "target": {"recipient_id": other},
                "sender_id": message.sender,
                "message_data": {"text": message.text, "entities": {"urls": message.urls}},
            },
        }
        known = {each: self.users[each] for each in (message.sender, other)}
        users = {i: {"id": i, "name": user.name, "screen_name": user.username} for i, user in known.items()}
        return {"for_user_id": HELP, "direct_message_events": [event], "users": users}

    # What it answers.

    def _answer(self, asked: Asked) -> Answer:
        for method, pattern, says, app_may in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if found is None or method != asked.method:
                continue
            refused = self._who(asked, app_may=app_may) or self._limited(f"{method} {pattern}")
            return self._dated(refused or says(self, asked, *map(unquote, found.groups())), f"{method} {pattern}")
        if asked.path.startswith("/media/"):
            picture = self.pictures[asked.path.rpartition("/")[2]]
            return Answer(200, picture.content, "image/png")
        return self._dated(_problem(404, "resource-not-found", f"There is no {asked.path}", resource_type="page"), "")

    def _dated(self, answer: Answer, kind: str) -> Answer:
        limits = {"date": http_date(self.now)}
        if kind in self.allowance:
            limits |= {
                "x-rate-limit-limit": "15",
                "x-rate-limit-remaining": str(max(0, self.allowance[kind])),
                "x-rate-limit-reset": str(int(self.resets_at.timestamp())),
            }
        return Answer(answer.status, answer.body, answer.content_type, {**answer.headers, **limits})

    def _limited(self, kind: str) -> Answer | None:
        if kind not in self.allowance or self.now >= self.resets_at:
            return None
        self.allowance[kind] -= 1
        return say(429, {"code": 88, "message": "Rate limit exceeded"}) if self.allowance[kind] < 0 else None

    def _who(self, asked: Asked, *, app_may: bool) -> Answer | None:
        """Check the bearer token, or the signature as RFC 5849 has it; a nonce is good once."""
        given = asked.headers.get("authorization", "")
        if given == f"Bearer {BEARER}" and not self.revoked:
            if app_may:
                return None
            detail = "Authenticating with OAuth 2.0 Application-Only is forbidden for this endpoint."
            return _problem(403, "not-authorized-for-resource", detail, resource_type="user")
        if self.revoked or not self._signed(asked, given):
            return say(401, {"code": 32, "message": "Could not authenticate you."})
        return None

    def _signed(self, asked: Asked, given: str) -> bool:
        if not given.startswith("OAuth "):
            return False
        parts = dict(re.findall(r'(\w+)="([^"]*)"', given))
        parameters = signature.collect_parameters(
            uri_query=urlsplit(asked.url).query, headers={"Authorization": given}, with_realm=False
        )
        where = signature.base_string_uri(self.server.url + asked.path)
        base = signature.signature_base_string(asked.method, where, signature.normalize_parameters(parameters))
        keeper = OAuthClient(
            KEYS["consumer_key"], KEYS["consumer_secret"], resource_owner_secret=KEYS["access_token_secret"]
        )
        fresh = parts.get("oauth_nonce") not in self._nonces
        self._nonces.add(parts.get("oauth_nonce", ""))
        named = (parts.get("oauth_consumer_key"), unquote(parts.get("oauth_token", "")))
        good = signature.sign_hmac_sha1_with_client(base, keeper) == unquote(parts.get("oauth_signature", ""))
        return fresh and good and named == (KEYS["consumer_key"], KEYS["access_token"])

    def me(self, asked: Asked) -> Answer:
        return say(200, {"data": self._user(self.users[HELP])})

    def mentions(self, asked: Asked, user_id: str) -> Answer:
        return self._timeline(asked, lambda post: user_id in post.mentions and post.author != user_id)

    def own_posts(self, asked: Asked, user_id: str) -> Answer:
        return self._timeline(asked, lambda post: post.author == user_id)

    def _timeline(self, asked: Asked, belongs: Callable[[Post], bool]) -> Answer:
        if refused := self._vocabulary(asked):
            return refused
        query = asked.query
        replaced = {earlier for post in self.posts.values() for earlier in post.history[:-1]}
        chosen = [p for p in self.posts.values() if belongs(p) and p.id not in replaced and _between(p, query)]
        chosen.sort(key=lambda post: -int(post.id))
        page, rest = self._page(chosen, query)
        meta: dict[str, Any] = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if rest:
            meta["next_token"] = f"page-after-{page[-1].id}"
        return say(200, {**self._shown(asked, page), "meta": meta})

    def _page(self, chosen: list[Any], query: dict[str, str], most: int = 10) -> tuple[list[Any], bool]:
        """The page that a token names; what was added since does not move it."""
        if token := query.get("pagination_token"):
            after = int(token.rpartition("-")[2])
            chosen = [each for each in chosen if int(each.id) < after]
        size = int(query.get("max_results", most))
        return chosen[:size], len(chosen) > size

    def _vocabulary(self, asked: Asked) -> Answer | None:
        """Refuse what this vocabulary does not know, as X does with any parameter that it does not know."""
        unknown = next(
            (name for name in asked.query if name == ("tweet.fields" if self.words == "post" else "post.fields")), ""
        )
        detail = f"The query parameter [{unknown}] is not one of [id,max_results,{self.words}.fields]"
        return _problem(400, "invalid-request", detail, parameter=unknown) if unknown else None

    def look_up(self, asked: Asked) -> Answer:
        if refused := self._vocabulary(asked):
            return refused
        ids = asked.query["ids"].split(",")
        found = [self.posts[each] for each in ids if each in self.posts]
        gone = [_gone(each) for each in ids if each not in self.posts]
        return say(200, {**self._shown(asked, found), **({"errors": gone} if gone else {})})

    def create(self, asked: Asked) -> Answer:
        wanted = asked.json()
        parent = wanted.get("reply", {}).get("in_reply_to_tweet_id", "")
        if parent and parent not in self.posts:
            detail = "You attempted to reply to a Tweet that is deleted or not visible to you."
            return _problem(403, "not-authorized-for-resource", detail, resource_type="tweet")
        made = self.post(HELP, wanted["text"], to=parent)
        twins = [p for p in self.posts.values() if (p.text, p.to, p.author) == (made.text, made.to, HELP)]
        if len(twins) > 1:
            del self.posts[made.id]
            detail = "You are not allowed to create a Tweet with duplicate content."
            return _problem(403, "not-authorized-for-resource", detail, resource_type="tweet")
        if chosen := wanted.get("media", {}).get("media_ids", []):
            made.media = [self.pictures[each].key for each in chosen]
            link = f"https://x.com/{self.users[HELP].username}/status/{made.id}/photo/1"
            made.urls.append({"url": f"https://t.co/p{made.id[-9:]}", "expanded_url": link, "display_url": "pic.x.com"})
            made.text = f"{made.text} {made.urls[-1]['url']}".strip()
        data = {"id": made.id, "text": made.text, "edit_history_post_ids": made.history}
        return say(201, {"data": data})

    def remove(self, asked: Asked, post_id: str) -> Answer:
        self.posts.pop(post_id, None)
        return say(200, {"data": {"deleted": True}})

    def dm_events(self, asked: Asked, with_id: str = "") -> Answer:
        if refused := self._vocabulary(asked):
            return refused
        pair = "-".join(sorted((HELP, with_id), key=int)) if with_id else ""
        chosen = [
            m for m in self.messages.values() if HELP in m.conversation.split("-") and pair in ("", m.conversation)
        ]
        chosen.sort(key=lambda message: -int(message.id))
        page, rest = self._page(chosen, asked.query, 100)
        meta = {"result_count": len(page), **({"next_token": f"page-after-{page[-1].id}"} if rest else {})}
        fields = asked.listed("dm_event.fields") | asked.listed("expansions")
        data = [_only(self._message(message), fields | {"id", "event_type"}) for message in page]
        people = dict.fromkeys(message.sender for message in page)
        includes = {
            "users": [self._user(self.users[each]) for each in people if "sender_id" in fields],
            "media": [
                self._media(key) for message in page for key in message.media if "attachments.media_keys" in fields
            ],
        }
        includes = {name: values for name, values in includes.items() if values}
        return say(
            200, {**({"data": data} if data else {}), **({"includes": includes} if includes else {}), "meta": meta}
        )

    def write_to(self, asked: Asked, participant: str) -> Answer:
        if participant not in self.users or not self.users[participant].takes_messages:
            detail = "You do not have permission to DM one or more participants."
            return _problem(403, "not-authorized-for-resource", detail, resource_type="user")
        wanted = asked.json()
        keys = [self.pictures[each["media_id"]].key for each in wanted.get("attachments", [])]
        made = self.write(HELP, participant, wanted.get("text", ""), media=keys)
        return say(201, {"data": {"dm_conversation_id": made.conversation, "dm_event_id": made.id}})

    def write_in(self, asked: Asked, conversation: str) -> Answer:
        other = next((each for each in conversation.split("-") if each != HELP), "")
        return self.write_to(asked, other)

    def upload(self, asked: Asked) -> Answer:
        wanted = asked.json()
        made = self.picture(base64.b64decode(wanted["media"]), wanted["media_category"])
        return say(200, {"data": {"id": made.id, "media_key": made.key, "size": len(made.content)}})

    def describe(self, asked: Asked) -> Answer:
        wanted = asked.json()
        picture = self.pictures.get(wanted["id"])
        if picture is None:
            return _problem(400, "invalid-request", "The media id is not known.", parameter="id")
        picture.alt = wanted["metadata"]["alt_text"]["text"]
        return say(200, {"data": {"id": picture.id, "associated_metadata": wanted["metadata"]}})

    def hooks(self, asked: Asked) -> Answer:
        return say(200, {"data": list(self.webhooks.values()), "meta": {"result_count": len(self.webhooks)}})

    # How it shows what it has: only what was asked for.

    def _shown(self, asked: Asked, posts: list[Post]) -> dict[str, Any]:
        fields = asked.listed(f"{self.words}.fields") | asked.listed("expansions")
        data = [self._post(post, fields) for post in posts]
        about = [self.posts[i] for post in posts for i in (post.to, post.reposts) if i in self.posts]
        references = "referenced_posts" if self.words == "post" else "referenced_tweets.id"
        about = about if references in fields else []
        people = dict.fromkeys(post.author for post in [*posts, *about])
        includes: dict[str, Any] = {
            "users": [self._user(self.users[each]) for each in people if "author_id" in fields],
            "media": [self._media(key) for post in posts for key in post.media if "attachments.media_keys" in fields],
            f"{self.words}s": [self._post(post, fields) for post in about],
        }
        includes = {name: values for name, values in includes.items() if values}
        return {**({"data": data} if data else {}), **({"includes": includes} if includes else {})}

    def _post(self, post: Post, fields: set[str]) -> dict[str, Any]:
        new = self.words == "post"
        references = [("replied_to", post.to), ("retweeted", post.reposts)]
        whole: dict[str, Any] = {
            "id": post.id,
            "text": post.text[:139] + "…" if post.note else post.text,
            "edit_history_post_ids" if new else "edit_history_tweet_ids": post.history,
            "author_id": post.author,
            "conversation_id": post.root,
            "created_at": post.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "display_text_range": [post.hidden_start, len(post.text)],
            "entities": self._entities(post),
            "referenced_posts" if new else "referenced_tweets": [{"type": t, "id": i} for t, i in references if i],
            "attachments": {"media_keys": post.media},
            "note_post" if new else "note_tweet": {"text": post.note, "entities": self._entities(post)},
        }
        asked_for = fields | {"id", "text"} | ({"referenced_posts"} & fields)
        if not new:
            asked_for |= {"edit_history_tweet_ids"}
        shown = _only(whole, asked_for)
        for name, value in list(shown.items()):
            if value in ([], {"media_keys": []}) or (isinstance(value, dict) and value.get("text") == ""):
                del shown[name]
        return shown

    def _entities(self, post: Post) -> dict[str, Any]:
        text = post.note or post.text
        urls = [{"start": text.find(u["url"]), "end": text.find(u["url"]) + len(u["url"]), **u} for u in post.urls]
        named = []
        for each in post.mentions:
            start = text.find(f"@{self.users[each].username}")
            end = start + len(self.users[each].username) + 1
            named.append({"start": start, "end": end, "username": self.users[each].username, "id": each})
        return {name: values for name, values in (("urls", urls), ("mentions", named)) if values}

    def _message(self, message: Message) -> dict[str, Any]:
        urls = [{"start": 0, "end": len(each["url"]), **each} for each in message.urls]
        return {
            "id": message.id,
            "event_type": "MessageCreate",
            "text": message.text,
            "sender_id": message.sender,
            "created_at": message.at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "dm_conversation_id": message.conversation,
            **({"entities": {"urls": urls}} if urls else {}),
            **({"attachments": {"media_keys": message.media}} if message.media else {}),
        }

    def _user(self, user: User) -> dict[str, Any]:
        return {"id": user.id, "name": user.name, "username": user.username}

    def _media(self, key: str) -> dict[str, Any]:
        picture = next(each for each in self.pictures.values() if each.key == key)
        shown = {"media_key": key, "type": "photo", "url": f"{self.server.url}/media/{picture.id}"}
        return shown | ({"alt_text": picture.alt} if picture.alt else {})

    def _id(self) -> str:
        """The next id, which holds the time in milliseconds, as X's do."""
        self._count += 1
        return str(((_ms(self.now) - _EPOCH_MS) << 22) + self._count)

    def _shortened(self, text: str, salt: int) -> tuple[str, list[dict[str, str]]]:
        urls: list[dict[str, str]] = []

        def shorten(found: re.Match[str]) -> str:
            long = found[0] if found[0].startswith("http") else f"http://{found[0]}"
            urls.append(
                {"url": f"https://t.co/x{salt:04}{len(urls):05}", "expanded_url": long, "display_url": found[0][:26]}
            )
            return urls[-1]["url"]

        kept = _LINK.sub(shorten, text)
        for plain, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            kept = kept.replace(plain, escaped)
        return kept, urls

    def _named(self, usernames: list[str]) -> list[str]:
        by_name = {user.username.lower(): user.id for user in self.users.values()}
        return list(dict.fromkeys(by_name[name.lower()] for name in usernames if name.lower() in by_name))


_ID = r"([0-9]{1,19})"
# The last column: whether the app may ask for itself, with its bearer token.
_ROUTES: tuple[tuple[str, str, Says, bool], ...] = (
    ("GET", r"/2/users/me", XNetwork.me, False),
    ("GET", rf"/2/users/{_ID}/mentions", XNetwork.mentions, True),
    ("GET", rf"/2/users/{_ID}/tweets", XNetwork.own_posts, True),
    ("GET", r"/2/tweets", XNetwork.look_up, True),
    ("POST", r"/2/tweets", XNetwork.create, False),
    ("DELETE", rf"/2/tweets/{_ID}", XNetwork.remove, False),
    ("GET", r"/2/dm_events", XNetwork.dm_events, False),
    ("GET", rf"/2/dm_conversations/with/{_ID}/dm_events", XNetwork.dm_events, False),
    ("POST", rf"/2/dm_conversations/with/{_ID}/messages", XNetwork.write_to, False),
    ("POST", r"/2/dm_conversations/([0-9-]+)/messages", XNetwork.write_in, False),
    ("POST", r"/2/media/upload", XNetwork.upload, False),
    ("POST", r"/2/media/metadata", XNetwork.describe, False),
    ("GET", r"/2/webhooks", XNetwork.hooks, True),
)
MENTIONS, OWN, MESSAGES = f"GET {_ROUTES[1][1]}", f"GET {_ROUTES[2][1]}", f"GET {_ROUTES[6][1]}"


@contextmanager
def x_network(judge: Judge | None = None) -> Iterator[XNetwork]:
    """Yield a network that runs, with our account on it."""
    network = XNetwork()
    network.server.judge = judge
    with serving(network.server):
        yield network


def _problem(status: int, kind: str, detail: str, **more: str) -> Answer:
    told = {"type": f"https://api.x.com/2/problems/{kind}", "title": kind.replace("-", " ").title(), "detail": detail}
    return say(status, told | {"status": status} | more, "application/problem+json")


def _gone(post_id: str) -> dict[str, Any]:
    return {
        "type": "https://api.x.com/2/problems/resource-not-found",
        "title": "Not Found Error",
        "detail": f"Could not find tweet with ids: [{post_id}].",
        "resource_type": "tweet",
        "resource_id": post_id,
        "parameter": "ids",
        "value": post_id,
    }


def _between(post: Post, query: dict[str, str]) -> bool:
    """Ids after `since_id` and before `until_id`, times from `start_time` up to `end_time`."""
    since, until = int(query.get("since_id", 0)), int(query.get("until_id", 10**19))
    start = datetime.fromisoformat(query["start_time"]) if "start_time" in query else post.at
    end = datetime.fromisoformat(query["end_time"]) if "end_time" in query else post.at + timedelta(1)
    return since < int(post.id) < until and start <= post.at < end


def _only(whole: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """What was asked for; an expansion of a thing brings the thing itself."""
    heads = {name.split(".")[0] for name in names}
    return {name: value for name, value in whole.items() if name in heads}


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _mac(content: bytes) -> str:
    return base64.b64encode(hmac.new(KEYS["consumer_secret"].encode(), content, hashlib.sha256).digest()).decode()
