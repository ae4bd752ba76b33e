"""In a real browser: somebody adds a route and asks "Would I be told?", is pushed to and taps, and acknowledges on the desk.

The browser's maker cannot be asked from here, so `PushManager.subscribe` alone is replaced: it answers with a push service of ours, which
checks the signature and opens the seal. What it opened is handed to the real service worker by the browser's own tools.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sociable.alerts import tokens
from sociable.alerts.models import Notice, Route
from sociable.journeys import alert, drill
from sociable.promises.models import Wait
from tests.alerts.conftest import House
from tests.alerts.test_handing import hand_over
from tests.alerts.test_routes import PushService
from tests.browser.conftest import look
from tests.servers.standin import serving

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def pushes() -> Iterator[PushService]:
    """A push service that runs."""
    service = PushService()
    with serving(service.web):
        yield service


@pytest.fixture
def house(cast: Any) -> House:
    """Ashby Help as it is now: always open, Asha on duty, Ben ready and at work, Lee leads."""
    from sociable.directory.models import HoursVersion

    made, now = House(cast), timezone.now()
    HoursVersion.objects.update(notation="24/7")
    for person in (cast.asha, cast.ben):
        made.ready(person)
        made.works(person, "24/7")
    cast.asha.readiness.update(ready_from_at=now - timedelta(days=9))
    cast.ben.readiness.update(ready_from_at=now - timedelta(days=9))
    made.shift(cast.asha, now - timedelta(hours=1), now + timedelta(hours=7))
    return made


@pytest.fixture
def signed_in(open_browser: Callable[..., Page], live_server: Any, client: Any) -> Callable[..., Page]:
    """Opens a window in which somebody is signed in."""

    def open_as(person: Any, **options: Any) -> Page:
        client.force_login(person)
        window = open_browser(**options)
        window.context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
        )
        return window

    return open_as


def test_a_route_is_added_and_would_i_be_told_is_asked(signed_in, house):
    page = signed_in(house.cast.asha)
    page.goto("/office/alerts/")
    look(page, "alerts")
    page.get_by_role("link", name="Teams, Slack and others").click()
    page.get_by_label("Address of the chat").fill("syslog://")
    page.get_by_role("button", name="Add it and try it").click()
    expect(page.get_by_role("alert")).to_contain_text("no address that Apprise can use")
    look(page, "alerts-route")
    page.get_by_label("Address of the chat").fill("ntfy://127.0.0.1/help-team")
    page.get_by_role("button", name="Add it and try it").click()
    expect(page.locator("body")).to_contain_text("a try is on its way")
    page.get_by_role("button", name="Use later").first.click()
    page.get_by_role("button", name="Try it now").first.click()
    page.get_by_role("link", name="Change").first.click()
    look(page, "alerts-route-change")
    page.get_by_role("link", name="Your alerts").last.click()
    page.get_by_role("link", name="Would I be told?").click()
    page.get_by_label("A request to").select_option(label="Ashby Help")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="Yes, you would be told")).to_be_visible()
    expect(page.locator("#shown")).to_contain_text("It goes to you: nobody else on duty can take it.")
    look(page, "alerts-would")


def test_a_lead_says_how_the_people_of_an_account_are_told(signed_in, house):
    page = signed_in(house.cast.lee)
    page.goto(f"/office/accounts/{house.cast.help.pk}/")
    page.get_by_role("link", name="How its people are told").click()
    look(page, "alerts-account")
    page.get_by_label("Working minutes until the next is told").fill("15")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("body")).to_contain_text("Saved.")


def test_the_bell_rings_on_an_open_desk_and_a_press_acknowledges(signed_in, house):
    page = signed_in(house.cast.asha)
    page.goto("/desk/my-day/")
    now = timezone.now()
    house.cast.ask(when=now)
    house.pass_time(now)
    # the server of these tests streams nothing: what the stream would say is said by hand
    page.evaluate("new BroadcastChannel('sociable-live').postMessage({ state: 'live', change: { kind: 'notice' } })")
    expect(page.locator("#bell")).to_contain_text("1 to acknowledge")
    look(page, "alerts-my-day")
    page.locator("#bell a").click()
    look(page, "alerts-told")
    page.get_by_role("button", name="I have it").click()  # by pointer: the link beside it takes the rest of its row
    expect(page.locator("body")).to_contain_text("Nothing to acknowledge")
    assert house.chain.acknowledged_by == house.cast.asha


def test_a_browser_is_rung_and_its_tap_acknowledges(signed_in, house, pushes, live_server, settings):
    settings.PUBLIC_URL = live_server.url
    page = signed_in(house.cast.asha)
    page.context.grant_permissions(["notifications"], origin=live_server.url)
    answer = f"PushManager.prototype.subscribe = async () => ({{ toJSON: () => ({pushes.subscription}) }});"
    page.add_init_script(answer)
    page.goto("/office/alerts/")
    page.get_by_role("button", name="Ring this browser").click()
    expect(page.locator("body")).to_contain_text("a try is on its way")
    route = Route.objects.get(kind="push")
    now = timezone.now()
    house.cast.ask(when=now)
    house.pass_time(now)
    hand_over(timezone.now(), ["notice-push"])
    tried, heard = pushes.heard[0], next(one for one in pushes.heard if "a request came in" in one["title"])
    assert tried["title"].startswith("A try of your alerts")
    worker = _pushed(page, live_server.url, heard)
    shown = worker.evaluate(
        "async () => (await self.registration.getNotifications()).map((each) => [each.title, each.body, each.actions.length])"
    )
    assert shown[0][0] == "Ashby Help: a request came in"
    assert "You are on duty for Ashby Help." in shown[0][1]
    worker.evaluate(
        """async () => {
          const [notification] = await self.registration.getNotifications();
          self.dispatchEvent(new NotificationEvent("notificationclick", { notification, action: "tap" }));
        }"""
    )
    for _ in range(100):
        if house.chain.ended:
            break
        page.wait_for_timeout(50)
    assert (house.chain.ended, house.chain.acknowledged_by) == ("acknowledged", house.cast.asha)
    route.refresh_from_db()
    assert route.confirmed_at is not None


def _pushed(page: Page, origin: str, told: dict[str, Any]) -> Any:
    """Hand a push to the page's service worker, as the browser's own tools do, and return the worker."""
    tools = page.context.new_cdp_session(page)
    registrations: list[dict[str, Any]] = []
    tools.on("ServiceWorker.workerRegistrationUpdated", lambda event: registrations.extend(event["registrations"]))
    tools.send("ServiceWorker.enable")
    while not registrations:
        page.wait_for_timeout(50)
    tools.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": origin, "registrationId": registrations[0]["registrationId"], "data": json.dumps(told)},
    )
    (worker,) = page.context.service_workers
    while not worker.evaluate("async () => (await self.registration.getNotifications()).length"):
        page.wait_for_timeout(50)
    return worker


def test_the_page_behind_a_link_is_tapped_on_a_phone(open_browser, house, live_server):
    now = timezone.now()
    house.cast.ask(when=now)
    house.pass_time(now)
    notice = Notice.objects.get(route__kind="email")
    page = open_browser(width=390)
    page.goto(f"/told/{tokens.token_of(notice.pk)}/")
    look(page, "told")
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("heading", name="You have it")).to_be_visible()
    look(page, "told-have")
    assert Wait.objects.get().is_open
    assert alert.acknowledge(notice.chain.wait.conversation_id, house.cast.ben, now) == 0


def test_the_page_of_a_try_is_tapped_by_keyboard_alone_and_a_broken_link_says_what_to_do(
    open_browser, house, live_server
):
    route = house.route(house.cast.asha, "email", "Email")
    notice = drill.try_now(route, timezone.now())
    link = f"/told/{tokens.token_of(notice.pk)}/"
    page = open_browser(width=390)
    page.goto(link)
    expect(page.get_by_role("heading", name="Did it arrive?")).to_be_visible()
    look(page, "told-drill")
    button = page.get_by_role("button", name="It arrived")
    for _ in range(12):
        if button.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="It arrived")).to_be_visible()
    expect(page).to_have_title(re.compile("^It arrived"))
    look(page, "told-drill-arrived")
    route.refresh_from_db()
    assert route.confirmed_at is not None
    page.goto(f"{link[:-3]}xx/")
    expect(page.get_by_role("heading", name="This link does not work")).to_be_visible()
    look(page, "told-gone")
