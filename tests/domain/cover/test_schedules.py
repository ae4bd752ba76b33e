"""Small rotas by whole schedules: bounds that nothing beats, and the best of what was found, against the model solved as a whole."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sociable.domain.cover.proposal.drafting import Draft, draft
from sociable.domain.cover.proposal.improving import best
from sociable.domain.cover.proposal.parting import apart
from sociable.domain.cover.proposal.relaxing import in_order, whole_bound
from sociable.domain.cover.proposal.schedules import Schedules
from sociable.domain.cover.proposal.solving import solve
from tests.domain.cover.teams import some_team

SECONDS = 60.0  # far more than any of these takes


def made(seed: int) -> Draft:
    return draft(some_team(seed))


def kept(found: Draft, values: list[int]) -> bool:
    """Whether a solution holds every rule, counted anew."""
    sums = ((rule, sum(times * values[choice] for choice, times in rule.terms)) for rule in found.model.rules)
    return all(rule.least <= total <= rule.most for rule, total in sums) and all(
        0 <= value <= most for value, most in zip(values, found.model.most, strict=True)
    )


@pytest.mark.parametrize("seed", range(4))
def test_what_is_told_apart_is_the_whole(seed: int) -> None:
    found = made(seed)
    split = apart(found.model, found.parts)
    alone = [rule for rules in split.rules.values() for rule in rules]
    assert sorted(map(hash, [*alone, *split.between])) == sorted(map(hash, found.model.rules))
    own = [choice for choices in split.own.values() for choice in choices]
    assert sorted([*own, *split.shared]) == list(range(len(found.model.costs)))
    assert len(split.own) == len({part.person for part in found.parts})
    for person, rules in split.rules.items():
        assert {choice for rule in rules for choice, _ in rule.terms} <= set(split.own[person])
    assert set(split.shared) <= {count for _, _, count in found.missing}  # all else is somebody's
    for part in found.parts:
        assert set(part.choices) <= set(split.own[part.person])


@pytest.mark.parametrize("seed", range(4))
def test_no_bound_lies_above_the_best_and_the_last_is_near(seed: int) -> None:
    """From nobody on duty, with no prices to begin with."""
    found = made(seed)
    optimum, proven = best(found.model, SECONDS)
    assert optimum is not None
    assert proven
    least = found.model.cost_of(optimum)
    start, _ = best(found.model, SECONDS, work=0.01)
    schedules = Schedules(found.model, found.parts, start or optimum, {})
    bounds = [schedules.bound]
    while schedules.once():
        bounds.append(schedules.bound)
    assert bounds == sorted(bounds)
    assert whole_bound(schedules.bound) <= least
    assert schedules.bound >= least - 0.02 * abs(least)
    whole = schedules.whole(SECONDS, 1)
    assert whole is not None
    assert kept(found, whole)
    assert least <= found.model.cost_of(whole) <= found.model.cost_of(start or optimum)


def test_a_small_rota_is_proven_by_whole_schedules(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without parts put in anew, and without the search beside."""
    from sociable.domain.cover.proposal import solving

    monkeypatch.setattr(solving, "_improve", lambda run, parts: None)
    monkeypatch.setattr(solving, "_put_in_anew", lambda run, improver: None)
    monkeypatch.setattr(solving, "bound_beside", lambda model, seconds, found: None)
    found = made(3)
    optimum, _ = best(found.model, SECONDS)
    solved = solve(found.model, found.parts, seconds=SECONDS, enough=0.05)
    assert solved.values is not None
    assert optimum is not None
    assert found.model.cost_of(solved.values) == found.model.cost_of(optimum)


def test_of_what_is_as_sure_the_shift_is_rounded_before_what_it_looks_after() -> None:
    """A relaxed model is solved to a few digits only: what hangs on a choice may stand a hair above it."""

    split = SimpleNamespace(values=(0.5, 0.5 + 1e-9, 0.7), rounded={})
    assert [choice for _, choice in in_order(split, (0, 1, 2))] == [2, 0, 1]  # type: ignore[arg-type]
