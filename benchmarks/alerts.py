"""Notices by the thousand: how many of those due in one minute were handed to their routes within it, and how soon the desk knew.

Half ring by mail and half by an HTTP route of the workplace, each to its own person on duty; every one is told on the desk as well.
The desk is measured to the instant at which an open screen is told. Mail server and HTTP server stand in a process of their own.
With --kill the house is killed by `kill -9` while chains run, and counted are notices missed and notices that rang twice.
Run: python benchmarks/alerts.py [--notices 10000] [--postgresql] [--kill 20] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from typing import Any

import setting

WITHIN = timedelta(seconds=60)
BUSY_SECONDS = (0.1, 1.5)
PEOPLE = 200
INSTANTS = ("arrival", "50", "75", "90", "passed")


# -- What stands outside ---------------------------------------------------------------------------------------------------


def sinks(pipe: Any) -> None:
    """A mail server and an HTTP route that take everything and count each notice by its link."""
    from aiosmtpd.controller import Controller

    rang: Counter[str] = Counter()

    class Hook(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            rang[_tap(self.rfile.read(int(self.headers["content-length"])).decode())] += 1
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            pass

    class Mail:
        async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd finds it so
            rang[_tap(envelope.content.decode().replace("=\r\n", ""))] += 1
            return "250 taken"

    class Hooks(ThreadingHTTPServer):
        request_queue_size = 512

    hooks = Hooks(("127.0.0.1", 0), Hook)
    threading.Thread(target=hooks.serve_forever, daemon=True).start()
    controller = Controller(Mail(), hostname="127.0.0.1", port=free_port())
    controller.start()
    pipe.send((hooks.server_port, controller.port))
    while pipe.recv() == "count":
        pipe.send(dict(rang))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _tap(text: str) -> str:
    return text.split("/told/")[1].split("/", maxsplit=1)[0].strip()


# -- The house -------------------------------------------------------------------------------------------------------------


def found(people: int, hook: int, **policy: Any) -> list[Any]:
    """One body with an account for each person on duty, always open; half of them are rung by mail, half by the HTTP route."""
    from sociable.alerts.models import AlertPolicy, Route
    from sociable.cover.models import Readiness, Shift
    from sociable.directory.models import Account, HoursVersion, PromiseVersion
    from sociable.people.models import Partner, Person

    now = datetime.now(tz=UTC)
    body = Partner.objects.create(slug="bench", name="Bench", short_name="Bench", kind="council")
    accounts = []
    for number in range(people):
        account = Account.objects.create(partner=body, slug=f"a{number}", name=f"Account {number}", stage="live")
        day = now.date().replace(month=1, day=1)
        HoursVersion.objects.create(account=account, valid_from_on=day, notation="24/7", stated_at=now)
        PromiseVersion.objects.create(
            account=account, valid_from_on=day, form="open_time", minutes=policy.get("minutes", 600), stated_at=now
        )
        person = Person.objects.create(email=f"p{number}@staff.example.org", name=f"Person {number}")
        Route.objects.create(person=person, kind="desk", name="The desk", added_at=now)
        route = Route(person=person, kind="email" if number % 2 else "apprise", name="Rings", position=1, added_at=now)
        route.address = "" if number % 2 else f"json://127.0.0.1:{hook}/p{number}"
        route.save()
        Readiness.objects.create(person=person, account=account, ready_from_at=now, signed_at=now)
        shift = Shift.objects.create(
            person=person,
            starts_at=now - timedelta(hours=1),
            ends_at=now + timedelta(hours=5),
            state="published",
            made_at=now,
        )
        shift.accounts.add(account)
        AlertPolicy.objects.create(
            account=account, surge_most=30000, drill_minutes=0, set_at=now, step_minutes=policy.get("step", 300)
        )
        accounts.append(account)
    return accounts


def wait_for(account: Any, number: int, started_at: datetime) -> None:
    """A request that reaches its account at an instant, with its due rows."""
    from sociable.conversations.models import Contact, Conversation, Message
    from sociable.directory import queries as directory
    from sociable.promises import services as promises

    contact = Contact.objects.create(name=f"R{number}", partner_id=account.partner_id, created_at=started_at)
    conversation = Conversation.objects.create(
        account=account, contact=contact, started_at=started_at, last_message_at=started_at
    )
    message = Message.objects.create(
        conversation=conversation,
        partner_id=account.partner_id,
        direction="in",
        channel="form",
        text="?",
        from_name="R",
        sent_at=started_at,
        fetched_at=started_at,
        stored_at=started_at,
    )
    promises.begin(message=message, conversation=conversation, stated=directory.stated(account.pk))


def ask_all(accounts: list[Any], notices: int, first_at: datetime) -> dict[int, datetime]:
    """Requests whose arrival is due within one minute: conversation to instant."""
    from django.db import transaction

    from sociable.due.models import DueRow
    from sociable.promises.models import Wait

    for begin in range(0, notices, 500):
        with transaction.atomic():
            for number in range(begin, min(begin + 500, notices)):
                wait_for(accounts[number % len(accounts)], number, first_at + random.random() * WITHIN)
    DueRow.objects.exclude(data__kind="arrival").filter(kind="warn").delete()
    return dict(Wait.objects.values_list("conversation_id", "clock_starts_at"))


def measure(notices: int, database_url: str) -> dict[str, Any]:
    """Begin the worker in this process, as `sociable serve` does, pages' modules and all, and watch one minute."""
    ours, theirs = multiprocessing.Pipe()
    outside = multiprocessing.get_context("spawn").Process(target=sinks, args=(theirs,), daemon=True)
    outside.start()
    hook, mail = ours.recv()
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{mail}?tls=none"
    os.environ |= {"ALERT_SERVICES": "json", "ALERT_HOSTS": "127.0.0.1"}
    folder = setting.installation(database_url)
    from django.conf import settings as configured

    from sociable.alerts.models import Notice
    from sociable.config.settling import settle
    from sociable.live import hub, listen
    from sociable.worker.loop import Worker

    import_module(configured.ROOT_URLCONF)
    accounts = found(PEOPLE, hook)
    first_at = datetime.now(tz=UTC) + timedelta(seconds=notices / 90 + 15)  # until all have asked
    due_at = ask_all(accounts, notices, first_at)
    told: dict[int, float] = {}
    tell = hub.tell

    def heard(hint: hub.Hint) -> None:
        if hint["kind"] == "notice":
            told.setdefault(hint["conversation"], time.time())
        tell(hint)

    hub.tell = heard
    stop = threading.Event()
    worker = Worker()
    late = max(0.0, (datetime.now(tz=UTC) - first_at).total_seconds())
    before = processor_seconds()
    settle()
    listen.start(stop)
    worker.start()
    ends_at = first_at + WITHIN
    time.sleep(max(0.0, (ends_at - datetime.now(tz=UTC)).total_seconds()))
    rings = Notice.objects.exclude(route__kind="desk").filter(state="handed")
    handed_in_time = rings.filter(handed_at__lte=ends_at).count()
    until = time.monotonic() + 300
    while rings.count() < notices and time.monotonic() < until:
        time.sleep(0.5)
    seconds = (datetime.now(tz=UTC) - ends_at).total_seconds()
    worker.stop(timedelta(seconds=10))
    used = processor_seconds() - before
    stop.set()
    ours.send("count")
    rang = ours.recv()
    ours.send("end")
    handed = [
        (handed_at - due_at).total_seconds()
        for handed_at, due_at in rings.values_list("handed_at", "chain__due_at")
        if handed_at
    ]
    waited = [told[pk] - at.timestamp() for pk, at in due_at.items() if pk in told]
    shutil.rmtree(folder, ignore_errors=True)
    return {
        "database": configured.DATABASES["default"]["ENGINE"].rsplit(".", 1)[-1],
        "notices": notices,
        "began_late_seconds": round(late, 1),
        "handed_within_the_minute": handed_in_time,
        "all_handed_seconds_after_the_minute": round(seconds, 1),
        "handed_after_its_instant_p99_ms": round(setting.percentile(handed, 99) * 1000),
        "handed_after_its_instant_longest_ms": round(max(handed) * 1000),
        "rang": sum(rang.values()),
        "rang_twice": sum(1 for times in rang.values() if times > 1),
        "desk_told": len(waited),
        "desk_p50_ms": round(setting.percentile(waited, 50) * 1000),
        "desk_p99_ms": round(setting.percentile(waited, 99) * 1000),
        "processor_ms_a_notice": round(used / notices * 1000, 2),
    }


