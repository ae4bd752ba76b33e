"""Answers how many requests accounts are to expect in the coming two weeks: reads what came in the last year, and learns from it.

What is learnt is decided in domain/cover/forecast; how likely promises are kept then, in foresee.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

import numpy as np
from django.db.models import Min
from numpy.typing import NDArray

from sociable.directory import queries as directory
from sociable.directory.models import Account, SchoolHoliday
from sociable.domain.cover.backtest import Backtest, backtest
from sociable.domain.cover.forecast import Days, Forecast, fit
from sociable.domain.worktime import holidays
from sociable.promises import history
from sociable.promises.models import Wait

DAYS_AHEAD = 14
HISTORY = timedelta(weeks=52)


@dataclass(frozen=True, slots=True)
class Expected:
    """What is expected of one account: altogether and by channel, and how forecasts of it did.

    Shape:  by_half_hour (days, 48) of the account's own clock, from `first_on`
    """

    account: Account
    first_on: date
    whole: Forecast
    channels: Mapping[str, Forecast]
    by_half_hour: NDArray[np.float64]
    by_day: NDArray[np.float64]
    looked_back: Backtest | None
    special: Days

    def between(self, expected: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """This function will say between which counts nine in ten will lie."""
        return self.whole.between(expected)


class Past:
    """What came to some accounts in the last year, read once; forecasts are learnt when they are asked for."""

    def __init__(self, accounts: Iterable[Account], now: datetime) -> None:
        self.accounts, self.now = {account.pk: account for account in accounts}, now
        self.since = now - HISTORY
        self.came = history.arrivals(self.accounts, self.since, now)

    @cached_property
    def begun(self) -> dict[int, datetime]:
        """When the first request of each account came that is counted here."""
        waits = Wait.objects.filter(account__in=self.accounts, started_at__gte=self.since)
        return dict(
            waits.order_by().values("account").annotate(first=Min("started_at")).values_list("account", "first")
        )

    @cached_property
    def school(self) -> dict[int, list[tuple[date, date]]]:
        """The school holidays of each body."""
        partners = {account.partner_id for account in self.accounts.values()}
        found: dict[int, list[tuple[date, date]]] = {partner: [] for partner in partners}
        for row in SchoolHoliday.objects.filter(partner__in=partners):
            found[row.partner_id].append((row.first_on, row.last_on))
        return found

    def days(self, account: Account, first_on: date, count: int) -> Days:
        """This function will describe days as the account's place keeps them."""
        banks = holidays.bank_holidays(directory.division_of(account))
        return Days.of(first_on, count, banks, self.school[account.partner_id])

    @cached_property
    def counted(self) -> dict[tuple[int, str], NDArray[np.intp]]:
        """Requests by (account, channel): whole local days since the first, by half hour."""
        places: dict[int, tuple[date, int]] = {pk: self.stretch(account) for pk, account in self.accounts.items()}
        found: dict[tuple[int, str], NDArray[np.intp]] = {}
        for account, channel, half_hour, requests in self.came:
            first_on, count = places[account]
            zone = ZoneInfo(directory.zone_of(self.accounts[account]))
            local = datetime.fromtimestamp(half_hour * 1800, zone)
            day = (local.date() - first_on).days
            if 0 <= day < count:
                table = found.setdefault((account, channel), np.zeros((count, 48), np.intp))
                table[day, local.hour * 2 + local.minute // 30] += requests
        return found

    def stretch(self, account: Account) -> tuple[date, int]:
        """This function will say from which day on an account is counted, and how many days until yesterday."""
        zone = ZoneInfo(directory.zone_of(account))
        today = self.now.astimezone(zone).date()
        begun = self.begun.get(account.pk)
        first_on = begun.astimezone(zone).date() if begun else today
        return first_on, max((today - first_on).days, 0)

    def whole(self, account: Account) -> NDArray[np.intp]:
        """This function will return the counts of an account over all channels."""
        tables = [table for (pk, _), table in self.counted.items() if pk == account.pk]
        return np.sum(tables, axis=0) if tables else np.zeros((self.stretch(account)[1], 48), np.intp)

    @cached_property
    def of_bodies(self) -> dict[int, Forecast | None]:
        """What a usual account of each body is asked, learnt from all that are here."""
        found: dict[int, Forecast | None] = {}
        for partner in {account.partner_id for account in self.accounts.values()}:
            own = [account for account in self.accounts.values() if account.partner_id == partner]
            longest = min(own, key=lambda account: self.stretch(account)[0])
            first_on, count = self.stretch(longest)
            summed = np.zeros((count, 48), np.intp)
            for account in own:
                table = self.whole(account)
                if len(table):
                    summed[-len(table) :] += table[-count:]
            known = fit(summed, self.days(longest, first_on, count)) if summed.any() else None
            found[partner] = known.scaled(1 / len(own)) if known else None
        return found

    def expected(self, account: Account, *, look_back: bool = False) -> Expected:
        """This function will forecast an account for the coming two weeks."""
        first_on, count = self.stretch(account)
        counts, days, others = (
            self.whole(account),
            self.days(account, first_on, count),
            self.of_bodies[account.partner_id],
        )
        whole = fit(counts, days, others)
        channels = {
            channel: fit(table, days, whole.scaled(float(table.sum()) / max(int(counts.sum()), 1)))
            for (pk, channel), table in sorted(self.counted.items())
            if pk == account.pk
        } or {account.channel: whole}
        local = self.now.astimezone(ZoneInfo(directory.zone_of(account)))
        today = local.date()
        ahead = self.days(account, today, DAYS_AHEAD)
        by_half_hour = np.sum([each.by_half_hour(ahead) for each in channels.values()], axis=0)
        by_half_hour[0, : local.hour * 2 + local.minute // 30] = 0  # that is over
        looked_back = backtest(counts, days, others) if look_back else None
        return Expected(
            account, today, whole, channels, by_half_hour, by_half_hour.sum(axis=1), looked_back, ahead
        )  # fmt: skip
