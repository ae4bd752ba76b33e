"""Keeps what people wish of their rota, with the trail of it, and answers when wishes fall and what they say.

The reason is read by the person and by whoever plans them; it goes into no trail, no list of others and no proposal. Whoever
plans somebody may write down what they were told; it is that person's wish all the same, theirs to change and to take back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from sociable.cover.around import body_of, local_day, zone_of
from sociable.cover.models import Shift
from sociable.cover.queries import plans
from sociable.cover.wish_models import Wish
from sociable.domain.cover.making import stretch
from sociable.domain.errors import DomainError
from sociable.domain.worktime.wording import date_words, days_words, times_of_day_words
from sociable.domain.worktime.zones import day_begins
from sociable.people import services as people
from sociable.people.models import Person
from sociable.people.permissions import NotAllowed

MOST = 40
DAY = timedelta(days=1)


class WishRefused(DomainError):
    """A wish that cannot be kept, in words for whoever stated it."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A wish as somebody states it: for days of every week, or for one day."""

    rather: bool
    weight: int
    weekdays: tuple[int, ...] = ()
    on_day: date | None = None
    begins: time | None = None
    ends: time | None = None
    until_on: date | None = None
    private_reason: str = ""


@dataclass(frozen=True, slots=True)
class Falls:
    """A wish at one of its times. Half-open, aware UTC."""

    wish: Wish
    starts_at: datetime
    ends_at: datetime

    def meets(self, starts_at: datetime, ends_at: datetime) -> bool:
        """This function will say whether it shares any time with a stretch."""
        return self.starts_at < ends_at and starts_at < self.ends_at


# -- Stating ---------------------------------------------------------------------------------------------------------------


def state(stated: Stated, *, of: Person, by: Person, now: datetime, instead: Wish | None = None) -> Wish:
    """This function will keep a wish of somebody's, or change one of theirs, stated by themselves or written down for them.

    Errors: NotAllowed where it is another's, whom they do not plan or who stated it themselves; WishRefused where its time is
    over, or there are too many
    """
    check_can_write(by, of, instead)  # before anything is said of its days
    today = local_day(now, zone_of(of))
    last = stated.on_day or stated.until_on
    if last is not None and last < today:
        raise WishRefused("That day is over: a wish is for days to come.")
    with transaction.atomic():
        if instead is None and len(_standing([of.pk], today)) >= MOST:
            who = "You have" if by == of else f"{of.first_name} has"
            raise WishRefused(f"{who} {MOST} wishes already. Take one back, or make two into one.")
        wish = _as_it_is_now(instead, by) if instead else Wish(person=of)
        for name in Stated.__dataclass_fields__:
            value = getattr(stated, name)
            setattr(wish, name, list(value) if name == "weekdays" else value)
        wish.stated_at, wish.written_by = now, None if by == of else by
        wish.save()
        _record("changed a wish" if instead else "stated a wish", wish, by, now)
    return wish


def can_write(by: Person, of: Person, wish: Wish | None = None) -> bool:
    """This function will say whether somebody may state or change a wish: their own, or one that is written down for whom they plan."""
    return by == of or ((wish is None or wish.written_by_id is not None) and plans(by, of))


def check_can_write(by: Person, of: Person, wish: Wish | None = None) -> None:
    """This function will raise NotAllowed unless `can_write`."""
    if not can_write(by, of, wish):
        raise NotAllowed(
            f"That is for {of.name} to say: only a wish that was written down for them may be changed by who plans them."
        )


def take_back(wish: Wish, *, by: Person, now: datetime) -> None:
    """This function will take a wish back.

    Errors: NotAllowed
    """
    with transaction.atomic():
        there = _as_it_is_now(wish, by)
        _record("took a wish back", there, by, now)
        there.delete()


def _as_it_is_now(wish: Wish, by: Person) -> Wish:
    """The wish, locked: its person may have made it theirs, or taken it back, since it was shown."""
    there = Wish.objects.select_for_update(of=("self",)).select_related("person").filter(pk=wish.pk).first()
    if there is None:
        raise WishRefused("That wish was taken back meanwhile.")
    check_can_write(by, there.person, there)
    return there


