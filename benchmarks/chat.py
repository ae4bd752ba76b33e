"""From line to other side: how long a line of web chat takes, with two thousand chats open on one house.

One house serves as `sociable serve` does, a process and its front, worker included; another process holds the browsers. Each
chat has a line every 30 seconds, by turns from the resident (posted as the script posts it; heard when a desk is told of it)
and from the desk (posted as the composer posts it; heard when its words stand in the resident's stream). A figure is the
time from the instant at which the line is said, which a house that is behind does not put off, to the bytes at the other
side, on the machine's one clock. What desks draw anew when they are told is another benchmark: desk.py.
Run: python benchmarks/chat.py [--chats 2000] [--seconds 60] [--postgresql]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import live as serving
import setting

EVERY_SECONDS = 30
DESKS = 10
POSTS_AT_ONCE = 64
PATIENCE_SECONDS = 30
AT_ONCE = 50
IDLE_SECONDS = 20
SITE = "https://www.bench.example"
_CHANGED = re.compile(rb'"conversation":(\d+),"kind":"message"')
_LINE = re.compile(rb'"text":"line (\d+)"')
Heard = dict[int, float]


# -- The browsers, in a process of their own -----------------------------------------------------------------------------


async def _stream(
    port: int, head: str, first: bytes, opened: asyncio.Semaphore, hear: object, pattern: re.Pattern[bytes]
) -> None:
    """One stream: open it, say that it is open, and tell what comes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode())
    kept = b""
    while first not in kept:
        read = await reader.read(16384)
        assert read, f"a stream was refused: {kept[:300]!r}"
        kept += read
    opened.release()
    while read := await reader.read(16384):
        now = time.monotonic()
        kept += read
        while found := pattern.search(kept):
            hear(int(found[1]), now)  # type: ignore[operator]
            kept = kept[found.end() :]
        kept = kept[-4096:]


def _missed(stream: asyncio.Task[None]) -> None:
    """A stream that breaks is no figure: say why, and stop."""
    if not stream.cancelled() and (error := stream.exception()) is not None:
        print(f"a stream broke: {error!r}", file=sys.stderr)
        os._exit(1)


