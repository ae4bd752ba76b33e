"""The forecast on the screen: in words and as a picture, what it rests on, and what a lead sets."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.cover.outlook_models import Outlook
from tests.cast import Cast
from tests.cover.past import steady
from tests.cover.test_board import ready, shift
from tests.pages import Pages

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(cast: Cast) -> Cast:
    """A quarter of a year of requests to Ashby Help, and Asha on its rota for two weeks."""
    from sociable.directory.models import HoursVersion

    HoursVersion.objects.update(notation="Mo-Su 09:00-17:00")
    today = datetime.combine(timezone.now().date(), time(), UTC)
    steady(cast.help, today, 91, 20, answered=cast.asha)
    ready(cast.asha, cast.help)
    shift(cast.asha, today - timedelta(days=1), today + timedelta(days=15), cast.help)
    return cast


def address(name: str, account: Any) -> str:
    return reverse(f"planning:{name}", args=[account.pk])


def test_the_list_says_how_many_and_what_that_rests_on(busy: Cast, lead: Pages) -> None:
    text = lead.get(reverse("planning:forecast")).page.text
    assert "Ashby Help" in text
    assert "Its own history" in text
    assert "Ashby Libraries" in text
    assert "Vale Clinic" not in text


def test_the_list_says_how_likely_and_when_least_as_it_was_worked_out(
    busy: Cast, lead: Pages, monkeypatch: Any
) -> None:
    """And never works it out itself."""
    monkeypatch.setattr("sociable.planning.forecast.foresee", None)
    on = [timezone.localdate() + timedelta(days=number) for number in range(3)]
    days = [{"on": each.isoformat(), "chance": chance} for each, chance in zip(on, (0.99, 0.62, None), strict=True)]
    Outlook.objects.create(account=busy.help, worked_out_at=timezone.now(), chance=0.934, days=days)
    Outlook.objects.create(account=busy.books, worked_out_at=timezone.now(), chance=None, days=[])
    text = lead.get(reverse("planning:forecast")).page.text
    assert f"93 in 100 in time least on {on[1]:%a} {on[1].day} {on[1]:%b}: 62 in 100" in text
    assert "not judged" in text
    Outlook.objects.all().delete()
    assert "not worked out yet" in lead.get(reverse("planning:forecast")).page.text


def test_what_is_over_is_not_the_day_to_come(busy: Cast, lead: Pages) -> None:
    yesterday = (timezone.localdate() - timedelta(days=2)).isoformat()
    days = [{"on": yesterday, "chance": 0.1}]
    Outlook.objects.create(account=busy.help, worked_out_at=timezone.now(), chance=0.9, days=days)
    text = lead.get(reverse("planning:forecast")).page.text
    assert "90 in 100" in text
    assert "least on" not in text


def test_two_weeks_of_an_account_in_words_and_as_a_picture(busy: Cast, lead: Pages) -> None:
    page = lead.get(address("account_forecast", busy.help)).page
    assert "in 100 will be answered in time" in page.text
    assert "in 100 in time" in page.text
    assert "All of them in time on" in page.text
    assert len(page.all("li", class_="cover-day")) == 15  # the hours of the day, then fourteen days
    assert page.all("{http://www.w3.org/2000/svg}rect", class_="forecast-bar")
    assert "On its own history" in page.text
    assert "1 person who is ready is on the published rota" in page.text
    assert "what came lay in the range" in page.text
    assert "No school holidays are noted" in page.text


def test_without_history_or_people_it_says_so(cast: Cast, lead: Pages) -> None:
    page = lead.get(address("account_forecast", cast.help)).page
    assert "Nothing is known yet" in page.text
    assert "Nobody who is ready is on the published rota" in page.text
    assert "once there are six weeks of history" in page.text


def test_the_half_hours_as_csv_add_up_to_what_the_page_says(busy: Cast, lead: Pages) -> None:
    answer = lead.get(address("forecast_csv", busy.help))
    rows = list(csv.DictReader(StringIO(answer.content.decode())))
    assert len(rows) == 14 * 48
    assert sum(float(row["expected"]) for row in rows) == pytest.approx(200, rel=0.25)
    assert all(int(row["from"]) <= int(row["to"]) for row in rows)


@pytest.mark.parametrize(("people", "shown"), [(1, False), (2, False), (3, True)])
def test_how_fast_one_or_two_people_answer_is_shown_to_nobody(
    busy: Cast, asha: Pages, people: int, shown: bool
) -> None:
    from sociable.promises.models import Wait

    team = [busy.asha, busy.ben, busy.lee][:people]
    ended_at = timezone.now() - timedelta(days=20)
    waits = list(Wait.objects.filter(account=busy.help, started_at__lt=ended_at - timedelta(hours=3)).order_by("pk"))
    for number, wait in enumerate(waits[:60]):
        ended = ended_at + timedelta(minutes=7 * (number // people))
        Wait.objects.filter(pk=wait.pk).update(ended="answered", ended_by=team[number % people], ended_at=ended)
    text = asha.get(address("account_forecast", busy.help)).page.text
    assert ("An answer takes" in text) is shown
    assert ("it would be the speed of one or two people" in text) is not shown


def test_a_lead_sets_how_long_answers_take(busy: Cast, lead: Pages) -> None:
    form = address("answer_time", busy.help)
    refused = lead.post(form, {"minutes": "0", "at_once": "", "slowing_percent": "50"})
    assert refused.status_code == 200
    assert 'value="0"' in refused.page.html
    assert lead.post(form, {"minutes": "12", "at_once": "2", "slowing_percent": "40"}).status_code == 302
    text = lead.get(address("account_forecast", busy.help)).page.text
    assert "An answer takes 12 minutes, as Lee" in text
    assert "up to 2 at once; every other beside it makes one take 40% longer" in text


def test_who_does_not_plan_sees_it_and_sets_nothing(busy: Cast, asha: Pages) -> None:
    page = asha.get(address("account_forecast", busy.help)).page
    assert "Set how long answers take" not in page.text
    assert asha.get(address("answer_time", busy.help)).status_code == 403
    assert asha.get(reverse("planning:school", args=[busy.council.pk])).status_code == 403


def test_school_holidays_are_noted_and_taken_off(busy: Cast, pages: Pages) -> None:
    from sociable.directory.models import SchoolHoliday
    from sociable.people.models import Role

    Role.objects.create(person=busy.olu, kind="administrator", partner=busy.council)
    pages.force_login(busy.olu)
    form, today = reverse("planning:school", args=[busy.council.pk]), timezone.now().date()
    said = {"name": "Half-term", "first_on": today.isoformat(), "source": "the council's page"}
    turned = pages.post(form, {**said, "last_on": (today - timedelta(days=3)).isoformat()})
    assert "The last day comes before the first." in turned.page.text
    assert 'value="Half-term"' in turned.page.html
    pages.post(form, {**said, "last_on": (today + timedelta(days=4)).isoformat()})
    row = SchoolHoliday.objects.get()
    assert "Half-term" in pages.get(form).page.text
    assert "School holidays fall into these days" in pages.get(address("account_forecast", busy.help)).page.text
    pages.post(reverse("planning:school_remove", args=[busy.council.pk, row.pk]))
    assert not SchoolHoliday.objects.exists()
