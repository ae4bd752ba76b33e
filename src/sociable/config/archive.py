"""Writes an installation into one archive that either database can be restored from: every row, every file, what it all was.

The rows are of one instant and in JSON lines, so that they outlive the database they came from. Reading it is left to restoring.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, models, transaction
from django.db.migrations.recorder import MigrationRecorder

import sociable
from sociable.conversations import files
from sociable.domain.errors import DomainError

FORMAT = 1
MANIFEST, KEY, TABLES, ATTACHMENTS = "manifest.json", "secret_key", "tables", "attachments"
# Made anew by a migration, or of no use elsewhere: who was signed in signs in again.
LEFT_OUT = frozenset({"contenttypes", "auth", "sessions"})
ATTACHMENT_TABLE = "conversations.attachment"
ROWS_AT_ONCE, LARGE_ROWS_AT_ONCE = 1000, 20


class CannotBackUp(DomainError):
    """The archive cannot be written."""


@dataclass(slots=True)
class Written:
    """What went into an archive, as its manifest says."""

    made_at: datetime
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    attachments: dict[str, int] = field(default_factory=dict)  # SHA-256 to size
    attachments_missing: list[str] = field(default_factory=list)
    has_key: bool = False

    def manifest(self) -> dict[str, Any]:
        """This function will return what the archive says of itself."""
        return {
            "format": FORMAT,
            "version": sociable.__version__,
            "made_at": self.made_at.isoformat(),
            "mode": settings.MODE,
            "database": connection.vendor,
            "migrations": sorted(map(list, MigrationRecorder(connection).applied_migrations())),
            "tables": self.tables,
            "attachments": self.attachments,
            "attachments_missing": self.attachments_missing,
            "secret_key": {"included": self.has_key, "fingerprint": fingerprint(settings.SECRET_KEY)},
        }


def fingerprint(key: str) -> str:
    """This function will return what tells one key from another and gives neither away."""
    return hashlib.sha256(f"backup:{key}".encode()).hexdigest()[:16]


def models_of(registry: Any) -> list[type[models.Model]]:
    """This function will list the tables an archive holds, by name."""
    every = registry.get_models(include_auto_created=True)
    kept = [
        model
        for model in every
        if model._meta.app_label not in LEFT_OUT and model._meta.managed and not model._meta.proxy
    ]
    return sorted(kept, key=lambda model: model._meta.label_lower)


def write(path: Path, now: datetime) -> Written:
    """This function will write the archive; it stands under its name only when it is whole.

    Errors: CannotBackUp; OSError
    """
    if path.exists():
        raise CannotBackUp(f"{path} is there already, and a backup is never written over. Choose another name.")
    if not path.parent.is_dir():
        raise CannotBackUp(f"There is no folder {path.parent} to write to.")
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(part, "xb", opener=_private) as file:  # Path.open knows no opener
            written = _write(file, now)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a rename, this writes over nothing
    except FileExistsError:
        raise CannotBackUp(f"{path} was written by somebody else meanwhile. Choose another name.") from None
    finally:
        part.unlink(missing_ok=True)
    return written


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _write(file: io.BufferedWriter, now: datetime) -> Written:
    written = Written(now)
    with (
        tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix="backup-") as folder,
        gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
        _one_instant(),
    ):
        for model in models_of(apps):
            _add_table(tar, Path(folder) / "rows", model, written)
        _add_attachments(tar, written)
        _add_key(tar, written)
        # Last, so that what was cut short has none.
        _add(tar, MANIFEST, json.dumps(written.manifest(), indent=1).encode())
    return written


@contextmanager
def _one_instant() -> Iterator[None]:
    """All is read as it stood at one instant, and nobody who writes has to wait."""
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")  # an atomic block would begin IMMEDIATE, and hold up everybody
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield


def _add_table(tar: tarfile.TarFile, path: Path, model: type[models.Model], written: Written) -> None:
    label, digest, rows = model._meta.label_lower, hashlib.sha256(), 0
    with path.open("wb") as file:
        for row in _rows(model):
            line = json.dumps(row, ensure_ascii=False, default=_plain).encode() + b"\n"
            file.write(line)
            digest.update(line)
            rows += 1
            if label == ATTACHMENT_TABLE and row["sha256"]:
                _note_attachment(row["sha256"], written)
    tar.add(path, f"{TABLES}/{label}.jsonl", filter=_plain_file)
    written.tables[label] = {"rows": rows, "sha256": digest.hexdigest()}


def _rows(model: type[models.Model]) -> Iterable[dict[str, Any]]:
    fields = model._meta.concrete_fields
    large = any(isinstance(one, (models.BinaryField, models.TextField)) for one in fields)
    at_once = LARGE_ROWS_AT_ONCE if large else ROWS_AT_ONCE
    every = model._base_manager.order_by("pk").values(*[one.attname for one in fields])
    return every.iterator(chunk_size=at_once)


def _plain(value: object) -> str:
    """A value as JSON can hold it, to the microsecond and the byte."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (bytes, memoryview)):
        return base64.b64encode(value).decode("ascii")
    return str(value)


def _note_attachment(sha256: str, written: Written) -> None:
    path = files.path_of(sha256)
    if sha256 in written.attachments or sha256 in written.attachments_missing:
        return
    if path.is_file():
        written.attachments[sha256] = path.stat().st_size
    else:
        written.attachments_missing.append(sha256)


def _add_attachments(tar: tarfile.TarFile, written: Written) -> None:
    for sha256 in written.attachments:
        tar.add(files.path_of(sha256), f"{ATTACHMENTS}/{sha256[:2]}/{sha256}", filter=_plain_file)


def _add_key(tar: tarfile.TarFile, written: Written) -> None:
    """Only a key that lies with the data goes with it: one from the environment is kept where that is kept."""
    path = Path(settings.DATA_DIR) / KEY
    if settings.EXAMPLE and path.is_file() and path.read_text(encoding="ascii") == settings.SECRET_KEY:
        _add(tar, KEY, settings.SECRET_KEY.encode())
        written.has_key = True


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))


def _plain_file(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Nothing of this machine's users goes into the archive."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o600
    return entry
