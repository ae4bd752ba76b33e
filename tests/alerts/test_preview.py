"""The page "Would I be told?" says what then happens: who is told by which route, and when the safety net hands it on."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from sociable.alerts import preview_ways, words
from sociable.alerts.models import AlertPolicy, Chain, HandedOn, Notice
from sociable.alerts.preview import preview
from sociable.conversations import presence
from sociable.cover.models import Shift, TimeAway
from sociable.domain.alerting import Standing, Told
from sociable.due import services as due
from sociable.journeys import claim, net
from sociable.people.models import Role
from tests.alerts.test_screens import MINE, see
from tests.cast import at

pytestmark = pytest.mark.django_db


def would(pages, person, when: str = "10:00", account=None, on: str = "2026-11-23"):
    return see(pages, person).get(f"{MINE}would/?account={account.pk}&on={on}&at={when}")


def test_would_i_be_told_says_who_when_by_what_and_why(house, pages):
    page = would(pages, house.cast.asha, account=house.cast.help)
    assert "Yes, you would be told" in page.text
    for part in (
        "10:00: a request came in",
        "10:00 You, on duty",
        "The desk, Email",
        "10:10 Ben Hall, cover: ready and at work",
        "10:20 Lee Ward, lead",
        "11:00: half of the promised time is used",
    ):
        assert part in page.text, part


def test_would_i_be_told_at_night_says_when_and_why_not_before(house, pages):
    page = would(pages, house.cast.ben, "22:00", house.cast.help)
    assert "Tue 09:00: a request came in" in page.text
    assert "Nobody is on duty for Ashby Help. Nobody is named for when nobody is on duty." in page.text
    assert "Tue 09:00 You, cover: ready and at work" in page.text


def test_would_i_be_told_agrees_with_what_then_happens(house, pages):
    """The preview and the chain are the same rule: what it says for each step is what is written."""
    page = would(pages, house.cast.lee, account=house.cast.help)
    house.cast.ask(when=at(10))
    for minute in range(0, 60, 5):
        house.pass_time(at(10, minute))
    told = house.told()
    assert told == ["Asha", "Ben", "Lee"]
    positions = [page.text.index(words) for words in ("10:00 Asha Khan", "10:10 Ben Hall", "10:20 You")]
    assert positions == sorted(positions)


def test_would_i_be_told_says_that_an_account_tells_nobody_yet(house, pages):
    page = would(pages, house.cast.ben, account=house.cast.books)
    assert "Nobody would be told" in page.text
    assert "first published shift" in page.text


def test_a_made_up_time_that_is_none_is_said(house, pages):
    page = see(pages, house.cast.asha).get(f"{MINE}would/?account={house.cast.help.pk}&on=&at=25:99")
    assert len(page.errors) == 2


# -- the safety net --------------------------------------------------------------------------------------------------------


@pytest.fixture
def two_on_duty(house):
    """Asha and Ben are both on duty for Ashby Help, and Ben may answer there."""
    Role.objects.create(person=house.cast.ben, kind="answerer", partner=house.cast.council)
    house.shift(house.cast.ben, at(9, 30), at(17))
    return house


def instants_of(house):
    """What is said of a request to Ashby Help at ten, instant by instant."""
    return preview(house.cast.help, at(10), claim.hold_time()).instants


def said_of(house) -> list[tuple[datetime, Told]]:
    """Everybody of whom it is said that they would be told, and when."""
    steps = [step for one in instants_of(house) for step in one.steps]
    return [(step.at, one) for step in steps for one in step.told]


def said_told(house) -> list[tuple[str, str]]:
    """Who would be told, and when."""
    return [(f"{when:%H:%M}", one.who.name.split()[0]) for when, one in said_of(house)]


def live_through(house, until: int = 120, looks=None) -> list[tuple[str, str, str]]:
    """A request that nobody acknowledges, through the journeys themselves: when who was told of which instant, by mail.

    Shape:  `looks` has it open all the time, so that the net chooses them where they can take it
    """
    asked = house.cast.ask(when=at(10))
    for minute in range(until + 1):
        now = at(10) + timedelta(minutes=minute)
        if looks is not None:
            presence.look(asked.conversation_id, looks.pk, now)
        house.pass_time(now)
        for row in due.claim(now, 50, ["hold"]):
            claim.expire(row, now)
        if rows := due.claim(now, 50, ["net"]):
            net.look_all(rows, now)
    told = Notice.objects.filter(kind="request", route__kind="email").order_by("made_at", "pk")
    return [(f"{one.made_at:%H:%M}", one.person.first_name, one.chain.kind) for one in told]


def test_whoever_alone_can_take_it_is_named_and_told_by_their_routes(house, pages):
    page = would(pages, house.cast.lee, account=house.cast.help)
    for part in (
        "11:36: a request was handed on, because nobody at work had it near its time",
        "It goes to Asha Khan: nobody else on duty can take it.",
        "After 15 minutes without a sign of life, or sooner where the shift ends, it goes to the next, if there is one.",
        "11:36 Asha Khan, with it in hand The desk, Email",
        "11:46 Ben Hall, cover: ready and at work",
        "11:48: nine tenths of the promised time are used 11:48 Asha Khan, with it in hand",
        "11:51: a request is near its time, and nobody on duty can take it",
        "Nobody on duty for Ashby Help can take it: Asha Khan was handed it before.",
    ):
        assert part in page.text, part
    assert "Nobody is on duty" not in page.text


def test_where_nobody_on_duty_may_answer_it_goes_to_nobody(house, pages):
    Role.objects.filter(person=house.cast.asha).delete()
    page = would(pages, house.cast.lee, account=house.cast.help)
    assert (
        "Nobody on duty for Ashby Help can take it: Asha Khan may not answer there. It is handed to nobody."
        in page.text
    )


def test_where_several_can_take_it_the_rule_is_said(two_on_duty, pages):
    page = would(pages, two_on_duty.cast.asha, account=two_on_duty.cast.help)
    for part in (
        "It goes to one of you and Ben Hall: whoever has it open then, else whoever has the fewest in hand, of several ",
        "11:36 You, if it is handed to you The desk, Email",
        "11:36 Ben Hall, if it is handed to them The desk, Email",
        "11:46 Ben Hall, on duty, if it was not handed to them",
    ):
        assert part in page.text, part
    assert page.text.count("It goes to one of") == 2  # 11:36 and, fifteen minutes later, the other


@pytest.mark.parametrize("share", [60, 85])
def test_it_agrees_with_what_the_net_then_does(house, share):
    AlertPolicy.objects.create(account=house.cast.help, net_percent=share, set_at=at(8))
    said = said_told(house)
    lived = [(when, who) for when, who, _ in live_through(house)]
    assert [one for one in said if one[0] <= "12:00"] == lived
    assert HandedOn.objects.count() == 1


def test_of_two_on_duty_each_way_it_may_go_is_among_what_is_said(two_on_duty):
    said = set(said_told(two_on_duty))
    lived = {(when, who) for when, who, _ in live_through(two_on_duty)}
    assert lived <= said
    assert {when for when, _ in lived} == {when for when, _ in said if when <= "12:00"}


def test_whoever_stands_alike_is_named_in_one_order_at_every_step(two_on_duty):
    alike = [
        [one.who.name for one in step.told if one.standing == standing]
        for instant in instants_of(two_on_duty)
        for step in instant.steps
        for standing in Standing
    ]
    assert any(len(names) == 2 for names in alike)
    assert alike == [sorted(names) for names in alike]


def test_who_has_as_many_as_one_is_to_have_is_a_rule(two_on_duty, pages):
    AlertPolicy.objects.create(account=two_on_duty.cast.help, hand_most=3, set_at=at(8))
    page = would(pages, two_on_duty.cast.asha, account=two_on_duty.cast.help)
    assert "Whoever has 3 in hand is handed no more." in page.text


def test_an_account_that_hands_nothing_on_says_nothing_of_it(house, pages):
    AlertPolicy.objects.create(account=house.cast.help, net_percent=0, set_at=at(8))
    assert "handed" not in would(pages, house.cast.asha, account=house.cast.help).text


def test_whoever_is_handed_it_only_perhaps_is_not_promised_it(house, pages, settings):
    """Ben's first hours at work are the shift that has just begun when the net looks: he is told at once, or as on duty at 11:46."""
    Role.objects.create(person=house.cast.ben, kind="answerer", partner=house.cast.council)
    house.cast.ben.working_patterns.all().delete()
    house.shift(house.cast.ben, at(11, 33), at(17))
    page = would(pages, house.cast.ben, account=house.cast.help)
    assert "You may be told at 11:36, and would be at 11:46 at the latest" in page.text
    settings.WARNING_SHARES = [50]  # and not at all by an instant of the promise
    page = would(pages, house.cast.ben, account=house.cast.help)
    assert "You may be told at 11:36, and would be at 11:46 at the latest" in page.text
    assert min(when for when, who, _ in live_through(house) if who == "Ben") == "11:46"  # Asha's shift began first


