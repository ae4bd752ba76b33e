"""Asks a real server for the desk's first 50 rows in fair order, with few and with very many open waits, and prints how long that took.

A person who sees all accounts of one partner; the whole HTTP answer, read to its end.
Run: python benchmarks/desk.py [--postgresql] [--open 2000,200000] [--closed 1000000]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import os
import shutil
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import setting

ACCOUNTS = 14
CONTACTS = 50_000
PORT = 18_765


def directory(now: datetime) -> tuple[list[int], int, str]:
    """Make a partner with its accounts and a person who sees them all; return account ids, promise id and session key."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    from sociable.directory.models import Account, HoursVersion, PromiseVersion
    from sociable.people.models import Partner, Person, Role

    partner = Partner.objects.create(slug="bench", name="Bench City Council", short_name="Bench", kind="council")
    start = now.date().replace(month=1, day=1)
    ids, promise_id = [], 0
    for number in range(ACCOUNTS):
        account = Account.objects.create(
            partner=partner, slug=f"account-{number}", name=f"Account {number}", stage="live"
        )
        HoursVersion.objects.create(
            account=account, valid_from_on=start, notation="Mo-Fr 08:30-17:00; Sa 09:00-12:00; PH off", stated_at=now
        )
        promise = PromiseVersion.objects.create(
            account=account, valid_from_on=start, form="open_time", minutes=120, stated_at=now
        )
        ids.append(account.pk)
        promise_id = promise_id or promise.pk
    person = Person.objects.create_user("asha@bench.example", "not used here", name="Asha Khan")
    Role.objects.create(person=person, kind="answerer", partner=partner)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = "sociable.people.backends.PersonBackend"
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return ids, promise_id, session.session_key or ""


