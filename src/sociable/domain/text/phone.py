"""Decides what a typed phone number is: its one form by which the same person is known again, and how people read it.

Which numbers in a text are private is found by private; who may be called is left to the rooms above.
"""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from sociable.domain.errors import DomainError

HOME = "GB"  # how a number without its country is read


class NotANumber(DomainError):
    """What was typed is no phone number that could be called."""


def e164(typed: str, region: str = HOME) -> str:
    """This function will return a typed phone number in its one form, "+441132224444", however it was spaced.

    Errors: NotANumber
    Source: ITU-T E.164; numbering plans as libphonenumber has them
    """
    try:
        number = phonenumbers.parse(typed, region)
    except NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise NotANumber("This is not a phone number. Write it as in 0113 222 4444, or +353 1 222 4444 from abroad.")
    return str(phonenumbers.format_number(number, PhoneNumberFormat.E164))


def is_mobile(number: str) -> bool:
    """This function will say whether a number in its one form is one that takes texts, as far as its plan tells."""
    try:
        known = phonenumbers.parse(number, None)
    except NumberParseException:
        return False
    kind = phonenumbers.number_type(known)
    if kind == PhoneNumberType.UNKNOWN and known.country_code == phonenumbers.country_code_for_region(HOME):
        return str(known.national_number).startswith("7")  # a range that is new, or kept for examples, as 07700 900
    return kind in (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


def number_words(number: str) -> str:
    """This function will write a number as people read it: "0113 222 4444", "+353 1 222 4444"; anything else as it is."""
    try:
        known = phonenumbers.parse(number, HOME)
    except NumberParseException:
        return number
    here = known.country_code == phonenumbers.country_code_for_region(HOME)
    form = PhoneNumberFormat.NATIONAL if here else PhoneNumberFormat.INTERNATIONAL
    return str(phonenumbers.format_number(known, form))
