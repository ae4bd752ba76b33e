"""Decides how a proposal is explained: why somebody is put on a shift, and why an hour stays open.

What speaks against a shift is asked of limits, the same rules that hold for a shift made by hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

from sociable.domain.cover.limits import Around, concerns
from sociable.domain.cover.proposal.columns import Column, Sheet, columns
from sociable.domain.cover.proposal.counting import Hole
from sociable.domain.cover.proposal.grid import monday, runs
from sociable.domain.cover.proposal.problem import Person, Shift, Span
from sociable.domain.cover.proposal.wording import hours_words, names_words, of_several
from sociable.domain.worktime.wording import and_words

MOST_NAMED = 6
NOT_IN = "does not work then"
COULD = "could perhaps, but the search ended before it was sure"


class Explainer:
    """Answers why, of one rota: what is known of everybody is read once."""

    def __init__(self, sheet: Sheet, shifts: Sequence[Shift]) -> None:
        self.sheet = sheet
        self.shifts = shifts
        self.zone = ZoneInfo(sheet.problem.zone)
        self.people = {person.person_id: n for n, person in enumerate(sheet.problem.people)}
        self.names = {account.account_id: account.name for account in sheet.problem.accounts}
        self.published = {(each.person_id, each.span) for each in sheet.problem.movable}
        every = {*shifts, *sheet.problem.fixed}
        self.shifts_of: list[list[Shift]] = [[] for _ in sheet.problem.people]
        for shift in sorted(every):
            if shift.person_id in self.people:
                self.shifts_of[self.people[shift.person_id]].append(shift)
        self.columns: list[list[Column]] = [[] for _ in sheet.problem.people]
        for column in columns(replace(sheet, problem=replace(sheet.problem, fixed=()))):
            self.columns[column.person].append(column)

    # -- Why somebody is on a shift

    def why_on(self, shift: Shift) -> str:
        """This function will say why somebody is put on a shift, in a sentence or two."""
        if shift in self.sheet.problem.fixed:
            return "It stands, and stays as it is."
        number = self.people[shift.person_id]
        person = self.sheet.problem.people[number]
        parts = [f"{person.name} is in then and ready for {and_words([self.names[each] for each in shift.accounts])}"]
        if (shift.person_id, shift.span) in self.published:
            parts.append("they have it already")
        parts += self._who_else(number, shift)
        parts += self._wished(person, shift)
        return f"{'; '.join(parts)}."

    def _who_else(self, number: int, shift: Shift) -> Iterable[str]:
        """Where nobody else could; otherwise what they have to do already."""
        slots = set(self.sheet.grid.inner(shift.span))
        alone, others = [], set()
        for account_id in shift.accounts:
            account = self.sheet.numbers()[account_id]
            wanted = slots & self.sheet.needed[account].keys()
            could = {
                other
                for other, ready in enumerate(self.sheet.ready)
                if other != number and wanted & self.sheet.working[other] & set(ready.get(account, ()))
            }
            others |= could
            if not could:
                alone.append(self.names[account_id])
        if alone:
            yield f"nobody else who is ready for {and_words(alone)} is in then"
        elif others:
            yield self._beside(number, sorted(others), shift)

    def _beside(self, number: int, others: list[int], shift: Shift) -> str:
        mine = hours_words(self._hours_that_week(number, shift))
        names = names_words([self.sheet.problem.people[other].name for other in others], 2)
        return f"{names} could too, and the hours are shared by what each could work: {mine} in that week here"

    def _hours_that_week(self, number: int, shift: Shift) -> int:
        week = monday(self.sheet.grid.day(self.sheet.grid.slot(shift.starts_at)))
        theirs = self.shifts_of[number]
        grid = self.sheet.grid
        return sum(len(grid.inner(each.span)) for each in theirs if monday(grid.day(grid.slot(each.starts_at))) == week)

    def _wished(self, person: Person, shift: Shift) -> Iterable[str]:
        met = [wish for wish in person.wishes if wish.span.meets(shift.span)]
        if any(wish.rather for wish in met):
            yield "as they would rather"
        if any(not wish.rather for wish in met):
            yield "though they would rather not: nothing better was found"

    # -- Why an hour stays open

    def why_open(self, hole: Hole) -> str:
        """This function will say why an hour stays open: what keeps each person who is ready for the account."""
        account = self.sheet.numbers()[hole.account_id]
        name = self.names[hole.account_id]
        slots = set(self.sheet.grid.touched(hole.span))
        ready = [number for number, known in enumerate(self.sheet.ready) if slots & set(known.get(account, range(0)))]
        there = [number for number in ready if self.is_there(number, hole)]
        kept = self.all_kept([number for number in ready if number not in there], hole, account, slots)
        if not ready:
            return f"Nobody is ready for {name}{self._ran_out(hole)}."
        who = (
            f"Only {names_words([self._name(n) for n in there])} can be there"
            if there
            else f"Nobody ready for {name} can be there"
        )
        more = f"; and {len(kept) - MOST_NAMED} more cannot either" if len(kept) > MOST_NAMED else ""
        return f"{who}: {'; '.join(kept[:MOST_NAMED]) or 'more people need to be ready'}{more}."

    def all_kept(self, numbers: list[int], hole: Hole, account: int, slots: set[int]) -> list[str]:
        """This function will say what keeps each person, those whom the same keeps together, and last those who just are not in."""
        alike: dict[str, list[str]] = {}
        for number in numbers:
            alike.setdefault(self.keeps(number, hole, account, slots), []).append(self._name(number))
        ordered = sorted(alike.items(), key=lambda each: each[0] == NOT_IN)
        return [f"{names_words(names)} {keeps if len(names) == 1 else of_several(keeps)}" for keeps, names in ordered]

    def _ran_out(self, hole: Hole) -> str:
        """Who was ready, and no longer is."""
        gone = [
            person.name
            for person in self.sheet.problem.people
            if (when := person.ready.get(hole.account_id)) and when.until_at and when.until_at <= hole.span.starts_at
        ]
        return f": {names_words(gone)} {'was' if len(gone) == 1 else 'were'}, and it ran out" if gone else ""

    def _name(self, number: int) -> str:
        return self.sheet.problem.people[number].name

    def is_there(self, number: int, hole: Hole) -> bool:
        """This function will say whether somebody covers all of an hour."""
        return any(
            hole.account_id in shift.accounts
            and shift.starts_at <= hole.span.starts_at
            and hole.span.ends_at <= shift.ends_at
            and not self._is_away(number, hole.span)
            for shift in self.shifts_of[number]
        )

    def _is_away(self, number: int, span: Span) -> bool:
        return any(away.span.meets(span) for away in self.sheet.problem.people[number].away)

    def keeps(self, number: int, hole: Hole, account: int, slots: set[int]) -> str:
        """This function will say what keeps one person from an hour, the plainest first; COULD where nothing does."""
        person = self.sheet.problem.people[number]
        for away in person.away:
            if away.span.meets(hole.span):
                return f"is {away.reason}"
        if not slots & self.sheet.working[number]:
            return person.hours_in_words or NOT_IN
        for shift in self.shifts_of[number]:
            if shift.span.meets(hole.span) and hole.account_id in shift.accounts:
                return "is there for a part of it"
            if shift.span.meets(hole.span):
                named = [self.names.get(each, "another account") for each in shift.accounts]
                return f"is then on duty for {and_words(named or ['nothing'])}"
        return self._limit(number, account, slots)

    def _limit(self, number: int, account: int, slots: set[int]) -> str:
        could = [column for column in self.columns[number] if column.accounts.get(account, frozenset()) & slots]
        if not could:
            return "is in, but no shift that fits reaches it"
        against = {words for column in could for words in self.speaks_against(number, column)}
        if any(not self.speaks_against(number, column) for column in could):
            return COULD
        return f"is in, but {as_clause(min(against, key=len))}"

    def speaks_against(self, number: int, column: Column) -> list[str]:
        """This function will say what speaks against one more shift of somebody's, by the rules that hold for one made by hand."""
        person, grid = self.sheet.problem.people[number], self.sheet.grid
        around = Around(
            who=person.name,
            shifts=tuple((shift.starts_at, shift.ends_at) for shift in self.shifts_of[number]),
            accounts=min(len(column.accounts), person.limits.at_once),
            limits=person.limits,
            zone=self.zone,
        )
        return [concern.words for concern in concerns((grid.at(column.first), grid.at(column.last)), around)]

    def stretches(self, slots: set[int]) -> list[Span]:
        """This function will join half hours to spans."""
        return [Span(self.sheet.grid.at(run.start), self.sheet.grid.at(run.stop)) for run in runs(slots)]


def as_clause(sentence: str) -> str:
    """This function will put a sentence inside another: without its full stop, and small where it begins with no name."""
    clause = sentence.rstrip(".").replace("; ", ", and ")
    for start in ("It ", "Only "):
        if clause.startswith(start):
            return clause[0].lower() + clause[1:]
    return clause
