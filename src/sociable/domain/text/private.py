"""Finds in a text what must not be said where everybody can read it, and says why in words; decides nothing.

Few false alarms matter as much as few misses: people who are stopped for nothing learn to go on without reading. What a
body has made public itself (its own addresses, numbers and postcodes) is passed in as known and is no finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Literal

import nhs_number.constants
import nhs_number.validate
import phonenumbers
from phonenumbers import Leniency, PhoneNumberMatcher, PhoneNumberType

Kind = Literal["nhs_number", "national_insurance", "postcode", "birth", "phone", "email", "case"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is private: which kind, where it stands, and why it was taken for that."""

    kind: Kind
    start: int
    end: int
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the body itself has made public, however it is spaced; `domains` are those of its own mail addresses."""

    said: frozenset[str] = frozenset()
    domains: frozenset[str] = field(default_factory=frozenset)

    @classmethod
    def of(cls, texts: Iterable[str], domains: Iterable[str] = ()) -> Known:
        """Take what stands in texts of the body's own (its public card, its address) for known."""
        said = frozenset[str]().union(*(_said_in(text) for text in texts))
        return cls(said, frozenset(one.lower() for one in domains))

    def covers(self, one: Finding) -> bool:
        """Whether a finding is only what everybody may know."""
        if _bare(one.text) in self.said:
            return True
        domain = one.text.rpartition("@")[2].lower()
        return one.kind == "email" and any(domain == own or domain.endswith(f".{own}") for own in self.domains)


NOTHING_KNOWN = Known()


@lru_cache(maxsize=4096)
def _said_in(text: str) -> frozenset[str]:
    """What a public text says that would be private elsewhere; kept, since the same cards are read for every answer."""
    return frozenset(_bare(one.text) for one in private_in(text, today=date.max))


def private_in(text: str, *, today: date, known: Known = NOTHING_KNOWN) -> list[Finding]:
    """This function will find what must not be said in public, in the order of the text, one finding a place.

    `today` bounds the dates that may be somebody's birthday.

    Source: Caldicott principles and the guidance of NHS trusts: never an individual's care, number or whereabouts in public
    """
    found: list[Finding] = []
    for one in _all(text, today):
        if not known.covers(one) and not any(one.start < other.end and other.start < one.end for other in found):
            found.append(one)
    return sorted(found, key=lambda one: one.start)


def _all(text: str, today: date) -> Iterator[Finding]:
    """The surer kinds first: of two that overlap the first stands."""
    yield from _emails(text)
    yield from _nhs_numbers(text)
    yield from _insurance_numbers(text)
    yield from _births(text, today)
    yield from _cases(text)
    yield from _phones(text)
    yield from _postcodes(text)


def _bare(text: str) -> str:
    return re.sub(r"[^0-9a-z@.]", "", text.lower())


def _finding(kind: Kind, found: re.Match[str], why: str, group: int | str = 0) -> Finding:
    return Finding(kind, found.start(group), found.end(group), found[group], f"“{found[group]}” {why}")


# -- Numbers of people -----------------------------------------------------------------------------------------------------

_NHS = re.compile(r"(?<![\w+.,/-])\d{3}([ \u00a0-]?)\d{3}\1\d{4}(?![\w/-]|[.,]\d)", re.ASCII)
# Of England and Wales, Scotland, Northern Ireland, and those made for tests and training.
_ISSUED = tuple(
    (one.start, one.end)
    for region in ("ENGLAND_WALES_IOM", "SCOTLAND", "NORTHERN_IRELAND", "SYNTHETIC")
    for one in nhs_number.constants.REGIONS[region].ranges
)


def _nhs_numbers(text: str) -> Iterator[Finding]:
    for found in _NHS.finditer(text):
        digits = re.sub(r"\D", "", found[0])
        issued = any(first <= int(digits) <= last for first, last in _ISSUED)
        if issued and nhs_number.validate.is_valid(digits):
            yield _finding("nhs_number", found, "is an NHS number: its check digit fits.")


_INSURANCE = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d\d ?\d\d ?\d\d ?[A-D](?!\w)", re.IGNORECASE
)


def _insurance_numbers(text: str) -> Iterator[Finding]:
    for found in _INSURANCE.finditer(text):
        yield _finding("national_insurance", found, "looks like a National Insurance number.")


# -- Where and how to reach them -------------------------------------------------------------------------------------------

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+'-]+@[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w-])", re.IGNORECASE)


def _emails(text: str) -> Iterator[Finding]:
    for found in _EMAIL.finditer(text):
        yield _finding("email", found, "is an email address.")


# Numbers that are somebody's own; 0300, 0800 and the like belong to organisations.
_PERSONAL = (
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE,
    PhoneNumberType.PERSONAL_NUMBER,
    PhoneNumberType.VOIP,
)


# Any British mobile, also those set aside for drama and training, which no list of numbers in use holds.
_MOBILE = re.compile(r"(?:\+44|0044|0)7\d{9}")


