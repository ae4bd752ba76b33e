"""Drives a real Chromium over the real pages: one browser for all tests, and for each a server with the example in it.

With SOCIABLE_PICTURES=1 a picture of every page is taken on the way, into build/pictures/, for people to look at.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import require

PICTURES = os.environ.get("SOCIABLE_PICTURES") == "1"
FOLDER = Path(__file__).parents[2] / "build" / "pictures"
WIDE, NARROW = 1280, 390
SCHEMES = ("light", "dark")
CHECKED = {("light", WIDE), ("dark", NARROW)}  # what axe judges hangs on one or the other, never on both together
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser itself, gone with its module: while it lives, no other event loop can run in this process."""
    program = require("chromium")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = (
        "true"  # playwright keeps an event loop in this thread; the tables are asked beside it
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(program), args=["--no-sandbox"])
        yield browser
        browser.close()
    os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE")


@pytest.fixture
def open_browser(chromium: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """Opens a person's own browser window on the live server; whatever its console complains of fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def window(*, width: int = WIDE, scheme: str = "light", **options: Any) -> Page:
        context = chromium.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield window
    for context in contexts:
        context.close()
    refused = [said for said in complaints if "status of 4" not in said]  # a refusal is an answer, not a fault
    assert not refused, refused


@pytest.fixture
def page(open_browser: Callable[..., Page]) -> Page:
    """One window at a desk's width."""
    return open_browser()


def check_fits(page: Page) -> None:
    """Fail where a page is wider than its window; one that a click has only begun to open is waited for."""
    page.wait_for_load_state()
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} px wider than its window of {page.viewport_size}"


def check_accessible(page: Page) -> None:
    """Fail with what axe finds, and with what does not fit the window."""
    check_fits(page)
    page.evaluate("scrollTo(0, 0)")  # else what the bar above covers in part counts as a target that is too small
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": RULES}})
    said = [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in found.response["violations"]
    ]
    assert not said, f"{page.url} {page.viewport_size}\n" + "\n".join(said)


def look(page: Page, name: str) -> None:
    """Check a page as it stands now: wide in light, narrow in dark; with SOCIABLE_PICTURES=1 take all four pictures of it."""
    size = page.viewport_size
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for width in (WIDE, NARROW):
            page.set_viewport_size({"width": width, "height": 900})
            if (scheme, width) in CHECKED:
                check_accessible(page)
            if PICTURES:
                FOLDER.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=FOLDER / f"{name}-{width}-{scheme}.png", full_page=True)
    page.emulate_media(color_scheme=SCHEMES[0], reduced_motion="reduce")
    if size:
        page.set_viewport_size(size)
