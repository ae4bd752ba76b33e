"""Real processes of `sociable`, started and stopped by tests, and what a person or a mail server does to them from outside."""

from __future__ import annotations

import http.client
import os
import re
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.servers.ground import free_port

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 90
PASSWORD = "example-password"


def until(condition: Callable[[], Any], what: str) -> Any:
    """Wait for something another process does."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not (found := condition()):
        assert time.monotonic() < ends_at, f"waited in vain: {what}"
        time.sleep(0.05)
    return found


@dataclass
class Process:
    """One `sociable` process; what it says goes to a file."""

    command: tuple[str, ...]
    environment: dict[str, str]
    port: int = 0
    smtp_port: int = 0
    running: subprocess.Popen[bytes] | None = None
    said: Path = field(default_factory=lambda: Path(tempfile.mkstemp(prefix="sociable-said-")[1]))

    def start(self) -> Process:
        with self.said.open("ab") as out:
            self.running = subprocess.Popen(
                [sys.executable, "-m", "sociable", *self.command],
                env=self.environment,
                cwd=ROOT,
                stdout=out,
                stderr=out,
            )
        return self

    def ready(self) -> Process:
        """Wait until it serves its first page."""
        until(lambda: self.running.poll() is not None or self._answers(), f"a page from {self.command}: {self.words()}")
        assert self.running.poll() is None, self.words()
        return self

    def _answers(self) -> bool:
        try:
            return self.get("/health/live")[0] == 200
        except OSError:
            return False

    def words(self) -> str:
        return self.said.read_text()

    def send(self, number: signal.Signals) -> None:
        self.running.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        if self.running.poll() is None:
            self.running.send_signal(number)
        return self.running.wait(30)

    def get(self, path: str, cookies: str = "", **form: str) -> tuple[int, http.client.HTTPMessage, str]:
        """Fetch a page, or send a form to it."""
        connection = http.client.HTTPConnection("localhost", self.port, timeout=30)
        try:
            headers = {"Cookie": cookies, "Host": f"localhost:{self.port}"}
            if form:
                headers |= {"Content-Type": "application/x-www-form-urlencoded"}
                connection.request("POST", path, urlencode(form), headers)
            else:
                connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def sign_in(self, address: str) -> str:
        """Sign in through the page, and return the cookies of the session."""
        _, headers, page = self.get("/sign-in/")
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]
        jar = _cookies(headers)
        status, headers, page = self.get(
            "/sign-in/", "; ".join(jar), csrfmiddlewaretoken=token, login=address, password=PASSWORD
        )
        assert status == 302, page[:2000]
        return "; ".join([*jar, *_cookies(headers)])

    def mail(self, to: str, sender: str, name: str) -> None:
        """Deliver a mail to its door."""
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
            sender,
            to,
            f"Question {name}",
            f"<{name}@outside.example>",
        )
        mail.set_content(f"This is question {name}.")
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30) as smtp:
            smtp.send_message(mail)


def _cookies(headers: http.client.HTTPMessage) -> list[str]:
    return [value.split(";")[0] for value in headers.get_all("Set-Cookie", [])]


@contextmanager
def listening(process: Process, cookies: str, after: str = "") -> Iterator[list[str]]:
    """Listen to the live updates of one process; yields the lines heard so far, which grow."""
    connection = http.client.HTTPConnection("localhost", process.port, timeout=30)
    heard: list[str] = []

    def listen() -> None:
        try:
            while line := answer.readline():
                heard.append(line.decode().rstrip("\n"))
        except (OSError, ValueError, AttributeError):
            return  # the test hung up, or the process was killed

    connection.request("GET", f"/events{after}", headers={"Cookie": cookies, "Host": f"localhost:{process.port}"})
    answer = connection.getresponse()
    assert answer.status == 200
    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    until(lambda: heard, "the first line of the live updates")
    try:
        yield heard
    finally:
        if connection.sock is not None:
            connection.sock.close()
        connection.close()


class House:
    """Starts processes that share one database and one folder, and stops them all in the end."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if name not in ("DJANGO_SETTINGS_MODULE", "SECRET_KEY")
            },
            "PYTHONPATH": str(ROOT / "src"),
            "DATA_DIR": str(folder),
            "SOCIABLE_MODE": "example",
            **environment,
        }
        self.processes: list[Process] = []

    def serve(self, *options: str) -> Process:
        """Start a web process on ports of its own."""
        port, smtp_port = free_port(), free_port()
        given = {"PORT": str(port), "SMTP_PORT": str(smtp_port)}
        return self._start(Process(("serve", *options), self.environment | given, port, smtp_port))

    def worker(self) -> Process:
        """Start a worker process."""
        return self._start(Process(("worker",), self.environment))

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "sociable", *command],
            env=self.environment | environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def _start(self, process: Process) -> Process:
        self.processes.append(process)
        return process.start()

    def close(self) -> None:
        for process in self.processes:
            if process.running.poll() is None:
                process.running.send_signal(signal.SIGCONT)
                process.running.kill()
                process.running.wait()
            process.said.unlink(missing_ok=True)
