"""What was committed is on the disk before whoever wrote it goes on, and keeps no other writer waiting meanwhile."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from sociable.asking.disk import atomic_with_the_next, before_disk
from sociable.channels.base import RawItem
from sociable.config import preparing
from sociable.config.sqlite import flushing
from sociable.config.sqlite.base import DatabaseWrapper
from sociable.config.sqlite.flushing import Flushing
from sociable.conversations.models import RawInbound
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import receive
from tests.cast import MONDAY_10
from tests.chatting import answer, begin, say, takes_chat
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


def test_rows_are_claimed_without_waiting_where_nothing_leaves_because_of_it(disk: Disk) -> None:
    write("a")
    before = disk.flushes
    assert due.claim(MONDAY_10, waits=False)
    assert disk.flushes == before
    DueRow.objects.update(next_at=MONDAY_10)
    assert due.claim(MONDAY_10)  # something may leave because of it
    assert disk.flushes == before + 1


def test_a_line_of_chat_waits_for_the_disk_once_though_it_is_stored_before_it_is_read(disk: Disk, cast: Any) -> None:
    chat = begin(takes_chat(cast.help))
    before = disk.flushes
    say(chat)
    assert disk.flushes == before + 1


def test_a_line_that_cannot_be_read_is_on_the_disk_before_we_say_that_we_have_it(
    disk: Disk, cast: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_given: Any) -> None:
        raise ValueError

    chat, before = begin(takes_chat(cast.help)), disk.flushes
    monkeypatch.setattr(receive, "_parse", broken)
    with pytest.raises(receive.KeptUnread):
        say(chat)
    assert RawInbound.objects.count() == 1
    assert disk.flushes > before


def test_a_second_delivery_is_told_yes_when_the_first_is_on_the_disk(disk: Disk, cast: Any) -> None:
    mail = RawItem("same", b"Subject: x\r\n\r\nhello", MONDAY_10)

    def delivered() -> list[RawInbound]:
        try:
            return receive.store(cast.help, "email", [mail], fetched_at=MONDAY_10)
        finally:
            connections.close_all()

    disk.may_go_on.clear()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(delivered)
        assert disk.reached.wait(PATIENCE_SECONDS)
        second = pool.submit(delivered)
        while connection._with_others.flushing._asked < 2:  # type: ignore[attr-defined]
            assert not second.done()
        disk.may_go_on.set()
        assert len(first.result(PATIENCE_SECONDS)) == 1
        assert second.result(PATIENCE_SECONDS) == []
    assert disk.flushes == 2


def test_what_follows_a_step_waits_where_it_was_asked_for_on_its_commit(disk: Disk) -> None:
    with atomic_with_the_next():
        transaction.on_commit(lambda: flushed.append(disk.flushes))
        flushed: list[int] = []
        write("a")
    assert flushed == [1]


def test_a_screen_that_cannot_be_told_keeps_nothing_from_the_disk(disk: Disk) -> None:
    @before_disk
    def broken() -> None:
        raise ValueError

    with suppress(ValueError), transaction.atomic():
        transaction.on_commit(broken)
        write("a")
    assert disk.flushes == 1
    assert connection.run_on_commit == []


def test_numbers_that_a_power_cut_took_back_are_given_to_nothing_else(disk: Disk, cast: Any, tmp_path: Path) -> None:
    chat = begin(takes_chat(cast.help))
    asked = say(chat)
    name = str(connection.settings_dict["NAME"])
    for end in ("", "-wal"):  # what is surely on the disk before the answer
        shutil.copy(name + end, tmp_path / f"cut{end}")
    answered = answer(asked.conversation, cast.asha)  # a browser was told of it, and the power fails
    with closing(sqlite3.connect(tmp_path / "cut")) as cut:
        number = "SELECT seq + 1 FROM sqlite_sequence WHERE name = 'conversations_message'"
        assert cut.execute(number).fetchone() == (answered.pk,)
    preparing._skip_numbers()  # as whoever starts anew does
    assert say(chat).pk > answered.pk + 900


def test_a_database_whose_name_is_a_link_is_flushed_where_it_is(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "large").mkdir()
    (tmp_path / "linked.sqlite3").symlink_to(tmp_path / "large" / "itself.sqlite3")
    linked = DatabaseWrapper(connection.settings_dict | {"NAME": str(tmp_path / "linked.sqlite3")}, "default")
    linked.connect()
    linked.connection.execute("CREATE TABLE one (number)")
    linked._start_transaction_under_autocommit()
    linked.connection.execute("INSERT INTO one VALUES (1)")
    linked._commit()
    assert disk.flushes == 1
    linked.close()


def refuse(_file: int) -> None:
    raise OSError(5, "Input/output error")


def test_a_disk_that_refused_is_trusted_no_more_until_somebody_starts_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    write("before")
    shared = connection._with_others  # type: ignore[attr-defined]
    monkeypatch.setattr(shared, "flushing", Flushing(shared.copying.ahead))
    with monkeypatch.context() as broken:
        broken.setattr(flushing, "_to_disk", refuse)
        with pytest.raises(OperationalError, match=r"may not be on the disk: .*Input/output error"):
            write("a")
    with pytest.raises(OperationalError, match="Input/output error"):  # the system says yes, and something is lost
        write("b")
    monkeypatch.setattr(shared, "flushing", Flushing(shared.copying.ahead))
    write("c")


def test_who_waited_for_a_flush_that_failed_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def fails(file: int) -> None:
        begun.set()
        assert go_on.wait(PATIENCE_SECONDS)
        refuse(file)

    monkeypatch.setattr(flushing, "_to_disk", fails)
    (tmp_path / "ahead").touch()
    both = Flushing(tmp_path / "ahead")
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(both.wait)
        assert begun.wait(PATIENCE_SECONDS)
        second = pool.submit(both.wait)
        while both._asked < 2:
            pass
        go_on.set()
        for one in (first, second):
            with pytest.raises(OSError, match="Input/output error"):
                one.result(PATIENCE_SECONDS)
