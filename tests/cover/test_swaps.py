"""Proves swaps: asked, agreed and done at once, with readiness and limits asked again; and of two who agree, one has it."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from sociable.cover import duty, rota, swaps
from sociable.cover.models import RotaChange, Shift, Swap, TimeAway, WorkingPattern
from sociable.due import services as due
from sociable.people.models import AuditEvent
from sociable.people.permissions import NotAllowed
from sociable.worker.loop import JOURNEYS
from tests.cast import Cast, at
from tests.cover.conftest import Hand
from tests.cover.test_rota import at_once

pytestmark = pytest.mark.django_db
NOW, TEN = at(8, day=20), at(10)


def on_rota() -> list[tuple[str, int]]:
    return [(shift.person.first_name, shift.starts_at.day) for shift in Shift.objects.published()]


@pytest.fixture
def asked(cast: Cast, hand: Hand) -> Swap:
    """Asha asks that anybody takes her Monday morning."""
    return swaps.ask(hand.shift(cast.asha, at(9), at(13)), by=cast.asha, now=NOW, words="The dentist")


def test_a_swap_moves_nothing_until_it_is_agreed_and_then_at_once(cast: Cast, asked: Swap) -> None:
    assert on_rota() == [("Asha", 23)]
    assert [each.pk for each in swaps.offered_to(cast.lee, NOW)] == [asked.pk]
    assert swaps.offered_to(cast.ben, NOW) == [], "he is not ready for it"
    assert swaps.offered_to(cast.asha, NOW) == []
    taken = swaps.agree(asked, by=cast.lee, now=NOW)
    assert on_rota() == [("Lee", 23)]
    assert (taken.made_by, list(taken.accounts.all())) == ("swap", [cast.help])
    assert list(RotaChange.objects.order_by("id").values_list("person__name", "what"))[1:] == [
        ("Asha Khan", "taken_off"), ("Lee Ward", "added"),
    ]  # fmt: skip
    assert AuditEvent.objects.filter(verb="took a shift by a swap").exists()


def test_what_anybody_may_take_is_shown_to_whoever_is_free_then(cast: Cast, hand: Hand, asked: Swap) -> None:
    """Whom one asks by name sees it all the same: they may have something to give in return."""
    his = hand.shift(cast.lee, at(12), at(15))
    assert swaps.offered_to(cast.lee, NOW) == []
    Shift.objects.filter(pk=his.pk).update(state="cancelled")
    assert swaps.offered_to(cast.lee, NOW) == [asked]
    TimeAway.objects.create(
        person=cast.lee, kind="leave", state="agreed", asked_at=NOW, starts_at=at(9), ends_at=at(10)
    )
    assert swaps.offered_to(cast.lee, NOW) == []
    Swap.objects.filter(pk=asked.pk).update(offered_to=cast.lee)
    assert swaps.offered_to(cast.lee, NOW) == [asked]


def test_one_shift_for_another(cast: Cast, hand: Hand) -> None:
    hers, his = hand.shift(cast.asha, at(9), at(13)), hand.shift(cast.lee, at(9, day=24), at(13, day=24))
    swap = swaps.ask(hers, by=cast.asha, now=NOW, to=cast.lee, in_return=his)
    swaps.agree(swap, by=cast.lee, now=NOW)
    assert on_rota() == [("Lee", 23), ("Asha", 24)]


def test_two_shifts_at_one_time_can_be_exchanged(cast: Cast, hand: Hand) -> None:
    hers, his = hand.shift(cast.asha, at(9), at(13)), hand.shift(cast.lee, at(12), at(15))
    swaps.agree(swaps.ask(hers, by=cast.asha, now=NOW, to=cast.lee, in_return=his), by=cast.lee, now=NOW)
    assert [(shift.person.first_name, shift.starts_at.hour) for shift in Shift.objects.published()] == [
        ("Lee", 9),
        ("Asha", 12),
    ]


def test_what_became_of_readiness_is_asked_again(cast: Cast, asked: Swap) -> None:
    cast.lee.readiness.update(withdrawn_at=NOW)
    with pytest.raises(rota.ShiftRefused, match="Lee is not signed off for Ashby Help"):
        swaps.agree(asked, by=cast.lee, now=NOW)
    asked.refresh_from_db()
    assert (asked.state, on_rota()) == ("asked", [("Asha", 23)])


def test_limits_are_asked_again_and_a_reason_taken(cast: Cast, asked: Swap) -> None:
    WorkingPattern.objects.create(
        person=cast.lee, valid_from_on=date(2026, 11, 1), notation="Tu 09:00-17:00", set_at=NOW
    )
    with pytest.raises(rota.Unwise, match="outside the hours in which Lee works"):
        swaps.agree(asked, by=cast.lee, now=NOW)
    assert on_rota() == [("Asha", 23)]
    assert swaps.agree(asked, by=cast.lee, now=NOW, reason="I come in").override_reason == "I come in"


def test_who_is_on_another_shift_then_does_not_take_it(cast: Cast, hand: Hand, asked: Swap) -> None:
    hand.shift(cast.lee, at(12), at(15))
    with pytest.raises(rota.ShiftRefused, match="another shift then"):
        swaps.agree(asked, by=cast.lee, now=NOW, reason="I can do both")


def test_only_they_ask_and_only_whom_they_ask_agrees(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    with pytest.raises(NotAllowed):
        swaps.ask(shift, by=cast.lee, now=NOW)
    with pytest.raises(rota.ShiftRefused, match="Ben is not signed off"):
        swaps.ask(shift, by=cast.asha, now=NOW, to=cast.ben)
    swap = swaps.ask(shift, by=cast.asha, now=NOW, to=cast.lee)
    with pytest.raises(NotAllowed):
        swaps.agree(swap, by=cast.ben, now=NOW)
    with pytest.raises(rota.ShiftRefused, match="already"):
        swaps.ask(shift, by=cast.asha, now=NOW)
    with pytest.raises(NotAllowed):
        swaps.take_back(swap, by=cast.lee, now=NOW)
    swaps.decline(swap, by=cast.lee, now=NOW)
    with pytest.raises(rota.Stale, match="Lee declined it"):
        swaps.agree(swap, by=cast.lee, now=NOW)


def test_a_swap_lapses_as_its_shift_begins(cast: Cast, asked: Swap) -> None:
    with pytest.raises(rota.Stale, match="the shift has begun"):
        swaps.agree(asked, by=cast.lee, now=at(9))
    assert on_rota() == [("Asha", 23)]
    [row] = due.claim(at(9), 5, ["swap"])
    JOURNEYS["swap"](row, at(9))
    asked.refresh_from_db()
    assert asked.state == "lapsed"


def test_a_shift_that_is_cancelled_takes_its_swap_along(cast: Cast, asked: Swap) -> None:
    rota.cancel(asked.shift, reason="Closed", by=cast.lee, now=NOW)
    asked.refresh_from_db()
    assert asked.state == "lapsed"
    with pytest.raises(rota.Stale):
        swaps.agree(asked, by=cast.lee, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_agree_in_one_instant_one_has_it(cast: Cast, hand: Hand) -> None:
    hand.ready(cast.ben, cast.help)
    swap = swaps.ask(hand.shift(cast.asha, at(9), at(13)), by=cast.asha, now=NOW)
    came = at_once(*[lambda who=who: swaps.agree(swap, by=who, now=NOW) for who in (cast.lee, cast.ben)])
    assert sorted(type(each).__name__ for each in came) == ["Shift", "Stale"]
    assert len(on_rota()) == 1


# -- Who is on duty ----------------------------------------------------------------------------------------------------------


def test_who_covers_an_account_is_on_ready_there_and_active(cast: Cast, hand: Hand) -> None:
    from sociable.cover.models import TimeAway

    def on(now: datetime = TEN) -> list[str]:
        return [person.first_name for person in duty.on_now([cast.help.pk], now).get(cast.help.pk, [])]

    hand.shift(cast.asha, at(9), at(13))
    hand.shift(cast.ben, at(9), at(13))  # not ready for it
    hand.draft(cast.lee, at(9), at(13))  # not published
    assert on() == ["Asha"]
    assert (on(at(8, 59)), on(at(9)), on(at(13))) == ([], ["Asha"], [])
    away = TimeAway.objects.create(
        person=cast.asha, kind="leave", state="asked", starts_at=at(9, 30), ends_at=at(11), asked_at=NOW
    )
    assert on() == ["Asha"], "asked for is not agreed"
    TimeAway.objects.filter(pk=away.pk).update(state="agreed")
    assert (on(), on(at(11))) == ([], ["Asha"])
    cast.asha.is_active = False
    cast.asha.save()
    assert on(at(11)) == []


def test_what_somebody_covers_now_and_next(cast: Cast, hand: Hand) -> None:
    hand.shift(cast.asha, at(9), at(13))
    hand.shift(cast.asha, at(9, day=25), at(13, day=25), cast.books)
    found = duty.of_person(cast.asha, at(10))
    assert [shift.starts_at.day for shift in found.now] == [23]
    assert found.next is not None
    assert found.next.starts_at.day == 25
    assert found.accounts == [cast.help, cast.books]
    assert duty.of_person(cast.asha, at(8)).now == ()


@pytest.mark.parametrize(
    ("away", "shown"), [((9, 10), True), ((11, 13), True), ((9, 13), False), ((0, 23), False), ((13, 20), True)]
)
def test_whoever_covers_some_of_a_day_is_shown_on_it(
    cast: Cast, hand: Hand, away: tuple[int, int], shown: bool
) -> None:
    from sociable.cover.models import TimeAway

    hand.shift(cast.asha, at(9), at(13))
    cast.asha.shown_today = True
    cast.asha.save()
    begins, ends = (at(hour) for hour in away)
    TimeAway.objects.create(
        person=cast.asha, kind="meeting", state="agreed", starts_at=begins, ends_at=ends, asked_at=NOW
    )
    assert duty.shown_on(cast.help.pk, at(0), at(0, day=24)) == ([cast.asha] if shown else [])
    assert duty.shown_on(cast.help.pk, at(0, day=24), at(0, day=25)) == []
    cast.asha.readiness.update(expires_at=at(9))
    assert duty.shown_on(cast.help.pk, at(0), at(0, day=24)) == []
