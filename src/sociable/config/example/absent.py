"""Sends some of the example's people away: on leave, at a training, ill; some of it agreed, some still to be decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sociable.cover import absences, away, days
from sociable.people.models import Person


@dataclass(frozen=True, slots=True)
class Absent:
    """Who is away: in how many days it begins, for how many, and by whom it was decided; nobody: it is still asked for."""

    who: str
    kind: str
    begins: int
    lasts: int = 1
    why: str = ""
    hours: tuple[int, int] | None = None
    decided_by: str = ""
    declined: str = ""


ABSENT = (
    Absent("mel", "leave", 4, 5, "A week by the sea", decided_by="hannah"),
    Absent("paul", "leave", 17, 3, "Moving house"),
    Absent("kal", "training", 9, 1, hours=(9, 13), decided_by="hannah"),
    Absent("tom.barraclough", "leave", 11, 2, decided_by="priya.nair"),
    Absent("marcus.reid", "training", 6, 1, "First aid", hours=(10, 15)),
    # Of any nine days one is a late day or a Saturday of his, alone: whoever decides reads first what it would tear open.
    Absent("marcus.reid", "leave", 13, 9, "My sister is over from Canada"),
    Absent("derek.umpleby", "sickness", 0, 2),
    Absent(
        "lin.chau",
        "leave",
        20,
        4,
        declined="Two of three are away that week. Could it be the week after?",
        decided_by="gareth.pugh",
    ),
    Absent("anil.desai", "meeting", 2, 1, hours=(14, 16), decided_by="moira.keegan"),
    Absent("idris.bowen", "leave", 13, 4, "Family"),
)


def send_away(people: dict[str, Person], now: datetime) -> None:
    """This function will enter the example's times away as their people would, a few days ago."""
    earlier = now - timedelta(days=3)
    for each in ABSENT:
        if each.who in people:
            _enter(each, people, earlier, now)


def _enter(each: Absent, people: dict[str, Person], earlier: datetime, now: datetime) -> None:
    person = people[each.who]
    zone = absences.zone_of(person)
    first_on = days.day_of(now, zone) + timedelta(days=each.begins)
    last_on = first_on + timedelta(days=each.lasts - 1)
    if each.hours:
        begins, ends = ((first_on, time(hour)) for hour in each.hours)
        asked = away.hours(each.kind, begins, ends, zone, each.why)
    else:
        asked = away.whole_days(each.kind, first_on, last_on, zone, each.why)
    made = away.ask(person, asked, by=person, now=earlier)
    decider = people.get(each.decided_by)
    if decider is not None and absences.decides(decider, person):
        if each.declined:
            away.decline(made, by=decider, now=earlier + timedelta(hours=2), words=each.declined)
        else:
            away.agree(made, by=decider, now=earlier + timedelta(hours=2))
