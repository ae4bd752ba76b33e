"""Three hundred accounts on four networks, asked by one worker through an hour of trouble: is each heard within its interval?

One account in ten is slow (10 s to an answer), one in twenty fails (half at once, half without a word until the time-out), and
every ten minutes it is others. The networks run in a process of their own behind real sockets (trouble.py); the worker is the
one of `sociable worker`, in this process, on SQLite or PostgreSQL. The hour is told faster than it passes: every interval,
time-out, pause and slowness is shortened by the same scale, so that processor and disk have `scale` times the work of a real
hour; `--minutes 60 --scale 1` takes the whole hour. A round is late where an account that answers is asked later than its
interval after it was asked before; figures are in seconds of the story. Rounds after a failure are left out: such an account
is asked again with growing pauses, and counted by itself.
Run: python benchmarks/fetching.py [--accounts 300] [--minutes 20] [--scale 2] [--lanes now] [--down] [--postgresql]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import setting

from sociable.channels.base import Capabilities, ChannelError, Fetched, Parsed, RawItem, Unmarked, said

INTERVAL_SECONDS, TIMEOUT_SECONDS = 60.0, 30.0
KINDS = ("email", "notes", "posts", "chat")
FAILS = ("failing", "stuck")
SLOWEST_SECONDS = 10.0
ENOUGH_MINUTES = 8  # of lanes as before: they fall further behind with every minute
SETTLES_SECONDS = 120.0  # from the start, when all are asked at once: what is measured comes after


class Polled(Unmarked):
    """An account on a network that speaks JSON: a channel's adapter, as small as the contract lets it be."""

    kind: ClassVar[str] = "notes"
    name: ClassVar[str] = "Bench"
    settings: ClassVar[tuple[Any, ...]] = ()
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=500, private=False, threads=True, attachments_bytes=None, ids_of_network=True,
        source="it is a benchmark's", as_of_on=date(2026, 11, 27),
    )  # fmt: skip

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Polled:
        return cls(settings)

    @staticmethod
    def parse(content: bytes, *, fetched_at: datetime, received_at: datetime | None = None, **_more: Any) -> Parsed:
        event = json.loads(content)
        return said(
            message_id=event["id"], from_name="Resident", from_address=event["id"], text=event["text"],
            identity_kind="bench", sent_at=received_at or fetched_at, sent_at_why="when it was fetched",
        )  # fmt: skip

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        line = http.client.HTTPConnection("127.0.0.1", self.told["port"], timeout=self.told["timeout"])
        try:
            line.request("GET", f"/{self.told['user']}/{cursor or 0}")
            told = json.loads(line.getresponse().read())[:limit]
        except (OSError, http.client.HTTPException) as error:
            raise ChannelError(f"The network cannot be reached: {error}.") from error
        finally:
            line.close()
        items = [
            RawItem(name := f"{self.told['user']}:{each['id']}", json.dumps({**each, "id": name}).encode(), None)
            for each in told
        ]
        return Fetched(items, str(told[-1]["id"]) if told else cursor, more=len(told) == limit)

    def newest_cursor(self) -> str:
        return ""

    def wait(self, _timeout: timedelta) -> bool:
        return False

    def check(self) -> list[Any]:
        return []

    def close(self) -> None:
        return None


def shorten(scale: float) -> None:
    """Tell the worker's whole day faster: what is a minute for it is a minute of the story."""
    from django.conf import settings

    from sociable.channels.email.config import EmailConfig
    from sociable.due import services as due
    from sociable.journeys import fetch
    from sociable.worker import lanes, loop, watch

    settings.FETCH_SECONDS = INTERVAL_SECONDS / scale
    fetch.LONGEST_PAUSE /= scale
    loop.POLL_SECONDS /= scale
    lanes.SLOW_SECONDS /= scale
    fetch.APART /= scale
    pause = due.pause_before
    due.pause_before = lambda attempt, longest=due.LONGEST_PAUSE: pause(attempt, longest * scale) / scale
    watch.MOST = 0  # what a network tells by itself is another figure
    read = EmailConfig.from_dict.__func__
    EmailConfig.from_dict = classmethod(lambda cls, told: _impatient(read(cls, told), TIMEOUT_SECONDS / scale))


def _impatient(config: Any, seconds: float) -> Any:
    object.__setattr__(config, "timeout_seconds", seconds)  # a setting is whole seconds
    return config


def accounts(count: int, ports: list[int], scale: float) -> dict[str, int]:
    """Make the accounts, and say which connection is whose."""
    from sociable.channels import registry
    from sociable.directory import connecting
    from sociable.directory.models import Account, Connection
    from sociable.people.models import Partner

    for kind in KINDS[1:]:
        registry.kinds()[kind] = type(f"Polled_{kind}", (Polled,), {"kind": kind})
    partner = Partner.objects.create(slug="bench", name="Bench Council", short_name="Bench", kind="council")
    made = {}
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        name = f"{kind}-{number}"
        account = Account.objects.create(
            partner=partner, slug=name, name=name, channel=kind, stage="live", sends_receipts=False,
            address=f"{name}@bench.example" if kind == "email" else "",
        )  # fmt: skip
        told = {"imap_host": "127.0.0.1", "imap_port": ports[0], "imap_user": name, "imap_security": "none"}
        told = told if kind == "email" else {"port": ports[1], "user": name, "timeout": TIMEOUT_SECONDS / scale}
        sealed = connecting.seal({"imap_password": "password"}) if kind == "email" else ""
        made[name] = Connection.objects.create(account=account, settings=told, sealed_secrets=sealed).pk
    return made