class Browsers:
    """Residents with a stream each, desks with theirs, and the posts of both."""

    def __init__(self, port: int, told: dict[str, object]) -> None:
        self.port = port
        self.chats: list[dict[str, str]] = told["chats"]  # type: ignore[assignment]
        self.desks: list[dict[str, str]] = told["desks"]  # type: ignore[assignment]
        self.sent: Heard = {}
        self.heard: Heard = {}
        self.line_of: dict[int, int] = {}  # conversation to the resident's line it waits to be told of
        self.refused: list[str] = []
        self.places = asyncio.Semaphore(POSTS_AT_ONCE)
        self.numbers = 0

    def _heard_by_desk(self, conversation: int, now: float) -> None:
        line = self.line_of.get(conversation)
        if line is not None:
            self.heard.setdefault(line, now)

    def _heard_by_resident(self, line: int, now: float) -> None:
        if line not in self.line_of.values():
            self.heard.setdefault(line, now)

    async def open(self) -> list[asyncio.Task[None]]:
        opened = asyncio.Semaphore(0)
        tasks = []
        for number, chat in enumerate(self.chats):
            head = (
                f"GET /chat/help/events HTTP/1.1\r\nHost: localhost\r\nOrigin: {SITE}\r\nX-Forwarded-For: {chat['place']}\r\n"
                f"Authorization: Bearer {chat['secret']}\r\n\r\n"
            )
            task = _stream(self.port, head, b'"state"', opened, self._heard_by_resident, _LINE)
            tasks.append(asyncio.create_task(task))
            if number % 50 == 49:  # as people come: not two thousand in one instant
                await opened.acquire()
                await asyncio.sleep(0.01)
        for desk in self.desks:
            head = f"GET /events HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={desk['session']}\r\n\r\n"
            tasks.append(
                asyncio.create_task(_stream(self.port, head, b"retry:", opened, self._heard_by_desk, _CHANGED))
            )
        for task in tasks:
            task.add_done_callback(_missed)
        for _ in range(len(self.chats) + len(self.desks) - len(self.chats) // 50):
            await opened.acquire()
        return tasks

    async def talk(self, seconds: float) -> None:
        """Each chat has its turn every 30 seconds, at instants spread evenly and not together."""
        ends_at = time.monotonic() + seconds
        turns = [asyncio.create_task(self._turns(chat, ends_at)) for chat in self.chats]
        await asyncio.gather(*turns)
        until = time.monotonic() + PATIENCE_SECONDS
        while len(self.heard) < len(self.sent) and time.monotonic() < until:  # noqa: ASYNC110 - an event set each time would cost
            await asyncio.sleep(0.1)

    async def _turns(self, chat: dict[str, str], ends_at: float) -> None:
        """One chat's lines, at instants that a slow answer does not put off: else all that once waited would come together again."""
        at = time.monotonic() + random.random() * EVERY_SECONDS
        resident = random.random() < 0.5
        while at < ends_at:
            await asyncio.sleep(at - time.monotonic())
            number = self.numbers = self.numbers + 1
            self.sent[number] = at
            async with self.places:
                await (self._resident_says if resident else self._desk_says)(chat, number)
            resident = not resident
            at += EVERY_SECONDS

    async def _resident_says(self, chat: dict[str, str], number: int) -> None:
        body = json.dumps({"line": f"bench-{number:08}", "text": f"line {number}"})
        head = (
            f"POST /chat/help/lines HTTP/1.1\r\nHost: localhost\r\nOrigin: {SITE}\r\nX-Forwarded-For: {chat['place']}\r\n"
            f"Authorization: Bearer {chat['secret']}\r\nContent-Type: application/json\r\n"
        )
        self.line_of[int(chat["conversation"])] = number
        await self._post(head, body, number, b" 200 ")

    async def _desk_says(self, chat: dict[str, str], number: int) -> None:
        desk = self.desks[number % len(self.desks)]
        self.line_of.pop(int(chat["conversation"]), None)
        body = f"csrfmiddlewaretoken={desk['csrf']}&kind=answer&version=1&anyway=yes&text=line+{number}"
        head = (
            f"POST /desk/c/{chat['conversation']}/compose/ HTTP/1.1\r\nHost: localhost\r\n"
            f"Cookie: sessionid={desk['session']}; csrftoken={desk['csrf']}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )
        await self._post(head, body, number, b" 302 ")

    async def _post(self, head: str, body: str, number: int, wanted: bytes) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        status = await reader.readline()
        await reader.read()
        writer.close()
        if wanted not in status:
            self.refused.append(status.decode())


async def browse(port: int, told: dict[str, object], seconds: float) -> dict[str, object]:
    browsers = Browsers(port, told)
    streams = await browsers.open()
    print("open", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    await browsers.talk(seconds)
    for stream in streams:
        stream.cancel()
    waits = [1000 * (browsers.heard[line] - at) for line, at in browsers.sent.items() if line in browsers.heard]
    return {"waits": waits, "sent": len(browsers.sent), "refused": browsers.refused}


# -- The house -----------------------------------------------------------------------------------------------------------


def _people() -> list[dict[str, str]]:
    """People of the desk who are signed in, each with a session and the mark that forms carry."""
    from django.conf import settings
    from django.middleware.csrf import _get_new_csrf_string
    from django.test import Client

    from sociable.people.models import Partner, Person, Role

    desks = []
    for number in range(DESKS):
        person = Person.objects.create_user(f"desk{number}@bench.example", name=f"Desk {number}")
        Role.objects.create(person=person, kind="answerer", partner=Partner.objects.get())
        client = Client()
        client.force_login(person)
        desks.append({"session": client.cookies[settings.SESSION_COOKIE_NAME].value, "csrf": _get_new_csrf_string()})
    return desks


def _chats(count: int) -> list[dict[str, str]]:
    """So many chats in which a first line was said; each from a place of its own."""
    from django.db import transaction

    from sociable.directory.models import Account, PromiseVersion
    from sociable.due.models import DueRow
    from sociable.promises.models import Wait

    Account.objects.update(takes_chat=True, chat_origins=SITE, most_chats=count)
    PromiseVersion.objects.update(minutes=120, first_answer_seconds=60)
    account = Account.objects.select_related("partner").get()
    chats: list[dict[str, str]] = []
    for first in range(0, count, AT_ONCE):
        with transaction.atomic():
            chats += [_chat(account, number) for number in range(first, min(count, first + AT_ONCE))]
    # as if each had been answered: what is measured begins with nobody waiting and nothing due
    Wait.objects.update(ended=Wait.Ended.ANSWERED, ended_at=datetime.now(tz=UTC))
    DueRow.objects.filter(kind="warn").delete()
    return chats


def _chat(account: object, number: int) -> dict[str, str]:
    from sociable.journeys import chat

    now = datetime.now(tz=UTC)
    begun = chat.begin(account, secret="", name=f"Resident {number}", email="", page=SITE, now=now)
    message = chat.say(begun.chat, line=f"first-{number:06}", text="When is my bin collected?", now=now)
    place = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return {"secret": begun.secret, "conversation": str(message.conversation_id), "place": place}


def measure(count: int, seconds: int, database_url: str) -> None:
    os.environ["TRUSTED_PROXIES"] = "1"  # each browser has a place of its own on the internet, as in life
    folder = setting.installation(database_url)
    import kill
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    from sociable.config.commands.serve import _allow_many_connections
    from sociable.config.settling import settle
    from sociable.live import listen
    from sociable.worker.loop import Worker

    Path(settings.STATIC_ROOT).mkdir(exist_ok=True)
    if connection.vendor == "postgresql":
        call_command("createcachetable", verbosity=0)
    import_module(settings.ROOT_URLCONF)  # as `sociable serve` does
    _allow_many_connections()
    kill.found()
    began = time.monotonic()
    told, stop = {"desks": _people(), "chats": _chats(count)}, threading.Event()
    print(f"  {count:,} chats begun and a line said in each in {time.monotonic() - began:.0f} s")
    connection.close()
    settle()
    listen.start(stop)
    worker = Worker()
    worker.start()
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(2048)  # whoever comes before the server has begun is let in when it has
    front, thread = serving.serve(listener)
    before_kib = serving.memory_kib(front)
    child = subprocess.Popen(
        [sys.executable, __file__, "--as-browsers", str(listener.getsockname()[1]), "--seconds", str(seconds)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        child.stdin.write(json.dumps(told) + "\n")
        child.stdin.flush()
        began = time.monotonic()
        assert child.stdout.readline() == "open\n", "the browsers could not open their chats"
        held_kib = (serving.memory_kib(front) - before_kib) / count
        print(f"  {count + DESKS:,} streams open in {time.monotonic() - began:.1f} s, {held_kib:.0f} KiB a chat")
        print(f"  server time while nothing is said: {_idle_ms(front):.0f} ms a second")
        used = serving.processor_seconds(front)
        child.stdin.write("\n")
        child.stdin.flush()
        result = json.loads(child.stdout.readline())
        used = serving.processor_seconds(front) - used
    finally:
        child.kill()
        child.wait()
        stop.set()
        front.stop()
        thread.join(10)
        worker.stop(timedelta(seconds=10))
        shutil.rmtree(folder, ignore_errors=True)
    tell(result, used)


def _idle_ms(front: object) -> float:
    """What two thousand chats cost that only stay open: signs of life, and a look now and then whether they still may."""
    used, began = serving.processor_seconds(front), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return 1000 * (serving.processor_seconds(front) - used) / (time.monotonic() - began)


def tell(result: dict[str, object], used: float) -> None:
    waits, sent, refused = result["waits"], result["sent"], result["refused"]
    p50, p95, p99 = (setting.percentile(waits, percent) for percent in (50, 95, 99))
    print(f"  server time {1000 * used / max(1, sent):.0f} ms a line, worker and all")
    print(
        f"  line to other side: p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms, longest {max(waits):.0f} ms (wanted: p99 < 300)"
    )
    print(f"  heard {len(waits):,} of {sent:,} lines, {len(refused)} refused {set(refused) or ''}")


def script_size() -> str:
    """How much a resident's browser loads."""
    script = (setting.ROOT / "src/sociable/public/static/public/chat.js").read_bytes()
    return f"{len(script) / 1024:.0f} KiB, {len(gzip.compress(script, 9)) / 1024:.1f} KiB as it travels (gzip)"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chats", type=int, default=2000)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL, not on SQLite")
    parser.add_argument("--as-browsers", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.as_browsers:
        told = json.loads(sys.stdin.readline())
        print(json.dumps(asyncio.run(browse(options.as_browsers, told, options.seconds))), flush=True)
        return
    from tests import postgres

    print(f"web chat, on {'PostgreSQL' if options.postgresql else 'SQLite'}: {setting.machine()}")
    print(f"  the script on a body's page: {script_size()}")
    with (
        postgres.private_server(durable=True)
        if options.postgresql
        else contextlib.nullcontext(os.environ.get("DATABASE_URL", "")) as address
    ):
        measure(options.chats, options.seconds, address)


if __name__ == "__main__":
    main()
