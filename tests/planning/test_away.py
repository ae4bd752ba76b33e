"""The pages on which time away is asked for, looked at with what it does to cover, and decided."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from sociable.cover import signing
from sociable.cover.models import CalendarFeed, Shift, TimeAway
from sociable.cover.signing import Given
from sociable.directory.models import HoursVersion
from sociable.due.models import DueRow
from tests.cast import Cast
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db
LONDON = ZoneInfo("Europe/London")


def in_days(number: int) -> date:
    return timezone.localdate() + timedelta(days=number)


@pytest.fixture
def on_rota(cast: Cast) -> Cast:
    """Asha alone covers the help account on the tenth day from now, open every day from 9 to 5."""
    HoursVersion.objects.filter(account=cast.help).update(notation="Mo-Su 09:00-17:00")
    now = timezone.now()
    signing.sign_off(cast.asha, cast.help, Given(timezone.localdate(now)), by=cast.lee, now=now)
    starts = datetime.combine(in_days(10), time(9), LONDON)
    made = Shift.objects.create(
        person=cast.asha, starts_at=starts, ends_at=starts + timedelta(hours=8), state="published", made_at=now
    )
    made.accounts.add(cast.help)
    return cast


def test_who_can_read_why_is_said_to_whoever_types_it(cast: Cast) -> None:
    own = client_of(cast.asha).get("/cover/away/new/").page.text
    assert "Only you and whoever plans you can read it." in own
    assert (
        "Only the person and whoever plans them can read it." in client_of(cast.lee).get("/cover/away/new/").page.text
    )


def enter(client: Pages, **typed: Any) -> Any:
    form = client.get("/cover/away/new/").page.form(button="See what it does to cover")
    return client.submit(form, **{"kind": "leave", "first_on": in_days(10).isoformat(), **typed})


def test_leave_is_looked_at_asked_for_and_agreed(on_rota: Cast, lead: Pages, asha: Pages) -> None:
    looked = enter(asha, private_reason="A wedding").page
    assert "Ashby Help: 16 half hours without enough people 9am to 5pm on" in looked.text
    assert "1 published shift lies in it. It stays on the rota, shown as away" in looked.text
    assert "It counts when it is agreed: Lee Ward can." in looked.text
    assert TimeAway.objects.count() == 0, "nothing is entered by looking"
    asha.submit(looked.form(button="Ask for it"), confirm="yes")
    assert "Asked for" in asha.get("/cover/away/").page.text
    page = lead.get("/cover/away/").page
    assert "For you to decide" in page.text
    assert "A wedding" in page.text
    assert "Ashby Help: 16 half hours" in page.text
    lead.submit(page.form("/agree/"), words="Have a lovely day")
    own = asha.get("/cover/away/").page
    assert "Agreed" in own.text
    assert "Have a lovely day" in own.text
    assert TimeAway.objects.counted().count() == 1
    assert "Asha Khan" in lead.get("/cover/away/").page.text


def test_changing_ones_mind_loses_nothing_that_was_typed(cast: Cast, asha: Pages) -> None:
    looked = enter(asha, from_at="09:30", to_at="11:00", private_reason="Dentist").page
    back = asha.submit(looked.form(button="Ask for it"), back="yes").page.form(button="See what it does to cover")
    assert back.fields["private_reason"] == "Dentist"
    assert back.fields["from_at"] == "09:30"


def test_what_cannot_be_is_said_beside_the_field(cast: Cast, asha: Pages) -> None:
    assert "before the first day" in enter(asha, last_on=in_days(9).isoformat()).page.errors[0]
    assert "Say from when" in enter(asha, to_at="11:00").page.errors[0]
    looked = enter(asha).page
    asha.submit(looked.form(button="Ask for it"), confirm="yes")
    again = asha.submit(looked.form(button="Ask for it"), confirm="yes").page
    assert "Leave is there already" in again.errors[0]


@pytest.mark.parametrize("year", ["0001", "1926", "9999"])
def test_a_year_that_cannot_be_meant_is_said_beside_its_day(cast: Cast, lead: Pages, asha: Pages, year: str) -> None:
    assert "Look at the year once more" in enter(asha, first_on=f"{year}-12-31").page.text
    form = lead.get("/cover/ready/new/").page.form(button="Sign them off")
    for days in ({"from_on": f"{year}-12-31"}, {"until_on": f"{year}-12-31"}):
        refused = lead.submit(form, person=cast.asha.pk, account=cast.help.pk, **days)
        assert "Look at the year once more" in refused.page.text


def test_sickness_counts_at_once_and_a_lead_enters_it_for_somebody(on_rota: Cast, lead: Pages, asha: Pages) -> None:
    looked = enter(lead, person=on_rota.asha.pk, kind="sickness").page
    assert "Asha Khan is away" in looked.text
    assert "It counts at once." in looked.text
    lead.submit(looked.form(button="Enter it"), confirm="yes")
    made = TimeAway.objects.get()
    assert (made.state, made.person, made.asked_by) == ("agreed", on_rota.asha, on_rota.lee)
    shown = lead.get(f"/cover/away/{made.pk}/").page
    assert "What it leaves without cover Ashby Help: 16 half hours" in shown.text
    lead.submit(shown.form(button="Take it back"))
    assert TimeAway.objects.get().state == "cancelled"


def test_a_decline_needs_a_word(cast: Cast, lead: Pages, asha: Pages) -> None:
    asha.submit(enter(asha).page.form(button="Ask for it"), confirm="yes")
    form = lead.get("/cover/away/").page.form("/agree/")
    made = TimeAway.objects.get()
    decline = f"/cover/away/{made.pk}/decline/"
    assert "Say why" in lead.post(decline, {**form.fields, "words": ""}, follow=True).page.text
    lead.post(decline, {**form.fields, "words": "Two are away"})
    assert "Two are away" in asha.get("/cover/away/").page.text


def test_colleagues_and_others_see_nothing_of_it(cast: Cast, asha: Pages) -> None:
    asha.submit(enter(asha, private_reason="A wedding").page.form(button="Ask for it"), confirm="yes")
    made = TimeAway.objects.get()
    for who in (cast.ben, cast.cara, cast.olu):
        client = client_of(who)
        assert "wedding" not in client.get("/cover/away/").content.decode()
        assert client.get(f"/cover/away/{made.pk}/").status_code == 404
        for verb in ("agree", "decline", "take-back"):
            assert client.post(f"/cover/away/{made.pk}/{verb}/").status_code == 404
    assert asha.post(f"/cover/away/{made.pk}/agree/").status_code == 403
    form = client_of(cast.ben).get("/cover/away/new/").page.form(button="See what it does to cover")
    assert "person" not in form.fields
    assert not DueRow.objects.filter(data__icontains="wedding").exists()


# -- Calendars -------------------------------------------------------------------------------------------------------------


def test_a_calendar_is_added_looked_at_and_taken_away(cast: Cast, asha: Pages) -> None:
    form = asha.get("/cover/away/calendars/").page.form(button="Add it")
    wrong = asha.submit(form, address="my calendar", name="Outlook").page
    assert "it begins with https:// or webcal://" in wrong.errors[0]
    assert wrong.form(button="Add it").fields["name"] == "Outlook"
    asha.submit(form, address="webcal://calendar.example/secret-key.ics", name="Outlook", kind="leave")
    page = asha.get("/cover/away/calendars/").page
    assert "Outlook Leave, from calendar.example Not read yet 0 entries to come" in page.text
    assert "secret-key" not in page.html
    CalendarFeed.objects.update(
        trouble="There is no calendar at this address any more.", trouble_since_at=timezone.now()
    )
    assert "Not read since" in asha.get("/cover/away/calendars/").page.text
    assert "Outlook (not read just now)" in asha.get("/cover/away/").page.text
    feed = CalendarFeed.objects.get()
    assert client_of(cast.lee).post(f"/cover/away/calendars/{feed.pk}/remove/").status_code == 404
    asha.submit(page.form(f"/{feed.pk}/look/"))
    asha.submit(page.form(f"/{feed.pk}/remove/"))
    assert not CalendarFeed.objects.exists()
