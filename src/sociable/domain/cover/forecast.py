"""Decides how many requests are to be expected in each half hour of the coming weeks, from the counts of those behind us.

A level by day of the week, school term and bank holiday, and the shape of the day; each is drawn towards what is known more
widely, the more the less there is of its own. It foresees no trend: recent weeks weigh more, and that is all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sociable.domain.cover.queueing import Floats

HALF_LIFE_WEEKS = 13
ENOUGH_DAYS, ENOUGH_REQUESTS = 56, 100
GUESS_A_DAY = 4.0
_PRIOR_DAYS = 3.0
"""How many days of its own it takes until a day of the week counts for more than the days around it."""
_PRIOR_REQUESTS = 60.0
"""The same for the shape of a day, and for what school holidays do, in requests."""
USUALLY_VARY = 0.05

Flags = NDArray[np.bool_]


class Basis(StrEnum):
    """What a forecast rests on."""

    OWN = "own"
    LITTLE = "little"
    OTHERS = "others"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Days:
    """A stretch of local days, and which of them are special.

    Shape:  weekday 0 Monday to 6 Sunday; arrays of one entry a day
    """

    first_on: date
    weekday: NDArray[np.intp]
    bank: Flags
    school: Flags

    @classmethod
    def of(
        cls, first_on: date, count: int, bank_holidays: Collection[date], school: Collection[tuple[date, date]]
    ) -> Days:
        """This function will describe a stretch of days; school holidays are given by first and last day."""
        each = [first_on + timedelta(days=number) for number in range(count)]
        away = [any(first <= on <= last for first, last in school) for on in each]
        banks = [on in bank_holidays for on in each]
        weekdays = np.array([on.weekday() for on in each], dtype=np.intp)
        return cls(first_on, weekdays, np.array(banks, dtype=np.bool_), np.array(away, dtype=np.bool_))

    def part(self, begin: int, end: int) -> Days:
        """This function will return some of these days."""
        here = slice(begin, end)
        first_on = self.first_on + timedelta(days=begin)
        return Days(first_on, self.weekday[here], self.bank[here], self.school[here])


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is known of one stream of requests.

    `days_vary` and `unsure` are variances of factors around 1: how far days lie apart beyond chance, and how far the level may
    lie from what we take it for.

    Shape:  a_day by day of the week, the eighth for bank holidays; shape (8, 48) of each of those days, adding up to 1
    """

    a_day: Floats
    shape: Floats
    school_factor: float
    days_vary: float
    unsure: float
    basis: Basis
    of_days: int
    of_requests: int

    def by_day(self, days: Days) -> Floats:
        """This function will say how many requests are expected on each day."""
        kind = np.where(days.bank, 7, days.weekday)
        return np.asarray(self.a_day[kind] * np.where(days.school, self.school_factor, 1.0), dtype=float)

    def by_half_hour(self, days: Days) -> Floats:
        """This function will say how many requests are expected in each half hour of each day: (days, 48)."""
        kind = np.where(days.bank, 7, days.weekday)
        return self.by_day(days)[:, None] * self.shape[kind]

    def scaled(self, by: float) -> Forecast:
        """This function will return the forecast of a part of this stream, or of one of several."""
        return replace(self, a_day=self.a_day * by)

    def between(self, expected: Floats, sure: float = 0.9) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """This function will say between which counts, both included, what comes will lie so often."""
        return counts_between(expected, self.days_vary + self.unsure, sure)


def fit(counts: NDArray[np.intp], days: Days, others: Forecast | None = None) -> Forecast:
    """This function will learn from counts by day and half hour what is to be expected.

    Shape:  counts (days, 48); others is the forecast of like accounts together, scaled to one of them, for when there is little
    Source: shrinkage of Poisson rates by a gamma prior, as in any text on empirical Bayes
    """
    total = int(counts.sum())
    if not total and others is None:
        return _guess(len(counts))
    by_day = counts.sum(axis=1).astype(float)
    school = _school_factor(by_day, days, others)
    a_day = _levels(by_day, days, school, others)
    shape = _shapes(counts, days, others)
    mean = a_day[np.where(days.bank, 7, days.weekday)] * np.where(days.school, school, 1.0)
    basis = _basis(len(counts), total)
    vary, unsure = _days_vary(by_day, mean), _unsure(by_day, mean, basis)
    return Forecast(a_day, shape, school, vary, unsure, basis, len(counts), total)


def _basis(days: int, requests: int) -> Basis:
    if days >= ENOUGH_DAYS and requests >= ENOUGH_REQUESTS:
        return Basis.OWN
    return Basis.LITTLE if requests else Basis.OTHERS


def _guess(days: int) -> Forecast:
    """Nothing is known of this account nor of any other: a few requests on working days, in the daytime."""
    shape = np.zeros((8, 48))
    shape[:, 16:36] = 1 / 20
    a_day = np.array([GUESS_A_DAY] * 5 + [GUESS_A_DAY / 4] * 3)
    return Forecast(a_day, shape, 1.0, USUALLY_VARY, 1.0, Basis.GUESS, days, 0)


# -- Level -------------------------------------------------------------------------------------------------------------


def _weights(count: int) -> Floats:
    age_weeks = np.arange(count - 1, -1, -1) / 7
    return np.asarray(0.5 ** (age_weeks / HALF_LIFE_WEEKS), dtype=float)


