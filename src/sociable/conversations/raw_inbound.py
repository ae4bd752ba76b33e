"""Stores what a network handed over, as it came and once, before anybody reads it.

What it says is read by journeys/receive with the channel's own parser.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from sociable.asking.keeping import add
from sociable.asking.question import Given, Question
from sociable.channels.base import RawItem
from sociable.conversations.models import RawInbound
from sociable.directory.models import Account


def store_raw(
    account: Account,
    channel: str,
    items: Iterable[RawItem],
    *,
    fetched_at: datetime,
    recipients: Sequence[str] = (),
    from_history: bool = False,
) -> list[RawInbound]:
    """This function will store what a network handed over, as it came, and return the rows that are new.

    Shape:  an item whose remote id the account has already is passed over by the database itself
    """
    rows = [
        RawInbound(
            account=account,
            channel=channel,
            remote_id=item.remote_id[:250],
            content=item.content,
            size_bytes=max(item.size_bytes, len(item.content)),
            received_at=item.received_at,
            fetched_at=fetched_at,
            recipients=list(recipients),
            from_history=from_history,
        )
        for item in items
    ]
    known = _known(account, [row.remote_id for row in rows])
    fresh = list({row.remote_id: row for row in rows if row.remote_id not in known}.values())
    for row in fresh:
        add([row])
    return fresh


def _known(account: Account, remote_ids: Sequence[str]) -> set[str]:
    if len(remote_ids) == 1:
        return {remote_id for (remote_id,) in _KNOWN.all(account=account.pk, remote_id=remote_ids[0])}
    several = RawInbound.objects.filter(account=account, remote_id__in=remote_ids)
    return set(several.values_list("remote_id", flat=True))


_KNOWN = Question(
    lambda: RawInbound.objects.filter(account=Given("account"), remote_id=Given("remote_id")).values_list("remote_id")
)


def content_id(content: bytes) -> str:
    """This function will make a remote id of content for channels that give none."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