def _phones(text: str) -> Iterator[Finding]:
    for found in PhoneNumberMatcher(text, "GB", leniency=Leniency.POSSIBLE):
        said = found.raw_string
        dialled = re.sub(r"[^\d+]", "", said.replace("(0)", ""))
        in_use = phonenumbers.is_valid_number(found.number) and phonenumbers.number_type(found.number) in _PERSONAL
        if _MOBILE.fullmatch(dialled) or (in_use and said.lstrip("(").startswith(("0", "+"))):
            yield Finding("phone", found.start, found.end, said, f"“{said}” is a phone number.")


_AREAS = (
    "AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH DL DN DT DY E EC EH EN EX FK FY G "
    "GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX "
    "PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS "
    "WV YO ZE"
)
_POSTCODE = re.compile(
    rf"(?<![\w.-])(?:{'|'.join(sorted(_AREAS.split(), key=len, reverse=True))})\d[0-9A-Z]?(?P<gap>[ \u00a0]{{0,2}})"
    r"\d[ABD-HJLNP-UW-Z]{2}(?![\w-])",
    re.IGNORECASE,
)


def _postcodes(text: str) -> Iterator[Finding]:
    for found in _POSTCODE.finditer(text):
        if found[0].isupper() or found["gap"]:  # “m25 1st” is told from “M2 51st” by nobody: small letters need the gap
            yield _finding("postcode", found, "is a postcode: it says where somebody lives.")


# -- When they were born ---------------------------------------------------------------------------------------------------

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d|\d\d)"
_DATES = tuple(
    re.compile(rf"(?<![\w/.-]){form}(?![\w/-]|\.\d)", re.IGNORECASE)
    for form in (
        r"(?P<day>0?[1-9]|[12]\d|3[01])(?P<gap>[/.-]| [/.-] )(?P<month>0?[1-9]|1[0-2])(?P=gap)" + _YEAR,
        r"(?P<year>(?:19|20)\d\d)(?P<gap>[/-])(?P<month>0[1-9]|1[0-2])(?P=gap)(?P<day>0[1-9]|[12]\d|3[01])",
        rf"{_DAY}(?: of)?[ -]{_MONTH}\.?,?[ -]{_YEAR}",
        rf"{_MONTH}\.? {_DAY},? {_YEAR}",
    )
)
_BIRTH_WORDS = re.compile(
    r"\b(?:born|birth(?:day|date)?|d\.? ?o\.? ?b|date of birth)(?!\w)\.?[^.!?\n]{0,25}$", re.IGNORECASE
)
_BIRTH_WORDS_AFTER = re.compile(
    r"^\W{0,3}(?:d\.?o\.?b\b|\(?date of birth|is (?:your|his|her|their) (?:date of )?birth)", re.IGNORECASE
)
GROWN_YEARS, OLDEST_YEARS = 16, 110


def _births(text: str, today: date) -> Iterator[Finding]:
    for form in _DATES:
        for found in form.finditer(text):
            yield from _birth(text, found, today)


def _birth(text: str, found: re.Match[str], today: date) -> Iterator[Finding]:
    told = bool(_BIRTH_WORDS.search(text[: found.start()]) or _BIRTH_WORDS_AFTER.search(text[found.end() :]))
    year = _year(found["year"], today)
    if year is None or not today.year - OLDEST_YEARS <= year <= today.year or not _exists(year, found):
        return
    if told:
        yield _finding("birth", found, "is said to be a date of birth.")
    elif len(found["year"]) == 4 and year <= today.year - GROWN_YEARS:
        yield _finding("birth", found, "could be a date of birth.")


def _year(said: str, today: date) -> int | None:
    year = int(said)
    if len(said) == 4:
        return year
    return 2000 + year if year <= today.year % 100 else 1900 + year


def _exists(year: int, found: re.Match[str]) -> bool:
    month = found["month"]
    number = int(month) if month.isdecimal() else _MONTHS.index(month[:3].lower()) + 1
    try:
        date(year, number, int(found["day"]))
    except ValueError:
        return False
    return True


# -- Their business with us ------------------------------------------------------------------------------------------------

_CASE_WORDS = (
    r"case|reference|ref|claim|account|application|complaint|incident|ticket|enquiry|referral|booking|appointment|hospital|"
    r"patient|tenancy|rent|payment|order|council tax|benefits?"
)
_CASE = re.compile(
    rf"\b(?:{_CASE_WORDS})(?: (?:reference|ref|account|number|no|id|code))*\.?(?:\s*[:#]\s*|\s+(?:is|was|no\.?|number)\s*[:#]?\s*|\s+)"
    r"(?P<number>#?(?=[A-Z0-9/-]*\d[A-Z0-9/-]*\d[A-Z0-9/-]*\d)(?:[A-Z0-9]+[/-]?)*[A-Z0-9])(?![\w-])",
    re.IGNORECASE,
)
_CASE_CHARS = 5


def _cases(text: str) -> Iterator[Finding]:
    for found in _CASE.finditer(text):
        if len(re.sub(r"[^0-9A-Za-z]", "", found["number"])) >= _CASE_CHARS:
            yield _finding("case", found, "looks like the number of somebody's case.", "number")
