from __future__ import annotations

import fcntl
import os
import shutil
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from sociable.config import checkup


def found(run: Any, check: str, *words: str) -> list[dict[str, Any]]:
    """What the doctor says of one check."""
    return [finding for finding in run("doctor", "--json", *words).json["findings"] if finding["check"] == check]


def states(run: Any, check: str, *words: str) -> set[str]:
    return {finding["state"] for finding in found(run, check, *words)}


@pytest.fixture(autouse=True)
def ports_of_nobody(settings: Any) -> None:
    settings.PORT, settings.SMTP_PORT = 0, 0


def test_a_well_installation_is_well(run: Any, cast: Any) -> None:
    done = run("doctor", "--json")
    assert done.status == 0, done.out
    assert done.json["ok"] is True
    assert {finding["state"] for finding in done.json["findings"]} == {"good"}
    assert run("doctor").out.startswith("good   data folder: ")


@pytest.mark.parametrize("mend", ["hours", "promise"])
def test_an_account_that_states_nothing_is_named(run: Any, cast: Any, mend: str) -> None:
    from sociable.directory.models import HoursVersion, PromiseVersion

    (HoursVersion if mend == "hours" else PromiseVersion).objects.filter(account=cast.books).delete()
    (finding,) = found(run, "accounts")
    assert finding["state"] == "look"
    assert "libraries" in finding["what"]
    assert "office" in finding["mend"]
    assert run("doctor").status == 0


def test_a_connection_in_trouble_is_wrong(run: Any, cast: Any) -> None:
    from sociable.directory.models import Connection

    Connection.objects.create(account=cast.help, trouble="The server does not answer.", trouble_since_at=timezone.now())
    assert "The server does not answer." in found(run, "connections")[0]["what"]
    done = run("doctor")
    assert done.status == 1
    assert "WRONG  connections: help is in trouble" in done.out


def test_a_password_kept_under_another_key_is_wrong(run: Any, cast: Any, settings: Any) -> None:
    from sociable.directory import connecting
    from sociable.directory.models import Connection

    Connection.objects.create(account=cast.help, sealed_secrets=connecting.seal({"imap_password": "x"}))
    assert states(run, "connections") == {"good"}
    settings.SECRET_KEY = "quite another one, and as long as one should be"
    assert "SECRET_KEY" in found(run, "connections")[0]["what"]


def test_connections_are_tried_only_where_asked(run: Any, cast: Any) -> None:
    from sociable.directory.models import Connection

    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound and not listening: whoever calls is turned away
        server = {
            "imap_host": "127.0.0.1",
            "imap_port": nobody.getsockname()[1],
            "imap_security": "none",
            "imap_user": "u",
        }
        Connection.objects.create(account=cast.help, settings=server)
        assert found(run, "connections tried") == []
        tried = found(run, "connections tried", "--connections")
    assert {finding["state"] for finding in tried} == {"wrong"}
    assert all(finding["what"] for finding in tried)


def test_what_is_late_and_what_was_set_aside(run: Any, cast: Any) -> None:
    from sociable.due.models import DueRow

    long_ago = timezone.now() - timedelta(hours=1)
    row = DueRow.objects.create(kind="warn", key="warn:0:50", subject_id=0, due_at=long_ago, next_at=long_ago)
    assert states(run, "worker") <= {"look", "wrong"}
    assert "1 thing" in found(run, "worker")[0]["what"]
    DueRow.objects.filter(pk=row.pk).update(set_aside_at=long_ago)
    assert states(run, "worker") == {"good"}
    assert states(run, "set aside") == {"wrong"}


def test_what_could_not_be_read(run: Any, cast: Any) -> None:
    from sociable.conversations.models import RawInbound

    RawInbound.objects.create(
        account=cast.help,
        channel="email",
        remote_id="x",
        content=b"x",
        size_bytes=1,
        fetched_at=timezone.now(),
        state="unreadable",
    )
    assert states(run, "set aside") == {"wrong"}


@pytest.mark.parametrize(
    ("state", "said"),
    [("queued", "wrong"), ("sending", "wrong"), ("unknown", "look"), ("bounced", "look"), ("accepted", "good")],
)
def test_answers_that_did_not_leave(run: Any, cast: Any, state: str, said: str) -> None:
    from sociable.conversations import services as conversations
    from sociable.conversations.models import Outgoing

    then = timezone.now() - timedelta(hours=1)
    message = conversations.add_outbound(
        conversation=cast.ask().conversation,
        text="Yes",
        channel="email",
        author=cast.asha,
        to=["dev@example.org"],
        now=then,
    )
    Outgoing.objects.create(message=message, state=state, undo_until_at=then)
    assert states(run, "outbox") == {said}


