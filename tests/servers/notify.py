"""Stands in for GOV.UK Notify: texts sent and received, templates, callbacks, and Notify's own refusals.

Held to Notify's own client library, which makes every request here and checks every key, and to its published documentation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from notifications_python_client.authentication import decode_jwt_token, get_token_issuer
from notifications_python_client.errors import TokenError
from werkzeug.http import http_date

from tests.servers.standin import Answer, Asked, StandIn, say, serving

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"a_test_key-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"
SENDER = "8e222534-7f05-4972-86e3-17c5d9f894e2"
NUMBER = "07700900999"  # the one residents text
CALLBACK_TOKEN = "a-long-callback-token"
BEGINNING = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PAGE = 250


@dataclass
class Received:
    id: str
    number: str
    content: str
    at: datetime


@dataclass
class Sent:
    id: str
    number: str
    body: str
    reference: str | None
    at: datetime
    status: str = "created"


@dataclass
class Notify:
    """The state of one service, and what Notify says of it."""

    now: datetime = BEGINNING
    received: list[Received] = field(default_factory=list)
    sent: list[Sent] = field(default_factory=list)
    templates: dict[str, str] = field(default_factory=lambda: {TEMPLATE: "((message))"})
    sender: str = NUMBER
    revoked: bool = False
    limit: str = ""  # the kind of error that stands in the way
    server: StandIn = field(init=False)

    def __post_init__(self) -> None:
        self.server = StandIn(self._answer)

    def later(self, **span: float) -> datetime:
        """Let time go by."""
        self.now += timedelta(**span)
        return self.now

    def text(self, number: str, content: str) -> Received:
        """A resident texts the service."""
        made = Received(str(uuid4()), number, content, self.now)
        self.received.append(made)
        return made

    # What it calls us with.

    def callback(self, told: dict[str, Any], token: str = CALLBACK_TOKEN) -> tuple[dict[str, str], bytes]:
        """The headers and body of a call that Notify makes."""
        return {"authorization": f"Bearer {token}", "content-type": "application/json"}, json.dumps(told).encode()

    def told(self, text: Received) -> dict[str, Any]:
        """A received text as the callback tells it."""
        return {
            "id": text.id,
            "source_number": text.number,
            "destination_number": NUMBER,
            "message": text.content,
            "date_received": _stamp(text.at),
        }

    def report(self, sent: Sent, status: str) -> dict[str, Any]:
        """What became of a text, as the callback tells it."""
        sent.status = status
        return {
            "id": sent.id,
            "reference": sent.reference,
            "to": sent.number,
            "status": status,
            "created_at": _stamp(sent.at),
            "completed_at": _stamp(self.now),
            "sent_at": _stamp(sent.at),
            "notification_type": "sms",
            "template_id": TEMPLATE,
            "template_version": 1,
        }

    # What it answers.

    def _answer(self, asked: Asked) -> Answer:
        for method, pattern, says in _ROUTES:
            found = re.fullmatch(pattern, asked.path)
            if found is not None and method == asked.method:
                answer = self._refused(asked) or says(self, asked, *found.groups())
                return Answer(answer.status, answer.body, answer.content_type, {"date": http_date(self.now)})
        return _error(404, "NoResultFound", "No result found")

    def _refused(self, asked: Asked) -> Answer | None:
        """Check the token as Notify's own library does, then the limits."""
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            known = get_token_issuer(token) == SERVICE and not self.revoked
            decode_jwt_token(token, SECRET)
        except TokenError:
            known = False
        if not known:
            return _error(403, "AuthError", "Invalid token: API key not found")
        return _error(429, self.limit, "Exceeded") if self.limit else None

    def send(self, asked: Asked) -> Answer:
        wanted = asked.json()
        if problem := self._problem(wanted):
            return problem
        body = self.templates[wanted["template_id"]]
        for name, value in wanted.get("personalisation", {}).items():
            body = body.replace(f"(({name}))", value)
        made = Sent(str(uuid4()), wanted["phone_number"], body, wanted.get("reference"), self.now)
        self.sent.append(made)
        uri = f"{self.server.url}/v2/notifications/{made.id}"
        template = {"id": wanted["template_id"], "version": 1, "uri": f"{self.server.url}/v2/template/{TEMPLATE}"}
        content = {"body": body, "from_number": self.sender}
        return say(
            201, {"id": made.id, "reference": made.reference, "content": content, "uri": uri, "template": template}
        )

    def _problem(self, wanted: dict[str, Any]) -> Answer | None:
        """What Notify would not send."""
        if not re.fullmatch(r"\+?[0-9 ()-]{7,20}", wanted.get("phone_number", "")):
            return _error(400, "ValidationError", "phone_number Must not contain letters or symbols")
        body = self.templates.get(wanted.get("template_id", ""))
        if body is None:
            return _error(400, "BadRequestError", "Template not found")
        if wanted.get("sms_sender_id", SENDER) != SENDER:
            return _error(400, "BadRequestError", "sms_sender_id does not exist in database for service id")
        given = wanted.get("personalisation", {})
        missing = [name for name in re.findall(r"\(\((.+?)\)\)", body) if name not in given]
        if missing:
            return _error(400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}")
        if sum(map(len, given.values())) > 918:
            return _error(400, "BadRequestError", "Text messages cannot be longer than 918 characters.")
        return None

    def texts(self, asked: Asked) -> Answer:
        """A page, newest first; as long as there is anything on it, it names a next one."""
        newest = sorted(self.received, key=lambda text: text.at, reverse=True)
        page = _older(newest, asked.query.get("older_than"))
        if page is None:
            return _error(400, "ValidationError", "older_than is not a valid UUID")
        shown = [
            {
                "id": text.id,
                "created_at": _stamp(text.at),
                "service_id": SERVICE,
                "notify_number": NUMBER,
                "user_number": text.number,
                "content": text.content,
            }
            for text in page
        ]
        return say(200, {"received_text_messages": shown, "links": self._links("received-text-messages", page)})

    def notifications(self, asked: Asked) -> Answer:
        named = asked.query.get("reference")
        newest = [sent for sent in reversed(self.sent) if named in (None, sent.reference)]
        page = _older(newest, asked.query.get("older_than")) or []
        none = dict.fromkeys(("email_address", "line_1", "line_2", "line_3", "line_4", "line_5", "line_6", "postcode"))
        shown = [
            none
            | {
                "id": sent.id,
                "reference": sent.reference,
                "phone_number": sent.number,
                "type": "sms",
                "status": sent.status,
                "template": {"id": TEMPLATE, "version": 1, "uri": f"/v2/template/{TEMPLATE}/1"},
                "body": sent.body,
                "subject": None,
                "created_at": _stamp(sent.at),
                "sent_at": None,
                "completed_at": None,
            }
            for sent in page
        ]
        return say(200, {"notifications": shown, "links": self._links("notifications", page)})

    def _links(self, what: str, page: list[Any]) -> dict[str, str]:
        here = f"{self.server.url}/v2/{what}"
        return {"current": here} | ({"next": f"{here}?older_than={page[-1].id}"} if page else {})

    def template(self, asked: Asked, template_id: str) -> Answer:
        body = self.templates.get(template_id)
        if body is None:
            return _error(404, "NoResultFound", "No result found")
        return say(
            200, {"id": template_id, "name": "Answer", "type": "sms", "version": 1, "body": body, "subject": None}
        )


Says = Callable[..., Answer]
_ROUTES: tuple[tuple[str, str, Says], ...] = (
    ("POST", r"/v2/notifications/sms", Notify.send),
    ("GET", r"/v2/notifications", Notify.notifications),
    ("GET", r"/v2/received-text-messages", Notify.texts),
    ("GET", r"/v2/template/([^/]+)", Notify.template),
)


@contextmanager
def notify_service() -> Iterator[Notify]:
    """Yield a service at Notify that runs."""
    service = Notify()
    with serving(service.server):
        yield service


def _older(newest: list[Any], than: str | None) -> list[Any] | None:
    """A page of those before one; none where that is not known; None where it is no id."""
    if not than:
        return newest[:PAGE]
    try:
        UUID(than)
    except ValueError:
        return None
    after = [index for index, each in enumerate(newest) if each.id == than]
    return newest[after[0] + 1 :][:PAGE] if after else []


def _error(status: int, kind: str, message: str) -> Answer:
    return say(status, {"status_code": status, "errors": [{"error": kind, "message": message}]})


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
