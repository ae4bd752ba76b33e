"""Notices reach their routes: once, by the next route where one fails, late where they must be, and never after an acknowledgement."""

from __future__ import annotations

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
from sociable.worker import carrying, handing
from sociable.worker.carrying import Carrying
from sociable.worker.handing_process import Outside
from sociable.worker.leases import Leases
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


# -- the loop --------------------------------------------------------------------------------------------------------------


class Slow:
    """A carrier whose servers are doors: one hangs until it is opened, the others answer."""

    kind, at_once, at_one_place = "email", 4, 2

    def __init__(self) -> None:
        self.door, self.took, self.errors, self.rested = threading.Event(), [], {}, threading.Event()

    def check(self, address):
        return address

    def place(self, parcel):
        return parcel.address.split("@")[1]

    def hand_over(self, parcel):
        if parcel.address.endswith("hangs.example.org"):
            self.door.wait(20)
        if error := self.errors.get(self.place(parcel)):
            raise error
        self.took.append(parcel.address)
        return "taken"

    def get_ready(self):
        self.is_ready = True

    def rest(self, seconds):
        self.rested.set()


class Here:
    """Carries in this process, by the same code as the one outside."""

    def __init__(self, carrier: Slow) -> None:
        self.carrying = Carrying({carrier.kind: carrier})

    def send(self, loads, in_hand):
        self.carrying.take(loads)

    def get_ready(self, kind):
        self.carrying.get_ready(kind)

    def give_back(self):
        self.carrying.give_back()

    def heard(self, in_hand):
        news = []
        self.carrying.turn(0.05, news.append)
        return news

    def end(self):
        self.carrying.close()


@pytest.fixture
def loop(monkeypatch, outside):
    """The loop over such servers, at an hour of the tests."""
    carrier = Slow()
    made = handing.Handing(Leases(), Here(carrier))
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    yield made, carrier
    carrier.door.set()
    made._carries.end()


def told_by(house, *addresses: str) -> None:
    """Somebody on duty for each address, told by it."""
    for number, address in enumerate(addresses):
        person = type(house.cast.asha).objects.create_user(
            f"p{number}@staff.example.org", "x" * 20, name=f"P{number} X"
        )
        house.route(person, "desk", "The desk")
        house.route(person, "email", "Mail", address, position=1)
        house.ready(person)
        house.shift(person, at(9), at(17))


def turns(made, until, most: int = 200) -> None:
    for _ in range(most):
        made.turn()
        if until():
            return
    raise AssertionError("it never came to that")


def test_a_server_that_hangs_holds_up_no_other(house, loop):
    made, carrier = loop
    told_by(house, *(f"{n}@hangs.example.org" for n in range(4)), *(f"{n}@fine.example.org" for n in range(4)))
    asked_and_told(house)
    turns(made, lambda: sum("fine" in one for one in carrier.took) == 4)
    assert sum(state == "handing" for state in Notice.objects.values_list("state", flat=True)) >= 4
    carrier.door.set()
    turns(made, lambda: len(carrier.took) == 9)  # Asha's own as well
    turns(made, lambda: Notice.objects.filter(state="handed", route__kind="email").count() == 9)


def test_a_server_that_is_down_is_left_alone_after_two_failures(house, loop):
    made, carrier = loop
    carrier.errors["down.example.org"] = ChannelError("Nobody there.")
    told_by(house, *(f"{n}@down.example.org" for n in range(6)))
    asked_and_told(house)
    turns(made, lambda: Notice.objects.filter(detail__startswith="It does not answer just now").count() >= 2)
    assert made._carries.carrying._places["email", "down.example.org"].is_down()


def test_what_never_comes_back_is_a_doubt(house, loop, monkeypatch):
    made, _ = loop
    told_by(house, "a@hangs.example.org")
    asked_and_told(house)
    monkeypatch.setattr(carrying, "LONGEST_SECONDS", 0.0)
    turns(made, lambda: Notice.objects.filter(state="unknown").exists())
    assert "did not answer in time" in Notice.objects.get(state="unknown").detail


def test_carriers_are_asked_to_let_go_of_what_they_keep(house, loop, monkeypatch):
    made, carrier = loop
    asked_and_told(house)
    turns(made, lambda: carrier.took)
    monkeypatch.setattr(carrying, "REST_EVERY_SECONDS", 0.0)
    turns(made, carrier.rested.is_set)


# -- the process outside -----------------------------------------------------------------------------------------------------


@pytest.fixture
def outdoors(monkeypatch, outside):
    """The loop with the process that really carries, at an hour of the tests."""
    made = handing.Handing(Leases(), Outside())
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    yield made
    made._carries.end()


def patiently(made, until) -> None:
    """Turns with pauses, as a process needs them to come to life."""
    turns(made, lambda: until() or time_passes.wait(0.05), most=600)


time_passes = threading.Event()


