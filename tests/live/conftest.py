"""What is told is heard in the tests as in a house that runs: on PostgreSQL by a thread that listens."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from sociable.live import hub, listen


@pytest.fixture
def listening(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Listen until the test is over; on SQLite the process tells itself."""
    monkeypatch.setattr(listen, "PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(listen, "LOOK_SECONDS", 0.05)
    stop, before = threading.Event(), hub.wakes()
    thread = listen.start(stop)
    if thread is None:
        yield
        return
    hub.wait_for_work(before, 10)  # it wakes the workers as soon as it listens
    yield
    stop.set()
    thread.join()
