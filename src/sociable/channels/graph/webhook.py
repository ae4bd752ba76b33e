"""Decides whether Meta made a call to our webhook, and splits what one call brings into single events.

Leaves what an event means to the parsers, and which account it is for to whoever stores it. One event, wrapped again as a
call of its own, is what is kept: whatever reads a whole call can read it too.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sociable.channels.base import Call, CallRefused, Heard
from sociable.channels.graph.config import GraphConfig
from sociable.channels.graph.reading import Node, loaded, many

# Meta's own bound of one call is 3 MB.
LONGEST_CALL_BYTES = 4 * 1024 * 1024
LONGEST_CHALLENGE_CHARS = 200
MOST_EVENTS = 10_000
SIGNATURE = "x-hub-signature-256"


def challenged(call: Call, config: GraphConfig) -> Heard:
    """Return the answer to Meta's question whether this webhook is ours.

    Errors: CallRefused where the verify token is another one
    """
    token, challenge = call.query.get("hub.verify_token", ""), call.query.get("hub.challenge", "")
    if call.query.get("hub.mode") != "subscribe" or not same(token, config.verify_token):
        raise CallRefused("The verify token is not the one of this account.")
    if not challenge.isascii() or not challenge.isprintable() or len(challenge) > LONGEST_CHALLENGE_CHARS:
        raise CallRefused("The challenge cannot be read.", 400)
    return Heard(answer=challenge.encode())


def proved(call: Call, config: GraphConfig) -> dict[str, Any]:
    """Return what a call says once its signature over the raw bytes has been found to be Meta's.

    Errors: CallRefused: too large 413, forged 403, not to be read 400
    """
    if len(call.body) > LONGEST_CALL_BYTES:
        raise CallRefused("The call is larger than any that Meta makes.", 413)
    if not same(call.headers.get(SIGNATURE, ""), signature(call.body, config.app_secret)):
        raise CallRefused("The signature is not Meta's.")
    payload = loaded(call.body)
    if not isinstance(payload, dict) or not isinstance(payload.get("entry"), list):
        raise CallRefused("The call holds no entries.", 400)
    return payload


def signature(body: bytes, app_secret: str) -> str:
    """Return what X-Hub-Signature-256 must say of these bytes."""
    return f"sha256={hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()}"


def same(one: str, other: str) -> bool:
    """Compare in a time that tells nothing of where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def events(payload: Mapping[str, Any], lists: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """Return every event of a call as a call of its own, in order.

    Shape:  `lists` are the names under which a change holds several of a kind; an entry that holds neither messages nor
            changes, and an entry that is no object, is one event as it stands
    """
    for number, entry in enumerate(_each(payload, lists)):
        if number >= MOST_EVENTS:
            raise CallRefused("The call holds more events than any that Meta makes.", 413)
        yield {"object": payload.get("object"), "entry": [entry]}


def _each(payload: Mapping[str, Any], lists: tuple[str, ...]) -> Iterator[Any]:
    for entry in many(payload, "entry"):
        if not isinstance(entry, dict):
            yield entry
            continue
        about = {name: value for name, value in entry.items() if name not in ("messaging", "standby", "changes")}
        found = False
        for name in ("messaging", "standby"):
            for event in many(entry, name):
                found = True
                yield {**about, name: [event]}
        for change in many(entry, "changes"):
            for single in _singles(change, lists):
                found = True
                yield {**about, "changes": [single]}
        if not found:
            yield entry


def _singles(change: Any, lists: tuple[str, ...]) -> Iterator[Any]:
    """One change may hold several messages of several people: each goes alone, with the contact it names."""
    value = change.get("value") if isinstance(change, dict) else None
    held = [name for name in lists if many(value, name)]
    if not held or not isinstance(value, dict):
        yield change
        return
    about = {name: kept for name, kept in value.items() if name not in held and name != "contacts"}
    for name in held:
        for one in many(value, name):
            yield {**change, "value": {**about, **_contact(value, one), name: [one]}}


def _contact(value: Node, one: Any) -> dict[str, Any]:
    contacts = [contact for contact in many(value, "contacts") if isinstance(contact, dict)]
    sender = one.get("from") if isinstance(one, dict) else None
    own = [contact for contact in contacts if contact.get("wa_id") == sender] or contacts[:1]
    return {"contacts": own} if "contacts" in value else {}


def content(event: Mapping[str, Any]) -> bytes:
    """Return an event as the bytes that are kept."""
    return json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode()


def fingerprint(event: Mapping[str, Any]) -> str:
    """Return a name for an event that has no id of its own: the same when Meta sends it again in another call."""
    entry = next(iter(many(event, "entry")), None)
    lasting = {name: value for name, value in entry.items() if name != "time"} if isinstance(entry, dict) else entry
    told = json.dumps([event.get("object"), lasting], sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(told.encode()).hexdigest()}"
