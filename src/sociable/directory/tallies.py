"""Keeps tallies so that a later change to one shows: each is signed together with the one before it.

What is counted is decided in journeys/tally. The signature is made with the installation's key, which the database does not hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac

from sociable.directory.health_models import Tally
from sociable.directory.models import Account


def keep(account: Account, *, day_on: date, now: datetime, **counted: Any) -> Tally:
    """This function will write the tally of a day behind the account's last one; call it inside a transaction.

    Errors: IntegrityError where that day has one
    """
    Account.objects.select_for_update().get(pk=account.pk)  # one after the other: each is signed with the one before
    before = Tally.objects.filter(account=account).order_by("-pk").first()
    tally = Tally(account=account, day_on=day_on, counted_at=now, **counted)
    tally.signature = _signature(tally, before.signature if before else "")
    tally.save(force_insert=True)
    return tally


def _signature(tally: Tally, before: str) -> str:
    said = [
        tally.account_id, tally.day_on.isoformat(), tally.counted_at.isoformat(), tally.listed, tally.stored,
        tally.figures, tally.differences, before,
    ]  # fmt: skip
    return salted_hmac("sociable.tally", json.dumps(said, sort_keys=True), algorithm="sha256").hexdigest()


def changed(tallies: Iterable[Tally]) -> Iterator[Tally]:
    """This function will find the tallies of accounts that are not as they were written, or whose predecessor is gone.

    Shape:  tallies of any accounts, each account's in the order they were written and from its first on
    """
    before: dict[int, str] = {}
    for tally in tallies:
        if not constant_time_compare(tally.signature, _signature(tally, before.get(tally.account_id, ""))):
            yield tally
        before[tally.account_id] = tally.signature
