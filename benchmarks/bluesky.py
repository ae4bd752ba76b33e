"""Sociable beside Bluesky's own servers: how long from the network to the desk, and what `kill -9` costs.

Desk: a resident posts now and then; a figure is the time from the network's word that it has the post to the event at a desk of
`sociable serve`, which watches the account as it would anywhere. Nothing is asked of the servers but what an account may ask.
Kills: residents post and staff answer while Sociable's worker is killed, each time in the very instant between the network's word and our
commit: after it took an answer and before we could know, or after it gave what is new and before we could store it. In the end:
lost are posts that are not stored, unsent are answers that do not stand at the network, twice are answers that stand there twice.
Whoever starts on SQLite is alone on its data, and takes up at once what the killed one had in hand; so a kill takes some seconds. Between
kills the network is asked every two seconds instead of every minute, so that they follow one another quickly.
Run: python benchmarks/bluesky.py [--posts 60] [--kills 6] [--json]
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import setting

PATIENCE_SECONDS = 30
STANDSTILL_SECONDS = 150  # longer than a lease: nothing more is coming


@dataclass
class Town:
    """The network, the council's account on it, a resident, and whatever stands between Sociable and the network."""

    network: Any
    council: Any
    jerry: Any
    between: Any
    account: Any
    asha: Any


@contextlib.contextmanager
def town() -> Iterator[Town]:
    """Yield the servers, and a new installation whose one account is connected to them."""
    from tests import postgres
    from tests.servers import bluesky as servers
    from tests.servers.faulty import faulty

    node, redis = servers.node(), shutil.which("redis-server")
    if node is None or redis is None:
        raise SystemExit("Bluesky's servers are not here: scripts/servers bluesky, and redis-server by your system.")
    folder = setting.installation()
    os.environ["PYTHONPATH"] = str(setting.ROOT / "src")
    try:
        with (
            postgres.private_server() as database,
            servers.private_bluesky(node, Path(redis), database) as network,
            faulty(network.home) as between,
        ):
            council, jerry = network.person("council"), network.person("jerry")
            account, asha = found(council, between.url)
            yield Town(network, council, jerry, between, account, asha)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def found(council: Any, server: str) -> tuple[Any, Any]:
    """One body with one account, always open, and somebody who answers."""
    from sociable.directory.models import Account, HoursVersion, PromiseVersion
    from sociable.journeys import connect
    from sociable.people.models import Partner, Person, Role

    now = datetime.now(tz=UTC)
    body = Partner.objects.create(slug="bench", name="Bench", short_name="Bench", kind="council")
    account = Account.objects.create(partner=body, slug="help", name="Help", channel="bluesky", stage="live")
    first = now.date().replace(month=1, day=1)
    HoursVersion.objects.create(account=account, valid_from_on=first, notation="24/7", stated_at=now)
    PromiseVersion.objects.create(account=account, valid_from_on=first, form="open_time", minutes=120, stated_at=now)
    asha = Person.objects.create_user("asha@bench.example", name="Asha Khan")
    for kind in ("answerer", "administrator"):
        Role.objects.create(person=asha, kind=kind, partner=body)
    settings = connect.Settings({"handle": council.handle, "server": server}, {"app_password": council.app_password()})
    adapter = connect.adapter_with(account, settings)
    connect.connect(
        account=account, settings=settings, fetches=True, person=asha, now=now,
        cursor=connect.newest_cursor(adapter), who=connect.who(adapter),
    )  # fmt: skip
    adapter.close()
    return account, asha


