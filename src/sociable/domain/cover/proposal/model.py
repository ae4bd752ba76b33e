"""Decides how a rota's rules are written down as sums of yes-or-no choices, each rule under a name that people understand.

What the choices mean is left to columns and duties; finding the best of them is left to solving.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

Terms = Sequence[tuple[int, int]]
"""Choices by number, each with how often it counts."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A sum that must lie between two bounds, and whose rule it is, in words; rules without words are the model's own."""

    terms: Terms
    least: int
    most: int
    words: str = ""


@dataclass(slots=True)
class Model:
    """Choices with their costs, and the rules between them. All numbers are whole."""

    costs: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    sure: set[int] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)
    """the words of rules that what was decided already exceeds"""
    loose: int = 0
    """what it costs to break a rule that has words; 0: it cannot be broken"""
    given_way: dict[int, str] = field(default_factory=dict)
    """what is yes when a rule gave way, and its words"""
    hints: dict[int, int] = field(default_factory=dict)

    def choice(self, cost: int = 0) -> int:
        """This function will add a yes or no that costs so much when it is yes, and return its number."""
        return self.count(1, cost)

    def count(self, most: int, cost: int = 0) -> int:
        """This function will add a whole number from 0 to `most` that costs so much apiece, and return its number."""
        self.costs.append(cost)
        self.most.append(most)
        return len(self.costs) - 1

    def decide(self, choice: int) -> None:
        """This function will make a choice yes once and for all; what it alone exceeds is loosened and kept in `broken`."""
        self.sure.add(choice)
        self.rules.append(Rule(((choice, 1),), 1, 1))

    def require(self, terms: Iterable[tuple[int, int]], *, least: int = 0, most: int, words: str = "") -> None:
        """This function will hold a sum between two bounds."""
        kept = tuple(terms)
        already = sum(times for choice, times in kept if choice in self.sure)
        if already > most:
            self.broken.append(words)
            most = already
        if words and self.loose:
            kept = (*kept, (self._may_give_way(words), -self._reach(kept)))
            least = -UNBOUNDED
        if self._reach(kept) > most or least > 0 or _dips(kept, least):
            self.rules.append(Rule(kept, least, most, words))

    def _may_give_way(self, words: str) -> int:
        number = self.choice(self.loose)
        self.given_way[number] = words
        return number

    def _reach(self, terms: Terms) -> int:
        return sum(max(0, times * self.most[choice]) for choice, times in terms)

    def at_most_one(self, choices: Iterable[int], words: str = "") -> None:
        """This function will let at most one of some choices be yes."""
        self.require(((choice, 1) for choice in choices), most=1, words=words)

    def want(self, terms: Iterable[tuple[int, int]], need: int, *, under: int, over: int = 0) -> int | None:
        """This function will ask for a sum of `need`, at a price for each one missing and each one too many.

        Shape: the number that counts what is missing; None where nothing can be
        """
        kept = list(terms)
        missing = self.count(need, under) if need else None
        if missing is not None:
            kept.append((missing, 1))
        if over:
            kept.append((self.count(len(kept), over), -1))
        self.rules.append(Rule(tuple(kept), need, need if over else UNBOUNDED, ""))
        return missing

    def cost_of(self, values: Sequence[int]) -> int:
        """This function will add up what a choice of everything costs."""
        return sum(cost * value for cost, value in zip(self.costs, values, strict=True))


UNBOUNDED = 1 << 40


def _dips(terms: Terms, least: int) -> bool:
    return any(times < 0 for _, times in terms) or least < 0
