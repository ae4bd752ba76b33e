"""The pages of alerts: one's own routes, "Would I be told?", an account's alerts, the bell and My day."""

from __future__ import annotations

import json

import pytest

from sociable.alerts.models import AlertPolicy, Notice, Route
from sociable.people.models import AuditEvent
from tests.alerts.test_routes import PushService, pushes  # noqa: F401 - a fixture
from tests.cast import at

pytestmark = pytest.mark.django_db
MINE = "/office/alerts/"


class Window:
    """What a person sees in their browser."""

    def __init__(self, client, person) -> None:
        client.force_login(person)
        self._client = client

    def get(self, address: str):
        return self._client.get(address, follow=True).page

    def post(self, address: str, fields: dict, *, follow: bool = False):
        return self._client.post(address, fields, follow=follow).page


def see(pages, person) -> Window:
    return Window(pages, person)


def test_everybody_has_the_desk_and_email_and_is_asked_to_try(house, pages):
    page = see(pages, house.cast.asha).get(MINE)
    assert "No route is known to reach you" in page.text
    assert "Not tried yet" in page.text
    assert "Always there" in page.text


def test_a_route_is_added_used_first_and_tried_at_once(house, pages):
    client = see(pages, house.cast.asha)
    client.get(MINE)
    page = client.post(f"{MINE}add/text/", {"address": "07700 900123", "name": "My phone"}, follow=True)
    assert "a try is on its way to “My phone”" in page.text
    assert list(Route.objects.filter(person=house.cast.asha).values_list("name", flat=True)) == [
        "The desk",
        "My phone",
        "Email",
    ]
    assert Route.objects.get(name="My phone").address == "+447700900123"
    assert Notice.objects.get(kind="drill").route.name == "My phone"
    assert "07700" not in page.html
    assert "447700900123" not in Route.objects.get(name="My phone").sealed_address


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("text", {"address": "ring me"}, "Enter a mobile number"),
        ("apprise", {"address": "syslog://"}, "no address that Apprise can use"),
        ("email", {"address": "not an address"}, "Enter an email address"),
        ("email", {"quiet_from": "22:00"}, "Give both ends"),
        ("email", {"quiet_from": "22:00", "quiet_to": "22:00"}, "switch the route off"),
    ],
)
def test_what_cannot_work_is_said_beside_the_field_and_nothing_is_lost(house, pages, kind, typed, said):
    page = see(pages, house.cast.asha).post(f"{MINE}add/{kind}/", typed | {"name": "What I call it"})
    assert any(said in line for line in page.errors), page.errors
    assert "What I call it" in page.html
    assert not Route.objects.filter(name="What I call it").exists()


def test_routes_are_moved_tried_changed_and_taken_away(house, pages):
    client = see(pages, house.cast.asha)
    house.route(house.cast.asha, "desk", "The desk")
    first = house.route(house.cast.asha, "email", "First", position=1)
    second = house.route(house.cast.asha, "email", "Second", position=2)
    client.post(f"{MINE}{second.pk}/move/", {"to": "up"}, follow=True)
    assert list(Route.objects.exclude(kind="desk").values_list("name", flat=True)) == ["Second", "First"]
    client.post(f"{MINE}{first.pk}/try/", {}, follow=True)
    assert Notice.objects.get(kind="drill").route == first
    client.post(f"{MINE}{first.pk}/", {"name": "Mail", "quiet_from": "12:00", "quiet_to": "13:00"}, follow=True)
    first.refresh_from_db()
    assert (first.name, first.is_on, f"{first.quiet_from:%H:%M}") == ("Mail", False, "12:00")
    client.post(f"{MINE}{first.pk}/remove/", {}, follow=True)
    assert not Route.objects.filter(pk=first.pk).exists()


def test_a_second_route_to_one_place_is_refused_and_named(house, pages):
    client = see(pages, house.cast.asha)
    client.get(MINE)
    own = house.cast.asha.email
    for typed in ("", own.upper()):
        refused = client.post(f"{MINE}add/email/", {"address": typed, "name": "Again"})
        assert refused.errors == ["“Email” leads there already. Enter another address, or try that one."]
    other = house.route(house.cast.asha, "email", "Home", "asha@home.example.org")
    assert client.post(f"{MINE}{other.pk}/", {"address": own, "name": "Home", "is_on": "on"}).errors
    client.post(f"{MINE}{other.pk}/", {"address": other.address, "name": "At home", "is_on": "on"}, follow=True)
    assert Route.objects.get(pk=other.pk).name == "At home"  # the same address as it has is no second route


