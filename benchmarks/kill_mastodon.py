"""Kills Sociable with `kill -9` between the moment a Mastodon server accepts an answer and the moment Sociable knows, and counts.

Each round writes one answer and starts the house. The server's word that it has the post is lost on the way, or let through, and
within a few hundredths of a second the house is killed. Residents write meanwhile. In the end all must have come to rest: each
answer stands once at the server and once here, known as taken, and each mention is here once.
Run: python benchmarks/kill_mastodon.py [--rounds 100] [--postgresql] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import on_mastodon
import setting

POST = b"POST /api/v1/statuses"
PATIENCE_SECONDS = 120
REST_SECONDS = 300  # what a killed house had in hand is offered again after a minute, and then asked after
LOST = 0.7  # of the rounds: the server's word never arrives


def settled() -> bool:
    """Whether nothing is left to be sent or found out."""
    from sociable.conversations.models import Outgoing, RawInbound

    left = Outgoing.objects.filter(state__in=["queued", "sending", "unknown"]).count()
    return not left and not RawInbound.objects.filter(state="new").exists()


def mentions_here() -> int:
    from sociable.conversations.models import Message

    return Message.objects.filter(direction="in").count()


def answer(number: int, person: Any) -> None:
    """Answer one question; it leaves at once."""
    from sociable.conversations.models import Message
    from sociable.journeys import answer as journey

    asked = Message.objects.get(text=f"@help Question {number}.")
    text = f"Answer {number}."
    journey.send(
        conversation_id=asked.conversation_id,
        person=person,
        text=text,
        against_version=asked.conversation.version,
        now=datetime.now(tz=UTC),
        send_anyway=True,
    )


def round_of(number: int, server: Any, relay: Any, person: Any, log: Path) -> None:
    """Write an answer, start the house, and kill it just after the server accepted."""
    loses = random.random() < LOST
    relay.watch(POST, loses=loses)
    server.post("tom", f"@help Meanwhile {number}.")
    answer(number, person)
    house = on_mastodon.start(log)
    try:
        if not relay.accepted.wait(PATIENCE_SECONDS):
            raise TimeoutError(f"Answer {number} never left. {log.read_text(errors='replace')[-3000:]}")
        time.sleep(random.uniform(0.0, 0.04))
    finally:
        house.kill()
        house.wait()
    relay.cut()


def count(server: Any, rounds: int) -> dict[str, Any]:
    """What became of everything."""
    from sociable.conversations.models import Attempt, Message, Outgoing
    from sociable.due.models import DueRow
    from sociable.promises.models import Wait

    texts = (re.sub(r"<[^>]+>", "", status["content"]) for status in every_status(server, "help"))
    posted = Counter(text.removeprefix("@jerry ") for text in texts)
    here = Counter(Message.objects.filter(direction="out").values_list("text", flat=True))
    asked = Counter(Message.objects.filter(direction="in").values_list("text", flat=True))
    expected = [f"Answer {number}." for number in range(rounds)]
    questions = [f"@help {what} {number}." for what in ("Question", "Meanwhile") for number in range(rounds)]
    states = Counter(Outgoing.objects.values_list("state", flat=True))
    return {
        "answers_written": len(expected),
        "answers_lost": sum(1 for text in expected if not posted[text]),
        "answers_posted_twice": sum(1 for text in expected if posted[text] > 1),
        "answers_here_twice": sum(1 for text in expected if here[text] > 1),
        "known_as_taken": states["accepted"] + states["delivered"],
        "still_not_known": sum(states.values()) - states["accepted"] - states["delivered"],
        "found_by_asking": Attempt.objects.filter(result="unknown").count(),
        "sent_again_after_asking": Attempt.objects.filter(result="not there").count(),
        "mentions_lost": sum(1 for text in questions if not asked[text]),
        "mentions_twice": sum(1 for text in questions if asked[text] > 1),
        "questions_still_waiting": Wait.objects.filter(ended_at=None, began_with__text__contains="Question").count(),
        "set_aside": DueRow.objects.filter(set_aside_at__isnull=False).count(),
    }


def every_status(server: Any, name: str) -> list[dict[str, Any]]:
    me = json.loads(server.ask("GET", "/api/v1/accounts/verify_credentials", name))["id"]
    found: list[dict[str, Any]] = []
    while page := json.loads(
        server.ask("GET", f"/api/v1/accounts/{me}/statuses?limit=40&max_id={found[-1]['id'] if found else ''}", name)
    ):
        found += page
    return found


def measure(rounds: int, database_url: str, *, quiet: bool) -> dict[str, Any]:
    """Kill so often, then let it come to rest, and count."""
    from tests.servers.relay import relay_to

    os.environ |= {"UNDO_SECONDS": "0", "FETCH_SECONDS": "2"}
    with on_mastodon.server() as server, relay_to(server.port) as relay:
        folder = setting.installation(database_url)
        person = on_mastodon.found(f"http://127.0.0.1:{relay.port}")
        house = None
        try:
            for number in range(rounds):
                server.post("jerry", f"@help Question {number}.")
            house = on_mastodon.start(folder / "house.log")
            on_mastodon.until(
                lambda: mentions_here() == rounds, PATIENCE_SECONDS, "the questions", folder / "house.log"
            )
            house.kill()
            house.wait()
            for number in range(rounds):
                round_of(number, server, relay, person, folder / "house.log")
                if not quiet and (number + 1) % 10 == 0:
                    print(f"  killed {number + 1} times", flush=True)
            house = on_mastodon.start(folder / "house.log")
            at_rest = lambda: settled() and mentions_here() == 2 * rounds  # noqa: E731
            with contextlib.suppress(TimeoutError):
                on_mastodon.until(at_rest, REST_SECONDS, "rest")
            counted = {"rounds": rounds, **count(server, rounds)}
        finally:
            if house is not None:
                house.kill()
                house.wait()
            shutil.rmtree(folder, ignore_errors=True)
    return counted


WRONG = (
    *("answers_lost", "answers_posted_twice", "answers_here_twice", "still_not_known"),
    *("mentions_lost", "mentions_twice", "questions_still_waiting", "set_aside"),
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL, not on SQLite")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON alone")
    options = parser.parse_args()
    from tests import postgres

    if not options.json:
        print(f"kill -9 on Mastodon, on {'PostgreSQL' if options.postgresql else 'SQLite'}: {setting.machine()}")
    with (
        postgres.private_server()
        if options.postgresql
        else contextlib.nullcontext(os.environ.get("DATABASE_URL", "")) as address
    ):
        figures = measure(options.rounds, address, quiet=options.json)
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"  {name.replace('_', ' '):<28}{value:>8,}" for name, value in figures.items()))
    return int(any(figures[name] for name in WRONG))


if __name__ == "__main__":
    sys.exit(main())
