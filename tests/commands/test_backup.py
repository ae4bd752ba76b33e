from __future__ import annotations

import base64
import fcntl
import gzip
import hashlib
import io
import json
import sqlite3
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sociable.config import archive
from tests.commands.conftest import Installation

KEY = "a key that two installations share, long enough"


def contents(path: Path) -> dict[str, bytes]:
    with tarfile.open(path, "r:gz") as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}  # type: ignore[union-attr]


def rows(path: Path) -> dict[str, list[Any]]:
    """Every row of every table, whatever order a database gives the keys of its JSON."""
    tables = {name: content for name, content in contents(path).items() if name.startswith("tables/")}
    return {name: [json.loads(line) for line in content.splitlines()] for name, content in tables.items()}


def pack(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the example with an attachment, made on SQLite."""
    here = Installation(tmp_path_factory.mktemp("made")).with_example()
    mail = here.folder / "a.eml"
    mail.write_bytes(
        b"From: dev@example.org\nMessage-ID: <a@example.org>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\nMIME-Version: 1.0\n"
        b"Content-Type: application/pdf; name=form.pdf\nContent-Disposition: attachment; filename=form.pdf\n"
        b"Content-Transfer-Encoding: base64\n\n" + base64.encodebytes(b"%PDF-1.4\n" + bytes(range(256)))
    )
    assert here.run("import-mail", str(mail), "--account", "city-help").status == 0
    path = here.folder / "made.tar.gz"
    done = here.run("backup", str(path), "--json")
    assert done.status == 0, done.err
    assert done.json["attachments"] >= 1
    return path


# -- Writing one --------------------------------------------------------------------------------------------------------


def test_what_is_in_it(made: Path) -> None:
    files = contents(made)
    manifest = json.loads(files["manifest.json"])
    assert list(files)[-1] == "manifest.json"
    assert stat.S_IMODE(made.stat().st_mode) == 0o600
    for label, table in manifest["tables"].items():
        content = files[f"tables/{label}.jsonl"]
        assert (content.count(b"\n"), hashlib.sha256(content).hexdigest()) == (table["rows"], table["sha256"])
    for sha256 in manifest["attachments"]:
        assert hashlib.sha256(files[f"attachments/{sha256[:2]}/{sha256}"]).hexdigest() == sha256
    assert files["secret_key"]
    assert manifest["secret_key"]["included"]
    assert manifest["tables"]["people.person"]["rows"] > 30
    assert not any("session" in label or label.startswith("auth.") for label in manifest["tables"])


def test_a_key_from_the_environment_stays_out_of_it(cast: Any, run: Any, tmp_path: Path, settings: Any) -> None:
    (Path(settings.DATA_DIR) / "secret_key").write_text("one that is not in use")
    try:
        done = run("backup", str(tmp_path / "b.tar.gz")) if settings.GROWN is False else None
        if done is not None:
            assert "SECRET_KEY is not in it" in done.out
            everything = gzip.decompress((tmp_path / "b.tar.gz").read_bytes())
            assert settings.SECRET_KEY.encode() not in everything
            assert b"one that is not in use" not in everything
    finally:
        (Path(settings.DATA_DIR) / "secret_key").unlink()


def test_it_is_never_written_over_another(installation: Any, tmp_path: Path) -> None:
    installation.with_example()
    taken = tmp_path / "taken"
    taken.write_text("precious")
    for path, said in ((taken, "there already"), (tmp_path / "no" / "where", "no folder"), (tmp_path, "there already")):
        done = installation.run("backup", str(path))
        assert done.status == 1
        assert said in done.err
    assert taken.read_text() == "precious"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["installation", "taken"]


def test_it_waits_for_nobody_and_nobody_for_it(tmp_path: Path) -> None:
    here = Installation(tmp_path / "here")
    here.folder.mkdir()
    here.with_example()
    with sqlite3.connect(here.folder / "sociable.sqlite3") as writer, (here.folder / "running.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # as a running `serve` has it
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM promises_warned")
        done = here.run("backup", str(tmp_path / "b.tar.gz"))
        writer.rollback()
    assert done.status == 0, done.err
    assert rows(tmp_path / "b.tar.gz")["tables/promises.warned.jsonl"]


def test_it_is_of_one_instant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written while the backup runs is in all of it or in none of it."""
    here = Installation(tmp_path / "here")
    here.folder.mkdir()
    here.with_example()
    code = f"""
import sqlite3
from pathlib import Path
from django.utils import timezone
from sociable.config import archive
real, seen = archive._rows, []
def rows(model):
    if not seen:
        seen.append(1)
        with sqlite3.connect({str(here.folder / "sociable.sqlite3")!r}) as other:
            other.execute("DELETE FROM promises_warned")
    return real(model)
"""
    # the first table is read before the other process writes; every later one must not show what it wrote
    code += f"""
list(real(archive.models_of(archive.apps)[0]))
before = archive.models_of
def one_first(registry):
    archive.connection.cursor().execute("SELECT COUNT(*) FROM people_person").fetchone()
    return before(registry)
archive.models_of, archive._rows = one_first, rows
archive.write(Path({str(tmp_path / "b.tar.gz")!r}), timezone.now())
"""
    done = here.python(code)
    assert done.status == 0, done.err
    assert rows(tmp_path / "b.tar.gz")["tables/promises.warned.jsonl"]


def test_a_file_that_is_missing_is_told_and_stops_nothing(tmp_path: Path, made: Path) -> None:
    here = Installation(tmp_path / "here")
    here.folder.mkdir()
    assert here.run("restore", str(made)).status == 0
    gone = next((here.folder / "attachments").glob("??/*"))
    gone.unlink()
    done = here.run("backup", str(tmp_path / "b.tar.gz"), "--json")
    assert done.status == 0
    assert done.json["attachments_missing"] == [gone.name]


# -- Bringing one back ---------------------------------------------------------------------------------------------------


@pytest.mark.timeout(400)
def test_everything_comes_back_as_it_was(installation: Any, made: Path, tmp_path: Path) -> None:
    done = installation.run("restore", str(made), "--json")
    assert done.status == 0, done.err
    manifest = json.loads(contents(made)["manifest.json"])
    assert done.json["tables"] == {label: table["rows"] for label, table in manifest["tables"].items()}
    assert done.json["other_secret_key"] is False
    assert stat.S_IMODE((installation.folder / "secret_key").stat().st_mode) == 0o600
    assert installation.run("backup", str(tmp_path / "again.tar.gz")).status == 0
    assert rows(tmp_path / "again.tar.gz") == rows(made)
    assert contents(tmp_path / "again.tar.gz")["secret_key"] == contents(made)["secret_key"]
    wrong = {
        finding["check"]
        for finding in installation.run("doctor", "--json").json["findings"]
        if finding["state"] == "wrong"
    }
    assert wrong <= {"worker"}  # none runs here, and the example has warnings to give
    # what is written next takes numbers that are free
    mail = tmp_path / "b.eml"
    mail.write_text("From: new@example.org\nMessage-ID: <b@example.org>\nDate: Mon, 2 Mar 2026 09:00:00 +0000\n\nHello")
    assert installation.run("import-mail", str(mail), "--account", "city-help", "--json").json["messages"] == 1
    assert not list(installation.folder.glob("restore-*"))


def test_it_grows_from_sqlite_to_postgresql_and_back(
    made: Path, tmp_path: Path, new_postgres_database: Callable[[], str]
) -> None:
    grown = Installation(tmp_path / "grown", new_postgres_database())
    small = Installation(tmp_path / "small")
    for one in (grown, small):
        one.folder.mkdir()
    there, back = tmp_path / "there.tar.gz", tmp_path / "back.tar.gz"
    done = grown.run("restore", str(made))
    assert done.status == 0, done.err
    assert grown.run("backup", str(there)).status == 0
    assert rows(there) == rows(made)
    assert small.run("restore", str(there)).status == 0
    assert small.run("backup", str(back)).status == 0
    assert rows(back) == rows(made)
    queues = [[place["conversation"] for place in one.run("queue", "--json").json["places"]] for one in (grown, small)]
    assert queues[0] == queues[1] != []


def test_nobody_else_may_use_a_postgresql_database_meanwhile(
    made: Path, tmp_path: Path, new_postgres_database: Callable[[], str]
) -> None:
    import psycopg

    grown = Installation(tmp_path, new_postgres_database())
    with psycopg.connect(grown.database_url):
        done = grown.run("restore", str(made))
    assert done.status == 1
    assert "Stop every" in done.err
    assert grown.run("restore", str(made)).status == 0


@pytest.mark.timeout(400)  # several whole installations are made; on a busy machine two minutes are not enough
def test_an_installation_in_use_is_replaced_only_when_told_so(installation: Any, made: Path, tmp_path: Path) -> None:
    installation.with_example()
    mail = tmp_path / "c.eml"
    mail.write_bytes(
        b"From: c@example.org\nMessage-ID: <c@example.org>\nContent-Type: text/csv; name=c.csv\n"
        b"Content-Disposition: attachment; filename=c.csv\n\nonly,here\n"
    )
    assert installation.run("import-mail", str(mail), "--account", "city-help").status == 0
    assert installation.run("backup", str(tmp_path / "before.tar.gz")).status == 0
    refused = installation.run("restore", str(made))
    assert refused.status == 1
    assert "--replace" in refused.err
    assert installation.run("backup", str(tmp_path / "after.tar.gz")).status == 0
    assert rows(tmp_path / "before.tar.gz") == rows(tmp_path / "after.tar.gz")
    assert installation.run("restore", str(made), "--replace").status == 0
    assert installation.run("backup", str(tmp_path / "replaced.tar.gz")).status == 0
    assert rows(tmp_path / "replaced.tar.gz") == rows(made)
    files = {path.name for path in (installation.folder / "attachments").glob("??/*")}
    assert files == set(json.loads(contents(made)["manifest.json"])["attachments"])


def test_it_is_refused_while_sociable_runs(made: Path, tmp_path: Path) -> None:
    with (tmp_path / "running.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = Installation(tmp_path).run("restore", str(made), "--replace")
    assert done.status == 1
    assert "already runs" in done.err


def test_an_older_backup_is_brought_up_to_date(made: Path, tmp_path: Path) -> None:
    files = contents(made)
    manifest = json.loads(files["manifest.json"])
    manifest["migrations"].remove(["mfa", "0003_authenticator_type_uniq"])
    older = pack(tmp_path / "older.tar.gz", files | {"manifest.json": json.dumps(manifest).encode()})
    here = Installation(tmp_path / "here")
    here.folder.mkdir()
    done = here.run("restore", str(older))
    assert done.status == 0, done.err
    assert here.run("doctor").status == 0
    again = here.run("restore", str(older), "--replace")
    assert again.status == 1
    assert "older" in again.err


# -- What must not come back: nothing may change --------------------------------------------------------------------------


def spoilt(made: Path, change: Callable[[dict[str, bytes], dict[str, Any]], None]) -> dict[str, bytes]:
    files = contents(made)
    manifest = json.loads(files["manifest.json"])
    change(files, manifest)
    if "manifest.json" in files:
        files["manifest.json"] = json.dumps(manifest).encode()
    return files


def one_row_more(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    table = manifest["tables"]["people.service"]
    name = "tables/people.service.jsonl"
    files[name] += files[name].splitlines(keepends=True)[0]
    table["rows"] += 1
    table["sha256"] = hashlib.sha256(files[name]).hexdigest()


def another_column(files: dict[str, bytes], manifest: dict[str, Any]) -> None:
    name = "tables/people.service.jsonl"
    files[name] = files[name].replace(b'"slug"', b'"slag"')
    manifest["tables"]["people.service"]["sha256"] = hashlib.sha256(files[name]).hexdigest()


def a_file_the_manifest_does_not_know(files: dict[str, bytes], _manifest: dict[str, Any]) -> None:
    files["tables/people.secret.jsonl"] = b""


def first_attachment(manifest: dict[str, Any]) -> str:
    sha256 = next(iter(manifest["attachments"]))
    return f"attachments/{sha256[:2]}/{sha256}"


SPOILS: dict[str, tuple[Callable[[dict[str, bytes], dict[str, Any]], Any], str]] = {
    "no manifest": (lambda files, _m: files.pop("manifest.json"), "no manifest"),
    "manifest of another shape": (lambda _f, manifest: manifest.pop("tables"), "cannot be read"),
    "a later format": (lambda _f, manifest: manifest.update(format=2), "newer"),
    "a later version": (lambda _f, manifest: manifest["migrations"].append(["people", "0999_later"]), "newer"),
    "a real installation's": (lambda _f, manifest: manifest.update(mode="real"), "real"),
    "rows changed": (lambda files, _m: files.update({"tables/people.person.jsonl": b""}), "not what was written"),
    "an attachment changed": (
        lambda files, manifest: files.update({first_attachment(manifest): b"x"}),
        "not what was written",
    ),
    "an attachment gone": (lambda files, manifest: files.pop(first_attachment(manifest)), "lacks"),
    "a table gone": (lambda files, _m: files.pop("tables/people.person.jsonl"), "lacks"),
    "a file more": (a_file_the_manifest_does_not_know, "manifest does not know"),
    "one row twice": (one_row_more, "do not fit together"),
    "another column": (another_column, "do not fit together"),
    "a path upwards": (lambda files, _m: files.update({"../../evil": b"x"}), "not a backup"),
    "a path from the root": (lambda files, _m: files.update({"/etc/evil": b"x"}), "not a backup"),
    "a program": (lambda files, _m: files.update({"tables/../../evil": b"x"}), "not a backup"),
}


@pytest.fixture
def nothing_changed(db: None, settings: Any, tmp_path: Path) -> Any:
    """After the test all is as it was."""
    from sociable.people.models import Partner

    settings.DATA_DIR = tmp_path / "data"
    settings.ATTACHMENTS_DIR = settings.DATA_DIR / "attachments"
    settings.DATA_DIR.mkdir()
    settings.SECRET_KEY = KEY
    yield
    assert not Partner.objects.exists()
    assert not (tmp_path / "evil").exists()
    assert [path.name for path in settings.DATA_DIR.iterdir() if path.name not in ("running.lock", "attachments")] == []


@pytest.mark.parametrize("spoil", SPOILS)
def test_a_spoilt_one_is_refused(run: Any, made: Path, tmp_path: Path, nothing_changed: None, spoil: str) -> None:
    change, said = SPOILS[spoil]
    done = run("restore", str(pack(tmp_path / "spoilt.tar.gz", spoilt(made, change))))
    assert done.status == 1
    assert said in done.err


@pytest.mark.parametrize("kept", [0, 10, 1000, -2000, -100, -4])
def test_one_cut_short_is_refused(run: Any, made: Path, tmp_path: Path, nothing_changed: None, kept: int) -> None:
    (tmp_path / "short.tar.gz").write_bytes(made.read_bytes()[: kept or 0])
    done = run("restore", str(tmp_path / "short.tar.gz"))
    assert done.status == 1
    assert "whole" in done.err or "manifest" in done.err


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE])
def test_only_files_come_out_of_it(run: Any, tmp_path: Path, nothing_changed: None, kind: bytes) -> None:
    with tarfile.open(tmp_path / "links.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo("manifest.json")
        entry.type, entry.linkname = kind, "/etc/passwd"
        tar.addfile(entry)
    done = run("restore", str(tmp_path / "links.tar.gz"))
    assert done.status == 1
    assert "not a backup" in done.err


def test_what_is_no_archive_is_refused(run: Any, tmp_path: Path, nothing_changed: None) -> None:
    (tmp_path / "text").write_text("Dear restore, ")
    (tmp_path / "plain.gz").write_bytes(gzip.compress(b"Dear restore, " * 100))
    for name, said in (("text", "whole"), ("plain.gz", "whole"), ("nowhere", "no file"), (".", "no file")):
        done = run("restore", str(tmp_path / name))
        assert done.status == 1
        assert said in done.err


def test_every_table_is_in_it_or_left_out_on_purpose() -> None:
    from django.apps import apps

    kept = {model._meta.label_lower for model in archive.models_of(apps)}
    every = {model._meta.label_lower for model in apps.get_models(include_auto_created=True)}
    left = {label.split(".")[0] for label in every - kept}
    assert left == set(archive.LEFT_OUT)
