"""Reads what the network tells of posts: who mentions, answers or quotes the account, and what the account says itself.

Leaves what a page tells to `window`, and what a post says to `parse`. A post that is not listed any more is asked for by its
address before it is called deleted: it may only be hidden, by a block or by its author.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sociable.channels.base import RawItem
from sociable.channels.bluesky.refusal import Refused
from sociable.channels.bluesky.syntax import read_at, read_instant
from sociable.channels.bluesky.window import Sight, Step, Window, everything, look

if TYPE_CHECKING:
    from sociable.channels.bluesky.network import Network

REASONS = ("mention", "reply", "quote")
PAGE = 100
ASKED_AT_ONCE = 25  # posts, by their addresses
GONE = ("RecordNotFound", "AccountDeactivated", "RepoNotFound")
# A post's own time is believed, unless it is so much older than one that was listed before it was.
BELIEVED = timedelta(days=1)

Post = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing: what stands there, by key and newest first, and where it goes on."""

    listed: dict[str, Post]
    sights: Sequence[Sight]
    next_page: str


@dataclass(frozen=True, slots=True)
class Listing:
    """A listing of posts, newest first: `page` asks for one page, `told` makes of posts what is stored."""

    page: Callable[[Network, str], Page]
    told: Callable[[Network, Sequence[Post]], list[dict[str, Any]]]


def step(network: Network, listing: Listing, window: Window) -> tuple[list[RawItem], Window, bool]:
    """Return what one page tells of new, changed and deleted posts, oldest first, and where to go on."""
    page = listing.page(network, window.page)
    told = look(window, page.sights, page.next_page)
    items = [*_items(network, listing, page, told, window), *_gone(network, told)]
    deleted = {item.remote_id.removesuffix("#gone") for item in items}
    hidden = [key for key in told.missing if key not in deleted]
    return items, told.window.hiding(hidden, window), told.more


def newest(network: Network, listing: Listing) -> Window:
    """Return the window that leaves out everything listed now."""
    return everything(listing.page(network, "").sights)


def listed(network: Network, listing: Listing, since: datetime, until: datetime) -> Iterator[RawItem]:
    """Return what a listing holds of a half-open stretch of time."""
    below = ""
    while True:
        page = listing.page(network, below)
        within = [key for key, post in page.listed.items() if since <= (_at(post) or since) < until]
        yield from _stored(listing.told(network, [page.listed[key] for key in within]), edited={}, mark="")
        instants = [at for post in page.listed.values() if (at := _at(post))]
        if not page.next_page or (instants and min(instants) < since):
            return
        below = page.next_page


def _items(network: Network, listing: Listing, page: Page, told: Step, before: Window) -> list[RawItem]:
    wanted = [page.listed[key] for key in reversed(page.listed) if key in {*told.new, *told.changed}]
    known = {**before.seen, **before.passing}
    edited = {key: known[key].at for key in told.changed}
    return _stored(listing.told(network, wanted), edited=edited, mark=before.mark)


def _stored(told: Sequence[dict[str, Any]], *, edited: Mapping[str, str], mark: str) -> list[RawItem]:
    """An edit has the post's address and its version, since a post may be edited more than once, and when it was listed first."""
    items = []
    for one in told:
        uri, cid = str(one["post"]["uri"]), str(one["post"]["cid"])
        changed = uri in edited
        content = json.dumps(
            one | ({"edited": True, "first": edited[uri]} if changed else {}), ensure_ascii=False
        ).encode()
        received_at = None if changed else _received_at(one["post"], mark)
        items.append(RawItem(f"{uri}#{cid}" if changed else uri, content, received_at))
    return items


def _received_at(post: Post, mark: str) -> datetime | None:
    """When the network took it. A post that claims to be older than one that stood there without it is no older than that."""
    at, newest_before = _at(post), read_instant(mark)
    if at and newest_before and at < newest_before - BELIEVED:
        return newest_before
    return at


def _gone(network: Network, told: Step) -> list[RawItem]:
    return [
        RawItem(f"{uri}#gone", json.dumps({"gone": uri}).encode(), None)
        for uri in told.missing
        if not is_there(network, uri)
    ]


