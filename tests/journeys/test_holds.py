"""Two people never work on one request without knowing: holds, the next fair one, expiry, handing over, putting off."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection

from sociable.conversations.models import Conversation
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import claim, snooze
from sociable.people.models import Person, Role
from sociable.people.permissions import NotAllowed
from sociable.promises import services as promises
from sociable.promises.models import Wait
from tests.cast import at

pytestmark = pytest.mark.django_db
ENDS_AT = at(10, 15)


def ask(cast, number: int = 1, **more) -> Conversation:
    said = {"email": f"resident-{number}@example.org", "text": f"Question {number}", "when": at(9, number)} | more
    return cast.ask(**said).conversation


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def expire(now) -> None:
    for row in due.claim(now, 50, ["hold"]):
        claim.expire(row, now)


def test_what_one_has_another_cannot_take_and_is_told_who(cast):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    with pytest.raises(claim.Taken, match="Asha Khan has this one"):
        claim.take(conversation.pk, cast.lee, at(10, 1))
    assert claim.take(conversation.pk, cast.asha, at(10, 5)).held_until_at == at(10, 20)


def test_an_outsider_takes_nothing(cast):
    conversation = ask(cast)
    for outsider in (cast.ben, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            claim.take(conversation.pk, outsider, at(10))
    with pytest.raises(claim.NothingToTake):
        claim.take_next(cast.ben, at(10))


def test_the_next_fair_one_is_the_one_that_waits_longest(cast):
    later, earlier = ask(cast, 2), ask(cast, 1)
    assert claim.take_next(cast.asha, at(10)) == earlier
    assert claim.take_next(cast.lee, at(10)) == later
    with pytest.raises(claim.NothingToTake):
        claim.take_next(cast.lee, at(10))


def test_accounts_named_by_the_caller_do_not_widen_what_a_person_may(cast):
    ask(cast)
    with pytest.raises(claim.NothingToTake):
        claim.take_next(cast.ben, at(10), [cast.help])


def test_a_request_answered_since_the_page_was_drawn_up_is_passed_over(cast, monkeypatch):
    first, second = ask(cast, 1), ask(cast, 2)
    really = claim.hold

    def hold(conversation, person, now):
        if conversation == first:
            promises.end(Wait.objects.get(conversation=first), how=Wait.Ended.CLOSED, at=now)
        return really(conversation, person, now)

    monkeypatch.setattr(claim, "hold", hold)
    assert claim.take_next(cast.asha, at(10)) == second


@pytest.mark.django_db(transaction=True)
def test_two_people_in_the_same_instant_get_two_different_ones(cast):
    for number in range(1, 13):
        ask(cast, number)
    more = [Person.objects.create_user(f"{n}@staff.example.org", name=f"Number {n}") for n in range(4)]
    for person in more:
        Role.objects.create(person=person, kind="answerer", partner=cast.council)
    people, got, start = [cast.asha, cast.lee, *more], [], threading.Barrier(6)

    def take(person) -> None:
        start.wait()
        try:
            got.extend(claim.take_next(person, at(10)).pk for _ in range(2))
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 12


def test_one_person_who_asks_twice_at_once_gets_one(cast, monkeypatch):
    """A double click: both pages were drawn up before either held anything."""
    ask(cast, 1)
    ask(cast, 2)
    page = claim.promises.fair_page(claim.promises.Line([cast.help]), at(10), limit=10)
    monkeypatch.setattr(claim.promises, "fair_page", lambda *given, **named: page)
    assert claim.take_next(cast.asha, at(10)) == claim.take_next(cast.asha, at(10))


def test_a_hold_ends_by_itself_and_the_request_stands_in_its_place_again(cast):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    expire(ENDS_AT - timedelta(seconds=1))
    assert fresh(conversation).held_by == cast.asha
    expire(ENDS_AT)
    assert fresh(conversation).held_by is None
    assert claim.take_next(cast.lee, ENDS_AT) == conversation


def test_signs_of_life_keep_a_hold(cast):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    assert claim.keep(conversation.pk, cast.asha, at(10, 10))
    expire(ENDS_AT)
    assert fresh(conversation).held_by == cast.asha
    expire(at(10, 25))
    assert fresh(conversation).held_by is None
    assert not claim.keep(conversation.pk, cast.asha, at(10, 26))
    assert not claim.keep(conversation.pk, cast.lee, at(10, 26))


def test_keeping_writes_no_row_at_every_key(cast, django_assert_num_queries):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    with django_assert_num_queries(1):
        assert claim.keep(conversation.pk, cast.asha, at(10, 0))


def test_an_expiry_in_hand_does_not_end_the_hold_of_somebody_who_took_it_since(cast):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    (row,) = due.claim(ENDS_AT, 1, ["hold"])
    claim.take(conversation.pk, cast.lee, ENDS_AT)
    claim.expire(row, ENDS_AT)
    assert fresh(conversation).held_by == cast.lee
    expire(at(10, 30))
    assert fresh(conversation).held_by is None


def test_let_go_by_its_holder_alone(cast):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    claim.let_go(conversation.pk, cast.lee, at(10, 1))
    assert fresh(conversation).held_by == cast.asha
    claim.let_go(conversation.pk, cast.asha, at(10, 2))
    assert fresh(conversation).held_by is None
    assert not DueRow.objects.filter(kind="hold").exists()


def test_handed_over_it_waits_longer_for_its_new_holder_who_must_be_allowed(cast):
    conversation = ask(cast)
    claim.take(conversation.pk, cast.asha, at(10))
    with pytest.raises(NotAllowed):
        claim.hand_over(conversation.pk, cast.asha, cast.ben, "you know books", at(10, 1))
    claim.hand_over(conversation.pk, cast.asha, cast.lee, "you know bins", at(10, 1))
    held = fresh(conversation)
    assert (held.held_by, held.handed_note) == (cast.lee, "Asha: you know bins")
    expire(at(10, 30))
    assert fresh(conversation).held_by == cast.lee


def test_put_off_it_leaves_the_queue_its_clock_runs_on_and_then_it_is_back(cast):
    conversation = ask(cast)
    snooze.until(conversation.pk, cast.asha, at(11), at(10))
    with pytest.raises(claim.NothingToTake):
        claim.take_next(cast.asha, at(10, 30))
    assert Wait.objects.get().is_open
    (row,) = due.claim(at(11), 1, ["snooze"])
    snooze.wake(row, at(11))
    assert fresh(conversation).snoozed_until_at is None
    assert claim.take_next(cast.asha, at(11)) == conversation


def test_put_off_again_while_the_waking_is_in_hand_it_sleeps_on(cast):
    conversation = ask(cast)
    snooze.until(conversation.pk, cast.asha, at(11), at(10))
    (row,) = due.claim(at(11), 1, ["snooze"])
    snooze.until(conversation.pk, cast.asha, at(12), at(11))
    snooze.wake(row, at(11))
    assert fresh(conversation).snoozed_until_at == at(12)
    (row,) = due.claim(at(12), 1, ["snooze"])
    snooze.wake(row, at(12))
    assert fresh(conversation).snoozed_until_at is None


def test_only_ahead(cast):
    conversation = ask(cast)
    with pytest.raises(snooze.NotAhead):
        snooze.until(conversation.pk, cast.asha, at(10), at(10))
