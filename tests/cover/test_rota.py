"""Proves the verbs of the rota: drafts and their refusals, patterns, changes, cancelling, leaving, and two leads at once."""

from __future__ import annotations

import threading
from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection

from sociable.cover import rota
from sociable.cover.models import RotaChange, Shift, ShiftPattern, TimeAway, WorkingPattern
from sociable.domain.cover.limits import Kind
from sociable.journeys import leave
from sociable.live.models import ChangeEvent
from sociable.people.models import AuditEvent, Role
from sociable.people.permissions import NotAllowed
from tests.cast import Cast, at
from tests.cover.conftest import Hand

pytestmark = pytest.mark.django_db
NOW = at(8, day=20)


def published() -> list[tuple[str, int]]:
    return [(shift.person.first_name, shift.starts_at.day) for shift in Shift.objects.published()]


def test_a_draft_is_seen_by_nobody_until_it_is_published(cast: Cast, hand: Hand) -> None:
    draft = hand.draft(cast.asha, at(9), at(17))
    assert published() == []
    assert not RotaChange.objects.exists()
    hand.publish(draft)
    assert published() == [("Asha", 23)]
    told = RotaChange.objects.get()
    assert (told.person, told.what) == (cast.asha, "added")
    assert ChangeEvent.objects.filter(kind="rota", account_id=cast.help.pk).count() == 1
    assert list(AuditEvent.objects.filter(object_kind="shift").order_by("id").values_list("verb", flat=True)) == [
        "drafted a shift", "published a shift",
    ]  # fmt: skip


def test_an_overlap_is_refused_whatever_the_reason(cast: Cast, hand: Hand) -> None:
    hand.draft(cast.asha, at(9), at(17))
    with pytest.raises(rota.ShiftRefused, match="Asha has another shift then, 9am to 5pm on Monday 23 November"):
        hand.draft(cast.asha, at(16), at(20), reason="We need her")
    assert Shift.objects.count() == 1


def test_what_is_warned_of_needs_a_reason_which_is_kept(cast: Cast, hand: Hand) -> None:
    TimeAway.objects.create(
        person=cast.asha, kind="leave", starts_at=at(12), ends_at=at(14), state="agreed", asked_at=NOW,
        private_reason="The clinic",
    )  # fmt: skip
    with pytest.raises(rota.Unwise) as unwise:
        hand.draft(cast.asha, at(9), at(17))
    assert [each.kind for each in unwise.value.concerns] == [Kind.AWAY]
    assert "clinic" not in unwise.value.message
    draft = hand.draft(cast.asha, at(9), at(17), reason="She is back by one")
    assert draft.override_reason == "She is back by one"
    assert AuditEvent.objects.get(object_id=draft.pk, object_kind="shift").reason == "She is back by one"


@pytest.mark.parametrize(("expires", "warned"), [(at(16, 59), True), (at(17), False)])
def test_ready_means_ready_until_the_end(cast: Cast, hand: Hand, expires: Any, warned: bool) -> None:
    cast.asha.readiness.update(expires_at=expires)
    if warned:
        with pytest.raises(rota.Unwise, match="not signed off for Ashby Help"):
            hand.draft(cast.asha, at(9), at(17))
    else:
        hand.draft(cast.asha, at(9), at(17))


def test_a_working_pattern_says_when_and_how_much(cast: Cast, hand: Hand) -> None:
    WorkingPattern.objects.create(
        person=cast.asha, valid_from_on=date(2026, 11, 1), notation="Mo,Tu 09:00-13:00", week_minutes=8 * 60, set_at=NOW
    )
    hand.draft(cast.asha, at(9), at(13))
    hand.draft(cast.asha, at(9, day=24), at(13, day=24))
    with pytest.raises(rota.Unwise) as unwise:
        hand.draft(cast.asha, at(9, day=25), at(13, day=25))
    assert [each.kind for each in unwise.value.concerns] == [Kind.OUTSIDE, Kind.WEEK]


def test_who_may_not_plan_makes_nothing(cast: Cast, hand: Hand) -> None:
    with pytest.raises(NotAllowed):
        hand.draft(cast.asha, at(9), at(17), by=cast.asha)
    with pytest.raises(NotAllowed, match="plan who covers"):
        hand.draft(cast.asha, at(9), at(17), cast.clinic)
    with pytest.raises(NotAllowed, match="the rota of Cara"):
        hand.draft(cast.cara, at(9), at(17))
    assert not Shift.objects.exists()


def test_somebody_of_two_bodies_is_on_two_shifts_of_neither(cast: Cast, hand: Hand) -> None:
    Role.objects.create(person=cast.asha, kind="answerer", partner=cast.trust)
    Role.objects.create(person=cast.cara, kind="service_lead", partner=cast.trust)
    hand.ready(cast.asha, cast.clinic)
    hand.shift(cast.asha, at(9), at(13))
    with pytest.raises(rota.ShiftRefused, match="another shift"):
        hand.draft(cast.asha, at(12), at(17), cast.clinic, by=cast.cara)
    hand.draft(cast.asha, at(13), at(17), cast.clinic, by=cast.cara)
    with pytest.raises(NotAllowed):
        rota.remove(Shift.objects.get(accounts=cast.clinic), by=cast.lee, now=NOW)


