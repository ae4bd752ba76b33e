"""From commit to browser: how long a desk waits to hear of a request that was stored, with a thousand desks connected.

One house serves, as `sociable serve` does, with its front, and takes in mails by the real way (raw row, parsing, wait, due rows, one
durable transaction each); another process holds the desks. The clock both read is the machine's own, and a figure is the time from
the end of the transaction to the bytes at the desk.
Run: python benchmarks/live.py [--desks 1000] [--events 60] [--postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import setting

PAUSE_SECONDS = 0.5
PATIENCE_SECONDS = 120
PEOPLE = 50
_EVENT = re.compile(rb"id: (\d+)\ndata: [^\n]*\"kind\":\"message\"")


# -- The desks, in a process of their own -------------------------------------------------------------------------------


async def desk(port: int, session: str, connected: asyncio.Semaphore, heard: list[tuple[int, float]]) -> None:
    """One browser: connect, say that it listens, and note when each event came."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={session}\r\n\r\n".encode())
    kept = b""
    while b"retry:" not in kept:
        kept += await reader.read(4096)
    connected.release()
    while read := await reader.read(4096):
        now = time.monotonic()
        kept += read
        while found := _EVENT.search(kept):
            heard.append((int(found[1]), now))
            kept = kept[found.end() :]


async def desks(port: int, sessions: list[str], count: int, expected: int) -> dict[str, list[tuple[int, float]]]:
    """Hold so many desks until each has heard all, or time is up."""
    connected, heard = asyncio.Semaphore(0), []
    waiting = [asyncio.create_task(desk(port, sessions[n % len(sessions)], connected, heard)) for n in range(count)]
    for _ in range(count):
        await connected.acquire()
    print("connected", flush=True)
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while len(heard) < count * expected and time.monotonic() < ends_at:  # noqa: ASYNC110 - an event set each time would cost
        await asyncio.sleep(0.2)
    for task in waiting:
        task.cancel()
    return {"heard": heard}


# -- The house ---------------------------------------------------------------------------------------------------------


def people() -> list[str]:
    """Fifty people of one body who are signed in; their sessions."""
    from django.test import Client

    from sociable.people.models import Partner, Person, Role

    body, sessions = Partner.objects.get(), []
    for number in range(PEOPLE):
        person = Person.objects.create_user(f"desk{number}@bench.example", name=f"Desk {number}")
        Role.objects.create(person=person, kind="answerer", partner=body)
        client = Client()
        client.force_login(person)
        sessions.append(client.cookies["sessionid"].value)
    return sessions


def mail(number: int) -> bytes:
    head = f"From: resident{number}@resident.example\r\nTo: help@bench.example\r\nSubject: Bin\r\n"
    return f"{head}Message-ID: <live.{number}@resident.example>\r\n\r\nWhen is my bin collected? {number}\r\n".encode()


def publish(events: int) -> dict[int, float]:
    """Take in a mail now and then; for each event, when its transaction had ended."""
    from django.db import connection

    from sociable.channels.base import RawItem
    from sociable.directory.models import Account
    from sociable.journeys import receive
    from sociable.live import hub
    from sociable.live.models import ChangeEvent

    account, committed = Account.objects.select_related("partner").get(), {}
    really = hub.tell

    def tell(
        hint: hub.Hint,
    ) -> None:  # on SQLite the process tells itself at the end of the transaction: here is that end
        if hint["kind"] == "message":
            committed.setdefault(hint["id"], time.monotonic())
        really(hint)

    if connection.vendor == "sqlite":
        hub.tell = tell
    for number in range(events):
        now = datetime.now(tz=UTC)
        fresh = receive.store(account, "email", [RawItem(f"live-{number}", mail(number), now, "")], fetched_at=now)
        stated = receive.directory.stated(account.pk)
        receive.read(fresh[0], stated, now)
        if connection.vendor != "sqlite":  # a notice may travel while we are still told of the commit
            committed[ChangeEvent.objects.filter(kind="message").latest("pk").pk] = time.monotonic()
        time.sleep(PAUSE_SECONDS)
    connection.close()
    return committed


def memory_kib(front: object) -> int:
    """What this process and its front hold now."""
    statuses = [Path(f"/proc/{process}/status").read_text().splitlines() for process in ("self", front.pid)]
    return sum(int(line.split()[1]) for status in statuses for line in status if line.startswith("VmRSS"))


def processor_seconds(front: object) -> float:
    """How long this process and its front have worked until now."""
    fields = Path(f"/proc/{front.pid}/stat").read_text().rpartition(")")[2].split()
    return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(listener: socket.socket) -> tuple[object, threading.Thread]:
    """The web of `sociable serve`: its front, kept going by a thread, and the threads here that answer it."""
    from sociable.config.web.front_process import Keeper

    front = Keeper(listener)
    thread = threading.Thread(target=front.run, daemon=True)
    thread.start()
    with socket.create_connection(listener.getsockname()) as browser:  # it is there when it refuses whom nobody knows
        browser.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert b" 401 " in browser.recv(1024)
    return front, thread


def measure(count: int, events: int, database_url: str) -> None:
    folder = setting.installation(database_url)
    import kill
    from django.conf import settings

    from sociable.config.commands.serve import _allow_many_connections
    from sociable.live import listen

    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    _allow_many_connections()
    kill.found()
    sessions, stop = people(), threading.Event()
    listen.start(stop)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)  # whoever comes before the server has begun is let in when it has
    front, thread = serve(listener)
    before_kib = memory_kib(front)
    child = subprocess.Popen(
        [sys.executable, __file__, "--as-desks", str(listener.getsockname()[1]), "--desks", str(count), "--events", str(events)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        child.stdin.write(json.dumps(sessions) + "\n")
        child.stdin.flush()
        began = time.monotonic()
        assert child.stdout.readline() == "connected\n", "the desks could not connect"
        print(
            f"  {count:,} desks connected in {time.monotonic() - began:.1f} s, {(memory_kib(front) - before_kib) / count:.0f} KiB each"
        )
        idle = processor_seconds(front)
        committed = publish(events)
        print(
            f"  server time {1000 * (processor_seconds(front) - idle) / events:.0f} ms for each mail taken in and told to all"
        )
        heard = json.loads(child.stdout.readline())["heard"]
    finally:
        child.kill()
        child.wait()
        stop.set()
        front.stop()
        thread.join(10)
        shutil.rmtree(folder, ignore_errors=True)
    tell(count, events, [1000 * (at - committed[number]) for number, at in heard if number in committed])


def tell(count: int, events: int, waits_ms: list[float]) -> None:
    p50, p95, p99 = (setting.percentile(waits_ms, percent) for percent in (50, 95, 99))
    print(
        f"  commit to browser: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, longest {max(waits_ms):.0f} ms (wanted: p99 < 250)"
    )
    print(f"  heard {len(waits_ms):,} of {count * events:,}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--desks", type=int, default=1000)
    parser.add_argument("--events", type=int, default=60)
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL, not on SQLite")
    parser.add_argument("--as-desks", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_desks:
        sessions = json.loads(sys.stdin.readline())
        print(json.dumps(asyncio.run(desks(options.as_desks, sessions, options.desks, options.events))), flush=True)
        return
    sys.path.insert(0, str(setting.ROOT))
    from tests import postgres

    print(f"live updates, on {'PostgreSQL' if options.postgresql else 'SQLite'}: {setting.machine()}")
    with (
        postgres.private_server(durable=True)
        if options.postgresql
        else contextlib.nullcontext(os.environ.get("DATABASE_URL", "")) as address
    ):
        measure(options.desks, options.events, address)


if __name__ == "__main__":
    main()
