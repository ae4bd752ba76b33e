"""Serve pages and live updates, do what is due, and open the mail door, all by one command.

Brings the database up to date first, and fills an empty one with the example partnership unless SOCIABLE_MODE is "real".
PORT, SMTP_PORT and DATA_DIR may be given in the environment. Ctrl-C stops it. On PostgreSQL as many as you like may run,
with --no-worker beside any number of `sociable worker`.
"""

from __future__ import annotations

import argparse
import logging
import resource
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from types import FrameType

from django.conf import settings

from sociable.config import example, mail_door, preparing
from sociable.config.mail_door import Doors
from sociable.config.settling import settle
from sociable.domain.errors import DomainError
from sociable.live import listen
from sociable.public import website
from sociable.worker.loop import Worker

log = logging.getLogger(__name__)
PATIENCE = timedelta(seconds=8)
BACKLOG = 2048  # a thousand desks that come back at once after a restart


class PortTaken(DomainError):
    """The port for pages cannot be had."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-worker", action="store_true", help="leave what is due to `sociable worker` (PostgreSQL)")
    parser.add_argument("--port", type=int, default=settings.PORT, help="the port for pages (PORT; now %(default)s)")


def run(options: argparse.Namespace) -> int:
    with _interruptible():
        lock = preparing.alone()
        listener = _take_port(options.port)
        preparing.prepare()
        preparing.take_over(lock)
        doors = mail_door.open_doors()
    try:
        _serve(listener, doors, worker=not options.no_worker)
    finally:
        listener.close()
        if lock is not None:
            lock.close()
    return 0


@contextmanager
def _interruptible() -> Iterator[None]:
    """Until the server runs, a request to stop ends the process there and then."""

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    yield


def _take_port(port: int) -> socket.socket:
    """Take the port before anything else is done, so that a refusal comes at once."""
    family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
    # TCP said outright: only then does asyncio send small pieces at once. Without it an answer on a kept connection waits
    # some 45 ms for the browser's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.HOST, port))
    except OSError as error:
        listener.close()
        raise PortTaken(
            f"Pages cannot be served at {settings.HOST}:{port}: {error.strerror}. Choose another PORT."
        ) from None
    return listener


def _serve(listener: socket.socket, doors: Doors, *, worker: bool) -> None:
    from sociable.config.web.front_process import Keeper  # noqa: PLC0415 - reads the collected files, so they must be there first

    import_module(settings.ROOT_URLCONF)  # every page's module now, not in the first visitor's time
    _allow_many_connections()
    front, stop = Keeper(listener), threading.Event()

    def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
        front.stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask_to_stop)
    listener.listen(BACKLOG)  # whoever comes before the front has begun, or between two of them, is let in when it has
    settle()
    listen.start(stop)
    working = Worker() if worker else None
    if working is not None:
        working.start()
    _tell(listener.getsockname()[1], doors, worker=worker)
    try:
        front.run()
    finally:
        stop.set()
        doors.stop()
        if working is not None and not working.stop(PATIENCE):
            log.warning("stopped with work in hand; it is taken up at the next start, on PostgreSQL within a minute")


def _allow_many_connections() -> None:
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _tell(port: int, doors: Doors, *, worker: bool) -> None:
    at = settings.PUBLIC_URL if port == settings.PORT else f"http://localhost:{port}"
    lines = [f"Sociable is at     {at}/", f"The staff desk     {at}/desk/"]
    lines += [f"Mail door          {'LMTP' if door.lmtp else 'SMTP'} {door.host}:{door.port}" for door in doors.open]
    if not worker:
        lines.append("What is due is left to `sociable worker`.")
    if settings.EXAMPLE:
        width = max(len(address) for address, _ in example.logins())
        lines += ["", f"This is an example. Sign in with the password  {example.PASSWORD}  as"]
        lines += [f"  {address:<{width}}  {what}" for address, what in example.logins()]
        lines.append(f"What residents receive by mail can be read at {at}/example/postbox/")
        lines.append(f"The web chat can be tried on an invented council's site at {website.address()}")
    print("\n".join([*lines, "", "Ctrl-C stops it; the data stays in " + str(settings.DATA_DIR)]), flush=True)
