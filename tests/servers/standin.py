"""Serves a stand-in of ours over HTTP on this machine, breaks it on purpose, and holds it to a published specification.

Leaves what a network does to the module of that network. Nothing of a specification is kept here: it is read where it lies.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

JSON = "application/json"


@dataclass(frozen=True)
class Asked:
    """One request as it came in. Header names are in lower case."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def listed(self, name: str) -> set[str]:
        """A parameter that holds several words."""
        return set(filter(None, self.query.get(name, "").split(",")))


@dataclass(frozen=True)
class Answer:
    """What is said back."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def say(status: int, value: Any, content_type: str = JSON, **headers: str) -> Answer:
    """An answer in JSON; a header's underscores stand for hyphens."""
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), content_type, named)


@dataclass
class Fault:
    """What goes wrong with the next request that fits `match` (“POST /2/tweets”, a regular expression).

    `answer` is said in place of the true one; None hangs up without a word. `after`: the request is carried out all the same.
    """

    match: str
    answer: Answer | None = None
    after: bool = False
    times: int = 1


Mend = Callable[[dict[str, Any]], dict[str, Any]]


def as_published(described: dict[str, Any]) -> dict[str, Any]:
    """Most descriptions are taken as they are; what mends one names each thing in it that contradicts itself."""
    return described


def read_description(specification: Path) -> dict[str, Any]:
    """A published description in JSON or YAML."""
    if specification.suffix == ".json":
        return dict(json.loads(specification.read_text()))
    import yaml

    return dict(yaml.load(specification.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))


class Judge:
    """Holds requests and answers to a published OpenAPI description, and keeps what does not fit."""

    def __init__(self, specification: Path, server: str, under: str = "/", mend: Mend = as_published) -> None:
        self._api = _api(specification, mend)
        self._server = server
        self.under = under  # the paths it describes
        self.judged = 0
        self.complaints: list[str] = []

    def asked(self, asked: Asked) -> None:
        self._hold(asked, lambda: self._api.validate_request(self._request(asked)))

    def answered(self, asked: Asked, answer: Answer) -> None:
        from openapi_core.testing import MockResponse

        response = MockResponse(answer.body, answer.status, dict(answer.headers), answer.content_type)
        self._hold(asked, lambda: self._api.validate_response(self._request(asked), response))

    def _request(self, asked: Asked) -> Any:
        from openapi_core.testing import MockRequest

        content_type = asked.headers.get("content-type", JSON)
        if not content_type.startswith("multipart/"):  # where the parts of a form end stands behind it
            content_type = content_type.partition(";")[0]
        return MockRequest(
            self._server,
            asked.method.lower(),
            asked.path,
            args=asked.query,
            headers=asked.headers,
            data=asked.body or None,
            content_type=content_type,
        )

    def _hold(self, asked: Asked, look: Callable[[], object]) -> None:
        from openapi_core.exceptions import OpenAPIError

        self.judged += 1
        try:
            look()
        except OpenAPIError as error:
            self.complaints.append(f"{asked.method} {asked.url}: {error} {error.__cause__ or ''}".strip())


@cache
def _api(specification: Path, mend: Mend) -> Any:
    from openapi_core import Config, OpenAPI

    described = mend(read_description(specification))
    for operation in (each for path in described["paths"].values() for each in path.values() if isinstance(each, dict)):
        operation.pop(
            "security", None
        )  # who may ask is for the stand-in to check, by signatures and not by their names
    config = Config(spec_validator_cls=None, extra_media_type_deserializers={"application/problem+json": json.loads})
    return OpenAPI.from_dict(described, config=config)


class StandIn:
    """A running stand-in: what it was asked, what it is to get wrong, and who judges it."""

    def __init__(self, answers: Callable[[Asked], Answer], judge: Judge | None = None) -> None:
        self._answers = answers
        self.judge = judge
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.url = ""

    def fail(self, match: str, answer: Answer | None = None, *, after: bool = False, times: int = 1) -> None:
        """Let the next requests of a kind go wrong."""
        self.faults.append(Fault(match, answer, after, times))

    def seen(self, match: str) -> list[Asked]:
        """What was asked of a kind."""
        return [asked for asked in self.asked if re.search(match, f"{asked.method} {asked.url}")]

    def answer(self, asked: Asked) -> Answer | None:
        """Answer one request, or None to hang up. Only what goes right is judged: a network's bad day is not described."""
        self.asked.append(asked)
        fault = self._fault(asked)
        if fault is not None and not fault.after:
            return fault.answer
        judge = self.judge if self.judge and asked.path.startswith(self.judge.under) else None
        if judge:
            judge.asked(asked)
        answer = self._answers(asked)
        if judge:
            judge.answered(asked, answer)
        return fault.answer if fault is not None else answer

    def _fault(self, asked: Asked) -> Fault | None:
        for fault in self.faults:
            if fault.times and re.search(fault.match, f"{asked.method} {asked.url}"):
                fault.times -= 1
                return fault
        return None


@contextmanager
def serving(stand_in: StandIn) -> Iterator[StandIn]:
    """Serve a stand-in on a free port of this machine."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                answer = stand_in.answer(Asked(self.command, self.path, headers, body))
            if answer is None:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in {"content-type": answer.content_type, **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - the standard library's names

        def log_message(self, message: str, *args: object) -> None:
            """Say nothing: the test tells what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    stand_in.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stand_in
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
