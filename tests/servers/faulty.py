"""Stands before a real server as a bad day would: it passes calls on, and breaks those it is told to.

Leaves what a call means to the server behind.
"""

import http.client
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host"}


@dataclass
class Fault:
    """What happens to calls whose path holds `path`, so many `times`.

    Shape:  `status` is answered in place of the server's own answer; without one the caller is hung up on. `passes_on`: the
            server behind gets the call all the same. `half`: only the beginning of the server's answer comes back. `then` is
            done before the caller hears anything
    """

    path: str
    status: int = 0
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    passes_on: bool = False
    half: bool = False
    times: int = 1
    then: Callable[[], object] | None = None


@dataclass
class Faulty:
    """The proxy: its address, the calls it saw, and what it is to break."""

    url: str
    calls: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def due(self, path: str) -> Fault | None:
        """The fault for this call, if one is due."""
        with self._guard:
            self.calls.append(path)
            for fault in self.faults:
                if fault.path in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None


class _Handler(BaseHTTPRequestHandler):
    """Passes one call on, or breaks it."""

    protocol_version = "HTTP/1.1"
    server: "_Server"

    def do_GET(self) -> None:
        self._pass()

    def do_POST(self) -> None:
        self._pass()

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = self.server.proxy.due(self.path)
        if fault is None:
            self._say(*self._behind(body))
            return
        answered = self._behind(body) if fault.passes_on or fault.half else None
        if fault.then:
            fault.then()
        if fault.half and answered:
            self._say(*answered, only=len(answered[2]) // 2)
        elif fault.status:
            # said, since who is only hung up on may send the next call on this connection before they notice
            told = {"Content-Type": "application/json", "Connection": "close", **fault.headers}
            self._say(fault.status, told, fault.body)
        self._hang_up()

    def _behind(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(self.server.behind, timeout=60)
        try:
            passed = {name: value for name, value in self.headers.items() if name.lower() not in HOP}
            connection.request(self.command, self.path, body or None, passed)
            answer = connection.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP}
            return answer.status, kept, answer.read()
        finally:
            connection.close()

    def _say(self, status: int, headers: dict[str, str], content: bytes, only: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:only])

    def _hang_up(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of callers who went away: that is what some of them are there for."""

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind).netloc
        self.proxy = Faulty(f"http://127.0.0.1:{self.server_address[1]}")


@contextmanager
def faulty(behind: str) -> Iterator[Faulty]:
    """Yield a proxy in front of the server at `behind`."""
    server = _Server(behind)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