@contextlib.contextmanager
def sociable(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Sociable, and end it."""
    running = subprocess.Popen(
        [sys.executable, "-m", "sociable", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


# -- From the network to the desk ------------------------------------------------------------------------------------------


class Desk:
    """One browser that listens, and notes when each new message came."""

    def __init__(self, port: int, session: str) -> None:
        self.heard: list[float] = []
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
        self._line.request("GET", "/events", headers={"Cookie": f"sessionid={session}", "Host": "localhost"})
        self._answer = self._line.getresponse()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError):
            for line in self._answer:
                if b'"kind":"message"' in line:
                    self.heard.append(time.monotonic())

    def hears_another(self, than: int) -> float:
        """Wait for one more."""
        ends_at = time.monotonic() + PATIENCE_SECONDS
        while len(self.heard) <= than:
            if time.monotonic() > ends_at:
                raise SystemExit("A post never reached the desk.")
            time.sleep(0.002)
        return self.heard[than]


def to_desk(place: Town, posts: int, port: int) -> list[float]:
    """Post now and then, and return how long each took to the desk, in seconds."""
    from django.test import Client

    client, dice, took = Client(), random.Random(5), []
    client.force_login(place.asha)
    with sociable("serve", "--port", str(port)):
        desk = connected(port, client.cookies["sessionid"].value)
        for number in range(posts + 3):  # the first few find everything cold
            time.sleep(dice.uniform(0.2, 2.0))
            heard = len(desk.heard)
            place.jerry.post(f"@{place.council.handle} question {number}", mentions=[place.council])
            posted_at = time.monotonic()
            took.append(desk.hears_another(heard) - posted_at)
    return took[3:]


def connected(port: int, session: str) -> Desk:
    ends_at = time.monotonic() + 60
    while True:
        try:
            return Desk(port, session)
        except OSError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)


# -- Killed between the network's word and our commit ------------------------------------------------------------------------


def killed(place: Town, kills: int) -> dict[str, Any]:
    """Kill so often, then let it come to rest, and count."""
    posted, answers = [], []
    os.environ["FETCH_SECONDS"] = "2"
    for number in range(kills):
        if number % 2 == 0:
            kill_at("app.bsky.feed.getPosts", place, lambda: posted.append(ask(place, len(posted))))
        else:
            kill_at("com.atproto.repo.putRecord", place, lambda: answers.append(answer(place, len(answers))))
        if not ARGUMENTS.json and (number + 1) % 10 == 0:
            print(f"  killed {number + 1} times, {len(posted)} posts, {len(answers)} answers", flush=True)
    with sociable("worker"):
        settle()
    return {"kills": kills, "left_to_do": unsettled(), **count(place, posted, answers)}


def kill_at(method: str, place: Town, act: Any) -> None:
    """Start Sociable, have something happen, and kill it when the network has answered that call and we have not heard it."""
    from tests.servers.faulty import Fault

    dead = threading.Event()
    with sociable("worker") as running:
        fault = Fault(method, passes_on=True, then=lambda: (running.kill(), running.wait(), dead.set()))
        place.between.faults[:] = [fault]
        act()
        if not dead.wait(PATIENCE_SECONDS * 4):
            raise SystemExit(f"Sociable never asked {method}.")
        place.between.faults.clear()


def ask(place: Town, number: int) -> str:
    return str(place.jerry.post(f"@{place.council.handle} question {number}", mentions=[place.council])["uri"])


def answer(place: Town, number: int) -> str:
    """Answer the oldest that has no answer of ours, once the house has read it and fetched to the end: it was killed over it."""
    from sociable.conversations.models import Conversation
    from sociable.due.models import DueRow
    from sociable.journeys import answer as journey

    waiting = Conversation.objects.filter(messages__direction="in").exclude(messages__direction="out").order_by("pk")
    fetched = DueRow.objects.filter(kind="fetch", claim_id=0, attempts=0)
    conversation = until(
        lambda: waiting.distinct().first() if fetched.exists() else None,
        "The post over which Sociable was killed is not read.",
    )
    text = f"Answer {number}."
    journey.send(
        conversation_id=conversation.pk, person=place.asha, text=text, now=datetime.now(tz=UTC), against_version=1, send_anyway=True
    )  # fmt: skip
    return text


def until(holds: Callable[[], Any], otherwise: str) -> Any:
    """Wait for something the house does."""
    ends_at = time.monotonic() + PATIENCE_SECONDS * 4
    while not (found := holds()):
        if time.monotonic() > ends_at:
            raise SystemExit(otherwise)
        time.sleep(0.02)
    return found


def unsettled() -> int:
    """How much is still to be done."""
    from sociable.conversations.models import Outgoing, RawInbound
    from sociable.due.models import DueRow

    waiting = DueRow.objects.filter(done_at=None, kind__in=["receive", "deliver", "resolve"]).count()
    return (
        waiting
        + RawInbound.objects.filter(state="new").count()
        + Outgoing.objects.filter(state__in=["queued", "sending", "unknown"]).count()
    )


def settle() -> None:
    """Wait until all is done, for as long as it goes on; and once more for a fetch of what came last."""
    least, ends_at = unsettled(), time.monotonic() + STANDSTILL_SECONDS
    rest_until = time.monotonic() + 75
    while (left := unsettled() or time.monotonic() < rest_until) and time.monotonic() < ends_at:
        if int(left) < least:
            least, ends_at = int(left), time.monotonic() + STANDSTILL_SECONDS
        time.sleep(0.5)


def count(place: Town, posted: list[str], answers: list[str]) -> dict[str, Any]:
    """What became of everything."""
    from sociable.conversations.models import Message, Outgoing

    stored = Counter(Message.objects.filter(direction="in").values_list("message_id", flat=True))
    records: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = place.council.ask(
            "com.atproto.repo.listRecords", repo=place.council.did, collection="app.bsky.feed.post", limit=100, **cursor
        )
        records += [record["value"]["text"] for record in page["records"]]
        if not page.get("cursor"):
            break
        cursor = {"cursor": page["cursor"]}
    there = Counter(records)
    return {
        "posts": len(posted),
        "lost": len(set(posted) - set(stored)),
        "stored_twice": sum(1 for times in stored.values() if times > 1),
        "answers": len(answers),
        "unsent": len(set(answers) - set(there)),
        "sent_twice": sum(1 for times in there.values() if times > 1),
        "not_known": Outgoing.objects.exclude(state="accepted").count(),
    }


def main() -> int:
    import django.conf

    options = ARGUMENTS
    sys.path.insert(0, str(setting.ROOT))
    if not options.json:
        print(f"Beside Bluesky's own servers: {setting.machine()}")
    from tests.servers.ground import free_port

    os.environ |= {"UNDO_SECONDS": "0", "SMTP_PORT": str(free_port())}
    figures: dict[str, Any] = {}
    with town() as place:
        django.conf.settings.UNDO_SECONDS = 0
        port = free_port()
        if options.posts:
            took = to_desk(place, options.posts, port)
            for name, percent in (("median", 50), ("95th percentile", 95), ("slowest", 100)):
                figures[f"network to desk, {name}, ms"] = round(setting.percentile(took, percent) * 1000)
        if options.kills:
            figures |= killed(place, options.kills)
    if options.json:
        print(json.dumps(figures))
    else:
        print("\n".join(f"  {name.replace('_', ' '):<40}{value:>8,}" for name, value in figures.items()))
    wrong = ("left_to_do", "lost", "stored_twice", "unsent", "sent_twice", "not_known")
    return int(any(figures.get(name) for name in wrong))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=60, help="how many posts to time to the desk; 0 for none")
    parser.add_argument("--kills", type=int, default=6, help="how often to kill; 0 for not at all")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON alone")
    return parser.parse_args()


if __name__ == "__main__":
    ARGUMENTS = arguments()
    sys.exit(main())
