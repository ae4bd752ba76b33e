"""Answers what an account states: its calendar, and the promise of a day.

Open time is counted by domain/worktime; how promises were kept is asked of promises.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import QuerySet, prefetch_related_objects

from sociable.asking.question import Among, Asked, Given, Question
from sociable.channels import registry
from sociable.directory.models import Account, Connection, HoursVersion, PromiseVersion
from sociable.domain.promise import Clock, Form, Promise, clock_of, first_answer_by
from sociable.domain.worktime import Calendar, StatedHours, Version, holidays

ANSWERING = (Account.Stage.LEARNING, Account.Stage.LIVE)


@lru_cache(maxsize=2048)
def calendar_from(stated: tuple[tuple[date, str], ...], division: str, zone: str) -> Calendar:
    """This function will compile stated hours into a calendar; the same versions give the same one, shared by all who ask.

    Shape:  (valid from, notation) ascending; the first is taken to have been valid before too
    Errors: HoursNotationError
    """
    versions = []
    for number, (from_on, notation) in enumerate(stated):
        to_on = stated[number + 1][0] - timedelta(days=1) if number + 1 < len(stated) else None
        versions.append(Version(StatedHours.parse(notation), from_on=from_on if number else None, to_on=to_on))
    return Calendar(
        versions, zone=zone, holidays=holidays.bank_holidays(division), holidays_end_on=holidays.ends_on(division)
    )


@lru_cache(maxsize=2048)
def calendar_since(from_on: date, notation: str, division: str, zone: str) -> Calendar:
    """This function will compile hours that hold from a day on and not before, written as stated hours are.

    Errors: HoursNotationError
    """
    return Calendar(
        [Version(StatedHours.parse(notation), from_on=from_on)],
        zone=zone, holidays=holidays.bank_holidays(division), holidays_end_on=holidays.ends_on(division),
    )  # fmt: skip


def stated_hours(account: Account) -> tuple[tuple[date, str], ...]:
    """This function will return the account's hours as (valid from, notation); of two from one day the later stated counts."""
    return tuple(dict(_HOURS.all(account=account.pk)).items())


_HOURS = Question(
    lambda: (
        HoursVersion.objects.filter(account=Given("account"))
        .order_by("valid_from_on", "id")
        .values_list("valid_from_on", "notation")
    )
)


def calendar_of(account: Account) -> Calendar | None:
    """This function will return the account's calendar, or None where it states no hours."""
    stated = stated_hours(account)
    return calendar_from(stated, division_of(account), zone_of(account)) if stated else None


def calendars_of(accounts: Iterable[Account]) -> dict[int, Calendar | None]:
    """This function will return the calendars of many accounts with one query.

    Shape:  account id to calendar or None; the accounts come with their partner
    """
    given = list(accounts)
    return calendars_by(given, hours_of_many(account.pk for account in given).answer())


Hours = tuple[int, date, str]  # account id, valid from, notation


def hours_of_many(account_ids: Iterable[int]) -> Asked[list[Hours]]:
    """This function will ask what hours accounts state, oldest first."""
    return _HOURS_OF_MANY.given(accounts=set(account_ids))


def calendars_by(accounts: Iterable[Account], hours: Iterable[Hours]) -> dict[int, Calendar | None]:
    """This function will compile the calendars of accounts from the hours that they state."""
    wanted = {account.pk: account for account in accounts}
    stated: dict[int, dict[date, str]] = {pk: {} for pk in wanted}
    for account_id, from_on, notation in hours:
        if account_id in stated:
            stated[account_id][from_on] = notation
    return {
        pk: calendar_from(tuple(stated[pk].items()), division_of(account), zone_of(account)) if stated[pk] else None
        for pk, account in wanted.items()
    }


_HOURS_OF_MANY = Question(
    lambda: (
        HoursVersion.objects.filter(Among("account", "accounts"))
        .order_by("valid_from_on", "id")
        .values_list("account_id", "valid_from_on", "notation")
    )
)


def account_that_sends(account: Account, channel: str, heard_by: Account | None) -> Account:
    """This function will say from which account an answer leaves: the one that answers, if it is on that channel itself.

    Shape:  else the account `heard_by` which they wrote there; else, where people can be written to who have not written first,
            one of the same body that is connected; what leaves by the mail server needs none of them
    """
    if account.channel == channel:
        return account
    if heard_by is not None and heard_by.channel == channel:
        return heard_by
    if registry.can_send(channel) and registry.adapter_class(channel).capabilities.reaches:
        return account_connected(account, channel) or account
    return account


def account_connected(account: Account, channel: str) -> Account | None:
    """This function will return an account of the same body that answers and is connected to a channel, of the same service first."""
    there = Account.objects.filter(
        partner=account.partner_id, channel=channel, connection__isnull=False, stage__in=ANSWERING
    ).order_by("pk")
    own = [one for one in there.select_related("partner") if one.service_id == account.service_id]
    return next(iter((*own, *there)), None)


def promise_versions(account: Account) -> list[PromiseVersion]:
    """This function will return the account's promises, earliest first."""
    return _PROMISES.all(account=account.pk)


_PROMISES = Question(lambda: PromiseVersion.objects.filter(account=Given("account")).order_by("valid_from_on", "id"))