def _record(verb: str, wish: Wish, by: Person, now: datetime) -> None:
    """What is wished, and never why."""
    body = body_of(wish.person)
    people.record(
        verb=verb, object_kind="person", object_id=wish.person_id, partner_id=body.pk if body else None, now=now,
        person=by, after={"wish": words(wish), "weight": wish.weight},
    )  # fmt: skip


# -- Reading ---------------------------------------------------------------------------------------------------------------


def standing(person: Person, now: datetime) -> list[Wish]:
    """This function will list somebody's wishes that are not over, those for every week first."""
    rows = _standing([person.pk], local_day(now, zone_of(person)))
    return sorted(rows, key=lambda wish: (wish.on_day or date.min, wish.weekdays, wish.pk))


def _standing(people: Collection[int], today: date) -> list[Wish]:
    lasts = Q(on_day=None, until_on=None) | Q(on_day__gte=today) | Q(until_on__gte=today)
    return list(Wish.objects.filter(lasts, person__in=people).select_related("person", "written_by").order_by("pk"))


def falling(people: Iterable[Person], starts_at: datetime, ends_at: datetime) -> dict[int, list[Falls]]:
    """This function will say when the wishes of some people fall in a stretch, by person and earliest first.

    Units:  aware UTC
    """
    known = {person.pk: person for person in people}
    found: dict[int, list[Falls]] = defaultdict(list)
    for wish in _standing(known, starts_at.date() - DAY):
        found[wish.person_id] += _times(wish, zone_of(known[wish.person_id]), starts_at, ends_at)
    return {person: sorted(times, key=lambda each: (each.starts_at, each.wish.pk)) for person, times in found.items()}


def _times(wish: Wish, zone: str, starts_at: datetime, ends_at: datetime) -> Iterator[Falls]:
    """Also what began the day before and goes on into the stretch."""
    on = local_day(starts_at, zone) - DAY
    while day_begins(on, zone) < ends_at:
        if on == wish.on_day or (on.weekday() in wish.weekdays and (wish.until_on is None or on <= wish.until_on)):
            falls = Falls(wish, *_stretch(wish, on, zone))
            if falls.meets(starts_at, ends_at):
                yield falls
        on += DAY


def _stretch(wish: Wish, on: date, zone: str) -> tuple[datetime, datetime]:
    if wish.begins is None or wish.ends is None:
        return day_begins(on, zone), day_begins(on + DAY, zone)
    return stretch(on, wish.begins, wish.ends, ZoneInfo(zone))


def of_shift_words(shift: Shift, falling: Iterable[Falls]) -> str:
    """This function will say how a shift lies to its person's wishes; empty where they wished nothing of it."""
    met = [each.wish.rather for each in falling if each.meets(shift.starts_at, shift.ends_at)]
    if not met:
        return ""
    if all(met):
        return "As you wished."
    return (
        "You wished to work for a part of it, and to be free for another."
        if any(met)
        else "You wished to be free then."
    )


# -- In words --------------------------------------------------------------------------------------------------------------


def words(wish: Wish) -> str:
    """This function will say what is wished: "Rather be free: Saturday and Sunday, every week"."""
    return f"{kind_words(wish)}: {when_words(wish)}"


def kind_words(wish: Wish) -> str:
    """This function will say which kind of wish it is."""
    return "Rather work" if wish.rather else "Rather be free"


def when_words(wish: Wish) -> str:
    """This function will say when a wish holds: "Saturday and Sunday every week, all day, until Thursday 24 December 2026"."""
    days = date_words(wish.on_day) if wish.on_day else f"{days_words(sorted(wish.weekdays))} every week"
    until = f", until {date_words(wish.until_on)}" if wish.until_on and not wish.on_day else ""
    return f"{days}, {times_words(wish)}{until}"


def times_words(wish: Wish) -> str:
    """This function will say at which times of its day a wish holds."""
    if wish.begins is None or wish.ends is None:
        return "all day"
    return times_of_day_words(wish.begins, wish.ends)
