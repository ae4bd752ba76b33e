"""Every night what an account's network had for a day is held against what is here; what is missing is fetched at once.

That each thing seen is stored, and that something became of each thing stored, is written down and signed. A network that
cannot be asked again is said to be one.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from django.db import DatabaseError, transaction
from django.db.models.functions import Coalesce

from sociable.channels.base import Adapter, ChannelError, Fetches, Lists, RateLimited, RawItem
from sociable.conversations.models import RawInbound
from sociable.directory import connecting, tallies
from sociable.directory import queries as directory
from sociable.directory.health_models import Tally
from sociable.directory.models import Connection
from sociable.domain.worktime.zones import day_begins
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import became, fetch, receive

log = logging.getLogger(__name__)
T = TypeVar("T")
NIGHT = time(2, 30)  # by the account's own clock
SPREAD_MINUTES = 180  # so that hundreds do not all list their day at once
LONGEST_PAUSE = timedelta(hours=1)
LOOKS_BACK = timedelta(days=31)  # a worker that was away longer than that goes on from there
ASKED_AT_ONCE = 500


@dataclass
class Seen:
    """What a network had for a stretch of time: the ids of all, and those that were not here."""

    ids: dict[str, None] = field(default_factory=dict)
    missing: list[dict[str, object]] = field(default_factory=list)


def schedule_missing(now: datetime) -> int:
    """This function will see that every connection that is heard is tallied at night, and return how many had no row."""
    open_rows = DueRow.objects.filter(kind="tally", done_at=None).values("subject_id")
    heard = Connection.objects.filter(account__stage__in=fetch.STAGES_HEARD).exclude(pk__in=open_rows)
    missing = list(heard.select_related("account__partner"))
    due.ask(due.Due("tally", f"tally:{one.pk}", one.pk, next_night(one, now)) for one in missing)
    return len(missing)


def next_night(connection: Connection, now: datetime) -> datetime:
    """This function will say when the account is tallied next: at night by its own clock, not together with all others."""
    zone = ZoneInfo(directory.zone_of(connection.account))
    local = now.astimezone(zone)
    spread = timedelta(minutes=connection.pk % SPREAD_MINUTES)
    tonight = datetime.combine(local.date(), NIGHT, zone) + spread
    return tonight if tonight > local else datetime.combine(local.date() + timedelta(days=1), NIGHT, zone) + spread


def tally(row: DueRow, now: datetime) -> None:
    """This function will tally the oldest day that was not, fetch what is missing of it, and set when to go on."""
    connection = Connection.objects.select_related("account__partner").filter(pk=row.subject_id).first()
    if connection is None or connection.account.stage not in fetch.STAGES_HEARD:
        due.close(row, now)
        return
    day_on = _next_day(connection, now)
    if day_on is None:
        due.renew(row, next_night(connection, now))
        return
    try:
        seen = _seen(connection, day_on, now)
    except RateLimited as error:
        due.renew(row, now + error.pause)
        return
    except ChannelError as error:  # fetching meets the same, and tells it
        due.postpone(row, now, error.message, tries=None, longest=LONGEST_PAUSE)
        return
    with transaction.atomic():
        _keep(connection, day_on, seen, now)
        due.renew(row, now if _next_day(connection, now) else next_night(connection, now))


def _next_day(connection: Connection, now: datetime) -> date | None:
    """The oldest day that is over, was heard and has no tally; None where there is none."""
    zone = ZoneInfo(directory.zone_of(connection.account))
    if connection.begins_at is None:  # connected before this was kept: complete from here on
        connection.begins_at = now
        Connection.objects.filter(pk=connection.pk, begins_at=None).update(begins_at=now)
    last = Tally.objects.filter(account=connection.account_id).order_by("-day_on").first()
    begins_on = connection.begins_at.astimezone(zone).date()
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    day_on = max(last.day_on + timedelta(days=1) if last else begins_on, begins_on, yesterday - LOOKS_BACK)
    return day_on if day_on <= yesterday else None


def _stretch(connection: Connection, day_on: date) -> tuple[datetime, datetime]:
    """The day by the account's own clock; of the first day what came since it was connected."""
    zone = directory.zone_of(connection.account)
    since, until = day_begins(day_on, zone), day_begins(day_on + timedelta(days=1), zone)
    return max(since, connection.begins_at or since), until


def _seen(connection: Connection, day_on: date, now: datetime) -> Seen | None:
    """What the network had, what was missing of it now stored; None where it cannot be asked again. No transaction is open."""
    adapter = connecting.adapter_of(connection)
    try:
        if not _can_list(connection, adapter) or not isinstance(adapter, Lists):
            return None
        seen = Seen()
        for item in adapter.listed(*_stretch(connection, day_on)):
            if item.to_account not in ("", connection.network_id) or item.remote_id in seen.ids:
                continue
            seen.ids[item.remote_id] = None
            if not RawInbound.objects.filter(account=connection.account, remote_id=item.remote_id).exists():
                _bring(connection, item, seen, now)
        return seen
    finally:
        adapter.close()
        connecting.keep_session(connection, adapter)


def _can_list(connection: Connection, adapter: Adapter) -> bool:
    """An account whose fetching is switched off has nothing to be asked with."""
    return isinstance(adapter, Lists) and (connection.fetches or not isinstance(adapter, Fetches))


def _bring(connection: Connection, item: RawItem, seen: Seen, now: datetime) -> None:
    """Store what was not here by the usual way, and read it; whatever hinders that leaves it a difference that is shown."""
    account = connection.account
    fresh = receive.store(account, account.channel, [item], fetched_at=now)
    if not fresh:  # fetching brought it at this instant
        return
    log.warning("a message was missing and is fetched", extra={"account_id": account.pk, "raw_id": fresh[0].pk})
    received_at = item.received_at.isoformat() if item.received_at else ""
    seen.missing.append({"remote_id": item.remote_id, "received_at": received_at, "fetched": True})
    try:
        receive.read_all(fresh, now)
    except (OSError, DatabaseError):  # it is stored, and its due row has it read in a minute
        log.exception("what was missing could not be read at once", extra={"account_id": account.pk})


def _keep(connection: Connection, day_on: date, seen: Seen | None, now: datetime) -> None:
    rows = _stored(connection, seen.ids) if seen is not None else _stored_in(connection, *_stretch(connection, day_on))
    figures: Counter[str] = Counter()
    for some in _some_at_once(rows):
        figures.update(became.of(some))
    missing = seen.missing if seen is not None else []
    tallies.keep(
        connection.account,
        day_on=day_on,
        now=now,
        listed=None if seen is None else len(seen.ids),
        stored=sum(figures.values()) - len(missing),
        figures=dict(figures),
        differences=missing,
    )


def _some_at_once(everything: Iterable[T]) -> Iterator[list[T]]:
    waiting = iter(everything)
    while some := list(islice(waiting, ASKED_AT_ONCE)):
        yield some


def _stored(connection: Connection, ids: Iterable[str]) -> Iterator[RawInbound]:
    for some in _some_at_once(ids):
        yield from became.readable(RawInbound.objects.filter(account=connection.account, remote_id__in=some))


def _stored_in(connection: Connection, since: datetime, until: datetime) -> Iterator[RawInbound]:
    """What came in a stretch of time, by the network's word or else by ours."""
    came = Coalesce("received_at", "fetched_at")
    rows = RawInbound.objects.filter(account=connection.account, channel=connection.account.channel)
    yield from became.readable(rows.annotate(came_at=came).filter(came_at__gte=since, came_at__lt=until)).iterator(
        ASKED_AT_ONCE
    )
