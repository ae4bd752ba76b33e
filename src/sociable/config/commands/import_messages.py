"""Bring messages from elsewhere into an account: a CSV or JSON file, an export of a network that shut its door.

They come by the real way in, oldest first, with the times the file tells, and nothing is sent for them by itself. What is
there already is left alone, so the same file may be given again. With --look nothing is written. It may run while Sociable serves.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.utils import timezone

from sociable.config import naming, preparing
from sociable.directory.models import Account
from sociable.journeys import bring_in
from sociable.journeys.bring_in import Done, Looked

TOLD_EVERY = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="CSV or JSON, as told in docs/reference/message-files.md")
    parser.add_argument(
        "--account", required=True, metavar="ACCOUNT", help="for whom they are: an account's slug or address"
    )
    parser.add_argument(
        "--network", default="", metavar="NAME", help="where they were written, if the file does not say it"
    )
    parser.add_argument("--look", action="store_true", help="say what would be made, and write nothing")
    parser.add_argument("--json", action="store_true", help="say it as one JSON object, as in docs/reference/json.md")


def run(options: argparse.Namespace) -> int:
    preparing.check_migrated()
    account, now = naming.account(options.account), timezone.now()
    looked = bring_in.look(account, Path(options.file).read_bytes(), now, network=options.network)
    for where, reason in looked.refused:
        print(f"{where}: {naming.line(reason, 300)}", file=sys.stderr)
    done = Done()
    if not options.look:
        for done in bring_in.bring_in(account, looked, now):
            _tell(done, len(looked.fresh))
    told = _summary(account, looked, None if options.look else done)
    print(json.dumps(told, ensure_ascii=False) if options.json else _words(account, told))
    return 1 if looked.refused or done.unread else 0


def _tell(done: Done, whole: int) -> None:
    """How far it is, for whoever waits at a terminal; a log has a line for every few hundred."""
    seen = done.read + done.noted + done.unread
    if sys.stderr.isatty():
        print(f"\r{seen} of {whole}", end="" if seen < whole else "\n", file=sys.stderr, flush=True)
    elif seen // TOLD_EVERY != (seen - bring_in.AT_ONCE) // TOLD_EVERY or seen >= whole:
        print(f"{seen} of {whole}", file=sys.stderr, flush=True)


def _summary(account: Account, looked: Looked, done: Done | None) -> dict[str, Any]:
    return {
        "account": account.slug,
        "found": len(looked.found) + len(looked.refused),
        "fresh": len(looked.fresh),
        "duplicates": looked.known,
        "conversations": looked.matters if done is None else len(done.conversations),
        "waiting": looked.waiting,
        "messages": None if done is None else done.read,
        "noted": None if done is None else done.noted,
        "unreadable": None if done is None else done.unread,
        "waits_begun": None if done is None else done.waits,
        "refused": [{"place": where, "reason": reason} for where, reason in looked.refused],
    }


def _words(account: Account, told: dict[str, Any]) -> str:
    if told["messages"] is None:
        lines = [f"{told['fresh']} of {told['found']} rows would come into {account.name}; nothing was written."]
        lines.append(
            f"They would make about {told['conversations']} conversations; in {told['waiting']} somebody would wait."
        )
    else:
        lines = [f"{told['messages']} of {told['found']} rows came into {account.name}."]
        lines.append(
            f"They stand in {told['conversations']} conversations; {told['waits_begun']} waits began with them."
        )
    lines.append(f"{told['duplicates']} were there already.")
    if told["noted"]:
        lines.append(f"{told['noted']} of our own answer nothing that is here; they are kept in their raw form.")
    if told["unreadable"]:
        lines.append(f"{told['unreadable']} are stored and not read yet; see the office under Set aside.")
    if told["refused"]:
        lines.append(f"{len(told['refused'])} could not be taken; the reasons stand above.")
    return "\n".join(lines)
