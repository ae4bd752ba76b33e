"""Hours and promise on a grid of minutes: the same instants as the clock itself gives."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from sociable.domain.cover.queueing import NEVER
from sociable.domain.cover.terms import Terms
from sociable.domain.promise import Form, Promise, clock_of, share_used
from sociable.domain.worktime import Calendar, StatedHours, Version

START = datetime(2027, 3, 24, tzinfo=UTC)  # Good Friday, Easter Monday and a clock change lie ahead
MINUTES = 21 * 1440
CALENDAR = Calendar(
    [Version(StatedHours.parse("Mo-Fr 08:45-12:30,13:15-17:05; Sa 22:00-26:00; PH off"))],
    "Europe/London",
    [date(2027, 3, 26), date(2027, 3, 29)],
)
PROMISES = [
    Promise(Form.OPEN_TIME, amount=timedelta(hours=2)),
    Promise(Form.OPEN_TIME, amount=timedelta(minutes=45)),
    Promise(Form.WORKING_DAYS, days=1),
    Promise(Form.WORKING_DAYS, days=3),
    Promise(Form.SAME_OR_NEXT_DAY, same_day_until=time(14, 20)),
    Promise(Form.SAME_OR_NEXT_DAY),
]


@pytest.mark.parametrize("promise", PROMISES, ids=[promise.sentence() for promise in PROMISES])
def test_due_and_share_are_those_of_the_clock(promise: Promise) -> None:
    terms = Terms.of(promise, CALENDAR, START, MINUTES)
    arrives_at = np.sort(np.random.default_rng(3).uniform(0, 12 * 1440, 400))
    due_at, base, lengths = terms.due(arrives_at), terms.base(arrives_at), terms.lengths(arrives_at)
    for number, minute in enumerate(arrives_at):
        clock = clock_of(promise, CALENDAR, START + timedelta(minutes=float(minute)))
        assert clock.due_at is not None
        assert due_at[number] == pytest.approx((clock.due_at - START) / timedelta(minutes=1), abs=1e-4)
        later = float(minute) + 700
        share = (terms.reached(np.array([later]))[0] - base[number]) / lengths[number]
        now = START + timedelta(minutes=later)
        assert share == pytest.approx(share_used(clock.length, clock.ordered_at, CALENDAR, now), abs=1e-6)


def test_no_promise_is_ordered_by_the_yardstick_and_never_due() -> None:
    terms = Terms.of(None, None, START, MINUTES)
    arrives_at = np.array([0.0, 600.5])
    assert (terms.due(arrives_at) == NEVER).all()
    assert terms.base(arrives_at).tolist() == [0.0, 600.5]
    assert terms.lengths(arrives_at).tolist() == [4320, 4320]


def test_what_is_due_after_the_last_minute_is_not_due_here() -> None:
    terms = Terms.of(PROMISES[0], CALENDAR, START, 1440)
    assert terms.due(np.array([600.0, 1439.0])).tolist() == [pytest.approx(720), NEVER]