# -- who comes and goes ----------------------------------------------------------------------------------------------------


def only(house, **until) -> None:
    """The people named are on duty for Ashby Help from and until these times, and nobody else; each may answer there."""
    Shift.objects.all().delete()
    for name, (begins, ends) in until.items():
        person = getattr(house.cast, name)
        Role.objects.get_or_create(person=person, kind="answerer", partner=house.cast.council, service=None)
        if not person.readiness.exists():
            house.ready(person)
            house.works(person)
        house.shift(person, begins, ends)


def meets(person, starts_at: datetime, ends_at: datetime) -> None:
    """Somebody is in a meeting."""
    TimeAway.objects.create(
        person=person, kind="meeting", state="agreed", asked_at=at(8), starts_at=starts_at, ends_at=ends_at
    )


def handed() -> list[tuple[str, str]]:
    """To whom the net handed the request, and when."""
    return [(f"{one.at:%H:%M}", one.person.name.split()[0]) for one in HandedOn.objects.order_by("at")]


def handings(house) -> dict[str, Any]:
    """What is said of the net, by the time at which it looks."""
    return {f"{one.at:%H:%M}": one.handing for one in instants_of(house) if one.handing is not None}


def said_at(house, when: str):
    """What is said of the net at a time: whom it may go to, and whether it may go to nobody."""
    there = handings(house)[when]
    return [one.name.split()[0] if one else "nobody" for one in there.cases()]


