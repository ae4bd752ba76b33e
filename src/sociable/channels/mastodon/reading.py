"""Reads what is new for one account: who wrote to it, what it said itself, and what was edited or deleted since.

Leaves what each thing means to `parse`, and storing it, together with the place where reading goes on, to the journeys.

Servers number notifications before they show them, so a smaller number may appear after a greater one. What is younger than
a minute by the server's own clock is therefore read again the next time; what is known already is not handed over twice.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import takewhile
from typing import Any

from sociable.channels.base import ChannelError, Fetched, LogInRefused, RateLimited, RawItem
from sociable.channels.mastodon.line import Line, NotThere, Unwell
from sociable.channels.mastodon.parse import ASKS, EDITS, envelope, read_time

# Kinds of notification that ask for nothing; a kind that we do not know is fetched, kept and shown.
LEFT_OUT = (
    *("follow", "follow_request", "favourite", "reblog", "poll", "severed_relationships", "moderation_warning"),
    *("admin.sign_up", "admin.report", "annual_report"),
)
SETTLES_AFTER = timedelta(minutes=1)
MOST_WATCHED = 60  # the newest statuses, looked at again for edits and removal
LOOKED_AT_ONCE = 20  # as many as a server tells of in one answer
LOOKED_AT_ONE_BY_ONE = 3  # where it tells only of one
CALLS_KEPT = 40  # of those the server allows, so that answers can always leave
MOST_OWN = 40
Json = dict[str, Any]


@dataclass
class Trail:
    """How far one numbered list was read: all up to `safe` is handed over for good; `at` is the place within a turn."""

    safe: str = ""
    at: str = ""

    def read(self, page: list[Json], now: datetime | None) -> None:
        """Note that a page, oldest first, was read; an empty one ends the turn."""
        self.at = str(page[-1].get("id", "")) if page else ""
        times = [time for time in (read_time(each.get("created_at")) for each in page) if time]
        now = now or max(times, default=None)
        if now is not None:
            settled = list(takewhile(lambda each: _older(each, now - SETTLES_AFTER), page))
            self.safe = str(settled[-1]["id"]) if settled else self.safe


def _older(thing: Json, than: datetime) -> bool:
    at = read_time(thing.get("created_at"))
    return at is not None and at <= than


@dataclass
class Mark:
    """The place where reading goes on: it is the cursor, as text."""

    me: str = ""
    domain: str = ""
    told: Trail = field(default_factory=Trail)
    own: Trail = field(default_factory=Trail)
    watched: dict[str, str] = field(default_factory=dict)  # id and when it was last edited, the longest unseen first

    @classmethod
    def read(cls, cursor: str) -> "Mark":
        """Return the place a cursor names; one that means nothing begins at the start."""
        try:
            me, domain, told, own, watched = json.loads(cursor)
            return cls(str(me), str(domain), Trail(*map(str, told)), Trail(*map(str, own)), dict(watched))
        except (ValueError, TypeError):
            return cls()

    def write(self) -> str:
        """Return the place as a cursor."""
        trails = ([trail.safe, trail.at] for trail in (self.told, self.own))
        return json.dumps([self.me, self.domain, *trails, list(self.watched.items())], separators=(",", ":"))

    def watch(self, status: Json) -> None:
        """Look at a status again later, instead of the one that was looked at longest ago."""
        self.watched[str(status.get("id"))] = str(status.get("edited_at") or "")
        while len(self.watched) > MOST_WATCHED:
            self.watched.pop(min(self.watched, key=_age))


def _age(status_id: str) -> tuple[int, str]:
    return len(status_id), status_id


class Reader:
    """Reads one account."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._me = ""

    def fetch(self, cursor: str, limit: int) -> Fetched:
        """Return the next page of what others wrote; after the last, of what we wrote; then what was edited and removed."""
        mark = self._introduced(Mark.read(cursor))
        items = [] if mark.own.at else self._told(mark, limit)
        if not mark.told.at:
            items += self._own(mark)
        if mark.told.at or mark.own.at:
            return Fetched(items, mark.write(), more=True)
        items += self._changes(mark)
        return Fetched(items, mark.write(), more=False)

    def newest_cursor(self) -> str:
        """Return the cursor behind everything that is there now."""
        mark, api = self._introduced(Mark()), self._line.api
        for trail, newest in (
            (mark.told, lambda: api.notifications(limit=1)),
            (mark.own, lambda: api.account_statuses(mark.me, limit=1)),
        ):
            found = self._line.ask_list(newest)
            trail.safe = str(found[0].get("id", "")) if found else ""
        return mark.write()

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Yield what others wrote to us, and we to them, in a stretch of time, newest first."""
        mark, api = self._introduced(Mark()), self._line.api
        for notification in self._back_to(
            since, lambda before: api.notifications(max_id=before, limit=MOST_OWN, exclude_types=list(LEFT_OUT))
        ):
            if not _older(notification, until - timedelta(microseconds=1)):
                continue
            yield self._notification(mark, notification, with_ancestors=False)
        for status in self._back_to(
            since, lambda before: api.account_statuses(mark.me, max_id=before, limit=MOST_OWN, exclude_reblogs=True)
        ):
            if _older(status, until - timedelta(microseconds=1)) and _answers_somebody(status, mark.me):
                yield self._status(mark, "said", status)

    def _back_to(self, since: datetime, page_before: Callable[[str | None], object]) -> Iterator[Json]:
        before: str | None = None
        while page := self._line.ask_list(partial(page_before, before)):
            for thing in page:
                if _older(thing, since - timedelta(microseconds=1)):
                    return
                yield thing
            before = str(page[-1].get("id"))

    def _introduced(self, mark: Mark) -> Mark:
        """Return the mark, knowing who the account is and what the server's names end in.

        A mark of another account means nothing: the token was changed for one of somebody else's, and reading begins anew.
        """
        if not self._me:
            self._me = str(self._line.ask_one(self._line.api.account_verify_credentials).get("id"))
        if mark.me == self._me:
            return mark
        try:
            domain = str(self._line.ask_one(self._line.api.instance_v2).get("domain") or "")
        except NotThere:  # an older server, or another kind: its names end in its address
            domain = ""
        return Mark(self._me, domain)

    def _told(self, mark: Mark, limit: int) -> list[RawItem]:
        after = mark.told.at or mark.told.safe or "0"
        page = self._line.ask_list(
            lambda: self._line.api.notifications(min_id=after, limit=limit, exclude_types=list(LEFT_OUT))
        )
        page.reverse()
        mark.told.read(page, self._line.server_now())
        return [self._notification(mark, each) for each in page if not self._is_known(mark, each)]

    def _own(self, mark: Mark) -> list[RawItem]:
        after = mark.own.at or mark.own.safe or "0"
        page = self._line.ask_list(
            lambda: self._line.api.account_statuses(mark.me, min_id=after, limit=MOST_OWN, exclude_reblogs=True)
        )
        page.reverse()
        mark.own.read(page, self._line.server_now())
        fresh = [each for each in page if _answers_somebody(each, mark.me) and str(each.get("id")) not in mark.watched]
        return [self._status(mark, "said", each) for each in fresh]

    @staticmethod
    def _is_known(mark: Mark, notification: Json) -> bool:
        status = notification.get("status")
        return notification.get("type") in ASKS and isinstance(status, dict) and str(status.get("id")) in mark.watched

    def _notification(self, mark: Mark, notification: Json, *, with_ancestors: bool = True) -> RawItem:
        """Return the item of a notification: two that bring one status bring one item."""
        status, kind = notification.get("status"), notification.get("type")
        name, ancestors = f"told:{notification.get('id')}", list[str]()
        if isinstance(status, dict) and kind in ASKS:
            name = f"said:{status.get('id')}"
            ancestors = self._ancestors(status) if with_ancestors else []
            mark.watch(status)
        elif isinstance(status, dict) and kind in EDITS:
            name = f"edited:{status.get('id')}:{status.get('edited_at')}"
        return RawItem(
            remote_id=name,
            content=envelope("notification", notification, self._about(mark), ancestors),
            received_at=read_time(notification.get("created_at")),
        )

    def _status(self, mark: Mark, kind: str, status: Json) -> RawItem:
        edited = kind == "edited"
        mark.watch(status)
        return RawItem(
            remote_id=f"edited:{status.get('id')}:{status.get('edited_at')}" if edited else f"said:{status.get('id')}",
            content=envelope(kind, status, self._about(mark)),
            received_at=read_time(status.get("edited_at") if edited else status.get("created_at")),
        )

    def _about(self, mark: Mark) -> dict[str, str]:
        return {"host": self._line.config.host, "domain": mark.domain, "me": mark.me}

    def _ancestors(self, status: Json) -> list[str]:
        """Return the ids of what a reply stands under, the first first; none where the server cannot say."""
        if not status.get("in_reply_to_id"):
            return []
        try:
            context = self._line.ask_one(lambda: self._line.api.status_context(str(status["id"])))
        except (NotThere, Unwell):
            return []
        above = context.get("ancestors")
        return [str(each.get("id")) for each in above if isinstance(each, dict)] if isinstance(above, list) else []

    # -- What was edited or removed: a server does not tell of it unasked ----------------------------------------------------

    def _changes(self, mark: Mark) -> list[RawItem]:
        left = self._line.calls_left()
        if not mark.watched or (left is not None and left < CALLS_KEPT):
            return []
        looked_at, found = self._look([*mark.watched])
        items = []
        for status_id in looked_at:
            edited_at = mark.watched.pop(status_id)
            status = found.get(status_id)
            if status is None:
                items.append(self._withdrawn(mark, status_id))
                continue
            mark.watched[status_id] = edited_at  # behind the others: those come first the next time
            if str(status.get("edited_at") or "") != edited_at:
                items.append(self._status(mark, "edited", status))
        return items

    def _look(self, watched: list[str]) -> tuple[list[str], dict[str, Json]]:
        """Return which statuses were looked at, and those of them that are there."""
        ids = watched[:LOOKED_AT_ONCE]
        try:
            answer = self._line.ask_list(lambda: self._line.api.statuses(ids))
        except (RateLimited, LogInRefused, Unwell):
            raise
        except ChannelError as error:
            if not error.permanent:
                raise
            ids, answer = ids[:LOOKED_AT_ONE_BY_ONE], []  # before Mastodon 4.3
        found = {str(each.get("id")): each for each in answer}
        for missing in [
            each for each in ids if each not in found
        ]:  # that it was left out is not enough to call it gone
            found |= self._look_again(missing)
        return ids, found

    def _look_again(self, status_id: str) -> dict[str, Json]:
        try:
            return {status_id: self._line.ask_one(lambda: self._line.api.status(status_id))}
        except NotThere:
            return {}

    def _withdrawn(self, mark: Mark, status_id: str) -> RawItem:
        return RawItem(
            remote_id=f"withdrawn:{status_id}",
            content=envelope("withdrawn", {"id": status_id}, self._about(mark)),
            received_at=None,
        )


def _answers_somebody(status: Json, me: str) -> bool:
    """Whether a status of our own says something to somebody: what is only posted is nobody's answer."""
    if status.get("reblog") is not None:
        return False
    to_other = status.get("in_reply_to_account_id") not in {None, me}
    return to_other or bool(status.get("mentions")) or status.get("visibility") == "direct"
