"""Runs a private server that speaks the Mastodon API, with streams, a memory on disk and faults on demand.

It is a stand-in (mastodon-mock): no package holds the real server; a test holds it to the published description of the API.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from tests.servers.ground import folder, free_port, until

PEOPLE = {"help": "Ashby Help", "news": "Ashby News", "jerry": "Jerry \N{DROPLET}", "tom": "Tom"}  # all on this server

_CONFIG = """
[database]
path = "{at}/mastodon.sqlite"
[server]
host = "127.0.0.1"
port = {port}
[auth]
enforce_scopes = true
[streaming]
heartbeat_seconds = 0.2
"""
_SOMEBODY = """
[[seed.accounts]]
username = "{name}"
display_name = "{shown}"
access_token = "{token}"
"""


def token_of(name: str) -> str:
    """Return the access token by which somebody of PEOPLE signs in."""
    return f"a-token-of-{name}"


@dataclass
class Mastodon:
    """A running server. `stop` and `start` take it down and up again on the same port with the same statuses."""

    at: Path
    program: Path
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self.at / "mastodon.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.program, "serve", "--config", self.at / "mastodon.toml", "--log-level", "warning"],
                stdout=log,
                stderr=log,
                cwd=self.at,
                env=os.environ | {"TMPDIR": str(self.at)},
                start_new_session=True,
            )
        until(self._is_well, "Waited for the Mastodon stand-in", self.at / "mastodon.log")

    def stop(self) -> None:
        """End the server and every stream to it at once, as a machine that goes down does."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
            self._process = None

    def _is_well(self) -> bool:
        try:
            return self.ask("GET", "/health") == b"OK"
        except OSError:
            return False

    def ask(self, method: str, path: str, name: str = "", **body: Any) -> bytes:
        """Ask the server anything, as somebody of PEOPLE or as nobody, past the adapter under test."""
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token_of(name)}"} if name else {})
        request = Request(self.url + path, json.dumps(body).encode() if body else None, headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return bytes(answer.read())

    def token_that_may(self, scopes: str, name: str) -> str:
        """Let an application of these scopes speak for somebody, as they would in their browser; return its access token."""
        app = json.loads(self.ask("POST", "/api/v1/apps", client_name="Sociable", scopes=scopes))
        chosen = urlencode({"username": name, "client_id": app["client_id"]}).encode()
        with urlopen(Request(f"{self.url}/oauth/authorize", chosen), timeout=30) as page:
            code = page.read().decode().partition("code: ")[2].partition("<")[0]
        asked = {"grant_type": "authorization_code", "code": code, "client_id": app["client_id"]}
        return str(json.loads(self.ask("POST", "/oauth/token", **asked))["access_token"])

    def post(self, name: str, text: str, **facts: Any) -> dict[str, Any]:
        """Post a status as somebody."""
        return dict(json.loads(self.ask("POST", "/api/v1/statuses", name, status=text, **facts)))

    def statuses(self, name: str) -> list[dict[str, Any]]:
        """Return what somebody has posted, newest first."""
        who = json.loads(self.ask("GET", "/api/v1/accounts/verify_credentials", name))["id"]
        return list(json.loads(self.ask("GET", f"/api/v1/accounts/{who}/statuses?limit=40", name)))

    @contextmanager
    def fault(self, method: str, path: str, effect: str, *, times: int | None = None, **facts: Any) -> Iterator[None]:
        """Answer requests to a path with trouble: status, ratelimit, latency, malformed or timeout."""
        rule = {"match": {"methods": [method], "path": path}, "effect": {"type": effect} | facts}
        if times is not None:
            rule["count"] = times  # type: ignore[assignment]
        self.ask("POST", "/api/v1/_mock/faults", **rule)
        try:
            yield
        finally:
            self.ask("DELETE", "/api/v1/_mock/faults")


@contextmanager
def private_mastodon(program: Path) -> Iterator[Mastodon]:
    """Yield a server on which PEOPLE have accounts."""
    with folder("mastodon") as at:
        server = Mastodon(at, program)
        people = (_SOMEBODY.format(name=name, shown=shown, token=token_of(name)) for name, shown in PEOPLE.items())
        (at / "mastodon.toml").write_text(_CONFIG.format(at=at, port=server.port) + "".join(people))
        server.start()
        try:
            yield server
        finally:
            server.stop()
