"""A rota is asked for, worked out by the worker in a process of its own, and put in the place of today's in one step."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from sociable.cover import problems, proposals, rota
from sociable.cover.checking import ShiftRefused, Stale
from sociable.cover.models import Readiness, Shift, ShiftPattern, TimeAway, WorkingPattern
from sociable.cover.proposal_models import RotaProposal
from sociable.directory.models import HoursVersion
from sociable.domain.cover.proposal import Span
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.people.permissions import NotAllowed
from sociable.worker import loop, proposing
from tests.cast import Cast, at
from tests.cover.conftest import Hand

pytestmark = pytest.mark.django_db
WEEK = Span(at(0, day=23), at(0, day=28))
EARLIER = at(8, day=20)
HOUR = timedelta(hours=1)


@pytest.fixture
def team(cast: Cast, hand: Hand) -> Cast:
    """Asha works whole days, Lee mornings; both are ready for the council's help, Asha for its libraries too."""
    for person, hours in ((cast.asha, "Mo-Fr 09:00-17:00"), (cast.lee, "Mo-Fr 09:00-13:00")):
        WorkingPattern.objects.create(
            person=person, valid_from_on=date(2026, 1, 1), notation=hours, set_at=at(8, day=1)
        )
    return cast


def asked(team: Cast, *accounts: Any, **more: Any) -> RotaProposal:
    wanted = proposals.Asked(accounts or (team.help,), WEEK, **more)
    return proposals.ask(wanted, by=team.lee, now=EARLIER)


def work_out() -> None:
    """The worker does what is due, with a real process."""
    DueRow.objects.filter(kind=proposals.KIND).update(next_at=timezone.now(), due_at=timezone.now())
    assert loop.do_due([proposals.KIND]) == 1


# -- What is read ----------------------------------------------------------------------------------------------------------


def test_what_a_rota_must_reckon_with(team: Cast, hand: Hand) -> None:
    TimeAway.objects.create(
        person=team.asha, kind="sickness", private_reason="Her back", state="agreed", asked_at=at(9),
        starts_at=at(9, day=24), ends_at=at(12, day=24),
    )  # fmt: skip
    TimeAway.objects.create(
        person=team.asha, kind="leave", state="asked", asked_at=at(9), starts_at=at(9, day=25), ends_at=at(12, day=25)
    )
    pattern = ShiftPattern.objects.create(
        partner=team.council, name="Nights", weekdays=[0], begins=at(22).time(), ends=at(6).time()
    )
    pattern.accounts.add(team.help)
    elsewhere = ShiftPattern.objects.create(
        partner=team.council, name="Elsewhere", weekdays=[0], begins=at(7).time(), ends=at(8).time()
    )
    elsewhere.accounts.add(team.clinic)
    problem = problems.facts([team.help, team.books], WEEK, by=team.lee).problem
    assert [(each.name, len(each.needs)) for each in problem.accounts] == [("Ashby Help", 5), ("Ashby Libraries", 5)]
    assert {each.name: sorted(each.ready) for each in problem.people} == {
        "Asha Khan": [team.help.pk, team.books.pk], "Ben Hall": [team.books.pk], "Lee Ward": [team.help.pk]
    }  # fmt: skip
    asha, ben, lee = problem.people
    assert lee.works[0] == Span(at(9), at(13))
    assert [(away.span.starts_at, away.reason) for away in asha.away] == [(at(9, day=24), "off sick")]
    assert "back" not in repr(problem)
    assert (ben.works, ben.hours_in_words) == ((), problems.NO_HOURS)
    assert [(each.name, each.starts_minute, each.length.total_seconds() / 3600) for each in problem.patterns] == [
        (problems.BETWEEN, 9 * 60, 8), (pattern.name, 22 * 60, 8)
    ]  # fmt: skip


def kinds(team: Cast, *rows: tuple[str, list[int], int, int], span: Span = WEEK) -> list[tuple[str, float, float, str]]:
    """What a rota may be made of where these kinds of shift are kept: name, from, hours, and days as Mo to Su are numbered."""
    for name, weekdays, begins, ends in rows:
        row = ShiftPattern.objects.create(
            partner=team.council, name=name, weekdays=weekdays, begins=time(begins), ends=time(ends)
        )
        row.accounts.add(team.help)
    found = problems.facts([team.help], span, by=team.lee).problem.patterns
    return [
        (each.name, each.starts_minute / 60, each.length / HOUR, "".join(map(str, sorted(each.weekdays))))
        for each in found
    ]


