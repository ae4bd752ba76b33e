"""Holes in cover are told to whoever plans them, so many working days before: once each, and again when they are closed.

A near hole is told at once, farther ones once a day. What a hole is, is decided by domain/cover; how it is said, in
holes_words.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Max, QuerySet

from sociable.alerts import news
from sociable.alerts.models import Notice
from sociable.alerts.words import Words
from sociable.cover import board, queries
from sociable.cover.reading import answers
from sociable.directory import queries as directory
from sociable.directory.health_models import Concern, Told
from sociable.directory.models import Account
from sociable.domain.cover.reasons import as_us, holes_of
from sociable.domain.cover.spans import Span, minus
from sociable.domain.worktime import Calendar, DomainError
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import holes_words, tell
from sociable.people.models import Person

EVERY = timedelta(minutes=10)
NEAR_DAYS = 2  # working days; what is nearer is told at once
FARTHEST = timedelta(weeks=6)
Instants = tuple[datetime, datetime]
DAILY_FROM = 7  # o'clock, there: the mail of the day is read when the day begins


def schedule(now: datetime) -> None:
    """This function will make sure that holes are looked for; however many workers start, there is one row."""
    if not DueRow.objects.filter(key="holes", done_at=None).exists():
        due.ask([due.Due("holes", "holes", 0, now)])


def look(row: DueRow, now: datetime) -> None:
    """This function will note which holes came near and which are closed, and have whoever plans them told."""
    found = open_days(
        now
    )  # before the transaction: it only reads, and takes a while where there are hundreds of accounts
    with transaction.atomic():
        note(found, now)
        queue(now)
        due.renew(row, now + EVERY)


# -- What is open ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OnDay:
    """The holes of one account that begin on one local day, within the days of which it is warned."""

    account: Account
    on: date
    spans: list[dict[str, Any]]

    def goes_beyond(self, told: Concern) -> bool:
        """Whether somebody is missing at an instant at which fewer were when it was told."""
        known = json.loads(told.words)["spans"]
        return any(
            minus([_span(one)], [_span(each) for each in known if each["missing"] >= one["missing"]])
            for one in self.spans
        )


def _span(one: dict[str, Any]) -> Span:
    return as_us(datetime.fromisoformat(one["from"])), as_us(datetime.fromisoformat(one["to"]))


def note(found: Iterable[OnDay], now: datetime, of: Sequence[Account] | None = None) -> None:
    """This function will begin a concern for each day on which an account has holes, and end those that have none any more.

    What grew is begun anew, so that it is told again; what shrank stays as it was told.

    Shape:  `of` where only some accounts were looked at: those of others stay as they are
    """
    open_now = {(day.account.pk, day.on.isoformat()): day for day in found}
    begun = set()
    for concern in _going(of):
        day = open_now.get((concern.account_id, json.loads(concern.words)["on"]))
        if day is None or day.goes_beyond(concern):
            Concern.objects.filter(pk=concern.pk).update(over_at=now)
        else:
            begun.add((day.account.pk, day.on.isoformat()))
    Concern.objects.bulk_create(_concern(day, now) for key, day in open_now.items() if key not in begun)


def _going(of: Sequence[Account] | None) -> QuerySet[Concern]:
    going = Concern.objects.filter(kind=Concern.Kind.HOLE, over_at=None)
    return going if of is None else going.filter(account__in=of)


def note_told(lost: Mapping[Account, Sequence[Instants]], people: Iterable[Person], now: datetime) -> None:
    """This function will note that people are written to otherwise of holes that were torn just now: they are told of each once.

    Shape:  by account the stretches that they read of; a day that has other holes too is still told. Call it inside the
            transaction that tears them
    """
    accounts = list(lost)
    note(open_days(now, accounts), now, accounts)
    read = {account.pk: [(as_us(first), as_us(last)) for first, last in spans] for account, spans in lost.items()}
    known = [one for one in _going(accounts) if not minus(_spans(one), read[one.account_id])]
    Told.objects.bulk_create(
        (Told(concern=one, person=person, told_at=now) for one in known for person in people), ignore_conflicts=True
    )


def _spans(concern: Concern) -> list[Span]:
    return [_span(one) for one in json.loads(concern.words)["spans"]]


def _concern(day: OnDay, now: datetime) -> Concern:
    return Concern(
        account=day.account, kind=Concern.Kind.HOLE, began_at=now,
        key=f"hole:{day.account.pk}:{day.on.isoformat()}:{now.isoformat()}",
        words=json.dumps({"on": day.on.isoformat(), "spans": day.spans}),
    )  # fmt: skip


def open_days(now: datetime, of: Sequence[Account] | None = None) -> list[OnDay]:
    """This function will list the holes of each account, or of some, up to the end of the last working day of which it is warned."""
    rows = Account.objects.exclude(hole_days=0).filter(stage__in=directory.ANSWERING)
    if of is not None:
        rows = rows.filter(pk__in=[one.pk for one in of])
    accounts = [one for one in rows.select_related("partner", "answered_from__partner") if answers(one)]
    calendars = directory.calendars_of(accounts)
    until = {one.pk: _days_on(calendars[one.pk], now, one.hole_days) for one in accounts}
    begins_at = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    worked_out = board.board_of(accounts, begins_at, max(until.values(), default=begins_at))
    names = board.names_in(worked_out)
    by_id, days = {one.pk: one for one in accounts}, defaultdict(list)
    for hole in holes_of(worked_out):
        account = by_id[hole.account]
        if hole.ends_at > now and hole.starts_at < until[account.pk]:
            zone = directory.zone_of(account)
            starts_at = max(hole.starts_at, now)
            days[account.pk, hole.starts_at.astimezone(ZoneInfo(zone)).date()].append({
                "from": starts_at.isoformat(), "to": hole.ends_at.isoformat(), "missing": hole.missing,
                "in": worked_out.fewest_in(hole.account, as_us(starts_at), hole.ends_us),
                "why": board.why(worked_out, hole, zone, names=names),
            })  # fmt: skip
    return [OnDay(by_id[pk], on, spans) for (pk, on), spans in days.items()]


def _days_on(calendar: Calendar | None, now: datetime, days: int) -> datetime:
    """The close of the n-th working day from now, as the account counts working days."""
    if calendar is None:
        return now
    try:
        return min(calendar.working_day_close(now, days), now + FARTHEST)
    except DomainError:
        return now  # it never opens: there is nothing to cover


# -- Who is told -----------------------------------------------------------------------------------------------------------


def queue(now: datetime) -> None:
    """This function will have everybody told who is owed a word of a hole, and note of what; call it inside a transaction."""
    began, over = _untold(), _unended(now)
    newest = _newest_mail({*began, *over})
    for person_id in sorted({*began, *over}):
        theirs = [*began.get(person_id, []), *(told.concern for told in over.get(person_id, []))]
        if _is_time(theirs, newest.get(person_id), now):
            about = tell.note_told(person_id, began.get(person_id, []), over.get(person_id, []), now)
            first = min(map(begins_at, theirs))
            news.ask([person_id], {"of": "holes"} | about, now, key=f"holes:{now.isoformat()}", before=first)


def _is_time(concerns: list[Concern], newest: datetime | None, now: datetime) -> bool:
    """A near one at once; all others with the first mail of the day."""
    if newest is not None and newest > now - tell.BETWEEN:
        return False
    calendars = directory.calendars_of({one.account for one in concerns})
    if any(begins_at(one) < _days_on(calendars[one.account_id], now, NEAR_DAYS - 1) for one in concerns):
        return True
    zone = ZoneInfo(directory.zone_of(concerns[0].account))
    today = now.astimezone(zone)
    return today.hour >= DAILY_FROM and (newest is None or newest.astimezone(zone).date() < today.date())


def begins_at(concern: Concern) -> datetime:
    """This function will say when the first hole of a concern begins."""
    return datetime.fromisoformat(json.loads(concern.words)["spans"][0]["from"])


def _untold() -> dict[int, list[Concern]]:
    going = list(
        Concern.objects.filter(kind=Concern.Kind.HOLE, over_at=None).select_related("account__partner").order_by("pk")
    )
    return tell.owed(going, queries.who_plans({one.account for one in going}))


def _unended(now: datetime) -> dict[int, list[Told]]:
    """What was closed in time, for whoever was told of it; what went by, and what is told anew, is not closed."""
    owed = Told.objects.filter(over_told_at=None, person__is_active=True, concern__kind=Concern.Kind.HOLE)
    owed = owed.exclude(concern__over_at=None).select_related("concern__account__partner").order_by("pk")
    again = set(Concern.objects.filter(kind=Concern.Kind.HOLE, over_at=None).values_list("account_id", "words"))
    still = {(account, json.loads(words)["on"]) for account, words in again}
    ended: dict[int, list[Told]] = defaultdict(list)
    for told in owed:
        spans = json.loads(told.concern.words)
        went_by = max(datetime.fromisoformat(one["to"]) for one in spans["spans"]) <= (told.concern.over_at or now)
        if went_by or (told.concern.account_id, spans["on"]) in still:
            Told.objects.filter(pk=told.pk).update(over_told_at=F("told_at"))  # no mail: none is owed any more
        else:
            ended[told.person_id].append(told)
    return ended


def _newest_mail(people: set[int]) -> dict[int, datetime]:
    told = Told.objects.filter(person__in=people, concern__kind=Concern.Kind.HOLE)
    newest = told.values_list("person").annotate(Max("told_at"), Max("over_told_at"))
    return {person: max(at for at in instants if at is not None) for person, *instants in newest}


def said(notice: Notice, now: datetime) -> Words | None:
    """This function will say what is open and what is closed by the time a notice leaves, and note of what its person is told."""
    about = notice.about or {}
    asked = Concern.objects.filter(pk__in=[*about["began"], *about["over"]]).select_related("account__partner")
    concerns = sorted(asked, key=begins_at)
    if not concerns:
        return None
    tell.note_over(notice.person_id, concerns, now)
    return Words(holes_words.subject(concerns), holes_words.text(concerns))
