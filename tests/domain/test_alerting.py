"""Who is told, by what and why: on duty, cover, lead; in working minutes, never at midnight, and with the reason in words."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sociable.domain import alerting
from sociable.domain.alerting import (
    NOT_BEGUN,
    Carried,
    Hours,
    Policy,
    Situation,
    Somebody,
    Standing,
    Way,
    tell,
    tell_on,
)
from sociable.domain.worktime import Calendar, StatedHours, Version
from tests.cast import at

OFFICE = Calendar([Version(StatedHours.parse("Mo-Fr 09:00-17:00"))])
AFTERNOON = Calendar([Version(StatedHours.parse("Mo-Fr 13:00-17:00"))])
TEN = at(10)
DESK = Way(1, "desk", "The desk", silent=True)
MAIL = Way(2, "email", "Email")
PHONE = Way(3, "text", "My phone")

ASHA = Somebody(1, "Asha Khan", (DESK, MAIL, PHONE), Hours(OFFICE), (at(9), at(17)))
BEN = Somebody(2, "Ben Hall", (DESK, MAIL), Hours(OFFICE))
LEE = Somebody(3, "Lee Ward", (DESK, MAIL))
NORA = Somebody(4, "Nora Bell", (DESK, MAIL))
NORA_AT_WORK = Somebody(4, "Nora Bell", (DESK, MAIL), Hours(OFFICE))


def situation(**more) -> Situation:
    return Situation(
        **({"account": "Ashby Help", "calendar": OFFICE, "duty": (ASHA,), "cover": (BEN,), "leads": (LEE,)} | more)
    )


def names(telling) -> list[str]:
    return [one.who.name.split()[0] for one in telling.told]


def test_it_climbs_from_duty_to_cover_to_lead_and_ends():
    here, step, told, whole = situation(), NOT_BEGUN, [], []
    now: datetime | None = at(10)
    while now is not None:
        telling = tell(here, step, now, whole)
        told.append((f"{now:%H:%M}", names(telling)))
        whole += [one.who.key for one in telling.told]
        step, now = telling.step, telling.next_at
    assert told == [("10:00", ["Asha"]), ("10:10", ["Ben"]), ("10:20", ["Lee"])]
    assert whole == [1, 2, 3]


def test_each_is_told_why():
    here = situation()
    assert tell(here, NOT_BEGUN, at(10)).told[0].why == "You are on duty for Ashby Help."
    assert tell(here, Standing.DUTY, at(10, 10), [1]).told[0].why == (
        "You are ready for Ashby Help and at work, and nobody has acknowledged within 10 working minutes."
    )
    assert "You plan who covers Ashby Help" in tell(here, Standing.COVER, at(10, 20), [1, 2]).told[0].why


def test_whoever_has_it_in_hand_is_told_first_and_once():
    here = situation(holder=BEN)
    first = tell(here, NOT_BEGUN, at(10))
    assert (names(first), first.told[0].why) == (["Ben"], "You have this request in hand.")
    assert names(tell(here, first.step, at(10, 10), [2])) == ["Asha"]
    assert names(tell(here, Standing.DUTY, at(10, 20), [2, 1])) == ["Lee"]


def test_where_nobody_is_on_duty_the_named_person_is_told_and_it_is_said():
    telling = tell(situation(duty=(), named=NORA), NOT_BEGUN, at(10))
    assert names(telling) == ["Nora"]
    assert telling.told[0].why == "Nobody is on duty for Ashby Help now, and you are named for that."
    assert telling.remarks == ("Nobody is on duty for Ashby Help.",)
    assert names(tell(situation(named=NORA), NOT_BEGUN, at(10))) == ["Asha"]


def test_with_nobody_on_duty_and_nobody_named_cover_is_told_at_once():
    telling = tell(situation(duty=()), NOT_BEGUN, at(10))
    assert names(telling) == ["Ben"]
    assert telling.remarks == ("Nobody is on duty for Ashby Help.", "Nobody is named for when nobody is on duty.")


def test_the_step_counts_working_minutes_over_night_and_weekend():
    friday = datetime(2026, 11, 27, 16, 55, tzinfo=UTC)
    assert tell(situation(), NOT_BEGUN, friday).next_at == datetime(2026, 11, 30, 9, 5, tzinfo=UTC)


@pytest.mark.parametrize("hour", [0, 3, 7, 18, 23])
def test_outside_stated_hours_nobody_is_told_but_who_is_on_duty(hour):
    closed = situation(duty=(), named=NORA)
    telling = tell(closed, NOT_BEGUN, at(hour))
    assert telling.told == ()
    assert telling.next_at == (at(9) if hour < 9 else at(9, day=24))
    assert telling.because.startswith("Ashby Help is closed until")
    night = Somebody(9, "Noor", (DESK,), duty=(at(0), at(23, 59)))
    assert names(tell(situation(duty=(night,)), NOT_BEGUN, at(hour))) == ["Noor"]


def test_who_is_not_at_work_is_passed_over_and_said_so():
    late_ben = Somebody(2, "Ben Hall", (DESK, MAIL), Hours(AFTERNOON))
    telling = tell(situation(cover=(late_ben,)), Standing.DUTY, at(10), [1])
    assert names(telling) == ["Lee"]
    assert telling.remarks == ("Ben Hall is ready for this account, and is not at work now.",)


def test_with_nobody_at_work_it_waits_for_the_first_who_comes():
    late_ben = Somebody(2, "Ben Hall", (DESK, MAIL), Hours(AFTERNOON))
    telling = tell(situation(duty=(), cover=(late_ben,), leads=()), NOT_BEGUN, at(10))
    assert (telling.told, telling.next_at, telling.step) == ((), at(13), NOT_BEGUN)
    assert telling.because == "nobody who answers for Ashby Help was at work until 13:00"
    away = Somebody(2, "Ben Hall", (DESK, MAIL), Hours(AFTERNOON, away=((at(12), at(15)),)))
    assert tell(situation(duty=(), cover=(away,), leads=()), NOT_BEGUN, at(10)).next_at == at(15)


def test_nobody_at_all_is_said_and_ends():
    telling = tell(situation(duty=(), cover=(), leads=()), NOT_BEGUN, at(10))
    assert (telling.told, telling.next_at) == ((), None)
    assert "nobody is left" in telling.because


def test_cover_of_whom_nothing_is_known_is_not_rung_and_a_lead_is():
    blank = Somebody(5, "Pat", (MAIL,))
    assert names(tell(situation(duty=(), cover=(blank,)), NOT_BEGUN, at(10))) == ["Lee"]


def test_a_lead_who_is_ready_too_and_of_whom_no_hours_are_known_is_told_as_lead():
    here = situation(cover=(BEN, LEE), leads=(LEE,))
    assert names(tell(here, Standing.DUTY, at(10, 10), [1])) == ["Ben"]
    assert names(tell(here, Standing.COVER, at(10, 20), [1, 2])) == ["Lee"]
    at_work = Somebody(3, "Lee Ward", (DESK, MAIL), Hours(OFFICE))
    both = situation(cover=(BEN, at_work), leads=(at_work,))
    assert names(tell(both, Standing.DUTY, at(10, 10), [1])) == ["Ben", "Lee"]
    assert names(tell(both, Standing.COVER, at(10, 20), [1, 2, 3])) == []


def test_a_step_is_taken_once_whoever_comes_to_it_later_but_on_duty():
    here = situation(cover=(BEN, NORA_AT_WORK))
    assert names(tell(here, Standing.COVER, at(10, 20), [1, 2])) == ["Lee"]
    back = tell(here, Standing.COVER, at(10, 20), [2])
    assert (names(back), back.step, back.next_at) == (["Asha"], Standing.COVER, at(10, 30))
    late_ben = Somebody(2, "Ben Hall", (DESK, MAIL), Hours(AFTERNOON))
    assert tell(situation(cover=(late_ben,)), Standing.COVER, at(10), [1]).remarks == ()


def test_what_an_earlier_instant_had_climbed_to_in_vain_is_told_again_with_who_is_first():
    here, cover, lead = situation(), Carried(Standing.COVER, at(10, 5)), Carried(Standing.LEAD, None)
    assert tell_on(here, NOT_BEGUN, at(10)) == tell(here, NOT_BEGUN, at(10))
    assert names(tell_on(here, NOT_BEGUN, at(10), [], Carried(Standing.DUTY, at(10, 5)))) == ["Asha"]
    both = tell_on(here, NOT_BEGUN, at(10), [], cover)
    assert (names(both), both.step, both.next_at) == (["Asha", "Ben"], Standing.COVER, at(10, 5))
    assert tell_on(here, NOT_BEGUN, at(10), [], Carried(Standing.COVER, at(9, 55))).next_at == at(10, 10)
    highest = tell_on(here, NOT_BEGUN, at(10), [], lead)
    assert (names(highest), highest.step, highest.next_at) == (["Asha", "Lee"], Standing.LEAD, None)
    assert names(tell_on(here, NOT_BEGUN, at(10), [3], lead)) == ["Asha"]
    closed = tell_on(situation(duty=()), NOT_BEGUN, at(20), [], lead)
    assert (closed.told, closed.step, closed.next_at) == ((), NOT_BEGUN, at(9, day=24))


@pytest.mark.parametrize(("hour", "told"), [(3, []), (10, ["Nora"]), (22, [])])
def test_where_stated_hours_never_come_the_quiet_hours_are_kept(hour, told):
    never = Calendar([Version(StatedHours.parse("off"))])
    assert names(tell(situation(calendar=never, duty=(), named=NORA), NOT_BEGUN, at(hour))) == told


def test_whoever_has_come_on_duty_since_is_told_first():
    sam = Somebody(6, "Sam", (DESK, MAIL), duty=(at(10, 5), at(17)))
    telling = tell(situation(duty=(sam,)), Standing.DUTY, at(10, 10), already=[1])
    assert (names(telling), telling.step) == (["Sam"], Standing.DUTY)
    assert names(tell(situation(), Standing.DUTY, at(10, 10), already=[1])) == ["Ben"]


def test_an_account_without_hours_keeps_its_own_quiet():
    here = situation(calendar=None, duty=(), named=NORA)
    assert tell(here, NOT_BEGUN, at(3)).next_at == at(8)
    assert names(tell(here, NOT_BEGUN, at(10))) == ["Nora"]
    assert tell(here, NOT_BEGUN, at(10)).next_at == at(10, 10)


# -- routes ----------------------------------------------------------------------------------------------------------------


def routes(one: Somebody, now=TEN, **more) -> list[tuple[str, datetime]]:
    return [(by.way.kind, by.at) for by in alerting.routes_now(one, now, **more)[0]]


def test_the_desk_and_the_first_route_that_rings():
    assert routes(ASHA) == [("desk", at(10)), ("email", at(10))]
    assert routes(ASHA, besides=[1, 2]) == [("text", at(10))]


def test_a_route_that_fails_gives_way_and_it_is_said():
    broken = Somebody(1, "Asha", (Way(2, "email", "Email", fails="it bounced"), PHONE))
    assert routes(broken) == [("text", at(10))]
    assert alerting.routes_now(broken, at(10))[1] == ("Email of Asha is passed over: it bounced",)


def test_where_all_keep_quiet_the_first_to_end_it_rings_then_and_says_why():
    quiet = Somebody(
        1,
        "Asha",
        (
            DESK,
            Way(2, "email", "Email", quiet=(time(12), time(14))),
            Way(3, "text", "Phone", quiet=(time(12), time(13))),
        ),
    )
    by = alerting.routes_now(quiet, at(12, 30))[0]
    assert [(one.way.kind, one.at) for one in by] == [("desk", at(12, 30)), ("text", at(13))]
    assert by[1].late_because == "Asha keeps Phone quiet until 13:00"


@pytest.mark.parametrize(
    ("quiet", "now", "until"),
    [
        ((time(22), time(7)), at(23), at(7, day=24)),
        ((time(22), time(7)), at(3), at(7)),
        ((time(22), time(7)), at(22), at(7, day=24)),
        ((time(22), time(7)), at(7), None),
        ((time(22), time(7)), at(12), None),
        ((time(12), time(14)), at(12), at(14)),
        ((time(12), time(14)), at(14), None),
    ],
)
def test_quiet_hours_are_half_open_and_may_cross_midnight(quiet, now, until):
    assert Way(1, "email", "Email", quiet=quiet).quiet_until(now) == until


def test_quiet_hours_are_local_in_summer():
    way = Way(1, "email", "Email", quiet=(time(22), time(7)))
    assert way.quiet_until(datetime(2026, 7, 1, 21, 30, tzinfo=UTC)) == datetime(2026, 7, 2, 6, 0, tzinfo=UTC)


@pytest.mark.parametrize("minutes", range(0, 300, 10))
@pytest.mark.parametrize("night", [datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)])
@pytest.mark.parametrize("ends", [time(0, 30), time(1), time(1, 30), time(2)])
def test_quiet_hours_end_after_now_also_in_the_nights_in_which_clocks_change(minutes, night, ends):
    now = night + timedelta(minutes=minutes)
    until = Way(1, "email", "Email", quiet=(time(22), ends)).quiet_until(now)
    assert until is None or now < until <= now + timedelta(hours=4)


def test_whoever_is_away_is_not_in_whatever_else_says_so():
    hours = Hours(OFFICE, shifts=((at(9), at(17)),), away=((at(10), at(11)),))
    assert [hours.is_in(at(hour)) for hour in (8, 9, 10, 11, 17)] == [False, True, False, True, False]


# -- floods and lateness -----------------------------------------------------------------------------------------------------


def test_more_than_so_many_are_a_surge():
    policy = Policy(surge_most=3)
    assert [alerting.is_surge(number, policy) for number in (0, 2, 3, 9)] == [False, False, True, True]


def test_what_waited_before_a_shift_began_comes_with_the_others_for_a_while():
    assert alerting.waited_before(ASHA, at(8), at(9, 5))
    assert not alerting.waited_before(ASHA, at(9, 2), at(9, 5))
    assert not alerting.waited_before(ASHA, at(8), at(9, 10))
    assert not alerting.waited_before(BEN, at(8), at(9, 5))


def test_lateness_is_said_with_its_reason():
    assert alerting.lateness(at(10), at(10, 1), "x") == ""
    assert alerting.lateness(at(10), at(10, 2), "nobody was at work") == "nobody was at work"
    assert "not running" in alerting.lateness(at(10), at(12), "")


def test_what_could_not_leave_in_time_rings_when_its_person_is_there_again():
    here = situation()
    assert alerting.rings_at(here, ASHA, Standing.DUTY, at(16)) == at(16)
    gone_home = situation(duty=())
    assert alerting.rings_at(gone_home, ASHA, Standing.DUTY, at(23)) == at(9, day=24)
    assert alerting.rings_at(here, LEE, Standing.LEAD, at(23)) == at(9, day=24)


# -- laws ------------------------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(
    minutes=st.integers(0, 14 * 24 * 60),
    duty=st.booleans(),
    named=st.booleans(),
    cover=st.booleans(),
    leads=st.booleans(),
)
def test_a_chain_tells_each_once_in_order_at_open_times_and_ends(minutes, duty, named, cover, leads):
    here = situation(
        duty=(ASHA,) if duty else (),
        named=NORA if named else None,
        cover=(BEN,) if cover else (),
        leads=(LEE,) if leads else (),
    )
    now: datetime | None = at(0) + timedelta(minutes=minutes)
    step, told, turns = NOT_BEGUN, [], 0
    while now is not None and turns < 20:
        telling = tell(here, step, now, told)
        for one in telling.told:
            assert one.who.key not in told
            assert one.standing is Standing.DUTY or OFFICE.is_open(now)
            told.append(one.who.key)
        assert telling.next_at is None or telling.next_at > now
        step, now, turns = telling.step, telling.next_at, turns + 1
    expected = ([1] if duty else [4] if named else []) + ([2] if cover else []) + ([3] if leads else [])
    assert told == expected
