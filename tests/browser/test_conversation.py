"""Two people at one conversation in real browsers: they see each other, nothing typed is lost, and nothing is sent unseen."""

from __future__ import annotations

import os
import smtplib
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
PATIENCE_MS = 20_000
ROOT = Path(__file__).parents[2]


class Installation(NamedTuple):
    """A whole example installation in a process of its own."""

    address: str
    smtp_port: int

    def mail(self, text: str, subject: str) -> None:
        """A resident writes to the help account by a real mail server's way in."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = (
            "Moira Dale <moira@post.example>",
            "city-help@aireborough.example",
            subject,
        )
        mail["Message-ID"], mail["Date"] = f"<{abs(hash(subject))}@post.example>", "Mon, 23 Nov 2026 10:00:00 +0000"
        mail.set_content(text)
        mail.add_alternative(f"<p>{text}</p><table><tr><td>Thursday</td></tr></table>", subtype="html")
        with smtplib.SMTP("127.0.0.1", self.smtp_port) as server:
            server.send_message(mail)


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    port, smtp_port = _free_port(), _free_port()
    environment = os.environ | {
        "DATA_DIR": str(tmp_path_factory.mktemp("data")), "PORT": str(port), "SMTP_PORT": str(smtp_port),
        "PYTHONPATH": str(ROOT / "src"), "SOCIABLE_MODE": "example", "DATABASE_URL": "", "UNDO_SECONDS": "60",
        "DJANGO_SETTINGS_MODULE": "sociable.config.settings",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "sociable", "serve"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        address = f"http://localhost:{port}"
        _until_it_answers(f"{address}/health/live", process)
        yield Installation(address, smtp_port)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _until_it_answers(address: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address).close()
        except OSError:
            assert process.poll() is None, "the installation did not start"
            time.sleep(0.1)
        else:
            return
    pytest.fail("the installation did not answer within a minute")


def signed_in(chromium: Any, installation: Installation, name: str, **how: Any) -> Any:
    """A page of somebody who signed in; anything the browser complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, **how)
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.on(
        "console", lambda said: page.complaints.append(said.text) if "Content Security Policy" in said.text else None
    )
    page.goto(f"{installation.address}/desk/")
    page.fill("[name=login]", f"{name}@aireborough.example")
    page.fill("[name=password]", "example-password")
    page.click("main button[type=submit]")
    page.wait_for_url("**/desk/")
    return page


def opened(page: Any, installation: Installation, subject: str) -> None:
    page.goto(f"{installation.address}/desk/search/?q=Moira")
    page.locator(".queue-row", has_text=subject).locator("a").click()
    page.wait_for_selector("h1:has-text('" + subject + "')")


def test_two_people_see_each_other_and_nothing_is_sent_unseen(chromium, installation):
    installation.mail("The damp is back above the window.", "Damp again")
    hannah, sam = (signed_in(chromium, installation, name) for name in ("hannah", "sam"))
    opened(hannah, installation, "Damp again")
    opened(sam, installation, "Damp again")
    sam.get_by_text("Hannah Ackroyd is looking").wait_for()
    hannah.get_by_text("Sam Whitlock is looking").wait_for()

    hannah.locator("#composer-text").press_sequentially("Hannah begins to write. ")
    sam.get_by_text("Hannah Ackroyd is writing").wait_for()

    sam.fill("#composer-text", "Sam was quicker.")
    sam.get_by_role("button", name="Send answer").click()
    sam.get_by_text("Your answer to Moira Dale").wait_for()
    hannah.locator(".message-out", has_text="Sam was quicker.").wait_for()  # live, without a reload

    hannah.get_by_role("button", name="Send answer").click()
    hannah.get_by_role("alert").get_by_text("Send yours anyway?").wait_for()
    assert "Sam was quicker." in hannah.locator(".composer-newer").inner_text()
    assert "Hannah begins to write." in hannah.locator("#composer-text").input_value()

    sam.get_by_role("button", name="Undo").click()
    sam.get_by_text("Taken back.").wait_for()
    assert sam.locator("#composer-text").input_value() == "Sam was quicker."
    hannah.get_by_text("Sam Whitlock took an answer back").wait_for()
    assert hannah.complaints == sam.complaints == []
    for page in (hannah, sam):
        page.context.close()