def test_a_process_of_its_own_carries_and_what_it_said_is_noted(house, outdoors, outside):
    asked_and_told(house)
    patiently(outdoors, lambda: Notice.objects.filter(state="handed", route__kind="email").exists())
    assert len(letters(outside)) == 1
    assert Notice.objects.get(route__kind="email").detail.startswith("The mail server took it")
    assert not DueRow.objects.filter(kind="notice-email", done_at=None).exists()


def test_when_that_process_dies_what_had_left_is_a_doubt_and_the_next_notice_is_carried_by_another(
    house, outdoors, outside
):
    outside.says_nothing_after_data = True
    asked_and_told(house)
    patiently(outdoors, lambda: len(outside.taken) == 1)
    outdoors._carries._running.process.kill()
    patiently(outdoors, lambda: Notice.objects.filter(state="unknown").exists())
    assert Notice.objects.get(state="unknown").detail == handing.DIED
    outside.says_nothing_after_data = False
    Route.objects.update(rests_until_at=None)
    house.cast.ask("Another", when=at(10), email="e@example.org")
    house.pass_time(at(10))
    patiently(outdoors, lambda: Notice.objects.filter(state="handed", route__kind="email").exists())
    assert len(outside.taken) == 2


def test_when_the_house_stops_what_had_not_begun_to_leave_is_queued_again_and_leaves_once(
    house, outdoors, outside, monkeypatch
):
    """The mail server takes sixteen at once and says nothing: those are a doubt, and no other is."""
    monkeypatch.setattr(handing, "PATIENCE_SECONDS", 1.0)
    outside.says_nothing_after_data = True
    told_by(house, *(f"p{number}@example.org" for number in range(19)))
    asked_and_told(house)
    patiently(outdoors, lambda: len(outside.taken) == 16)
    outdoors._stop()
    outside.says_nothing_after_data = False
    rings = Notice.objects.filter(route__kind="email")
    assert sorted(rings.values_list("state", flat=True)) == ["queued"] * 4 + ["unknown"] * 16
    assert {one.detail for one in rings.filter(state="unknown")} == {handing.DIED}
    rows = DueRow.objects.filter(kind="notice-email", done_at=None)
    assert {(row.claim_id, row.attempts, row.next_at) for row in rows} == {(due.NOBODY, 0, at(10))}
    assert {row.subject_id for row in rows} == {one.pk for one in rings.filter(state="queued")}
    assert not outdoors._leases._since
    after_the_start = handing.Handing(Leases(), Outside())
    patiently(after_the_start, lambda: rings.filter(state="handed").count() == 4)
    after_the_start._carries.end()
    assert len({mail["To"] for mail in letters(outside)}) == len(outside.taken) == 20


def test_what_leaves_while_the_house_stops_is_waited_for_and_noted(house, outdoors, outside):
    told_by(house, *(f"p{number}@example.org" for number in range(19)))
    asked_and_told(house)
    patiently(outdoors, lambda: outdoors._on_their_way)
    outdoors._stop()
    handed = Notice.objects.filter(route__kind="email", state="handed").count()
    assert handed == len(outside.taken)
    assert Notice.objects.filter(route__kind="email", state="queued").count() == 20 - handed


class Mortal:
    """Takes loads and dies, having begun those whose place in the order it is told."""

    def __init__(self, *begins: set[int]) -> None:
        self.begins, self.taken, self.news = list(begins), [], []

    def get_ready(self, kind):
        self.news = [[carrying.News(ready=[kind])]]

    def send(self, loads, in_hand):
        self.taken.append(len(loads))
        begun = [load.number for place, load in enumerate(loads) if place in self.begins[0]]
        self.news = [[carrying.News(begun=begun)], None]

    def heard(self, in_hand):
        said = self.news.pop(0) if self.news else []
        if said is None:
            self.begins.pop(0)
            raise handing.Died
        return said

    def give_back(self):
        self.news.append(None)  # it dies of it

    def end(self):
        pass


def test_what_had_not_left_when_the_process_died_is_given_to_the_next_and_not_for_ever(house, monkeypatch, outside):
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    told_by(house, "a@example.org", "b@example.org")
    asked_and_told(house)
    mortal = Mortal({0}, set(), set())
    made = handing.Handing(Leases(), mortal)
    turns(made, lambda: not made._on_their_way and len(mortal.taken) > 1)
    assert mortal.taken == [3, 2, 2]
    rings = Notice.objects.filter(route__kind="email").order_by("pk")
    assert [one.state for one in rings] == ["unknown", "queued", "queued"]  # the last route of each: tried again later
    assert {one.detail for one in rings[1:]} == {handing.BROKE}


def test_where_the_process_dies_while_the_house_stops_what_had_not_left_is_queued_again(house, monkeypatch, outside):
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    told_by(house, "a@example.org", "b@example.org")
    asked_and_told(house)
    mortal = Mortal({0})
    monkeypatch.setattr(mortal, "get_ready", lambda kind: mortal.news.append([carrying.News(ready=[kind])]))
    made = handing.Handing(Leases(), mortal)
    turns(made, lambda: mortal.taken)
    mortal.news.pop()  # it lives until it is asked to give back
    made._stop()
    rings = Notice.objects.filter(route__kind="email").order_by("pk")
    assert [one.state for one in rings] == ["unknown", "queued", "queued"]
    assert mortal.taken == [3]


