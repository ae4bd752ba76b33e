"""What two weeks may bring, from what stands in the tables: who came, who is on the rota, what is stated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from sociable.directory import assumed
from sociable.directory.assumed import DaysTurnedRound, Takes
from sociable.domain.cover.forecast import Basis
from sociable.journeys.expecting import Past
from sociable.journeys.foresee import foresee
from sociable.people.permissions import NotAllowed
from tests.cast import Cast
from tests.cover.past import requests, steady
from tests.cover.test_board import ready, shift

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)  # London keeps UTC all through November


def on_rota(person: Any, *accounts: Any, days: int = 14) -> None:
    ready(person, *accounts)
    for number in range(days):
        day = MONDAY + timedelta(days=number)
        if day.weekday() < 5:
            shift(person, day + timedelta(hours=9), day + timedelta(hours=17), *accounts)


def every(cast: Cast) -> list[Any]:
    from sociable.directory.models import Account

    return list(Account.objects.select_related("partner", "service", "answered_from__partner"))


def test_enough_people_keep_the_promise_and_too_few_do_not(cast: Cast) -> None:
    came = steady(cast.help, MONDAY, 91, 40, answered=cast.asha)
    on_rota(cast.asha, cast.help)
    assumed.set_answer_time(cast.help, Takes(8), by=cast.lee, now=MONDAY)
    easy = foresee(cast.help, every(cast), MONDAY)
    assert easy.expected.whole.basis is Basis.OWN
    assert easy.expected.by_day.sum() == pytest.approx(came / 13 * 2, rel=0.15)
    assert easy.together.chance is not None
    assert easy.together.chance.share > 0.97
    assumed.set_answer_time(cast.help, Takes(14), by=cast.lee, now=MONDAY)
    hard = foresee(cast.help, every(cast), MONDAY)
    assert hard.together.chance is not None
    assert hard.together.chance.share < 0.6
    assert hard.days[4].waits is not None
    assert easy.days[4].waits is not None
    assert hard.days[4].waits[0] > easy.days[4].waits[0]


def test_a_second_person_and_several_at_once_help(cast: Cast) -> None:
    steady(cast.help, MONDAY, 91, 40, answered=cast.asha)
    on_rota(cast.asha, cast.help)
    assumed.set_answer_time(cast.help, Takes(14), by=cast.lee, now=MONDAY)
    alone = foresee(cast.help, every(cast), MONDAY).together.chance
    assumed.set_answer_time(cast.help, Takes(14, at_once=3, slowing_percent=20), by=cast.lee, now=MONDAY)
    several = foresee(cast.help, every(cast), MONDAY).together.chance
    assumed.set_answer_time(cast.help, Takes(14), by=cast.lee, now=MONDAY)
    on_rota(cast.ben, cast.help)
    both = foresee(cast.help, every(cast), MONDAY).together.chance
    assert alone is not None
    assert several is not None
    assert both is not None
    assert alone.share < 0.6 < 0.9 < min(several.share, both.share)


def test_a_day_without_anybody_keeps_nothing(cast: Cast) -> None:
    from sociable.cover.models import TimeAway

    steady(cast.help, MONDAY, 91, 10, answered=cast.asha)
    on_rota(cast.asha, cast.help)
    TimeAway.objects.create(
        person=cast.asha, kind="leave", state="agreed", asked_at=MONDAY,
        starts_at=MONDAY + timedelta(days=2), ends_at=MONDAY + timedelta(days=3),
    )  # fmt: skip
    days = foresee(cast.help, every(cast), MONDAY).days
    tuesday, wednesday = days[1].chance, days[2].chance
    assert tuesday is not None
    assert wednesday is not None
    assert tuesday.share > 0.8  # the last hours of it are due when nobody is in
    assert wednesday.share < 0.3


def test_who_covers_two_accounts_shares_their_time(cast: Cast) -> None:
    steady(cast.help, MONDAY, 91, 25, answered=cast.asha)
    on_rota(cast.asha, cast.help, cast.books)
    on_rota(cast.ben, cast.clinic)
    assumed.set_answer_time(cast.help, Takes(12), by=cast.lee, now=MONDAY)
    before = foresee(cast.help, every(cast), MONDAY)
    assert [one.pk for one in before.others] == [cast.books.pk]
    steady(cast.books, MONDAY, 91, 25, seed=2, answered=cast.asha)
    assumed.set_answer_time(cast.books, Takes(12), by=cast.lee, now=MONDAY)
    after = foresee(cast.help, every(cast), MONDAY)
    assert before.days[3].waits is not None
    assert after.days[3].waits is not None
    assert after.days[3].waits[1] > before.days[3].waits[1]


def test_what_waits_already_is_counted_with_today(cast: Cast) -> None:
    on_rota(cast.asha, cast.help)
    requests(cast.help, [MONDAY - timedelta(days=3) + timedelta(hours=16, minutes=minute) for minute in range(30)])
    found = foresee(cast.help, every(cast), MONDAY)
    assert found.waiting == 30
    assert found.days[0].asked[0] >= 30


def test_channels_are_forecast_apart_and_add_up(cast: Cast) -> None:
    steady(cast.help, MONDAY, 91, 20, answered=cast.asha)
    steady(cast.help, MONDAY, 91, 5, seed=3, channel="email", answered=cast.asha)
    expected = Past(every(cast), MONDAY).expected(cast.help, look_back=True)
    assert set(expected.channels) == {"email", "form"}
    assert expected.channels["form"].a_day[:5].sum() == pytest.approx(
        4 * expected.channels["email"].a_day[:5].sum(), rel=0.25
    )
    assert expected.by_day.sum() == pytest.approx(expected.whole.by_day(expected.special).sum(), rel=0.05)
    assert expected.looked_back is not None
    assert expected.looked_back.inside / expected.looked_back.days > 0.85
    assert expected.by_half_hour[:, :17].sum() < 0.05 * expected.by_half_hour.sum()


def test_an_account_without_history_is_taken_for_one_of_its_body(cast: Cast) -> None:
    steady(cast.help, MONDAY, 91, 20, answered=cast.asha)
    past = Past(every(cast), MONDAY)
    assert past.expected(cast.books).whole.basis is Basis.OTHERS
    assert past.expected(cast.books).by_day.sum() == pytest.approx(past.expected(cast.help).by_day.sum() / 2, rel=0.1)
    assert past.expected(cast.clinic).whole.basis is Basis.GUESS


def test_school_holidays_that_were_busy_are_busy_again(cast: Cast) -> None:
    from sociable.people.models import Role

    steady(cast.help, MONDAY, 91, 20, answered=cast.asha)
    autumn = (date(2026, 8, 24), date(2026, 9, 4))
    steady(cast.help, datetime(2026, 9, 5, tzinfo=UTC), 12, 20, seed=5, answered=cast.asha)
    Role.objects.create(person=cast.olu, kind="administrator", partner=cast.council)
    plain = Past(every(cast), MONDAY).expected(cast.help).by_day[:5].sum()
    for name, stretch in [("Summer", autumn), ("Half-term", (date(2026, 11, 2), date(2026, 11, 6)))]:
        assumed.add_school_holiday(cast.council, name, stretch, source="", by=cast.olu, now=MONDAY)
    told = Past(every(cast), MONDAY).expected(cast.help)
    assert told.by_day[:5].sum() > 1.4 * plain
    assert told.by_day[7:12].sum() < 1.1 * plain


def test_only_who_plans_sets_what_forecasts_go_by(cast: Cast) -> None:
    with pytest.raises(NotAllowed):
        assumed.set_answer_time(cast.help, Takes(5), by=cast.asha, now=MONDAY)
    with pytest.raises(NotAllowed):
        assumed.add_school_holiday(
            cast.trust, "Half-term", (date(2026, 11, 2), date(2026, 11, 6)), source="", by=cast.lee, now=MONDAY
        )
    from sociable.people.models import Role

    Role.objects.create(person=cast.olu, kind="administrator", partner=cast.council)
    with pytest.raises(DaysTurnedRound):
        assumed.add_school_holiday(
            cast.council, "Half-term", (date(2026, 11, 6), date(2026, 11, 2)), source="", by=cast.olu, now=MONDAY
        )
