"""The browser counts as the server does: the same table of cases and random texts, in a real Chromium, by the same data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page

import sociable.desk
from sociable.domain.text import SCHEMES, Limit, as_data, count, measure
from tests.domain.text.cases import CASES, DEARER, FAMILY

pytestmark = pytest.mark.browser
SCRIPT = Path(sociable.desk.__file__).parent / "static" / "desk" / "counting.js"
DATA = as_data(SCHEMES)
ALL = "([text, data]) => Object.keys(data).map((key) => SociableCounting.count(text, data[key]))"
BITS = [
    "https://example.gov.uk/a?b=c#d", "HTTP://EXAMPLE.ORG", "example.com/(a)", "bücher.example.de", "http://日本.jp", "日本example.jp日本",
    "https://a.example.social/@bins", "@bins@example.social", "@bins", "me@example.org", "#bins", FAMILY, "👍🏽", "☎️", "🇬🇧", "1️⃣", "©️", "©",
    "e\u0301", "\u200d", "\ufe0f", "\u0301", "\u202e", "\u200b", "ŵ", "€", "’", "–", "…", "{", "\r\n", "\n", "\t", "\x0c", "\xa0", " ", ".", "-", "_", "/", "@", "x",
    "क्षि", "ก็", "ſ", "K", "İ", "ß", "http://" + "ü" * 58 + ".com", "http://" + "ü" * 59 + ".com", "test.com.", "http://foobar.پاکستان/", *DEARER,
]  # fmt: skip
texts = st.lists(
    st.one_of(st.sampled_from(BITS), st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=8)), max_size=14
).map("".join)


@pytest.fixture
def counter(chromium: Browser) -> Iterator[Page]:
    page = chromium.new_page()
    page.add_script_tag(path=SCRIPT)
    yield page
    page.close()


def test_the_table_of_cases(counter: Page) -> None:
    counted = counter.evaluate(
        "([cases, data]) => cases.map(([by, text]) => SociableCounting.count(text, data[by]))", [CASES, DATA]
    )
    assert [(by, text[:60], n) for (by, text, _), n in zip(CASES, counted, strict=True)] == [
        (by, text[:60], n) for by, text, n in CASES
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(texts)
def test_any_text_counts_alike_on_both_sides(counter: Page, text: str) -> None:
    assert counter.evaluate(ALL, [text, DATA]) == [count(text, key) for key in SCHEMES]


def test_what_is_left_of_a_limit_and_who_is_not_counted(counter: Page) -> None:
    ask = "([text, limit, data, names]) => SociableCounting.measure(text, limit, data, names)"
    for text in ("a" * 200, "ŵ" * 71, "", "a" * 1100, "ŵ" * 600):
        for limit in (Limit("sms", 918), Limit("sms", 160), Limit("x", 280)):
            ours = measure(text, limit)
            theirs = counter.evaluate(ask, [text, {"scheme": limit.scheme, "most": limit.most}, DATA, []])
            assert theirs == {**asdict(ours), "left": ours.left}
    theirs = counter.evaluate(ask, ["@Dev @asha Hello", {"scheme": "x", "most": 280}, DATA, ["dev", "@asha"]])
    assert theirs["used"] == 5
