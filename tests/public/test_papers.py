"""The pages that say how we work, an example's postbox, and what robots may read."""

import pytest

from sociable.public import postbox
from tests.cast import at

pytestmark = pytest.mark.django_db


def test_the_fair_order_is_published_word_for_word(pages):
    from sociable.domain.ordering import RULE

    assert RULE in pages.get("/fair/").page.text


def test_the_statement_has_the_parts_the_law_asks_for(pages, cast):
    page = pages.get("/accessibility/").page
    headings = {"".join(one.itertext()).strip() for tag in ("h2", "h3") for one in page.all(tag)}
    assert {
        "Feedback and contact information",
        "Enforcement procedure",
        "Compliance status",
        "Preparation of this statement",
    } <= headings
    assert "Ashby City Council and Vale Hospitals Trust" in page.text


def test_an_example_shows_what_residents_were_sent(pages, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    assert "No mail yet" in pages.get("/example/postbox/").page.text
    mail = b"From: Ashby Help <help@ashby.example.org>\r\nSubject: Re: My bin\r\n\r\nOn Friday. See http://localhost:8000/r/x/\r\n"
    postbox.keep(mail, ["dev@example.org"], at(10))
    page = pages.get("/example/postbox/").page
    assert "To dev@example.org, from Ashby Help" in page.text
    assert page.links["http://localhost:8000/r/x/"] == "http://localhost:8000/r/x/"


def test_a_real_installation_has_no_postbox(pages, settings):
    settings.EXAMPLE = False
    assert pages.get("/example/postbox/").status_code == 404
    assert "Example postbox" not in pages.get("/").page.links


def test_robots_keep_out_of_private_links_and_staff_screens(pages):
    said = pages.get("/robots.txt").content.decode()
    assert {"Disallow: /r/", "Disallow: /desk/", "Disallow: /office/"} <= set(said.splitlines())


@pytest.mark.parametrize("address", ["/", "/accounts/", "/accounts.json", "/fair/", "/verify/", "/robots.txt", "/r/x/"])
def test_pages_to_read_are_only_read(pages, cast, address):
    assert pages.post(address).status_code in (403, 405)
