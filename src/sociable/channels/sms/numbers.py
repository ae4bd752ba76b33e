"""Decides which number a phone network or a person names, in the one form in which numbers are compared.

Leaves what that form is to domain/text, and who the number belongs to to the rooms above.
"""

from sociable.domain.text import NotANumber, e164, number_words

FEWEST_DIGITS = 8  # a shorter one is a service of the networks: it can text us, and nobody can text it


def normalise(number: str) -> str:
    """Return a number as +447700900123; a short one, or a name that stands for one, as it came; nothing for nothing."""
    said = number.strip()
    digits = said.removeprefix("+").removeprefix("00")
    if sum(map(str.isdigit, digits)) < FEWEST_DIGITS:
        return said[:40].strip()
    for form in (f"+{digits}" if digits[:1].isdigit() else said, said):
        try:
            return e164(form)
        except NotANumber:
            continue
    return said[:40].strip()


def is_answerable(number: str) -> bool:
    """Say whether a text can be sent to it: not to a name or a short number."""
    return number.startswith("+") and sum(map(str.isdigit, number)) >= FEWEST_DIGITS


def as_people_write_it(number: str) -> str:
    """Return a number as it is written where it is used: 07700 900123 at home, +33 6 12 34 56 78 elsewhere."""
    return number_words(number) if is_answerable(number) else number