def processor_seconds() -> float:
    """What this process has used, and those of its own that have ended: what carries the notices, not what takes them."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


# -- Killed ----------------------------------------------------------------------------------------------------------------


def killed(rounds: int, database_url: str) -> dict[str, Any]:
    """Kill the house so often while chains climb, let it come to rest, and count."""
    os.environ |= {"SMTP_PORT": str(free_port()), "PYTHONPATH": str(setting.ROOT / "src")}
    ours, theirs = multiprocessing.Pipe()
    outside = multiprocessing.get_context("spawn").Process(target=sinks, args=(theirs,), daemon=True)
    outside.start()
    hook, mail = ours.recv()
    os.environ["SMTP_URL"] = f"smtp://127.0.0.1:{mail}?tls=none"
    os.environ |= {"ALERT_SERVICES": "json", "ALERT_HOSTS": "127.0.0.1"}
    folder = setting.installation(database_url)
    accounts, number = found(6, hook, minutes=1, step=1), 0
    for _ in range(rounds):
        house = subprocess.Popen(
            [sys.executable, "-m", "sociable", "serve", "--port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert house.stdout is not None
        house.stdout.readline()
        ends_at = time.monotonic() + random.uniform(*BUSY_SECONDS)
        while time.monotonic() < ends_at:
            with contextlib.suppress(Exception):  # the database is busy: asked again
                wait_for(random.choice(accounts), number, datetime.now(tz=UTC))
                number += 1
            time.sleep(0.03)
        house.kill()
        house.wait()
    house = subprocess.Popen(
        [sys.executable, "-m", "sociable", "serve", "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _rest()
    house.terminate()
    house.wait(30)
    ours.send("count")
    rang = ours.recv()
    ours.send("end")
    figures = _counted(rang, rounds)
    shutil.rmtree(folder, ignore_errors=True)
    return figures


def _rest() -> None:
    """Wait until nothing that has to do with alerts is due any more."""
    from sociable.due.models import DueRow

    until = time.monotonic() + 400
    while time.monotonic() < until:
        open_rows = DueRow.objects.filter(done_at=None, set_aside_at=None)
        if not open_rows.filter(kind__in=["warn", "chain", "notice-email", "notice-apprise"]).exists():
            return
        time.sleep(0.5)


def _counted(rang: dict[str, int], rounds: int) -> dict[str, Any]:
    from sociable.alerts import tokens
    from sociable.alerts.models import Chain, Notice
    from sociable.promises.models import Wait, Warned

    times: Counter[int] = Counter()
    for token, number in rang.items():
        times[tokens.read(token) or 0] += number
    rings = Notice.objects.exclude(route__kind="desk")
    alive = Chain.objects.exclude(ended="overtaken")
    handed = set(rings.filter(state="handed").values_list("pk", flat=True))
    return {
        "kills": rounds,
        "waits": Wait.objects.count(),
        "instants_missed": len(INSTANTS) * Wait.objects.count() - Warned.objects.count(),
        "chains": Chain.objects.count(),
        "chains_that_told_nobody": alive.filter(notices=None).count(),
        "notices": rings.count(),
        "handed_but_never_rang": len(handed - set(times)),
        "rang_twice": sum(1 for number in times.values() if number > 1),
        "in_doubt": rings.filter(state="unknown").count(),
        "in_doubt_that_had_rung": len(set(rings.filter(state="unknown").values_list("pk", flat=True)) & set(times)),
        "left_lying": rings.filter(state__in=["queued", "handing"]).count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=10_000)
    parser.add_argument(
        "--kill", type=int, default=0, help="kill so often, and count what was missed and what rang twice"
    )
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    told = given.json or print(__doc__.splitlines()[0], setting.machine(), sep="\n")
    with contextlib.ExitStack() as stack:
        url = os.environ.get("DATABASE_URL", "")
        if given.postgresql:
            from tests import postgres

            url = stack.enter_context(postgres.private_server(durable=True))
        figures = killed(given.kill, url) if given.kill else measure(given.notices, url)
    print(
        json.dumps(figures)
        if told
        else "\n".join(
            f"  {name.replace('_', ' ')}: {value:,}" if isinstance(value, int) else f"  {name}: {value}"
            for name, value in figures.items()
        )
    )
    sys.exit(
        bool(figures.get("rang_twice") or figures.get("instants_missed") or figures.get("chains_that_told_nobody"))
    )


if __name__ == "__main__":
    main()
