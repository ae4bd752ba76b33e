"""What is told of cover, leave and rota takes the routes of alerts: by letter at once, ringing only at work, and once."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any

import pytest

from sociable.alerts import news
from sociable.alerts.models import Notice, Route
from sociable.channels.base import ChannelError
from sociable.cover import rota_changes
from sociable.cover.models import RotaChange, Shift, TimeAway
from sociable.directory.models import Account
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import away, holes, notify, rota_told
from sociable.journeys.notify import Outcome
from tests.cast import at, later
from tests.cover.test_away import leave
from tests.journeys.mail import hand_over, letters

pytestmark = pytest.mark.django_db


def text_first(house, person: Any, **more: Any) -> Route:
    """A person with a phone before their email."""
    house.route(person, "desk", "The desk")
    house.route(person, "email", "Email", position=9)
    return house.route(person, "text", "My phone", "+447700900123", position=1, **more)


def ask(house, person: Any, now: datetime, before: datetime | None = None) -> Notice:
    made = TimeAway.objects.create(
        person=house.cast.asha,
        kind="leave",
        starts_at=at(9, day=30),
        ends_at=at(17, day=30),
        state="asked",
        asked_at=now,
    )
    news.ask([person.pk], {"of": "away", "away": made.pk, "what": "asked"}, now, key=f"away:{made.pk}", before=before)
    return Notice.objects.get(kind="news", about__away=made.pk)


@pytest.mark.parametrize(
    ("asked_at", "hours", "rings_at"),
    [
        (at(10), "Mo-Fr 09:00-17:00", at(10)),
        (at(22), "Mo-Fr 09:00-17:00", at(9, day=24)),
        (at(22, day=27), "Mo-Fr 09:00-17:00", at(9, day=30)),  # over the weekend
        (at(22), "", at(8, day=24)),  # nothing says when they work: not at night
        (at(12), "", at(12)),
    ],
)
def test_what_can_wait_rings_only_at_work(house, asked_at, hours, rings_at):
    text_first(house, house.cast.lee)
    if hours:
        house.works(house.cast.lee, hours)
    notice = ask(house, house.cast.lee, asked_at)
    assert (notice.route.kind, notice.due_at) == ("text", rings_at)
    assert DueRow.objects.get(kind="notice-text").due_at == rings_at


def test_somebody_away_is_left_in_peace(house):
    text_first(house, house.cast.lee)
    house.works(house.cast.lee)
    TimeAway.objects.create(
        person=house.cast.lee, kind="leave", starts_at=at(0), ends_at=at(0, day=26), state="agreed", asked_at=at(0)
    )
    assert ask(house, house.cast.lee, at(10)).due_at == at(9, day=26)


def test_a_shift_is_work_too(house):
    text_first(house, house.cast.lee)
    house.shift(house.cast.lee, at(20), at(23))
    assert ask(house, house.cast.lee, at(18, 30)).due_at == at(20)


def test_a_letter_comes_at_any_time_but_its_own_quiet(house):
    house.works(house.cast.lee)
    assert ask(house, house.cast.lee, at(22)).due_at == at(22)
    Route.objects.filter(person=house.cast.lee, kind="email").update(quiet_from=time(20), quiet_to=time(7))
    assert ask(house, house.cast.lee, at(22)).due_at == at(7, day=24)


def test_what_begins_before_they_are_back_is_written_at_once(house):
    text_first(house, house.cast.lee)
    house.works(house.cast.lee)
    notice = ask(house, house.cast.lee, at(5), before=at(8, 30))
    assert (notice.route.kind, notice.due_at) == ("email", at(5))


def test_quiet_hours_of_a_route_hold_at_work_too(house):
    text_first(house, house.cast.lee, quiet_from=time(9), quiet_to=time(11))
    house.works(house.cast.lee)
    assert ask(house, house.cast.lee, at(10)).due_at == at(11)


def test_a_route_that_fails_gives_way_to_the_next_in_its_own_time(house, outside):
    text_first(house, house.cast.lee)
    house.works(house.cast.lee)
    notice = ask(house, house.cast.lee, at(10))
    rows = due.claim(at(10), 5, ["notice-text"])
    assert notify.begin(rows, at(10)) == []  # no line for texts is connected here
    notice.refresh_from_db()
    assert notice.state == "failed"
    assert hand_over(at(10)) == 1
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("lee@staff.example.org", "Asha Khan asks for time away")
    assert "/cover/away/" in mail.get_content()
    assert "I have it" not in mail.get_content()


def test_whoever_took_every_route_away_is_still_written_to(house, outside):
    house.route(house.cast.lee, "desk", "The desk")
    ask(house, house.cast.lee, at(10))
    hand_over(at(10))
    assert [mail["To"] for mail in letters(outside)] == ["lee@staff.example.org"]


def test_what_lay_while_sociable_was_away_does_not_ring_at_night(house):
    text_first(house, house.cast.lee)
    house.works(house.cast.lee)
    ask(house, house.cast.lee, at(16))
    assert notify.begin(due.claim(at(23), 5, ["notice-text"]), at(23)) == []
    assert DueRow.objects.get(kind="notice-text").due_at == at(9, day=24)
    assert Notice.objects.get().state == "queued"


def test_holes_found_while_a_notice_waits_go_along(house, outside):
    cast = house.cast
    Account.objects.exclude(pk=cast.help.pk).update(hole_days=0)
    Shift.objects.all().delete()
    house.shift(cast.asha, at(0), later(at(0), weeks=9))
    phone = text_first(house, cast.lee)
    house.works(cast.lee)
    for hour, day in ((22, 25), (23, 24)):  # a far one, and a near one
        TimeAway.objects.create(
            person=cast.asha,
            kind="leave",
            starts_at=at(10, day=day),
            ends_at=at(12, day=day),
            state="agreed",
            asked_at=at(hour),
        )
        DueRow.objects.filter(kind="holes").delete()
        holes.schedule(at(hour))
        for row in due.claim(at(hour), 5, ["holes"]):
            holes.look(row, at(hour))
    notice = Notice.objects.get(kind="news")
    assert (notice.route, notice.due_at, len(notice.about["began"])) == (phone, at(9, day=24), 2)


# -- The rota --------------------------------------------------------------------------------------------------------------


def change(shift: Any, what: str, now: datetime, words: str = "") -> None:
    rota_changes.told(shift, what, now, words=words)


def pass_changes(now: datetime) -> None:
    for row in due.claim(now, 20, ["rota-told"]):
        rota_told.tell(row, now)


def test_what_changed_together_is_told_in_one_notice(house, outside):
    shifts = [house.shift(house.cast.asha, at(9, day=day), at(17, day=day)) for day in (25, 26)]
    for minute, shift in enumerate(shifts):
        change(shift, RotaChange.What.ADDED, at(10, minute))
    pass_changes(at(10, 2))
    assert not Notice.objects.exists()
    pass_changes(at(10, 3))
    hand_over(at(10, 3))
    (mail,) = letters(outside)
    assert (mail["To"], mail["Subject"]) == ("asha@staff.example.org", "Your rota changed: 2 shifts")
    assert "- New on your rota: 9am to 5pm on Wednesday 25 November, Ashby Help" in mail.get_content()
    assert "/desk/my-day/" in mail.get_content()
    change(shifts[0], RotaChange.What.TAKEN_OFF, at(11), "Asha is on a course")
    pass_changes(at(11, 5))
    hand_over(at(11, 5))
    assert letters(outside)[1]["Subject"] == "Your rota changed: a shift"
    assert "“Asha is on a course”" in letters(outside)[1].get_content()


def test_what_was_seen_on_their_day_is_not_told(house, outside):
    change(house.shift(house.cast.asha, at(9, day=25), at(17, day=25)), RotaChange.What.ADDED, at(10))
    RotaChange.objects.update(seen_at=at(10, 1))
    pass_changes(at(10, 5))
    assert not Notice.objects.exists()
    RotaChange.objects.update(seen_at=None)
    DueRow.objects.all().delete()
    change(house.shift(house.cast.asha, at(9, day=26), at(17, day=26)), RotaChange.What.ADDED, at(10))
    pass_changes(at(10, 5))
    RotaChange.objects.update(seen_at=at(10, 6))
    hand_over(at(10, 7))
    assert letters(outside) == []
    assert Notice.objects.get().state == "skipped"


def test_a_shift_that_begins_before_they_are_back_is_written_of_at_once(house):
    text_first(house, house.cast.asha)
    shift = house.shift(house.cast.asha, at(7, day=24), at(12, day=24))
    change(shift, RotaChange.What.ADDED, at(20))
    pass_changes(at(20, 2))
    assert Notice.objects.get().route.kind == "email"


def test_leave_that_is_agreed_takes_the_routes_of_its_person(house):
    text_first(house, house.cast.asha)
    made = away.ask(house.cast.asha, leave(), by=house.cast.asha, now=at(10))
    away.agree(made, by=house.cast.lee, now=at(10, 5))
    notice = Notice.objects.get(person=house.cast.asha)
    assert (notice.kind, notice.route.kind, notice.about["what"]) == ("news", "text", "agreed")


def test_its_only_route_is_tried_until_it_takes_it(house):
    house.works(house.cast.lee)
    ask(house, house.cast.lee, at(10))
    errands = notify.begin(due.claim(at(10), 5, ["notice-email"]), at(10))
    notify.finish([Outcome(one, error=ChannelError("away")) for one in errands], at(10))
    assert Notice.objects.get().state == "queued"
    assert DueRow.objects.filter(kind="notice-email", done_at=None).exists()