def test_nobody_touches_the_routes_of_others(house, client):
    theirs = house.route(house.cast.ben, "email", "Ben's")
    client.force_login(house.cast.asha)
    for what in ("", "move/", "try/", "remove/"):
        assert client.post(f"{MINE}{theirs.pk}/{what}", {"name": "x"}).status_code == 404


def test_a_browser_adds_itself(house, client, pushes):  # noqa: F811
    client.force_login(house.cast.asha)
    client.post(f"{MINE}add/push/", {"subscription": pushes.subscription, "name": "Chrome on this computer"})
    route = Route.objects.get(kind="push")
    assert json.loads(route.address)["endpoint"].startswith(pushes.web.url)
    client.post(f"{MINE}add/push/", {"subscription": "{}", "name": "x"})
    assert Route.objects.filter(kind="push").count() == 1


def test_a_lead_sets_the_alerts_of_an_account_and_the_trail_keeps_it(house, pages):
    address = f"/office/accounts/{house.cast.books.pk}/alerts/"
    page = see(pages, house.cast.lee).get(address)
    assert "Nobody is told yet" in page.text
    fields = page.form(address).fields | {"named": str(house.cast.ben.pk), "step_minutes": "15"}
    see(pages, house.cast.lee).post(address, fields, follow=True)
    policy = AlertPolicy.objects.get(account=house.cast.books)
    assert (policy.named, policy.step_minutes, policy.set_by) == (house.cast.ben, 15, house.cast.lee)
    event = AuditEvent.objects.get(verb="changed alerts")
    assert event.after == {"named_id": house.cast.ben.pk, "step_minutes": 15}


@pytest.mark.parametrize("typed", [{"step_minutes": "0"}, {"step_minutes": "x"}, {"surge_most": "1000"}])
def test_what_cannot_be_is_refused(house, pages, typed):
    address = f"/office/accounts/{house.cast.books.pk}/alerts/"
    page = see(pages, house.cast.lee).get(address)
    assert see(pages, house.cast.lee).post(address, page.form(address).fields | typed).errors
    assert not AlertPolicy.objects.exists()


def test_whoever_plans_no_account_sets_no_alerts(house, client):
    client.force_login(house.cast.asha)
    assert client.get(f"/office/accounts/{house.cast.help.pk}/alerts/").status_code == 404


def test_the_bell_counts_and_the_list_behind_it_acknowledges(house, pages):
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    client = see(pages, house.cast.asha)
    assert "1 to acknowledge" in client.get("/desk/my-day/").text
    page = client.get("/desk/told/")
    assert "Ashby Help: a request came in" in page.text
    notice = Notice.objects.get(route__kind="desk")
    assert "Nothing to acknowledge" in client.post(f"/desk/told/{notice.pk}/", {}, follow=True).text
    assert (house.chain.ended, house.chain.acknowledged_by) == ("acknowledged", house.cast.asha)
    assert "to acknowledge" not in client.get("/desk/my-day/").text


def test_nobody_acknowledges_what_another_was_told(house, client):
    house.cast.ask(when=at(10))
    house.pass_time(at(10))
    client.force_login(house.cast.ben)
    assert client.post(f"/desk/told/{Notice.objects.first().pk}/").status_code == 404
    assert house.chain.ended == ""


def test_my_day_and_alerts_tell_a_lead_whom_no_alert_reaches_and_when_they_are_needed(house, pages, monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: at(12))
    house.shift(house.cast.asha, at(9), at(13))
    house.shift(house.cast.ben, at(9, day=26), at(17, day=26))
    lee = see(pages, house.cast.lee)
    assert "No alert is known to reach 2 people on your rota" in lee.get("/desk/my-day/").text
    page = lee.get(MINE)
    assert "Asha KhanOn shift since 9am today" in page.text
    assert "Ben HallNeeded from 9am on Thursday 26 November" in page.text
    house.route(house.cast.ben, "email", "Mail", confirmed_at=at(11))
    assert "No alert is known to reach Asha Khan" in lee.get("/desk/my-day/").text


def test_my_day_says_whether_alerts_reach_me(house, pages):
    assert "No alert is known to reach you" in see(pages, house.cast.asha).get("/desk/my-day/").text
    house.route(house.cast.asha, "desk", "The desk")
    house.route(house.cast.asha, "email", "Mail", confirmed_at=at(9))
    assert "No alert is known to reach you" not in see(pages, house.cast.asha).get("/desk/my-day/").text