def test_kinds_of_shift_keep_their_days(team: Cast) -> None:
    """What none of a day reaches is asked for on that day alone; of two alike one has the days of both."""
    made = kinds(
        team,
        ("Early", [0, 1], 9, 13),
        ("Whole", [4], 9, 17),
        ("Long Friday", [3, 4], 9, 17),
        ("Also early", [2], 9, 13),
    )
    assert made == [("Also early", 9, 4, "012"), ("Long Friday", 9, 8, "34"), (problems.BETWEEN, 13, 4, "012")]


def test_what_kinds_leave_of_a_night_is_on_the_day_it_begins(team: Cast) -> None:
    """Open from 8pm to 6am: the evening's kind is Monday's, what it leaves begins at midnight and so is Tuesday's."""
    HoursVersion.objects.filter(account=team.help).update(notation="Mo,We 20:00-06:00")
    assert kinds(team, ("Evening", [0], 20, 0), ("Small hours", [3], 0, 6)) == [
        (problems.BETWEEN, 0, 6, "1"), ("Small hours", 0, 6, "3"), ("Evening", 20, 4, "0"), (problems.BETWEEN, 20, 4, "2")
    ]  # fmt: skip


def test_what_kinds_leave_of_hours_without_end_is_asked_for_day_by_day(team: Cast) -> None:
    """Always open, with one kind for the days of work: every night and the whole weekend are left."""
    HoursVersion.objects.filter(account=team.help).update(notation="24/7")
    days = ("Day", [0, 1, 2, 3, 4], 9, 17)
    between = [one for one in kinds(team, days, span=Span(at(0), at(0, day=30))) if one[0] == problems.BETWEEN]
    assert between == [
        (problems.BETWEEN, 0, 9, "01234"),
        (problems.BETWEEN, 0, 24, "56"),
        (problems.BETWEEN, 17, 7, "01234"),
    ]


def test_what_may_be_moved(team: Cast, hand: Hand) -> None:
    """What a hand has set stays, and drafts, and what lies around; and whoever has no working hours keeps their shifts."""
    by_hand = hand.shift(team.asha, at(9), at(13))
    moved = hand.shift(team.asha, at(9, day=24), at(13, day=24))
    bens = hand.shift(team.ben, at(9, day=24), at(13, day=24), team.books)
    other = hand.shift(team.asha, at(9, day=26), at(13, day=26), team.books)
    around = hand.shift(team.asha, at(9, day=19), at(13, day=19))
    Shift.objects.exclude(pk=by_hand.pk).update(is_fixed=False)
    draft = hand.draft(team.lee, at(9, day=25), at(13, day=25))
    Shift.objects.filter(pk=draft.pk).update(is_fixed=False)
    read = problems.facts([team.help], WEEK, by=team.lee)
    assert list(read.movable) == [moved.pk]
    assert {shift.starts_at for shift in read.problem.fixed} == {
        each.starts_at for each in (by_hand, other, around, draft)
    }
    both = problems.facts([team.help, team.books], WEEK, by=team.lee)
    assert set(both.movable) == {moved.pk, other.pk}
    assert bens.starts_at in {shift.starts_at for shift in both.problem.fixed}


def test_what_is_published_can_be_left_as_it_is(team: Cast, hand: Hand) -> None:
    """Only what is open is filled then: Lee keeps the morning that could be anybody's, and Asha gets the afternoons."""
    hand.shift(team.lee, at(9), at(13))
    Shift.objects.update(is_fixed=False)
    row = asked(team, keeps_published=True)
    assert not proposals.facts_of(row).movable
    work_out()
    before = set(Shift.objects.published().values_list("pk", flat=True))
    proposals.publish(row.pk, by=team.lee, now=EARLIER)
    assert before < set(Shift.objects.published().values_list("pk", flat=True))


def test_what_a_draft_would_change_stays_as_it_is(team: Cast, hand: Hand) -> None:
    """Until the draft is published the shift holds: a rota beside the draft would put Asha on two shifts at once."""
    shift = hand.shift(team.asha, at(9), at(17))
    rota.change(shift, hand.wanted(team.asha, at(9), at(13)), by=team.lee, now=EARLIER)
    Shift.objects.update(is_fixed=False)
    read = problems.facts([team.help], WEEK, by=team.lee)
    assert not read.movable
    assert [(each.starts_at, each.ends_at) for each in read.problem.fixed] == [(at(9), at(17))]
    asked(team)
    work_out()
    row = RotaProposal.objects.get()
    proposals.publish(row.pk, by=team.lee, now=EARLIER)


