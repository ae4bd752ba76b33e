"""Clears away once an hour what nobody will ask for again, and asks for itself again."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.sessions.models import Session

from sociable.conversations import chats
from sociable.conversations import services as conversations
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import approved, calendar, calls, concerns, fetch, holes, introduce, outlooks, tally
from sociable.live import services as live

EVERY = timedelta(hours=1)
KEEP_DONE = timedelta(days=7)
KEEP_SILENT = timedelta(days=1)  # whoever began a chat and said nothing
KEEP_UNNAMED = timedelta(days=2)  # files of no message; a page that has one in hand may be sent for a day
FOLDERS = [f"{number:02x}" for number in range(256)]  # of kept files: some each hour, all within a day


def schedule(now: datetime) -> None:
    """This function will make sure that housekeeping is due; however many workers start, there is one row."""
    if not DueRow.objects.filter(key="housekeeping", done_at=None).exists():
        due.ask([due.Due("housekeeping", "housekeeping", 0, now)])


def run(row: DueRow, now: datetime) -> None:
    """This function will prune what is done or old, chats in which nothing was said and files of no message, and see that every
    mailbox is asked.
    """
    due.prune(now - KEEP_DONE)
    live.prune(now)
    chats.prune(now - KEEP_SILENT)
    calls.prune(now)
    conversations.prune_files(FOLDERS[now.hour :: 24], now - KEEP_UNNAMED)
    Session.objects.filter(expire_date__lt=now).delete()
    fetch.schedule_missing(now)
    introduce.schedule_missing(now)
    approved.schedule_missing(now)
    concerns.schedule(now)
    holes.schedule(now)
    tally.schedule_missing(now)
    calendar.schedule_missing(now)
    outlooks.schedule_missing(now)
    due.renew(row, now + EVERY)
