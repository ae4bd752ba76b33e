"""Waits until a server says that something is new for an account, by its event stream.

What is new is then fetched: an event is a hint, and none is relied on. Where a server has no stream, waiting is the poll.

Mastodon.py can listen too, but holds its caller for ever or starts a thread that nobody can end; here the caller's own
thread reads, and between two waits what the server says stays in the connection.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

import requests

from sociable.channels.base import ChannelError, LogInRefused
from sociable.channels.mastodon.config import MastodonConfig, is_loopback
from sociable.channels.mastodon.line import USER_AGENT, Line

WAKES = frozenset({"notification", "status.update", "delete", "conversation", "notifications_merged"})
SILENCE_SECONDS = 60  # servers say at least a word every 15 s
POLL_WITHOUT_STREAM = timedelta(seconds=30)


class Stream:
    """One account's event stream: opened when it is first waited on, and again after any trouble."""

    def __init__(self, config: MastodonConfig, line: Line) -> None:
        self._config = config
        self._line = line
        self._answer: requests.Response | None = None
        self._lines: Iterator[bytes] = iter(())
        self._base = ""
        self._was_open = False

    def wait(self, timeout: timedelta) -> bool:
        """Wait for an event that may bring something new (True) or until the time is over (False).

        A stream that had to be opened again may have missed an event, so that is True as well.
        """
        ends = time.monotonic() + timeout.total_seconds()
        if self._answer is None:
            missed = self._was_open
            if not self._open():
                time.sleep(min(timeout, POLL_WITHOUT_STREAM).total_seconds())
                return True
            self._was_open = True
            if missed:
                return True
        try:
            return self._listen(ends)
        except (requests.RequestException, OSError, StopIteration):
            self.close()
            return True

    def _listen(self, ends: float) -> bool:
        """Read line by line; between events the server sends a word now and then, which is when the time is looked at."""
        while True:
            line = next(self._lines)
            if line.startswith(b"event:") and line.removeprefix(b"event:").strip().decode("ascii", "replace") in WAKES:
                return True
            if time.monotonic() >= ends:
                return False

    def close(self) -> None:
        """Hang up."""
        answer, self._answer, self._lines = self._answer, None, iter(())
        if answer is not None:
            answer.close()

    def _open(self) -> bool:
        """Open the stream; False where the server has none, or none that answers.

        Errors: LogInRefused
        """
        try:
            answer = requests.get(
                f"{self._address()}/api/v1/streaming/user",
                headers={"Authorization": f"Bearer {self._config.access_token}", "User-Agent": USER_AGENT},
                stream=True,
                timeout=(self._config.timeout_seconds, SILENCE_SECONDS),
                allow_redirects=False,
            )
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            self._answer, self._lines = answer, answer.iter_lines(chunk_size=1)
            return True
        answer.close()
        if answer.status_code == 401:
            raise LogInRefused(f"{self._config.host} no longer takes the access token (it was revoked, or is wrong).")
        return False

    def _address(self) -> str:
        """Return where the server says its streams are; its own address where it does not say."""
        if not self._base:
            self._base = self._told_address() or self._config.server
        return self._base

    def _told_address(self) -> str:
        try:
            instance = self._line.ask_one(self._line.api.instance_v2)
        except LogInRefused:
            raise
        except ChannelError:
            return ""
        urls = (instance.get("configuration") or {}).get("urls") or {}
        parts = urlsplit(str(urls.get("streaming") or ""))
        scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
        safe = scheme == "https" or is_loopback(parts.hostname or "")
        return f"{scheme}://{parts.netloc}" if parts.netloc and safe else ""
