"""The board on the screen: who sees which accounts, holes in words and as a picture, and what fills a hole."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.planning.board import first_words
from tests.cast import Cast
from tests.cover.test_board import away, need, ready, shift
from tests.pages import Pages

BOARD, HOLES = reverse("planning:board"), reverse("planning:holes")


def _next(weekday: int) -> date:
    """A day of next week: the screen reads the clock."""
    today = timezone.now().date()
    return today + timedelta(days=7 - today.weekday() + weekday)


def on(weekday: int, hour: int, minute: int = 0) -> datetime:
    """An instant of next week by the clocks of London, in UTC."""
    from zoneinfo import ZoneInfo

    return datetime.combine(_next(weekday), time(hour, minute), ZoneInfo("Europe/London")).astimezone(UTC)


@pytest.fixture
def staffed(cast: Cast) -> Cast:
    """Asha covers Ashby Help through six weeks; next Wednesday afternoon and the clinic and libraries are left open."""
    from sociable.directory.models import HoursVersion

    HoursVersion.objects.update(notation="Mo-Fr 09:00-17:00")  # whatever day it is: no bank holidays
    ready(cast.asha, cast.help)
    shift(cast.asha, on(0, 0) - timedelta(days=14), on(2, 13), cast.help)
    shift(cast.asha, on(2, 15), on(0, 0) + timedelta(weeks=9), cast.help)
    return cast


def see(pages: Pages, person: Any, address: str = BOARD) -> Any:
    pages.force_login(person)
    return pages.get(address)


def rows(page: Any) -> list[str]:
    from tests.pages import words_of

    return [words_of(one) for one in page.all("li", class_="board-row") if one.get("aria-hidden") is None]


def test_each_account_is_a_row_and_the_first_hole_stands_first(staffed: Cast, pages: Pages) -> None:
    page = see(pages, staffed.lee).page
    assert [row.split(" ")[1] for row in rows(page)] == ["Libraries", "Help"]
    assert "1 hole, 2 hours of open time" in rows(page)[1]
    assert "Vale Clinic" not in page.text


def test_a_picture_draws_each_state_and_says_it_in_words_as_well(staffed: Cast, pages: Pages) -> None:
    need(staffed.help, "Fr 09:00-12:00", 2)
    ready(staffed.lee, staffed.help)
    shift(staffed.lee, on(1, 9), on(1, 17), staffed.help)
    page = see(pages, staffed.lee, f"{BOARD}?show=name").page
    drawn = page.html[page.html.index("Ashby Help</a></h3>") :].partition("</li>")[0]
    assert set(re.findall(r'<path fill="url\(#(\w+)\)"', drawn)) == {"none", "few", "one", "two"}
    for said in ("nobody trained is in", "fewer than needed", "two or more", "closed", "Nobody is on the rota"):
        assert said in page.text


def test_a_first_hole_of_today_names_its_day_too() -> None:
    now = datetime(2026, 11, 28, 7, tzinfo=UTC)
    said = [first_words(now + timedelta(hours=hours), now, "Europe/London") for hours in (-7, 7, 24)]
    assert said == ["today midnight", "today 2pm", "Sun 7am"]


def test_holes_say_when_where_and_why_and_lead_to_who_could_fill_them(staffed: Cast, pages: Pages) -> None:
    away(staffed.asha, on(3, 9), on(3, 12))
    page = see(pages, staffed.lee, f"{HOLES}?show=name").page
    wednesday, thursday = _next(2), _next(3)
    said = f"{wednesday:%A} {wednesday.day} {wednesday:%B}, 1pm to 3pm Ashby Help Nobody is on the rota"
    assert said in page.text
    assert f"{thursday:%A} {thursday.day} {thursday:%B}, 9am to midday Ashby Help Asha Khan is on leave" in page.text
    assert re.search(r"first (Wed|Wed \d+ \w+) 1pm", see(pages, staffed.lee).page.text)
    link = next(url for words, url in page.links.items() if words.startswith("Fill it: Ashby Help"))
    assert "1pm to 3pm: 1 person missing" in see(pages, staffed.lee, link).page.text


def test_only_who_plans_an_account_is_offered_to_fill_its_holes(staffed: Cast, pages: Pages) -> None:
    """Whoever answers reads where the hole is and whom to tell; a button that leads to "you cannot" would mislead them."""
    ready(staffed.asha, staffed.books)
    page = see(pages, staffed.asha).page
    assert not [words for words in page.links if words.startswith("Fill it")]
    link = next(url for words, url in page.links.items() if words.startswith("Look: Ashby Help"))
    assert "Lee Ward can fill it: they plan Ashby Help." in see(pages, staffed.asha, link).page.text


def test_the_first_sentence_says_in_how_many_accounts_the_holes_are(staffed: Cast, pages: Pages) -> None:
    shift(staffed.asha, on(2, 13), on(2, 15), staffed.help)
    assert re.search(r"\d+ holes in the six weeks from [^,]+, in 1 of 2 accounts\.", see(pages, staffed.lee).page.text)


def test_why_somebody_is_away_is_for_who_plans_them(staffed: Cast, pages: Pages) -> None:
    from sociable.people.models import Role

    away(staffed.asha, on(3, 9), on(3, 12), kind="sickness")
    Role.objects.create(person=staffed.olu, kind="analyst", partner=staffed.council)
    assert "Asha Khan is off sick" in see(pages, staffed.lee, HOLES).page.text
    text = see(pages, staffed.olu, HOLES).page.text
    assert "Asha Khan is away" in text
    assert "sick" not in text
    assert "Asha Khan is off sick" in see(pages, staffed.asha, HOLES).page.text  # her own


def test_another_body_sees_its_own_accounts_alone(staffed: Cast, pages: Pages) -> None:
    page = see(pages, staffed.cara).page
    assert ["Vale Clinic" in row for row in rows(page)] == [True]
    assert see(pages, staffed.cara, reverse("planning:account_cover", args=[staffed.help.pk])).status_code == 404
    span = "?from=2026-12-01T09:00&to=2026-12-01T10:00"
    assert see(pages, staffed.cara, reverse("planning:hole", args=[staffed.help.pk]) + span).status_code == 404
    assert rows(see(pages, staffed.olu).page) == []


def test_it_is_narrowed_by_body_service_and_holes_in_the_address(staffed: Cast, pages: Pages) -> None:
    from sociable.people.models import Role

    Role.objects.create(person=staffed.lee, kind="service_lead", partner=staffed.trust)
    assert len(rows(see(pages, staffed.lee).page)) == 3
    assert len(rows(see(pages, staffed.lee, f"{BOARD}?partner={staffed.council.pk}").page)) == 2
    (only,) = rows(see(pages, staffed.lee, f"{BOARD}?service={staffed.libraries.pk}").page)
    assert "Ashby Libraries" in only
    shift(staffed.asha, on(2, 13), on(2, 15), staffed.help)
    assert not any("Ashby Help" in row for row in rows(see(pages, staffed.lee, f"{BOARD}?show=holes").page))
    for nonsense in ("?partner=99999", "?service=x", "?from=yesterday", "?from=0001-01-01", "?show=nonsense"):
        assert see(pages, staffed.lee, BOARD + nonsense).status_code == 200


def test_accounts_that_need_nobody_say_so(staffed: Cast, pages: Pages) -> None:
    staffed.books.answered_from = staffed.help
    staffed.books.save()
    _help, books = sorted(rows(see(pages, staffed.lee).page))
    assert "Covered where it is answered from: Ashby Help" in books
    type(staffed.help).objects.filter(pk=staffed.help.pk).update(stage="resting")
    assert any("Resting: needs nobody" in row for row in rows(see(pages, staffed.lee).page))


def test_holes_are_listed_a_hundred_at_a_time(staffed: Cast, pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    from sociable.planning import board

    monkeypatch.setattr(board, "HOLES_A_PAGE", 7)
    seen: list[str] = []
    address: str | None = HOLES
    while address:
        page = see(pages, staffed.lee, address).page
        seen += [words for words in page.links if words.startswith("Fill it")]
        later = page.links.get("Later holes")
        address = HOLES + later if later else None
    assert len(seen) == len(set(seen)) >= 30
    assert any("Ashby Help" in words for words in seen)


# -- One account, one hole -------------------------------------------------------------------------------------------------


def hole(cast: Cast, begins: datetime, ends: datetime, account: Any = None) -> str:
    span = f"?from={begins:%Y-%m-%dT%H:%M}&to={ends:%Y-%m-%dT%H:%M}"
    return reverse("planning:hole", args=[(account or cast.help).pk]) + span


def test_the_page_of_an_account_says_day_by_day_who_is_in(staffed: Cast, pages: Pages) -> None:
    page = see(pages, staffed.lee, reverse("planning:account_cover", args=[staffed.help.pk])).page
    assert "Asha Khan, 9am to 1pm and 3pm to 5pm Hole 1pm to 3pm: Nobody is on the rota" in page.text
    assert "Closed" in page.text
    assert page.html.count('aria-label="Fill this hole"') == 1


def test_who_could_fill_a_hole_is_told_with_what_speaks_against_it(staffed: Cast, pages: Pages) -> None:
    ready(staffed.ben, staffed.help, staffed.books)
    ready(staffed.lee, staffed.help)
    shift(staffed.ben, on(2, 9), on(2, 17), staffed.books)  # there anyhow
    away(staffed.lee, on(2, 13), on(2, 14))
    page = see(pages, staffed.lee, hole(staffed, on(2, 13), on(2, 15))).page
    assert "Ben Hall the whole of it On the rota then for Ashby Libraries: Ashby Help can be added." in page.text
    assert "Lee Ward 2pm to 3pm" in page.text
    assert page.text.index("Ben Hall") < page.text.index("Lee Ward")


def test_a_shift_is_made_from_the_hole_as_it_is_needed(staffed: Cast, pages: Pages) -> None:
    ready(staffed.ben, staffed.help)
    page = see(pages, staffed.lee, hole(staffed, on(2, 13), on(2, 15))).page
    form = see(pages, staffed.lee, page.links["Make a shift for Ben Hall"]).page.form(button="Draft it")
    kept = {name: form.fields[name] for name in ("person", "on", "begins", "ends", "accounts")}
    assert kept == {
        "person": str(staffed.ben.pk), "on": str(_next(2)), "begins": "13:00", "ends": "15:00",
        "accounts": [str(staffed.help.pk)],
    }  # fmt: skip


def test_who_could_learn_is_who_would_be_there(staffed: Cast, pages: Pages) -> None:
    from sociable.cover.models import WorkingPattern

    address = hole(staffed, on(2, 13), on(2, 15))
    assert "Who could learn to" not in see(pages, staffed.lee, address).page.text
    WorkingPattern.objects.create(
        person=staffed.ben, valid_from_on=date(2026, 1, 1), notation="Mo-Fr 09:00-17:00", set_at=timezone.now()
    )
    assert "Ben Hall, usually at work then" in see(pages, staffed.lee, address).page.text
    away(staffed.ben, on(2, 14), on(2, 16))
    assert "Who could learn to" not in see(pages, staffed.lee, address).page.text


def test_who_does_not_plan_sees_the_hole_and_not_who_could_fill_it(staffed: Cast, pages: Pages) -> None:
    ready(staffed.ben, staffed.help)
    text = see(pages, staffed.asha, hole(staffed, on(2, 13), on(2, 15))).page.text
    assert "Nobody is on the rota" in text
    assert "Ben Hall" not in text


def test_a_hole_that_was_filled_says_so(staffed: Cast, pages: Pages) -> None:
    address = hole(staffed, on(2, 13), on(2, 15))
    shift(staffed.asha, on(2, 13), on(2, 15), staffed.help)
    assert "This hole is closed" in see(pages, staffed.lee, address).page.text


@pytest.mark.parametrize(
    "span", ["", "?from=x&to=y", "?from=2026-12-02T10:00&to=2026-12-02T10:00", "?from=0001-01-01&to=0001-01-02"]
)
def test_what_is_no_stretch_of_time_is_not_found(staffed: Cast, pages: Pages, span: str) -> None:
    assert see(pages, staffed.lee, reverse("planning:hole", args=[staffed.help.pk]) + span).status_code == 404


# -- What if ---------------------------------------------------------------------------------------------------------------


def _what_if(pages: Pages, reader: Any, person: Any, first: date, last: date) -> Any:
    address = reverse("planning:what_if")
    form = see(pages, reader, address).page.form(button="Show what would happen")
    return pages.get(address, form.fields | {"person": person.pk, "first": str(first), "last": str(last)}).page


def test_what_would_tear_open_is_told_before_anybody_is_away(staffed: Cast, pages: Pages) -> None:
    page = _what_if(pages, staffed.lee, staffed.asha, _next(2), _next(3))
    assert not [words for words in page.links if words.startswith("Fill it")], "nothing is open yet"
    assert "Without Asha Khan: 3 more holes" in page.text  # the afternoon that is open anyhow is not among them
    assert f"{_next(3):%A} {_next(3).day} {_next(3):%B}, 9am to 5pm Ashby Help Asha Khan is away" in page.text
    ready(staffed.ben, staffed.help)
    shift(staffed.ben, on(2, 0), on(4, 0), staffed.help)
    assert "Without Asha Khan: no more holes" in _what_if(pages, staffed.lee, staffed.asha, _next(2), _next(3)).text


def test_what_if_is_asked_of_oneself_and_of_whoever_one_plans_alone(staffed: Cast, pages: Pages) -> None:
    assert "Without Asha Khan" in _what_if(pages, staffed.asha, staffed.asha, _next(3), _next(3)).text
    page = _what_if(pages, staffed.ben, staffed.asha, _next(3), _next(3))
    assert "Without" not in page.text
    assert page.errors


def test_what_if_refuses_days_the_wrong_way_round(staffed: Cast, pages: Pages) -> None:
    page = _what_if(pages, staffed.lee, staffed.asha, _next(3), _next(2))
    assert page.errors == ["The last day is the first or later, and within six weeks of it"]
