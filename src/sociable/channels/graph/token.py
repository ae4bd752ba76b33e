"""Decides from what Meta says of an access token until when it works, and what it was not given.

Leaves warning people before that day to the rooms above.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sociable.channels.base import ChannelError, Finding
from sociable.channels.graph.call import Graph
from sociable.channels.graph.reading import instant, many, part


@dataclass(frozen=True)
class Token:
    """What Meta says of the token: until when it works (None: it does not end), and what it may do."""

    expires_at: datetime | None
    scopes: frozenset[str]
    valid: bool


def token(graph: Graph) -> Token | None:
    """Ask Meta of the account's own token; None where the app's id is not known, with which alone one may ask.

    Source: Graph API debug_token: expires_at and data_access_expires_at, 0 where it does not end
    """
    config = graph.config
    if not config.app_id:
        return None
    told = part(
        graph.get("debug_token", token=f"{config.app_id}|{config.app_secret}", input_token=config.access_token), "data"
    )
    ends = [told.get("expires_at"), told.get("data_access_expires_at")]
    moments = [moment for end in ends if end and (moment := instant(end)) is not None]
    scopes = frozenset(scope for scope in many(told, "scopes") if isinstance(scope, str))
    return Token(min(moments, default=None), scopes, told.get("is_valid") is True)


def findings(graph: Graph, needed: Collection[str]) -> list[Finding]:
    """Say whether the token works, may do what is needed, and until when."""
    try:
        told = token(graph)
    except ChannelError as error:
        return [Finding(ok=False, what=error.message, mend="Check the app's ID and secret.")]
    if told is None:
        return [Finding(ok=True, what="Without the app's ID nobody can tell when the access token ends.")]
    missing = sorted(set(needed) - told.scopes)
    lasting = f"until {told.expires_at:%d %B %Y}" if told.expires_at else "without an end"
    mend = "Make a new token in Meta Business Suite and enter it here."
    return [
        Finding(
            ok=told.valid,
            what=f"The access token works {lasting}." if told.valid else "The access token is dead.",
            mend=mend,
        ),
        *(Finding(ok=False, what=f"The access token lacks the permission {name}.", mend=mend) for name in missing),
    ]
