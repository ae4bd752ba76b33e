"""Decides on what a private server stands: its folder, its free ports, its certificate, the user it runs as.

Leaves what each server is told to the module of that server.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Certificate:
    """A certificate for localhost and 127.0.0.1 that nobody but the test trusts."""

    cert: Path
    key: Path


def free_port() -> int:
    """Return a port nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def folder(prefix: str) -> Iterator[Path]:
    """Yield a folder that any user may enter, and take it away afterwards."""
    path = Path(tempfile.mkdtemp(prefix=f"sociable-{prefix}-"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def make_certificate(where: Path) -> Certificate:
    """Make a self-signed certificate with openssl."""
    made = Certificate(where / "cert.pem", where / "key.pem")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", made.key, "-out", made.cert),
        ],
        check=True,
        capture_output=True,
    )
    made.key.chmod(0o644)
    return made


def ordinary_user() -> pwd.struct_passwd:
    """Return who runs a server that needs no root: nobody when we are root, else ourselves."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def give(path: Path, user: pwd.struct_passwd) -> None:
    """Give a folder and all in it to a user."""
    if os.geteuid() == 0:
        for each in (path, *path.rglob("*")):
            os.chown(each, user.pw_uid, user.pw_gid)


def answers(port: int) -> bool:
    """Say whether anybody listens on a port of this machine."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], bool], what: str, log: Path | None = None) -> None:
    """Wait until something holds, and fail with the server's own log when it never does."""
    pause = Event()
    for _ in range(PATIENCE_SECONDS * 50):
        if holds():
            return
        pause.wait(0.02)
    said = log.read_text(errors="replace")[-4000:] if log and log.exists() else ""
    raise TimeoutError(f"{what} in vain for {PATIENCE_SECONDS} s. {said}")
