"""Talks to an account's server with the atproto library, keeps the log-in, and says in a sentence what went wrong.

Leaves what to ask and what answers mean to the modules beside it. Answers are handed on as the network wrote them: one record
that does not fit the library's models would otherwise hide all others of its page.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import httpx
from atproto import Client
from atproto.exceptions import AtProtocolError
from atproto_client.models.dot_dict import DotDict
from atproto_client.request import Request, Response

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited
from sociable.channels.bluesky.config import BlueskyConfig, is_here
from sociable.channels.bluesky.refusal import NotAllowed, Refused

# A password that was refused is not shown again for a while: the network counts log-ins, and takes 300 a day.
NOT_AGAIN_FOR_SECONDS = 600.0
# What the network calls a log-in that has ended, was taken back or never was.
_LOG_IN_OVER = frozenset({"ExpiredToken", "InvalidToken", "AuthMissing"})
_LOG_IN_REFUSED = {
    "AuthenticationRequired": "The handle and the app password do not belong together, or the app password was removed.",
    "AuthFactorTokenRequired": "This is the account's own password; make an app password in Bluesky's settings.",
    "AccountTakedown": "The network has taken the account down.",
    "AccountDeactivated": "The account is deactivated at the network.",
}

_refused: dict[str, float] = {}


@dataclass(frozen=True, slots=True)
class Budget:
    """How many more calls the server takes, out of how many, and how long until it counts anew."""

    limit: int
    remaining: int
    resets_in: timedelta


class Network:
    """One account's server. The log-in is made when it is first needed, and made anew when the network ends it."""

    def __init__(self, config: BlueskyConfig) -> None:
        self.config = config
        self.session = config.session
        self.budget: Budget | None = None
        self._client: Client | None = None

    @property
    def did(self) -> str:
        """The account's lasting id; asks for it where no log-in tells it yet."""
        with self._talking():
            self._connected()
            return self._facts()[1]

    @property
    def handle(self) -> str:
        """The account's handle as the log-in told it."""
        with self._talking():
            self._connected()
            return self._facts()[0]

    def _facts(self) -> list[str]:
        return self.session.split(":::")

    def ask(self, method: str, *, service: str = "", **parameters: Any) -> dict[str, Any]:
        """Ask the network a question.

        Errors: ChannelError, RateLimited, LogInRefused
        """
        given = {name: value for name, value in parameters.items() if value not in (None, "")}
        return _json(self._again(lambda client: client.invoke_query(method, params=_dotted(given), **_to(service))))

    def tell(self, method: str, body: Mapping[str, Any], *, service: str = "") -> dict[str, Any]:
        """Have the network do something that may be tried again, or that changes nothing others see.

        Errors: ChannelError, RateLimited, LogInRefused
        """
        return _json(self._again(_telling(method, body, service)))

    def hand_over(
        self, method: str, body: Mapping[str, Any], before_handover: Callable[[], None], *, service: str = ""
    ) -> dict[str, Any]:
        """Have the network take a message; from `before_handover` on it may have it, unless it says no.

        Errors: OutcomeUnknown where the network went quiet or failed; ChannelError, permanent where it said no
        """
        self.ready()
        before_handover()
        with self._talking(handing_over=True):
            answer = _telling(method, body, service)(self._connected())
            self._note(answer)
            return _json(answer)

    def put_up(self, content: bytes, declared_type: str) -> dict[str, Any]:
        """Have the server keep a file, and return the reference by which a post names it."""
        kind = {"Content-Type": declared_type}

        def put(client: Client) -> Response:
            return client.invoke_procedure("com.atproto.repo.uploadBlob", content=content, headers=kind)

        return dict(_json(self._again(put))["blob"])

    def ready(self) -> None:
        """Make sure that there is a log-in the network takes now."""
        self._again(_whose_session)

    def log_in(self) -> None:
        """Log in afresh, for the check-up."""
        self.close()
        self.session = ""
        with self._talking():
            self._connected()

    def close(self) -> None:
        """Hang up; the log-in is kept."""
        client, self._client = self._client, None
        if client is not None:
            client.request.close()

    def _again(self, call: Callable[[Client], Response]) -> Response:
        """Call, and once more with a new log-in where the old one is over; log-ins are counted, so that is asked first."""
        try:
            return self._once(call)
        except _Over as error:
            if not self._is_over():
                raise NotAllowed(error.message) from error
        self.close()
        self.session = ""
        try:
            return self._once(call)
        except _Over as error:
            raise LogInRefused(error.message) from error

    def _is_over(self) -> bool:
        try:
            self._once(_whose_session)
        except _Over:
            return True
        return False

    def _once(self, call: Callable[[Client], Response]) -> Response:
        with self._talking():
            answer = call(self._connected())
            self._note(answer)
            return answer

    def _note(self, answer: Response) -> None:
        self.budget = _budget(answer.headers) or self.budget

    @contextmanager
    def _talking(self, *, handing_over: bool = False) -> Iterator[None]:
        """Turn whatever goes wrong into a sentence."""
        try:
            yield
        except (AtProtocolError, httpx.HTTPError, ValueError) as error:
            raise self._trouble(error, handing_over=handing_over) from error

    def _trouble(self, error: Exception, *, handing_over: bool) -> ChannelError:
        name = urlsplit(self.config.server).hostname
        answer = getattr(error, "response", None)
        if answer is None or not hasattr(answer, "status_code"):
            return _no_answer(error, name, handing_over=handing_over)
        code, said, words = answer.status_code, *_said(answer.content)
        if code == 429:
            return RateLimited(f"{name} asks for a pause: {words}", _pause(answer.headers))
        if said in _LOG_IN_OVER:
            return _Over(f"{name} does not take the log-in of {self.config.handle} for this: {words}")
        if said in _LOG_IN_REFUSED:
            self.session = ""
            return LogInRefused(f"{name} refused the log-in of {self.config.handle}. {_LOG_IN_REFUSED[said]}")
        if code >= 500:
            trouble = f"{name} is in trouble ({code}): {words}"
            return (
                OutcomeUnknown(f"{trouble} It may have taken the message.") if handing_over else ChannelError(trouble)
            )
        return Refused(f"{name} said no: {words}", said)

    def _connected(self) -> Client:
        """Return a client that is logged in, by the kept log-in where there is one."""
        if self._client is None:
            client = _client(self.config)
            client.on_session_change(lambda _event, session: self._keep(session.encode(), session.pds_endpoint or ""))
            try:
                self._log_in(client)
            except BaseException:
                client.request.close()
                raise
            self._client = client
        return self._client

    def _log_in(self, client: Client) -> None:
        config = self.config
        if self.session:
            client.login(session_string=self.session, fetch_bsky_profile=False)
            return
        shown = sha256(f"{config.server} {config.handle} {config.app_password}".encode()).hexdigest()
        if time.monotonic() - _refused.get(shown, -NOT_AGAIN_FOR_SECONDS) < NOT_AGAIN_FOR_SECONDS:
            raise LogInRefused(
                f"The log-in of {config.handle} was refused a moment ago and is not tried again so soon."
            )
        try:
            client.login(config.handle, config.app_password, fetch_bsky_profile=False)
        except Exception as error:
            if _said(getattr(getattr(error, "response", None), "content", None))[0] in _LOG_IN_REFUSED:
                _refused[shown] = time.monotonic()
            raise
        _refused.pop(shown, None)

    def _keep(self, session: str, home: str) -> None:
        """Keep a log-in; the network may name another server as the account's home, but none without encryption."""
        parts = urlsplit(home)
        here = is_here(urlsplit(self.config.server).hostname or "")
        if parts.scheme != "https" and not (here and is_here(parts.hostname or "")):
            raise ChannelError(f"The account's home {home} is not encrypted, so nothing is asked there.")
        self.session = session


