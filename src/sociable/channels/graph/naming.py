"""Decides the id under which one event is kept: the same however often, and over whichever way, the same thing arrives.

Leaves events that have no id of their own to the fingerprint of their content.
"""

from collections.abc import Mapping
from typing import Any

from sociable.channels.graph.reading import Node, many, part, words
from sociable.channels.graph.webhook import fingerprint


def entry_of(event: Mapping[str, Any]) -> Node:
    """Return the one entry of an event."""
    entry = next(iter(many(event, "entry")), None)
    return entry if isinstance(entry, dict) else {}


def change_of(event: Mapping[str, Any]) -> Node:
    """Return the one change of an event, empty where it holds a private message."""
    change = next(iter(many(entry_of(event), "changes")), None)
    return change if isinstance(change, dict) else {}


def talk_of(event: Mapping[str, Any]) -> Node:
    """Return the one private-message event, whichever app has the conversation at Meta."""
    entry = entry_of(event)
    talk = next(iter(many(entry, "messaging") or many(entry, "standby")), None)
    return talk if isinstance(talk, dict) else {}


def talk_id(event: Mapping[str, Any]) -> str:
    """Return the id of a private-message event."""
    talk = talk_of(event)
    message, edit, delivery = part(talk, "message"), part(talk, "message_edit"), part(talk, "delivery")
    if mid := words(message, "mid"):
        return f"withdrawn:{mid}" if message.get("is_deleted") is True else f"message:{mid}"
    if (mid := words(edit, "mid")) and (number := words(edit, "num_edit")):
        return f"edited:{mid}:{number}"
    if len(mids := many(delivery, "mids")) == 1 and isinstance(mids[0], str):
        return f"delivered:{mids[0]}"
    if mid := words(part(talk, "read"), "mid"):
        return f"read:{mid}"
    return fingerprint(event)


def apart(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Return an event that tells of several messages as one event for each."""
    talk = talk_of(event)
    mids = many(part(talk, "delivery"), "mids")
    if len(mids) < 2:
        return [event]
    entry = entry_of(event)
    name = "messaging" if many(entry, "messaging") else "standby"
    told = [{**talk, "delivery": {**part(talk, "delivery"), "mids": [mid]}} for mid in mids]
    return [{**event, "entry": [{**entry, name: [one]}]} for one in told]
