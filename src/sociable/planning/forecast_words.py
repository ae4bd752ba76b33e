"""Says a forecast in words: how many, how likely in time, how long people wait, and what it all rests on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sociable.cover.outlook_models import Outlook
from sociable.directory.models import Account
from sociable.domain.cover.forecast import Basis, Forecast
from sociable.domain.cover.interval import Chance
from sociable.domain.cover.outlook import DayOutlook
from sociable.domain.cover.queueing import NEVER
from sociable.domain.promise import in_words
from sociable.journeys.foresee import Foreseen

GOOD, FAIR = 0.95, 0.8
LEAST_PEOPLE = 3  # a mean of fewer is the speed of a person, which is shown to nobody but them


def tone_of(chance: Chance | None) -> str:
    """This function will choose the tone in which a chance is shown; the words beside it say the same."""
    if chance is None:
        return "outline"
    return _tone(chance.share)


def _tone(share: float) -> str:
    return "good" if share >= GOOD else "warn" if share >= FAIR else "late"


def in_a_hundred(share: float) -> str:
    """This function will say a share so that neither all nor none is said of what is only nearly so."""
    if 0.995 <= share < 1:
        return "more than 99"
    if 0 < share < 0.005:
        return "fewer than 1"
    return f"{share * 100:.0f}"


def chance_words(chance: Chance | None) -> str:
    """This function will say how likely it is that somebody is answered in time."""
    return "not judged" if chance is None else f"{in_a_hundred(chance.share)} in 100 in time"


def outlook_words(outlook: Outlook | None, today: date) -> dict[str, Any]:
    """This function will say how likely an account's promise is kept, as it was last worked out, and on which coming day least."""
    if outlook is None:
        return {"chance": "", "tone": "outline", "worst": ""}
    if outlook.chance is None:
        return {"chance": "not judged", "tone": "outline", "worst": ""}
    coming = [(each["chance"], date.fromisoformat(each["on"])) for each in outlook.days if each["chance"] is not None]
    least, on = min(((share, on) for share, on in coming if on >= today), default=(outlook.chance, today))
    worst = (
        f"least on {on:%a} {on.day} {on:%b}: {in_a_hundred(least)} in 100" if least < min(GOOD, outlook.chance) else ""
    )
    return {
        "chance": f"{in_a_hundred(outlook.chance)} in 100 in time", "tone": _tone(outlook.chance), "worst": worst,
        "worked_out_at": outlook.worked_out_at,
    }  # fmt: skip


def between_words(chance: Chance) -> str:
    """This function will say between what a chance surely lies; finer at the ends, where it matters."""
    fine = chance.low > 0.98 or chance.high < 0.02
    low, high = (
        f"{min(99.9, max(0.1, share * 100)):.1f}" if fine and 0 < share < 1 else f"{share * 100:.0f}"
        for share in (chance.low, chance.high)
    )
    return f"nearly surely {low}" if low == high else f"nearly surely between {low} and {high}"


def chance_sentence(chance: Chance) -> str:
    """This function will say a chance with its interval."""
    return f"Of those, {in_a_hundred(chance.share)} in 100 will be answered in time ({between_words(chance)})."


def day_sentences(day: DayOutlook, promised: bool) -> list[str]:
    """This function will say what a day may bring, beside its numbers."""
    said = []
    if day.chance is not None:
        said.append(f"It lies {between_words(day.chance)} in 100.")
        if day.all_kept is not None:
            said.append(f"All of them in time on {round(day.all_kept * 10)} of 10 such days.")
    elif promised:
        said.append("What is asked then is due only after these two weeks.")
    if day.waits is not None:
        said.append(f"Half are taken up within {_wait(day.waits[0])}, 19 in 20 within {_wait(day.waits[1])}.")
    return said


def _wait(minutes: float) -> str:
    if minutes >= NEVER / 2:
        return "no time that lies in these two weeks"
    return "a minute" if minutes < 1 else in_words(timedelta(minutes=round(minutes)))


def range_words(middle: float, low: int, high: int) -> str:
    """This function will say how many requests are expected, and between what."""
    if not high:
        return "Nothing is expected"
    few = f"{middle:.1f}" if middle < 10 else f"{middle:.0f}"
    return f"{few} requests (between {low} and {high})"


def basis_words(account: Account, known: Forecast) -> str:
    """This function will say in a sentence what a forecast of requests rests on."""
    own = f"{known.of_requests:,} request{'' if known.of_requests == 1 else 's'}"
    days = f"{known.of_days} day{'' if known.of_days == 1 else 's'}"
    return {
        Basis.OWN: f"On its own history: {own} in {days}, recent weeks counting more.",
        Basis.LITTLE: f"There is little history yet, {own} in {days}, so what like accounts are asked counts too.",
        Basis.OTHERS: "It has no history yet: taken as a usual one of the accounts beside it.",
        Basis.GUESS: "Nothing is known yet. It is a guess: four requests on a working day, one on others, in the daytime.",
    }[known.basis]


def rests_on(found: Foreseen) -> list[str]:
    """This function will list what a forecast rests on, beside the requests."""
    return [
        basis_words(found.expected.account, found.expected.whole), _school_words(found), _handling_words(found),
        _several_words(found), _people_words(found),
        f"{found.runs} futures were drawn by chance and played through in the fair order, and counted.",
    ]  # fmt: skip


def _school_words(found: Foreseen) -> str:
    factor = found.expected.whole.school_factor
    more = f"{abs(factor - 1) * 100:.0f}% {'more' if factor > 1 else 'less'}"
    if not found.expected.special.school.any():
        return "No school holidays are noted for these days. Bank holidays count as days of their own."
    if abs(factor - 1) < 0.03:
        return "School holidays fall into these days; as many are asked then as in term. Bank holidays count as days of their own."
    return f"School holidays fall into these days, when {more} is asked. Bank holidays count as days of their own."


def _handling_words(found: Foreseen) -> str:
    minutes = f"{found.handling.minutes:.0f} minutes"
    row = found.set_by_lead
    if row is not None and row.minutes:
        return f"An answer takes {minutes}, as {row.set_by.name if row.set_by else 'a lead'} has said."
    if 0 < found.people_behind < LEAST_PEOPLE:
        return (
            "How long answers take is measured and counted with, and not shown: it would be the speed of one or two people. "
            "A lead may set how long an answer takes."
        )
    if not found.handling.of:
        return f"How long answers take could not be measured yet: {minutes} each are assumed."
    return (
        f"An answer takes {minutes} on average: measured {found.handling.of:,} times from one answer to the next "
        "of the same person, where the next had waited already."
    )


def _several_words(found: Foreseen) -> str:
    if found.at_once == 1:
        return "Each person answers one after the other."
    slower = found.set_by_lead.slowing_percent if found.set_by_lead else 50
    return f"Each person holds up to {found.at_once} at once; every other beside it makes one take {slower}% longer."


def _people_words(found: Foreseen) -> str:
    if not found.people:
        return "Nobody who is ready is on the published rota in these two weeks, so nothing is answered."
    who = "1 person who is ready is" if found.people == 1 else f"{found.people} people who are ready are"
    if found.others:
        return f"{who} on the published rota. Their time is shared with what comes to other accounts."
    return f"{who} on the published rota."


def stretch_words(first_on: date, last_on: date) -> str:
    """This function will say two weeks by their ends."""
    return f"{first_on:%a} {first_on.day} {first_on:%b} to {last_on:%a} {last_on.day} {last_on:%b}"
