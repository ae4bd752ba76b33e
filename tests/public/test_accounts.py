"""The directory: each account as it stands, for people and machines, and the check whether one is ours."""

import csv
import io
import json
from datetime import date, datetime

import pytest
from django.urls import reverse

from sociable.directory.models import Account, HoursVersion, PromiseVersion
from sociable.promises import services as promises
from sociable.promises.models import Wait
from sociable.public import opendata
from tests.cast import at

pytestmark = pytest.mark.django_db


def _names(page):
    return [link for link in page.links if link in ("Ashby Help", "Ashby Libraries", "Vale Clinic")]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Ashby Help", "Ashby Libraries", "Vale Clinic"]),
        ("?partner=vale", ["Vale Clinic"]),
        ("?service=Libraries", ["Ashby Libraries"]),
        ("?purpose=news", ["Ashby Help"]),
        ("?q=clinic", ["Vale Clinic"]),
        ("?open=on", ["Ashby Help", "Ashby Libraries"]),
        ("?partner=ashby&q=clinic", []),
        ("?partner=nobody", ["Ashby Help", "Ashby Libraries", "Vale Clinic"]),
    ],
)
def test_the_list_narrows_by_what_the_address_says(pages, cast, clock, query, names):
    Account.objects.filter(pk=cast.help.pk).update(purpose="news")
    HoursVersion.objects.filter(account=cast.clinic).update(notation="Mo-Fr 18:00-20:00")
    response = pages.get(f"/accounts/{query}")
    assert response.status_code == 200
    assert _names(response.page) == names


def test_a_chosen_filter_can_be_taken_away(pages, cast, clock):
    page = pages.get("/accounts/?partner=vale&q=clinic").page
    assert page.links["Vale Hospitals Trust : remove"] == "/accounts/?q=clinic"
    assert page.links["“clinic” : remove"] == "/accounts/?partner=vale"


def test_what_is_proposed_is_not_for_the_public(pages, cast):
    Account.objects.filter(pk=cast.clinic.pk).update(stage=Account.Stage.PROPOSED)
    assert "Vale Clinic" not in pages.get("/accounts/").page.text
    assert pages.get("/accounts/clinic/").status_code == 404
    assert "clinic" not in [one["id"] for one in pages.get("/accounts.json").json()["accounts"]]


def test_an_account_says_hours_promise_and_when_an_answer_comes(pages, cast, clock):
    said = pages.get("/accounts/help/").page.text
    assert "Monday to Friday, 9am to 5pm, closed on bank holidays." in said
    assert "We answer within 2 hours of our opening hours." in said
    assert "Ask now and we will answer by midday today." in said
    assert "Open until 5pm today" in said


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (at(8), "Closed now. Opens at 9am today"),
        (at(17), "Closed now. Opens at 9am tomorrow"),
        (at(18, day=27), "Closed now. Opens at 9am on Monday 30 November"),
        (datetime.fromisoformat("2026-12-24T18:00+00:00"), "Closed now. Opens at 9am on Tuesday 29 December"),
    ],
)
def test_closed_says_when_it_opens_next(pages, cast, clock, now, said):
    clock.now = now
    assert said in pages.get("/accounts/help/").page.text


def test_a_bank_holiday_is_named_among_the_days_to_come(pages, cast, clock):
    clock.now = datetime.fromisoformat("2026-12-23T10:00+00:00")
    assert "Friday Closed (Christmas Day)" in pages.get("/accounts/help/").page.text


def test_hours_and_promises_to_come_are_said(pages, cast, clock):
    HoursVersion.objects.create(
        account=cast.help, valid_from_on=date(2026, 12, 1), notation="Mo-Fr 10:00-15:00", stated_at=at(9)
    )
    PromiseVersion.objects.create(
        account=cast.help, valid_from_on=date(2026, 12, 2), form="open_time", minutes=60, stated_at=at(9)
    )
    said = pages.get("/accounts/help/").page.text
    assert "From Tuesday 1 December 2026: Monday to Friday, 10am to 3pm, including bank holidays." in said
    assert "From Wednesday 2 December 2026: We answer within 1 hour of our opening hours." in said


def test_no_stated_hours_is_no_promise_and_no_percentage(pages, cast, clock):
    cast.help.hours_versions.all().delete()
    cast.ask()
    said = pages.get("/accounts/help/").page.text
    assert "We cannot promise a time here." in said
    assert "No promise. Nothing is promised here" in said
    assert "1 person asked in the last 30 days" in said
    assert "%" not in said


