"""What must not be said in public: each kind in the forms people write, and what looks like it and is not."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.domain.text import Known, private_in
from tests.conftest import sample_data

TODAY = date(2026, 11, 27)
NOTHING = Known()


def kinds(text: str, known: Known = NOTHING) -> list[str]:
    return [one.kind for one in private_in(text, today=TODAY, known=known)]


PRIVATE = [
    ("nhs_number", "943 476 5919"),
    ("nhs_number", "943-476-5919"),
    ("nhs_number", "9434765919"),
    ("nhs_number", "401 023 2137"),
    ("postcode", "LS1 1UR"),
    ("postcode", "ls1 1ur"),
    ("postcode", "LS11UR"),
    ("postcode", "SW1A 1AA"),
    ("postcode", "M1 1AE"),
    ("birth", "born 3/4/71"),
    ("birth", "born on 3rd April 1971"),
    ("birth", "DOB: 03-04-1971"),
    ("birth", "D.O.B. 03.04.71"),
    ("birth", "date of birth 12 March 2015"),
    ("birth", "her birthday is April 3, 2012"),
    ("birth", "1971-04-03"),
    ("birth", "the 3rd of April 1971"),
    ("birth", "12/05/1980"),
    ("phone", "07700 900123"),
    ("phone", "07911 123456"),
    ("phone", "+44 7911 123456"),
    ("phone", "+44 (0)7911 123456"),
    ("phone", "0113 222 4444"),
    ("phone", "(0113) 2224444"),
    ("phone", "020 7946 0991"),
    ("email", "dev.patel@example.org"),
    ("email", "O'Neill+bins@mail.example.co.uk"),
    ("case", "case number FS-1234567"),
    ("case", "Ref: 1234567"),
    ("case", "your reference is LCC/2026/00123"),
    ("case", "council tax account 60012345"),
    ("case", "planning application 26/01234/FU"),
    ("national_insurance", "AB 12 34 56 C"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said"), PRIVATE)
def test_it_is_found_in_the_middle_of_a_sentence_and_at_its_ends(kind: str, said: str) -> None:
    for text in (said, f"Hello, {said}.", f"We have {said}, thank you", f"({said})", f"Is it\n{said}\nor not?"):
        assert kinds(text) == [kind], text


@pytest.mark.parametrize(
    "text",
    [
        "943 476 5918 is no NHS number: the check digit is wrong",
        "Collected on 12 March 2026, again on 26/03/2026 and 09/04/26.",
        "The Act of 2004, section 12, came into force in April 2005.",
        "Open 9am to 5pm, Monday to Friday; 24/7 in winter.",
        "Ring 0300 123 4567, 0800 111 222, 111 or 999.",
        "That is £1,234,567.89 for 2025/26.",
        "Bus 36 leaves at 10:15 from stand B2 3 times an hour.",
        "Take the M1 2 miles north to the A64 1 mile on.",
        "Order no later than 5pm. Case closed. In this case 3 of 5 agreed.",
        "@LeedsBins has 12,345 followers #bins2026",
        "See https://www.example.gov.uk/news/2026/11/23/12345678",
        "Your account will be credited within 14 days; reference libraries are open.",
        "Room 12a, floor 3; form CT16a.",
        "We will answer by 14:10 on 27/11/2026.",
        "Born and bred in Leeds since 1207.",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert kinds(text) == []


def test_where_it_stands_and_why_are_told() -> None:
    text = "Your number is 943 476 5919."
    (one,) = private_in(text, today=TODAY)
    assert text[one.start : one.end] == one.text == "943 476 5919"
    assert one.why == "“943 476 5919” is an NHS number: its check digit fits."


def test_what_the_body_has_made_public_is_no_finding() -> None:
    card = "Merrion House, LS2 8BB. Ring 0113 222 4444 or write to bins@leeds.example."
    known = Known.of([card], domains=["leeds.gov.uk"])
    assert (
        kinds("Come to LS28BB, ring (0113) 2224444, write to BINS@leeds.example or asha@bins.leeds.gov.uk", known) == []
    )
    assert kinds("You live at LS2 8BA, not LS2 8BB", known) == ["postcode"]
    assert kinds("asha@notleeds.gov.uk", known) == ["email"]


def test_one_place_gives_one_finding() -> None:
    assert kinds("Case number 943 476 5919, NHS number 943 476 5919") == ["nhs_number", "nhs_number"]


@given(st.text(max_size=300))
def test_any_text_is_read_and_every_finding_is_where_it_says(text: str) -> None:
    found = private_in(text, today=TODAY)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.integers(400_000_000, 799_999_999))
def test_exactly_those_numbers_whose_check_digit_fits(nine: int) -> None:
    weighed = 11 - sum(int(digit) * weight for digit, weight in zip(str(nine), range(10, 1, -1), strict=True)) % 11
    fitting = [number for number in range(10) if number == weighed % 11 and weighed != 10]
    issued = not 500_000_000 <= nine <= 599_999_999
    found = [digit for digit in range(10) if "nhs_number" in kinds(f"No. {nine}{digit} it is")]
    assert found == (fitting if issued else [])


ENQUIRIES_ALARMED, FEEDBACK_ALARMED = 0.0, 0.005  # the most of each that may be taken for private


def alarms(texts: list[str]) -> Counter[str]:
    return Counter(kind for text in texts for kind in set(kinds(text)))


def test_few_false_alarms_in_what_people_really_write(capsys: pytest.CaptureFixture[str]) -> None:
    with sample_data("enquiries", "test.csv").open(encoding="utf-8") as rows:
        enquiries = [row["text"] for row in csv.DictReader(rows)]
    with sample_data("nhs-feedback", "v6framework_230831.csv").open(encoding="utf-8-sig") as rows:
        feedback = [row.get("FFT answer") or "" for row in csv.DictReader(rows)]
    for name, texts, most in (("enquiries", enquiries, ENQUIRIES_ALARMED), ("feedback", feedback, FEEDBACK_ALARMED)):
        found = alarms(texts)
        with capsys.disabled():
            sys.stdout.write(f"\n{name}: {sum(found.values())} alarms in {len(texts)} texts: {dict(found)}\n")
        assert len(texts) > 3000
        assert sum(found.values()) <= most * len(texts)
