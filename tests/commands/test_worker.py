"""`sociable worker` after one that was killed: on SQLite it can be alone and knows it, on PostgreSQL others may be alive."""

from __future__ import annotations

import json

import pytest

from tests.commands.conftest import Installation

KILLED = """
from django.utils import timezone
from sociable.due import services as due
from sociable.worker import housekeeping
housekeeping.schedule(timezone.now())
assert len(due.claim(timezone.now(), 1, ["housekeeping"])) == 1
"""
LEFT = """
import json
from sociable.due.models import DueRow
row = DueRow.objects.get(kind="housekeeping")
print(json.dumps({"in_hand": row.claim_id != 0, "done_at_once": row.due_at.timestamp() > __import__("time").time()}))
"""

SETTLED = """
import gc, os, sys
from sociable.config.command import main
from sociable.worker.loop import Worker

def begin(_worker):
    print("kept", gc.get_freeze_count(), flush=True)
    os._exit(0)

Worker.start = begin
sys.argv = ["sociable", "{command}"]
main()
"""


STOPPED = """
import os, signal, sys
from sociable.config import preparing
from sociable.config.command import main

def migrate():
    os.kill(os.getpid(), signal.SIGTERM)
    print("the whole of it", flush=True)

preparing._migrate = migrate
preparing.example.load = lambda _now: print("went on", flush=True)
sys.argv = ["sociable", "serve"]
main()
"""


def test_a_wish_to_stop_waits_for_the_tables_and_for_nothing_else(installation: Installation):
    done = installation.python(STOPPED)
    assert (done.status, done.out) == (0, "the whole of it\n"), done.err


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_what_is_loaded_when_work_begins_is_not_looked_through_again_and_again(
    installation: Installation, command: str
):
    done = installation.with_example().python(SETTLED.replace("{command}", command))
    kept = [line for line in done.out.splitlines() if line.startswith("kept ")]
    assert int(kept[0].split()[1]) > 100_000, done.err  # all that Django and the house are, and not some of it


def test_what_a_killed_worker_had_in_hand_is_done_at_once_where_nobody_else_can_be_at_it(installation: Installation):
    installation.with_example()
    assert installation.python(KILLED).status == 0
    done = installation.run("worker", "--once")
    assert done.status == 0, done.err
    alone = not installation.database_url
    assert json.loads(installation.python(LEFT).out) == {"in_hand": not alone, "done_at_once": alone}