def test_who_comes_later_was_not_handed_it_before(house, pages):
    only(house, asha=(at(9), at(11, 50)), ben=(at(9, 30), at(11, 50)), olu=(at(11, 50), at(17)))
    assert said_at(house, "11:51") == ["Olu"]
    page = would(pages, house.cast.olu, account=house.cast.help)
    assert "It goes to you: nobody else on duty can take it." in page.text
    live_through(house)
    assert ("11:51", "Olu") in handed()


def test_who_is_left_of_two_is_handed_it_when_the_shift_of_the_other_ends_and_only_then(house, pages):
    only(house, asha=(at(9), at(11, 45)), ben=(at(9, 30), at(17)))
    assert [said_at(house, when) for when in ("11:36", "11:46", "11:51")] == [["Asha", "Ben"], ["Ben"], ["nobody"]]
    page = would(pages, house.cast.ben, account=house.cast.help)
    for part in (
        "Only if it was with Asha Khan since 11:36; else it stays where it is. It goes to you: nobody else on duty can take it.",
        "Only if it was with you since 11:36; else it stays where it is. Nobody on duty for Ashby Help can take it: Ben Hall",
    ):
        assert part in page.text, part


@pytest.mark.parametrize("first", ["asha", "ben"])
@pytest.mark.parametrize(
    "ends",
    [
        {"asha": at(11, 45), "ben": at(17)},
        {"asha": at(17), "ben": at(11, 38)},
        {"asha": at(11, 40), "ben": at(11, 48)},
        {"asha": at(11, 55), "ben": at(11, 44), "olu": at(17)},
        {"asha": at(11, 47), "ben": at(11, 47), "olu": at(11, 52)},
    ],
)
def test_the_minutes_are_those_of_the_net_whoever_is_handed_it_first(house, ends, first):
    """Whoever has it open is chosen: so each way it may go is lived through, and each is what was said of it."""
    only(house, **{name: (at(9, number), ends_at) for number, (name, ends_at) in enumerate(ends.items())})
    said, everybody = handings(house), set(said_told(house))
    lived = live_through(house, until=119, looks=getattr(house.cast, first))
    assert {(when, who) for when, who, _ in lived} <= everybody
    happened = dict(handed()) | dict.fromkeys(unable(), "nobody")
    had_it = ("", "")
    for when, one in sorted(said.items()):
        if one.only_from and had_it not in [(f"{kept.since_at:%H:%M}", kept.name.split()[0]) for kept in one.only_from]:
            assert when not in happened
            continue
        who = happened.pop(when)
        assert who in said_at(house, when)
        had_it = (when, who) if who != "nobody" else had_it
    assert not happened


def unable() -> list[str]:
    """When it was told that nobody can take it."""
    begun = Chain.objects.filter(kind__startswith=words.NOBODY)
    return [f"{one:%H:%M}" for one in begun.values_list("began_at", flat=True)]