# -- Asked and worked out --------------------------------------------------------------------------------------------------


def test_a_rota_is_worked_out_and_told(team: Cast) -> None:
    row = asked(team)
    assert row.state == "waiting"
    work_out()
    row.refresh_from_db()
    assert row.state == "done"
    assert (row.told["after"]["holes"], row.told["before"]["holes"]) == (0, 40)
    assert row.gap == 0
    assert all(each["why"] for each in row.told["shifts"])
    assert not DueRow.objects.filter(kind=proposals.KIND, done_at=None).exists()


def test_what_cannot_be_asked_for(team: Cast) -> None:
    with pytest.raises(ShiftRefused, match="at least one account"):
        proposals.ask(proposals.Asked((), WEEK), by=team.lee, now=EARLIER)
    with pytest.raises(ShiftRefused, match="has not begun"):
        proposals.ask(proposals.Asked((team.help,), WEEK), by=team.lee, now=at(9, day=23))
    with pytest.raises(ShiftRefused, match="1 to 12 weeks"):
        proposals.ask(proposals.Asked((team.help,), Span(WEEK.starts_at, WEEK.starts_at)), by=team.lee, now=EARLIER)
    with pytest.raises(NotAllowed):
        proposals.ask(proposals.Asked((team.clinic,), WEEK), by=team.lee, now=EARLIER)
    with pytest.raises(NotAllowed):
        proposals.ask(proposals.Asked((team.help,), WEEK), by=team.asha, now=EARLIER)