def test_what_was_typed_survives_reload_and_leaving_at_once(chromium, installation):
    installation.mail("My bin was missed.", "Missed bin in Elm Road")
    page = signed_in(chromium, installation, "kal")
    opened(page, installation, "Missed bin in Elm Road")
    page.fill("#composer-text", "Kept while typing")
    page.get_by_text("Draft kept").wait_for()
    page.reload()
    assert page.locator("#composer-text").input_value() == "Kept while typing"
    page.locator("#composer-text").press("End")
    page.locator("#composer-text").press_sequentially(", and at the last moment")
    page.goto(f"{installation.address}/desk/my-day/")
    page.go_back()
    page.reload()
    assert page.locator("#composer-text").input_value() == "Kept while typing, and at the last moment"
    page.locator("[data-shortcut=note]").click()
    page.locator("#composer-text").press_sequentially("@Han")
    page.get_by_role("button", name="@Hannah.Ackroyd").click()
    assert page.locator("#composer-text").input_value() == "@Hannah.Ackroyd "
    assert page.complaints == []
    page.context.close()


def test_what_changes_by_itself_leaves_the_focus_where_it_was(chromium, installation):
    hannah, sam = (signed_in(chromium, installation, name) for name in ("hannah", "sam"))
    row, theirs = (one.locator(".queue-row", has_text="ask about a dead tree").locator("a") for one in (hannah, sam))
    for page in (hannah, sam):
        page.goto(f"{installation.address}/desk/?view=unclaimed&account=city-help")
    row.wait_for()
    focused = "document.activeElement.closest('#desk-list') && document.activeElement.textContent.trim()"

    def changes(button: str) -> None:
        was = hannah.locator("#desk-list").inner_html()
        sam.get_by_role("button", name=button, exact=True).click()
        hannah.wait_for_function("(was) => document.querySelector('#desk-list').innerHTML !== was", arg=was)

    theirs.click()
    sam.wait_for_selector("h1:has-text('dead tree')")
    hannah.get_by_role("button", name="Paste").focus()
    changes("Take")
    assert hannah.evaluate(focused) == "Paste"  # and not the first of the three buttons that lead to one address
    changes("Let go")
    row.focus()
    changes("Take")
    row.wait_for(state="detached")
    assert hannah.evaluate(focused)  # on what stands in its place, and not at the top of the page
    for page in (hannah, sam):
        page.context.close()


def test_a_menu_is_whole_and_covers_nothing_once_the_focus_has_gone_on(chromium, installation):
    installation.mail("Which day is it?", "A day to know")
    page = signed_in(chromium, installation, "hannah")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 800})
        opened(page, installation, "A day to know")
        for name in ("Not a request", "Put off", "More"):
            summary = page.locator(".conversation-actions summary", has_text=name)
            summary.focus()
            page.keyboard.press("Enter")
            item = page.locator(".conversation-actions details[open] .menu-item")
            item.first.wait_for()
            at = "([x, y]) => document.elementFromPoint(x, y)?.closest('.menu-item')?.textContent.trim()"
            for one in (item.first, item.last):
                one.scroll_into_view_if_needed()
                box = one.bounding_box()
                corners = [(box["x"] + 3, box["y"] + 9), (box["x"] + box["width"] - 3, box["y"] + 9)]
                assert {page.evaluate(at, corner) for corner in corners} == {one.inner_text().strip()}, (name, width)
            item.last.focus()
            page.keyboard.press("Escape")
            assert summary.evaluate("(it) => it === document.activeElement && !it.parentElement.open")
            page.keyboard.press("Enter")
            item.last.focus()
            page.keyboard.press("Tab")
            assert not page.locator(".conversation-actions details[open]").count()
    page.context.close()


def test_not_a_request_is_one_key_for_those_who_switched_keys_on(chromium, installation):
    installation.mail("Thank you all!", "A thank-you")
    page = signed_in(chromium, installation, "jen")
    opened(page, installation, "A thank-you")
    page.locator("h1").click()
    page.keyboard.press("n")
    assert not page.get_by_role("button", name="Only a thank-you").is_visible()  # off until switched on
    page.goto(f"{installation.address}/office/me/")
    page.get_by_label("Use keyboard shortcuts").check()
    page.locator("main form button[type=submit]").first.click()
    opened(page, installation, "A thank-you")
    page.keyboard.press("n")
    page.get_by_role("button", name="Only a thank-you").wait_for()
    page.keyboard.press("Enter")
    page.locator("main").get_by_text("you can say otherwise").wait_for()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390, 320])
def test_everybody_can_use_it(chromium, installation, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    subject = f"A {scheme} question {width}"
    installation.mail("Where do I park?", subject)
    page = signed_in(chromium, installation, "mel", color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 800})
    opened(page, installation, subject)
    page.locator(".message-formatted summary").click()
    page.frame_locator(".message-frame").get_by_text("Thursday").wait_for()
    page.locator(".composer-more summary").click()
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []
    page.context.close()
