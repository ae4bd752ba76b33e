"""Time away is asked for and decided by who plans somebody; sickness counts at once; why stays between the two."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from sociable.cover import absences, away, signing, torn
from sociable.cover.away import Asked, AwayRefused
from sociable.cover.models import CalendarFeed, Shift, TimeAway
from sociable.cover.signing import Given
from sociable.people.models import AuditEvent, Person, Role
from sociable.people.permissions import NotAllowed
from tests.cast import Cast, at

pytestmark = pytest.mark.django_db
NOW = at(8)


def leave(kind: str = "leave", first: int = 24, last: int = 24, reason: str = "") -> Asked:
    """Whole days of November 2026."""
    return away.whole_days(kind, date(2026, 11, first), date(2026, 11, last), "Europe/London", reason)


def ask(cast: Cast, who: Any = None, what: Asked | None = None, by: Any = None) -> TimeAway:
    who = who or cast.asha
    return away.ask(who, what or leave(), by=by or who, now=NOW)


def shift(person: Any, *accounts: Any, day: int = 24, hours: tuple[int, int] = (9, 17)) -> Shift:
    made = Shift.objects.create(
        person=person, starts_at=at(hours[0], day=day), ends_at=at(hours[1], day=day), state="published", made_at=NOW
    )
    made.accounts.set(accounts)
    return made


def ready(cast: Cast, *pairs: Any) -> None:
    for person, account in pairs:
        signing.sign_off(person, account, Given(date(2026, 11, 1)), by=cast.lee, now=NOW)


# -- Asking and deciding ---------------------------------------------------------------------------------------------------


def test_leave_is_asked_for_and_counts_once_it_is_agreed(cast: Cast) -> None:
    made = ask(cast)
    assert (made.state, list(TimeAway.objects.counted())) == ("asked", [])
    agreed = away.agree(made, by=cast.lee, now=at(9), words="Have a good day")
    assert (agreed.state, agreed.decided_by, agreed.decided_at) == ("agreed", cast.lee, at(9))
    assert list(TimeAway.objects.counted()) == [made]
    with pytest.raises(AwayRefused, match="agreed meanwhile"):
        away.decline(made, by=cast.lee, now=at(10), words="No")


def test_sickness_needs_nobodys_agreement(cast: Cast) -> None:
    made = ask(cast, what=leave("sickness"))
    assert (made.state, made.decided_by) == ("agreed", cast.asha)


def test_what_a_lead_enters_for_somebody_counts_at_once(cast: Cast) -> None:
    assert ask(cast, by=cast.lee).state == "agreed"


def test_nobody_agrees_to_their_own_while_somebody_else_plans_them(cast: Cast) -> None:
    alone = ask(cast, cast.lee)
    assert alone.state == "agreed", "nobody else plans the lead"
    boss = Person.objects.create_user("nia@staff.example.org", "a long enough password", name="Nia Roe")
    Role.objects.create(person=boss, kind="administrator", partner=cast.council)
    asked = ask(cast, cast.lee, leave(first=26, last=26))
    assert asked.state == "asked"
    with pytest.raises(NotAllowed, match="Nia Roe can"):
        away.agree(asked, by=cast.lee, now=NOW)
    assert away.agree(asked, by=boss, now=NOW).state == "agreed"


def test_only_they_and_who_plans_them_enter_it_and_only_who_plans_decides(cast: Cast) -> None:
    for other in (cast.ben, cast.cara, cast.olu):
        with pytest.raises(NotAllowed):
            ask(cast, by=other)
    made = ask(cast)
    for other in (cast.asha, cast.ben, cast.cara):
        with pytest.raises(NotAllowed):
            away.agree(made, by=other, now=NOW)
    assert [one.pk for one in absences.asked_of(cast.lee, NOW)] == [made.pk]
    assert absences.asked_of(cast.cara, NOW) == []


def test_declined_they_read_why(cast: Cast) -> None:
    made = ask(cast)
    with pytest.raises(AwayRefused, match="Say why"):
        away.decline(made, by=cast.lee, now=NOW, words=" ")
    assert away.decline(made, by=cast.lee, now=NOW, words="Two are away then").decision_words == "Two are away then"


def test_taken_back_they_are_counted_again_but_what_is_over_stays(cast: Cast) -> None:
    made = away.agree(ask(cast), by=cast.lee, now=NOW)
    with pytest.raises(AwayRefused, match="is over"):
        away.take_back(made, by=cast.asha, now=at(0, day=25))
    away.take_back(made, by=cast.asha, now=at(9))
    assert not TimeAway.objects.counted().exists()
    with pytest.raises(AwayRefused, match="does not count"):
        away.take_back(made, by=cast.asha, now=at(10))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (Asked("leave", at(10), at(10)), "ends before it begins"),
        (Asked("leave", at(10), at(10) + timedelta(days=400)), "longer than a year"),
        (Asked("leave", at(10) + timedelta(days=900), at(11) + timedelta(days=900)), "more than two years"),
    ],
)
def test_what_cannot_be_is_refused(cast: Cast, asked: Asked, words: str) -> None:
    with pytest.raises(AwayRefused, match=words):
        ask(cast, what=asked)


def test_one_is_not_on_leave_twice_but_may_fall_ill_on_it(cast: Cast) -> None:
    first = ask(cast, what=leave(first=24, last=26))
    with pytest.raises(AwayRefused, match="Leave is there already"):
        ask(cast, what=leave(first=26, last=27))
    ask(cast, what=leave(first=27, last=27))
    ask(cast, what=leave("sickness", first=25, last=25))
    away.take_back(first, by=cast.asha, now=NOW)
    ask(cast, what=leave(first=25, last=25))


# -- Clock changes ---------------------------------------------------------------------------------------------------------


def test_a_day_on_which_the_clocks_change_is_whole(cast: Cast) -> None:
    long = away.whole_days("leave", date(2026, 10, 25), date(2026, 10, 25), "Europe/London")
    short = away.whole_days("leave", date(2027, 3, 28), date(2027, 3, 28), "Europe/London")
    assert long.ends_at - long.starts_at == timedelta(hours=25)
    assert short.ends_at - short.starts_at == timedelta(hours=23)
    night = away.hours("meeting", (date(2026, 10, 24), time(22)), (date(2026, 10, 25), time(6)), "Europe/London")
    assert night.span == (datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 6, tzinfo=UTC))


# -- Private reasons ---------------------------------------------------------------------------------------------------------


def test_why_is_read_by_them_and_by_who_plans_them_alone(cast: Cast) -> None:
    made = ask(cast, what=leave("sickness", reason="An operation"))
    said = {
        one.first_name: (seen.what, seen.reason)
        for one in (cast.asha, cast.lee, cast.ben, cast.cara)
        for seen in absences.seen_by(one, [made])
    }
    assert said == {
        "Asha": ("Sickness", "An operation"),
        "Lee": ("Sickness", "An operation"),
        "Ben": ("Away", ""),
        "Cara": ("Away", ""),
    }


def test_neither_kind_nor_reason_goes_on_the_trail(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    made = ask(cast, what=leave("sickness", reason="An operation"))
    away.take_back(made, by=cast.lee, now=NOW)
    events = AuditEvent.objects.filter(object_kind="person", object_id=cast.asha.pk)
    assert [event.verb for event in events] == ["noted time away", "took back time away"]
    for event in events:
        words = f"{event.verb} {event.before} {event.after} {event.reason}"
        assert "operation" not in words
        assert "sick" not in words.lower()
    assert "operation" not in caplog.text


# -- What it does to cover ---------------------------------------------------------------------------------------------------


def test_what_it_would_tear_open_is_known_before(cast: Cast) -> None:
    ready(cast, (cast.asha, cast.help), (cast.asha, cast.books), (cast.lee, cast.books))
    shift(cast.asha, cast.help, cast.books)
    shift(cast.lee, cast.books, hours=(9, 12))
    found = {one.account.slug: one for one in torn.by(cast.asha, at(0, day=24), at(0, day=25), NOW)}
    assert {slug: one.half_hours for slug, one in found.items()} == {"help": 16, "libraries": 10}
    assert found["help"].words == ["9am to 5pm on Tuesday 24 November"]
    assert found["libraries"].stretches == [(at(12, day=24), at(17, day=24))]
    assert TimeAway.objects.count() == 0


def test_nothing_is_torn_where_others_are_enough_or_nobody_is_on_the_rota(cast: Cast) -> None:
    ready(cast, (cast.asha, cast.help), (cast.lee, cast.help))
    assert torn.by(cast.asha, at(0, day=24), at(0, day=25), NOW) == []
    shift(cast.asha, cast.help)
    shift(cast.lee, cast.help)
    assert torn.by(cast.asha, at(0, day=24), at(0, day=25), NOW) == []


def test_only_a_part_of_a_shift_is_torn_by_an_hour_away(cast: Cast) -> None:
    ready(cast, (cast.asha, cast.help))
    shift(cast.asha, cast.help)
    (one,) = torn.by(cast.asha, at(10, 15, day=24), at(11, day=24), NOW)
    assert one.stretches == [(at(10, 15, day=24), at(11, day=24))]
    assert one.half_hours == 2, "a half hour is covered only where the whole of it is"


def test_leave_after_the_rota_is_published_leaves_a_hole_and_the_shift(cast: Cast) -> None:
    from sociable.cover import board

    ready(cast, (cast.asha, cast.help))
    planned = shift(cast.asha, cast.help)
    assert board.holes_of([cast.help], at(0, day=24), at(0, day=25)) == []
    made = ask(cast, what=leave("sickness"))
    (hole,) = board.holes_of([cast.help], at(0, day=24), at(0, day=25))
    assert (hole.starts_at, hole.ends_at) == (at(9, day=24), at(17, day=24))
    planned.refresh_from_db()
    assert planned.state == "published"
    assert [one.half_hours for one in torn.of(made, NOW)] == [16], "what it has torn is still told"
    assert torn.of(made, at(13, day=24))[0].stretches == [(at(13, day=24), at(17, day=24))], "what is past counts not"


def test_what_comes_from_a_calendar_is_taken_out_there(cast: Cast) -> None:
    feed = CalendarFeed.objects.create(person=cast.asha, name="Outlook", sealed_address="x")
    made = TimeAway.objects.create(
        person=cast.asha, kind="meeting", starts_at=at(10), ends_at=at(11), state="agreed", asked_at=NOW, feed=feed
    )
    with pytest.raises(AwayRefused, match="comes from a calendar"):
        away.take_back(made, by=cast.asha, now=NOW)
