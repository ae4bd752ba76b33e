"""Tells apart what of a model is one person's alone and what binds people together.

What is made of it is left to schedules.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sociable.domain.cover.proposal.improving import Part
from sociable.domain.cover.proposal.model import Model, Rule


@dataclass(frozen=True, slots=True)
class Apart:
    """A model taken apart.

    Shape: each person's choices and the rules over these alone, by person; `shared` are the other choices, and `between` the
    rules that hold any of them or choices of two people
    """

    own: dict[int, list[int]]
    rules: dict[int, list[Rule]]
    shared: list[int]
    between: list[Rule]


def apart(model: Model, parts: Sequence[Part]) -> Apart:
    """This function will tell apart what is one person's alone: what hangs on their choices only is theirs too."""
    owner = {choice: part.person for part in parts for choice in part.choices}
    alone, between = _between(model, owner)
    _reach_out(alone, owner)
    own: dict[int, list[int]] = defaultdict(list)
    rules: dict[int, list[Rule]] = defaultdict(list)
    for choice, person in sorted(owner.items()):
        own[person].append(choice)
    for rule in alone:
        owners = _owners(rule, owner)
        (rules[owners.pop()] if len(owners) == 1 and not _unowned([rule], owner) else between).append(rule)
    shared = [choice for choice in range(len(model.costs)) if choice not in owner]
    return Apart(dict(sorted(own.items())), dict(rules), shared, between)


def _between(model: Model, owner: dict[int, int]) -> tuple[list[Rule], list[Rule]]:
    """Rules of one person and rules between people; what stands in one of the latter is nobody's own."""
    between = [rule for rule in model.rules if len(_owners(rule, owner)) > 1]
    alone = [rule for rule in model.rules if len(_owners(rule, owner)) <= 1]
    shared = _unowned(between, owner)
    while touched := [rule for rule in alone if any(choice in shared for choice, _ in rule.terms)]:
        between += touched
        alone = [rule for rule in alone if all(choice not in shared for choice, _ in rule.terms)]
        shared = _unowned(between, owner)
    return alone, between


def _owners(rule: Rule, owner: dict[int, int]) -> set[int]:
    return {owner[choice] for choice, _ in rule.terms if choice in owner}


def _unowned(rules: Iterable[Rule], owner: dict[int, int]) -> set[int]:
    return {choice for rule in rules for choice, _ in rule.terms if choice not in owner}


def _reach_out(alone: Iterable[Rule], owner: dict[int, int]) -> None:
    """What stands beside a person's choice in a rule of theirs is theirs, and so on."""
    waiting = list(alone)
    while found := [rule for rule in waiting if len(_owners(rule, owner)) == 1 and _unowned([rule], owner)]:
        for rule in found:
            owners = _owners(rule, owner)
            if len(owners) == 1:
                owner |= dict.fromkeys(_unowned([rule], owner), owners.pop())
