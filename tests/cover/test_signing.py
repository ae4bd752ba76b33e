"""Somebody is ready for an account from a day on and until another, by a lead's word; nobody is who may not answer there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sociable.cover import readiness, signing
from sociable.cover.models import Readiness
from sociable.cover.readiness import State
from sociable.cover.signing import CannotBeReady, DaysDoNotFit, Given
from sociable.live.models import ChangeEvent
from sociable.people.models import AuditEvent, Role
from sociable.people.permissions import NotAllowed
from tests.cast import Cast, at

pytestmark = pytest.mark.django_db
FROM, UNTIL = date(2026, 11, 23), date(2027, 7, 31)


TEN = at(10)


def signed(cast: Cast, person: Any = None, account: Any = None, *, now: datetime = TEN, until: Any = UNTIL) -> Any:
    return signing.sign_off(
        person or cast.asha, account or cast.help, Given(FROM, until, "Course done"), by=cast.lee, now=now
    )


def test_a_sign_off_holds_from_midnight_there_until_its_last_day_is_over(cast: Cast) -> None:
    made = signed(cast)
    assert made.ready_from_at == datetime(2026, 11, 23, tzinfo=UTC)
    assert made.expires_at == datetime(2027, 7, 31, 23, tzinfo=UTC), "London is an hour ahead in July"
    assert Readiness.objects.standing(made.expires_at - timedelta(seconds=1)).exists()
    assert not Readiness.objects.standing(made.expires_at).exists()
    assert not Readiness.objects.standing(made.ready_from_at - timedelta(seconds=1)).exists()


def test_it_stands_on_the_trail_and_tells_open_screens(cast: Cast) -> None:
    signed(cast)
    event = AuditEvent.objects.get(verb="signed off")
    assert (event.object_kind, event.object_id, event.person_name) == ("person", cast.asha.pk, "Lee Ward")
    assert event.after == {"account": "Ashby Help", "from": "2026-11-23", "until": "2027-07-31", "note": "Course done"}
    assert ChangeEvent.objects.filter(account_id=cast.help.pk, kind="cover").exists()


def test_only_who_plans_the_account_signs_off(cast: Cast) -> None:
    for who in (cast.asha, cast.ben, cast.cara, cast.olu):
        with pytest.raises(NotAllowed, match="plan who covers"):
            signing.sign_off(cast.asha, cast.help, Given(FROM), by=who, now=at(10))
    assert not Readiness.objects.exists()
    assert not AuditEvent.objects.filter(verb="signed off").exists()


def test_nobody_is_counted_who_may_not_answer_and_it_is_said_how(cast: Cast) -> None:
    Role.objects.create(person=cast.olu, kind="administrator", partner=cast.council)
    with pytest.raises(CannotBeReady) as refusal:
        signed(cast, cast.ben, cast.help)
    assert "Ben Hall may not answer for Ashby Help yet" in refusal.value.message
    assert "Olu Ade can do that, under Settings, People and roles" in refusal.value.message
    signed(cast, cast.ben, cast.books)


def test_an_account_that_is_answered_from_another_is_covered_there(cast: Cast) -> None:
    cast.books.answered_from = cast.help
    cast.books.save()
    with pytest.raises(CannotBeReady, match="Sign Asha Khan off for Ashby Help instead"):
        signed(cast, cast.asha, cast.books)


def test_somebody_who_left_is_not_signed_off(cast: Cast) -> None:
    cast.asha.is_active = False
    cast.asha.save()
    with pytest.raises(CannotBeReady, match="can no longer sign in"):
        signed(cast)


@pytest.mark.parametrize(
    ("from_on", "until_on", "words"),
    [(FROM, date(2026, 11, 22), "before it begins"), (date(2026, 1, 1), date(2026, 11, 22), "has passed")],
)
def test_days_that_do_not_fit_are_refused(cast: Cast, from_on: date, until_on: date, words: str) -> None:
    with pytest.raises(DaysDoNotFit, match=words):
        signing.sign_off(cast.asha, cast.help, Given(from_on, until_on), by=cast.lee, now=at(10))
    signing.sign_off(cast.asha, cast.help, Given(FROM, FROM), by=cast.lee, now=at(23, 59))


def test_signing_off_again_replaces_and_keeps_what_was(cast: Cast) -> None:
    first = signed(cast)
    second = signed(cast, now=at(11), until=None)
    first.refresh_from_db()
    assert (first.withdrawn_at, first.withdrawn_by) == (at(11), cast.lee)
    assert [row.pk for row in Readiness.objects.standing(at(12))] == [second.pk]


def test_renewing_leaves_no_gap_and_fills_none(cast: Cast) -> None:
    holds = signed(cast, until=date(2026, 12, 1))
    renewed = signing.renew(holds, Given(date(2026, 11, 30), UNTIL), by=cast.lee, now=at(10, day=30))
    assert renewed.ready_from_at == holds.ready_from_at
    Readiness.objects.filter(pk=renewed.pk).update(expires_at=at(0, day=26))
    renewed.refresh_from_db()
    anew = signing.renew(renewed, Given(date(2026, 11, 30), None), by=cast.lee, now=at(10, day=30))
    assert anew.ready_from_at == at(0, day=30), "the days between stay days on which nobody counted them"


def test_taken_back_they_count_no_more_and_it_is_told_once(cast: Cast) -> None:
    made = signed(cast)
    with pytest.raises(NotAllowed):
        signing.take_back(made, by=cast.asha, now=at(11))
    signing.take_back(made, by=cast.lee, now=at(11), reason="Moved to planning")
    signing.take_back(made, by=cast.lee, now=at(12))
    assert not Readiness.objects.standing(at(12)).exists()
    assert [event.reason for event in AuditEvent.objects.filter(verb="took back the sign-off")] == ["Moved to planning"]


def test_a_course_signs_off_through_the_same_verb(cast: Cast) -> None:
    made = signing.sign_off(cast.asha, cast.help, Given(FROM), by=None, now=at(10), source=Readiness.Source.LEARNING)
    assert (made.source, made.signed_by) == ("learning", None)
    with pytest.raises(CannotBeReady):
        signing.sign_off(cast.cara, cast.help, Given(FROM), by=None, now=at(10), source=Readiness.Source.LEARNING)


# -- What is asked of it ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "state"),
    [
        (at(23, day=22), State.TO_COME),
        (at(0, day=23), State.READY),
        (datetime(2027, 7, 3, 22, 59, tzinfo=UTC), State.READY),
        (datetime(2027, 7, 3, 23, tzinfo=UTC), State.ENDING),
        (datetime(2027, 7, 31, 22, 59, tzinfo=UTC), State.ENDING),
        (datetime(2027, 7, 31, 23, tzinfo=UTC), State.ENDED),
    ],
)
def test_how_it_stands(cast: Cast, now: datetime, state: State) -> None:
    made = signed(cast)
    assert readiness.state_of(made, now) is state
    assert [one.state for one in readiness.own(cast.asha, now)] == [state]


def test_what_ends_within_four_weeks_is_put_to_who_plans_there(cast: Cast) -> None:
    soon = signed(cast, until=date(2026, 12, 10))
    signed(cast, cast.ben, cast.books)
    assert [row.pk for row in readiness.ending(cast.lee, at(10))] == [soon.pk]
    assert readiness.ending(cast.asha, at(10)) == []
    assert readiness.ending(cast.cara, at(10)) == []
    assert readiness.ending(cast.lee, datetime(2026, 12, 11, tzinfo=UTC)) == []


def test_who_may_answer_agrees_with_permissions(cast: Cast) -> None:
    from sociable.directory.models import Account
    from sociable.people import permissions
    from sociable.people.models import Person

    cast.books.answered_from = cast.help
    cast.books.save()
    Role.objects.create(person=cast.olu, kind="answerer", partner=cast.council, account=cast.help)
    Role.objects.create(person=cast.cara, kind="champion", partner=cast.council)
    accounts = list(Account.objects.select_related("answered_from", "partner"))
    people = list(Person.objects.all())
    assert readiness.answerers(accounts) == {
        account.pk: {one.pk for one in people if permissions.can_answer(one, account.place)} for account in accounts
    }


def test_the_matrix_shows_everybody_who_may_and_counts_who_is(cast: Cast, django_assert_num_queries: Any) -> None:
    signed(cast)
    signed(cast, cast.ben, cast.books, until=date(2026, 11, 24))
    with django_assert_num_queries(3):
        found = readiness.matrix([cast.help, cast.books], at(10, day=25))
    assert [one.name for one in found.people] == ["Asha Khan", "Ben Hall", "Lee Ward"]
    states = {(one.person.first_name, one.account.slug): one.state for one in found.standings.values()}
    assert states == {
        ("Asha", "help"): State.READY,
        ("Asha", "libraries"): State.NOT_YET,
        ("Ben", "libraries"): State.ENDED,
        ("Lee", "help"): State.NOT_YET,
        ("Lee", "libraries"): State.NOT_YET,
    }
    assert (found.ready_for(cast.help), found.ready_for(cast.books)) == (1, 0)
