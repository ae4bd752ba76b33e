"""Talks to one server through Mastodon.py, keeps its answers as they came, and tells its trouble in sentences.

Leaves what to ask to `reading` and `sending`; what is tried again, and when, to the journeys.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from mastodon import Mastodon
from mastodon.errors import MastodonAPIError, MastodonError, MastodonNetworkError, MastodonRatelimitError
from urllib3.exceptions import NewConnectionError

from sociable.channels.base import ChannelError, LogInRefused, RateLimited
from sociable.channels.mastodon.config import MastodonConfig
from sociable.channels.mastodon.parse import read_time

USER_AGENT = "Sociable"
LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


class NotThere(ChannelError):
    """The server has no such thing, or not for this account."""


class Unwell(ChannelError):
    """The server had trouble of its own, or answered with something that cannot be read."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Unreachable(ChannelError):
    """No answer came. `handed_over`: the request may have arrived all the same."""

    def __init__(self, message: str, *, handed_over: bool) -> None:
        super().__init__(message)
        self.handed_over = handed_over


class Session(requests.Session):
    """The HTTP session under Mastodon.py. It keeps the last answer, of which the library gives only a reading.

    The library knows no `include_filtered`, and without it a server holds back what strangers write in private; and it fails
    over a rate-limit header it cannot read, so it sees none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.last: requests.Response | None = None
        self.limits: dict[str, str] = {}

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        if str(url).endswith("/api/v1/notifications"):
            kwargs["params"] = dict(kwargs.get("params") or {}) | {"include_filtered": "true"}
        self.last = None
        answer = super().request(method, url, *args, **kwargs)
        self.limits = {name: answer.headers.pop(name) for name in LIMIT_HEADERS if name in answer.headers}
        self.last = answer
        return answer


class Line:
    """One account's line to its server. One belongs to one thread."""

    def __init__(self, config: MastodonConfig) -> None:
        self.config = config
        self.session = Session()
        self.api = Mastodon(
            access_token=config.access_token,
            api_base_url=config.server,
            request_timeout=config.timeout_seconds,
            ratelimit_method="throw",
            version_check_mode="none",
            user_agent=USER_AGENT,
            session=self.session,
        )

    def ask(self, question: Callable[[], object]) -> Any:
        """Ask by a call of the library, and return the server's own JSON.

        Errors: RateLimited, LogInRefused, NotThere, Unwell, Unreachable; ChannelError
        """
        with self._telling():
            question()
        return json.loads(self.session.last.content) if self.session.last is not None else None

    def ask_list(self, question: Callable[[], object]) -> list[dict[str, Any]]:
        """Ask for a list of things; whatever in it is none of them is left out."""
        answer = self.ask(question)
        if not isinstance(answer, list):
            raise Unwell(f"{self.config.host} answered with something that is no list.", 200)
        return [each for each in answer if isinstance(each, dict)]

    def ask_one(self, question: Callable[[], object]) -> dict[str, Any]:
        """Ask for one thing."""
        answer = self.ask(question)
        if not isinstance(answer, dict):
            raise Unwell(f"{self.config.host} answered with something else than was asked for.", 200)
        return answer

    def server_now(self) -> datetime | None:
        """Return the server's own time at its last answer; clocks apart do no harm where only one is read."""
        try:
            return parsedate_to_datetime(self.session.last.headers["Date"]) if self.session.last is not None else None
        except (KeyError, ValueError):
            return None

    def calls_left(self) -> int | None:
        """Return how often the server may still be asked before it wants a pause; None where it does not say."""
        left = self.session.limits.get("X-RateLimit-Remaining", "")
        return int(left) if left.isdecimal() else None

    def pause(self) -> timedelta | None:
        """Return how long the server asks to be left alone, by its own headers and its own clock."""
        headers = self.session.last.headers if self.session.last is not None else {}
        seconds = str(headers.get("Retry-After", ""))
        if seconds.isdecimal():
            return timedelta(seconds=int(seconds))
        until, now = read_time(self.session.limits.get("X-RateLimit-Reset")), self.server_now()
        return max(timedelta(0), until - now) if until and now else None

    def close(self) -> None:
        """Hang up."""
        self.session.close()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Tell the library's trouble in sentences."""
        self.session.last = None
        try:
            yield
        except MastodonRatelimitError as error:
            raise RateLimited(f"{self.config.host} asks for a pause: it was asked too often.", self.pause()) from error
        except MastodonNetworkError as error:
            reason = error.__context__ or error
            raise Unreachable(
                f"{self.config.host} cannot be reached: {_short(reason)}.", handed_over=not _never_left(reason)
            ) from error
        except MastodonAPIError as error:
            raise self._refusal(error) from error
        except (MastodonError, ValueError, TypeError, KeyError, AttributeError) as error:
            # What the library makes of an answer it did not expect.
            raise Unwell(f"{self.config.host} answered with something that cannot be read.", self._status()) from error

    def _status(self) -> int:
        return self.session.last.status_code if self.session.last is not None else 0

    def _refusal(self, error: MastodonAPIError) -> ChannelError:
        status, host = self._status(), self.config.host
        words = str(error.args[3]).rstrip(".") if len(error.args) > 3 and error.args[3] else ""
        said = f": {words}" if words else ""
        if status == 401:
            return LogInRefused(f"{host} no longer takes the access token (it was revoked, or is wrong){said}.")
        if status == 403:
            return LogInRefused(f"{host} does not let this account do that{said}.")
        if status in {404, 410}:
            return NotThere(f"{host} has no such thing{said}.", permanent=True)
        if 400 <= status < 500:
            return ChannelError(f"{host} refused it{said}.", permanent=True)
        if status >= 500:
            return Unwell(f"{host} has trouble of its own (error {status}){said}.", status)
        return Unwell(f"{host} answered with something that cannot be read.", status)


def _never_left(reason: BaseException) -> bool:
    """Whether a request failed before the server can have had it: no connection stood, or none that could be trusted."""
    if isinstance(reason, (requests.exceptions.ConnectTimeout, requests.exceptions.SSLError)):
        return True
    inner = getattr(reason.args[0] if reason.args else None, "reason", None)
    return isinstance(inner, NewConnectionError)


def _short(reason: BaseException) -> str:
    if isinstance(reason, requests.exceptions.SSLError):
        return "its certificate cannot be trusted"
    if isinstance(reason, requests.exceptions.Timeout):
        return "it does not answer in time"
    return "the connection failed"
