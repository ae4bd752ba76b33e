"""Makes raw items of a call to our webhook, the same way for every network of Meta.

Leaves the id, the time and the account of an event to the network's own parser.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sociable.channels.base import Call, Heard, RawItem
from sociable.channels.graph.config import GraphConfig
from sociable.channels.graph.naming import apart
from sociable.channels.graph.webhook import challenged, content, events, proved

Event = Mapping[str, Any]


def hear(
    call: Call,
    config: GraphConfig,
    *,
    lists: tuple[str, ...],
    remote_id: Callable[[Event], str],
    moment: Callable[[Event], datetime | None],
    to_account: Callable[[Event], str],
) -> Heard:
    """Return what a call brought: the answer to a challenge, or every event of it.

    Errors: CallRefused
    """
    if call.method == "GET":
        return challenged(call, config)
    payload = proved(call, config)
    singles = (single for event in events(payload, lists) for single in apart(event))
    return Heard(
        items=tuple(
            RawItem(remote_id(event), content(event), moment(event), to_account=to_account(event)) for event in singles
        )
    )
