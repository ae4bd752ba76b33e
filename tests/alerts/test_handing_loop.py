"""The loop of the routes and the process that carries for it: a server that hangs holds up no other, and whoever dies or stops loses nothing."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError

from sociable.alerts.models import Notice, Route
from sociable.channels.base import ChannelError
from sociable.cover.models import Shift
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import notify
from sociable.worker import carrying, handing
from sociable.worker.carrying import Carrying
from sociable.worker.handing_process import Outside
from sociable.worker.leases import Leases
from tests.alerts.test_handing import asked_and_told
from tests.cast import at
from tests.journeys.mail import letters

pytestmark = pytest.mark.django_db


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
    outdoors._carries._running.kill()
    patiently(outdoors, lambda: Notice.objects.filter(state="unknown").exists())
    assert Notice.objects.get(state="unknown").detail == handing.DIED
    outside.says_nothing_after_data = False
    Route.objects.update(rests_until_at=None)
    house.cast.ask("Another", when=at(10), email="e@example.org")
    house.pass_time(at(10))
    patiently(outdoors, lambda: Notice.objects.filter(state="handed", route__kind="email").exists())
    assert len(outside.taken) == 2


def twenty_of_which_sixteen_leave(house, outdoors, outside, monkeypatch) -> None:
    """The mail server takes sixteen at once and says nothing; the house does not wait for it long."""
    monkeypatch.setattr(handing, "PATIENCE_SECONDS", 1.0)
    outside.says_nothing_after_data = True
    told_by(house, *(f"p{number}@example.org" for number in range(19)))
    asked_and_told(house)
    patiently(outdoors, lambda: len(outside.taken) == 16)


def test_when_the_house_stops_what_had_not_begun_to_leave_is_queued_again_and_leaves_once(
    house, outdoors, outside, monkeypatch
):
    """What the mail server has taken is a doubt, and no other is."""
    twenty_of_which_sixteen_leave(house, outdoors, outside, monkeypatch)
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


def test_a_database_that_is_away_for_a_moment_while_the_house_stops_is_asked_again(
    house, outdoors, outside, monkeypatch
):
    twenty_of_which_sixteen_leave(house, outdoors, outside, monkeypatch)
    take_back, away = handing.notify.take_back, [OperationalError("the database is locked")]

    def once_away(errands, now):
        if away:
            raise away.pop()
        take_back(errands, now)

    monkeypatch.setattr(handing.notify, "take_back", once_away)
    outdoors._stop()
    outside.says_nothing_after_data = False
    assert not away
    assert Notice.objects.filter(route__kind="email", state="queued").count() == 4


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


def test_what_carries_gets_ready_before_a_request_comes_to_its_time(house, monkeypatch, outside):
    told_by(house, "a@one.example.org")
    monkeypatch.setattr(handing.timezone, "now", lambda: at(10))
    carries, tries = Mortal(set()), []
    monkeypatch.setattr(carries, "get_ready", tries.append)

    def turn(comes_at):
        due.ask([due.Due("warn", "warn:0:50", 0, comes_at)])
        handing.Handing(Leases(), carries).turn()

    turn(at(10, 1))
    assert tries == []  # there is time
    turn(at(10) + timedelta(seconds=4))
    assert tries == ["email"]  # by which somebody on the rota is rung
    Shift.objects.update(ends_at=at(10))
    turn(at(10) + timedelta(seconds=4))
    assert tries == ["email"]  # nobody is rung any more


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
