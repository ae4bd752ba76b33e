"""Gives the people of the example their routes: most are confirmed, one is in doubt, one came back.

Two accounts say how their people are told; the others are as the defaults say.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sociable.alerts import usual
from sociable.alerts.models import AlertPolicy, Route
from sociable.directory.models import Account
from sociable.people.models import Person

YESTERDAY = timedelta(hours=20)
IN_DOUBT, CAME_BACK, NEVER_TRIED = "derek.umpleby", "wendy.pickersgill", "kal"


def ring(accounts: dict[str, Account], people: dict[str, Person], now: datetime) -> None:
    """This function will give everybody their usual routes, and say of each how it did when it was last tried."""
    usual.give_usual_routes(now)
    mail = Route.objects.filter(kind=Route.Kind.EMAIL)
    mail.exclude(person=people[NEVER_TRIED]).update(tried_at=now - YESTERDAY, confirmed_at=now - YESTERDAY)
    mail.filter(person=people[IN_DOUBT]).update(confirmed_at=None, doubted_at=now - timedelta(hours=3))
    mail.filter(person=people[CAME_BACK]).update(
        confirmed_at=None,
        trouble="The mail server would not take the recipient: 550 mailbox full for a month.",
        trouble_since_at=now - YESTERDAY,
    )
    AlertPolicy.objects.create(account=accounts["city-help"], named=people["hannah"], set_at=now - YESTERDAY)
    AlertPolicy.objects.create(account=accounts["libraries"], step_minutes=20, set_at=now - YESTERDAY)
