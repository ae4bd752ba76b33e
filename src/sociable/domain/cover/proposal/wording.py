"""Decides how days and times of a rota are said. What is said with them is left to whoever explains."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sociable.domain.worktime.wording import and_words

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_words(on: date) -> str:
    """This function will say a day: Tue 3 Jun."""
    return f"{DAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"


def hours_words(half_hours: int) -> str:
    """This function will say a number of half hours as hours: 7½ hours."""
    whole, half = divmod(half_hours, 2)
    number = f"{whole or ''}{'½' if half else ''}" or "no"
    return f"{number} hour{'' if half_hours in (1, 2) else 's'}"


def names_words(names: Sequence[str], most: int = 5) -> str:
    """This function will list names, and how many more there are: Jen, Kal and 3 others."""
    more = len(names) - most
    if more > 0:
        names = [*names[:most], f"{more} other{'s' if more > 1 else ''}"]
    return and_words(list(names))


def of_several(clause: str) -> str:
    """This function will turn what is said of one person into what is said of several: "is on leave", "are on leave"."""
    for one, many in (("is ", "are "), ("has ", "have "), ("does ", "do "), ("works ", "work ")):
        if clause.startswith(one):
            return many + clause.removeprefix(one)
    return clause
