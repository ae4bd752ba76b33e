"""Reads from the tables what a rota must reckon with: accounts and what they need, people and when they are in, what stays.

What rota comes of it is decided by domain/cover/proposal. Only published shifts that no hand has set may be moved, and only of
people whose working hours are known: of others nobody could say when else they are in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import time, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from sociable.cover import around, days, wishes
from sociable.cover.models import Readiness, Shift, ShiftPattern, TimeAway, WorkingPattern
from sociable.cover.queries import people_planned_by, people_rostered_by
from sociable.cover.reading import AWAY_WORDS, answers, needed
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.domain.cover import proposal
from sociable.domain.cover.proposal import Span
from sociable.domain.cover.reasons import as_instant
from sociable.domain.cover.spans import minus
from sociable.people.models import Person

AROUND = timedelta(weeks=4)
USUAL_PROMISE = timedelta(hours=2)
DAY_MINUTES = 24 * 60
NO_HOURS = "has no working hours written down"
BETWEEN = "Hours that no kind of shift reaches"


@dataclass(frozen=True, slots=True)
class Facts:
    """A problem, and the rows of the shifts that a rota may move."""

    problem: proposal.Problem
    movable: dict[int, proposal.Shift]

    @property
    def mark(self) -> str:
        """Another one, and something has changed that the rota was worked out from."""
        return sha256(repr((self.problem, sorted(self.movable))).encode()).hexdigest()[:32]


def facts(accounts: Sequence[Account], span: Span, *, by: Person, keeps_published: bool = False) -> Facts:
    """This function will read the problem of filling the rota of some accounts, as far as somebody may plan it.

    Shape:  with keeps_published no shift may be moved: only what is open is filled
    Units:  aware UTC
    """
    wanted = [account for account in accounts if answers(account)]
    people = _people(by, wanted)
    patterns = _working_patterns(people)
    standing = _standing(span, people, wanted)
    ours = {account.pk for account in wanted}
    movable = {
        row.pk: shift
        for row, shift in standing
        if not keeps_published
        and _may_move(row, span, ours)
        and row.person_id in patterns
        and set(shift.accounts) <= ours
    }
    needs = tuple(_accounts(wanted, span))
    problem = proposal.Problem(
        span,
        needs,
        tuple(_persons(people, patterns, wanted, span, by)),
        tuple(_kinds(wanted, needs)),
        fixed=tuple(sorted(shift for row, shift in standing if row.pk not in movable)),
        present=tuple(sorted(
            shift for row, shift in standing if row.state == Shift.State.PUBLISHED and shift.span.meets(span)
        )),
        movable=tuple(sorted(movable.values())),
        zone=directory.zone_of(wanted[0]) if wanted else around.ZONE,
    )  # fmt: skip
    return Facts(problem, movable)


# -- Accounts --------------------------------------------------------------------------------------------------------------


def _accounts(accounts: Sequence[Account], span: Span) -> Iterable[proposal.Account]:
    found: dict[int, list[proposal.Need]] = defaultdict(list)
    for account_id, first, last, people in needed(accounts, span.starts_at, span.ends_at):
        found[account_id].append(proposal.Need(Span(as_instant(first), as_instant(last)), people))
    for account in accounts:
        yield proposal.Account(account.pk, account.name, tuple(found[account.pk]), _promise(account, span))


def _promise(account: Account, span: Span) -> timedelta:
    version = directory.promise_on(directory.promise_versions(account), account, span.starts_at)
    return timedelta(minutes=version.minutes) if version is not None and version.minutes else USUAL_PROMISE


def _kinds(accounts: Sequence[Account], needs: Iterable[proposal.Account]) -> Iterable[proposal.Pattern]:
    """Each length of shift that is kept for one of them, once, on its days; and the hours of each day that no such shift reaches."""
    kept = ShiftPattern.objects.filter(accounts__in=[account.pk for account in accounts], is_kept=True)
    on_days: dict[tuple[int, int, str], set[int]] = defaultdict(set)
    names: dict[tuple[int, int], str] = {}
    for row in kept.distinct().order_by("name"):
        span = _minutes(row.begins, row.ends)
        on_days[*span, names.setdefault(span, row.name)].update(row.weekdays)
    if on_days:
        for weekday, first, last in _between(accounts, needs, list(on_days.items())):
            on_days[first, last, BETWEEN].add(weekday)
    for (first, last, name), weekdays in sorted(on_days.items()):
        yield proposal.Pattern(name, first, timedelta(minutes=last - first), frozenset(weekdays))


def _between(
    accounts: Sequence[Account],
    needs: Iterable[proposal.Account],
    kinds: Sequence[tuple[tuple[int, int, str], set[int]]],
) -> Iterable[tuple[int, int, int]]:
    """What the kinds of shift leave of each day of the week, as the day on which it begins and minutes after its midnight."""
    zone = ZoneInfo(directory.zone_of(accounts[0]))
    wanted: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for need in (need for one in needs for need in one.needs):
        for part in _of_a_day(need.span, zone):
            wanted[part.starts_at.astimezone(zone).weekday()].append(_by_the_wall(part, zone))
    for weekday, spans in wanted.items():
        reached = [
            (first + off * DAY_MINUTES, last + off * DAY_MINUTES)
            for (first, last, _), on in kinds for off in (-1, 0, 1) if (weekday + off) % 7 in on
        ]  # fmt: skip
        for first, last in minus(spans, reached):
            later, begins = divmod(first, DAY_MINUTES)
            yield (weekday + later) % 7, begins, begins + last - first


def _of_a_day(span: Span, zone: ZoneInfo) -> Iterable[Span]:
    """A stretch as it is; one that is longer than a day, as of whoever is always open, day by day."""
    starts_at = span.starts_at
    while span.ends_at - starts_at > timedelta(days=1):
        ends_at = days.ends_at(days.day_of(starts_at, zone.key), zone.key)
        yield Span(starts_at, ends_at)
        starts_at = ends_at
    yield Span(starts_at, span.ends_at)


def _minutes(begins: time, ends: time) -> tuple[int, int]:
    """A kind of shift in minutes after midnight; one that does not end later than it begins ends on the next day."""
    first, last = (at.hour * 60 + at.minute for at in (begins, ends))
    return first, last if first < last else last + DAY_MINUTES


def _by_the_wall(span: Span, zone: ZoneInfo) -> tuple[int, int]:
    """A stretch in minutes after its own midnight, of a day at most."""
    begins = span.starts_at.astimezone(zone)
    first = begins.hour * 60 + begins.minute
    return first, first + min(span.length // timedelta(minutes=1), DAY_MINUTES)


# -- People ----------------------------------------------------------------------------------------------------------------


def _people(by: Person, accounts: Sequence[Account]) -> list[Person]:
    """Whoever may be put on the rota and is ready for any of it, and whoever is on it."""
    ready = Readiness.objects.filter(account__in=accounts, withdrawn_at=None).values("person")
    return list(people_rostered_by(by).filter(pk__in=ready).order_by("name", "pk"))


def _working_patterns(people: Iterable[Person]) -> dict[int, list[WorkingPattern]]:
    found: dict[int, list[WorkingPattern]] = defaultdict(list)
    for row in WorkingPattern.objects.filter(person__in=list(people)).order_by("valid_from_on", "id"):
        found[row.person_id].append(row)
    return dict(found)


def _persons(
    people: Iterable[Person],
    patterns: dict[int, list[WorkingPattern]],
    accounts: Sequence[Account],
    span: Span,
    by: Person,
) -> Iterable[proposal.Person]:
    people, known = list(people), set(people_planned_by(by).values_list("pk", flat=True)) | {by.pk}
    ready, away, wished = _ready(accounts), _away(span, known), _wishes(people, span)
    for person in people:
        versions = patterns.get(person.pk, [])
        in_force = [row for row in versions if row.valid_from_on <= span.starts_at.date()][-1:] or versions[:1]
        yield proposal.Person(
            person.pk, person.name, ready[person.pk], tuple(_works(person, versions, span)), tuple(away[person.pk]),
            around.limits_of(in_force[0] if in_force else None), wishes=wished.get(person.pk, ()),
            hours_in_words="" if versions else NO_HOURS,
        )  # fmt: skip


def _ready(accounts: Sequence[Account]) -> dict[int, dict[int, proposal.Ready]]:
    found: dict[int, dict[int, proposal.Ready]] = defaultdict(dict)
    rows = Readiness.objects.filter(account__in=accounts, withdrawn_at=None).order_by("person_id", "account_id")
    for row in rows:
        found[row.person_id][row.account_id] = proposal.Ready(row.ready_from_at, row.expires_at)
    return found


def _works(person: Person, versions: list[WorkingPattern], span: Span) -> Iterable[Span]:
    if not versions:
        return []
    body = around.body_of(person)
    stated = tuple((row.valid_from_on, row.notation) for row in versions)
    calendar = directory.calendar_from(stated, body.division if body else "england-and-wales", versions[-1].zone)
    return (Span(first, last) for first, last in calendar.spans_between(span.starts_at, span.ends_at))


def _away(span: Span, known: set[int]) -> dict[int, list[proposal.Away]]:
    """Why somebody is away is for those who plan their time; others read that they are."""
    found: dict[int, list[proposal.Away]] = defaultdict(list)
    rows = TimeAway.objects.counted().touching(span.starts_at, span.ends_at).order_by("starts_at", "id")
    for row in rows:
        words = AWAY_WORDS.get(TimeAway.Kind(row.kind), "away") if row.person_id in known else "away"
        found[row.person_id].append(proposal.Away(Span(row.starts_at, row.ends_at), words))
    return found


def _wishes(people: Iterable[Person], span: Span) -> dict[int, tuple[proposal.Wish, ...]]:
    """What people wish, without why."""
    return {
        person: tuple(
            proposal.Wish(Span(each.starts_at, each.ends_at), each.wish.rather, each.wish.weight) for each in falls
        )
        for person, falls in wishes.falling(people, span.starts_at, span.ends_at).items()
    }


# -- The rota as it stands -------------------------------------------------------------------------------------------------


def _standing(span: Span, people: Iterable[Person], accounts: Sequence[Account]) -> list[tuple[Shift, proposal.Shift]]:
    """Every shift of these people or for these accounts, and some weeks around: what is published, and drafts of new ones.

    What a draft would change or take off stands as it is: until that is published it holds, and nobody may be on both.
    """
    near = Shift.objects.all().touching(span.starts_at - AROUND, span.ends_at + AROUND)
    kept = near.exclude(state=Shift.State.CANCELLED).filter(replaces=None)
    kept |= near.filter(state=Shift.State.PUBLISHED)
    theirs = kept.filter(person__in=[person.pk for person in people])
    rows = theirs | kept.filter(accounts__in=[account.pk for account in accounts])
    ordered = rows.distinct().prefetch_related("accounts", "replaced_by").order_by("starts_at", "pk")
    return [(row, _as_shift(row)) for row in ordered]


def _as_shift(row: Shift) -> proposal.Shift:
    accounts = tuple(sorted(account.pk for account in row.accounts.all()))
    return proposal.Shift(row.starts_at, row.ends_at, row.person_id, accounts)


def _may_move(row: Shift, span: Span, ours: set[int]) -> bool:
    """Published, set by no hand, inside the span, and being changed by nobody."""
    inside = span.starts_at <= row.starts_at and row.ends_at <= span.ends_at
    changing = any(draft.state == Shift.State.DRAFT for draft in row.replaced_by.all())
    return inside and row.state == Shift.State.PUBLISHED and not row.is_fixed and not changing and bool(ours)
