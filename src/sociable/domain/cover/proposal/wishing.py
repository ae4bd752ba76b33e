"""Says of each wish whether a proposed rota keeps it, and what stood in its way where it does not.

How much a wish weighs beside everything else is decided in drafting; why an hour stays open is said by explaining.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sociable.domain.cover.proposal.columns import Column
from sociable.domain.cover.proposal.counting import Hole, there
from sociable.domain.cover.proposal.explaining import COULD, MOST_NAMED, NOT_IN, Explainer, as_clause
from sociable.domain.cover.proposal.grid import runs
from sociable.domain.cover.proposal.problem import Shift, Span, Wish
from sociable.domain.cover.proposal.wording import day_words, names_words
from sociable.domain.promise import clock_words
from sociable.domain.worktime.wording import and_words


@dataclass(frozen=True, slots=True)
class Wished:
    """A wish at one of its times, whether the rota keeps it, and that in a sentence."""

    person_id: int
    wish: Wish
    kept: bool
    words: str


def wished(explainer: Explainer) -> list[Wished]:
    """This function will say of each wish what became of it, those first that could not be kept.

    Shape:  a wish to be free where somebody is not in anyway is left out: nothing was to be decided
    """
    told = [
        _told(explainer, number, wish)
        for number, person in enumerate(explainer.sheet.problem.people)
        for wish in person.wishes
        if wish.span.meets(explainer.sheet.grid.span) and _matters(explainer, number, wish)
    ]
    return sorted(told, key=lambda each: (each.kept, each.wish.span, each.person_id))


def _matters(explainer: Explainer, number: int, wish: Wish) -> bool:
    slots = set(explainer.sheet.grid.touched(wish.span))
    return wish.rather or bool(slots & explainer.sheet.working[number] or _on_duty(explainer, number, wish))


def _on_duty(explainer: Explainer, number: int, wish: Wish) -> list[Shift]:
    return [shift for shift in explainer.shifts_of[number] if shift.span.meets(wish.span)]


def _told(explainer: Explainer, number: int, wish: Wish) -> Wished:
    person, on_duty = explainer.sheet.problem.people[number], _on_duty(explainer, number, wish)
    asked = f"{person.name} wished to {'work' if wish.rather else 'be free'} on {_when(explainer, wish.span)}"
    if bool(on_duty) == wish.rather:
        return Wished(person.person_id, wish, True, f"{asked}; it was kept.")
    why = _why_not_on(explainer, number, wish) if wish.rather else _why_not_free(explainer, number, wish, on_duty)
    return Wished(person.person_id, wish, False, f"{asked}; it could not be kept because {why}.")


def _when(explainer: Explainer, span: Span) -> str:
    """A whole day by its name alone."""
    first, last = (at.astimezone(explainer.zone) for at in (span.starts_at, span.ends_at))
    if first.time() == last.time() and last.date() - first.date() == timedelta(days=1) and not first.hour:
        return day_words(first.date())
    until = clock_words(last.time())
    if last.date() != first.date():
        until = f"{until} on {day_words(last.date())}"
    return f"{day_words(first.date())}, {clock_words(first.time())} to {until}"


# -- Why somebody is not free ----------------------------------------------------------------------------------------------


def _why_not_free(explainer: Explainer, number: int, wish: Wish, on_duty: list[Shift]) -> str:
    fixed = [shift for shift in on_duty if shift in explainer.sheet.problem.fixed]
    if fixed:
        return "a shift of theirs then stands, and stays as it is"
    reasons = [words for shift in on_duty for words in _would_lack(explainer, number, wish, shift)]
    if reasons:
        return "; ".join(dict.fromkeys(reasons))
    names = and_words([explainer.names[each] for each in on_duty[0].accounts])
    return f"a shift that covers {names} reaches into it, and no other was better"


def _would_lack(explainer: Explainer, number: int, wish: Wish, shift: Shift) -> Iterator[str]:
    """For each account that would lack somebody without them: who else could not, or only at a higher price."""
    sheet = explainer.sheet
    slots = set(sheet.grid.touched(wish.span)) & set(sheet.grid.inner(shift.span))
    without = there(sheet, [each for each in explainer.shifts if each != shift])
    for account_id in shift.accounts:
        account = sheet.numbers()[account_id]
        lacks = {
            slot for slot in slots & sheet.needed[account].keys()
            if len(without[account].get(slot, ())) < sheet.needed[account][slot]
        }  # fmt: skip
        for run in list(runs(lacks))[:1]:
            yield _nobody_else(explainer, number, account_id, Span(sheet.grid.at(run.start), sheet.grid.at(run.stop)))


def _nobody_else(explainer: Explainer, number: int, account_id: int, span: Span) -> str:
    hole = Hole(account_id, span, 1, late=False)
    slots, account = set(explainer.sheet.grid.touched(span)), explainer.sheet.numbers()[account_id]
    ready = [n for n, known in enumerate(explainer.sheet.ready) if slots & set(known.get(account, ()))]
    others = [n for n in ready if n != number and not explainer.is_there(n, hole)]
    name = explainer.names[account_id]
    free = [n for n in others if explainer.keeps(n, hole, account, slots) == COULD]
    if free:
        names = names_words([explainer.sheet.problem.people[n].name for n in free], 2)
        return f"{name} needs somebody then; {names} could have, at the price of less even hours or of other wishes"
    kept = explainer.all_kept(others, hole, account, slots)
    else_ = f": {'; '.join(kept[:MOST_NAMED])}" if kept else ", and nobody else is ready for it"
    return f"{name} would have been without cover then{else_}"


# -- Why somebody is not on duty -------------------------------------------------------------------------------------------


def _why_not_on(explainer: Explainer, number: int, wish: Wish) -> str:
    """The plainest first: away, not in, nothing to do then, a limit, others."""
    sheet, person = explainer.sheet, explainer.sheet.problem.people[number]
    slots = set(sheet.grid.touched(wish.span))
    for away in person.away:
        if away.span.meets(wish.span):
            return f"they are {away.reason}"
    if not slots & sheet.working[number]:
        return f"{person.name} {person.hours_in_words or NOT_IN}"
    wanted = {n for n in sheet.ready[number] if slots & sheet.working[number] & sheet.needed[n].keys()}
    if not wanted:
        return "no account that they are ready for needs anybody then"
    could = [column for column in explainer.columns[number] if not slots.isdisjoint(range(column.first, column.last))]
    if not could:
        return "no kind of shift fits then"
    against = _against(explainer, number, could)
    if against:
        return as_clause(min(against, key=len))
    return "others cover it, and one shift more would cost more than the wish weighs"


def _against(explainer: Explainer, number: int, could: Sequence[Column]) -> list[str]:
    """What speaks against the shifts they could have had then; nothing where nothing speaks against one of them."""
    said = [explainer.speaks_against(number, column) for column in could]
    return [words for each in said for words in each] if all(said) else []
