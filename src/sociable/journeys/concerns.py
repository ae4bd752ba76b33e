"""What is wrong with accounts, or will be, is noted as concerns: begun once, over when it is mended, told to who can act.

Who is told by which route is decided in tell; how a connection is was noted by health, fetch and introduce; sign-offs are cover's.
Holes in cover are looked for in holes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from sociable.cover import days, readiness
from sociable.directory import queries as directory
from sociable.directory.health_models import Concern
from sociable.directory.models import Account, Connection
from sociable.domain.worktime.wording import date_words
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import fetch, health, tell

EVERY = timedelta(minutes=1)
WARNED_DAYS = (1, 7, 14)  # before a log-in ends
KEEP = timedelta(days=365)


def schedule(now: datetime) -> None:
    """This function will make sure that concerns are looked for; however many workers start, there is one row."""
    if not DueRow.objects.filter(key="concerns", done_at=None).exists():
        due.ask([due.Due("concerns", "concerns", 0, now)])


def look(row: DueRow, now: datetime) -> None:
    """This function will note what began and what is over, and have who can act told of it."""
    with transaction.atomic():
        note(now)
        tell.queue(now)
        due.renew(row, now + EVERY)


def note(now: datetime) -> None:
    """This function will begin a concern for each thing that is wrong now, and end those that are wrong no more."""
    heard = Connection.objects.filter(account__stage__in=fetch.STAGES_HEARD).select_related("account")
    wrong = {concern.key: concern for concern in (*_wrong(heard, now), *_sign_offs(now), *_learning_ended(now))}
    known = set(Concern.objects.filter(key__in=wrong).values_list("key", flat=True))
    Concern.objects.bulk_create(concern for key, concern in wrong.items() if key not in known)
    Concern.objects.filter(over_at=None).exclude(kind=Concern.Kind.HOLE).exclude(key__in=wrong).update(over_at=now)
    Concern.objects.filter(over_at__lt=now - KEEP).delete()


def _wrong(heard: QuerySet[Connection], now: datetime) -> Iterator[Concern]:
    for one in heard.exclude(trouble="").exclude(trouble_since_at=None):
        began_at = one.trouble_since_at or now
        yield Concern(
            account=one.account, kind=Concern.Kind.TROUBLE, key=f"trouble:{one.pk}:{began_at.isoformat()}",
            words=one.trouble, began_at=began_at,
        )  # fmt: skip
    for one in heard.filter(expires_at__lte=now + timedelta(days=max(WARNED_DAYS))):
        yield _ending(one, now)
    quiet = Q(called_at__lt=now - health.QUIET_AFTER, fetches=False) | Q(missed_at__gt=F("called_at"))
    for one in heard.filter(quiet):
        if words := health.went_quiet(one, now, fetched=one.fetches):
            key = f"quiet:{one.pk}:{one.called_at.isoformat() if one.called_at else ''}"
            yield Concern(account=one.account, kind=Concern.Kind.QUIET, key=key, words=words, began_at=now)


def _ending(one: Connection, now: datetime) -> Concern:
    """One for each of the days on which it is warned; the one before is over then, and nobody is told of that."""
    ends_at = one.expires_at or now
    within = min((days for days in WARNED_DAYS if ends_at <= now + timedelta(days=days)), default=max(WARNED_DAYS))
    key = f"ending:{one.pk}:{ends_at.isoformat()}:{0 if ends_at <= now else within}"
    return Concern(account=one.account, kind=Concern.Kind.ENDING, key=key, words=ends_at.isoformat(), began_at=now)


def _sign_offs(now: datetime) -> Iterator[Concern]:
    """One for each sign-off that ends within four weeks; renewed or taken back, it is over."""
    soon = readiness.kept().standing(now).filter(expires_at__lte=now + readiness.SOON, person__is_active=True)
    for row in soon.filter(account__stage__in=directory.ANSWERING).select_related("person", "account__partner"):
        last_on = days.last_day(row.expires_at or now, directory.zone_of(row.account))
        words = f"{row.person.name} is signed off until {date_words(last_on)}, and not counted after that."
        yield Concern(
            account=row.account, kind=Concern.Kind.READINESS, key=f"ready:{row.pk}", words=words, began_at=now
        )


def _learning_ended(now: datetime) -> Iterator[Concern]:
    """One for each account whose day until which it is learning has passed, until it moves on or is given another."""
    learning = Account.objects.filter(
        stage=Account.Stage.LEARNING, learning_until_on__lte=now.date() + timedelta(days=1)
    )
    for account in learning.select_related("partner"):
        until_on = account.learning_until_on or now.date()
        if days.day_of(now, directory.zone_of(account)) > until_on:
            words = (
                f"It was learning until {date_words(until_on)}. Move it to live, or say until when it is learning now."
            )
            key = f"learning:{account.pk}:{until_on.isoformat()}"
            yield Concern(account=account, kind=Concern.Kind.LEARNING, key=key, words=words, began_at=now)
