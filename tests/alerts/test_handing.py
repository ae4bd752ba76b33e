"""Notices reach their routes: once, by the next route where one fails, late where they must be, and never after an acknowledgement."""

from __future__ import annotations

import random
import re
import threading
from datetime import time, timedelta
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client

from sociable.alerts.models import AlertPolicy, Notice, Route
from sociable.channels.base import ChannelError, RateLimited
from sociable.channels.notices.carriers import CARRIERS
from sociable.cover.models import Shift, WorkingPattern
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert, drill, notify, tick
from sociable.journeys.notify import Outcome
from sociable.people.models import Partner, Role
from sociable.promises.models import Wait
from tests.cast import at, later
from tests.journeys.mail import letters

pytestmark = pytest.mark.django_db
MAIL = ["notice-email"]


def hand_over(now, kinds=MAIL) -> list[Outcome]:
    """What the worker does of notices, with the real mail server."""
    outcomes = []
    errands = notify.begin(due.claim(now, 50, kinds), now)
    for errand in errands:
        try:
            said = CARRIERS[errand.row.kind.removeprefix("notice-")].hand_over(errand.parcel)
            outcomes.append(Outcome(errand, said=said))
        except ChannelError as error:
            outcomes.append(Outcome(errand, error=error))
    CARRIERS["email"].rest(0)
    notify.finish(outcomes, now)
    return outcomes


def fail_with(error: ChannelError, now, kinds=MAIL) -> None:
    """As if the route had said this."""
    notify.finish([Outcome(errand, error=error) for errand in notify.begin(due.claim(now, 50, kinds), now)], now)


def asked_and_told(house):
    now = at(10)
    asked = house.cast.ask(when=now)
    house.pass_time(now)
    return asked


def test_a_mail_says_what_why_and_by_when_and_nothing_of_the_resident(house, outside):
    asked = asked_and_told(house)
    hand_over(at(10))
    (mail,) = letters(outside)
    body = mail.get_content()
    assert (mail["To"], mail["Subject"]) == ("asha@staff.example.org", "Ashby Help: a request came in")
    assert "You are on duty for Ashby Help." in body
    assert "It came in at 10:00 and is to be answered by 12:00." in body
    assert f"/desk/c/{asked.conversation_id}/" in body
    for private in ("Dev", "bin", "dev@example.org"):
        assert private not in f"{mail['Subject']} {body}"
    assert mail["Auto-Submitted"] == "auto-replied"  # so that nothing answers it
    notice = Notice.objects.get(route__kind="email")
    assert (notice.state, notice.handed_at, notice.late_because) == ("handed", at(10), "")
    assert not DueRow.objects.filter(kind="notice-email", done_at=None).exists()


def test_the_link_in_the_mail_acknowledges_by_a_tap_and_not_by_being_looked_at(house, outside):
    asked_and_told(house)
    hand_over(at(10))
    path = urlsplit(re.search(r"I have it: (\S+)", letters(outside)[0].get_content())[1]).path
    phone = Client(enforce_csrf_checks=True)
    assert "I have it" in phone.get(path).content.decode()
    assert house.chain.ended == ""
    assert phone.post(path).status_code == 302
    assert (house.chain.ended, house.chain.acknowledged_by) == ("acknowledged", house.cast.asha)
    assert "Nobody else is told" in phone.get(path).content.decode()
    assert Route.objects.get(person=house.cast.asha, kind="email").confirmed_at is not None
    assert phone.get(f"{path[:-3]}xx/").status_code == 404


def test_the_link_of_somebody_who_has_left_silences_nothing(house, outside, client):
    asked_and_told(house)
    hand_over(at(10))
    link = urlsplit(re.search(r"I have it: (\S+)", letters(outside)[0].get_content())[1]).path
    house.cast.asha.is_active = False
    house.cast.asha.save()
    assert client.post(link).status_code == 404
    assert house.chain.ended == ""


