"""What people wish: when it falls, what the trail says of it, and what a proposed rota reads."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from sociable.cover import problems, wishes
from sociable.cover.models import WorkingPattern
from sociable.cover.wish_models import Wish
from sociable.cover.wishes import Stated, WishRefused
from sociable.domain.cover.limits import Limits
from sociable.domain.cover.proposal import Span
from sociable.people.models import AuditEvent
from sociable.people.permissions import NotAllowed
from tests.cast import Cast, at
from tests.cover.conftest import Hand

pytestmark = pytest.mark.django_db
NOW = at(8, day=20)


def stated(person: Any, **more: Any) -> Wish:
    given = {"rather": False, "weight": 2} | more
    return wishes.state(Stated(**given), of=person, by=person, now=NOW)


def falls(person: Any, starts_at: datetime, ends_at: datetime) -> list[tuple[datetime, datetime]]:
    return [(each.starts_at, each.ends_at) for each in wishes.falling([person], starts_at, ends_at).get(person.pk, [])]


def test_a_weekly_wish_falls_on_its_days_until_its_last(cast: Cast) -> None:
    stated(cast.asha, weekdays=(0, 5), begins=time(9), ends=time(13), until_on=date(2026, 11, 30))
    found = falls(cast.asha, at(0, day=21), datetime(2026, 12, 20, tzinfo=UTC))
    assert found == [
        (at(9, day=21), at(13, day=21)),
        (at(9), at(13)),
        (at(9, day=28), at(13, day=28)),
        (at(9, day=30), at(13, day=30)),
    ]


def test_a_whole_day_is_as_long_as_its_day(cast: Cast) -> None:
    """Clocks go back on Sunday 25 October 2026: that day has 25 hours."""
    wishes.state(
        Stated(False, 2, on_day=date(2026, 10, 25)), of=cast.asha, by=cast.asha, now=datetime(2026, 10, 1, tzinfo=UTC)
    )
    assert falls(cast.asha, datetime(2026, 10, 25, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC)) == [
        (datetime(2026, 10, 24, 23, tzinfo=UTC), datetime(2026, 10, 26, tzinfo=UTC))
    ]


def test_a_wish_over_midnight_is_met_on_both_days(cast: Cast) -> None:
    stated(cast.asha, on_day=date(2026, 11, 23), begins=time(20), ends=time(6))
    night = [(at(20), at(6, day=24))]
    assert falls(cast.asha, at(22), at(23)) == night
    assert falls(cast.asha, at(5, day=24), at(9, day=24)) == night
    assert falls(cast.asha, at(6, day=24), at(9, day=24)) == []
    assert falls(cast.asha, at(9), at(20)) == []


def test_wishes_of_others_are_not_mixed_in(cast: Cast) -> None:
    stated(cast.asha, weekdays=(0,))
    stated(cast.ben, weekdays=(1,))
    found = wishes.falling([cast.ben, cast.lee], at(0), at(0, day=28))
    assert {person: len(times) for person, times in found.items()} == {cast.ben.pk: 1}


def test_the_trail_says_what_is_wished_and_never_why(cast: Cast) -> None:
    wish = stated(cast.asha, weekdays=(5, 6), private_reason="My mother is ill")
    wishes.state(
        Stated(False, 4, weekdays=(5,), private_reason="My mother"), of=cast.asha, by=cast.asha, now=NOW, instead=wish
    )
    wishes.take_back(wish, by=cast.asha, now=NOW)
    events = AuditEvent.objects.filter(verb__contains="wish").order_by("pk")
    assert [(event.verb, event.after) for event in events] == [
        ("stated a wish", {"wish": "Rather be free: Saturday and Sunday every week, all day", "weight": 2}),
        ("changed a wish", {"wish": "Rather be free: Saturday every week, all day", "weight": 4}),
        ("took a wish back", {"wish": "Rather be free: Saturday every week, all day", "weight": 4}),
    ]
    assert not Wish.objects.exists()


def test_what_is_wished_in_words(cast: Cast) -> None:
    wish = stated(cast.asha, rather=True, on_day=date(2026, 11, 28), begins=time(20), ends=time(6))
    assert wishes.words(wish) == "Rather work: Saturday 28 November 2026, 8pm to 6am the next day"
    weekly = stated(cast.asha, weekdays=(0, 1, 2, 3, 4), until_on=date(2026, 12, 24), begins=time(9), ends=time(12))
    assert wishes.when_words(weekly) == "Monday to Friday every week, 9am to midday, until Thursday 24 December 2026"


def test_a_day_that_is_over_is_refused(cast: Cast) -> None:
    with pytest.raises(WishRefused, match="That day is over"):
        stated(cast.asha, on_day=date(2026, 11, 19))
    with pytest.raises(WishRefused, match="That day is over"):
        stated(cast.asha, weekdays=(1,), until_on=date(2026, 11, 19))
    stated(cast.asha, on_day=date(2026, 11, 20))


def test_there_is_an_end_to_wishes(cast: Cast) -> None:
    """What is over counts no more, and a change is none more."""
    Wish.objects.bulk_create(
        Wish(person=cast.asha, rather=True, on_day=date(2026, 11, day), stated_at=NOW)
        for day in (1, 2, *[25] * wishes.MOST)
    )
    with pytest.raises(WishRefused, match="40 wishes already"):
        stated(cast.asha, weekdays=(1,))
    one = wishes.standing(cast.asha, NOW)[0]
    wishes.state(Stated(False, 2, weekdays=(1,)), of=cast.asha, by=cast.asha, now=NOW, instead=one)


# -- Written down for somebody ---------------------------------------------------------------------------------------------


def told(cast: Cast, **more: Any) -> Wish:
    """Lee, who leads the council, writes down what Asha said."""
    given = {"rather": False, "weight": 2, "weekdays": (2,), "private_reason": "Choir"} | more
    return wishes.state(Stated(**given), of=cast.asha, by=cast.lee, now=NOW)


def test_who_plans_writes_a_wish_down_and_it_counts_as_theirs(cast: Cast) -> None:
    wish = told(cast)
    assert (wish.person, wish.written_by) == (cast.asha, cast.lee)
    assert wishes.standing(cast.asha, NOW) == [wish]
    assert wishes.standing(cast.lee, NOW) == []
    event = AuditEvent.objects.get(verb="stated a wish")
    assert (event.person_id, event.object_id) == (cast.lee.pk, cast.asha.pk)
    assert "Choir" not in str(event.after)


def test_once_they_change_it_it_is_their_own_to_change(cast: Cast) -> None:
    wish = told(cast)
    told_again = wishes.state(Stated(True, 4, weekdays=(2,)), of=cast.asha, by=cast.lee, now=NOW, instead=wish)
    assert told_again.written_by == cast.lee
    changed = wishes.state(Stated(True, 1, weekdays=(2,)), of=cast.asha, by=cast.asha, now=NOW, instead=wish)
    assert changed.written_by is None
    with pytest.raises(NotAllowed, match="for Asha Khan to say"):
        wishes.state(Stated(True, 1, weekdays=(3,)), of=cast.asha, by=cast.lee, now=NOW, instead=changed)
    with pytest.raises(NotAllowed):
        wishes.take_back(changed, by=cast.lee, now=NOW)
    assert Wish.objects.get().weekdays == [2]


def test_whoever_plans_cannot_write_over_what_became_theirs_meanwhile(cast: Cast) -> None:
    seen = told(cast)
    wishes.state(Stated(True, 1, weekdays=(2,)), of=cast.asha, by=cast.asha, now=NOW, instead=seen)
    assert seen.written_by == cast.lee  # as it was when the page was made
    with pytest.raises(NotAllowed):
        wishes.state(Stated(True, 4, weekdays=(3,)), of=cast.asha, by=cast.lee, now=NOW, instead=seen)
    with pytest.raises(NotAllowed):
        wishes.take_back(seen, by=cast.lee, now=NOW)
    wishes.take_back(Wish.objects.get(), by=cast.asha, now=NOW)
    with pytest.raises(WishRefused, match="taken back meanwhile"):
        wishes.state(Stated(True, 4, weekdays=(3,)), of=cast.asha, by=cast.lee, now=NOW, instead=seen)
    assert not Wish.objects.exists()


def test_whoever_does_not_plan_somebody_writes_nothing_down(cast: Cast) -> None:
    for outsider in (cast.ben, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            wishes.state(Stated(False, 2, weekdays=(2,)), of=cast.asha, by=outsider, now=NOW)
    wish = told(cast)
    for outsider in (cast.ben, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            wishes.take_back(wish, by=outsider, now=NOW)
    wishes.take_back(wish, by=cast.asha, now=NOW)
    assert not Wish.objects.exists()


def test_too_many_are_told_of_whom_they_are(cast: Cast) -> None:
    Wish.objects.bulk_create(
        Wish(person=cast.asha, rather=False, weekdays=[0], stated_at=NOW) for _ in range(wishes.MOST)
    )
    with pytest.raises(WishRefused, match="Asha has 40 wishes already"):
        told(cast)


def test_a_proposal_reads_wishes_and_weekends_and_never_why(cast: Cast, hand: Hand) -> None:
    WorkingPattern.objects.create(
        person=cast.asha, valid_from_on=date(2026, 1, 1), notation="Mo-Sa 09:00-17:00", set_at=NOW, weekends_in_a_row=1,
        weekends_in_four=2,
    )  # fmt: skip
    stated(cast.asha, weekdays=(1,), begins=time(9), ends=time(12), weight=4, private_reason="My mother is ill")
    week = Span(at(0), at(0, day=28))
    problem = problems.facts([cast.help], week, by=cast.lee).problem
    asha = next(each for each in problem.people if each.person_id == cast.asha.pk)
    assert [(each.span, each.rather, each.weight) for each in asha.wishes] == [
        (Span(at(9, day=24), at(12, day=24)), False, 4)
    ]
    assert asha.limits == Limits(weekends_in_a_row=1, weekends_in_four=2)
    assert "mother" not in repr(problem)


def test_weekends_weeks_before_count_in_a_proposal(cast: Cast, hand: Hand) -> None:
    """Three weekends before the span may make the fourth one too many."""
    shift = hand.shift(cast.asha, at(9, day=7), at(13, day=7))
    read = problems.facts([cast.help], Span(at(0, day=28), at(0, day=30)), by=cast.lee).problem
    assert [each.starts_at for each in read.fixed] == [shift.starts_at]