def test_who_has_it_in_hand_is_told_first_also_after_their_shift_until_the_net_looks_again(house):
    """Nine tenths are used at 11:48, Asha's shift ended at 11:47, and the net looks at 11:51."""
    only(house, asha=(at(9), at(11, 47)), ben=(at(11, 38), at(17)))
    lived = [(when, who) for when, who, _ in live_through(house)]
    assert ("11:48", "Asha") in lived
    assert [one for one in said_told(house) if one[0] <= "12:00"] == lived


def test_who_comes_after_nobody_could_take_it_is_handed_it(house, pages):
    only(house, olu=(at(11, 40), at(17)))
    assert [said_at(house, when) for when in ("11:36", "11:41")] == [["nobody"], ["Olu"]]
    page = would(pages, house.cast.olu, account=house.cast.help)
    assert "11:41: a request was handed on, because nobody at work had it near its time It goes to you" in page.text
    said = [(when, who) for when, who in said_told(house) if "11:36" <= when <= "12:00"]
    assert said == [(when, who) for when, who, _ in live_through(house) if when >= "11:36"]
    assert handed() == [("11:41", "Olu")]


@pytest.mark.parametrize("comes", ["back", "ready"])
def test_that_nobody_can_take_it_is_said_once_until_somebody_can(house, comes):
    """Olu is on duty from 11:40 and may not answer; Ben is back from a meeting, or counts as ready, at 11:50."""
    only(house, olu=(at(11, 40), at(17)), ben=(at(9), at(17)))
    house.cast.olu.roles.all().delete()
    if comes == "back":
        meets(house.cast.ben, at(11), at(11, 50))
    else:
        house.cast.ben.readiness.update(ready_from_at=at(11, 50))
    assert list(handings(house)) == ["11:36", "11:51"]
    live_through(house)
    assert handed() == [("11:51", "Ben")]


def whys_at(house, when: str) -> list[str]:
    """Why somebody would be told at a time."""
    return [one.why for told_at, one in said_of(house) if f"{told_at:%H:%M}" == when]


@pytest.mark.parametrize(("leaves", "word"), [("shift", "not on duty now"), ("meeting", "away")])
def test_who_was_handed_it_and_goes_has_it_no_more(house, leaves, word):
    ends_at = at(11, 40) if leaves == "shift" else at(17)
    only(house, asha=(at(9), ends_at), ben=(at(11, 38), at(17)))
    if leaves == "meeting":
        meets(house.cast.asha, at(11, 40), at(13))
    assert [said_at(house, when) for when in ("11:36", "11:41")] == [["Asha"], ["Ben"]]
    why = f"Asha Khan, who had it, is {word}"
    assert f"It was handed to you: {why}." in whys_at(house, "11:41")[0]
    live_through(house)
    assert handed() == [("11:36", "Asha"), ("11:41", "Ben")]
    assert HandedOn.objects.latest("at").why.startswith(why)


def test_who_goes_on_with_a_second_shift_keeps_it(house):
    only(house, asha=(at(9), at(11, 40)), ben=(at(11, 38), at(17)))
    house.shift(house.cast.asha, at(11, 40), at(17))
    assert list(handings(house)) == ["11:36", "11:51"]
    live_through(house)
    assert handed() == [("11:36", "Asha"), ("11:51", "Ben")]


def test_where_it_may_go_in_very_many_ways_it_is_said_from_when_on(house, pages, monkeypatch):
    only(house, asha=(at(9), at(17)), ben=(at(9), at(17)), olu=(at(9), at(17)))
    assert preview(house.cast.help, at(10), claim.hold_time()).followed_until is None
    monkeypatch.setattr(preview_ways, "MOST_WAYS", 4)
    found = preview(house.cast.help, at(10), claim.hold_time())
    assert found.followed_until == at(12)
    assert [f"{one.at:%H:%M}" for one in found.instants][-2:] == ["11:48", "11:51"]
    page = would(pages, house.cast.asha, account=house.cast.help)
    assert "What comes from 12:00 on depends on what each has in hand by then" in page.text


def test_every_time_of_the_page_is_written_in_one_way(house, pages):
    """As on the desk and in the bell: 10:00, and no 10am beside it."""
    page = would(pages, house.cast.asha, account=house.cast.help)
    assert (
        "A request that reaches Ashby Help at 10:00 on Monday 23 November 2026 is to be answered by 12:00." in page.text
    )
    assert not re.search(r"\d ?[ap]m\b|midday|midnight", page.text)
