"""The web chat in a page of another origin with a strict policy of its own, and the desk at the other end, in real browsers.

The installation is a whole one in a process of its own; the chat is switched on by the steps of the how-to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.browser.conftest import check_accessible, look
from tests.browser.test_conversation import Installation, installation, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PATIENCE_MS = 20_000
END_IN_SIGHT = "(([thread]) => thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80)([document.querySelector('.thread')])"
__all__ = ["installation"]  # the fixture
PAGE = """<!doctype html>
<html lang="en-GB"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Bins</title></head>
<body><main><h1>Bins and recycling</h1><p>Put your bin out by seven. <a href="#more">More</a></p></main>
{line}</body></html>"""


class Site:
    """The body's own site: another origin, with a policy that lets in our script and our answers, and nothing else."""

    def __init__(self) -> None:
        self.line, self.policy = "", "default-src 'none'"
        site = self

        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = self.path.startswith("/bins")
                self.send_response(200 if found else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Security-Policy", site.policy)
                self.end_headers()
                self.wfile.write(PAGE.format(line=site.line).encode() if found else b"")

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.page = f"{self.origin}/bins"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture(scope="module")
def staff(chromium: Any, installation: Installation) -> Any:
    """Hannah, of the help team."""
    return signed_in(chromium, installation, "hannah")


@pytest.fixture(scope="module")
def switched_on(chromium: Any, installation: Installation, site: Site) -> Site:
    """The how-to's steps, by an administrator; the hours are stated round the clock, so that it is open whenever tests run."""
    alex = signed_in(chromium, installation, "alex")
    alex.goto(f"{installation.address}/office/accounts/")
    alex.get_by_role("link", name="Aireborough City Help").click()
    account = alex.url
    alex.get_by_role("link", name="Change", exact=True).click()
    alex.get_by_label("Can be asked by web chat").check()
    alex.get_by_label("Sites that may hold the chat").fill("http://www.city.example")
    alex.get_by_role("button", name="Save").click()
    alex.get_by_text("must begin with https://").first.wait_for()
    example = installation.address.replace("localhost", "127.0.0.1")
    alex.get_by_label("Sites that may hold the chat").fill(f"{site.origin}\n{example}")
    alex.get_by_role("button", name="Save").click()
    alex.get_by_role("link", name="State another promise").click()
    alex.get_by_label("First answer in web chat within").fill("60")
    alex.get_by_role("button", name="See what would move").click()
    alex.get_by_role("button", name="State it").click()
    state_hours(alex, account, "24/7")
    look(alex, "office-chat")
    site.line = alex.get_by_label("Line for your site").input_value()
    site.policy = (
        f"default-src 'none'; script-src {installation.address}; connect-src {installation.address}; "
        "require-trusted-types-for 'script'; base-uri 'none'; form-action 'none'"
    )
    alex.context.close()
    return site


def state_hours(alex: Any, account: str, notation: str) -> None:
    alex.goto(f"{account.rstrip('/')}/hours/?as=text")
    alex.locator("textarea[name=notation]").fill(notation)
    alex.get_by_role("button", name="See what would move").click()
    alex.get_by_role("button", name="State it").click()
    alex.get_by_text("Stated from").wait_for()


class Resident:
    """Somebody on a page of the site, in a browser of their own."""

    def __init__(self, chromium: Any, site: Site, **how: Any) -> None:
        self.context = chromium.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce", **how)
        self.context.set_default_timeout(PATIENCE_MS)
        self.site, self.complaints = site, []
        self.page = self.another_page()

    def another_page(self) -> Any:
        page = self.context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.goto(self.site.page)
        return page

    def open(self) -> None:
        self.page.get_by_role("button", name="Chat with us").click()
        self.page.get_by_role("dialog").get_by_text("Aireborough City Help").wait_for()

    def says(self, text: str) -> None:
        self.page.get_by_label("Your message").fill(text)
        self.page.get_by_role("button", name="Send", exact=True).click()

    def lines(self, page: Any = None) -> list[str]:
        said: list[str] = (page or self.page).locator(".log .words").all_inner_texts()
        return said

    def reads(self, text: str, page: Any = None) -> None:
        (page or self.page).locator(".log .words", has_text=text).wait_for()

    def done(self) -> None:
        """Go; whatever the browser complained of, but for refusals and connections that were cut, fails the test."""
        self.context.close()
        left = [said for said in self.complaints if "status of" not in said and "net::ERR" not in said]
        assert not left, left


@pytest.fixture
def resident(chromium: Any, switched_on: Site) -> Iterator[Resident]:
    somebody = Resident(chromium, switched_on)
    yield somebody
    somebody.done()


def opened_at_desk(staff: Any, installation: Installation, text: str) -> None:
    staff.goto(f"{installation.address}/desk/?view=chat")
    staff.locator(".queue-row", has_text=text).locator("a").first.click()
    staff.locator(".message-in", has_text=text).first.wait_for()


def answers(staff: Any, text: str) -> None:
    staff.fill("#composer-text", text)
    staff.get_by_role("button", name="Send answer").click()
    staff.locator(".message-out", has_text=text).first.wait_for()


def test_both_sides_speak_across_origins_and_a_reload_loses_nothing(
    resident: Resident, staff: Any, installation: Installation
) -> None:
    resident.open()
    resident.page.get_by_text("We promise a first answer within 60 seconds.").wait_for()
    look(resident.page, "chat-before")
    resident.page.get_by_label("Your name").fill("Dev")
    resident.says("When is my brown bin collected?")
    resident.page.get_by_text("We promise a first answer by").wait_for()
    opened_at_desk(staff, installation, "When is my brown bin collected?")
    staff.get_by_text("They are in the web chat").wait_for()
    look(staff, "desk-chat")
    staff.locator("#composer-text").press_sequentially("On ")
    resident.page.get_by_text("Hannah is writing").wait_for()
    answers(staff, "On Friday, see https://www.city.example/bins.")
    resident.reads("On Friday")
    resident.page.get_by_text("Hannah is with you.").wait_for()
    resident.page.get_by_label("Your message").press_sequentially("Thank")
    staff.get_by_text("They are writing").wait_for()
    resident.page.get_by_label("Your message").fill("Thank you!")
    resident.page.get_by_label("Your message").press("Enter")
    staff.locator(".message-in", has_text="Thank you!").wait_for()  # live, without a reload
    staff.wait_for_function(END_IN_SIGHT)
    said = ["When is my brown bin collected?", "On Friday, see https://www.city.example/bins.", "Thank you!"]
    assert resident.lines() == said
    look(resident.page, "chat")
    look(staff, "desk-chat-answered")
    resident.page.reload()
    resident.reads("Thank you!")
    assert resident.lines() == said
    with resident.context.expect_page() as opening:
        resident.page.get_by_role("link", name="Your private page").click()
    opening.value.get_by_text("On Friday").wait_for()
    opening.value.close()


def test_it_is_worked_by_keyboard_alone_and_gives_the_focus_back(resident: Resident) -> None:
    page = resident.page
    focused = "document.activeElement.shadowRoot?.activeElement?.textContent || document.activeElement.textContent"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "More"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "Chat with us"
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_text("Aireborough City Help").wait_for()
    page.wait_for_function("document.activeElement.shadowRoot?.activeElement?.id === 'text'")
    page.keyboard.type("Is the library open?")
    page.keyboard.press("Enter")
    page.get_by_text("We promise a first answer by").wait_for()
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.id") == "text"
    page.keyboard.press("Escape")
    assert page.get_by_role("dialog").count() == 0
    assert page.evaluate(focused) == "Your chat"


def test_a_lost_connection_loses_and_doubles_nothing(
    resident: Resident, staff: Any, installation: Installation
) -> None:
    resident.open()
    resident.says("First, before the tunnel")
    opened_at_desk(staff, installation, "First, before the tunnel")
    resident.context.set_offline(True)
    resident.says("Said in the tunnel")
    resident.page.get_by_text("No connection. Trying again").wait_for()
    answers(staff, "Answered while you were away")
    resident.context.set_offline(False)
    resident.reads("Answered while you were away")
    staff.locator(".message-in", has_text="Said in the tunnel").wait_for()
    resident.page.locator(".fate", has_text="Sending").wait_for(state="detached")
    assert sorted(resident.lines()) == [
        "Answered while you were away",
        "First, before the tunnel",
        "Said in the tunnel",
    ]


def test_a_line_whose_answer_was_lost_is_said_once(resident: Resident, staff: Any, installation: Installation) -> None:
    resident.open()
    lost = []

    def lose(route: Any) -> None:
        route.fetch()  # the server has it
        if len(lost) < 2:
            lost.append(route.request.post_data)
            route.abort()
        else:
            route.continue_()

    resident.page.route("**/lines", lose)
    resident.says("Said once, sent three times")
    resident.page.locator(".fate", has_text="Sending").wait_for(state="detached")
    assert len(lost) == 2
    opened_at_desk(staff, installation, "Said once, sent three times")
    assert staff.locator(".message-in", has_text="Said once").count() == 1
    assert resident.lines() == ["Said once, sent three times"]


def test_where_nothing_can_be_streamed_it_asks_now_and_then(
    resident: Resident, staff: Any, installation: Installation
) -> None:
    resident.page.route("**/events", lambda route: route.abort())
    resident.open()
    resident.says("My network cuts every stream")
    opened_at_desk(staff, installation, "My network cuts every stream")
    answers(staff, "We reach you all the same")
    resident.reads("We reach you all the same")


def test_two_pages_of_one_browser_are_in_one_chat(resident: Resident) -> None:
    resident.open()
    resident.says("From the first page")
    resident.reads("From the first page")
    other = resident.another_page()
    resident.reads("From the first page", other)
    other.get_by_label("Your message").fill("From the second page")
    other.get_by_role("button", name="Send", exact=True).click()
    resident.reads("From the second page")
    assert resident.lines() == resident.lines(other) == ["From the first page", "From the second page"]


def test_a_file_a_transcript_and_an_end(resident: Resident, staff: Any, installation: Installation) -> None:
    resident.open()
    resident.says("Here is a picture")
    resident.page.get_by_label("Attach a file").set_input_files(
        {"name": "bin.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n" + b"0" * 200}
    )
    resident.page.get_by_role("link", name="bin.png").wait_for()
    opened_at_desk(staff, installation, "Here is a picture")
    staff.get_by_role("link", name="bin.png").first.wait_for()
    answers(staff, "Thank you for the picture")
    resident.reads("Thank you for the picture")
    resident.page.get_by_role("button", name="Email me this chat").click()
    resident.page.get_by_label("Send what was said to this email address").fill("dev at example")
    resident.page.get_by_role("button", name="Send it").click()
    wrong = resident.page.get_by_role("alert").get_by_text("Enter an email address in the correct format")
    wrong.wait_for()
    assert resident.page.evaluate("document.activeElement.shadowRoot.activeElement.id") == "mail"
    look(resident.page, "chat-transcript-wrong")
    resident.page.get_by_label("Send what was said to this email address").fill("dev@example.org")
    look(resident.page, "chat-transcript")
    resident.page.get_by_role("button", name="Send it").click()
    resident.page.locator(".done").get_by_text("It is on its way to dev@example.org.").wait_for()
    assert not wrong.is_visible()
    resident.page.get_by_role("button", name="End the chat").click()
    resident.page.get_by_text("You ended this chat. Write again and it goes on.").wait_for()
    staff.get_by_text("They ended the web chat").wait_for()
    look(resident.page, "chat-ended")
    resident.page.get_by_role("button", name="Ask something else").click()
    resident.page.get_by_text("We promise a first answer within 60 seconds.").wait_for()
    resident.says("Quite another thing")
    resident.reads("Quite another thing")
    assert resident.lines() == ["Quite another thing"]
    resident.page.get_by_role("button", name="End the chat").click()
    resident.page.get_by_role("button", name="Forget it on this device").click()
    kept = resident.page.evaluate("Object.values(localStorage).map((one) => JSON.parse(one).secret)")
    assert kept == [""]
    resident.page.reload()
    resident.open()
    assert resident.lines() == []


def test_whoever_is_shut_out_is_told_why_and_leaves_nothing_to_be_read(
    resident: Resident, staff: Any, installation: Installation
) -> None:
    resident.open()
    resident.page.get_by_label("Your name").fill("Dev")
    resident.says("My secret worry")
    resident.reads("My secret worry")
    opened_at_desk(staff, installation, "My secret worry")
    staff.locator("summary", has_text="More").first.click()
    staff.get_by_role("link", name="End the chat's access").click()
    staff.get_by_role("button", name="End the access").click()
    told = resident.page.get_by_text("This chat is not known here any more. Begin a new one")
    told.wait_for()
    assert resident.lines() == []
    look(resident.page, "chat-shut-out")
    resident.page.reload()
    told.wait_for()
    assert resident.page.get_by_label("Your name").input_value() == ""
    resident.says("Somebody else")
    resident.reads("Somebody else")
    assert resident.lines() == ["Somebody else"]
    told.wait_for(state="hidden")


def test_what_cannot_be_taken_is_said_and_given_back(resident: Resident) -> None:
    resident.open()
    resident.page.get_by_role("button", name="Send", exact=True).click()
    resident.page.get_by_text("Write your message first").wait_for()
    resident.page.get_by_label("Your email address").fill("dev at example")
    resident.says("My bin")
    resident.page.get_by_text("Enter an email address in the correct format").wait_for()
    look(resident.page, "chat-wrong")
    resident.page.get_by_label("Your email address").fill("")
    resident.page.route("**/lines", lambda route: route.fulfill(
        status=413, json={"message": "Too long by far."}, headers={"Access-Control-Allow-Origin": resident.site.origin}
    ))  # fmt: skip
    resident.says("My bin was missed")
    resident.page.get_by_text("Too long by far.").wait_for()
    assert resident.page.get_by_label("Your message").input_value() == "My bin was missed"


def test_it_fits_a_small_window_and_one_zoomed_to_four_hundred_percent(resident: Resident) -> None:
    resident.page.set_viewport_size({"width": 320, "height": 256})
    resident.open()
    resident.says("Is there room?")
    resident.reads("Is there room?")
    check_accessible(resident.page)
    for control in (
        resident.page.get_by_label("Your message"),
        resident.page.get_by_role("button", name="Send", exact=True),
    ):
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 320
        assert box["y"] + box["height"] <= 256


def test_a_page_that_is_not_listed_is_told_so(chromium: Any, switched_on: Site) -> None:
    stranger = Site()
    stranger.line, stranger.policy = switched_on.line, switched_on.policy
    somebody = Resident(chromium, stranger)
    somebody.page.get_by_role("button", name="Chat with us").click()
    somebody.page.get_by_text("No connection.").or_(somebody.page.get_by_text("may not be used")).first.wait_for()
    somebody.context.close()
    stranger.server.shutdown()
    stranger.server.server_close()


def test_whoever_has_three_chats_is_told_so_and_takes_no_more(
    chromium: Any, switched_on: Site, installation: Installation
) -> None:
    sam = signed_in(chromium, installation, "sam")
    people = [Resident(chromium, switched_on) for _ in range(4)]
    for number, one in enumerate(people):
        one.open()
        one.says(f"Somebody asks, number {number}")
        one.page.get_by_text("We promise a first answer by").wait_for()
        opened_at_desk(sam, installation, f"Somebody asks, number {number}")
        sam.locator("#conversation-head").get_by_role("button", name="Take", exact=True).click()
        if number < 3:
            sam.locator(".conversation-title").get_by_text("Yours until").wait_for()
            one.page.get_by_text("Sam is with you.").wait_for()
    sam.get_by_text("You have 3 web chats open, the most at once.").first.wait_for()
    sam.goto(f"{installation.address}/desk/?view=chat")
    sam.locator(".hands-full").wait_for()
    look(sam, "desk-hands-full")
    for one in people:
        one.page.get_by_role("button", name="End the chat").click()
        one.page.get_by_text("You ended this chat").wait_for()
        one.done()
    sam.context.close()


def test_the_examples_own_site_holds_the_chat(chromium: Any, switched_on: Site, installation: Installation) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    page.goto(f"{installation.address.replace('localhost', '127.0.0.1')}/example/website/")
    page.get_by_role("button", name="Chat with us").click()
    page.get_by_text("We promise a first answer within 60 seconds.").wait_for(timeout=PATIENCE_MS)
    look(page, "website")
    context.close()


@pytest.fixture
def closed(chromium: Any, installation: Installation, switched_on: Site) -> Iterator[None]:
    """The account is closed until 2031, and open round the clock again after the test."""
    alex = signed_in(chromium, installation, "alex")
    alex.goto(f"{installation.address}/office/accounts/")
    alex.get_by_role("link", name="Aireborough City Help").click()
    account = alex.url
    state_hours(alex, account, "2031 Jan 1 09:00-10:00")
    yield
    state_hours(alex, account, "24/7")
    alex.context.close()


def test_out_of_hours_it_offers_the_other_ways(closed: None, resident: Resident) -> None:
    resident.open()
    resident.page.get_by_text("We are closed now, so nobody would be there to answer you here.").wait_for()
    resident.page.get_by_role("link", name="Use our form").wait_for()
    assert not resident.page.get_by_label("Your message").is_visible()
    look(resident.page, "chat-closed")
