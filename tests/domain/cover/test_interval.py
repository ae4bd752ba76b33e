"""How sure a counted share is."""

import numpy as np
import pytest

from sociable.domain.cover.interval import chance, wilson


def test_all_of_twenty_may_still_be_84_of_a_hundred() -> None:
    assert wilson(1, 20) == pytest.approx((0.8389, 1.0), abs=5e-5)
    assert wilson(0.5, 100) == pytest.approx((0.4038, 0.5962), abs=5e-5)


def test_nothing_counted_is_no_chance_at_all() -> None:
    assert chance([0, 0], [0, 0]) is None


def test_requests_that_stand_or_fall_together_count_as_one() -> None:
    together = chance([50] * 10 + [0] * 10, [50] * 20)
    apart = chance([25] * 20, [50] * 20)
    assert together is not None
    assert apart is not None
    assert together.share == apart.share == 0.5
    assert apart.high - apart.low == pytest.approx(0.062, abs=1e-3)  # as of 1,000
    assert together.high - together.low == pytest.approx(0.4, abs=0.02)  # as of 20


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    dice = np.random.default_rng(4)
    covered = 0
    for _ in range(600):
        of = dice.poisson(3, 100)
        good = dice.binomial(of, dice.beta(18, 2, 100))
        found = chance(good, of)
        covered += found is not None and found.low <= 0.9 <= found.high
    assert 0.92 <= covered / 600 <= 0.98