def test_a_shift_that_covers_nothing_or_ends_first_is_refused(cast: Cast, hand: Hand) -> None:
    from sociable.cover.around import Wanted

    with pytest.raises(rota.ShiftRefused, match="ends before it begins"):
        hand.draft(cast.asha, at(17), at(9))
    with pytest.raises(rota.ShiftRefused, match="at least one account"):
        rota.make(Wanted(cast.asha, at(9), at(17), ()), by=cast.lee, now=NOW)


# -- Patterns --------------------------------------------------------------------------------------------------------------


def mornings(cast: Cast, **more: Any) -> ShiftPattern:
    kind = {"weekdays": [0, 1, 2, 3, 4], "begins": time(9), "ends": time(13)} | more
    pattern = ShiftPattern.objects.create(partner=cast.council, name="Mornings", **kind)
    pattern.accounts.add(cast.help)
    return pattern


def test_a_pattern_makes_its_shifts_once(cast: Cast, hand: Hand) -> None:
    made = rota.make_from(mornings(cast), cast.asha, date(2026, 11, 23), 2, by=cast.lee, now=NOW)
    assert [shift.starts_at.day for shift in made] == [23, 24, 25, 26, 27, 30, 1, 2, 3, 4]
    again = rota.make_from(made[0].pattern, cast.asha, date(2026, 11, 30), 2, by=cast.lee, now=NOW)
    assert [shift.starts_at.day for shift in again] == [7, 8, 9, 10, 11]


def test_a_pattern_keeps_its_local_time_over_a_clock_change(cast: Cast, hand: Hand) -> None:
    hand.cast.asha.readiness.update(ready_from_at=at(0, day=1) - timedelta(days=90))
    made = rota.make_from(mornings(cast, weekdays=[4]), cast.asha, date(2026, 10, 23), 2, by=cast.lee, now=NOW)
    assert [shift.starts_at.hour for shift in made] == [8, 9]


def test_a_pattern_is_made_whole_or_not_at_all(cast: Cast, hand: Hand) -> None:
    hand.draft(cast.asha, at(12, day=25), at(14, day=25))
    with pytest.raises(rota.ShiftRefused):
        rota.make_from(mornings(cast), cast.asha, date(2026, 11, 23), 1, by=cast.lee, now=NOW)
    assert Shift.objects.count() == 1


def test_all_that_speaks_against_a_pattern_is_told_at_once(cast: Cast, hand: Hand) -> None:
    for day in (24, 26):
        TimeAway.objects.create(
            person=cast.asha, kind="leave", starts_at=at(0, day=day), ends_at=at(0, day=day + 1), state="agreed", asked_at=NOW
        )  # fmt: skip
    with pytest.raises(rota.Unwise) as unwise:
        rota.make_from(mornings(cast), cast.asha, date(2026, 11, 23), 1, by=cast.lee, now=NOW)
    assert [each.kind for each in unwise.value.concerns] == [Kind.AWAY, Kind.AWAY]
    assert not Shift.objects.exists()


# -- Changes of what is published ------------------------------------------------------------------------------------------


