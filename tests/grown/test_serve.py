"""`sociable serve` as somebody types it: one house on SQLite, that starts, refuses in a sentence, stops cleanly and keeps its data."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from sociable.config.command import names
from tests.grown.house import House, Process, listening, until
from tests.servers.ground import free_port

pytestmark = pytest.mark.servers


@pytest.fixture
def house(tmp_path) -> Iterator[House]:
    house = House(tmp_path / "data", DATABASE_URL="")
    yield house
    house.close()


def test_it_starts_says_where_it_is_and_stops_cleanly_with_its_data_kept(house):
    first = house.serve().ready()
    assert f"http://localhost:{first.port}/" in first.words()
    assert f"127.0.0.1:{first.smtp_port}" in first.words()
    assert "example-password" in first.words()
    assert first.get("/")[0] == 200
    cookies = first.sign_in("hannah@aireborough.example")
    with listening(first, cookies) as heard:
        assert first.stop(signal.SIGINT) == 0  # although a desk is still listening
        assert not any("Traceback" in line for line in heard)
    assert "Traceback" not in first.words()
    second = house.serve().ready()
    assert second.get("/desk/", cookies)[0] in (200, 302)
    assert second.stop(signal.SIGTERM) == 0
    assert "Traceback" not in second.words()


def test_a_mail_through_its_door_is_on_the_desk_and_its_receipt_can_be_read(house):
    web = house.serve().ready()
    cookies = web.sign_in("hannah@aireborough.example")
    with listening(web, cookies) as heard:
        web.mail("libraries@aireborough.example", "dev@outside.example", "first")
        until(lambda: any('"kind":"message"' in line for line in heard), "the mail on the desk")
        until(lambda: list((house.folder / "postbox").glob("*.eml")), "the receipt in the residents' post box")


def test_those_who_send_a_form_byte_by_byte_keep_nobody_waiting(house):
    web = house.serve().ready()
    head = "POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 400000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", web.port)) for _ in range(20)]
    try:
        for one in slow:
            one.sendall(head.encode() + b"a" * 100)
        began = time.monotonic()
        assert web.get("/")[0] == 200
        assert time.monotonic() - began < 5
        slow[0].sendall(b"a" * 399_900)  # all of it is here: now it is answered
        assert slow[0].recv(12).startswith(b"HTTP/1.1 40")
    finally:
        for one in slow:
            one.close()
    assert web.get("/")[0] == 200


def test_more_than_anybody_needs_is_refused_in_a_sentence(house):
    web = house.serve().ready()
    with socket.create_connection(("127.0.0.1", web.port)) as one:
        one.sendall(b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000000\r\n\r\n")
        with contextlib.suppress(OSError):
            for _ in range(2000):
                one.sendall(b"a" * 65536)
        answer = one.recv(1000).decode()
    assert answer.startswith("HTTP/1.1 413")


def front_of(web: Process) -> int:
    """The process that holds the browsers."""
    children = f"/proc/{web.running.pid}/task/{web.running.pid}/children"
    (found,) = [
        pid for pid in Path(children).read_text().split() if "front_child" in Path(f"/proc/{pid}/cmdline").read_text()
    ]
    return int(found)


def test_a_house_that_is_killed_takes_its_front_with_it(house):
    web = house.serve().ready()
    front = front_of(web)
    web.send(signal.SIGKILL)
    web.running.wait()
    until(lambda: not Path(f"/proc/{front}").exists(), "the end of the front")
    again = web.start().ready()  # at the same port
    assert again.get("/")[0] == 200


def test_a_front_that_dies_begins_again_and_hears_what_happens(house):
    web = house.serve().ready()
    cookies = web.sign_in("hannah@aireborough.example")
    front = front_of(web)
    os.kill(front, signal.SIGKILL)
    until(lambda: "it begins again" in web.words() and web._answers(), "the next front")
    assert front_of(web) != front
    with listening(web, cookies) as heard:
        web.mail("libraries@aireborough.example", "dev@outside.example", "after")
        until(lambda: any('"kind":"message"' in line for line in heard), "the mail on the desk")
    assert web.stop() == 0


def test_a_front_that_hangs_does_not_keep_the_house_from_stopping(house):
    web = house.serve().ready()
    front = front_of(web)
    os.kill(front, signal.SIGSTOP)
    assert web.stop() == 0
    assert not Path(f"/proc/{front}").exists()


def test_while_it_stops_nobody_new_is_let_in(house):
    web = house.serve().ready()
    with socket.create_connection(("127.0.0.1", web.port)) as slow:
        slow.sendall(b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        assert web.get("/")[0] == 200  # by now it is read, and waited for
        web.send(signal.SIGTERM)
        until(lambda: _is_refused(web.port), "a port that refuses")
        assert web.running.poll() is None  # whoever was there is still waited for
        slow.sendall(b"a=1&bbbbb")
        assert slow.recv(12).startswith(b"HTTP/1.1 40")
    assert web.running.wait(30) == 0


def _is_refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


def test_it_keeps_secrets_from_its_front(house):
    house.environment |= {"SECRET_KEY": "a secret for this test", "SMTP_URL": "smtp://name:password@127.0.0.1:9"}
    front = front_of(house.serve().ready())
    known = Path(f"/proc/{front}/environ").read_text() + Path(f"/proc/{front}/cmdline").read_text()
    assert "PATH=" in known
    assert "password" not in known
    assert "a secret" not in known


def test_asked_twice_it_waits_for_nobody(house):
    web = house.serve().ready()
    front = front_of(web)
    with socket.create_connection(("127.0.0.1", web.port)) as slow:
        slow.sendall(b"POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n")
        assert web.get("/")[0] == 200  # by now it is read, and waited for
        web.send(signal.SIGTERM)
        until(lambda: _is_refused(web.port), "a port that refuses")  # the first was heard
        assert web.stop() == 0
        assert "the front does not end" not in web.words()
    assert not Path(f"/proc/{front}").exists()


def test_sqlite_has_room_for_one(house):
    house.serve().ready()
    for command in ("serve", "worker"):
        refused = house.run(command, PORT=str(free_port()), SMTP_PORT=str(free_port()))
        assert refused.returncode == 1
        assert "already runs on the data" in refused.stderr
        assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("which", ["PORT", "SMTP_PORT"])
def test_a_port_in_use_is_a_sentence(house, which):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = {"PORT": str(free_port()), "SMTP_PORT": str(free_port()), which: str(taken.getsockname()[1])}
        refused = house.run("serve", **ports)
    assert refused.returncode == 1
    assert str(taken and ports[which]) in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_real_installation_refuses_the_example(house):
    house.serve().ready().stop()
    real = {
        "SOCIABLE_MODE": "real",
        "SECRET_KEY": "a long enough secret for this test",
        "PORT": str(free_port()),
        "SMTP_PORT": "0",
    }
    refused = house.run("serve", **real)
    assert refused.returncode == 1
    assert "example people" in refused.stderr


@pytest.mark.parametrize(
    "wrong", [{"PORT": "eighty"}, {"SOCIABLE_MODE": "production"}, {"DATABASE_URL": "mysql://x/y"}]
)
def test_a_wrong_setting_is_a_sentence(house, wrong):
    refused = house.run("serve", **wrong)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1


def test_a_database_that_does_not_answer_is_a_sentence(house):
    refused = house.run("worker", DATABASE_URL=f"postgres://nobody@127.0.0.1:{free_port()}/none")
    assert refused.returncode == 1
    assert refused.stderr.startswith("The database would not answer")
    assert "Traceback" not in refused.stderr


def test_a_worker_wants_a_database_that_is_up_to_date(house):
    refused = house.run("worker")
    assert refused.returncode == 1
    assert "not up to date" in refused.stderr


def test_the_commands_are_listed_with_a_line_each_and_each_has_help(house):
    listed = house.run("--help")
    assert listed.returncode == 0
    for name in names():
        assert f"\n  {name}" in listed.stdout
        helped = house.run(name, "--help")
        assert helped.returncode == 0
        assert helped.stdout.startswith(f"usage: sociable {name}")


def test_words_that_are_off_have_status_two(house):
    assert house.run().returncode == 2
    assert house.run("serve", "--sideways").returncode == 2


def test_djangos_own_commands_go_by_the_same_name(house):
    done = house.run("migrate", "--check", "--verbosity=0")
    assert done.returncode == 1  # nothing is migrated here yet
    assert house.run("migrate", "--verbosity=0").returncode == 0
    assert house.run("migrate", "--check", "--verbosity=0").returncode == 0
    assert (house.folder / "sociable.sqlite3").exists()
