"""Says of notices that are to leave whether anybody still needs to be told, what they say, and whether they may ring now.

How they leave is decided in notify.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q

from sociable.alerts import news as waiting_news
from sociable.alerts import queries as alerts
from sociable.alerts import words
from sociable.alerts.models import Chain, Notice
from sociable.directory.models import Account
from sociable.domain import alerting
from sociable.journeys import news
from sociable.promises.models import Wait

Kind = Notice.Kind
OF_REQUESTS = frozenset({Kind.REQUEST, Kind.BATCH})
STALE = timedelta(minutes=15)  # what is later than this is decided anew: its person may have gone home


def said(notice: Notice, now: datetime) -> words.Words | None:
    """This function will return what a notice says; None where nobody needs to be told any more."""
    if notice.kind == Kind.REQUEST and notice.chain is not None:
        running = notice.chain.ended_at is None and notice.chain.wait.is_open
        return words.of_request(notice, notice.chain, now) if running else None
    if notice.kind == Kind.BATCH:
        chains = _running_members(notice)
        return words.of_batch(notice, chains, now) if chains else None
    if notice.kind == Kind.SHIFT:
        waits = _waits_of_shift(notice)
        return words.of_shift(waits, now) if waits else None
    return news.said(notice, now) if notice.kind == Kind.NEWS else words.of_drill(notice)


def _running_members(notice: Notice) -> list[Chain]:
    members = Chain.objects.filter(notices__batch=notice, ended_at=None, wait__ended_at=None)
    return list(members.select_related("wait__account__partner").distinct())


def _waits_of_shift(notice: Notice) -> list[Wait]:
    """What waits where the shift covers, and what else was told with it: of an account that they lead, say."""
    if notice.shift is None:
        return []
    accounts, waits = notice.shift.accounts.values("pk"), Wait.objects.open()
    with_it = Chain.objects.filter(notices__batch=notice, ended_at=None).values("wait")
    open_ones = waits.filter(Q(account__in=accounts) | Q(account__answered_from__in=accounts) | Q(pk__in=with_it))
    return list(open_ones.select_related("account__partner").order_by("due_at", "pk"))


def _quiet(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """Which of these take a route that keeps quiet now, by the clock of its person, and until when."""
    some = [(one, one.route) for one in notices if one.route is not None and one.route.quiet_from]
    people = alerts.People.read({one.person_id for one, _ in some}, now) if some else None
    found = {}
    for one, route in some:
        zone = people.zone_of(one.person_id) if people is not None else ""
        if (until := alerts.way_of(route, now, zone).quiet_until(now)) is not None:
            found[one.pk] = until
    return found


def later(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """This function will say which may not ring now, and from when: their route keeps quiet, or they are late."""
    found = _quiet([one for one in notices if one.kind != Kind.DRILL], now)
    found |= waiting_news.later([one for one in notices if one.kind == Kind.NEWS and now - one.due_at > STALE], now)
    found |= _over(notices, now)
    stale = [one for one in notices if one.kind in OF_REQUESTS and one.account_id and now - one.due_at > STALE]
    if not stale:
        return found
    of = Account.objects.select_related("partner", "answered_from__partner")
    accounts = of.filter(pk__in={one.account_id for one in stale})
    facts = alerts.facts(accounts, now, [one.person for one in stale])
    for one in stale:
        somebody = facts.somebody(one.person)
        at = alerting.rings_at(facts.situations[one.account_id or 0], somebody, one.standing, now)
        if at > now:
            found[one.pk] = max(at, found.get(one.pk, at))
    return found


def _over(notices: Sequence[Notice], now: datetime) -> dict[int, datetime]:
    """What was to be told as a shift began that is over by now: from when its person is next there."""
    over = [one for one in notices if one.kind == Kind.SHIFT and one.shift is not None and one.shift.ends_at <= now]
    people = alerts.People.read({one.person_id for one in over}, now) if over else None
    known = {one.pk: people.known(one.person_id) for one in over} if people is not None else {}
    back = {pk: somebody.hours.next_in(now) for pk, somebody in known.items() if somebody is not None}
    return {pk: at for pk, at in back.items() if at is not None and at > now}