class _Over(ChannelError):
    """The log-in is over: a new one may do."""


def _whose_session(client: Client) -> Response:
    return client.invoke_query("com.atproto.server.getSession")


def _client(config: BlueskyConfig) -> Client:
    return Client(config.server, request=Request(timeout=config.timeout_seconds))


def _dotted(given: Mapping[str, Any]) -> Any:
    """Return what the library takes for a model and writes as it is."""
    return DotDict(dict(given)) if given else None


def _telling(method: str, body: Mapping[str, Any], service: str) -> Callable[[Client], Response]:
    return lambda client: client.invoke_procedure(
        method, data=_dotted(body), input_encoding="application/json", **_to(service)
    )


def _to(service: str) -> dict[str, Any]:
    """Return what makes the server hand a call on to another service."""
    return {"headers": {"atproto-proxy": service}} if service else {}


def _json(answer: Response) -> dict[str, Any]:
    if not isinstance(answer.content, dict):
        raise ChannelError("The server answered something that is not JSON.")
    return answer.content


def _said(content: object) -> tuple[str, str]:
    """Return the network's name for a trouble, and its words."""
    named = str(getattr(content, "error", "") or "")
    words = str(getattr(content, "message", "") or named or "no reason given").strip()
    return named, words if words.endswith(".") else f"{words}."


def _no_answer(error: Exception, name: str | None, *, handing_over: bool) -> ChannelError:
    """A connection that never came about has handed nothing over; any other silence may have."""
    causes = (error, error.__cause__)
    if any(isinstance(cause, httpx.ConnectError | httpx.ConnectTimeout) for cause in causes):
        return ChannelError(f"{name} cannot be reached.")
    if handing_over:
        return OutcomeUnknown(f"{name} went quiet while it had the message, and may have taken it.")
    return ChannelError(f"{name} did not answer, or not in a way that can be read.")


def _budget(headers: Mapping[str, str]) -> Budget | None:
    """Return what the server's own headers say of its limit, where they do."""
    try:
        limit, remaining = int(headers["ratelimit-limit"]), int(headers["ratelimit-remaining"])
    except (KeyError, ValueError):
        return None
    return Budget(limit, remaining, _pause(headers) or timedelta())


def _pause(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long to wait by the server's own clock, None where it does not say."""
    if str(headers.get("retry-after", "")).isdecimal():
        return timedelta(seconds=int(headers["retry-after"]))
    try:
        at, reset = parsedate_to_datetime(headers["date"]), int(headers["ratelimit-reset"])
        return max(datetime.fromtimestamp(reset, tz=at.tzinfo) - at, timedelta(seconds=1))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
