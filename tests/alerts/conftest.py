"""Who covers Ashby Help in the tests of alerts: Asha on duty, Ben ready and at work, Lee leads; and routes by mail."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pytest

from sociable.alerts.models import Chain, Notice, Route
from sociable.cover.models import Readiness, Shift, WorkingPattern
from sociable.due import services as due
from sociable.journeys import alert, tick
from tests.cast import Cast, at
from tests.journeys.mail import sends_to
from tests.servers.smtp import Scripted


@dataclass
class House:
    """The account and its people, and what can be done with time."""

    cast: Cast

    def ready(self, person: Any, account: Any = None) -> None:
        Readiness.objects.create(person=person, account=account or self.cast.help, ready_from_at=at(8), signed_at=at(8))

    def shift(self, person: Any, begins: datetime, ends: datetime, *accounts: Any, state: str = "published") -> Any:
        made = Shift.objects.create(person=person, starts_at=begins, ends_at=ends, state=state, made_at=at(8))
        made.accounts.set(accounts or [self.cast.help])
        return made

    def works(self, person: Any, notation: str = "Mo-Fr 09:00-17:00") -> None:
        WorkingPattern.objects.create(person=person, valid_from_on=date(2026, 1, 1), notation=notation, set_at=at(8))

    def route(self, person: Any, kind: str = "email", name: str = "Email", address: str = "", **more: Any) -> Route:
        made = Route(person=person, kind=kind, name=name, added_at=at(8), **more)
        made.address = address
        made.save()
        return made

    def pass_time(self, now: datetime) -> None:
        """What the worker does of warnings and chains at an instant, until nothing more is due."""
        while rows := due.claim(now, 50, ["warn", "chain"]):
            for kind, do in (("warn", tick.warn_all), ("chain", alert.climb_all)):
                some = [row for row in rows if row.kind == kind]
                if some:
                    do(some, now)

    def told(self, kind: str = "email") -> list[str]:
        """Whom notices of a kind of route were written for, in order."""
        rows = Notice.objects.filter(route__kind=kind).order_by("pk").values_list("person__name", flat=True)
        return [name.split()[0] for name in rows]

    @property
    def chain(self) -> Chain:
        """The newest chain."""
        return Chain.objects.latest("pk")


@pytest.fixture
def house(cast: Cast) -> House:
    """A covered account."""
    made = House(cast)
    for person in (cast.asha, cast.ben):
        made.ready(person)
        made.works(person)
    made.shift(cast.asha, at(9), at(17))
    return made


@pytest.fixture
def outside(settings: Any) -> Iterator[Scripted]:
    """The installation's mail server."""
    with sends_to(settings) as server:
        yield server
