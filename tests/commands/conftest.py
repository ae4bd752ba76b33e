"""Runs commands: in this process on the test's own tables, or as a process of their own on an installation of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "src"


@dataclass
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def run(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Runs a command in this process."""
    from sociable.config import command

    def it(*words: str) -> Ran:
        capfdbinary.readouterr()
        try:
            status = command.run(list(words))
        except SystemExit as left:
            status = int(left.code or 0)
        sys.stdout.flush()
        done = capfdbinary.readouterr()
        return Ran(status, done.out.decode(), done.err.decode())

    return it


@dataclass
class Installation:
    """A data folder, and perhaps a PostgreSQL database, on which commands run as processes."""

    folder: Path
    database_url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        given = {
            name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "DJANGO_SETTINGS_MODULE")
        }
        free = {"PORT": "0", "SMTP_PORT": "0"}
        return given | free | {
            "DATA_DIR": str(self.folder), "DATABASE_URL": self.database_url, "PYTHONPATH": str(SOURCE), "SOCIABLE_MODE": "example",
        }  # fmt: skip

    def run(self, *words: str, stdin: str | bytes = b"", **environment: str) -> Ran:
        done = subprocess.run(
            [sys.executable, "-m", "sociable", *words],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            env=self.environment | environment,
            check=False,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def python(self, code: str) -> Ran:
        start = "import django; django.setup()\n"
        done = subprocess.run(
            [sys.executable, "-c", start + code], capture_output=True, check=False,
            env=self.environment | {"DJANGO_SETTINGS_MODULE": "sociable.config.settings"},
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    def with_example(self) -> Installation:
        """With the example in it, as `serve` would have it."""
        code = "from django.utils import timezone\nfrom sociable.config import preparing, example\npreparing._migrate()\nexample.load(timezone.now())"
        done = self.python(code)
        assert done.status == 0, done.err
        return self


@pytest.fixture
def installation(tmp_path: Path, database_url: str) -> Installation:
    """An installation in which nothing was ever done."""
    folder = tmp_path / "installation"
    folder.mkdir(mode=0o700)
    return Installation(folder, database_url)