def test_a_process_that_breaks_is_told_and_not_tried_for_ever(team: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    row = asked(team)
    breaks = SimpleNamespace(__name__="sociable", STOP=proposing.proposing_child.STOP)  # which does nothing and ends
    monkeypatch.setattr(proposing, "proposing_child", breaks)
    proposals.stop(row, EARLIER)  # and nobody is left to be told so
    work_out()
    row.refresh_from_db()
    assert (row.state, row.trouble) == ("failed", proposing.BROKE)


def test_a_worker_that_died_is_followed_by_another(team: Cast) -> None:
    """It had begun; its lease ends, and another begins anew. What the first still says comes too late."""
    row = asked(team)
    first = due.claim(EARLIER, kinds=[proposals.KIND])[0]
    assert proposals.begin(row.pk, EARLIER) is not None
    work_out()
    row.refresh_from_db()
    assert row.state == "done"
    proposals.fail(first, "too late", timezone.now())
    row.refresh_from_db()
    assert (row.state, row.trouble) == ("done", "")


def test_it_is_stopped_with_the_best_so_far(team: Cast) -> None:
    row = asked(team, seconds=600)
    proposals.stop(row, EARLIER)
    work_out()
    row.refresh_from_db()
    assert row.state == "done"
    assert row.told["shifts"]


# -- What if ---------------------------------------------------------------------------------------------------------------


def test_what_is_only_supposed_is_never_published(team: Cast) -> None:
    away = {
        "kind": "away",
        "person": team.asha.pk,
        "starts_at": at(0, day=24).isoformat(),
        "ends_at": at(0, day=25).isoformat(),
    }
    row = asked(team, what_if=away, what_if_words="Asha is away on Tuesday")
    work_out()
    row.refresh_from_db()
    assert row.told["after"]["holes"] == 4
    assert "Asha Khan is away, as is supposed" in row.told["holes"][0]["why"]
    with pytest.raises(ShiftRefused, match="only shows what would be"):
        proposals.publish(row.pk, by=team.lee, now=EARLIER)


def test_what_if_somebody_were_ready_or_the_promise_another(team: Cast) -> None:
    problem = problems.facts([team.help, team.books], WEEK, by=team.lee).problem
    ready = proposals.supposed(problem, {"kind": "ready", "person": team.lee.pk, "account": team.books.pk})
    assert team.books.pk in next(each for each in ready.people if each.person_id == team.lee.pk).ready
    promised = proposals.supposed(problem, {"kind": "promise", "account": team.help.pk, "minutes": 60})
    assert promised.accounts[0].promise.total_seconds() == 3600
    assert problem.accounts[0].promise.total_seconds() == 7200


# -- Published -------------------------------------------------------------------------------------------------------------


def test_it_takes_the_place_of_todays_rota_in_one_step(team: Cast, hand: Hand) -> None:
    fixed = hand.shift(team.lee, at(9), at(13))
    goes = hand.shift(team.asha, at(9, day=24), at(11, day=24))
    Shift.objects.filter(pk=goes.pk).update(is_fixed=False)
    row = asked(team)
    work_out()
    done = proposals.publish(row.pk, by=team.lee, now=EARLIER)
    row.refresh_from_db()
    goes.refresh_from_db()
    assert (row.state, row.published_by) == ("published", team.lee)
    assert goes.state == "cancelled"
    assert Shift.objects.get(pk=fixed.pk).state == "published"
    made = Shift.objects.published().filter(made_by="proposal", proposal_id=row.pk)
    assert made.count() + 1 == done.changes
    assert not made.filter(is_fixed=True).exists()
    assert not Shift.objects.filter(state="draft").exists()
    assert problems_left(team) == 0
    with pytest.raises(Stale, match="published already"):
        proposals.publish(row.pk, by=team.lee, now=EARLIER)


def problems_left(team: Cast) -> float:
    from sociable.domain.cover.proposal import Sheet, amount

    problem = problems.facts([team.help], WEEK, by=team.lee).problem
    return amount(Sheet.of(problem), problem.present).hole_hours


@pytest.mark.parametrize("what", ["leave", "sign-off", "shift", "hours"])
def test_what_has_changed_meanwhile_is_not_published_over(team: Cast, hand: Hand, what: str) -> None:
    row = asked(team)
    work_out()
    change(what, team, hand)
    with pytest.raises(Stale, match="has changed since"):
        proposals.publish(row.pk, by=team.lee, now=EARLIER)
    assert not Shift.objects.filter(made_by="proposal").exists()


def change(what: str, team: Cast, hand: Hand) -> None:
    if what == "leave":
        TimeAway.objects.create(
            person=team.asha,
            kind="leave",
            state="agreed",
            asked_at=at(9),
            starts_at=at(9, day=25),
            ends_at=at(12, day=25),
        )
    elif what == "sign-off":
        Readiness.objects.filter(person=team.asha, account=team.help).update(withdrawn_at=at(9, day=20))
    elif what == "shift":
        hand.draft(team.asha, at(9), at(13))
    else:
        WorkingPattern.objects.filter(person=team.lee).update(notation="Mo-Th 09:00-13:00")


def test_nothing_is_published_of_days_that_have_begun_or_where_nothing_would_change(team: Cast) -> None:
    row = asked(team)
    work_out()
    with pytest.raises(ShiftRefused, match="first day has begun"):
        proposals.publish(row.pk, by=team.lee, now=at(1, day=23))
    proposals.publish(row.pk, by=team.lee, now=EARLIER)
    again = asked(team)
    work_out()
    again.refresh_from_db()
    row.refresh_from_db()
    assert proposals.proposed_shifts(again) == proposals.proposed_shifts(row)
    with pytest.raises(ShiftRefused, match="changes nothing"):
        proposals.publish(again.pk, by=team.lee, now=EARLIER)


def test_how_many_published_shifts_it_moves_is_told(team: Cast, hand: Hand) -> None:
    """A whole day stays, two hours of one give way to a whole one; what a hand has set is not counted."""
    hand.shift(team.lee, at(9), at(13))
    hand.shift(team.asha, at(9, day=24), at(17, day=24))
    hand.shift(team.asha, at(11, day=25), at(13, day=25))
    Shift.objects.exclude(person=team.lee).update(is_fixed=False)
    row = asked(team)
    work_out()
    row.refresh_from_db()
    assert row.told["movable"] == 2
    assert [each["starts_at"] for each in row.told["moved"]] == [at(11, day=25).isoformat()]


def test_an_outsider_publishes_nothing(team: Cast) -> None:
    row = asked(team)
    work_out()
    with pytest.raises(NotAllowed):
        proposals.publish(row.pk, by=team.cara, now=EARLIER)
    assert not Shift.objects.filter(made_by="proposal").exists()


def test_the_mark_is_that_of_what_was_read(team: Cast) -> None:
    one, two = (problems.facts([team.help], WEEK, by=team.lee) for _ in range(2))
    assert one.mark == two.mark
    other = replace(one, problem=replace(one.problem, zone="Europe/Dublin"))
    assert other.mark != one.mark
    assert isinstance(one.problem.span.starts_at, datetime)
