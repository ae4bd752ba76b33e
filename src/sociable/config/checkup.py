"""Looks at an installation from outside to inside and says what is wrong with it and how to mend it.

Every look is one question; none writes anything. How the findings are shown is left to `sociable doctor`.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.models import Max

from sociable.channels.base import ChannelError
from sociable.config import example, preparing
from sociable.conversations import files
from sociable.conversations.models import Attachment, Message, Outgoing, RawInbound
from sociable.directory import connecting, tallies
from sociable.directory import queries as directory
from sociable.directory.health_models import Tally
from sociable.directory.models import Account, Connection
from sociable.domain.errors import DomainError
from sociable.due import queries as due
from sociable.journeys import fetch

GOOD, LOOK, WRONG = "good", "look", "wrong"
SHORT_OF_DISK_BYTES, LITTLE_DISK_BYTES = 200 * 1024**2, 1024**3
LATE = timedelta(minutes=5)
AHEAD = timedelta(minutes=5)
RECENT = timedelta(days=7)
TALLY_LATE = timedelta(days=3)
NEWEST_ROWS = 1000
SHORTEST_KEY_CHARS = 32
MOST_NAMED = 5
ANSWERING = (Account.Stage.LEARNING, Account.Stage.LIVE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: `state` good, look (a person should know) or wrong, what was found, how to mend it."""

    check: str
    state: str
    what: str
    mend: str = ""


def look(now: datetime, *, connections: bool = False) -> Iterator[Finding]:
    """This function will look at everything; the connections are tried only where asked, as that takes time."""
    yield from _looked("data folder", _data_folder, now)
    yield from _looked("disk", _disk, now)
    yield from _looked("settings", _mode, now)
    yield from _looked("ports", _ports, now)
    database = list(_looked("database", _database, now))
    yield from database
    if any(finding.state == WRONG for finding in database):
        return  # every look below would only say so again
    for check, question in _INSIDE.items():
        yield from _looked(check, question, now)
    if connections:
        yield from _looked("connections tried", _tried, now)


Question = Callable[[datetime], Iterator[tuple[str, str, str]]]


def _looked(check: str, question: Question, now: datetime) -> Iterator[Finding]:
    """A look that cannot be taken is a finding of its own and keeps none of the others from being taken."""
    try:
        yield from (Finding(check, *found) for found in question(now))
    except (DatabaseError, OSError, DomainError, ChannelError) as error:
        yield Finding(check, WRONG, f"This could not be looked at: {str(error).strip()}")


# -- Outside: the machine and the settings --------------------------------------------------------------------------


def _data_folder(_now: datetime) -> Iterator[tuple[str, str, str]]:
    folder = Path(settings.DATA_DIR)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        yield (
            WRONG,
            f"{folder} cannot be written.",
            "Give it to the user that runs Sociable, or choose another DATA_DIR.",
        )
        return
    open_to = [
        path for path in (folder, folder / "secret_key") if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077
    ]
    for path in open_to:
        mode = "0700" if path.is_dir() else "0600"
        yield LOOK, f"Other users of this machine may look into {path}.", f"Run: chmod {mode} {path}"
    if not open_to:
        yield GOOD, f"{folder} can be written, and by nobody else.", ""


def _disk(_now: datetime) -> Iterator[tuple[str, str, str]]:
    free = shutil.disk_usage(settings.DATA_DIR).free
    state = WRONG if free < SHORT_OF_DISK_BYTES else LOOK if free < LITTLE_DISK_BYTES else GOOD
    mend = "" if state == GOOD else "Make room: when the disk is full, new mail waits outside."
    yield state, f"{free / 1024**3:,.1f} GB are free where the data lies.", mend


