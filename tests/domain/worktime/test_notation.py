"""Hours in OpenStreetMap's notation: what is read, how it is written, and what is refused at which place."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sociable.domain.worktime import HoursError, HoursNotationError, StatedHours

NINE_TO_FIVE = ((540, 1020),)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Mo-Fr 09:00-17:00", None),
        ("Mo-Fr 08:30-17:00; Sa 09:00-12:00; PH off; 2026 Dec 24 08:30-12:00; 2026 Dec 28-31 off", None),
        ("Mo-Th 08:30-17:00; Fr 08:30-16:30", None),
        ("Mo,We,Fr 09:00-12:00,14:00-16:30; PH off", None),
        ("Mo-Fr 22:00-06:00; PH 22:00-24:00", None),
        ("24/7", None),
        ("24/7; PH off; 2026 Jan 1 off", None),
        ("off", None),
        ("off; PH 10:00-12:00", None),
        ("Mo 09:00-33:00", None),
        ("2026 Dec 28-2027 Jan 2 off", "off; 2026 Dec 28-2027 Jan 2 off"),
        ("2026 Nov 28-Dec 2 off", "off; 2026 Nov 28-Dec 2 off"),
        ("Sa-Mo 09:00-17:00", "Mo,Sa-Su 09:00-17:00"),
        ("Fr-Mo 09:00-17:00", "Mo,Fr-Su 09:00-17:00"),
        ("Mo-Su 00:00-24:00", "24/7"),
        ("09:00-17:00", "Mo-Su 09:00-17:00"),
        ("Mo-Su closed", "off"),
        ("Mo-Su,PH 09:00-17:00", "Mo-Su 09:00-17:00; PH 09:00-17:00"),
        ("Mo-Fr 09:00-17:00; We off", "Mo-Tu,Th-Fr 09:00-17:00"),
        ("Mo-Fr 09:00-17:00; We 10:00-12:00", "Mo-Tu,Th-Fr 09:00-17:00; We 10:00-12:00"),
        ("Mo 18:00-00:00", "Mo 18:00-24:00"),
        ("Mo 22:00-26:00", "Mo 22:00-02:00"),
        ("Mo 09:00-12:00,12:00-17:00", "Mo 09:00-17:00"),
        ("Mo 14:00-16:00,09:00-15:00", "Mo 09:00-16:00"),
        ("Mo 09:00-17:00,10:00-12:00", "Mo 09:00-17:00"),
        ("  mo - fr  9:00 - 17:00 ,  18:00-19:00;ph OFF ; ", "Mo-Fr 09:00-17:00,18:00-19:00; PH off"),
        ("Mo\N{EN DASH}Fr 09:00\N{EN DASH}17:00", "Mo-Fr 09:00-17:00"),
        ("2026 Dec 24, 2026 Dec 31 09:00-12:00", "off; 2026 Dec 24 09:00-12:00; 2026 Dec 31 09:00-12:00"),
        ("2026 Dec 24,26,Jan 2 off", "off; 2026 Jan 2 off; 2026 Dec 24 off; 2026 Dec 26 off"),
        ("2026 Dec 24 off; 2026 Dec 24 09:00-12:00", "off; 2026 Dec 24 09:00-12:00"),
        ("2028 Feb 29 off", "off; 2028 Feb 29 off"),
    ],
)
def test_read_and_written(text: str, written: str | None) -> None:
    hours = StatedHours.parse(text)
    assert hours.notation == (written or text)
    assert StatedHours.parse(hours.notation) == hours


def test_what_was_read() -> None:
    hours = StatedHours.parse("Mo-Fr 09:00-17:00; Sa 22:00-06:00; PH off; 2026 Dec 24-26 09:00-12:00,13:00-24:00")
    assert hours.weekly == (*[NINE_TO_FIVE] * 5, ((1320, 1800),), ())
    assert hours.bank_holidays == ()
    assert hours.special == dict.fromkeys([date(2026, 12, day) for day in (24, 25, 26)], ((540, 720), (780, 1440)))


def test_without_a_word_on_bank_holidays_they_are_days_like_any_other() -> None:
    assert StatedHours.parse("Mo-Fr 09:00-17:00").bank_holidays is None


@pytest.mark.parametrize(
    ("text", "place", "part", "reason"),
    [
        ("", 0, "", "No hours are given"),
        ("  ;", 2, ";", "Nothing stands"),
        ("Mo-Fr 09:00-17:00;; PH off", 18, ";", "Nothing stands"),
        ("Mo-Fr", 0, "Mo-Fr", "Hours are missing"),
        ("Mo-Fr 09:00-17:00; PH", 19, "PH", "Hours are missing"),
        ("2026 Dec 24", 0, "2026 Dec 24", "Hours are missing"),
        ("Mo-Fr 09:00-17:00; Xx 10:00-12:00", 19, "Xx", "not days"),
        ("Mo- 09:00-17:00", 0, "Mo-", "not days"),
        ("Mo-PH 09:00-17:00", 0, "Mo-PH", "not days"),
        ("PH -1 day off", 0, "PH -1 day", "not days"),
        ("Mo-Fr: 09:00-17:00", 0, "Mo-Fr:", "not days"),
        ("Mo-Fr 09:00", 6, "09:00", "not a span"),
        ("Mo-Fr 09:00-17", 6, "09:00-17", "not a span"),
        ("Mo-Fr 09:00-12:00,", 18, "", "not a span"),
        ("Mo-Fr 09:00-12:00, 13-14", 19, "13-14", "not a span"),
        ("Mo-Fr 09:00-17:00 off", 6, "09:00-17:00 off", "not a span"),
        ("Mo-Fr off 09:00-17:00", 6, "off 09:00-17:00", "not a span"),
        ("Mo-Fr 09:60-17:00", 6, "09:60-17:00", "no such time"),
        ("Mo-Fr 24:00-25:00", 6, "24:00-25:00", "no such time"),
        ("Mo-Fr 10:00-48:01", 6, "10:00-48:01", "no such time"),
        ("Mo-Fr 09:00-09:00", 6, "09:00-09:00", "same time"),
        ("Mo-Fr 09:00-34:00", 6, "09:00-34:00", "longer than 24 hours"),
        ("Mo 08:00-20:00,20:00-19:00", 3, "08:00-20:00,20:00-19:00", "longer than 24 hours"),
        ("Mo " + ",".join(f"{hour:02d}:00-{hour:02d}:30" for hour in range(9)), 3, None, "8 separate spans"),
        ("PH off; Mo-Fr 09:00-17:00", 8, "Mo-Fr 09:00-17:00", "Put bank holidays after"),
        ("PH off; 24/7", 8, "24/7", "Put bank holidays after"),
        ("2026 Dec 24 off; Mo 09:00-12:00", 17, "Mo 09:00-12:00", "Put dated days after the days"),
        ("2026 Dec 24 off; PH off", 17, "PH off", "Put dated days after bank"),
        ("Dec 24 off", 0, "Dec 24", "needs its year"),
        ("Dec 24-26 off", 0, "Dec 24-26", "needs its year"),
        ("Dec-Jan 09:00-17:00", 0, "Dec-Jan", "not a date"),
        ("2026 off", 0, "2026", "not a date"),
        ("2026 Dec off", 0, "2026 Dec", "not a date"),
        ("2026 Feb 29 off", 0, "2026 Feb 29", "no such date"),
        ("2026 Dec 24-32 off", 0, "2026 Dec 24-32", "no such date"),
        ("2026 Dec 28-Jan 2 off", 0, "2026 Dec 28-Jan 2", "ends before it begins"),
        ("2026 Jan 1-2027 Jan 2 off", 0, "2026 Jan 1-2027 Jan 2", "366 days at most"),
        ("1899 Dec 24 off", 0, "1899 Dec 24", "year must be"),
        ("2026 Dec 24 Mo 09:00-12:00", 0, "2026 Dec 24 Mo", "not a date"),
        ("2026-12-24 off", 0, "2026-12-24", "as in 2026 Dec 24"),
        ("Mo-Fr 09:00-17:00; SH off", 19, "SH", "School holidays"),
        ("Mo-Fr sunrise-sunset", 6, "sunrise", "not of the sun"),
        ("week 01-10 Mo 09:00-12:00", 0, "week", "Week numbers"),
        ("easter off", 0, "easter", "Easter moves"),
        ("Mo[1] 09:00-12:00", 2, "[1]", "within a month"),
        ("Mo-Fr 09:00+", 11, "+", "when they close"),
        ('Mo-Fr 09:00-17:00 "by appointment"', 18, '"by appointment"', "no comments"),
        ('Mo-Fr 09:00-17:00 "unfinished', 18, '"unfinished', "no comments"),
        ("Mo-Fr 09:00-17:00 || off", 18, "||", "no fallback"),
        ("Mo-Fr unknown", 6, "unknown", "Say the hours"),
        ("Mo-Fr open", 6, "open", "Say the hours"),
        ("Mo-Fr 9am-5pm", 6, "9am", "24-hour clock"),
        ("Mo-Fr 9:00 a.m.-5:00 p.m.", 9, "0 a.m", "24-hour clock"),
        ("Mo-Fr 09:00-12:00, We 14:00-16:00", 17, ", We", "semicolon"),
        ("Mo-Fr 09:00-12:00, 2026 Dec 24 off", 17, ", 2026", "semicolon"),
        ("24/7 off", 0, "24/7", "not days"),
        ("nonsense", 0, "nonsense", "not days"),
        ("Mo-Fr 09:00-17:00" + " " * 200_000, 200_000, "", "longer than 200,000"),
    ],
)
def test_refused_with_place_part_and_reason(text: str, place: int, part: str | None, reason: str) -> None:
    with pytest.raises(HoursNotationError) as refusal:
        StatedHours.parse(text)
    said = refusal.value
    assert (said.place, reason in said.reason) == (place, True), said
    assert part is None or said.part == part
    assert said.reason.endswith(".")
    assert text.startswith(said.part, said.place), "the part stands at the place"
    assert said.message.startswith(said.reason)


FLOODS = {
    "spans": "Mo " + "09:00-10:00," * 15_000,
    "days": "Mo-Fr,-" * 28_000,
    "numbers": "1 " * 99_000,
    "dates": "2026 Jan 1-Dec 31,2027 Jan 1-Dec 31," * 5_000,
    "years": "; ".join(f"{year} Jan 1-Dec 31 off" for year in range(1900, 2200)),
    "comments": '"' * 199_999,
    "brackets": "[" * 199_999,
    "colons": ":00," * 49_000,
    "spaces": " " * 200_000,
}


@pytest.mark.parametrize("text", FLOODS.values(), ids=FLOODS.keys())
def test_a_flood_is_refused_at_once(text: str) -> None:
    with pytest.raises(HoursNotationError):
        StatedHours.parse(text)


def test_the_most_that_can_be_stated_can_be_written_and_read() -> None:
    spans = [(hour * 120, hour * 120 + 30 + hour) for hour in range(8)]
    special = {date(2026, 1, 1) + timedelta(days=2 * number): spans for number in range(1000)}
    hours = StatedHours.build([spans] * 7, spans, special)
    assert StatedHours.parse(hours.notation) == hours


@pytest.mark.parametrize(
    ("weekly", "bank_holidays", "special", "reason"),
    [
        ([[]] * 6, None, {}, "seven days"),
        ([[(-1, 10)]] + [[]] * 6, None, {}, "time of day"),
        ([[(1440, 1500)]] + [[]] * 6, None, {}, "time of day"),
        ([[(600, 600)]] + [[]] * 6, None, {}, "Closing must come after"),
        ([[(600, 540)]] + [[]] * 6, None, {}, "Closing must come after"),
        ([[(600, 2041)]] + [[]] * 6, None, {}, "24 hours"),
        ([[]] * 7, [(600, 540)], {}, "Closing must come after"),
        ([[]] * 7, None, {date(2026, 1, 1): [(600, 540)]}, "Closing must come after"),
        ([[]] * 7, None, {date(2200, 1, 1): []}, "years from 1900"),
        ([[]] * 7, None, {date(1899, 1, 1): []}, "years from 1900"),
        ([[]] * 7, None, {date(2026, 1, 1) + timedelta(days=day): [] for day in range(1001)}, "1000 special days"),
    ],
)
def test_a_form_is_refused_in_words(weekly: object, bank_holidays: object, special: object, reason: str) -> None:
    with pytest.raises(HoursError, match=reason) as refusal:
        StatedHours.build(weekly, bank_holidays, special)  # type: ignore[arg-type]
    assert refusal.value.message.endswith(".")
