"""The fair order: total, stable, one place a person, blind to channel and to chasing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.ordering import Entry, in_fair_order, rank, why

START = datetime(2026, 11, 23, 9, tzinfo=UTC)


@st.composite
def entry(draw: st.DrawFn) -> Entry:
    return Entry(
        wait_id=draw(st.integers(1, 10**6)), contact_id=draw(st.integers(1, 12)),
        started_at=START + timedelta(minutes=draw(st.integers(0, 500))), share=draw(st.sampled_from([0.0, 0.2, 0.5, 0.8, 1.0, 1.7])),
        promised=draw(st.booleans()), need=draw(st.sampled_from([0, 0, 0, 1, 2])), need_reason="A child is alone",
    )  # fmt: skip


entries = st.lists(entry(), max_size=30, unique_by=lambda one: one.wait_id)


@given(entries, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_how_it_was_asked(some: list[Entry], dice: object) -> None:
    mixed = list(some)
    dice.shuffle(mixed)  # type: ignore[attr-defined]
    assert in_fair_order(some) == in_fair_order(mixed)


@given(entries)
def test_nobody_is_lost_and_everybody_holds_one_place(some: list[Entry]) -> None:
    placed = in_fair_order(some)
    assert sorted(wait for place in placed for wait in (place.entry.wait_id, *place.behind)) == sorted(
        one.wait_id for one in some
    )
    assert len({place.entry.contact_id for place in placed}) == len(placed)


@given(entries)
def test_each_person_stands_at_their_furthest_up(some: list[Entry]) -> None:
    for place in in_fair_order(some):
        own = [one for one in some if one.contact_id == place.entry.contact_id]
        assert place.entry == min(own, key=rank)


@given(entries)
def test_need_goes_first_and_then_the_share_used(some: list[Entry]) -> None:
    keys = [(-place.entry.need, -place.entry.share) for place in in_fair_order(some)]
    assert keys == sorted(keys)


def test_on_a_tie_who_asked_first() -> None:
    tom = Entry(2, 1, START, 0.5)
    jerry = Entry(1, 2, START + timedelta(minutes=1), 0.5)
    assert [place.entry for place in in_fair_order([jerry, tom])] == [tom, jerry]


def test_asking_again_in_another_place_neither_helps_nor_hurts() -> None:
    tom, jerry = Entry(1, 1, START, 0.6), Entry(2, 2, START, 0.7)
    again = replace(tom, wait_id=3, share=0.1)
    placed = in_fair_order([tom, jerry, again])
    assert [place.entry for place in placed] == [jerry, tom]
    assert placed[1].behind == (3,)
    assert placed[1].reason == "60% of its promised time used; 2 requests of this person share this place"


def test_every_place_says_why() -> None:
    base = Entry(1, 1, START, 0.355)
    assert why(base) == "36% of its promised time used"
    assert why(replace(base, share=1.6)) == "Past its promise: 160% of the promised time used"
    assert (
        why(replace(base, need=1, need_reason="No heating and a baby")) == "Moved ahead for need: No heating and a baby"
    )
    assert (
        why(replace(base, promised=False))
        == "No promise here; it has used 36% of the three days by which we order such requests"
    )
