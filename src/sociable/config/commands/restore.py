"""Put a backup in place: into an empty installation, or with --replace instead of what is here.

Stop Sociable first. The whole archive is looked at before anything is changed, and what cannot be restored changes nothing.
A backup made on SQLite may be restored into PostgreSQL, and the other way; one of an older version is brought up to date.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from sociable.config import preparing, restoring


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what `sociable backup` wrote")
    parser.add_argument("--replace", action="store_true", help="give up everything that is here now")
    parser.add_argument(
        "--json", action="store_true", help="say what was restored as one JSON object, as in docs/reference/json.md"
    )


def run(options: argparse.Namespace) -> int:
    lock = preparing.alone()
    try:
        restored = restoring.restore(Path(options.file).absolute(), replace=options.replace)
    finally:
        if lock is not None:
            lock.close()
    told = {
        "file": options.file,
        "made_at": restored.manifest["made_at"].replace("+00:00", "Z"),
        "version": restored.manifest["version"],
        "rows": restored.rows,
        "tables": {label: table["rows"] for label, table in restored.manifest["tables"].items()},
        "attachments": len(restored.manifest["attachments"]),
        "attachments_missing": restored.manifest["attachments_missing"],
        "other_secret_key": restored.other_key,
    }
    print(json.dumps(told, ensure_ascii=False) if options.json else _words(told))
    return 0


def _words(told: dict[str, object]) -> str:
    lines = [f"{told['rows']} rows and {told['attachments']} files are here, as they were at {told['made_at']}."]
    if told["other_secret_key"]:
        lines.append(
            "They were kept under another SECRET_KEY. Start with that one, or enter the passwords of mailboxes again; answers to "
            "mail that was sent under it are then joined to their conversations only by the mail they name."
        )
    return "\n".join([*lines, "Everybody signs in again. Start Sociable, then run `sociable doctor`."])