def _mode(_now: datetime) -> Iterator[tuple[str, str, str]]:
    host, is_safe = urlsplit(settings.PUBLIC_URL).hostname or "", settings.PUBLIC_URL.startswith("https://")
    is_here = host in ("localhost", "127.0.0.1", "::1")
    if settings.EXAMPLE:
        if is_here:
            yield GOOD, "This is an example installation, for trying.", ""
        else:
            yield (
                WRONG,
                f"Example people, whose password is known, are served at {settings.PUBLIC_URL}.",
                "Set SOCIABLE_MODE=real.",
            )
        return
    if not is_safe and not is_here:
        yield (
            WRONG,
            f"Pages are served at {settings.PUBLIC_URL}, without encryption.",
            "Put a proxy with HTTPS in front and set PUBLIC_URL.",
        )
    if len(settings.SECRET_KEY) < SHORTEST_KEY_CHARS:
        mend = "Give a random text of 50 characters; passwords of mailboxes have to be entered again."
        yield WRONG, f"SECRET_KEY has fewer than {SHORTEST_KEY_CHARS} characters.", mend
    yield GOOD, f"This is a real installation at {settings.PUBLIC_URL}.", ""


def _ports(_now: datetime) -> Iterator[tuple[str, str, str]]:
    """Somebody else's program on our ports is told of before the start; our own is what should be there."""
    serving = _holder()
    for name, host, port in (
        ("PORT", settings.HOST, settings.PORT),
        ("SMTP_PORT", settings.SMTP_HOST, settings.SMTP_PORT),
    ):
        if not port:
            continue
        taken = _is_taken(host, port)
        if serving or settings.GROWN:
            yield GOOD, f"Port {port} ({name}) {'answers' if taken else 'is not open on this machine'}.", ""
        elif taken:
            yield (
                WRONG,
                f"Port {port} ({name}) is taken by another program.",
                f"End that program, or choose another {name}.",
            )
        else:
            yield GOOD, f"Port {port} ({name}) is free.", ""