def test_acknowledged_before_it_left_it_does_not_leave(house, outside):
    asked = asked_and_told(house)
    alert.acknowledge(asked.conversation_id, house.cast.asha, at(10))
    assert hand_over(at(10)) == []
    assert letters(outside) == []
    assert Notice.objects.get(route__kind="email").state == "skipped"


def test_a_route_that_fails_is_followed_by_the_next_at_once_and_it_is_said(house):
    house.route(house.cast.asha, "desk", "The desk")
    phone = house.route(house.cast.asha, "email", "My phone's mail", "asha@phone.example.org", position=1)
    asked_and_told(house)
    house.route(house.cast.asha, "email", "Email", position=2)
    fail_with(ChannelError("The mail server does not answer."), at(10))
    first, second = Notice.objects.filter(route__kind="email").order_by("pk")
    assert (first.state, first.detail) == ("failed", "The mail server does not answer.")
    assert (second.state, second.route.name, second.due_at) == ("queued", "Email", at(10))
    assert second.late_because == "My phone's mail did not take it: The mail server does not answer."
    phone.refresh_from_db()
    assert (phone.rests_because, phone.failures, phone.rests_until_at > at(10)) == (
        "The mail server does not answer.",
        1,
        True,
    )


def test_while_a_route_rests_the_next_notice_goes_by_the_other_at_once(house):
    house.route(house.cast.asha, "desk", "The desk")
    house.route(house.cast.asha, "email", "First", "a@example.org", position=1)
    house.route(house.cast.asha, "email", "Second", "b@example.org", position=2)
    asked_and_told(house)
    fail_with(RateLimited("Too many.", later(at(11), hours=1) - at(11)), at(10))
    house.cast.ask("Another", when=at(10, 1), email="e@example.org")
    house.pass_time(at(10, 1))
    assert Notice.objects.filter(chain=house.chain, route__kind="email").get().route.name == "Second"


def test_an_address_that_is_gone_for_good_is_passed_over_until_its_person_mends_it(house):
    house.route(house.cast.asha, "desk", "The desk")
    gone = house.route(house.cast.asha, "email", "Old", "old@example.org", position=1)
    house.route(house.cast.asha, "email", "New", "new@example.org", position=2)
    asked_and_told(house)
    fail_with(ChannelError("No such mailbox.", permanent=True), at(10))
    gone.refresh_from_db()
    assert (gone.trouble, gone.trouble_since_at) == ("No such mailbox.", at(10))


def test_the_last_route_whose_address_is_gone_is_not_tried_again(house):
    asked_and_told(house)
    fail_with(ChannelError("No such mailbox.", permanent=True), at(10))
    assert DueRow.objects.get(kind="notice-email").done_at == at(10)
    assert Notice.objects.get(route__kind="email").state == "failed"


def test_a_route_that_took_a_notice_rests_no_more_and_its_failures_are_forgotten(house, outside):
    asked_and_told(house)
    fail_with(ChannelError("Down."), at(10))
    route = Route.objects.get(person=house.cast.asha, kind="email")
    assert (route.failures, route.rests_because) == (1, "Down.")
    hand_over(at(11))  # its rest is over by then
    route.refresh_from_db()
    assert (route.failures, route.rests_until_at, route.rests_because) == (0, None, "")


def test_the_last_route_is_tried_again_with_growing_pauses_while_somebody_is_to_be_told(house, outside):
    asked = asked_and_told(house)
    fail_with(ChannelError("Down."), at(10))
    notice, row = Notice.objects.get(route__kind="email"), DueRow.objects.get(kind="notice-email")
    assert (notice.state, row.done_at) == ("queued", None)
    assert row.next_at > at(10)
    Route.objects.update(rests_until_at=None)
    hand_over(at(10, 5))
    assert len(letters(outside)) == 1
    assert "This comes late: Email did not take it at first: Down." in letters(outside)[0].get_content()
    alert.acknowledge(asked.conversation_id, house.cast.asha, at(10, 6))


