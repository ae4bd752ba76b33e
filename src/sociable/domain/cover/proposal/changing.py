"""Decides what a problem would be if one thing were different: somebody away, somebody ready, another promise.

What follows is asked of proposing and counting, as of any other problem.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sociable.domain.cover.proposal.problem import Away, Person, Problem, Ready, Span


def if_away(problem: Problem, person_id: int, span: Span, reason: str = "away") -> Problem:
    """This function will take somebody away for a while."""
    return _with_person(problem, person_id, lambda person: replace(person, away=(*person.away, Away(span, reason))))


def if_ready(problem: Problem, person_id: int, account_id: int) -> Problem:
    """This function will make somebody ready for one more account."""
    return _with_person(problem, person_id, lambda person: replace(person, ready={**person.ready, account_id: Ready()}))


def if_promised(problem: Problem, account_id: int, promise: timedelta) -> Problem:
    """This function will have an account promise an answer within another time."""
    accounts = tuple(
        replace(account, promise=promise) if account.account_id == account_id else account
        for account in problem.accounts
    )
    return replace(problem, accounts=accounts)


def _with_person(problem: Problem, person_id: int, change: Callable[[Person], Person]) -> Problem:
    people = tuple(change(person) if person.person_id == person_id else person for person in problem.people)
    return replace(problem, people=people)