def is_there(network: Network, uri: str) -> bool:
    """Ask whether a post still stands at its address; where that cannot be told, it does."""
    return record_at(network, uri) is not None


def record_at(network: Network, uri: str) -> dict[str, Any] | None:
    """Return the record at an address as the network has it, None where there is none."""
    at = read_at(uri)
    if at is None:
        return None
    try:
        return network.ask("com.atproto.repo.getRecord", repo=at.authority, collection=at.collection, rkey=at.key)
    except Refused as refused:
        if refused.why in GONE:
            return None
        raise


def _at(post: Post) -> datetime | None:
    return read_instant(post.get("indexedAt"))


def _page(posts: Sequence[Post], cursor: object) -> Page:
    """What cannot be named cannot be kept apart; nothing without an address or a version was ever seen listed."""
    whole = [post for post in posts if isinstance(post.get("uri"), str) and isinstance(post.get("cid"), str)]
    sights = [Sight(post["uri"], post["cid"], str(post.get("indexedAt") or "")) for post in whole]
    return Page({post["uri"]: post for post in whole}, sights, _overlapping(cursor, sights))


def _overlapping(cursor: object, sights: Sequence[Sight]) -> str:
    """Return where the next page is to begin: a millisecond early, for a cursor that is an instant leaves out the others of it."""
    at = read_instant(cursor)
    if at is None or (sights and sights[0].at == sights[-1].at):
        return cursor if isinstance(cursor, str) else ""
    return f"{(at + timedelta(milliseconds=1)).isoformat(timespec='milliseconds').removesuffix('+00:00')}Z"


# -- What others say -----------------------------------------------------------------------------------------------------


def _notices(network: Network, below: str) -> Page:
    answer = network.ask("app.bsky.notification.listNotifications", limit=PAGE, reasons=list(REASONS), cursor=below)
    notices = [notice for notice in answer.get("notifications", []) if notice.get("reason") in REASONS]
    return _page(notices, answer.get("cursor"))


def on_top(network: Network) -> str:
    """Return what names the newest that others said, and changes when it does."""
    answer = network.ask("app.bsky.notification.listNotifications", limit=1, reasons=list(REASONS))
    return "".join(f"{notice.get('uri')}#{notice.get('cid')}" for notice in answer.get("notifications", []))


def _noticed(network: Network, notices: Sequence[Post]) -> list[dict[str, Any]]:
    """Put to each notice the post as the network shows it: with its pictures, its link card and what it quotes."""
    shown: dict[str, Post] = {}
    for first in range(0, len(notices), ASKED_AT_ONCE):
        uris = [notice["uri"] for notice in notices[first : first + ASKED_AT_ONCE]]
        shown |= {post["uri"]: post for post in network.ask("app.bsky.feed.getPosts", uris=uris).get("posts", [])}
    return [
        {"why": notice["reason"], "about": notice.get("reasonSubject", ""), "us": network.did}
        | {"post": {**_as_post(notice), **shown.get(notice["uri"], {})}}
        for notice in notices
    ]


def _as_post(notice: Post) -> dict[str, Any]:
    return {name: notice[name] for name in ("uri", "cid", "author", "record", "indexedAt", "labels") if name in notice}


# -- What the account says itself ------------------------------------------------------------------------------------------


def _own(network: Network, below: str) -> Page:
    answer = network.ask(
        "app.bsky.feed.getAuthorFeed", actor=network.did, limit=PAGE, filter="posts_with_replies", cursor=below
    )
    said = [entry["post"] for entry in answer.get("feed", []) if "reason" not in entry]  # a reason: passed on, not said
    return _page(said, answer.get("cursor"))


def _answers(network: Network, posts: Sequence[Post]) -> list[dict[str, Any]]:
    """Keep what answers somebody: news is no answer, and what is said below it by others is heard."""
    return [{"why": "own", "us": network.did, "post": dict(post)} for post in posts if _answers_somebody(network, post)]


def _answers_somebody(network: Network, post: Post) -> bool:
    reply = post.get("record", {}).get("reply") or {}
    addressed = (read_at(str((reply.get(name) or {}).get("uri"))) for name in ("root", "parent"))
    return any(at is not None and at.authority != network.did for at in addressed)


NOTICES = Listing(_notices, _noticed)
OWN = Listing(_own, _answers)
