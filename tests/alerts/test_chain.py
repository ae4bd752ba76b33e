"""A request's instants ring whoever is on duty, then cover, then the lead; one acknowledgement silences all of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sociable.alerts import queries, usual
from sociable.alerts.models import AlertPolicy, Chain, Notice, Route
from sociable.cover.models import Shift, TimeAway
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert, answer, claim, tick
from sociable.live.models import ChangeEvent
from sociable.people.models import Role
from sociable.promises import services as promises
from sociable.promises.models import Wait
from tests.cast import at, later

pytestmark = pytest.mark.django_db


def test_who_is_on_duty_is_told_at_arrival_on_the_desk_at_once_and_by_a_due_row(house):
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    desk, mail = Notice.objects.order_by("route__position")
    assert (desk.person, desk.state, desk.handed_at) == (house.cast.asha, "handed", at(10))
    assert (mail.person, mail.state) == (house.cast.asha, "queued")
    assert mail.why == "You are on duty for Ashby Help."
    assert DueRow.objects.filter(kind="notice-email", subject_id=mail.pk, due_at=at(10)).exists()
    assert ChangeEvent.objects.get(kind="notice").person_id == house.cast.asha.pk
    assert house.chain.next_at == at(10, 10)


def test_unacknowledged_it_climbs_to_cover_and_to_the_lead(house):
    house.cast.ask(when=at(10))
    for minute in (0, 9, 10, 19, 20, 40):
        house.pass_time(at(10, minute))
    assert house.told() == ["Asha", "Ben", "Lee"]
    assert house.told("desk") == ["Asha", "Ben", "Lee"]
    assert house.chain.next_at is None


def test_each_instant_tells_again_and_what_ran_before_ends(house):
    asked = house.cast.ask(when=at(10))
    house.pass_time(at(10))
    alert.acknowledge(asked.conversation_id, house.cast.asha, at(10, 1))
    for minute in range(60, 65):
        house.pass_time(at(10) + timedelta(minutes=minute))
    assert house.told() == ["Asha", "Asha"]
    assert [one.kind for one in Chain.objects.order_by("pk")] == ["arrival", "50"]
    house.pass_time(at(11, 30))
    first, half, quarters = Chain.objects.order_by("pk")
    assert (first.ended, half.ended, quarters.ended) == ("acknowledged", "overtaken", "")


def test_an_unacknowledged_instant_hands_on_how_far_it_had_climbed(house):
    house.cast.ask(when=at(10))
    for minute in (0, 10, 20):
        house.pass_time(at(10, minute))
    house.pass_time(at(11))
    assert house.told() == ["Asha", "Ben", "Lee", "Asha", "Lee"]
    assert house.chain.step == 4


def test_one_acknowledgement_silences_the_chain(house):
    asked = house.cast.ask(when=at(10))
    house.pass_time(at(10))
    assert alert.acknowledge(asked.conversation_id, house.cast.asha, at(10, 5)) == 1
    house.pass_time(at(10, 30))
    assert house.told() == ["Asha"]
    chain = house.chain
    assert (chain.ended, chain.acknowledged_by, chain.acknowledged_at) == ("acknowledged", house.cast.asha, at(10, 5))
    assert not Notice.objects.filter(acknowledged_at=None).exists()
    assert ChangeEvent.objects.filter(kind="acknowledged").count() == 1
    assert alert.acknowledge(asked.conversation_id, house.cast.ben, at(10, 6)) == 0
    assert house.chain.acknowledged_by == house.cast.asha


def test_taking_it_on_the_desk_acknowledges(house):
    asked = house.cast.ask(when=at(10))
    house.pass_time(at(10))
    claim.take(asked.conversation_id, house.cast.asha, at(10, 2))
    assert house.chain.ended == "acknowledged"


def test_opening_it_on_the_desk_silences_nothing_whoever_opens_it(house, client):
    asked = house.cast.ask(when=at(10))
    house.pass_time(at(10))
    for person in (house.cast.asha, house.cast.lee):
        client.force_login(person)
        assert client.get(f"/desk/c/{asked.conversation_id}/").status_code == 200
    house.pass_time(at(10, 10))
    assert (house.chain.ended, house.told()) == ("", ["Asha", "Ben"])


def test_answering_ends_it_and_nobody_else_is_told(house):
    asked = house.cast.ask(when=at(10))
    house.pass_time(at(10))
    answer.send(
        conversation_id=asked.conversation_id, person=house.cast.asha, text="Yes.", against_version=1, now=at(10, 3)
    )
    house.pass_time(at(12, 30))
    assert house.told() == ["Asha"]


def test_a_wait_that_ended_otherwise_is_told_of_to_nobody_more(house):
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    promises.end(Wait.objects.get(), how=Wait.Ended.CLOSED, at=at(10, 2))
    house.pass_time(at(10, 30))
    assert (house.told(), house.chain.ended) == (["Asha"], "over")


def test_whoever_has_it_in_hand_is_told_at_the_next_instant(house):
    asked = house.cast.ask(when=at(10))
    house.pass_time(at(10))
    Role.objects.create(person=house.cast.ben, kind="answerer", partner=house.cast.council)
    claim.take(asked.conversation_id, house.cast.ben, at(10, 50))
    house.pass_time(at(11))
    assert house.told() == ["Asha", "Ben"]
    assert Notice.objects.latest("pk").why == "You have this request in hand."


def test_where_nobody_is_on_duty_the_named_person_is_told(house):
    Shift.objects.update(state="cancelled")
    AlertPolicy.objects.create(account=house.cast.help, named=house.cast.lee, set_at=at(8))
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    assert house.told() == ["Lee"]
    assert Notice.objects.latest("pk").why.startswith("Nobody is on duty for Ashby Help now")


@pytest.mark.parametrize("why", ["left", "away"])
def test_in_the_place_of_a_named_person_who_is_not_there_the_next_is_told(house, why):
    cast = house.cast
    Shift.objects.update(state="cancelled")
    AlertPolicy.objects.create(account=cast.help, named=cast.cara, set_at=at(8))
    cast.help.owner, cast.help.deputy = cast.cara, cast.lee
    cast.help.save()
    if why == "left":
        cast.cara.is_active = False
        cast.cara.save()
    else:
        TimeAway.objects.create(
            person=cast.cara, kind="leave", starts_at=at(0), ends_at=at(0, day=24), state="agreed", asked_at=at(8)
        )
    cast.ask(when=at(10))
    house.pass_time(at(10))
    assert house.told() == ["Lee"]
    assert Notice.objects.latest("pk").why.startswith("Nobody is on duty for Ashby Help now")


@pytest.mark.parametrize("why", ["away", "not ready", "not active", "draft", "other account"])
def test_a_shift_covers_only_with_all_that_it_takes(house, why):
    cast = house.cast
    match why:
        case "away":
            TimeAway.objects.create(
                person=cast.asha, kind="sickness", starts_at=at(9), ends_at=at(17), state="agreed", asked_at=at(8)
            )
        case "not ready":
            cast.asha.readiness.update(expires_at=at(9, 30))
        case "not active":
            cast.asha.is_active = False
            cast.asha.save()
        case "draft":
            Shift.objects.update(state="draft")
            house.shift(cast.lee, at(8), at(9))  # something was published once, so people are told
        case "other account":
            Shift.objects.get().accounts.set([cast.books])
            house.shift(cast.lee, at(8), at(9))
    cast.ask(when=at(10))
    house.pass_time(at(10))
    assert house.told() == (["Asha", "Ben"] if why in ("draft", "other account") else ["Ben"])


def test_an_account_that_was_never_on_a_rota_tells_nobody_until_somebody_sets_it(house):
    cast = house.cast
    cast.ask(when=at(10), account=cast.books)
    house.pass_time(at(10))
    assert not Notice.objects.exists()
    AlertPolicy.objects.create(account=cast.books, set_at=at(8))
    cast.ask("Another", when=at(10, 1), account=cast.books, email="e@example.org")
    house.pass_time(at(10, 1))
    assert house.told() == ["Lee"]
    AlertPolicy.objects.update(is_on=False)
    cast.ask("A third", when=at(10, 2), account=cast.books, email="f@example.org")
    house.pass_time(at(10, 2))
    assert house.told() == ["Lee"]


def test_what_is_asked_of_an_account_answered_from_another_rings_there(house):
    cast = house.cast
    cast.books.answered_from = cast.help
    cast.books.save()
    cast.ask(when=at(10), account=cast.books)
    house.pass_time(at(10))
    assert house.told() == ["Asha"]


def test_at_night_nobody_is_rung_and_in_the_morning_it_is_said_why(house):
    cast = house.cast
    house.shift(cast.ben, at(9, day=24), at(17, day=24))
    cast.ask(when=at(16, 30))
    house.pass_time(at(23))  # the worker was away all afternoon
    assert not Notice.objects.exists()
    assert (house.chain.next_at, house.chain.because[:22]) == (at(9, day=24), "Ashby Help is closed u")
    house.pass_time(at(9, day=24))
    first = Notice.objects.filter(route__kind="desk").first()
    assert (first.person, first.late_because) == (
        cast.ben, "Ashby Help is closed until Tue 09:00 and nobody is on duty",
    )  # fmt: skip


def test_instants_missed_together_are_told_once_by_the_last(house):
    house.cast.ask(when=at(10))
    house.pass_time(at(11, 50))
    assert house.told() == ["Asha"]
    assert [(one.kind, one.ended) for one in Chain.objects.order_by("due_at")] == [
        ("arrival", "overtaken"), ("50", "overtaken"), ("75", "overtaken"), ("90", ""),
    ]  # fmt: skip
    assert "not running" in Notice.objects.latest("pk").late_because


def test_the_same_instant_is_told_once_however_often_it_is_done(house):
    house.cast.ask(when=at(10))
    (row,) = due.claim(at(10), 1, ["warn"])
    tick.warn(row, at(10))
    with pytest.raises(tick.Overtaken):
        tick.warn(row, at(10))
    assert house.told() == ["Asha"]


def test_a_step_is_told_once_by_whoever_still_holds_its_row(house):
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    (slow,) = due.claim(at(10, 10), 1, ["chain"])
    (fresh,) = due.claim(later(at(10, 10), seconds=due.LEASE.total_seconds()), 1, ["chain"])
    assert alert.climb_all([fresh], at(10, 11)) == 1
    assert alert.climb_all([slow], at(10, 11)) == 0
    assert house.told() == ["Asha", "Ben"]


# -- floods ----------------------------------------------------------------------------------------------------------------


def test_more_than_five_within_ten_minutes_come_as_one_that_counts_them(house):
    for minute in range(9):
        house.cast.ask(f"Nr {minute}", when=at(10, minute), email=f"r{minute}@example.org")
        house.pass_time(at(10, minute))
    asha = Notice.objects.filter(person=house.cast.asha, route__kind="email")
    assert asha.filter(kind="request", state="queued").count() == 5
    (batch,) = asha.filter(kind="batch")
    assert batch.members.count() == asha.filter(state="batched").count() == 4
    assert Notice.objects.filter(person=house.cast.asha, route__kind="desk", state="handed").count() == 9
    alert.acknowledge_notice(batch, at(10, 9))
    assert Chain.objects.filter(ended="acknowledged").count() == 4


def test_what_came_in_over_night_comes_as_one_when_the_shift_begins(house):
    for number in range(3):
        house.cast.ask(f"Nr {number}", when=at(2, number), email=f"r{number}@example.org")
    house.pass_time(at(9))
    (batch,) = Notice.objects.filter(kind="batch")
    assert (batch.person, batch.members.count()) == (house.cast.asha, 3)
    assert not Notice.objects.filter(route__kind="email", kind="request", state="queued").exists()


def test_everybody_has_the_desk_and_their_email_address_without_asking(house):
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    assert set(Route.objects.filter(person=house.cast.asha).values_list("kind", flat=True)) == {"desk", "email"}


def test_what_ended_while_its_row_was_left_lying_is_told_to_nobody(house):
    house.cast.ask(when=at(10))
    Wait.objects.update(ended_at=at(10), ended=Wait.Ended.ANSWERED)
    house.pass_time(at(10))
    assert not Notice.objects.exists()
    assert not ChangeEvent.objects.filter(kind__startswith="warn:").exists()


def test_a_route_that_is_switched_off_is_not_used(house):
    usual.give_usual_routes(at(9))
    Route.objects.filter(kind="email").update(is_on=False)
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    assert (house.told("desk"), house.told()) == (["Asha"], [])


def test_of_whoever_may_no_longer_sign_in_nothing_is_known(house):
    asha = house.cast.asha
    house.route(asha)

    def known():
        somebody = queries.People.read({asha.pk}, at(10)).somebody(asha.pk, "Asha")
        return bool(somebody.ways), somebody.hours.usual is not None, bool(somebody.hours.shifts)

    assert known() == (True, True, True)
    type(asha).objects.filter(pk=asha.pk).update(is_active=False)
    assert known() == (False, False, False)
