"""Decides which days are bank holidays in a part of the United Kingdom, from GOV.UK's list as shipped with its package.

Never asks the network. Whether a bank holiday closes anything is left to the stated hours.
"""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from importlib import resources

from sociable.domain.errors import DomainError

DIVISIONS = ("england-and-wales", "scotland", "northern-ireland")


class UnknownDivision(DomainError):
    """Bank holidays were asked for a place that GOV.UK does not list."""


@lru_cache(maxsize=len(DIVISIONS))
def _names(division: str) -> dict[date, str]:
    if division not in DIVISIONS:
        raise UnknownDivision(f"“{division}” has no list of bank holidays. The lists are {', '.join(DIVISIONS)}.")
    listed = json.loads(resources.files("govuk_bank_holidays").joinpath("bank-holidays.json").read_text("utf-8"))
    return {date.fromisoformat(event["date"]): event["title"] for event in listed[division]["events"]}


@lru_cache(maxsize=len(DIVISIONS))
def bank_holidays(division: str) -> frozenset[date]:
    """This function will return the bank holidays of a division, substitute days included.

    Errors: UnknownDivision
    Source: GOV.UK bank holidays, as cached in the govuk-bank-holidays package
    """
    return frozenset(_names(division))


def ends_on(division: str) -> date:
    """This function will return the last bank holiday that the list knows; what comes after is not known to be open.

    Errors: UnknownDivision
    """
    return max(_names(division))


def name_of(division: str, on: date) -> str | None:
    """This function will name the bank holiday of a day, "Boxing Day", or None where it is none.

    Errors: UnknownDivision
    """
    return _names(division).get(on)