def _school_factor(by_day: Floats, days: Days, others: Forecast | None) -> float:
    """How much comes in school holidays against the same days of the week in term."""
    term, away = ~days.bank & ~days.school, ~days.bank & days.school
    usual = others.school_factor if others else 1.0
    came, expected = 0.0, 0.0
    for weekday in range(7):
        here = days.weekday == weekday
        if (here & term).any():
            expected += by_day[here & term].mean() * (here & away).sum()
            came += by_day[here & away].sum()
    return float((came + _PRIOR_REQUESTS * usual) / (expected + _PRIOR_REQUESTS))


def _levels(by_day: Floats, days: Days, school: float, others: Forecast | None) -> Floats:
    weights = _weights(by_day.size) * ~days.bank
    exposure = weights * np.where(days.school, school, 1.0)
    levels = np.zeros(8)
    for group in (slice(0, 5), slice(5, 7)):
        inside = (days.weekday >= group.start) & (days.weekday < group.stop)
        wide = float(others.a_day[group].mean()) if others else _mean(by_day, weights, exposure, inside)
        prior = _PRIOR_DAYS if others else 0.0
        together = _drawn(by_day * weights, exposure, inside, wide, prior)
        for weekday in range(group.start, group.stop):
            levels[weekday] = _drawn(by_day * weights, exposure, days.weekday == weekday, together, _PRIOR_DAYS)
    levels[7] = _drawn(by_day, np.ones(by_day.size), days.bank, levels[6], _PRIOR_DAYS)
    return levels


def _mean(by_day: Floats, weights: Floats, exposure: Floats, inside: Flags) -> float:
    days = float(exposure[inside].sum())
    return float((by_day * weights)[inside].sum()) / days if days else 0.0


def _drawn(came: Floats, exposure: Floats, which: Flags, towards: float, prior: float) -> float:
    """The mean a day of what was counted, drawn towards what is known more widely as if so many days had shown that."""
    days = float(exposure[which].sum()) + prior
    return (float(came[which].sum()) + towards * prior) / days if days else towards


# -- Shape of the day --------------------------------------------------------------------------------------------------


def _shapes(counts: NDArray[np.intp], days: Days, others: Forecast | None) -> Floats:
    shapes = np.zeros((8, 48))
    for group in ((0, 1, 2, 3, 4), (5, 6)):
        inside = np.isin(days.weekday, group) & ~days.bank
        wide = others.shape[list(group)].mean(axis=0) if others else _smooth(counts.sum(axis=0).astype(float))
        together = _shaped(_smooth(counts[inside].sum(axis=0).astype(float)), wide)
        for weekday in group:
            own = counts[(days.weekday == weekday) & ~days.bank].sum(axis=0).astype(float)
            shapes[weekday] = _shaped(_smooth(own), together)
    shapes[7] = _shaped(counts[days.bank].sum(axis=0).astype(float), shapes[6])
    return shapes


def _smooth(counts: Floats) -> Floats:
    """Half an hour borrows a quarter from each neighbour."""
    ringed = np.concatenate((counts[-1:], counts, counts[:1]))
    return np.asarray(ringed[:-2] / 4 + counts / 2 + ringed[2:] / 4, dtype=float)


def _shaped(counts: Floats, towards: Floats) -> Floats:
    drawn = counts + _PRIOR_REQUESTS * towards / max(float(towards.sum()), 1e-12)
    return np.asarray(drawn / max(float(drawn.sum()), 1e-12), dtype=float)


# -- How sure ----------------------------------------------------------------------------------------------------------


def _days_vary(by_day: Floats, mean: Floats) -> float:
    """How far days lie apart beyond chance, by moments, drawn towards what is usual."""
    beyond = float(((by_day - mean) ** 2 - mean).sum())
    weight = float((mean**2).sum())
    prior = 30 * max(float(mean.mean()), 1.0) ** 2 if mean.size else 1.0
    return max((beyond + USUALLY_VARY * prior) / (weight + prior), 0.0)


def _unsure(by_day: Floats, mean: Floats, basis: Basis) -> float:
    """How far the level itself may lie from what we take it for: by counting few, and because four weeks differ from the next."""
    if basis is Basis.OTHERS:
        return 0.5
    few = 1 / (float(by_day.sum()) + 1)
    months = by_day.size // 28
    if months < 3:
        return few + (0.1 if basis is Basis.LITTLE else 0.02)
    came, expected = (values[-months * 28 :].reshape(months, 28).sum(axis=1) for values in (by_day, mean))
    beyond = ((came - expected) ** 2 - expected).mean() / max(float((expected**2).mean()), 1e-12)
    return few + float(np.clip(beyond, 0.0, 0.25))


def counts_between(expected: Floats, varies: float, sure: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """This function will give the bounds of a count whose mean is known up to a factor of that variance (negative binomial).

    Shape:  so that no more than half of the rest lies below, and none more above
    """
    most = int(np.max(expected, initial=0) * (1 + 8 * varies**0.5) + 12 * np.max(expected, initial=0) ** 0.5 + 12)
    count = np.arange(1, most + 1)
    mean = np.maximum(expected.ravel(), 1e-12)[:, None]
    if varies < 1e-9:
        none, ratios = -mean, np.log(mean) - np.log(count)
    else:
        size = 1 / varies
        none = -size * np.log1p(mean * varies)
        ratios = np.log(count - 1 + size) - np.log(count) + np.log(mean / (mean + size))
    below = np.cumsum(np.exp(np.concatenate((none, none + np.cumsum(ratios, axis=1)), axis=1)), axis=1)
    rest = (1 - sure) / 2
    low, high = (below <= rest).sum(axis=1), (below < 1 - rest).sum(axis=1)
    return low.reshape(expected.shape), high.reshape(expected.shape)