def _is_taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def _holder() -> str:
    """The process that serves or works on the SQLite data here, or nothing."""
    path = Path(settings.DATA_DIR) / "running.lock"
    if settings.GROWN or not path.exists():
        return ""
    with path.open("r", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return lock.read().strip() or "unknown"
    return ""


# -- The database -------------------------------------------------------------------------------------------------


def _database(_now: datetime) -> Iterator[tuple[str, str, str]]:
    try:
        connection.ensure_connection()
        if not preparing.migrated():
            yield WRONG, "The database is not up to date.", "Start `sociable serve` once, or run `sociable migrate`."
            return
        yield from _integrity()
    except DatabaseError as error:
        mend = (
            "Check DATABASE_URL and the server."
            if settings.GROWN
            else "Restore a backup, see docs/how-to/back-up-and-restore.md."
        )
        yield WRONG, f"The database would not answer: {str(error).strip()}.", mend


def _integrity() -> Iterator[tuple[str, str, str]]:
    if connection.vendor != "sqlite":
        yield GOOD, "PostgreSQL answers and is up to date.", ""
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA quick_check(5)")
        found = [row[0] for row in cursor.fetchall()]
    if found == ["ok"]:
        yield GOOD, "The SQLite database is whole and up to date.", ""
    else:
        yield (
            WRONG,
            f"The SQLite database is damaged: {'; '.join(found)}",
            "Stop Sociable and restore the newest backup.",
        )


# -- Inside: what the database tells ----------------------------------------------------------------------------------


def _example_data(_now: datetime) -> Iterator[tuple[str, str, str]]:
    if reason := example.refusal():
        yield WRONG, reason, ""
    else:
        yield (
            GOOD,
            "Nobody here is an example who should not be."
            if not settings.EXAMPLE
            else "Example people are where they may be.",
            "",
        )


def _accounts(_now: datetime) -> Iterator[tuple[str, str, str]]:
    stated = directory.stated_by_account(Account.objects.select_related("partner").filter(stage__in=ANSWERING))
    mend = "State them in the office, under the account."
    without = {
        "no hours": [one.account.slug for one in stated.values() if one.calendar is None],
        "hours and no promise": [one.account.slug for one in stated.values() if one.calendar and not one.versions],
    }
    for what, slugs in without.items():
        if slugs:
            yield LOOK, f"Answering accounts that state {what}, so that nothing is ever due: {_named(slugs)}.", mend
    if not any(without.values()):
        yield GOOD, f"{len(stated)} answering accounts state their hours and a promise.", ""


def _holidays(now: datetime) -> Iterator[tuple[str, str, str]]:
    calendars = directory.calendars_of(Account.objects.select_related("partner").filter(stage__in=ANSWERING)).values()
    warnings = {words for calendar in calendars if calendar is not None and (words := calendar.warn_if_ending(now))}
    for words in sorted(warnings):
        yield LOOK, words, "Update Sociable: a newer version brings the newer list."
    if not warnings:
        yield GOOD, "Bank holidays are known for more than 90 days.", ""


def _connections(_now: datetime) -> Iterator[tuple[str, str, str]]:
    every = list(Connection.objects.select_related("account").order_by("account__slug"))
    for one in every:
        if one.fetches and one.trouble:
            yield (
                WRONG,
                f"{one.account.slug} is in trouble: {one.trouble}",
                "It is tried again by itself. See the account's connection in the office.",
            )
        try:
            connecting.unseal(one.sealed_secrets)
        except ChannelError as error:
            yield WRONG, f"{one.account.slug}: {error.message}", "Or start with the SECRET_KEY it was kept under."
    if not any(one.trouble for one in every):
        yield GOOD, f"{len(every)} connections, none in trouble.", ""


def _tallies(now: datetime) -> Iterator[tuple[str, str, str]]:
    """Nightly tallies: each adds up, is as it was written, and none is missing."""
    every = Tally.objects.select_related("account").order_by("pk")
    if changed := sorted({one.account.slug for one in tallies.changed(every.iterator())}):
        mend = "Restore them from a backup. Under another SECRET_KEY than they were written with, all look changed."
        yield WRONG, f"Tallies are not as they were written: {_named(changed)}.", mend
    recent = list(every.filter(counted_at__gt=now - RECENT))
    mend = "See the office, Connections, Nightly tallies."
    if wrong := sorted({one.account.slug for one in recent if not one.adds_up}):
        yield WRONG, f"A tally of the last week does not add up: {_named(wrong)}.", mend
    if number := sum(len(one.differences) for one in recent):
        yield LOOK, f"{_counted(number, 'message')} of the last week had been missed and were fetched at night.", mend
    late = Connection.objects.filter(account__stage__in=fetch.STAGES_HEARD, begins_at__lt=now - TALLY_LATE)
    late = late.exclude(account__tallies__counted_at__gt=now - TALLY_LATE)
    if slugs := sorted(late.values_list("account__slug", flat=True)):
        yield (
            LOOK,
            f"Not tallied for more than {TALLY_LATE.days} days: {_named(slugs)}.",
            "See its connection: is it heard?",
        )
    if not (changed or wrong or number or slugs):
        yield (
            GOOD,
            f"{_counted(len(recent), 'tally')} of the last week, and all add up.".replace("tallys", "tallies"),
            "",
        )


def _sending(_now: datetime) -> Iterator[tuple[str, str, str]]:
    stranded = []
    for account in Account.objects.filter(stage__in=ANSWERING).order_by("slug"):
        try:
            connecting.sender_of(account, "email")
        except ChannelError:
            stranded.append(account.slug)
    if stranded:
        yield (
            WRONG,
            f"Answers by email cannot leave from: {_named(stranded)}.",
            "Give SMTP_URL, or an outgoing server in each account's connection.",
        )
    else:
        yield GOOD, "Every answering account has a server for its answers.", ""


def _worker(now: datetime) -> Iterator[tuple[str, str, str]]:
    late = due.late(now - LATE)
    number = late.count()
    if not number:
        yield GOOD, "Nothing that is due is late.", ""
        return
    runs = _holder() or settings.GROWN
    since = late.order_by("next_at").values_list("next_at", flat=True)[0]
    mend = "See its log; restart it." if runs and not settings.GROWN else "Start `sociable serve` or `sociable worker`."
    yield (
        WRONG if runs else LOOK,
        f"Late and still to be done: {_counted(number, 'thing')}, the first at {since:%Y-%m-%d %H:%M} UTC.",
        mend,
    )


def _set_aside(_now: datetime) -> Iterator[tuple[str, str, str]]:
    mend = "See the office, Trouble; they can be done again there."
    rows, unreadable = due.set_aside().count(), RawInbound.objects.filter(state=RawInbound.State.UNREADABLE).count()
    if rows:
        yield WRONG, f"Set aside because it failed too often: {_counted(rows, 'thing')}.", mend
    if unreadable:
        yield WRONG, f"Kept because it could not be read: {_counted(unreadable, 'message')}.", mend
    if not rows and not unreadable:
        yield GOOD, "Nothing was set aside, and everything could be read.", ""


def _outbox(now: datetime) -> Iterator[tuple[str, str, str]]:
    states = Outgoing.State
    recent = Outgoing.objects.filter(message__stored_at__gt=now - RECENT)
    counts = {state: recent.filter(state=state).count() for state in (states.UNKNOWN, states.FAILED, states.BOUNCED)}
    stuck = Outgoing.objects.filter(state__in=[states.QUEUED, states.SENDING], undo_until_at__lt=now - LATE).count()
    if stuck:
        yield (
            WRONG,
            f"{_counted(stuck, 'answer')} should have left and did not for more than {LATE.seconds // 60} minutes.",
            "Try the server: sociable doctor --connections",
        )
    words = {states.UNKNOWN: "may or may not have left", states.FAILED: "were refused", states.BOUNCED: "came back"}
    for state, number in counts.items():
        if number:
            yield (
                LOOK,
                f"{_counted(number, 'answer')} of the last week {words[state]}.",
                "See the desk, Sending trouble.",
            )
    if not stuck and not any(counts.values()):
        yield GOOD, "Every answer of the last week left.", ""


def _clock(now: datetime) -> Iterator[tuple[str, str, str]]:
    newest = Message.objects.order_by("-pk")[:NEWEST_ROWS].aggregate(at=Max("stored_at"))["at"]
    if newest is not None and newest > now + AHEAD:
        yield (
            WRONG,
            f"A message was stored at {newest:%Y-%m-%d %H:%M} UTC, which has not come yet.",
            "Set this machine's clock, and keep it by NTP.",
        )
    else:
        yield GOOD, f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, and nothing contradicts it.", ""


def _attachments(_now: datetime) -> Iterator[tuple[str, str, str]]:
    kept = Attachment.objects.exclude(sha256="").values_list("sha256", flat=True).distinct()
    missing = [sha256 for sha256 in kept.iterator() if not files.path_of(sha256).is_file()]
    if missing:
        yield (
            WRONG,
            f"{len(missing)} files that came with messages are missing, among them {missing[0]}.",
            "Copy them from a backup into attachments/.",
        )
    else:
        yield GOOD, "Every file that came with a message is there.", ""


def _tried(_now: datetime) -> Iterator[tuple[str, str, str]]:
    for one in Connection.objects.select_related("account").order_by("account__slug"):
        adapter = connecting.adapter_of(one)
        try:
            for finding in adapter.check():
                yield GOOD if finding.ok else WRONG, f"{one.account.slug}: {finding.what}", finding.mend
        finally:
            adapter.close()


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _named(slugs: list[str]) -> str:
    return ", ".join(slugs[:MOST_NAMED]) + (f" and {len(slugs) - MOST_NAMED} more" if len(slugs) > MOST_NAMED else "")


_INSIDE: dict[str, Question] = {
    "example data": _example_data,
    "accounts": _accounts,
    "bank holidays": _holidays,
    "connections": _connections,
    "tallies": _tallies,
    "sending": _sending,
    "worker": _worker,
    "set aside": _set_aside,
    "outbox": _outbox,
    "clock": _clock,
    "attachments": _attachments,
}