def test_a_published_shift_is_changed_by_a_draft_and_replaced(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    draft = rota.change(shift, hand.wanted(cast.asha, at(10), at(14)), by=cast.lee, now=NOW)
    assert [each.starts_at.hour for each in Shift.objects.published()] == [9]
    with pytest.raises(rota.Stale, match="A draft changes this shift already"):
        rota.change(shift, hand.wanted(cast.asha, at(11), at(15)), by=cast.lee, now=NOW)
    hand.publish(draft)
    assert [each.starts_at.hour for each in Shift.objects.published()] == [10]
    shift.refresh_from_db()
    assert (shift.state, shift.cancelled_reason) == ("cancelled", "Replaced")
    assert RotaChange.objects.filter(what="changed").count() == 1
    assert Shift.objects.published().get().began_as == shift.pk


def test_a_published_shift_goes_when_its_removal_is_published(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    draft = rota.remove(shift, by=cast.lee, now=NOW)
    assert published() == [("Asha", 23)]
    hand.publish(draft)
    assert published() == []
    assert RotaChange.objects.filter(what="taken_off", person=cast.asha).count() == 1


def test_a_draft_is_changed_and_removed_at_once(cast: Cast, hand: Hand) -> None:
    draft = hand.draft(cast.asha, at(9), at(13))
    rota.change(draft, hand.wanted(cast.asha, at(9), at(17)), by=cast.lee, now=NOW)
    assert Shift.objects.get().ends_at == at(17)
    assert rota.remove(draft, by=cast.lee, now=NOW) is None
    assert not Shift.objects.exists()
    with pytest.raises(rota.Stale, match="gone"):
        rota.remove(draft, by=cast.lee, now=NOW)


def test_cancelling_needs_a_reason_and_tells_it(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    with pytest.raises(rota.ShiftRefused, match="Say why"):
        rota.cancel(shift, reason=" ", by=cast.lee, now=NOW)
    rota.cancel(shift, reason="The library is closed", by=cast.lee, now=NOW)
    assert published() == []
    assert RotaChange.objects.get(what="taken_off").words == "The library is closed"
    with pytest.raises(rota.Stale):
        rota.cancel(shift, reason="Twice", by=cast.lee, now=NOW)


def test_what_was_worked_stays(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    with pytest.raises(rota.ShiftRefused, match="It is over"):
        rota.cancel(shift, reason="No", by=cast.lee, now=at(13))


# -- Publishing ------------------------------------------------------------------------------------------------------------


def test_what_changed_since_it_was_looked_at_is_not_published(cast: Cast, hand: Hand) -> None:
    from sociable.cover import publishing

    draft, other = hand.draft(cast.asha, at(9), at(13)), hand.draft(cast.lee, at(9), at(13))
    seen = publishing.mark_of([draft, other])
    rota.change(other, hand.wanted(cast.lee, at(9), at(14)), by=cast.lee, now=NOW)
    with pytest.raises(rota.Stale, match="Look at them again"):
        publishing.publish([draft.pk, other.pk], mark=seen, by=cast.lee, now=NOW)
    assert published() == []


def test_a_change_of_what_was_cancelled_since_is_not_published(cast: Cast, hand: Hand) -> None:
    shift = hand.shift(cast.asha, at(9), at(13))
    draft = rota.change(shift, hand.wanted(cast.asha, at(10), at(14)), by=cast.lee, now=NOW)
    rota.cancel(shift, reason="Closed", by=cast.lee, now=NOW)
    with pytest.raises(rota.Stale, match="cancelled or swapped"):
        hand.publish(Shift.objects.get(pk=draft.pk))


def test_drafts_that_only_fit_together_are_refused_apart(cast: Cast, hand: Hand) -> None:
    """The new shift fits because a draft moves the old one; published without that, she would be on both."""
    shift = hand.shift(cast.asha, at(9), at(13))
    moved = rota.change(shift, hand.wanted(cast.asha, at(14), at(17)), by=cast.lee, now=NOW)
    fresh = hand.draft(cast.asha, at(10), at(13))
    with pytest.raises(rota.ShiftRefused, match="on two shifts at once"):
        hand.publish(fresh)
    hand.publish(Shift.objects.get(pk=moved.pk), Shift.objects.get(pk=fresh.pk))
    assert [each.starts_at.hour for each in Shift.objects.published()] == [10, 14]


def test_somebody_who_left_is_taken_off_and_cannot_come_on(cast: Cast, hand: Hand) -> None:
    hand.shift(cast.asha, at(9), at(13))
    hand.shift(cast.asha, at(9, day=24), at(13, day=24))
    hand.draft(cast.asha, at(9, day=25), at(13, day=25))
    assert leave.leave(cast.asha, by=cast.lee, now=at(10)) == 1
    assert published() == [("Asha", 23)], "what she was working stays"
    assert not Shift.objects.filter(state="draft").exists()
    with pytest.raises(NotAllowed):
        hand.draft(cast.asha, at(9, day=26), at(13, day=26))


# -- Two at once -----------------------------------------------------------------------------------------------------------


def at_once(*acts: Any) -> list[Any]:
    """What each came to, started in the same instant on connections of their own."""
    start, came = threading.Barrier(len(acts)), []

    def run(act: Any) -> None:
        start.wait()
        try:
            came.append(act())
        except (rota.ShiftRefused, rota.Stale) as refused:
            came.append(refused)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came


@pytest.mark.django_db(transaction=True)
def test_of_overlapping_shifts_made_in_one_instant_one_is_made(cast: Cast, hand: Hand) -> None:
    came = at_once(*[lambda n=n: hand.draft(cast.asha, at(9, n), at(17), reason="x") for n in range(6)])
    assert sorted(type(each).__name__ for each in came) == ["Shift", *["ShiftRefused"] * 5]
    assert Shift.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_leads_who_publish_in_one_instant_one_does(cast: Cast, hand: Hand) -> None:
    drafts = [hand.draft(cast.asha, at(9, day=day), at(13, day=day)) for day in (23, 24, 25)]
    came = at_once(*[lambda: hand.publish(*drafts) for _ in range(4)])
    assert sorted(type(each).__name__ for each in came) == ["Published", "Stale", "Stale", "Stale"]
    assert Shift.objects.published().count() == 3
    assert RotaChange.objects.count() == 3