def test_few_answers_are_numbers_and_the_unanswered_are_named(pages, cast, clock):
    for number in range(3):
        cast.ask(f"Request {number}")
    promises.end(Wait.objects.first(), how=Wait.Ended.ANSWERED, at=at(11))
    clock.now = at(15)
    said = pages.get("/accounts/help/").page.text
    assert "1 of 3 answered in time in the last 30 days." in said
    assert "2 people still waiting past the promise, counted as late" in said
    assert (
        "Half of 3 people waited 5 hours or less by the clock, and 5 hours or less counting opening hours only." in said
    )


def test_many_answers_are_a_percentage_in_the_list_too(pages, cast, clock):
    for number in range(12):
        cast.ask(f"Request {number}")
    for wait in Wait.objects.all()[:11]:
        promises.end(wait, how=Wait.Ended.ANSWERED, at=at(11))
    clock.now = at(15)
    assert "91% answered in time in the last 30 days" in pages.get("/accounts/").page.text


def test_learning_says_until_when(pages, cast, clock):
    Account.objects.filter(pk=cast.help.pk).update(stage=Account.Stage.LEARNING, learning_until_on=date(2027, 5, 1))
    assert "Learning until 1 May" in pages.get("/accounts/help/").page.text
    assert "Learning until 1 May" in pages.get("/").page.text


@pytest.mark.parametrize(
    ("stage", "words"), [("resting", "Resting: nobody reads it for now"), ("closed", "Closed for good")]
)
def test_what_nobody_answers_is_listed_last_and_promises_nothing(pages, cast, clock, stage, words):
    Account.objects.filter(pk=cast.help.pk).update(stage=stage)
    assert _names(pages.get("/accounts/").page)[-1] == "Ashby Help"
    page = pages.get("/accounts/help/").page
    assert words in page.text
    assert "Ask with the form" not in page.links


def test_other_ways_to_ask_come_with_a_warning_for_public_places(pages, cast, clock):
    Account.objects.filter(pk=cast.help.pk).update(
        other_ways="Phone 0113 496 0100\n\n", handle="@AshbyHelp", link="https://social.example/@AshbyHelp"
    )
    page = pages.get("/accounts/help/").page
    assert "Phone 0113 496 0100" in page.text
    assert "Others can see what you write there" in page.text
    assert page.links["@AshbyHelp"] == "https://social.example/@AshbyHelp"


def test_a_page_holds_its_hours_for_machines(pages, cast, clock):
    HoursVersion.objects.create(
        account=cast.help,
        valid_from_on=date(2026, 12, 1),
        notation="Mo 22:00-02:00; Tu 18:00-24:00; 2026 Dec 24 off",
        stated_at=at(9),
    )
    Account.objects.filter(pk=cast.help.pk).update(about="</script><script>alert(1)</script>")
    page = pages.get("/accounts/help/").page
    (block,) = page.all("script", type="application/ld+json")
    told = json.loads(block.text)
    hours = told["openingHoursSpecification"]
    assert {"dayOfWeek": "https://schema.org/Friday", "opens": "09:00", "closes": "17:00"}.items() <= hours[4].items()
    assert {
        "dayOfWeek": "https://schema.org/PublicHolidays",
        "opens": "00:00",
        "closes": "00:00",
        "validThrough": "2026-11-30",
    }.items() <= hours[5].items()
    assert {"validFrom": "2026-12-01", "opens": "22:00", "closes": "02:00"}.items() <= hours[6].items()
    assert {"opens": "18:00", "closes": "23:59:59"}.items() <= hours[7].items()
    assert {
        "validFrom": "2026-12-24",
        "validThrough": "2026-12-24",
        "opens": "00:00",
        "closes": "00:00",
    }.items() <= hours[8].items()


# -- For machines ----------------------------------------------------------------------------------------------------------


def test_json_tells_each_account_and_anybody_may_read_it(pages, cast, clock):
    response = pages.get("/accounts.json")
    told = {one["id"]: one for one in response.json()["accounts"]}
    assert response["Access-Control-Allow-Origin"] == "*"
    assert list(told["help"]) == list(opendata.COLUMNS)
    assert told["help"]["hours_osm"] == "Mo-Fr 09:00-17:00; PH off"
    assert (told["help"]["open_now"], told["help"]["answer_by_if_asked_now"]) == (True, "2026-11-23T12:00:00Z")


def test_an_unchanged_list_is_not_sent_again(pages, cast, clock):
    first = pages.get("/accounts.json")
    assert first["Cache-Control"] == "public, max-age=60"
    assert pages.get("/accounts.json", headers={"if-none-match": first["ETag"]}).status_code == 304
    clock.move(minutes=1)
    assert pages.get("/accounts.json", headers={"if-none-match": first["ETag"]}).status_code == 200


