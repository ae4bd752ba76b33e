"""Decides which calls to our webhook X made, and puts what they tell into the form of today's API.

Leaves what is said to `parse`. Two products of X call us: the Account Activity API, in the older form of a post, and the
X Activity API, in today's form inside an envelope.

Source: docs.x.com, Account Activity API, X Activity API and Webhooks, as read on 23 November 2026
"""

import base64
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sociable.channels.base import Call, CallRefused, Heard, RawItem
from sociable.channels.x.raw import Fields, at_of, by_content, fields, listed, text

LONGEST_BYTES = 2 * 1024 * 1024
_SIGNATURE = "x-twitter-webhooks-signature"


def hear(call: Call, secret: str) -> Heard:
    """Answer X's challenge, or check that X made the call and take it apart; each of its events is one item.

    Errors: CallRefused for a call that X did not make (403), that is too large (413) or that is no call of X's kind (400)
    """
    if call.method == "GET":
        return _challenged(call, secret)
    if len(call.body) > LONGEST_BYTES:
        raise CallRefused("The call is larger than any that X makes.", 413)
    given = call.headers.get(_SIGNATURE, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), _signature(call.body, secret).encode()):
        raise CallRefused("The call does not bear the signature of X.")
    try:
        told = json.loads(call.body)
    except (ValueError, RecursionError):
        raise CallRefused("The call holds no JSON.", 400) from None
    if not isinstance(told, dict):
        raise CallRefused("The call holds no event.", 400)
    return Heard(tuple(_items(told)))


def _challenged(call: Call, secret: str) -> Heard:
    token = call.query.get("crc_token", "")
    if not token:
        raise CallRefused("The call holds no challenge.", 400)
    answer = json.dumps({"response_token": _signature(token.encode("utf-8", "replace"), secret)})
    return Heard(answer=answer.encode(), content_type="application/json")


def _signature(content: bytes, secret: str) -> str:
    return "sha256=" + base64.b64encode(hmac.digest(secret.encode(), content, "sha256")).decode()


