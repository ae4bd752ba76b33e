"""Proves that stating hours or a promise is a new version, moves open waits and never a closed one, and says before what would move."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.domain.worktime import StatedHours
from sociable.due.models import DueRow
from sociable.journeys import answer, state
from sociable.people.models import AuditEvent, Partner
from sociable.people.permissions import NotAllowed
from sociable.promises.models import Wait
from tests.cast import HOURS, MONDAY_10, Cast, at

TODAY = date(2026, 11, 23)
SHORT = StatedHours.parse("Mo-Fr 09:00-11:00; PH off")


def due_at(message: Any) -> Any:
    return Wait.objects.get(began_with=message).due_at


def promised(**what: Any) -> PromiseVersion:
    return PromiseVersion(**{"valid_from_on": TODAY, "form": "open_time", "minutes": 60, **what})


def test_hours_move_open_waits_with_their_warnings_and_say_so_before(cast: Cast) -> None:
    message = cast.ask()
    assert due_at(message) == at(12)
    foreseen = state.hours_would_move(cast.help, SHORT, TODAY)
    assert [(each.was_due_at, each.due_at) for each in foreseen] == [(at(12), at(10, day=24))]
    assert due_at(message) == at(12), "a preview writes nothing"
    moved = state.state_hours(
        account_id=cast.help.pk, hours=SHORT, valid_from_on=TODAY, person=cast.lee, now=at(10, 5), change_note="Snow"
    )
    assert [each.due_at for each in moved] == [at(10, day=24)] == [due_at(message)]
    assert DueRow.objects.get(key__endswith=":passed").due_at == at(10, day=24)
    assert HoursVersion.objects.filter(account=cast.help).count() == 2, "what was stated before stays"
    event = AuditEvent.objects.get(verb="stated hours")
    assert (event.before, event.after["hours"], event.reason) == ({"hours": HOURS}, SHORT.notation, "Snow")


def test_an_answered_wait_keeps_the_version_of_its_day(cast: Cast) -> None:
    message = cast.ask()
    answer.send(
        conversation_id=message.conversation_id, person=cast.asha, text="Thursday.", against_version=1, now=at(10, 30)
    )
    state.state_hours(account_id=cast.help.pk, hours=SHORT, valid_from_on=TODAY, person=cast.lee, now=at(10, 45))
    wait = Wait.objects.get(began_with=message)
    assert (wait.due_at, wait.kept(at(17))) == (at(12), True)


def test_what_holds_from_a_later_day_moves_nothing_that_came_before(cast: Cast) -> None:
    message = cast.ask()
    moved = state.state_hours(
        account_id=cast.help.pk, hours=SHORT, valid_from_on=date(2026, 11, 25), person=cast.lee, now=at(10, 5)
    )
    assert (moved, due_at(message)) == ([], at(12))
    assert due_at(cast.ask("And on Wednesday?", when=at(10, 30, day=25), email="else@example.org")) == at(
        10, 30, day=26
    )


def test_a_promise_moves_open_waits(cast: Cast) -> None:
    message = cast.ask()
    assert [each.due_at for each in state.promise_would_move(cast.help, promised())] == [at(11)]
    assert due_at(message) == at(12)
    state.state_promise(
        account_id=cast.help.pk, version=promised(change_note="More of us"), person=cast.lee, now=at(10, 5)
    )
    wait = Wait.objects.get(began_with=message)
    assert (wait.due_at, wait.promise.minutes) == (at(11), 60)
    assert (
        AuditEvent.objects.get(verb="stated promise").after["promise"] == "We answer within 1 hour of our opening hours"
    )


def test_of_two_statements_for_one_day_the_later_counts(cast: Cast) -> None:
    message = cast.ask()
    for minutes in (60, 30):
        state.state_promise(account_id=cast.help.pk, version=promised(minutes=minutes), person=cast.lee, now=at(10, 5))
    assert due_at(message) == at(10, 30)


def test_yesterday_cannot_be_changed_and_nothing_is_written(cast: Cast) -> None:
    yesterday = date(2026, 11, 22)
    with pytest.raises(state.InThePast, match="from today"):
        state.state_hours(account_id=cast.help.pk, hours=SHORT, valid_from_on=yesterday, person=cast.lee, now=MONDAY_10)
    with pytest.raises(state.InThePast):
        state.state_promise(
            account_id=cast.help.pk, version=promised(valid_from_on=yesterday), person=cast.lee, now=MONDAY_10
        )
    assert not AuditEvent.objects.exists()
    assert HoursVersion.objects.filter(account=cast.help).count() == 1


def test_who_only_answers_states_nothing(cast: Cast) -> None:
    for person in (cast.asha, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            state.state_hours(account_id=cast.help.pk, hours=SHORT, valid_from_on=TODAY, person=person, now=MONDAY_10)
        with pytest.raises(NotAllowed):
            state.state_promise(account_id=cast.help.pk, version=promised(), person=person, now=MONDAY_10)


def test_hours_make_a_promise_where_there_was_none(cast: Cast) -> None:
    HoursVersion.objects.filter(account=cast.help).delete()
    message = cast.ask()
    assert due_at(message) is None
    state.state_hours(
        account_id=cast.help.pk, hours=StatedHours.parse(HOURS), valid_from_on=TODAY, person=cast.lee, now=at(10, 5)
    )
    assert due_at(message) == at(12)


def test_other_bank_holidays_of_an_account_or_its_partner_move_open_waits(cast: Cast) -> None:
    """30 November is a bank holiday in Scotland alone."""
    message = cast.ask(when=at(16, day=27))
    assert due_at(message) == at(10, day=30)
    account = Account.objects.get(pk=cast.help.pk)
    account.division = "scotland"
    moved = state.change_account(account, changes={"division": ""}, person=cast.lee, now=at(16, 5, day=27))
    assert len(moved) == 1
    assert due_at(message).date() == date(2026, 12, 1)
    account.division = ""
    state.change_account(account, changes={"division": "scotland"}, person=cast.lee, now=at(16, 6, day=27))
    partner = Partner.objects.get(pk=cast.council.pk)
    partner.division = "scotland"
    with pytest.raises(NotAllowed):
        state.change_partner(partner, changes={"division": "england-and-wales"}, person=cast.lee, now=at(16, 7, day=27))
    cast.lee.roles.create(kind="administrator", partner=cast.council)
    del cast.lee.grants
    assert (
        state.change_partner(partner, changes={"division": "england-and-wales"}, person=cast.lee, now=at(16, 7, day=27))
        == 1
    )
    assert due_at(message).date() == date(2026, 12, 1)
