"""UNOFFICIAL shapes of Facebook, Messenger and Instagram, written by us from their published pages: Meta publishes no schema.

They hold the stand-in to what those pages say: a webhook call, a sent message, a comment, an error. Where a page and reality
differ, these differ from reality too.
Source: Messenger Platform (Send API, webhook events), Graph API (comment, webhooks for pages), Instagram Platform (webhooks)
"""

from __future__ import annotations

from typing import Any

TEXT = {"type": "string"}
ID = {"type": "string", "minLength": 1}
WHOLE = {"type": "integer"}


def _object(required: str = "", /, closed: bool = False, **properties: Any) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "object", "properties": properties, "required": required.split()}
    return {**shape, "additionalProperties": False} if closed else shape


def _some(shape: Any, least: int = 1) -> dict[str, Any]:
    return {"type": "array", "items": shape, "minItems": least}


NAMED = _object("id", id=ID, name=TEXT, username=TEXT)
ATTACHMENT = _object(
    "type", type={"enum": ["image", "audio", "video", "file", "template", "fallback", "location", "share", "story_mention", "reel", "ig_reel", "ephemeral"]},
    payload=_object("", url=TEXT, title=TEXT, sticker_id=WHOLE, coordinates=_object("lat long")),
)  # fmt: skip
TALK_MESSAGE = _object(
    "mid", mid=ID, text=TEXT, attachments=_some(ATTACHMENT), is_echo={"const": True}, is_deleted={"const": True},
    is_unsupported={"const": True}, app_id=WHOLE, metadata=TEXT, quick_reply=_object("payload", payload=TEXT),
    reply_to={"oneOf": [_object("mid", mid=ID), _object("story", story=_object("url id", url=TEXT, id=ID))]},
)  # fmt: skip
TALK = {
    **_object(
        "sender recipient timestamp", sender=NAMED, recipient=NAMED, timestamp={"type": "integer", "minimum": 10**12}
    ),
    "anyOf": [
        _object("message", message=TALK_MESSAGE),
        _object("message_edit", message_edit=_object("mid text num_edit", mid=ID, text=TEXT, num_edit=WHOLE)),
        _object("delivery", delivery=_object("watermark", mids=_some(ID), watermark=WHOLE)),
        _object("read", read={"anyOf": [_object("watermark", watermark=WHOLE), _object("mid", mid=ID)]}),
        _object("postback", postback=_object("title payload", title=TEXT, payload=TEXT, mid=ID)),
        _object(
            "reaction",
            reaction=_object("mid action", mid=ID, action={"enum": ["react", "unreact"]}, emoji=TEXT, reaction=TEXT),
        ),
    ],
}
FEED = _object(
    "item verb", item=TEXT, verb={"enum": ["add", "edit", "edited", "remove", "hide", "unhide"]}, comment_id=ID, post_id=ID,
    parent_id=ID, created_time=WHOLE, message=TEXT, photo=TEXT, video=TEXT, post=_object(permalink_url=TEXT),
    **{"from": NAMED},
)  # fmt: skip
IG_COMMENT = _object(
    "id text media", id=ID, text=TEXT, media=_object("id", id=ID, media_product_type=TEXT), parent_id=ID,
    **{"from": _object("id username", id=ID, username=TEXT)},
)  # fmt: skip
CHANGE = {
    "oneOf": [
        _object("field value", closed=True, field={"enum": ["feed", "mention"]}, value=FEED),
        _object("field value", closed=True, field={"enum": ["comments", "live_comments"]}, value=IG_COMMENT),
        _object(
            "field value",
            closed=True,
            field={"const": "mentions"},
            value=_object("media_id", media_id=ID, comment_id=ID),
        ),
    ]
}
ENTRY = {
    **_object("id time", id=ID, time=WHOLE, messaging=_some(TALK), standby=_some(TALK), changes=_some(CHANGE)),
    "anyOf": [{"required": ["messaging"]}, {"required": ["standby"]}, {"required": ["changes"]}],
}
WEBHOOK = _object("object entry", closed=True, object={"enum": ["page", "instagram"]}, entry=_some(ENTRY))

RECIPIENT = {
    "oneOf": [
        _object("id", closed=True, id=ID),
        _object("comment_id", closed=True, comment_id=ID),
        _object("post_id", closed=True, post_id=ID),
    ]
}
SENT_FILE = _object(
    "type payload", closed=True, type={"enum": ["image", "audio", "video", "file"]},
    payload=_object("attachment_id", closed=True, attachment_id=ID),
)  # fmt: skip
SENT = {
    **_object(
        "recipient message messaging_type", closed=True, recipient=RECIPIENT,
        message={
            "oneOf": [
                _object("text", closed=True, text={"type": "string", "minLength": 1}, metadata={"type": "string", "maxLength": 1000}),
                _object("attachment", closed=True, attachment=SENT_FILE, metadata=TEXT),
            ]
        },
        messaging_type={"enum": ["RESPONSE", "UPDATE", "MESSAGE_TAG"]}, tag={"const": "HUMAN_AGENT"},
    ),
    "if": _object("messaging_type", messaging_type={"const": "MESSAGE_TAG"}), "then": {"required": ["tag"]},
}  # fmt: skip
TAKEN = _object("message_id", closed=True, recipient_id=ID, message_id=ID)
COMMENT = _object("message", closed=True, message={"type": "string", "minLength": 1})
MENTION = _object(
    "media_id message", closed=True, media_id=ID, comment_id=ID, message={"type": "string", "minLength": 1}
)
MADE = _object("id", closed=True, id=ID)
ERROR = _object(
    "error", closed=True, error=_object("message type code fbtrace_id", message=TEXT, type=TEXT, code=WHOLE, error_subcode=WHOLE, fbtrace_id=TEXT),
)  # fmt: skip
