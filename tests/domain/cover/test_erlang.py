"""The textbooks' formulas: published figures, and what must hold between them."""

import pytest

from sociable.domain.cover.erlang import answered_within, erlang_a, erlang_c


def test_the_published_case_of_a_call_centre() -> None:
    case = {"people": 55, "an_hour": 720, "minutes_each": 4}
    queue = erlang_c(**case)
    assert queue.waits == pytest.approx(0.2387, abs=5e-5)
    assert queue.mean_wait * 60 == pytest.approx(8.2, abs=0.05)
    assert queue.occupancy == pytest.approx(0.873, abs=5e-4)
    assert answered_within(0.25, **case) == pytest.approx(0.846, abs=5e-4)


def test_one_person_waits_as_the_simplest_queue_does() -> None:
    queue = erlang_c(people=1, an_hour=3, minutes_each=10)
    assert queue.waits == pytest.approx(0.5)
    assert queue.mean_wait == pytest.approx(10)


def test_more_than_can_be_answered_never_settles() -> None:
    with pytest.raises(ValueError, match="grow for ever"):
        erlang_c(people=2, an_hour=12, minutes_each=10)


def test_with_endless_patience_nobody_leaves_and_the_two_formulas_are_one() -> None:
    patient = erlang_a(people=6, an_hour=30, minutes_each=8, patience_minutes=1e6)
    plain = erlang_c(people=6, an_hour=30, minutes_each=8)
    assert patient.leaves == pytest.approx(0, abs=1e-5)
    assert (patient.waits, patient.mean_wait) == pytest.approx((plain.waits, plain.mean_wait), rel=1e-3)


def test_who_leaves_and_who_is_answered_are_all_who_came() -> None:
    queue = erlang_a(people=4, an_hour=40, minutes_each=8, patience_minutes=5)
    assert queue.leaves * 40 + queue.occupancy * 4 * 60 / 8 == pytest.approx(40)
