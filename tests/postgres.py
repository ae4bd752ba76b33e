"""Starts a PostgreSQL server of our own, in a temporary folder on a free port of this machine, and takes it away again.

It leaves every server the machine may already run alone. `python -m tests.postgres COMMAND ...` runs the command with
DATABASE_URL naming such a server; without a command it stays up until Ctrl-C, for trying things by hand.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

USER = "sociable"
MISSING = "PostgreSQL is not installed here (Debian and Ubuntu: apt install postgresql)"
# A crash of the machine may take a test's data with it, so it need not wait for the disk. What is measured does.
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def programs() -> Path | None:
    """Return the folder of the newest PostgreSQL server on this machine, or None."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    on_path = shutil.which("initdb")
    candidates = [*reversed(debian), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((folder for folder in candidates if (folder / "postgres").exists()), None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _owner() -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root, so root runs it as its own user, or as nobody."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise RuntimeError("Running as root, and there is no user 'postgres' or 'nobody' to run PostgreSQL as.")


def _run(program: Path, *arguments: str, cwd: Path, owner: pwd.struct_passwd) -> None:
    """Run one of PostgreSQL's programs as the owner. Output goes to a file: a pipe would end only with the server."""
    other = os.geteuid() == 0
    with tempfile.TemporaryFile() as out:
        done = subprocess.run(
            [program, *arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            user=owner.pw_uid if other else None,
            group=owner.pw_gid if other else None,
            extra_groups=[] if other else None,
            check=False,
        )
        out.seek(0)
        if done.returncode:
            raise RuntimeError(f"{program.name} failed: {out.read().decode(errors='replace')}")


@contextmanager
def private_server(*, durable: bool = False) -> Iterator[str]:
    """Yield the address, postgres://..., of an empty server that only this machine can reach; `durable`: as it is by itself."""
    bin_folder = programs()
    if bin_folder is None:
        raise FileNotFoundError(MISSING)
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="sociable-pg-"))
    os.chown(folder, owner.pw_uid, owner.pw_gid)

    def run(program: str, *arguments: str) -> None:
        _run(bin_folder / program, "-D", str(folder / "data"), *arguments, cwd=folder, owner=owner)

    port = _free_port()
    options = [
        f"-p {port}",
        f"-k {folder}",
        "-c listen_addresses=127.0.0.1",
        *(f"-c {one}" for one in (() if durable else FAST)),
    ]
    try:
        run("initdb", "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", " ".join(options), "start")
        yield f"postgres://{USER}@127.0.0.1:{port}/postgres"
    finally:
        with suppress(RuntimeError):  # it may never have started
            run("pg_ctl", "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def main(command: list[str]) -> int:
    """Run the command beside a private server and return its exit status."""
    if programs() is None:
        if os.environ.get("CI") == "true":
            print(f"{MISSING}; in CI that is a failure.", file=sys.stderr)
            return 1
        print(f"Skipped on PostgreSQL, done on SQLite only: {MISSING}.")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with private_server() as address, suppress(KeyboardInterrupt):
        if command:
            return subprocess.run(command, env={**os.environ, "DATABASE_URL": address}, check=False).returncode
        print(f"DATABASE_URL={address}\nStops with Ctrl-C.", flush=True)
        signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
