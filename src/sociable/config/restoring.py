"""Reads an archive back: looks first whether it is whole and fits here, then puts everything in its place in one transaction.

The database may be another kind than the one it was made from, and the archive may be of an older version. Writing one is
left to archive.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, cast

from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, models, transaction
from django.db.migrations.executor import MigrationExecutor

from sociable.config import archive
from sociable.config.archive import ATTACHMENTS, FORMAT, KEY, MANIFEST, TABLES
from sociable.conversations import files
from sociable.domain.errors import DomainError

_MAY_BE_IN_IT = re.compile(
    rf"{re.escape(MANIFEST)}|{KEY}|{TABLES}/[a-z_]+\.[a-z0-9_]+\.jsonl|{ATTACHMENTS}/[0-9a-f]{{2}}/[0-9a-f]{{64}}"
)
ROWS_AT_ONCE, LARGE_ROWS_AT_ONCE = 500, 20
_CHUNK_BYTES = 1024 * 1024
# Rows that only somebody who uses the installation can have made
_SIGNS_OF_USE = ("people_person", "people_partner", "conversations_conversation")


class CannotRestore(DomainError):
    """The archive is not whole, or does not fit here; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What came out of an archive."""

    manifest: dict[str, Any]
    other_key: bool

    @property
    def rows(self) -> int:
        """How many rows were restored."""
        return sum(table["rows"] for table in self.manifest["tables"].values())


def restore(path: Path, *, replace: bool = False) -> Restored:
    """This function will put an archive in place of what is here, or change nothing.

    Errors: CannotRestore; OSError
    """
    if not path.is_file():
        raise CannotRestore(f"There is no file {path}.")
    if not replace and _in_use():
        raise CannotRestore(
            "There are people or conversations here already. Give --replace to have the archive take their place."
        )
    _check_alone()
    with tempfile.TemporaryDirectory(dir=settings.DATA_DIR, prefix="restore-") as name:
        folder = Path(name)
        _unpack(path, folder)
        manifest = _manifest(folder)
        _check_fits(manifest)
        _check_whole(folder, manifest)
        registry = _migrated_as(manifest)
        _place_attachments(folder, manifest)
        _load(folder, manifest, registry)
        _place_key(folder)
    call_command("migrate", verbosity=0, interactive=False)
    if connection.vendor != "sqlite":
        call_command("createcachetable", verbosity=0)
    _clear_attachments(manifest)
    return Restored(manifest, other_key=_has_other_key(manifest))


# -- Is there room for it here? ---------------------------------------------------------------------------------------


def _in_use() -> bool:
    tables = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in _SIGNS_OF_USE:
            if table in tables:
                cursor.execute(f"SELECT 1 FROM {table} LIMIT 1")  # noqa: S608 - one of three names written above
                if cursor.fetchone():
                    return True
    return False


def _check_alone() -> None:
    """On SQLite the lock has seen to that; a PostgreSQL server knows who else is there."""
    if connection.vendor == "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        )
        others = cursor.fetchone()[0]
    if others:
        raise CannotRestore(
            f"{others} other connections use this database. Stop every `sociable serve` and `sociable worker` first."
        )


# -- Is it whole, and does it fit? ------------------------------------------------------------------------------------


def _unpack(path: Path, folder: Path) -> None:
    """Only files of the names we write come out of it, and only below the folder."""
    seen = set()
    try:
        with tarfile.open(path, "r:gz") as tar:
            for entry in tar:
                if not entry.isfile() or not _MAY_BE_IN_IT.fullmatch(entry.name) or entry.name in seen:
                    raise CannotRestore(f"{path} is not a backup of Sociable: it holds “{entry.name[:100]!r}”.")
                seen.add(entry.name)
                target = folder / entry.name
                target.parent.mkdir(parents=True, exist_ok=True)
                content = tar.extractfile(entry)
                if content is None:
                    raise CannotRestore(f"{path} holds “{entry.name}” without content.")
                with content, target.open("xb") as file:
                    shutil.copyfileobj(content, file, _CHUNK_BYTES)
                if target.stat().st_size != entry.size:
                    raise CannotRestore(f"{path} ends in the middle of “{entry.name}”. Take another copy.")
            while tar.fileobj.read(_CHUNK_BYTES):
                pass  # to the very end, where gzip says whether all of it came
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise CannotRestore(f"{path} is not a whole backup: {error}. Take another copy.") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise CannotRestore(
            f"{path} is not a whole backup: {error}. Take another copy."
        ) from None  # a bad checksum of gzip


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.exists():
        raise CannotRestore("The backup has no manifest: writing it was cut short. Take another one.")
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        if manifest["format"] != FORMAT:
            raise CannotRestore(
                f"The backup has the format {manifest['format']}, and this Sociable reads {FORMAT}. Use a newer one."
            )
        _check_shape(manifest)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CannotRestore("The backup's manifest cannot be read.") from None
    return cast("dict[str, Any]", manifest)


def _check_shape(manifest: dict[str, Any]) -> None:
    """Look at all that is used below, so that whatever is missing is told before anything is changed."""
    for table in manifest["tables"].values():
        _ = table["rows"] + 0, table["sha256"] + ""
    _ = [(app + "", name + "") for app, name in manifest["migrations"]]
    _ = dict(manifest["attachments"]), manifest["mode"] + "", manifest["version"] + "", manifest["made_at"] + ""
    _ = manifest["secret_key"]["fingerprint"] + "", manifest["secret_key"]["included"]


def _check_fits(manifest: dict[str, Any]) -> None:
    if manifest["mode"] != settings.MODE:
        raise CannotRestore(
            f"The backup is of {_mode_words(manifest['mode'])}, and this is {_mode_words(settings.MODE)}. "
            f"Set SOCIABLE_MODE={manifest['mode']} if that is meant."
        )


def _mode_words(mode: str) -> str:
    return "an example" if mode == "example" else "a real installation"


def _check_whole(folder: Path, manifest: dict[str, Any]) -> None:
    wanted = {f"{TABLES}/{label}.jsonl": table["sha256"] for label, table in manifest["tables"].items()}
    wanted |= {f"{ATTACHMENTS}/{sha256[:2]}/{sha256}": sha256 for sha256 in manifest["attachments"]}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {MANIFEST, KEY}
    if missing := sorted(wanted.keys() - there):
        raise CannotRestore(f"The backup lacks “{missing[0]}”. Take another copy.")
    if more := sorted(there - wanted.keys()):
        raise CannotRestore(f"The backup holds “{more[0]}”, of which its manifest does not know.")
    for name, sha256 in wanted.items():
        if _sha256(folder / name) != sha256:
            raise CannotRestore(f"“{name}” is not what was written into the backup. Take another copy.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# -- Putting it in place ------------------------------------------------------------------------------------------------


def _migrated_as(manifest: dict[str, Any]) -> Any:
    """Bring the tables to where they were when the archive was made, and return the models of that day."""
    executor = MigrationExecutor(connection)
    then = {(app, name) for app, name in manifest["migrations"]}
    if unknown := sorted(then - executor.loader.disk_migrations.keys()):
        raise CannotRestore(
            f"The backup is of a newer Sociable ({manifest['version']}; it knows “{'.'.join(unknown[0])}”). Update this one."
        )
    applied = executor.loader.applied_migrations.keys() & executor.loader.disk_migrations.keys()
    if applied - then:
        raise CannotRestore(
            f"The backup is of an older Sociable ({manifest['version']}). Restore it into a database that was never used: "
            "a new DATA_DIR, or a new database in PostgreSQL. It is brought up to date there."
        )
    nodes = executor.loader.graph.node_map
    heads = [
        key
        for key in sorted(then)
        if not any(child.key in then and child.key[0] == key[0] for child in nodes[key].children)
    ]
    executor.migrate(heads)
    state = executor.loader.project_state(heads)
    registry = state.apps
    labels = {model._meta.label_lower for model in archive.models_of(registry)}
    if labels != set(manifest["tables"]):
        raise CannotRestore(
            f"The backup's tables are not those of its version: {min(labels ^ set(manifest['tables']))}."
        )
    return registry


def _place_attachments(folder: Path, manifest: dict[str, Any]) -> None:
    """Under their hashes they disturb nobody, so they may come before the rows that name them."""
    for sha256 in manifest["attachments"]:
        target = files.path_of(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        (folder / ATTACHMENTS / sha256[:2] / sha256).replace(target)


def _load(folder: Path, manifest: dict[str, Any], registry: Any) -> None:
    every = archive.models_of(registry)
    try:
        with transaction.atomic():
            _empty(every)
            for model in every:
                label = model._meta.label_lower
                number = _insert(model, folder / TABLES / f"{label}.jsonl")
                if number != manifest["tables"][label]["rows"]:
                    raise CannotRestore(f"The backup has {number} rows of {label}, and its manifest says otherwise.")
            with connection.cursor() as cursor:
                for statement in connection.ops.sequence_reset_sql(no_style(), every):
                    cursor.execute(statement)
    except (DatabaseError, ValueError, TypeError, KeyError) as error:
        raise CannotRestore(
            f"The rows of the backup do not fit together: {str(error).strip()}. Nothing was changed."
        ) from None


def _empty(every: list[type[models.Model]]) -> None:
    """Whoever was signed in signs in again: sessions name people by numbers that may be others' now."""
    tables = [model._meta.db_table for model in every] + ["django_session"]
    there = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in tables:
            if table in there:
                cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")  # noqa: S608 - names of our own models


