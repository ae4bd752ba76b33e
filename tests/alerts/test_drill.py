"""Before a shift each route is tried and confirmed by a tap; what nobody confirmed is used last; a shift begins with what waits."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
from django.test import Client

from sociable.alerts.models import AlertPolicy, Notice, Route
from sociable.cover.models import Shift, TimeAway
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import drill
from sociable.people.models import Person, Role
from tests.alerts.test_handing import hand_over
from tests.cast import at, later
from tests.journeys.mail import letters

pytestmark = pytest.mark.django_db


def look(now) -> None:
    drill.schedule(now)
    for row in due.claim(now, 5, ["shifts"]):
        drill.look(row, now)


def do(now) -> None:
    for kind, journey in (("drill", drill.drill), ("shift", drill.begin_shift)):
        for row in due.claim(now, 50, [kind]):
            journey(row, now)


@pytest.fixture
def tuesday(house):
    """Asha's next shift."""
    return house.shift(house.cast.asha, at(9, day=24), at(17, day=24))


def test_a_shift_ahead_is_asked_for_once_in_the_last_working_minutes_before_it(house, tuesday):
    look(at(12))
    look(at(12, 5))
    rows = DueRow.objects.filter(subject_id=tuesday.pk, kind__in=["drill", "shift"]).order_by("kind")
    assert [(row.kind, row.due_at) for row in rows] == [("drill", at(16, 30)), ("shift", at(9, day=24))]


def test_before_a_long_weekend_the_routes_are_tried_on_friday(house):
    monday = house.shift(house.cast.asha, at(9, day=30), at(17, day=30))
    look(at(12, day=27))
    assert DueRow.objects.get(subject_id=monday.pk, kind="drill").due_at == datetime(2026, 11, 27, 16, 30, tzinfo=UTC)


def test_somebody_of_whom_no_hours_are_known_is_tried_in_those_of_the_account(house):
    shift = house.shift(house.cast.lee, at(13, day=24), at(17, day=24))
    look(at(12))
    assert DueRow.objects.get(subject_id=shift.pk, kind="drill").due_at == at(12, 30, day=24)


def test_an_account_may_want_no_drill(house, tuesday):
    AlertPolicy.objects.create(account=house.cast.help, drill_minutes=0, set_at=at(8))
    look(at(12))
    assert not DueRow.objects.filter(kind="drill").exists()


def test_a_route_is_tried_and_a_tap_confirms_it(house, tuesday, outside):
    look(at(12))
    do(at(16, 30))
    hand_over(at(16, 30))
    (mail,) = letters(outside)
    assert mail["Subject"] == "A try of your alerts: does this reach you?"
    path = urlsplit(mail.get_content().split("It arrived: ")[1].split()[0]).path
    assert "Nobody waits for you" in Client().get(path).content.decode()
    assert Client().post(path).status_code == 302
    assert "works" in Client().get(path).content.decode()
    route = Route.objects.get(person=house.cast.asha, kind="email")
    assert route.tried_at == at(16, 30)
    Route.objects.update(confirmed_at=at(16, 31))
    do(at(9, day=24))
    assert Route.objects.get(pk=route.pk).doubted_at is None


def test_what_nobody_confirmed_is_doubted_when_the_shift_begins_and_used_last(house, tuesday, outside):
    house.route(house.cast.asha, "desk", "The desk")
    phone = house.route(house.cast.asha, "email", "Phone", "phone@example.org", position=1)
    mail = house.route(house.cast.asha, "email", "Mail", "mail@example.org", position=2)
    look(at(12))
    do(at(16, 30))
    assert set(Notice.objects.filter(kind="drill").values_list("route__name", flat=True)) == {"Phone", "Mail"}
    Route.objects.filter(pk=mail.pk).update(confirmed_at=at(16, 40))
    do(at(9, day=24))
    phone.refresh_from_db()
    assert phone.doubted_at == at(9, day=24)
    house.cast.ask(when=at(9, 30, day=24))
    house.pass_time(at(9, 30, day=24))
    assert Notice.objects.filter(chain=house.chain, route__kind="email").get().route == mail


def test_a_route_confirmed_lately_is_not_tried_again(house, tuesday):
    house.route(house.cast.asha, "desk", "The desk")
    house.route(house.cast.asha, "email", "Mail", confirmed_at=at(15))
    look(at(12))
    do(at(16, 30))
    assert not Notice.objects.filter(kind="drill").exists()


