"""What is to be expected, learnt from invented histories whose truth is known."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociable.domain.cover.backtest import backtest
from sociable.domain.cover.forecast import Basis, Days, counts_between, fit
from sociable.domain.cover.handling import Handling, handling

START = date(2026, 1, 5)  # a Monday
A_DAY = np.array([40.0, 30, 30, 30, 20, 6, 3])
SHAPE = np.exp(-0.5 * ((np.arange(48) - 21) / 4) ** 2)
SHAPE /= SHAPE.sum()
SCHOOL = [(date(2026, 2, 16), date(2026, 2, 20)), (date(2026, 4, 6), date(2026, 4, 17)), (date(2026, 5, 25), date(2026, 5, 29))]  # fmt: skip
BANKS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 4), date(2026, 5, 25)}


def history(
    weeks: int, *, scale: float = 1.0, varies: float = 0.05, school: float = 1.0, bank: float = 1.0, seed: int = 1
) -> tuple[np.ndarray, Days]:
    dice = np.random.default_rng(seed)
    days = Days.of(START, weeks * 7, BANKS, SCHOOL)
    level = scale * A_DAY[days.weekday] * np.where(days.school, school, 1) * np.where(days.bank, bank, 1)
    level = level * dice.gamma(1 / varies, varies, level.size)
    return dice.poisson(level[:, None] * SHAPE), days


def test_days_of_the_week_and_the_shape_of_the_day_are_learnt() -> None:
    forecast = fit(*history(26))
    assert forecast.basis is Basis.OWN
    assert forecast.a_day[:7] == pytest.approx(A_DAY, rel=0.25)
    assert forecast.shape.sum(axis=1) == pytest.approx(np.ones(8))
    assert np.abs(forecast.shape[0] - SHAPE).max() < 0.015
    assert forecast.days_vary == pytest.approx(0.05, abs=0.03)


def test_school_holidays_and_bank_holidays_are_learnt_apart() -> None:
    forecast = fit(*history(26, school=1.8, bank=0.1))
    assert forecast.school_factor == pytest.approx(1.8, rel=0.12)
    assert forecast.a_day[7] < 0.3 * forecast.a_day[0]
    in_term, in_holidays = (Days.of(START, 5, (), school) for school in ((), [(START, START + timedelta(days=4))]))
    assert forecast.by_day(in_holidays) == pytest.approx(forecast.by_day(in_term) * forecast.school_factor)
    plain = fit(*history(26))
    assert plain.school_factor == pytest.approx(1, abs=0.12)


def test_recent_weeks_weigh_more_but_no_trend_is_drawn_on() -> None:
    counts, days = history(26)
    counts = counts.copy()
    counts[-91:] = counts[-91:] * 2
    level = fit(counts, days).a_day[:5].mean()
    assert 1.55 * A_DAY[:5].mean() < level < 1.85 * A_DAY[:5].mean()


def test_with_little_of_its_own_it_is_drawn_to_the_others() -> None:
    others = fit(*history(26))
    counts, days = history(2, scale=0.5)
    little = fit(counts, days, others)
    assert little.basis is Basis.LITTLE
    assert 0.5 * 30 < little.a_day[1] < 30
    alone = fit(counts, days)
    assert alone.a_day[:5].mean() < little.a_day[:5].mean() - 1
    assert little.unsure > others.unsure
    none = fit(counts * 0, days, others)
    assert none.basis is Basis.OTHERS
    assert none.unsure == 0.5


def test_where_nothing_is_known_it_is_a_guess_and_says_so() -> None:
    guess = fit(np.zeros((0, 48), np.intp), Days.of(START, 0, (), ()))
    assert guess.basis is Basis.GUESS
    assert guess.by_day(Days.of(START, 7, (), ())).tolist() == [4, 4, 4, 4, 4, 1, 1]
    low, high = guess.between(guess.by_day(Days.of(START, 1, (), ())))
    assert low[0] == 0
    assert high[0] >= 10


def test_half_hours_add_up_to_days() -> None:
    forecast, days = fit(*history(12)), Days.of(START + timedelta(weeks=12), 14, BANKS, SCHOOL)
    assert forecast.by_half_hour(days).sum(axis=1) == pytest.approx(forecast.by_day(days))


@pytest.mark.parametrize("varies", [0.01, 0.05, 0.2])
def test_ranges_hold_about_as_often_as_they_say_when_looked_at_backwards(varies: float) -> None:
    inside = of = 0
    for seed in range(12):
        found = backtest(*history(26, varies=varies, scale=0.6, seed=seed))
        assert found is not None
        inside, of = inside + found.inside, of + found.days
    assert of == 12 * 84
    assert 0.86 <= inside / of <= 0.97


def test_looking_back_is_fair_and_beats_last_week() -> None:
    counts, days = history(26)
    found = backtest(counts, days)
    assert found is not None
    assert found.off < found.off_naive
    worse = counts.copy()
    worse[-14:] = 0  # what came later changes the judgement of the last stretch, not what was foreseen for it
    again = backtest(worse, days)
    assert again is not None
    assert again.expected == pytest.approx(found.expected)
    assert again.inside < found.inside
    assert backtest(counts[:41], days.part(0, 41)) is None


@settings(deadline=None, max_examples=30)
@given(st.floats(0.01, 60), st.sampled_from([0.0, 0.05, 0.5]), st.integers(0, 1000))
def test_a_range_of_counts_holds_what_is_drawn(mean: float, varies: float, seed: int) -> None:
    dice = np.random.default_rng(seed)
    drawn = dice.poisson(mean * (dice.gamma(1 / varies, varies, 4000) if varies else 1.0), 4000)
    low, high = counts_between(np.array([mean]), varies, 0.9)
    assert (drawn < low[0]).mean() <= 0.07
    assert (drawn > high[0]).mean() <= 0.07
    assert high[0] == 0 or (drawn > high[0] - 1).mean() > 0.03


def test_handling_is_drawn_to_the_whole_where_little_was_measured() -> None:
    assert handling([]) == Handling(8, 1, 0)
    whole = handling([5.0] * 500)
    assert whole.minutes == pytest.approx(5, abs=0.2)
    assert handling([20.0] * 5, whole).minutes == pytest.approx((100 + 20 * whole.minutes) / 25)
    assert handling([20.0] * 5 + [500], whole).of == 5  # what lay for hours in somebody's hands says nothing