def test_csv_holds_nothing_that_a_spreadsheet_would_run(pages, cast, clock):
    Account.objects.filter(pk=cast.help.pk).update(handle="@AshbyHelp", about='=HYPERLINK("https://evil.example")')
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(pages.get("/accounts.csv").content.decode()))}
    assert list(rows["help"]) == list(opendata.COLUMNS)
    assert rows["help"]["handle"] == "'@AshbyHelp"
    assert rows["help"]["about"] == '\'=HYPERLINK("https://evil.example")'
    assert (rows["help"]["open_now"], rows["help"]["learning_until"]) == ("true", "")


def test_the_reference_names_every_field(request):
    text = (request.config.rootpath / "docs/reference/open-data.md").read_text("utf-8")
    assert [line.split("`")[1] for line in text.splitlines() if line.startswith("| `")] == list(opendata.COLUMNS)


# -- Is this account ours? -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("help@ashby.example.org", "Yes. This is Ashby Help."),
        ("help@ashby.examp1e.org", "No, take care. This looks like Ashby Help but it is not"),
        ("@nobody", "No. We do not know this account, and it is not one of ours."),
    ],
)
def test_checking_says_yes_no_or_take_care(pages, cast, clock, pasted, words):
    response = pages.get("/verify/", {"q": pasted})
    assert response.status_code == 200
    assert words in response.page.text
    assert response.page.form("/verify/").fields["q"] == pasted


def test_checking_nothing_is_refused_beside_the_field(pages, cast):
    response = pages.get("/verify/", {"q": " "})
    assert response.status_code == 422
    assert response.page.errors == ["Paste the link, name or email address you want to check"]


def test_it_says_what_it_is_for_and_who_answers(cast, pages):
    news = Account.objects.create(
        partner=cast.council, slug="news", name="Ashby News", purpose="news", stage="live", answered_from=cast.help
    )
    page = pages.get(reverse("public:account", args=["news"])).page
    assert "For news. Questions to it are answered from Ashby Help." in page.text
    assert page.links["See Ashby Help"] == reverse("public:account", args=["help"])
    assert "within 2 hours" in page.text
    assert "For news. Questions to it are answered from Ashby Help." in pages.get(reverse("public:accounts")).page.text
    rows = pages.get(reverse("public:accounts_json")).json()["accounts"]
    assert {row["id"]: row["answered_from"] for row in rows}["news"] == "help"
    Account.objects.filter(pk=news.pk).update(stage="resting")
    assert "answered from" not in pages.get(reverse("public:account", args=["news"])).page.text


def test_a_learning_day_that_has_passed_is_not_promised_again(pages, cast, clock):
    Account.objects.filter(pk=cast.help.pk).update(stage=Account.Stage.LEARNING, learning_until_on=date(2026, 11, 22))
    text = pages.get("/accounts/help/").page.text
    assert "Still learning" in text
    assert "22 November" not in text
    assert "The team is still learning, so it may sometimes take longer." in text
    assert "This team is still learning, so it may sometimes take longer." in pages.get("/ask/help/").page.text


def test_a_month_keeps_its_capital_where_a_learning_team_is_asked(pages, cast, clock):
    Account.objects.filter(pk=cast.help.pk).update(stage=Account.Stage.LEARNING, learning_until_on=date(2027, 5, 1))
    assert "This team is learning until 1 May 2027, so" in pages.get("/ask/help/").page.text


@pytest.mark.parametrize("stage", ["resting", "closed"])
def test_what_nobody_answers_offers_the_other_ways_to_ask(pages, cast, clock, stage):
    Account.objects.filter(pk=cast.help.pk).update(purpose="help")
    Account.objects.filter(pk=cast.books.pk).update(stage=stage, other_ways="Phone 0113 496 0121")
    page = pages.get("/accounts/libraries/").page
    assert "Other ways to ask Phone 0113 496 0121 Ashby Help" in page.text
    assert "It keeps no hours" in page.text
    assert "The next seven days" not in page.text
    assert "openingHoursSpecification" not in page.html
    assert page.links["Ashby Help"] == "/accounts/help/"


def test_how_long_people_waited_while_the_team_learnt_stands_apart(pages, cast, clock):
    Account.objects.filter(pk=cast.help.pk).update(stage=Account.Stage.LEARNING, learning_until_on=date(2027, 5, 1))
    cast.ask(when=at(10))
    clock.now = at(15)
    page = pages.get("/accounts/help/").page
    assert "While the team was learning, counted apart: 0 people answered in time" in page.text
    assert page.text.count("Half of 1 person waited") == 1
    assert "Nothing fell due in the last 30 days except while the team was learning." in page.text