def test_a_worker_killed_while_handing_over_leaves_a_doubt_and_the_next_route_is_used(house, outside):
    house.route(house.cast.asha, "desk", "The desk")
    house.route(house.cast.asha, "email", "First", "first@example.org", position=1)
    house.route(house.cast.asha, "email", "Second", "second@example.org", position=2)
    asked_and_told(house)
    assert len(notify.begin(due.claim(at(10), 50, MAIL), at(10))) == 1  # and here it dies
    after = later(at(10), seconds=due.LEASE.total_seconds() + 1)
    hand_over(after)
    assert letters(outside) == []
    hand_over(after)
    assert [mail["To"] for mail in letters(outside)] == ["second@example.org"]
    assert Notice.objects.get(route__name="First").state == "unknown"


def test_the_worker_that_lost_the_row_notes_nothing(house):
    asked_and_told(house)
    (errand,) = notify.begin(due.claim(at(10), 50, MAIL), at(10))
    after = later(at(10), seconds=due.LEASE.total_seconds() + 1)
    assert notify.begin(due.claim(after, 50, MAIL), after) == []
    notify.finish([Outcome(errand, said="250 taken")], after)
    assert Notice.objects.get(route__kind="email").state == "unknown"


def test_a_notice_that_could_not_leave_in_time_does_not_ring_at_night(house, outside):
    house.cast.ask(when=at(16, 50))
    house.pass_time(at(16, 50))
    hand_over(at(23))
    assert letters(outside) == []
    row = DueRow.objects.get(kind="notice-email")
    assert row.next_at == at(9, day=24)
    hand_over(at(9, day=24))
    assert "This comes late: Sociable was not running" in letters(outside)[0].get_content()


def test_a_batch_that_could_not_leave_in_time_does_not_ring_at_night_either(house, outside):
    for number in range(3):
        house.cast.ask(f"Nr {number}", when=at(2, number), email=f"r{number}@example.org")
    house.pass_time(at(9))
    hand_over(at(23))
    assert letters(outside) == []
    assert DueRow.objects.get(kind="notice-email").next_at == at(9, day=24)
    hand_over(at(9, day=24))
    assert [mail["Subject"] for mail in letters(outside)] == ["3 requests need you"]


def test_nor_does_what_was_to_be_told_as_a_shift_began(house, outside):
    house.cast.ask(when=at(2))
    due.ask([due.Due("shift", "shift:now", Shift.objects.get().pk, at(9))])
    for row in due.claim(at(9), 5, ["shift"]):
        drill.begin_shift(row, at(9))
    house.pass_time(at(9))
    hand_over(at(20))
    assert letters(outside) == []
    hand_over(at(9, day=24))
    assert [mail["Subject"] for mail in letters(outside)] == ["Your shift begins: 1 request waits"]


def test_quiet_hours_that_began_meanwhile_are_kept(house, outside):
    asked_and_told(house)
    Route.objects.filter(kind="email").update(quiet_from=time(10), quiet_to=time(11))
    hand_over(at(10))
    assert letters(outside) == []
    assert DueRow.objects.get(kind="notice-email").next_at == at(11)


def test_quiet_hours_are_by_the_clock_of_whoever_keeps_them(house, outside):
    asked_and_told(house)
    Partner.objects.update(zone="Europe/Athens")  # two hours on
    WorkingPattern.objects.update(zone="Europe/Athens")
    Route.objects.filter(kind="email").update(quiet_from=time(12), quiet_to=time(13))
    hand_over(at(10))
    assert letters(outside) == []
    assert DueRow.objects.get(kind="notice-email").next_at == at(11)


def test_a_batch_counts_what_still_waits(house, outside):
    asked = [house.cast.ask(f"Nr {number}", when=at(2, number), email=f"r{number}@example.org") for number in range(3)]
    house.pass_time(at(9))
    alert.acknowledge(asked[0].conversation_id, house.cast.asha, at(9))
    hand_over(at(9, 1))
    (mail,) = letters(outside)
    assert mail["Subject"] == "2 requests need you"
    assert "2 at Ashby Help" in mail.get_content()
    assert "The first is to be answered by 11:00." in mail.get_content()


