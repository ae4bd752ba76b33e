"""Decides how a thing from X is written down raw, and by which name it is known however it arrives.

Leaves what it says to `parse`, and the forms of the calls to our webhook to `activity`.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sociable.channels.base import RawItem

Fields = dict[str, Any]

_FIRST_MS = 1288834974657  # X's ids count milliseconds from here, above 22 other bits


def post_item(account: str, post: Fields, includes: Fields, errors: Iterable[Any] = ()) -> RawItem:
    """Return one post with the people, pictures and posts it refers to."""
    near = refers_to(post)
    told = {
        "account": account,
        "post": post,
        "includes": _concerning(includes, {text(post, "author_id"), *near, *_media_keys(post)}),
        "errors": [error for error in errors if text(error, "resource_id") in near],
    }
    return _item(f"x:post:{text(post, 'id')}" if text(post, "id") else "", told, at_of(post))


def message_item(account: str, message: Fields, includes: Fields) -> RawItem:
    """Return one direct message with the people and pictures it refers to."""
    told = {
        "account": account,
        "message": message,
        "includes": _concerning(includes, {text(message, "sender_id"), *_media_keys(message)}),
    }
    return _item(f"x:dm:{text(message, 'id')}" if text(message, "id") else "", told, at_of(message))


def gone_item(account: str, post_id: str, problem: Fields) -> RawItem:
    """Return X's word that a post is no longer there."""
    return _item(f"x:gone:{post_id}", {"account": account, "gone": {"id": post_id, "problem": problem}}, None)


def _item(remote_id: str, told: Fields, at: datetime | None) -> RawItem:
    content = json.dumps(told, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    return RawItem(remote_id or by_content(content), content, at)


def by_content(content: bytes) -> str:
    """Return a name for what has none of its own."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def refers_to(post: Fields) -> dict[str, str]:
    """Return the posts that a post answers, quotes or repeats, by their id."""
    named = listed(post, "referenced_posts") or listed(post, "referenced_tweets")
    return {text(each, "id"): text(each, "type") for each in named if text(each, "id")}


def history_of(post: Fields) -> list[str]:
    """Return the ids of a post from its first form on; an edit gives it a new one."""
    known = listed(post, "edit_history_post_ids") or listed(post, "edit_history_tweet_ids")
    return [each for each in known if isinstance(each, str)] or [text(post, "id")]


def _media_keys(thing: Fields) -> list[str]:
    return [key for key in listed(fields(thing, "attachments"), "media_keys") if isinstance(key, str)]


def _concerning(includes: Fields, wanted: set[str]) -> Fields:
    """Return what of a page's extras concerns one thing on it, and who wrote the posts among them."""
    posts = [each for name in ("posts", "tweets") for each in listed(includes, name) if text(each, "id") in wanted]
    wanted = wanted | {text(each, "author_id") for each in posts}
    users = [each for each in listed(includes, "users") if text(each, "id") in wanted]
    media = [each for each in listed(includes, "media") if text(each, "media_key") in wanted]
    return {name: values for name, values in (("users", users), ("media", media), ("posts", posts)) if values}


def at_of(thing: Fields) -> datetime | None:
    """Return when X recorded a thing: as it says, else as its id says."""
    try:
        said = datetime.fromisoformat(text(thing, "created_at"))
    except ValueError:
        return at_of_id(text(thing, "id"))
    return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)


def at_of_id(value: str) -> datetime | None:
    """Return the instant that one of X's ids holds; None for one from before they held any."""
    if not (value.isascii() and value.isdecimal()) or not 0 < int(value) >> 22 < 1 << 42:
        return None
    return datetime.fromtimestamp(((int(value) >> 22) + _FIRST_MS) / 1000, UTC)


def id_at(at: datetime) -> int:
    """Return the least id that X could have given at an instant."""
    return max(0, int(at.timestamp() * 1000) - _FIRST_MS) << 22


def text(thing: Any, name: str) -> str:
    """Return a field that holds text, or nothing where it does not."""
    value = thing.get(name) if isinstance(thing, dict) else None
    return value if isinstance(value, str) else ""


def fields(thing: Any, name: str) -> Fields:
    """Return a field that holds fields, or none where it does not."""
    value = thing.get(name) if isinstance(thing, dict) else None
    return value if isinstance(value, dict) else {}


def listed(thing: Any, name: str) -> list[Any]:
    """Return a field that holds a list, or an empty one where it does not."""
    value = thing.get(name) if isinstance(thing, dict) else None
    return value if isinstance(value, list) else []
