"""Puts generated emails through the real way in and says how many a second, how much memory, and whether all came out right.

One durable transaction a message; the whole way: raw row, parsing, thread, contact, wait with its due rows, search index.
Run: python benchmarks/ingest.py [--mails 20000] [--postgresql]
"""

from __future__ import annotations

import argparse
import contextlib
import random
import shutil
import time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any

import setting

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
SUBJECTS = [
    "Missed bin",
    "Council tax band",
    "Library fine",
    "Blue badge renewal",
    "Pothole on my street",
    "School place",
    "Parking permit",
]
WORDS = [
    "please",
    "could",
    "you",
    "tell",
    "me",
    "when",
    "the",
    "lorry",
    "comes",
    "again",
    "because",
    "the",
    "street",
    "was",
    "closed",
    "and",
    "nobody",
    "knocked",
    "at",
    "our",
    "door",
]
CHARSETS = ["utf-8"] * 6 + ["iso-8859-1", "windows-1252"]


def mails(count: int) -> list[tuple[bytes, str, str, str]]:
    """Make (content, Message-ID, parent's Message-ID or nothing, text), one in three a reply, one in twenty sent twice."""
    dice = random.Random(7)
    made: list[tuple[bytes, str, str, str]] = []
    roots: dict[str, list[str]] = {}
    for number in range(count):
        if made and dice.random() < 0.05:
            made.append(made[dice.randrange(len(made))])
            continue
        reply = bool(made) and dice.random() < 0.33
        parent = made[dice.randrange(max(0, len(made) - 5000), len(made))][1] if reply else ""
        made.append(_mail(number, parent, roots, dice))
    return made


def _mail(number: int, parent: str, roots: dict[str, list[str]], dice: random.Random) -> tuple[bytes, str, str, str]:
    own = f"<bench.{number}@mail.resident.example>"
    text = f"{' '.join(dice.choices(WORDS, k=dice.randrange(12, 120)))} £{number}\n"
    mail = EmailMessage()
    mail["From"] = f"Resident {number % 4000} <resident{number % 4000}@resident.example>"
    mail["To"] = "help@bench.example"
    mail["Subject"] = dice.choice(SUBJECTS)
    mail["Date"] = format_datetime(NOW - timedelta(minutes=dice.randrange(1, 3000)))
    mail["Message-ID"] = own
    roots[own] = [*roots.get(parent, []), parent][-10:] if parent else []
    if parent:
        mail["In-Reply-To"], mail["References"] = parent, " ".join(roots[own])
    mail.set_content(text, charset=dice.choice(CHARSETS))
    if dice.random() < 0.3:
        mail.add_alternative(f"<p>{text}</p>", subtype="html")
    if dice.random() < 0.05:
        mail.add_attachment(
            bytes([number % 256]) * 20_000, maintype="application", subtype="pdf", filename="letter.pdf"
        )
    return mail.as_bytes(), own, parent, text


def account() -> Any:
    from sociable.directory.models import Account, HoursVersion, PromiseVersion
    from sociable.people.models import Partner

    partner = Partner.objects.create(slug="bench", name="Bench Council", short_name="Bench", kind="council")
    made = Account.objects.create(
        partner=partner, slug="help", name="Help", address="help@bench.example", stage="live", sends_receipts=False
    )
    start = NOW.date().replace(month=1, day=1)
    HoursVersion.objects.create(account=made, valid_from_on=start, notation="Mo-Fr 09:00-17:00; PH off", stated_at=NOW)
    PromiseVersion.objects.create(account=made, valid_from_on=start, form="open_time", minutes=120, stated_at=NOW)
    return made


def run(count: int) -> None:
    from sociable.channels.base import RawItem
    from sociable.journeys import receive

    made, help_account = mails(count), account()
    started = time.perf_counter()
    memory: list[float] = []
    for first in range(0, count, 25):
        items = [
            RawItem(f"uid:{first + n}", content, None, "") for n, (content, *_) in enumerate(made[first : first + 25])
        ]
        receive.read_all(receive.store(help_account, "email", items, fetched_at=NOW), NOW)
        if first % max(25, count // 4 // 25 * 25) == 0:
            memory.append(setting.own_memory_mib())
    seconds = time.perf_counter() - started
    print(
        f"{count:,} emails in {seconds:.1f} s: {count / seconds:,.0f} a second, one process, one durable transaction each"
    )
    held = ", ".join(f"{one:.0f}" for one in [*memory, setting.own_memory_mib()])
    print(f"own memory by quarters, MiB: {held}, the {len(made):,} mails to be sent among it")
    print(f"peak with what is mapped of the database file, MiB: {setting.peak_memory_mib():.0f}")
    _judge(made)


def _judge(made: list[tuple[bytes, str, str, str]]) -> None:
    from sociable.conversations.models import Message, RawInbound
    from sociable.due.models import DueRow
    from sociable.promises.models import Wait

    rows = {m.message_id: m for m in Message.objects.only("message_id", "conversation_id", "text").iterator(500)}
    distinct = {own: (parent, text) for _, own, parent, text in made}
    lost = [own for own in distinct if own not in rows]
    wrong_thread = [
        o for o, (p, _) in distinct.items() if p and o in rows and rows[o].conversation_id != rows[p].conversation_id
    ]
    wrong_text = [o for o, (_, text) in distinct.items() if o in rows and rows[o].text.strip() != text.strip()]
    waits = Wait.objects.open().count()
    print(
        f"lost {len(lost)}, stored twice {Message.objects.count() - len(rows)}, "
        f"threaded wrong {len(wrong_thread)}, text wrong {len(wrong_text)}"
    )
    print(
        f"raw rows {RawInbound.objects.count():,} (unread {RawInbound.objects.filter(state='new').count()}), "
        f"waits {waits:,}, due rows {DueRow.objects.count():,}"
    )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--mails", type=int, default=20_000)
    options.add_argument("--postgresql", action="store_true")
    given = options.parse_args()
    print(setting.machine())
    with contextlib.ExitStack() as stack:
        address = ""
        if given.postgresql:
            from tests.postgres import private_server

            address = stack.enter_context(private_server(durable=True))
        folder = setting.installation(address)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        print("PostgreSQL" if given.postgresql else "SQLite, on the disk before anybody is told")
        run(given.mails)


if __name__ == "__main__":
    main()
