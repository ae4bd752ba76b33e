"""Bank holidays by division, from the list that is shipped."""

from __future__ import annotations

from datetime import date

import pytest
from govuk_bank_holidays.bank_holidays import BankHolidays

from sociable.domain.worktime import holidays
from sociable.domain.worktime.holidays import UnknownDivision


@pytest.mark.parametrize("division", holidays.DIVISIONS)
def test_the_list_is_that_of_the_package(division: str) -> None:
    listed = BankHolidays(use_cached_holidays=True).get_holidays(division=division)
    assert holidays.bank_holidays(division) == {holiday["date"] for holiday in listed}
    assert {on: holidays.name_of(division, on) for on in holidays.bank_holidays(division)} == {
        holiday["date"]: holiday["title"] for holiday in listed
    }
    assert holidays.ends_on(division) == max(holiday["date"] for holiday in listed)


def test_divisions_differ() -> None:
    easter_monday = date(2026, 4, 6)
    assert easter_monday in holidays.bank_holidays("england-and-wales")
    assert easter_monday not in holidays.bank_holidays("scotland")
    assert date(2026, 3, 17) in holidays.bank_holidays("northern-ireland")


def test_names() -> None:
    assert holidays.name_of("england-and-wales", date(2026, 12, 25)) == "Christmas Day"
    assert holidays.name_of("england-and-wales", date(2026, 12, 24)) is None


def test_an_unknown_division_is_refused() -> None:
    with pytest.raises(UnknownDivision, match="The lists are england-and-wales"):
        holidays.bank_holidays("wales")