@pytest.mark.parametrize("seed", [119, 185])  # with these, pauses fell so that one came too late
def test_a_provider_that_is_down_for_an_hour_loses_no_notice_and_repeats_none(house, outside, seed):
    """Nobody has another route. What still waits when it is back is told within the longest rest, each once."""
    random.seed(seed)
    waiting = []
    for minute in range(80):
        now = at(10) + timedelta(minutes=minute)
        if minute in (0, 7, 21, 58):
            asked = house.cast.ask(f"Nr {minute}", when=now, email=f"r{minute}@example.org")
            waiting.append(asked.conversation_id)
        house.pass_time(now)
        if minute < 60:
            fail_with(ChannelError("Down."), now)
        else:
            hand_over(now)
    to_asha = [mail for mail in letters(outside) if mail["To"] == "asha@staff.example.org"]
    told = Notice.objects.filter(route__kind="email", person=house.cast.asha)
    assert {one.chain.wait.conversation_id for one in told.filter(state__in=["handed", "batched"])} == set(waiting)
    assert len(to_asha) == told.filter(state="handed").count()
    assert not told.filter(state="failed").exists()


@pytest.mark.django_db(transaction=True)
def test_a_batch_does_not_leave_without_what_is_being_added_to_it(house):
    """One transaction adds a request to a batch while a worker takes the batch up: what is added stands in it, or in the next."""
    house.cast.ask("Nr 0", when=at(2), email="r0@example.org")
    house.pass_time(at(9))
    house.cast.ask("Nr 1", when=at(2, 1), email="r1@example.org")
    rows, batch = due.claim(at(9, 1), 50, ["warn"]), due.claim(at(9, 1), 50, MAIL)
    added, left, errands = threading.Event(), threading.Event(), []

    def take_up() -> None:
        added.wait(10)
        errands.extend(notify.begin(batch, at(9, 1)))
        left.set()
        connection.close()

    worker = threading.Thread(target=take_up)
    worker.start()
    with transaction.atomic():
        tick.warn_all(rows, at(9, 1))
        added.set()
        left.wait(1)
    worker.join()
    assert [errand.parcel.title for errand in errands] == ["2 requests need you"]
    assert Notice.objects.filter(kind="batch").count() == 1


def test_what_was_added_to_the_notice_of_a_shift_is_told_with_it(house, outside):
    """Asha leads the libraries, too: five requests there rang already, and the next comes in just as her shift begins."""
    Role.objects.filter(kind="service_lead").delete()
    Role.objects.create(person=house.cast.asha, kind="service_lead", partner=house.cast.council)
    AlertPolicy.objects.create(account=house.cast.books, set_at=at(8))
    tuesday = house.shift(house.cast.asha, at(12), at(17))
    Shift.objects.exclude(pk=tuesday.pk).delete()
    now = at(12)
    for number in range(5):
        house.cast.ask(f"Nr {number}", when=at(11, 55), account=house.cast.books, email=f"r{number}@example.org")
    house.pass_time(at(11, 55))
    DueRow.objects.filter(kind="shift").delete()
    due.ask([due.Due("shift", "shift:now", tuesday.pk, now)])
    for row in due.claim(now, 5, ["shift"]):
        drill.begin_shift(row, now)
    house.cast.ask("One more", when=now, account=house.cast.books, email="more@example.org")
    for minute in range(12):
        house.pass_time(now + timedelta(minutes=minute))
        hand_over(now + timedelta(minutes=minute))
    last = Wait.objects.latest("pk")
    told = Notice.objects.filter(person=house.cast.asha, chain__wait=last).exclude(route__kind="desk")
    assert [(notice.batch or notice).state for notice in told] == ["handed"]
    (mail,) = [mail for mail in letters(outside) if "Your shift begins" in mail["Subject"]]
    assert mail["Subject"] == "Your shift begins: 1 request waits"
    assert "1 at Ashby Libraries" in mail.get_content()