def _items(told: Fields) -> Iterator[RawItem]:
    """Take a call apart: a list of events becomes as many items, each with the people it names."""
    lists = [name for name in told if name.endswith("_events") and listed(told, name)]
    around = {name: value for name, value in told.items() if name not in lists}
    for event in [{**around, name: [each]} for name in lists for each in listed(told, name)] or [told]:
        content = json.dumps(event, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
        known = modern(event)
        thing = fields(known, "post") or fields(known, "message")
        yield RawItem(
            _name(known) or by_content(content), content, at_of(thing) if thing else None, to_account=_account(event)
        )


def _name(known: Fields) -> str:
    """The same name as where it is fetched."""
    for kind, prefix in (("post", "x:post:"), ("message", "x:dm:"), ("gone", "x:gone:")):
        if found := text(fields(known, kind), "id"):
            return prefix + found
    return ""


def _account(event: Fields) -> str:
    return text(event, "for_user_id") or text(fields(fields(event, "data"), "filter"), "user_id")


def modern(told: Fields) -> Fields:
    """Return what a call tells in the form in which fetched things are kept; an empty one for what is not known.

    Shape:  account and one of: post with includes; message with includes; gone; noted, in words
    """
    account = _account(told)
    if event := fields(told, "data"):
        known = _event(event)
    elif posts := listed(told, "tweet_create_events"):
        known = _older_post(posts[0])
    elif gone := listed(told, "tweet_delete_events"):
        known = {"gone": {"id": text(fields(gone[0], "status"), "id")}}
    elif messages := listed(told, "direct_message_events"):
        known = _older_message(messages[0], fields(told, "users"))
    else:
        known = _noted(told)
    return {"account": account, **known} if known else {}


def _noted(told: Fields) -> Fields:
    names = [name for name in told if name.endswith("_events") or name in {"user_event", "replay_job_status"}]
    return {"noted": names[0].replace("_", " ")} if names else {}


def _event(event: Fields) -> Fields:
    """One event of the X Activity API, whose post is in today's form."""
    kind, payload, includes = text(event, "event_type"), fields(event, "payload"), fields(event, "includes")
    if kind == "post.delete":
        return {"gone": {"id": text(payload, "id")}}
    if kind.startswith("post.") and text(payload, "id"):
        return {"post": payload, "includes": includes}
    if messages := listed(payload, "direct_message_events"):
        return _older_message(messages[0], fields(payload, "users"))
    if not kind or kind.startswith("chat."):  # encrypted: something was said, and a person must look at X for it
        return {}
    return {"noted": kind}


def _older_post(tweet: Fields) -> Fields:
    """A post as the Account Activity API tells it; beyond 280 characters the whole stands in a part of its own."""
    author = fields(tweet, "user")
    whole = fields(tweet, "extended_tweet")
    post = {
        "id": text(tweet, "id_str"),
        "author_id": text(author, "id_str"),
        "created_at": _at_text(text(tweet, "timestamp_ms")) or _at_older(text(tweet, "created_at")),
        "text": text(whole, "full_text") or text(tweet, "text"),
        "entities": fields(whole, "entities") or fields(tweet, "entities"),
        "display_text_range": listed(whole, "display_text_range") if whole else listed(tweet, "display_text_range"),
        "referenced_posts": _older_references(tweet),
        "in_reply_to_user_id": text(tweet, "in_reply_to_user_id_str"),
        "edit_history_post_ids": listed(fields(tweet, "edit_history"), "edit_tweet_ids"),
    }
    extended = fields(whole, "extended_entities") or fields(tweet, "extended_entities")
    media = [_older_media(each) for each in listed(extended, "media")]
    post["attachments"] = {"media_keys": [text(each, "media_key") for each in media]}
    quoted = fields(tweet, "quoted_status")
    posts = [
        {
            "id": text(quoted, "id_str"),
            "text": text(quoted, "text"),
            "author_id": text(fields(quoted, "user"), "id_str"),
        }
    ]
    users = [_older_user(author), _older_user(fields(quoted, "user"))]
    return {"post": post, "includes": {"users": users, "media": media, "posts": posts if quoted else []}}


def _older_references(tweet: Fields) -> list[Fields]:
    found = (
        ("replied_to", text(tweet, "in_reply_to_status_id_str")),
        ("retweeted", text(fields(tweet, "retweeted_status"), "id_str")),
        ("quoted", text(tweet, "quoted_status_id_str")),
    )
    return [{"type": kind, "id": value} for kind, value in found if value]


def _older_message(event: Fields, users: Fields) -> Fields:
    created = fields(event, "message_create")
    said = fields(created, "message_data")
    sender, recipient = text(created, "sender_id"), text(fields(created, "target"), "recipient_id")
    pair = sorted((sender, recipient), key=lambda each: (len(each), each))
    media = [_older_media(fields(fields(said, "attachment"), "media"))] if fields(said, "attachment") else []
    message = {
        "id": text(event, "id"),
        "event_type": "MessageCreate",
        "created_at": _at_text(text(event, "created_timestamp")),
        "sender_id": sender,
        "dm_conversation_id": "-".join(pair),
        "text": text(said, "text"),
        "entities": fields(said, "entities"),
        "attachments": {"media_keys": [text(each, "media_key") for each in media]},
    }
    people = [_older_user(fields(user, "data") or user) for user in users.values() if isinstance(user, dict)]
    return {"message": message, "includes": {"users": people, "media": media}}


def _older_user(user: Fields) -> Fields:
    return {
        "id": text(user, "id_str") or text(user, "id"),
        "name": text(user, "name"),
        "username": text(user, "screen_name") or text(user, "username"),
    }


def _older_media(media: Fields) -> Fields:
    variants = listed(fields(media, "video_info"), "variants")
    return {
        "media_key": text(media, "media_key") or f"id:{text(media, 'id_str')}",
        "type": text(media, "type"),
        "url": text(media, "media_url_https"),
        "alt_text": text(media, "ext_alt_text"),
        "variants": [{**each, "bit_rate": each.get("bitrate", 0)} for each in variants if isinstance(each, dict)],
    }


def _at_text(milliseconds: str) -> str:
    if not (milliseconds.isascii() and milliseconds.isdecimal()) or len(milliseconds) > 14:
        return ""
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).isoformat()


def _at_older(value: str) -> str:
    try:
        return datetime.strptime(value, "%a %b %d %H:%M:%S %z %Y").astimezone(UTC).isoformat()
    except ValueError:
        return ""


def read(content: bytes) -> Fields:
    """Return what raw content tells, fetched or heard, in one form; an empty one where it tells nothing that is known."""
    try:
        told: Any = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    return told if "account" in told else modern(told)
