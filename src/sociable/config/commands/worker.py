"""Do what is due: fetch, warn, deliver, expire. Run as many as you like on PostgreSQL.

They share the work; one that is killed is replaced by the others within a minute. `sociable serve` has a worker of its
own unless it is told --no-worker.
"""

from __future__ import annotations

import argparse
import logging
import signal
import threading
from datetime import timedelta
from types import FrameType

from sociable.config import preparing
from sociable.config.settling import settle
from sociable.live import hub, listen
from sociable.worker.loop import Worker, do_due

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=8)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="do what is due now and end")


def run(options: argparse.Namespace) -> int:
    lock = preparing.alone()
    preparing.check_migrated()
    preparing.take_over(lock)
    try:
        if options.once:
            while do_due():
                pass
        else:
            _work()
    finally:
        if lock is not None:
            lock.close()
    return 0


def _work() -> None:
    stop = threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    settle()
    listen.start(stop)
    worker = Worker()
    worker.start()
    print("Working on what is due. Ctrl-C stops it.", flush=True)
    stop.wait()
    hub.wake()
    if not worker.stop(PATIENCE):
        log.warning("stopped with work in hand; another worker takes it up within a minute, on SQLite the next start")