def test_a_button_that_is_pressed_twice_tries_once(house):
    mail = house.route(house.cast.asha, "email", "Mail")
    assert drill.try_now(mail, at(10)) == drill.try_now(mail, at(10))
    assert drill.try_now(mail, at(10, 1)) != drill.try_now(mail, at(10))
    assert Notice.objects.filter(kind="drill").count() == 2


def test_a_shift_that_was_cancelled_is_tried_for_nobody(house, tuesday):
    look(at(12))
    Shift.objects.update(state="cancelled")
    do(at(16, 30))
    do(at(9, day=24))
    assert not Notice.objects.exists()


def test_a_shift_begins_with_one_notice_of_what_waits(house, tuesday, outside):
    for number in range(2):
        house.cast.ask(f"Nr {number}", when=at(16, number), email=f"r{number}@example.org")
    look(at(17))
    do(at(9, day=24))
    hand_over(at(9, 1, day=24))
    shift = [mail for mail in letters(outside) if "Your shift begins" in mail["Subject"]]
    assert [mail["Subject"] for mail in shift] == ["Your shift begins: 2 requests wait"]
    assert "2 at Ashby Help" in shift[0].get_content()
    do(later(at(9, 2, day=24)))
    assert Notice.objects.filter(kind="shift").count() == 1


def away(person, begins, ends) -> None:
    TimeAway.objects.create(person=person, kind="leave", starts_at=begins, ends_at=ends, state="agreed", asked_at=at(8))


def test_whoever_is_away_for_all_of_a_shift_is_left_in_peace(house, tuesday):
    look(at(12))
    house.cast.ask(when=at(12))
    away(house.cast.asha, at(13), at(0, day=25))
    do(at(16, 30))
    do(at(9, day=24))
    do(at(17, day=24))
    assert not Notice.objects.filter(kind__in=["drill", "shift"]).exists()


def test_whoever_is_away_for_the_beginning_is_told_what_waits_when_they_come(house, tuesday):
    look(at(12))
    house.cast.ask(when=at(12))
    away(house.cast.asha, at(8, day=24), at(10, day=24))
    away(house.cast.asha, at(10, day=24), at(11, day=24))
    do(at(9, day=24))
    assert not Notice.objects.filter(kind="shift").exists()
    do(at(11, day=24))
    assert Notice.objects.get(kind="shift").due_at == at(11, 1, day=24)


def test_a_shift_at_which_nothing_waits_begins_in_silence(house, tuesday, outside):
    look(at(17))
    do(at(9, day=24))
    hand_over(at(9, 1, day=24))
    assert letters(outside) == []
    assert Notice.objects.get(kind="shift").state == "skipped"


def test_whoever_leads_a_service_learns_of_all_who_cover_it(house, tuesday):
    """Asha answers for the whole body and is planned by whoever plans that, but covers the libraries on Wednesday."""
    cast = house.cast
    nia = Person.objects.create(email="nia@example.org", name="Nia Rowe")
    Role.objects.create(person=nia, kind=Role.Kind.SERVICE_LEAD, partner=cast.council, service=cast.libraries)
    assert drill.unreached(nia, at(12)) == []
    house.shift(cast.asha, at(9, day=25), at(17, day=25), cast.books)
    assert drill.unreached(nia, at(12)) == [cast.asha]
    house.route(cast.asha, "email", "Mail", confirmed_at=at(11))
    assert drill.unreached(nia, at(12)) == []


def test_a_mondays_shift_is_seen_on_friday(house):
    monday = house.shift(house.cast.asha, at(9, day=30), at(17, day=30))
    friday = at(15, day=27)
    assert drill.unreached(house.cast.lee, friday) == [house.cast.asha]
    assert drill.unreached(house.cast.lee, monday.ends_at) == []


def test_who_has_a_shift_and_no_route_that_works_is_found_for_their_lead(house, tuesday):
    everybody = Person.objects.all()
    assert drill.in_trouble(everybody, at(12)) == [house.cast.asha]
    house.route(house.cast.asha, "email", "Mail", confirmed_at=at(11))
    assert drill.in_trouble(everybody, at(12)) == []
    Route.objects.update(doubted_at=at(12))
    assert drill.in_trouble(everybody, at(12)) == [house.cast.asha]
