"""A real web server on this machine that gives out calendars, and does what servers do wrong: redirects, refusals, too much, too slow."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Calendars:
    """What is at which path, and what was asked for."""

    port: int = 0
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def put(self, path: str, content: str | bytes, *, status: int = 200, **headers: str) -> str:
        """Lay something at a path; its address."""
        body = content if isinstance(content, bytes) else content.encode()
        self.pages[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
        return self.url + path


@contextmanager
def serving() -> Iterator[Calendars]:
    """The server, as long as the block lasts."""
    here = Calendars()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here.asked.append((self.path, dict(self.headers)))
            status, headers, body = here.pages.get(self.path, (404, {}, b"nothing here"))
            if status == 200 and headers.get("ETag") and self.headers.get("If-None-Match") == headers["ETag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:  # the other side has heard enough
                return

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield here
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def calendar(*events: str) -> str:
    """A calendar with these events, each given by the lines between BEGIN and END."""
    blocks = [f"BEGIN:VEVENT\n{event.strip()}\nDTSTAMP:20261101T000000Z\nEND:VEVENT" for event in events]
    return "\r\n".join(
        "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Test//EN", *blocks, "END:VCALENDAR", ""]).split("\n")
    )


def event(uid: str, starts: str, ends: str, title: str = "Busy", *more: str) -> str:
    """The lines of one event; instants as iCalendar writes them, `20261124T100000Z`, days as `20261124`."""
    value = ";VALUE=DATE" if len(starts) == 8 else ""
    return "\n".join([f"UID:{uid}", f"DTSTART{value}:{starts}", f"DTEND{value}:{ends}", f"SUMMARY:{title}", *more])
