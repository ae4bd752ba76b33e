"""Works out the board of many accounts and people for six weeks, beside a plain loop and beside pandas, and prints how long each took.

Computed: from columns of numbers. Read: from the tables as well. Shown: the whole page, through Django's own client. Changed: one
leave more. Beside the time on the clock stands what this process worked, which others on the machine do not lengthen. The peers
count the same half hours, and must come to the same numbers.
Run: python benchmarks/board.py [--postgresql] [--accounts 300] [--people 1000] [--runs 5]
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import random
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import setting

WEEKS, ACCOUNTS_EACH, LONDON = 6, 3, ZoneInfo("Europe/London")
HOURS = (
    "Mo-Fr 09:00-17:00; PH off",
    "Mo-Fr 08:30-18:00; Sa 09:00-13:00; PH off",
    "Mo-Th 09:00-17:30; Fr 09:00-16:30; PH off",
)


def fill(accounts: int, people: int, now: datetime) -> Any:
    """Make a body with its accounts and people, five shifts a week each, sign-offs and times away; return who sees it all."""
    from sociable.cover.models import Readiness, Shift, TimeAway
    from sociable.directory.models import Account, HoursVersion
    from sociable.people.models import Partner, Person, Role

    chance = random.Random(7)
    partner = Partner.objects.create(slug="bench", name="Bench City Council", short_name="Bench", kind="council")
    made = Account.objects.bulk_create(
        Account(partner=partner, slug=f"account-{n}", name=f"Account {n}", stage="live") for n in range(accounts)
    )
    HoursVersion.objects.bulk_create(
        HoursVersion(account=one, valid_from_on=date(2026, 1, 1), notation=HOURS[n % 3], stated_at=now)
        for n, one in enumerate(made)
    )
    staff = Person.objects.bulk_create(
        Person(email=f"person-{n}@bench.example", name=f"Person {n}") for n in range(people)
    )
    theirs = {one.pk: chance.sample(made, ACCOUNTS_EACH) for one in staff}
    Readiness.objects.bulk_create(
        Readiness(person=one, account=account, ready_from_at=now - timedelta(days=90), signed_at=now)
        for one in staff for account in theirs[one.pk]
    )  # fmt: skip
    monday = now.astimezone(LONDON).date()
    days = [monday + timedelta(days=n) for n in range(WEEKS * 7)]
    shifts = Shift.objects.bulk_create(
        (
            Shift(person=one, starts_at=at(day, 8 + n % 2), ends_at=at(day, 17), state="published", made_at=now)
            for n, one in enumerate(staff) for day in days if day.weekday() < 5
        ),
        batch_size=2000,
    )  # fmt: skip
    through = Shift.accounts.through
    through.objects.bulk_create(
        (through(shift=shift, account=account) for shift in shifts for account in theirs[shift.person_id]),
        batch_size=5000,
    )
    TimeAway.objects.bulk_create(
        TimeAway(person=one, kind="leave", starts_at=begins, ends_at=begins + length, state="agreed", asked_at=now)
        for one in staff for begins, length in times_away(chance, days)
    )  # fmt: skip
    lead = Person.objects.create_user("lead@bench.example", "not used here", name="Lee Ward")
    Role.objects.create(person=lead, kind="service_lead", partner=partner)
    return lead


def at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=LONDON).astimezone(UTC)


def times_away(chance: random.Random, days: list[date]) -> list[tuple[datetime, timedelta]]:
    """A week of leave for most, and six meetings of an hour."""
    leave = [(at(chance.choice(days), 0), timedelta(days=chance.randint(1, 9)))] if chance.random() < 0.8 else []
    meetings = [(at(chance.choice(days), chance.randint(9, 15)), timedelta(hours=1)) for _ in range(6)]
    return leave + meetings


# -- The peers -------------------------------------------------------------------------------------------------------------


def plain_loop(given: Any) -> np.ndarray:
    """As anybody would write it: a set of people for each account and half hour."""
    from sociable.domain.cover.given import HALF_HOUR_US

    begins, slots = given.starts_us, given.slots
    ready = set(zip(given.ready.account.tolist(), given.ready.person.tolist(), strict=True))
    away = defaultdict(set)
    for person, starts, ends in zip(*(column.tolist() for column in given.away[:3]), strict=True):
        away[person].update(
            range(max((starts - begins) // HALF_HOUR_US, 0), min((ends - begins) // HALF_HOUR_US, slots))
        )
    there = defaultdict(set)
    for account, person, starts, ends in zip(*(column.tolist() for column in given.rota), strict=True):
        if (account, person) in ready:
            for slot in range((starts - begins) // HALF_HOUR_US, (ends - begins) // HALF_HOUR_US):
                if slot not in away[person]:
                    there[account, slot].add(person)
    return table_of(given, ((account, slot, len(people)) for (account, slot), people in there.items()))


def with_pandas(given: Any) -> np.ndarray:
    """As a data frame: every shift spread over its half hours, those away taken out, then counted."""
    from sociable.domain.cover.given import HALF_HOUR_US

    def spread(rows: Any) -> pd.DataFrame:
        frame = pd.DataFrame({name: getattr(rows, name) for name in rows._fields})
        first = ((frame.starts - given.starts_us) // HALF_HOUR_US).clip(lower=0).to_numpy()
        last = ((frame.ends - given.starts_us) // HALF_HOUR_US).clip(upper=given.slots).to_numpy()
        many = np.maximum(last - first, 0)
        wide = frame.loc[frame.index.repeat(many)]
        wide["slot"] = np.repeat(first - np.cumsum(many) + many, many) + np.arange(many.sum())
        return wide

    on_rota = spread(given.rota)[["account", "person", "slot"]]
    ready = pd.DataFrame({"account": given.ready.account, "person": given.ready.person}).drop_duplicates()
    away = spread(given.away)[["person", "slot"]].drop_duplicates().assign(away=True)
    there = on_rota.merge(ready, on=["account", "person"]).merge(away, on=["person", "slot"], how="left")
    counted = there[there.away.isna()].groupby(["account", "slot"]).person.nunique().reset_index()
    return table_of(given, zip(counted.account, counted.slot, counted.person, strict=True))


def table_of(given: Any, rows: Any) -> np.ndarray:
    inside = np.zeros((len(given.accounts), given.slots), dtype=np.int16)
    row = {account: number for number, account in enumerate(given.accounts.tolist())}
    for account, slot, many in rows:
        inside[row[account], slot] = many
    return inside


# -- Measuring -------------------------------------------------------------------------------------------------------------


def timed(words: str, runs: int, what: Callable[[], Any]) -> Any:
    """Run it a few times, say how long and how much of that this process worked, and return what it made last."""
    took, worked, made = [], [], None
    for _ in range(runs):
        started, begun = time.perf_counter(), time.process_time()
        made = what()
        took.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - begun) * 1000)
    print(f"  {words:<36} {setting.spread(took)} ms; of which worked {statistics.median(worked):,.0f} ms", flush=True)
    return made


def measure(lead: Any, runs: int) -> None:
    from django.test import Client

    from sociable.cover import board as cover
    from sociable.cover import reading
    from sociable.directory.models import Account
    from sociable.domain.cover.board import work_out
    from sociable.domain.worktime.zones import day_begins

    today = datetime.now(LONDON).date()
    begins, ends = day_begins(today, "Europe/London"), day_begins(today + timedelta(weeks=WEEKS), "Europe/London")
    accounts = list(Account.objects.select_related("partner", "answered_from"))
    given = reading.given(accounts, begins, ends)
    print(
        f"{len(accounts)} accounts, {len(np.unique(given.rota.person))} people, {len(given.rota.person):,} rows of rota"
    )
    board = timed("computed", runs, lambda: work_out(given))
    shift = given.rota
    person, first = int(shift.person[len(shift.person) // 2]), int(shift.starts[0])
    timed("changed: one leave of a week", runs * 4, lambda: board.with_away(person, first, first + 7 * 86_400 * 10**6))
    timed("read from the tables, and computed", runs, lambda: cover.board_of(accounts, begins, ends))
    client = Client(SERVER_NAME="localhost")
    client.force_login(lead)
    client.get("/cover/")  # the first compiles templates and calendars
    answer = timed("shown: the whole page", runs, lambda: client.get("/cover/"))
    if answer.status_code != 200 or answer.content.count(b'<li class="board-row">') != len(accounts):
        raise RuntimeError(f"not the page that was asked for: {answer.status_code}")
    packed = len(gzip.compress(answer.content))
    print(f"  {len(answer.content):,} bytes, {packed:,} packed; {len(board.holes.account):,} holes")
    is_open = board.needed > 0
    for words, peer in (("peer: a plain loop", plain_loop), ("peer: pandas", with_pandas)):
        theirs = timed(words, max(runs // 2, 1), lambda peer=peer: peer(given))
        same = bool((theirs[is_open] == board.inside[is_open]).all())
        if not same:
            raise RuntimeError(f"{words} comes to other numbers")
    print("  peers count shift by half hour alone (no holes, no part of a half hour), and come to the same numbers")


def run(given: argparse.Namespace, database: str, address: str) -> None:
    folder = setting.installation(address)
    try:
        from django.conf import settings

        settings.STORAGES = {
            **settings.STORAGES,
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        }
        Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
        print(f"{database}:")
        lead = fill(given.accounts, given.people, datetime.now(UTC))
        measure(lead, given.runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--accounts", type=int, default=300)
    options.add_argument("--people", type=int, default=1000)
    options.add_argument("--runs", type=int, default=5)
    given = options.parse_args()
    print(setting.machine())
    with contextlib.ExitStack() as stack:
        address = ""
        if given.postgresql:
            from tests.postgres import private_server

            address = stack.enter_context(private_server(durable=True))
        run(given, "PostgreSQL" if given.postgresql else "SQLite", address)


if __name__ == "__main__":
    main()