def _insert(model: type[models.Model], path: Path) -> int:
    """Rows as they were: no field sets itself to today, and no clean-up of a model runs."""
    fields = model._meta.concrete_fields
    large = any(isinstance(field, (models.BinaryField, models.TextField)) for field in fields)
    most = LARGE_ROWS_AT_ONCE if large else ROWS_AT_ONCE
    at_once = max(1, min(most, connection.ops.bulk_batch_size([*fields], [None] * most)))
    number = 0
    with path.open("rb") as file:
        rows = (_object(model, json.loads(line)) for line in file)
        while some := list(islice(rows, at_once)):
            model._base_manager._insert(some, fields=fields, using=connection.alias, raw=True)  # type: ignore[attr-defined]  # noqa: SLF001 - what loaddata does, many at once
            number += len(some)
    return number


def _object(model: type[models.Model], row: dict[str, Any]) -> models.Model:
    names = {field.attname: field for field in model._meta.concrete_fields}
    if row.keys() != names.keys():
        raise KeyError(f"{model._meta.label_lower} has other columns")
    return model(**{name: _value(field, row[name]) for name, field in names.items()})


def _value(field: Any, value: Any) -> Any:
    return value if value is None or isinstance(field, models.JSONField) else field.to_python(value)


def _place_key(folder: Path) -> None:
    """The key of an example lies with its data; that of a real installation stands in its environment."""
    key = folder / KEY
    if key.exists() and settings.EXAMPLE and not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE")):
        key.chmod(0o600)
        key.replace(Path(settings.DATA_DIR) / KEY)


def _has_other_key(manifest: dict[str, Any]) -> bool:
    path = Path(settings.DATA_DIR) / KEY
    from_file = (
        settings.EXAMPLE and path.exists() and not (os.environ.get("SECRET_KEY") or os.environ.get("SECRET_KEY_FILE"))
    )
    key = path.read_text(encoding="ascii") if from_file else settings.SECRET_KEY
    return bool(archive.fingerprint(key) != manifest["secret_key"]["fingerprint"])


def _clear_attachments(manifest: dict[str, Any]) -> None:
    """Files of what was here before belong to nobody now."""
    folder = Path(settings.ATTACHMENTS_DIR)
    for path in _files_in(folder):
        if path.name not in manifest["attachments"]:
            path.unlink()


def _files_in(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("??/*") if path.is_file())