def promise_on(versions: Iterable[PromiseVersion], account: Account, at: datetime) -> PromiseVersion | None:
    """This function will pick the promise in force at an instant, by the account's own date; the first is taken to have held before."""
    on = at.astimezone(ZoneInfo(zone_of(account))).date()
    chosen: PromiseVersion | None = None
    for version in versions:
        if chosen is None or version.valid_from_on <= on:
            chosen = version
    return chosen


def promise_rule(version: PromiseVersion | None) -> Promise | None:
    """This function will turn a stored promise into the rule the clock knows."""
    if version is None:
        return None
    return Promise(
        form=Form(version.form),
        amount=_minutes(version.minutes),
        days=version.days,
        same_day_until=version.same_day_until,
        acknowledge_within=_minutes(version.acknowledge_minutes),
        first_answer_within=None
        if version.first_answer_seconds is None
        else timedelta(seconds=version.first_answer_seconds),
    )


def _minutes(minutes: int | None) -> timedelta | None:
    return None if minutes is None else timedelta(minutes=minutes)


def division_of(account: Account) -> str:
    """This function will return the division whose bank holidays the account keeps."""
    return account.division or account.partner.division


def zone_of(account: Account) -> str:
    """This function will return the account's time zone."""
    return account.zone or account.partner.zone


@dataclass(frozen=True, slots=True)
class Stated:
    """All that the clock needs of one account, read once: its calendar and its promises."""

    account: Account
    calendar: Calendar | None
    versions: tuple[PromiseVersion, ...]

    def clock(self, arrived_at: datetime) -> tuple[Clock, PromiseVersion | None]:
        """This function will set the clock of a request and name the promise it was judged by."""
        version = promise_on(self.versions, self.account, arrived_at) if self.calendar else None
        clock = clock_of(promise_rule(version), self.calendar, arrived_at)
        return clock, version if clock.due_at else None

    def first_answer_by(self, arrived_at: datetime) -> datetime | None:
        """This function will say by when somebody who waits at the other end is to have a first answer; None: not promised."""
        version = promise_on(self.versions, self.account, arrived_at) if self.calendar else None
        return first_answer_by(promise_rule(version), self.calendar, arrived_at)


def own_stated(account: Account) -> Stated:
    """This function will read what an account states itself."""
    return Stated(account, calendar_of(account), tuple(promise_versions(account)))


def stated(account_id: int) -> Stated:
    """This function will read what judges the requests to an account.

    Errors: Account.DoesNotExist
    """
    account = _who_states(account_id)
    if account.answered_from_id is not None:
        account.answered_from = _who_states(account.answered_from_id)
    return judging(own_stated(account))


def _who_states(account_id: int) -> Account:
    account = _WHO_STATES.first(account=account_id)
    if account is None:
        raise Account.DoesNotExist
    return account


_WHO_STATES = Question(lambda: Account.objects.select_related("partner").filter(pk=Given("account")).order_by())


def judging(own: Stated) -> Stated:
    """This function will return what judges the requests to an account, of which is given what it states itself.

    Its own hours and promise, where it states both. Else, where it is answered from another account, those of that one: its
    people answer, in its hours.
    Source: docs/explanation/purposes.md
    """
    other = answering(own.account)
    if other is None or (own.calendar is not None and own.versions):
        return own
    theirs = own_stated(other)
    return Stated(own.account, theirs.calendar, theirs.versions)


def answering(account: Account) -> Account | None:
    """This function will return the account from which another is answered; None where that is itself."""
    other = account.answered_from if account.answered_from_id else None
    if other is None or other.stage not in ANSWERING:
        return None
    return other if other.partner_id == account.partner_id else None


def judging_calendars(accounts: Iterable[Account], hours: Iterable[Hours] | None = None) -> dict[int, Calendar | None]:
    """This function will return the calendars in which the requests to many accounts are judged: account id to calendar.

    Shape:  `hours` are those that the accounts state, where they have been asked for already
    """
    given = list(accounts)
    prefetch_related_objects(given, "answered_from__partner")
    own = calendars_of(given) if hours is None else calendars_by(given, hours)
    passed_on = [account for account in given if answering(account) is not None]
    return own | {pk: one.calendar for pk, one in stated_by_account(passed_on).items()} if passed_on else own


def stated_by_account(accounts: Iterable[Account]) -> dict[int, Stated]:
    """This function will read what judges the requests to many accounts, with two queries, or four where some are answered elsewhere.

    Shape:  account id to what judges it; the accounts come with their partner
    """
    given = list(accounts)
    prefetch_related_objects(given, "answered_from__partner")
    own = _own_by_account(given)
    others = {pk: other for pk, one in own.items() if (other := answering(one.account)) is not None}
    if not others:
        return own
    theirs = _own_by_account(others.values())
    return own | {
        pk: Stated(own[pk].account, theirs[other.pk].calendar, theirs[other.pk].versions)
        for pk, other in others.items()
        if own[pk].calendar is None or not own[pk].versions
    }


def _own_by_account(accounts: Iterable[Account]) -> dict[int, Stated]:
    wanted = {account.pk: account for account in accounts}
    calendars = calendars_of(wanted.values())
    versions: dict[int, list[PromiseVersion]] = {pk: [] for pk in wanted}
    for version in PromiseVersion.objects.filter(account_id__in=wanted).order_by("valid_from_on", "id"):
        versions[version.account_id].append(version)
    return {pk: Stated(account, calendars[pk], tuple(versions[pk])) for pk, account in wanted.items()}


def connection_of(account: Account) -> QuerySet[Connection]:
    """This function will return the account's connection as a row to update."""
    return Connection.objects.filter(account=account)
