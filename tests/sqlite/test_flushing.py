"""What was committed is on the disk before whoever wrote it goes on, and keeps no other writer waiting meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from sociable.asking.disk import atomic_with_the_next, before_disk
from sociable.config.sqlite import flushing
from sociable.config.sqlite.flushing import Flushing
from sociable.due import services as due
from sociable.due.models import DueRow
from tests.cast import MONDAY_10
from tests.chatting import begin, say, takes_chat
from tests.conftest import ON_POSTGRES

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL waits for the disk in its own way"),
]
PATIENCE_SECONDS = 20


def write(key: str) -> None:
    with transaction.atomic():
        DueRow.objects.create(kind="a", key=key, subject_id=1, due_at=MONDAY_10, next_at=MONDAY_10)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk(flushing._to_disk)
    monkeypatch.setattr(flushing, "_to_disk", disk)
    return disk


class Disk:
    """The disk, which counts what it is asked and can be held up."""

    def __init__(self, really: Callable[[int], None]) -> None:
        self.really, self.flushes = really, 0
        self.may_go_on, self.reached = threading.Event(), threading.Event()
        self.may_go_on.set()

    def __call__(self, file: int) -> None:
        self.flushes += 1
        self.reached.set()
        assert self.may_go_on.wait(PATIENCE_SECONDS)
        self.really(file)


@pytest.fixture
def others() -> Iterator[Callable[[str], Any]]:
    """Writers in threads of their own."""

    def one(key: str) -> None:
        try:
            write(key)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        yield lambda key: pool.submit(one, key)


def test_a_transaction_is_on_the_disk_before_its_writer_goes_on(disk: Disk) -> None:
    write("a")
    assert disk.flushes == 1


def test_one_that_wrote_nothing_waits_for_no_disk(disk: Disk) -> None:
    with transaction.atomic():
        assert not DueRow.objects.exists()
    with suppress(ValueError), transaction.atomic():
        DueRow.objects.filter(key="a").delete()
        raise ValueError
    assert disk.flushes == 0


def test_what_is_written_outside_of_a_transaction_waits_by_itself(disk: Disk) -> None:
    def waits() -> int:
        with connection.cursor() as cursor:
            return int(cursor.execute("PRAGMA synchronous").fetchone()[0])

    full = 2
    assert waits() == full
    write("a")
    assert waits() == full
    with suppress(ValueError), transaction.atomic():
        raise ValueError
    assert waits() == full


def test_another_writes_while_the_disk_is_slow_and_who_waits_is_not_told_yet(disk: Disk, others: Any) -> None:
    disk.may_go_on.clear()
    first = others("a")
    assert disk.reached.wait(PATIENCE_SECONDS)
    second = others("b")
    while DueRow.objects.count() < 2:  # the second has written, though the first still waits for the disk
        assert not second.done()
    assert not first.done()
    disk.may_go_on.set()
    assert first.result(PATIENCE_SECONDS) is None
    assert second.result(PATIENCE_SECONDS) is None


def test_all_who_wrote_meanwhile_wait_for_one_flush(disk: Disk, others: Any) -> None:
    disk.may_go_on.clear()
    writers = [others("first")]
    assert disk.reached.wait(PATIENCE_SECONDS)
    writers += [others(f"later-{number}") for number in range(6)]
    while DueRow.objects.count() < 7:
        pass
    disk.may_go_on.set()
    for writer in writers:
        writer.result(PATIENCE_SECONDS)
    assert disk.flushes < 7


def test_what_need_not_wait_is_done_once_others_can_read_it_and_all_else_when_it_is_on_the_disk(
    disk: Disk, others: Any
) -> None:
    done: list[str] = []

    @before_disk
    def told() -> None:
        done.append(f"told of {DueRow.objects.count()}")

    def one() -> None:
        try:
            with transaction.atomic():
                transaction.on_commit(lambda: done.append("sent"))
                transaction.on_commit(told)
                write("a")
        finally:
            connections.close_all()

    disk.may_go_on.clear()
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(one)
        assert disk.reached.wait(PATIENCE_SECONDS)
        assert done == ["told of 1"]
        disk.may_go_on.set()
        writer.result(PATIENCE_SECONDS)
    assert done == ["told of 1", "sent"]


def test_what_was_taken_back_tells_nothing() -> None:
    done: list[str] = []
    with transaction.atomic():
        write("a")
        with suppress(ValueError), transaction.atomic():
            transaction.on_commit(before_disk(lambda: done.append("taken back")))
            raise ValueError
    assert done == []


def test_a_step_before_another_waits_with_it(disk: Disk) -> None:
    with atomic_with_the_next():
        write("a")
    assert disk.flushes == 0
    write("b")
    assert disk.flushes == 1
    with suppress(ValueError), atomic_with_the_next():
        raise ValueError
    write("c")
    assert disk.flushes == 2


def test_a_step_inside_of_a_transaction_is_part_of_that(disk: Disk) -> None:
    with transaction.atomic(), atomic_with_the_next():
        write("a")
    assert disk.flushes == 1


def test_rows_are_claimed_without_waiting(disk: Disk) -> None:
    write("a")
    before = disk.flushes
    assert due.claim(MONDAY_10)
    assert disk.flushes == before


def test_a_line_of_chat_waits_for_the_disk_once_though_it_is_stored_before_it_is_read(disk: Disk, cast: Any) -> None:
    chat = begin(takes_chat(cast.help))
    before = disk.flushes
    say(chat)
    assert disk.flushes == before + 1


def test_a_disk_that_refuses_is_told_and_the_next_flush_is_tried_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_file: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(flushing, "_to_disk", refuse)
        with pytest.raises(OperationalError, match=r"may not be on the disk: .*Input/output error"):
            write("a")
    write("b")


def test_who_waited_for_a_flush_that_failed_flushes_again(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, flushed = threading.Event(), threading.Event(), []

    def first_fails(file: int) -> None:
        flushed.append(file)
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        if len(flushed) == 1:
            raise OSError(5, "Input/output error")

    monkeypatch.setattr(flushing, "_to_disk", first_fails)
    (tmp_path / "ahead").touch()
    both = Flushing(tmp_path / "ahead")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(both.wait)
        assert begun.wait(PATIENCE_SECONDS)
        second = pool.submit(both.wait)
        go_on.set()
        with pytest.raises(OSError, match="Input/output error"):
            first.result(PATIENCE_SECONDS)
        assert second.result(PATIENCE_SECONDS) is None
    assert len(flushed) == 2
