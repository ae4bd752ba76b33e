"""What nobody at work has near its time is put into the hands of somebody on duty, told to them, and can be handed back."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection, connections

from sociable.alerts.models import AlertPolicy, HandedOn, Notice
from sociable.conversations.models import Conversation
from sociable.cover.models import Shift, TimeAway
from sociable.domain import net as rule
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import alert, alert_policy, answer, claim, handed, handing_on, net, snooze
from sociable.live.models import ChangeEvent
from sociable.people.models import AuditEvent, Role
from sociable.promises import services as promises
from sociable.promises.models import Wait
from tests.cast import at

pytestmark = pytest.mark.django_db
NEAR = at(11, 36)  # four fifths of the two hours from ten


def pass_net(now: Any) -> int:
    """What the worker does of the net at an instant."""
    rows = due.claim(now, 50, ["net"])
    return net.look_all(rows, now) if rows else 0


def in_hand(asked: Any) -> str:
    held = Conversation.objects.get(pk=asked.conversation_id).held_by
    return held.first_name if held else ""


def reasons() -> list[tuple[str, str]]:
    rows = Notice.objects.filter(route__kind="email", chain__kind__regex="net|nobody").order_by("pk")
    return [(one.person.first_name, one.why) for one in rows]


@pytest.fixture
def two_on_duty(house):
    """Asha and Ben are both on duty for Ashby Help, and Ben may answer there."""
    Role.objects.create(person=house.cast.ben, kind="answerer", partner=house.cast.council)
    house.shift(house.cast.ben, at(9, 30), at(17))
    return house


def test_what_nobody_has_near_its_time_is_handed_to_whoever_is_on_duty_and_they_are_told_why(house):
    asked = house.cast.ask(when=at(10))
    pass_net(at(11, 35))
    assert in_hand(asked) == ""
    pass_net(NEAR)
    assert in_hand(asked) == "Asha"
    why = "nobody had it, and it is to be answered by 12:00"
    assert reasons() == [("Asha", f"It was handed to you: {why}. Say so on the page if you cannot take it.")]
    assert HandedOn.objects.get().why == why
    event = AuditEvent.objects.get(verb="handed on")
    assert (event.after, event.person_name, event.reason) == ({"to": "Asha Khan"}, "", "N" + why[1:] + ".")
    assert ChangeEvent.objects.filter(kind="held", conversation_id=asked.conversation_id).exists()
    assert DueRow.objects.filter(kind="notice-email", due_at=NEAR).count() == 1


def test_looking_again_hands_nothing_on_twice(house):
    house.cast.ask(when=at(10))
    pass_net(NEAR)
    row = DueRow.objects.get(kind="net")
    assert row.due_at == NEAR + rule.AGAIN
    pass_net(row.due_at)
    assert (HandedOn.objects.count(), len(reasons())) == (1, 1)


def test_it_goes_to_whoever_has_the_fewest_in_hand(two_on_duty):
    cast = two_on_duty.cast
    earlier = cast.ask("Another", when=at(9), email="x@example.org")
    claim.take(earlier.conversation_id, cast.asha, at(11, 30))
    asked = cast.ask(when=at(10))
    pass_net(NEAR)
    assert (in_hand(asked), in_hand(earlier)) == ("Ben", "Asha")


def test_of_several_at_once_each_gets_as_many_in_the_order_of_their_shifts(two_on_duty):
    asked = [two_on_duty.cast.ask(f"Number {n}", when=at(10, n), email=f"{n}@example.org") for n in range(4)]
    pass_net(at(11, 40))
    assert [in_hand(one) for one in asked] == ["Asha", "Ben", "Asha", "Ben"]


def test_whoever_on_duty_has_it_open_gets_it(two_on_duty):
    from sociable.conversations import presence

    asked = two_on_duty.cast.ask(when=at(10))
    presence.look(asked.conversation_id, two_on_duty.cast.ben.pk, NEAR)
    pass_net(NEAR)
    assert in_hand(asked) == "Ben"


def test_nothing_is_taken_from_somebody_on_duty(two_on_duty):
    asked = two_on_duty.cast.ask(when=at(10))
    claim.take(asked.conversation_id, two_on_duty.cast.ben, at(11, 30))
    pass_net(NEAR)
    assert in_hand(asked) == "Ben"
    assert not HandedOn.objects.exists()


@pytest.mark.parametrize("why", ["shift over", "away", "left"])
def test_it_is_taken_from_somebody_who_is_not_at_work(two_on_duty, why):
    cast = two_on_duty.cast
    asked = cast.ask(when=at(10))
    claim.take(asked.conversation_id, cast.ben, at(11, 30))
    if why == "shift over":
        Shift.objects.filter(person=cast.ben).update(ends_at=at(11, 33))
    elif why == "away":
        TimeAway.objects.create(
            person=cast.ben, kind="sickness", starts_at=at(11), ends_at=at(17), state="agreed", asked_at=at(8)
        )
    else:
        cast.ben.is_active = False
        cast.ben.save()
    pass_net(NEAR)
    assert in_hand(asked) == "Asha"
    words = "away" if why != "shift over" else "not on duty now"
    assert f"Ben Hall, who had it, is {words}" in HandedOn.objects.get().why
    assert AuditEvent.objects.get(verb="handed on").before == {"held_by": "Ben Hall"}


def test_whoever_writes_in_it_when_their_shift_ends_keeps_it(two_on_duty):
    from sociable.conversations import presence

    cast = two_on_duty.cast
    asked = cast.ask(when=at(10))
    claim.take(asked.conversation_id, cast.ben, at(11, 30))
    Shift.objects.filter(person=cast.ben).update(ends_at=at(11, 33))
    presence.write(asked.conversation_id, cast.ben.pk, kind="answer", text="Dear", against_version=1, now=NEAR)
    pass_net(NEAR)
    assert in_hand(asked) == "Ben"
    pass_net(NEAR + rule.AGAIN)  # they went home with the page open
    assert in_hand(asked) == "Asha"


def test_unclaimed_later_it_is_found_then(two_on_duty):
    cast = two_on_duty.cast
    asked = cast.ask(when=at(10))
    claim.take(asked.conversation_id, cast.ben, at(11, 30))
    pass_net(NEAR)
    claim.let_go(asked.conversation_id, cast.ben, at(11, 38))
    pass_net(at(11, 41))
    assert in_hand(asked) == "Asha"


def test_a_full_hand_gets_no_more(two_on_duty):
    cast = two_on_duty.cast
    AlertPolicy.objects.create(account=cast.help, hand_most=1, named=cast.lee, set_at=at(8))
    asked = [cast.ask(f"Number {n}", when=at(10, n), email=f"{n}@example.org") for n in range(3)]
    pass_net(at(11, 40))
    assert [in_hand(one) for one in asked] == ["Asha", "Ben", ""]
    name, why = reasons()[-1]
    assert name == "Lee"
    assert why.startswith(
        "Nobody on duty for Ashby Help can take it: Asha Khan has 1 request in hand, the most at once;"
    )


def test_where_nobody_is_on_duty_it_goes_to_nobody_and_whoever_is_named_is_told_once(house):
    Shift.objects.update(state="cancelled")
    house.works(house.cast.lee)
    AlertPolicy.objects.create(account=house.cast.help, named=house.cast.lee, set_at=at(8))
    asked = house.cast.ask(when=at(10))
    for minute in (36, 41, 46):
        pass_net(at(11, minute))
    assert in_hand(asked) == ""
    assert reasons() == [("Lee", "Nobody is on duty for Ashby Help now. You are named for that.")]


def test_handed_back_it_goes_to_the_next_and_then_to_nobody(two_on_duty):
    cast = two_on_duty.cast
    AlertPolicy.objects.create(account=cast.help, named=cast.lee, set_at=at(8))
    asked = cast.ask(when=at(10))
    pass_net(NEAR)
    assert handed.hand_back(asked.conversation_id, cast.asha, at(11, 38)) == cast.ben
    assert in_hand(asked) == "Ben"
    assert handed.hand_back(asked.conversation_id, cast.ben, at(11, 39)) is None
    assert in_hand(asked) == ""
    assert [name for name, _ in reasons()] == ["Asha", "Ben", "Lee"]
    assert "Asha Khan handed it back; Ben Hall handed it back" in reasons()[-1][1]
    assert AuditEvent.objects.filter(verb="could not take it").count() == 2
    with pytest.raises(handed.NotYours):
        handed.hand_back(asked.conversation_id, cast.ben, at(11, 40))
    pass_net(at(11, 41))
    assert in_hand(asked) == ""
    assert len(reasons()) == 3


def test_what_is_taken_by_oneself_is_not_handed_back_this_way(two_on_duty):
    asked = two_on_duty.cast.ask(when=at(10))
    claim.take(asked.conversation_id, two_on_duty.cast.asha, at(10, 30))
    with pytest.raises(handed.NotYours):
        handed.hand_back(asked.conversation_id, two_on_duty.cast.asha, at(10, 31))


def test_silent_it_goes_to_the_next_and_a_tap_keeps_it(two_on_duty):
    cast = two_on_duty.cast
    asked = cast.ask(when=at(10))
    pass_net(NEAR)
    for minute in (41, 46, 51):
        pass_net(at(11, minute))
    assert in_hand(asked) == "Ben"
    handed.acknowledge(Notice.objects.get(person=cast.ben, route__kind="email"), at(11, 52))
    assert Conversation.objects.get(pk=asked.conversation_id).held_until_at == at(12, 52)


def test_unacknowledged_it_climbs_to_the_others(two_on_duty):
    two_on_duty.cast.ask(when=at(10))
    two_on_duty.pass_time(at(11, 30))
    pass_net(NEAR)
    assert [name for name, _ in reasons()] == ["Asha"]
    two_on_duty.pass_time(at(11, 46))
    assert [name for name, _ in reasons()] == ["Asha", "Ben"]


def test_an_account_may_choose_its_share_or_hand_nothing_on(house):
    cast = house.cast
    asked = cast.ask(when=at(10))
    pass_net(at(11))  # the row was made before anybody said so
    for share, minute, who in ((0, 40, ""), (90, 41, ""), (50, 42, "Asha")):
        policy = AlertPolicy.objects.filter(account=cast.help).first() or AlertPolicy(account=cast.help)
        policy.net_percent = share
        alert_policy.keep(policy, by=cast.lee, now=at(11, minute))
        pass_net(at(11, minute))
        assert in_hand(asked) == who


def test_an_account_that_tells_nobody_hands_nothing_on(house):
    asked = house.cast.ask(account=house.cast.books, when=at(10))
    pass_net(at(16, day=25))
    assert (in_hand(asked), DueRow.objects.get(kind="net").done_at) == ("", at(16, day=25))


def test_what_is_put_off_is_left_until_it_is_back(house):
    asked = house.cast.ask(when=at(10))
    snooze.until(asked.conversation_id, house.cast.lee, at(11, 50), at(11))
    pass_net(NEAR)
    assert in_hand(asked) == ""
    pass_net(at(11, 50))
    assert in_hand(asked) == "Asha"


def test_what_is_answered_is_looked_at_no_more(house):
    asked = house.cast.ask(when=at(10))
    answer.send(
        conversation_id=asked.conversation_id, person=house.cast.asha, text="Yes.", against_version=1, now=at(10, 3)
    )
    assert not DueRow.objects.filter(kind="net", done_at=None).exists()
    promises.reopen(Wait.objects.get(), house.cast.help and _calendar(house.cast.help))
    pass_net(NEAR)
    assert DueRow.objects.get(kind="net", done_at=None)


def _calendar(account: Any) -> Any:
    from sociable.directory import queries

    return queries.calendar_of(account)


def test_a_worker_that_dies_half_way_has_handed_nothing_on_and_the_next_does(house, monkeypatch):
    asked = house.cast.ask(when=at(10))
    rows = due.claim(NEAR, 50, ["net"])

    def dies(*_: Any, **__: Any) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(handing_on.services, "begin", dies)
        with pytest.raises(SystemExit):
            net.look_all(rows, NEAR)
    assert (in_hand(asked), HandedOn.objects.count()) == ("", 0)
    assert pass_net(NEAR + due.LEASE + timedelta(seconds=1)) == 1
    assert (in_hand(asked), len(reasons())) == ("Asha", 1)


def test_a_claim_that_was_taken_over_hands_nothing_on(house):
    asked = house.cast.ask(when=at(10))
    old = due.claim(NEAR, 50, ["net"])
    pass_net(NEAR + due.LEASE + timedelta(seconds=1))
    assert net.look_all(old, NEAR + timedelta(minutes=2)) == 0
    assert (in_hand(asked), HandedOn.objects.count()) == ("Asha", 1)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_fill_no_hand_beyond_its_limit(two_on_duty):
    cast = two_on_duty.cast
    AlertPolicy.objects.create(account=cast.help, hand_most=2, set_at=at(8))
    asked = [cast.ask(f"Number {n}", when=at(10, n), email=f"{n}@example.org") for n in range(8)]
    now = at(11, 50)
    halves = [due.claim(now, 4, ["net"]), due.claim(now, 4, ["net"])]

    def work(rows: list[DueRow]) -> None:
        net.look_all(rows, now)
        connections.close_all()

    threads = [Thread(target=work, args=(rows,)) for rows in halves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    who = [in_hand(one) for one in asked]
    assert (who.count("Asha"), who.count("Ben"), who.count("")) == (2, 2, 4), connection.vendor


# -- On the screens --------------------------------------------------------------------------------------------------------


def test_the_conversation_says_who_has_it_and_why_and_lets_it_be_handed_back(two_on_duty, pages, monkeypatch):
    cast = two_on_duty.cast
    asked = cast.ask(when=at(10))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NEAR)
    pass_net(NEAR)
    address = f"/desk/c/{asked.conversation_id}/"
    line = "Handed to Asha Khan at 11:36: nobody had it, and it is to be answered by 12:00."
    pages.force_login(cast.ben)
    seen = pages.get(address).page
    assert line in seen.text
    assert "I cannot take this" not in seen.text
    pages.force_login(cast.asha)
    assert line in pages.get(address).page.text
    after = pages.post(f"{address}do/cannot-take/", follow=True).page
    assert "It is with Ben Hall now." in after.text
    assert "Handed to Ben Hall at 11:36" in after.text


def test_the_link_of_a_notice_takes_either_word(two_on_duty, client, monkeypatch):
    from sociable.alerts import tokens

    cast = two_on_duty.cast
    cast.ask(when=at(10))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NEAR)
    pass_net(NEAR)
    link = f"/told/{tokens.token_of(Notice.objects.get(person=cast.asha, route__kind='email').pk)}/"
    assert "I cannot take this" in client.get(link).content.decode()
    assert "I cannot take this after all" in client.post(link, {}, follow=True).content.decode()
    assert "Ben Hall has it now." in client.post(link, {"cannot": "yes"}, follow=True).content.decode()
    theirs = f"/told/{tokens.token_of(Notice.objects.get(person=cast.ben, route__kind='email').pk)}/"
    assert "Nobody else on duty can take it" in client.post(theirs, {"cannot": "yes"}, follow=True).content.decode()


def test_the_bell_shows_what_was_handed_on(house, pages, monkeypatch):
    house.cast.ask(when=at(10))
    monkeypatch.setattr("django.utils.timezone.now", lambda: NEAR)
    pass_net(NEAR)
    pages.force_login(house.cast.asha)
    page = pages.get("/desk/told/").page
    assert "a request was handed on, because nobody at work had it near its time" in page.text
    assert alert.acknowledge(Wait.objects.get().conversation_id, house.cast.asha, NEAR) == 1


def test_a_share_that_is_never_near_is_refused_beside_its_field(house, pages):
    pages.force_login(house.cast.lee)
    address = f"/office/accounts/{house.cast.help.pk}/alerts/"
    form = pages.get(address).page.form(address)
    page = pages.post(address, form.fields | {"net_percent": "20"}).page
    assert any("From 50 to 99" in line for line in page.errors)
    pages.post(address, form.fields | {"net_percent": "0", "hand_most": "3"}, follow=True)
    assert AlertPolicy.objects.values_list("net_percent", "hand_most").get() == (0, 3)
