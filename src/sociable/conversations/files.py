"""Keeps the bytes of attachments outside the web root, named by their hash, each once; what nobody names any more goes.

Which files are named is told by whoever asks for that.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from django.conf import settings


def path_of(sha256: str) -> Path:
    """This function will return where the bytes with this hash lie."""
    return Path(settings.ATTACHMENTS_DIR) / sha256[:2] / sha256


def keep(content: bytes) -> str:
    """This function will store bytes so that they survive a power cut, and return their SHA-256.

    Errors: OSError, a full disk among them, with nothing half-written under the final name
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = path_of(sha256)
    with suppress(FileNotFoundError):
        os.utime(path)  # somebody is about to name it, so it is not to go now
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return sha256


def prune(folders: Iterable[str], before: datetime, named: Callable[[Collection[str]], Collection[str]]) -> int:
    """This function will delete files that nobody names and nobody put here since an instant, and return how many.

    Shape:  `folders` are beginnings of hashes, two characters each; `named` says which of some hashes are named
    """
    old = [
        path
        for folder in folders
        for path in (Path(settings.ATTACHMENTS_DIR) / folder).glob("*")
        if _put_at(path) < before.timestamp()
    ]
    kept = named([path.name for path in old])
    return sum(_let_go(path, before) for path in old if path.name not in kept)


def _put_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _let_go(path: Path, before: datetime) -> bool:
    """Put it aside first: whoever keeps the same bytes at this instant either finds it gone, or is seen to have found it."""
    aside = path.with_suffix(f".{secrets.token_hex(4)}.part")
    with suppress(FileNotFoundError):
        path.replace(aside)
        if _put_at(aside) < before.timestamp():
            aside.unlink()
            return True
        aside.replace(path)
    return False
