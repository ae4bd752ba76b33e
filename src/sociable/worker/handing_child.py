"""Carries notices out, as a process of its own: loads and kinds that are to get ready come in, what became of them goes out, each pickled.

It knows no tables. When whoever began it is gone, its input ends, and it ends too: what was on its way then is a doubt.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from typing import BinaryIO

from sociable.channels.notices.carriers import CARRIERS
from sociable.worker.carrying import Carrying, GiveBack, News

LOOK_SECONDS = 0.5  # how often it is looked whether something takes too long
NICER = 3  # the desk is told first


def main() -> None:
    """This function will carry whatever comes in, until nothing can come any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(
            number, signal.SIG_IGN
        )  # meant for the worker, which ends this process when it has ended its work
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # only what is meant to be read may stand among what goes out
    os.nice(NICER)
    carrying = Carrying(CARRIERS)
    threading.Thread(target=_listen, args=(carrying,), daemon=True).start()
    while True:
        carrying.turn(LOOK_SECONDS, lambda news: _tell(out, news))


def _listen(carrying: Carrying) -> None:
    try:
        while True:
            said = pickle.load(sys.stdin.buffer)  # noqa: S301 - from the worker that began this process
            if isinstance(said, str):
                carrying.get_ready(said)
            elif isinstance(said, GiveBack):
                carrying.give_back()
            else:
                carrying.take(said)
    finally:
        os._exit(0)  # whoever wanted it is gone


def _tell(out: BinaryIO, news: News) -> None:
    try:
        pickle.dump(news, out)
        out.flush()
    except OSError:  # nobody reads it any more
        os._exit(0)
