"""Small teams for whom rotas are proposed, and a rota counted the slow way."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from sociable.domain.cover.limits import Around, Limits, concerns
from sociable.domain.cover.proposal import Account, Away, Need, Pattern, Person, Problem, Ready, Shift, Span, Wish

ZONE = ZoneInfo("Europe/London")
MONDAY = date(2026, 6, 1)
LIBRARIES, BINS, CLINIC = 1, 2, 3
HOUR = timedelta(hours=1)


def at(day: int, hour: float) -> datetime:
    on = MONDAY + timedelta(days=day)
    return datetime(on.year, on.month, on.day, int(hour), int(hour % 1 * 60), tzinfo=ZONE).astimezone(UTC)


def span(day: int, first: float, last: float) -> Span:
    return Span(at(day, first), at(day, last))


def whole(day: int) -> Span:
    """A local day, midnight to midnight."""
    return Span(at(day, 0), at(day + 1, 0))


def account(account_id: int, name: str, *spans: Span, people: int = 1, hours: int = 2) -> Account:
    return Account(account_id, name, tuple(Need(each, people) for each in spans), hours * HOUR)


def person(person_id: int, name: str, ready: tuple[int, ...], *works: Span, **more: object) -> Person:
    return Person(person_id, name, {each: Ready() for each in ready}, works, **more)  # type: ignore[arg-type]


def problem(accounts: list[Account], people: list[Person], days: int = 7, **more: object) -> Problem:
    return Problem(Span(at(0, 0), at(days, 0)), tuple(accounts), tuple(people), **more)  # type: ignore[arg-type]


def some_team(seed: int) -> Problem:
    """A small body with part-timers, leave, wishes and a shift that was set by hand."""
    dice = random.Random(seed)
    open_days = {each: [span(day, 9, 17) for day in range(5)] for each in (LIBRARIES, BINS, CLINIC)}
    accounts = [
        account(each, name, *open_days[each], people=1 + (each == BINS))
        for each, name in ((LIBRARIES, "Libraries"), (BINS, "Bins"), (CLINIC, "Clinic"))
    ]
    people = [
        person(
            number, f"P{number}", tuple(dice.sample((LIBRARIES, BINS, CLINIC), dice.choice((1, 2, 3)))),
            *(span(day, *dice.choice(((8, 18), (9, 13), (12, 17.5)))) for day in range(7) if dice.random() < 0.8),
            away=tuple(Away(span(day, 10, 15), "on leave") for day in range(7) if dice.random() < 0.1),
            limits=Limits(week=timedelta(hours=dice.choice((16, 37))), days_in_a_row=dice.choice((2, 4, 6)), at_once=2),
            wishes=(Wish(span(dice.randrange(5), 8, 18), dice.random() < 0.5),),
        )
        for number in range(1, 7)
    ]  # fmt: skip
    patterns = (
        Pattern("early", 9 * 60, 4 * HOUR),
        Pattern("late", 13 * 60, 4 * HOUR),
        Pattern("day", 9 * 60, 8 * HOUR),
    )
    return problem(accounts, people, patterns=patterns)


def speaks_against(asked: Problem, shifts: list[Shift]) -> list[str]:
    """What the rules for a shift made by hand say of each shift of a rota, beside the others: an oracle of its own."""
    said = []
    people = {each.person_id: each for each in asked.people}
    for shift in shifts:
        who = people[shift.person_id]
        others = [
            (each.starts_at, each.ends_at) for each in shifts if each.person_id == who.person_id and each != shift
        ]
        not_ready = tuple(
            str(each)
            for each in shift.accounts
            if each not in who.ready or ((until := who.ready[each].until_at) and until < shift.ends_at)
        )
        around = Around(
            who.name, tuple(others), tuple((each.span.starts_at, each.span.ends_at) for each in who.away),
            tuple((each.starts_at, each.ends_at) for each in who.works), not_ready, len(shift.accounts), who.limits, ZONE,
        )  # fmt: skip
        said += [concern.words for concern in concerns((shift.starts_at, shift.ends_at), around)]
    return said


def open_half_hours(asked: Problem, shifts: list[Shift]) -> int:
    """Count who is missing, half hour by half hour."""
    people = {each.person_id: each for each in asked.people}
    count = 0
    for each in asked.accounts:
        for need in each.needs:
            now = need.span.starts_at
            while now < need.span.ends_at:
                there = {
                    shift.person_id
                    for shift in shifts
                    if each.account_id in shift.accounts
                    and shift.span.covers(now)
                    and not any(away.span.covers(now) for away in people[shift.person_id].away)
                }
                count += max(0, need.people - len(there))
                now += timedelta(minutes=30)
    return count