def test_a_file_that_is_missing(run: Any, cast: Any) -> None:
    from sociable.conversations import files
    from sociable.conversations.models import Attachment

    sha256 = files.keep(b"some file")
    Attachment.objects.create(message=cast.ask(), name="a", content_type="text/plain", size_bytes=9, sha256=sha256)
    assert states(run, "attachments") == {"good"}
    files.path_of(sha256).unlink()
    assert sha256 in found(run, "attachments")[0]["what"]
    assert states(run, "attachments") == {"wrong"}


def test_a_clock_that_was_put_back(run: Any, cast: Any) -> None:
    cast.ask(when=timezone.now() + timedelta(days=2))
    assert states(run, "clock") == {"wrong"}


def test_bank_holidays_that_end_soon(cast: Any) -> None:
    from sociable.domain.worktime import holidays

    last = holidays.ends_on("england-and-wales")
    soon = timezone.now().replace(year=last.year, month=last.month, day=last.day) - timedelta(days=80)
    assert [state for state, _, _ in checkup._holidays(soon)] == ["look"]
    assert [state for state, _, _ in checkup._holidays(soon - timedelta(days=20))] == ["good"]


@pytest.mark.parametrize(
    ("changed", "check", "said"),
    [
        ({"PUBLIC_URL": "https://ask.example.org"}, "settings", "Example people"),
        ({"EXAMPLE": False, "MODE": "real", "PUBLIC_URL": "http://ask.example.org"}, "settings", "without encryption"),
        ({"EXAMPLE": False, "MODE": "real", "SECRET_KEY": "short"}, "settings", "fewer than"),
        ({"EXAMPLE": False, "MODE": "real", "SMTP_URL": ""}, "sending", "help"),
    ],
)
def test_settings_that_cannot_be_meant(
    run: Any, cast: Any, settings: Any, changed: dict[str, Any], check: str, said: str
) -> None:
    for name, value in changed.items():
        setattr(settings, name, value)
    findings = found(run, check)
    assert any(finding["state"] == "wrong" and said in finding["what"] for finding in findings), findings


def test_example_people_in_a_real_installation(run: Any, cast: Any, settings: Any) -> None:
    settings.EXAMPLE, settings.MODE = False, "real"
    assert states(run, "example data") == {"good"}
    type(cast.council).objects.filter(pk=cast.council.pk).update(is_example=True)
    assert states(run, "example data") == {"wrong"}


def test_a_port_taken_by_another_program(run: Any, cast: Any, settings: Any) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        settings.PORT = other.getsockname()[1]
        assert states(run, "ports") == ({"good"} if settings.GROWN else {"wrong"})


def test_who_holds_the_data_is_known(cast: Any, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR, settings.GROWN = tmp_path, False
    assert checkup._holder() == ""
    with (tmp_path / "running.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("4711")
        lock.flush()
        assert checkup._holder() == "4711"
    assert checkup._holder() == ""


def test_a_data_folder_that_others_may_read(run: Any, cast: Any, settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path
    tmp_path.chmod(0o755)
    (finding,) = found(run, "data folder")
    assert finding["state"] == "look"
    assert finding["mend"] == f"Run: chmod 0700 {tmp_path}"
    tmp_path.chmod(0o700)
    assert states(run, "data folder") == {"good"}


def test_a_disk_that_is_nearly_full(run: Any, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, said in ((100 * 1024**2, "wrong"), (500 * 1024**2, "look"), (50 * 1024**3, "good")):
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _path, free=free: shutil._ntuple_diskusage(10**12, 10**12 - free, free)
        )
        assert states(run, "disk") == {said}


def test_a_database_that_was_never_made_up(installation: Any) -> None:
    done = installation.run("doctor", "--json")
    assert done.status == 1
    assert done.json["ok"] is False
    assert [f["mend"] for f in done.json["findings"] if f["state"] == "wrong"] == [
        "Start `sociable serve` once, or run `sociable migrate`."
    ]


def test_a_damaged_database(tmp_path: Path) -> None:
    from tests.commands.conftest import Installation

    here = Installation(tmp_path).with_example()
    path = tmp_path / "sociable.sqlite3"
    whole = path.read_bytes()
    assert here.run("doctor").status == 0
    for damage in (whole[:8192] + os.urandom(40_960) + whole[49_152:], b"This is no database.\n" * 500):
        for rest in tmp_path.glob("sociable.sqlite3-*"):
            rest.unlink()
        path.write_bytes(damage)
        done = here.run("doctor", "--json")
        assert done.status == 1, done.out
        wrong = [finding for finding in done.json["findings"] if finding["state"] == "wrong"]
        assert wrong[0]["check"] == "database"
        assert "backup" in wrong[0]["mend"].lower()


def test_a_database_server_that_is_away(tmp_path: Path) -> None:
    from tests.commands.conftest import Installation

    done = Installation(tmp_path, "postgres://nobody@127.0.0.1:1/none").run("doctor", "--json")
    assert done.status == 1
    assert any("DATABASE_URL" in finding["mend"] for finding in done.json["findings"])
