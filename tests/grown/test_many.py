"""Many processes on one PostgreSQL: the work is shared, nothing is done twice, and live updates cross from one to the other."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import psycopg
import pytest

from tests.grown.house import House, listening, until
from tests.journeys.mail import letters
from tests.servers.smtp import Scripted, scripted_smtp

pytestmark = [pytest.mark.servers, pytest.mark.timeout(400)]
LIBRARIES = "libraries@aireborough.example"
WHO = "hannah@aireborough.example"


@pytest.fixture
def outside() -> Iterator[Scripted]:
    """The mail server of the residents."""
    with scripted_smtp() as server:
        yield server


@pytest.fixture
def address(new_postgres_database) -> str:
    return new_postgres_database()


@pytest.fixture
def house(tmp_path, address, outside) -> Iterator[House]:
    house = House(tmp_path / "data", DATABASE_URL=address, SMTP_URL=f"smtp://127.0.0.1:{outside.port}?tls=none")
    yield house
    house.close()


def count(address: str, question: str) -> int:
    with psycopg.connect(address) as connection:
        return connection.execute(question).fetchone()[0]


def asked_by(outside: Scripted, first: str) -> Counter[str]:
    """Who got how many receipts, of those whose address begins so."""
    return Counter(letter["To"] for letter in letters(outside) if letter["To"].startswith(first))


def test_two_web_and_two_worker_processes_on_one_database(house, address, outside):
    one, other = (
        house.serve("--no-worker"),
        house.serve("--no-worker"),
    )  # together: one makes the database, the other waits
    one.ready()
    other.ready()
    workers = [house.worker(), house.worker()]
    cookies = one.sign_in(WHO)
    assert other.get("/desk/", cookies)[0] in (200, 302), other.words()[-1500:]  # signed in here is signed in there

    with listening(one, cookies) as at_one, listening(other, cookies) as at_other:
        for number in range(10):
            one.mail(LIBRARIES, f"both{number}@outside.example", f"both-one-{number}")
            other.mail(LIBRARIES, f"both{number}x@outside.example", f"both-other-{number}")
        until(lambda: sum(asked_by(outside, "both").values()) >= 20, "a receipt for everybody")
        for heard in (at_one, at_other):
            until(lambda heard=heard: len(messages(heard)) >= 20, "every mail on every desk")
    assert set(asked_by(outside, "both").values()) == {1}

    # Each worker does the work alone while the other stands still, so both take part.
    for asleep, name in zip(workers, ("first", "second"), strict=True):
        asleep.send(signal.SIGSTOP)
        for number in range(5):
            one.mail(LIBRARIES, f"{name}{number}@outside.example", f"{name}-{number}")
        until(lambda name=name: len(asked_by(outside, name)) == 5, f"receipts while the {name} worker stands still")
        asleep.send(signal.SIGCONT)
        assert set(asked_by(outside, name).values()) == {1}

    # Killed in the middle, what it had in hand is done by the other.
    for number in range(20):
        other.mail(LIBRARIES, f"killed{number}@outside.example", f"killed-{number}")
        if number == 10:
            workers[0].stop(signal.SIGKILL)
    unknown = "SELECT count(*) FROM conversations_outgoing WHERE state = 'unknown'"
    until(
        lambda: len(asked_by(outside, "killed")) + count(address, unknown) >= 20,
        "receipts although a worker was killed",
    )
    assert set(asked_by(outside, "killed").values()) == {1}

    assert count(address, "SELECT count(*) FROM conversations_message WHERE message_id LIKE '%@outside.example>'") == 50
    doubled = "SELECT count(*) FROM (SELECT wait_id, kind FROM promises_warned GROUP BY 1, 2 HAVING count(*) > 1) d"
    assert count(address, doubled) == 0
    for process in (one, other, workers[1]):
        assert process.stop() == 0
        assert "Traceback" not in process.words()


def messages(heard: list[str]) -> set[str]:
    """The numbers of the events that told of a message; a later id before an earlier one is no fault."""
    told = (before for before, line in pairwise(list(heard)) if '"kind":"message"' in line)
    return {before.removeprefix("id: ") for before in told if before.startswith("id: ")}


def test_a_desk_that_moves_to_another_process_hears_what_it_missed(house):
    one = house.serve().ready()
    other = house.serve("--no-worker").ready()
    cookies = one.sign_in(WHO)
    with listening(one, cookies) as heard:
        one.mail(LIBRARIES, "a@outside.example", "heard")
        until(lambda: messages(heard), "the first mail")
        last = max(map(int, messages(heard)))
    one.stop(signal.SIGKILL)
    other.mail(LIBRARIES, "b@outside.example", "missed")
    until(lambda: "missed" in _subjects(house), "the second mail stored")
    with listening(other, cookies, f"?after={last}") as heard:
        until(lambda: [number for number in messages(heard) if int(number) > last], "what was missed")


def _subjects(house: House) -> str:
    with psycopg.connect(house.environment["DATABASE_URL"]) as connection:
        return " ".join(
            row[0]
            for row in connection.execute(
                "SELECT subject FROM conversations_message WHERE direction = 'in' ORDER BY id DESC LIMIT 5"
            )
        )


def test_live_updates_and_work_come_back_after_the_database_was_away(house, address):
    web = house.serve().ready()
    cookies = web.sign_in(WHO)
    with listening(web, cookies) as heard:
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        until(lambda: "event: resync" in heard, "the call to load anew")
        web.mail(LIBRARIES, "a@outside.example", "after-the-break")
        until(lambda: messages(heard), "a mail after the break")
