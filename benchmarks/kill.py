"""Kills Sociable with `kill -9` at random moments while mail comes in, warnings fall due and receipts go out, and counts.

A sender that is told yes never sends again; one that is told nothing sends the same again, as mail servers do. In the end:
lost are messages we said yes to and do not have; twice are mails of ours that left more than once; missed are warnings never
told; unknown are mails whose fate a person is asked to decide, because the kill fell into the instant of handing over.
Run: python benchmarks/kill.py [--rounds 100] [--postgresql] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import smtplib
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from typing import Any

import setting
from aiosmtpd.controller import Controller

ADDRESS = "help@bench.example"
STANDSTILL_SECONDS = 150  # longer than a lease: nothing more is coming
BUSY_SECONDS = (0.1, 1.6)  # how long a round lives after the door is open
SENDERS = 3


class Sink:
    """The mail server of everybody outside: counts each mail it took, by Message-ID, and is sometimes slow to say so."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd finds it so
        await asyncio.sleep(random.choice((0.0, 0.0, 0.005, 0.03)))
        self.taken[BytesHeaderParser().parsebytes(envelope.content)["Message-ID"]] += 1
        await asyncio.sleep(random.choice((0.0, 0.0, 0.005, 0.03)))  # killed in here, it left and nobody was told
        return "250 taken"


