"""Puts the example's people on a published rota for some weeks, with a few drafts, a swap and a hand-over; some hours stay uncovered.

What the kinds of shift are stands here as data; that nobody is on two at once is proved by a test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sociable.cover.models import HandOver, Shift, ShiftPattern, Swap, WorkingPattern
from sociable.cover.wish_models import Wish
from sociable.directory.models import Account
from sociable.domain.cover.making import stretch
from sociable.domain.worktime import holidays
from sociable.people.models import Person

WEEKS = range(-1, 4)  # last week, this one, and three to come
LONDON = ZoneInfo("Europe/London")
ALL_DAYS = (0, 1, 2, 3, 4)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of shift, and who takes it in turn: every week the next of `turns` has all its days."""

    name: str
    accounts: tuple[str, ...]
    days: tuple[int, ...]
    begins: time
    ends: time
    turns: tuple[tuple[str, ...], ...]


def _t(hour: int, minute: int = 0) -> time:
    return time(hour, minute)


KINDS = (
    Kind("Help, early", ("city-help",), ALL_DAYS, _t(8), _t(13), (("hannah", "sam", "kal"), ("jen", "paul", "mel"))),
    Kind("Help, late", ("city-help",), ALL_DAYS, _t(13), _t(18), (("jen", "paul", "mel"), ("hannah", "sam", "kal"))),
    Kind("Help, Saturday", ("city-help",), (5,), _t(9), _t(13), (("paul",), ("sam",), ("mel",), ("kal",))),
    Kind("Libraries, day", ("libraries",), (0, 2, 4), _t(9), _t(17, 30), (("priya.nair",), ("eilidh.morton",))),
    Kind("Libraries, late", ("libraries",), (1, 3), _t(10), _t(20), (("tom.barraclough",), ("marcus.reid",))),
    Kind("Libraries, Saturday", ("libraries",), (5,), _t(10), _t(16), (("marcus.reid",), ("tom.barraclough",))),
    Kind("Bins, first half", ("bins",), (0, 1, 2), _t(8, 30), _t(17), (("derek.umpleby",), ("jamal.carter",))),
    Kind("Bins, second half", ("bins",), (3, 4), _t(8, 30), _t(17), (("aoife.brennan",),)),
    Kind("Roads, first half", ("roads",), (0, 1, 2), _t(9), _t(17, 15), (("gareth.pugh",), ("rosie.tunnicliffe",))),
    Kind("Roads, second half", ("roads",), (3, 4), _t(9), _t(17, 15), (("rosie.tunnicliffe",), ("gareth.pugh",))),
    Kind("Council tax, mornings", ("council-tax",), ALL_DAYS, _t(9), _t(12), (("moira.keegan",), ("wendy.pickersgill",))),
    Kind("Council tax, afternoons", ("council-tax",), (0, 1, 2, 3), _t(14), _t(16, 30), (("anil.desai",),)),
    Kind("Schools", ("schools",), (0, 1, 2, 3), _t(10), _t(15), (("ruth.adeyemi",),)),
    Kind("PALS, mornings", ("pals",), ALL_DAYS, _t(9, 30), _t(12, 30), (("grace.okonkwo",), ("liam.feeney",))),
    Kind("PALS, afternoons", ("pals",), ALL_DAYS, _t(13, 30), _t(16), (("halina.nowak",), ("grace.okonkwo",))),
    Kind("Outpatients", ("outpatients",), ALL_DAYS, _t(8), _t(15), (("stewart.mckie",),)),
    Kind("Clinics, first half", ("clinics",), (0, 1, 2), _t(8, 30), _t(16, 30), (("yasmin.farooqi",), ("carys.hughes",))),
    Kind("Clinics, second half", ("clinics",), (3, 4), _t(8, 30), _t(16, 30), (("peter.lisle",),)),
    Kind("Health visiting", ("families",), ALL_DAYS, _t(9), _t(15), (("kirsty.dunn",),)),
    Kind("Nights, first half", ("night-line",), (0, 1, 2), _t(22), _t(8), (("idris.bowen",), ("dana.petrov",))),
    Kind("Nights, second half", ("night-line",), (3, 4, 5), _t(22), _t(8), (("dana.petrov",), ("idris.bowen",))),
)  # fmt: skip
# What people wish: whether to work, the days of every week, from when to when (all day where nothing is said), how much, and why.
WISHES: tuple[tuple[str, bool, tuple[int, ...], time | None, time | None, int, str], ...] = (
    ("sam", False, (5,), None, None, 2, "Football with the children"),
    ("kal", True, (5,), None, None, 1, ""),
    ("jen", False, (1, 3), _t(13), _t(18), 4, "Evening course at the college"),
    ("priya.nair", False, (4,), _t(15), _t(18), 1, ""),
)  # fmt: skip
NO_TWO_WEEKENDS = ("paul", "mel")
# Who works when; of others nobody has said so.
WORKING = {
    **dict.fromkeys(("hannah", "sam", "kal", "jen", "paul", "mel"), "Mo-Fr 08:00-18:00; Sa 09:00-13:00"),
    "priya.nair": "Mo-Fr 08:30-17:30", "wendy.pickersgill": "Mo-Fr 09:00-12:00", "ruth.adeyemi": "Mo-Th 09:30-15:30",
    "anil.desai": "Mo-Th 10:00-18:00", "kirsty.dunn": "Mo-Fr 08:30-15:30",
    "idris.bowen": "Mo-Sa 21:00-09:00", "dana.petrov": "Mo-Sa 21:00-09:00",
}  # fmt: skip
PART_TIME = {"wendy.pickersgill": 15 * 60, "ruth.adeyemi": 22 * 60}
SHOWN_TODAY = ("hannah", "sam", "jen", "paul", "priya.nair", "marcus.reid", "aoife.brennan", "kirsty.dunn")
FEW_DAYS_AGO = timedelta(days=9)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who there is, and what they cover, by the names that the example calls them."""

    accounts: dict[str, Account]
    people: dict[str, Person]
    now: datetime

    @property
    def monday(self) -> date:
        """The Monday of this week."""
        today = self.now.astimezone(LONDON).date()
        return today - timedelta(days=today.weekday())


def plan(accounts: dict[str, Account], people: dict[str, Person], now: datetime) -> None:
    """This function will make and publish the example's rota, the same for the same `now`."""
    cast = Cast(accounts, people, now)
    for key, notation in WORKING.items():
        WorkingPattern.objects.create(
            person=people[key], valid_from_on=cast.monday - timedelta(weeks=20), notation=notation,
            week_minutes=PART_TIME.get(key, 37 * 60), set_at=now - timedelta(weeks=20), set_by=people["alex"],
            weekends_in_a_row=1 if key in NO_TWO_WEEKENDS else None,
        )  # fmt: skip
    _wish(cast)
    for kind in KINDS:
        _keep(kind, cast)
    shown = [people[key].pk for key in SHOWN_TODAY]
    Person.objects.filter(pk__in=shown).update(shown_today=True)
    _drafts(cast)
    _asked_and_told(cast)