def test_where_no_other_process_can_be_begun_what_had_left_is_a_doubt_all_the_same(house, monkeypatch, outside):
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    told_by(house, "a@example.org", "b@example.org")
    asked_and_told(house)
    mortal = Mortal({0})

    def once(loads, in_hand):
        if mortal.taken:
            raise OSError(12, "Cannot allocate memory")
        Mortal.send(mortal, loads, in_hand)

    monkeypatch.setattr(mortal, "send", once)
    made = handing.Handing(Leases(), mortal)
    turns(made, lambda: mortal.taken and not made._on_their_way)
    rings = Notice.objects.filter(route__kind="email").order_by("pk")
    assert [one.state for one in rings] == ["unknown", "queued", "queued"]


def test_what_cannot_be_noted_of_one_notice_stops_no_other(house, loop, monkeypatch):
    made, carrier = loop
    told_by(house, "a@example.org", "b@example.org")
    asked_and_told(house)
    poison = Notice.objects.filter(route__kind="email").order_by("pk")[0]
    finish = notify.finish

    def finishes(outcomes, now):
        if any(one.errand.notice_id == poison.pk for one in outcomes):
            raise ValueError("a NUL, say, which PostgreSQL keeps nowhere")
        finish(outcomes, now)

    monkeypatch.setattr(notify, "finish", finishes)
    turns(made, lambda: len(carrier.took) == 3 and not made._on_their_way)
    made.turn()
    rings = Notice.objects.filter(route__kind="email").order_by("pk")
    assert [one.state for one in rings] == ["handing", "handed", "handed"]
    assert poison.pk in {row.subject_id for row in DueRow.objects.filter(kind="notice-email", done_at=None)}


def test_more_of_one_kind_than_may_be_on_their_way_wait_and_hold_up_no_other(house, loop, monkeypatch):
    made, carrier = loop
    monkeypatch.setattr(handing, "BATCH", 2)
    told_by(house, *(f"{n}@hangs.example.org" for n in range(5)))
    asked_and_told(house)
    for _ in range(5):
        made.turn()
    assert Notice.objects.filter(state="handing").count() == 2
    assert DueRow.objects.filter(kind="notice-email", done_at=None).exclude(claim_id=due.NOBODY).count() == 2
    made._ready.add("push")
    due.ask([due.Due("notice-push", "notice:other", 0, at(10))])
    assert [row.kind for row in made._claimed()] == ["notice-push"]
    carrier.door.set()
    turns(made, lambda: len(carrier.took) == 6)


def test_a_provider_that_is_down_for_an_hour_loses_no_notice_and_repeats_none(house, outside):
    """Nobody has another route. What still waits when it is back is told within the longest rest, each once."""
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


def test_nothing_is_said_to_leave_before_what_carries_it_is_ready(house, monkeypatch, outside):
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    asked_and_told(house)
    slow = Mortal({0})
    monkeypatch.setattr(slow, "get_ready", slow.taken.append)
    made = handing.Handing(Leases(), slow)
    for _ in range(3):
        made.turn()
    assert slow.taken == ["email"]  # asked once, and only what something is due for
    assert Notice.objects.get(route__kind="email").state == "queued"
    slow.news = [[carrying.News(ready=["email"])]]
    made.turn()
    assert Notice.objects.get(route__kind="email").state == "handing"


def test_what_could_not_be_begun_is_begun_again_and_what_dies_at_once_only_after_a_pause(house, monkeypatch, outside):
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    asked_and_told(house)
    carries, tries = Mortal(set()), []
    made = handing.Handing(Leases(), carries)

    def no_memory(kind):
        tries.append(kind)
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(carries, "get_ready", no_memory)
    for _ in range(2):
        with pytest.raises(OSError, match="memory"):
            made.turn()
    assert tries == ["email", "email"]
    monkeypatch.setattr(carries, "get_ready", tries.append)
    made.turn()
    carries.news = [None]  # it has died
    made.turn()
    assert len(tries) == 3
    made._again_at = 0.0
    made.turn()
    assert len(tries) == 4


def test_what_carries_rests_when_there_was_nothing_for_long_and_gets_ready_anew(house, loop, monkeypatch):
    made, carrier = loop
    asked_and_told(house)
    turns(made, lambda: carrier.took and not made._on_their_way)
    assert made._ready == {"email"}
    monkeypatch.setattr(handing, "REST_SECONDS", 0.0)
    made.turn()
    assert made._ready == set()
    monkeypatch.setattr(handing, "REST_SECONDS", 300.0)
    made._carries.carrying = Carrying({"email": carrier})
    house.cast.ask("Another", when=at(10), email="e@example.org")
    house.pass_time(at(10))
    turns(made, lambda: len(carrier.took) == 2)