def as_before() -> None:
    """Put fetching back into one lane of three places, as it was before this was measured."""
    from sociable.journeys import fetch
    from sociable.worker import loop
    from sociable.worker.lanes import Lane

    others = tuple(lane for lane in loop.LANES if "fetch" not in lane.kinds)
    loop.LANES = (*others, Lane("fetch", ("fetch",), 1, 3))
    fetch.APART, fetch.EARLY = timedelta(0), (1, 1)


def run(given: argparse.Namespace) -> None:
    """Tell one hour and print what became of it."""
    arguments = [str(given.scale), str(20 * 60.0 if given.down else 1e12), KINDS[0]]
    networks = subprocess.Popen(
        [sys.executable, Path(__file__).with_name("trouble.py"), *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    began_at = time.time()
    accounts(given.accounts, json.loads(networks.stdout.readline()), given.scale)
    from sociable.worker.loop import Worker

    before, threads = resource.getrusage(resource.RUSAGE_SELF), 0
    worker = Worker()
    worker.start()
    while (time.time() - began_at) * given.scale < given.minutes * 60:
        time.sleep(0.5)
        threads = max(threads, threading.active_count())
    used = resource.getrusage(resource.RUSAGE_SELF)
    knocks = json.loads(networks.communicate("")[0])
    worker.stop(timedelta(seconds=5))
    cpu = used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime
    report(knocks, given)
    print(
        f"processor {cpu / (time.time() - began_at) * 100:.0f} % of one core at {given.scale:g} times the pace of life, "
        f"own memory {setting.own_memory_mib():.0f} MiB, most threads {threads}"
    )
    judge(knocks)


def report(knocks: list[list[Any]], given: argparse.Namespace) -> None:
    """Say how late the rounds were, and what became of those that failed."""
    visits: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for name, at, ails, _ in knocks:
        visits[name].append((at, ails))
    gaps = [gap for each in visits.values() for gap in _gaps(each, given.minutes * 60)]
    late = [max(0.0, gap - INTERVAL_SECONDS) for gap in gaps]
    print(
        f"{len(late):,} rounds of accounts that answer: {sum(one > 0 for one in late) / len(late):.2%} later than their interval; "
        f"lateness p99 {setting.percentile(late, 99):.1f} s, worst {max(late):.1f} s; longest between two visits {max(gaps):.0f} s"
    )
    if never := given.accounts - len(visits):
        print(f"{never} accounts were never asked")
    failed = sum(ails in FAILS for _, _, ails, _ in knocks)
    print(
        f"{len(knocks):,} visits, of them {sum(each[2] == 'slow' for each in knocks):,} slow and {failed:,} that failed"
    )


def _gaps(visits: list[tuple[float, str]], end: float) -> list[float]:
    """From each visit that was answered to the next; one that should have come before the end and did not counts up to it."""
    following = [at for at, _ in visits[1:]]
    if end - visits[-1][0] > INTERVAL_SECONDS:
        following.append(end)
    pairs = zip(visits, following, strict=False)
    return [again - at for (at, ails), again in pairs if ails not in FAILS and at > SETTLES_SECONDS]


def judge(knocks: list[list[Any]]) -> None:
    """Say whether all that the networks had came in, once."""
    from django.db.models import Count

    from sociable.conversations.models import RawInbound
    from sociable.directory.models import Connection

    stored = dict(RawInbound.objects.values_list("account__slug").annotate(n=Count("pk")))
    seen = {
        name: there
        for name, at, ails, there in knocks
        if ails not in FAILS and at < knocks[-1][1] - 2 * SLOWEST_SECONDS
    }
    lost = sum(max(0, there - stored.get(name, 0)) for name, there in seen.items())
    unread = RawInbound.objects.filter(state="new").count()
    trouble = Connection.objects.exclude(trouble="").count()
    print(
        f"{sum(stored.values()):,} messages in, {lost} lost, {unread} unread; {trouble} accounts in trouble at the end"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--accounts", type=int, default=300)
    options.add_argument("--minutes", type=float, default=20, help="of the story")
    options.add_argument("--scale", type=float, default=2, help="seconds of the story in one second")
    options.add_argument("--lanes", choices=("now", "before", "both"), default="both")
    options.add_argument(
        "--down", action="store_true", help="one of the four networks goes down whole after 20 minutes"
    )
    options.add_argument("--postgresql", action="store_true")
    given = options.parse_args()
    if given.lanes == "both":
        for lanes in ("now", "before"):
            minutes = min(given.minutes, ENOUGH_MINUTES) if lanes == "before" else given.minutes
            more = ["--lanes", lanes, "--minutes", str(minutes)]
            subprocess.run([sys.executable, __file__, *sys.argv[1:], *more], check=True)
        return
    random.seed(1)
    print(setting.machine())
    with contextlib.ExitStack() as stack:
        address = ""
        if given.postgresql:
            from tests.postgres import private_server

            address = stack.enter_context(private_server(durable=True))
        folder = setting.installation(address)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        story = f"{given.accounts} accounts, {given.minutes:g} minutes, lanes as {given.lanes}"
        print(f"{'PostgreSQL' if given.postgresql else 'SQLite'}; {story}{', one network down' if given.down else ''}")
        shorten(given.scale)
        if given.lanes == "before":
            as_before()
        run(given)


if __name__ == "__main__":
    main()