def _wish(cast: Cast) -> None:
    for key, rather, weekdays, begins, ends, weight, why in WISHES:
        Wish.objects.create(
            person=cast.people[key], rather=rather, weekdays=list(weekdays), begins=begins, ends=ends, weight=weight,
            private_reason=why, stated_at=cast.now - FEW_DAYS_AGO,
        )  # fmt: skip


def _keep(kind: Kind, cast: Cast) -> None:
    account = cast.accounts[kind.accounts[0]]
    pattern = ShiftPattern.objects.create(
        partner=account.partner, service=account.service, name=kind.name, weekdays=list(kind.days), begins=kind.begins,
        ends=kind.ends, every_weeks=len(kind.turns),
    )  # fmt: skip
    pattern.accounts.set([cast.accounts[slug] for slug in kind.accounts])
    made = Shift.objects.bulk_create(list(_shifts(kind, pattern, account, cast)))
    through = Shift.accounts.through
    through.objects.bulk_create(
        through(shift_id=shift.pk, account_id=cast.accounts[slug].pk) for shift in made for slug in kind.accounts
    )


def _shifts(kind: Kind, pattern: ShiftPattern, account: Account, cast: Cast) -> Iterator[Shift]:
    closed = holidays.bank_holidays(account.division or account.partner.division)
    made_at = cast.now - FEW_DAYS_AGO
    for week in WEEKS:
        monday = cast.monday + timedelta(weeks=week)
        turn = monday.toordinal() // 7 % len(kind.turns)
        for day in kind.days:
            on = monday + timedelta(days=day)
            if on in closed and account.slug != "night-line":
                continue
            begins_at, ends_at = stretch(on, kind.begins, kind.ends, LONDON)
            for key in kind.turns[turn]:
                yield Shift(
                    person=cast.people[key], starts_at=begins_at, ends_at=ends_at, state=Shift.State.PUBLISHED,
                    made_by=Shift.MadeBy.PATTERN, pattern=pattern, made_at=made_at, published_at=made_at,
                    published_by=account.owner,
                )  # fmt: skip


def _drafts(cast: Cast) -> None:
    """What somebody has in hand: a Friday and a Saturday that nobody covers yet, and a shift that is to end sooner."""
    monday = cast.monday + timedelta(weeks=2)
    friday = stretch(monday + timedelta(days=4), _t(14), _t(16, 30), LONDON)
    saturday = stretch(monday + timedelta(days=5), _t(9, 30), _t(12, 30), LONDON)
    _draft(cast, "anil.desai", friday, "council-tax")
    _draft(cast, "halina.nowak", saturday, "pals")
    next_week = cast.now + timedelta(days=7)
    was = Shift.objects.published().filter(person=cast.people["paul"], starts_at__gt=next_week).first()
    if was is not None:
        sooner = (was.starts_at, was.ends_at - timedelta(hours=1))
        _draft(cast, "paul", sooner, "city-help", replaces=was, began_as=was.pk, revision=1)


def _draft(cast: Cast, key: str, span: tuple[datetime, datetime], slug: str, **more: Any) -> None:
    shift = Shift.objects.create(
        person=cast.people[key], starts_at=span[0], ends_at=span[1], made_at=cast.now - timedelta(hours=3),
        is_fixed=True, **more,
    )  # fmt: skip
    shift.accounts.add(cast.accounts[slug])


def _asked_and_told(cast: Cast) -> None:
    """Kal asks whether somebody takes a shift of his, and Jen leaves word for whoever is on next."""
    kal = Shift.objects.filter(person=cast.people["kal"], starts_at__gt=cast.now + timedelta(days=1)).first()
    if kal is not None:
        Swap.objects.create(
            shift=kal, asked_by=cast.people["kal"], words="My daughter's school play. I can do one of yours.",
            asked_at=cast.now - timedelta(hours=5),
        )  # fmt: skip
    HandOver.objects.create(
        account=cast.accounts["city-help"], written_by=cast.people["jen"], written_at=cast.now - timedelta(hours=2),
        text=(
            "Canal Street noise: I have rung environmental health and they go out this afternoon. "
            "Please tell Mr Farr as soon as they say what they found."
        ),
    )  # fmt: skip
