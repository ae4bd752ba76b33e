"""Write this installation into one file: every row, every file that came with a message, and what it all was.

It may run while Sociable serves. The file can be restored into SQLite or PostgreSQL, whichever this is. It holds residents'
words, and in an example installation the secret key as well: nobody but its owner may read it (mode 0600). A real
installation's SECRET_KEY is not in it: keep that apart, and as safe.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from django.utils import timezone

from sociable.config import archive, naming, preparing


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="where to write it, as in sociable-2026-11-23.tar.gz; must not be there yet"
    )
    parser.add_argument(
        "--json", action="store_true", help="say what was written as one JSON object, as in docs/reference/json.md"
    )


def run(options: argparse.Namespace) -> int:
    preparing.check_migrated()
    path = Path(options.file).absolute()
    written = archive.write(path, timezone.now())
    told = {
        "file": str(path),
        "size_bytes": path.stat().st_size,
        "made_at": naming.instant(written.made_at),
        "rows": sum(table["rows"] for table in written.tables.values()),
        "tables": {label: table["rows"] for label, table in written.tables.items()},
        "attachments": len(written.attachments),
        "attachments_missing": written.attachments_missing,
        "secret_key_included": written.has_key,
    }
    print(json.dumps(told, ensure_ascii=False) if options.json else _words(told))
    return 0


def _words(told: dict[str, object]) -> str:
    lines = [f"{told['file']} holds {told['rows']} rows and {told['attachments']} files."]
    if told["attachments_missing"]:
        lines.append("Some files that messages name are missing here, and so in it: see `sociable doctor`.")
    key = (
        "The secret key is in it"
        if told["secret_key_included"]
        else "SECRET_KEY is not in it: keep it apart, a restore needs it"
    )
    return "\n".join([*lines, f"{key}. Whoever has the file has what residents wrote: keep it safe."])
