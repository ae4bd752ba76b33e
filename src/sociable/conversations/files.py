"""Keeps the bytes of attachments outside the web root, named by their hash, each once."""

from __future__ import annotations

import hashlib
import os
import secrets
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
    if path.exists():
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