class Senders:
    """Mail servers that deliver to ours: each mail again and again until the answer is yes."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.said_yes: list[str] = []
        self.repeated = 0
        self._number = 0
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(SENDERS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            with self._guard:
                self._number += 1
                number = self._number
            while not self._deliver(number):
                self.repeated += 1
                time.sleep(0.05)

    def _deliver(self, number: int) -> bool:
        name = f"<kill.{number}@resident.example>"
        mail = EmailMessage()
        mail["From"], mail["To"] = f"resident{number}@resident.example", ADDRESS
        mail["Subject"], mail["Message-ID"] = f"Question {number}", name
        mail.set_content(f"This is question {number}.")
        try:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=10) as smtp:
                smtp.send_message(mail)
        except (OSError, smtplib.SMTPException):
            return False
        self.said_yes.append(name)
        return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def found() -> None:
    """One body with one account, always open, that promises an answer within a minute: every warning falls due soon."""
    from sociable.directory.models import Account, HoursVersion, PromiseVersion
    from sociable.people.models import Partner

    now = datetime.now(tz=UTC)
    body = Partner.objects.create(slug="bench", name="Bench", short_name="Bench", kind="council")
    account = Account.objects.create(partner=body, slug="help", name="Help", address=ADDRESS, stage="live")
    day = now.date().replace(month=1, day=1)
    HoursVersion.objects.create(account=account, valid_from_on=day, notation="24/7", stated_at=now)
    PromiseVersion.objects.create(account=account, valid_from_on=day, form="open_time", minutes=1, stated_at=now)


def start(port: int) -> subprocess.Popen[bytes]:
    """Start the whole house, and return when its mail door is open."""
    house = subprocess.Popen(
        [sys.executable, "-m", "sociable", "serve", "--port", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    ends_at = time.monotonic() + 60
    while house.poll() is None and time.monotonic() < ends_at:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return house
        time.sleep(0.01)
    raise RuntimeError(f"Sociable did not start (status {house.poll()}).")


def unsettled() -> int:
    """How much is still to be done: raw mail not read, mail not sent, due rows whose time has come."""
    from sociable.conversations.models import Outgoing, RawInbound
    from sociable.due.models import DueRow

    now = datetime.now(tz=UTC)
    waiting = (
        DueRow.objects.filter(done_at=None, due_at__lte=now)
        .exclude(kind__in=["watch", "housekeeping", "fetch"])
        .count()
    )
    raw = RawInbound.objects.filter(state="new").count()
    return waiting + raw + Outgoing.objects.filter(state__in=["queued", "sending"]).count()


def told_or_ahead() -> tuple[int, int]:
    """How many warnings were told, and how many of all there must be were told or are asked for and not yet due."""
    from sociable.due.models import DueRow
    from sociable.promises.models import Warned

    asked = DueRow.objects.filter(kind="warn", done_at=None, set_aside_at=None).values_list("subject_id", "data__kind")
    ahead = set(asked)  # first: one that is told in between is in both
    told = set(Warned.objects.values_list("wait_id", "kind"))
    return len(told), len(told | ahead)


def settle() -> None:
    """Wait until all is done, for as long as it goes on: what a killed worker had in hand comes again after a minute."""
    least, ends_at = unsettled(), time.monotonic() + STANDSTILL_SECONDS
    while (left := unsettled()) and time.monotonic() < ends_at:
        if left < least:
            least, ends_at = left, time.monotonic() + STANDSTILL_SECONDS
        time.sleep(0.5)


def count(sink: Sink, senders: Senders) -> dict[str, Any]:
    """What became of everything."""
    from sociable.conversations.models import Message, Outgoing
    from sociable.due.models import DueRow
    from sociable.promises.models import Wait

    stored = Counter(Message.objects.filter(direction="in").values_list("message_id", flat=True))
    waits = Wait.objects.count()
    told, told_or_asked = told_or_ahead()
    states = Counter(Outgoing.objects.values_list("state", flat=True))
    accepted = set(Outgoing.objects.filter(state="accepted").values_list("message__message_id", flat=True))
    unknown = set(Outgoing.objects.filter(state="unknown").values_list("message__message_id", flat=True))
    return {
        "mails_taken_in": len(senders.said_yes),
        "sent_again_by_senders": senders.repeated,
        "lost": len(set(senders.said_yes) - set(stored)),
        "stored_twice": sum(1 for times in stored.values() if times > 1),
        "without_receipt": waits - sum(states.values()),
        "mails_sent": sum(sink.taken.values()),
        "sent_twice": sum(1 for times in sink.taken.values() if times > 1),
        "said_sent_but_not": len(accepted - set(sink.taken)),
        "unknown": len(unknown),
        "unknown_that_had_left": len(unknown & set(sink.taken)),
        "left_but_not_said": len(set(sink.taken) - accepted - unknown),
        "failed": states["failed"],
        "warnings_told": told,
        "warnings_missed": 5 * waits - told_or_asked,
        "set_aside": DueRow.objects.filter(set_aside_at__isnull=False).count(),
    }


def measure(rounds: int, database_url: str, *, quiet: bool) -> dict[str, Any]:
    """Kill so often, then let it come to rest, and count."""
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    door = free_port()
    os.environ |= {"SMTP_PORT": str(door), "SMTP_URL": f"smtp://127.0.0.1:{controller.port}?tls=none"}
    folder = setting.installation(database_url)
    os.environ["PYTHONPATH"] = str(setting.ROOT / "src")
    found()
    senders, dice = Senders(door), random.Random()
    house = None
    try:
        senders.start()
        for number in range(rounds):
            house = start(door)
            time.sleep(dice.uniform(*BUSY_SECONDS))
            house.kill()
            house.wait()
            if not quiet and (number + 1) % 10 == 0:
                print(f"  killed {number + 1} times, {len(senders.said_yes)} mails taken in", flush=True)
        house = start(door)
        senders.stop()
        settle()
        counted = {"rounds": rounds, "left_to_do": unsettled(), **count(sink, senders)}
    finally:
        if house is not None:
            house.kill()
            house.wait()
        controller.stop()
        shutil.rmtree(folder, ignore_errors=True)
    return counted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL, not on SQLite")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON alone")
    options = parser.parse_args()
    sys.path.insert(0, str(setting.ROOT))
    from tests import postgres

    if not options.json:
        print(f"kill -9, on {'PostgreSQL' if options.postgresql else 'SQLite'}: {setting.machine()}")
    with (
        postgres.private_server()
        if options.postgresql
        else contextlib.nullcontext(os.environ.get("DATABASE_URL", "")) as address
    ):
        figures = measure(options.rounds, address, quiet=options.json)
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"  {name.replace('_', ' '):<24}{value:>8,}" for name, value in figures.items()))
    wrong = (
        "left_to_do",
        "lost",
        "stored_twice",
        "without_receipt",
        "sent_twice",
        "said_sent_but_not",
        "left_but_not_said",
    )
    return int(any(figures[name] for name in (*wrong, "warnings_missed", "set_aside", "failed")))


if __name__ == "__main__":
    sys.exit(main())