def fill(accounts: list[int], promise_id: int, first: int, count: int, now: datetime, *, is_open: bool) -> None:
    """Add conversations with a message and a wait each, in SQL, since it is reading that is measured."""
    from django.db import connection, transaction

    postgresql = connection.vendor == "postgresql"
    series = (
        f"SELECT n FROM generate_series(CAST({first} AS bigint), {first + count - 1}) AS s(n)"
        if postgresql
        else f"WITH RECURSIVE s(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n < {first + count - 1}) SELECT n FROM s"
    )
    base = connection.ops.adapt_datetimefield_value(now - timedelta(days=2 if is_open else 400))
    span = 4 * 86_400 if is_open else 300 * 86_400
    offset = f"((n * 7919) % {span})"
    at = (
        f"(CAST('{base}' AS timestamptz) + {offset} * interval '1 second')"
        if postgresql
        else f"strftime('%Y-%m-%d %H:%M:%f', '{str(base)[:19]}', '+' || {offset} || ' seconds')"
    )
    account = (
        "CASE "
        + " ".join(f"WHEN (n * 31) % 100 < {(k + 1) * (k + 2) // 2} THEN {pk}" for k, pk in enumerate(accounts))
        + f" ELSE {accounts[0]} END"
    )
    state = "'open'" if is_open else "'closed'"
    empty = "'[]'::jsonb" if postgresql else "'[]'"
    false = "false" if postgresql else "0"
    ended = "NULL, ''" if is_open else f"{at}, 'answered'"
    statements = [
        f"""INSERT INTO conversations_conversation (id, account_id, contact_id, subject, state, state_reason, version, started_at,
            last_message_at, last_direction, handed_note)
            SELECT n, {account}, 1 + n % {CONTACTS}, 'Request number ' || n, {state}, '', 1, {at}, {at}, 'in', '' FROM ({series}) AS x""",
        f"""INSERT INTO conversations_message (id, conversation_id, partner_id, direction, channel, automatic, acknowledges, from_name,
            from_address, reply_address, to_addresses, cc_addresses, subject, text, html, sent_at, fetched_at, stored_at, message_id,
            in_reply_to, joined_why, suspected_why, problems)
            SELECT n, n, 1, 'in', 'email', '', {false}, 'Resident', 'resident@resident.example', '', {empty}, {empty},
            'Request number ' || n,
            'Please could somebody tell me when request ' || n || ' will be looked at? Thank you.', '',
            {at}, {at}, {at}, '', '', '', '', {empty}
            FROM ({series}) AS x""",
        f"""INSERT INTO promises_wait (id, conversation_id, account_id, contact_id, began_with_id, promise_id, started_at, clock_starts_at,
            due_at, length_seconds, ordered_at, need, need_reason, in_learning, ended_at, ended, ended_reason)
            SELECT n, n, {account}, 1 + n % {CONTACTS}, n, {promise_id}, {at}, {at}, {at}, 7200, {at}, 0, '', {false}, {ended}, ''
            FROM ({series}) AS x""",
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def contacts(now: datetime) -> None:
    from sociable.conversations.models import Contact

    rows = (Contact(id=n, partner_id=1, name=f"Resident {n}", created_at=now) for n in range(1, CONTACTS + 2))
    Contact.objects.bulk_create(rows, batch_size=2000)


class Server:
    """The product itself, serving pages in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        environment = os.environ | {
            "PORT": str(PORT),
            "SMTP_PORT": "0",
            "PYTHONPATH": str(setting.ROOT / "src"),
            "PUBLIC_URL": f"http://localhost:{PORT}",
        }
        command = [sys.executable, "-m", "sociable", "serve", "--no-worker"]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    def __enter__(self) -> Server:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/live", timeout=1).read()
                return self
            time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def ask(session: str, times: int, path: str = "/desk/?view=next") -> list[float]:
    """Return the milliseconds of each whole answer over one kept-open connection."""
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
    took = []
    for _ in range(times):
        started = time.perf_counter()
        connection.request("GET", path, headers={"Cookie": f"sessionid={session}", "Host": f"localhost:{PORT}"})
        answer = connection.getresponse()
        body = answer.read()
        took.append((time.perf_counter() - started) * 1000)
        if answer.status != 200 or body.count(b'<li class="queue-row') != 50:
            raise RuntimeError(f"unexpected answer {answer.status} with {body.count(b'queue-row')} rows")
    return took


def measure(session: str, words: str) -> None:
    ask(session, 5)
    runs = [ask(session, 40) for _ in range(3)]
    medians = [statistics.median(run) for run in runs]
    every = [one for run in runs for one in run]
    print(
        f"{words}: median {statistics.median(every):.1f} ms, 95th percentile {setting.percentile(every, 95):.1f} ms "
        f"(medians of 3 runs {', '.join(f'{one:.1f}' for one in medians)})"
    )
    together: list[float] = []
    people = [threading.Thread(target=lambda: together.extend(ask(session, 15))) for _ in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    print(
        f"{words}, 8 people at once: median {statistics.median(together):.1f} ms, 95th percentile {setting.percentile(together, 95):.1f} ms"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--postgresql", action="store_true")
    options.add_argument("--open", default="2000,200000")
    options.add_argument("--closed", type=int, default=1_000_000)
    given = options.parse_args()
    print(setting.machine())
    with contextlib.ExitStack() as stack:
        address = ""
        if given.postgresql:
            from tests.postgres import private_server

            address = stack.enter_context(private_server(durable=True))
        folder = setting.installation(address)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        run(
            folder,
            [int(one) for one in given.open.split(",")],
            given.closed,
            "PostgreSQL" if given.postgresql else "SQLite",
        )


def run(folder: Path, sizes: list[int], closed: int, database: str) -> None:
    from django.db import connection

    now = datetime.now(UTC).replace(microsecond=0)
    accounts, promise_id, session = directory(now)
    contacts(now)
    filled = 0
    for size in sizes:
        fill(accounts, promise_id, 1 + filled, size - filled, now, is_open=True)
        filled = size
        if size == sizes[-1] and closed:
            fill(accounts, promise_id, 10_000_000, closed, now, is_open=False)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        words = f"{database}, {size:,} open waits" + (f" and {closed:,} closed" if size == sizes[-1] and closed else "")
        connection.close()
        with Server(folder):
            measure(session, words)


if __name__ == "__main__":
    main()
