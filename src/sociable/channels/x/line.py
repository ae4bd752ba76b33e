"""Asks X one thing at a time and says what came of it: an answer, a pause that X wants, a refusal in a sentence, or a doubt.

Leaves what to ask to the modules beside it, and when to ask again to the rooms above. Only this module knows the client library.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import tweepy

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited
from sociable.channels.reaching import in_words, never_left
from sociable.channels.tidy import tidy
from sociable.channels.x.config import XConfig
from sociable.channels.x.raw import Fields, text

# At their chattiest these write keys and messages into the log.
for _name in ("tweepy", "oauthlib", "requests_oauthlib"):
    logging.getLogger(_name).setLevel(logging.INFO)

_LIBRARYS_OWN = "https://api.twitter.com"
# Hosts of X that keep pictures; the second kind wants to know who asks.
PICTURE_HOSTS = {"pbs.twimg.com": False, "video.twimg.com": False, "ton.twitter.com": True, "ton.x.com": True}
_BLOCK_BYTES = 64 * 1024


class Line:
    """The way to X for one account. `now` is the time by X's own clock, as its last answer told."""

    def __init__(self, config: XConfig) -> None:
        self._config = config
        self._client: Any = None
        self.now: datetime | None = None

    def ask(
        self,
        method: str,
        route: str,
        params: Mapping[str, str] | None = None,
        body: Fields | None = None,
        *,
        public: bool = False,
    ) -> Fields:
        """Return X's answer. `public`: anybody may read it, so the app's own token serves where there is one.

        Errors: ChannelError, RateLimited and LogInRefused, as X says
        """
        try:
            return self._asked(method, route, params, body, public=public)
        except _Quiet as error:
            raise ChannelError(error.message) from error

    def hand_over(self, route: str, body: Fields) -> Fields:
        """Return X's answer to a message it may publish.

        Errors: ChannelError, permanent for a refusal; OutcomeUnknown where X may have it
        """
        try:
            return self._asked("POST", route, None, body, public=False)
        except _Quiet as error:
            if not error.reached:
                raise ChannelError(error.message) from error
            raise OutcomeUnknown(f"X may have taken the message, and did not say so. {error.message}") from error

    def _asked(
        self, method: str, route: str, params: Mapping[str, str] | None, body: Fields | None, *, public: bool
    ) -> Fields:
        by_user = not (public and self._config.bearer_token)
        try:
            response = self._connected().request(method, route, params=params, json=body, user_auth=by_user)
            self._note_time(response)
            answer = response.json()
        except tweepy.TweepyException as error:
            raise self._refused(error) from error
        except requests.JSONDecodeError as error:
            raise _Quiet("X answered with something that cannot be read.", reached=True) from error
        except requests.RequestException as error:
            raise _unreached(error) from error
        except (
            AttributeError,
            TypeError,
            ValueError,
        ) as error:  # the library takes a refusal for JSON with a header of its own
            raise _Quiet("X refused with something that cannot be read.", reached=True) from error
        if not isinstance(answer, dict):
            raise _Quiet("X answered with something that cannot be read.", reached=True)
        return answer

    def _refused(self, error: Exception) -> ChannelError:
        response = getattr(error, "response", None)
        self._note_time(response)
        said = _said(error)
        if isinstance(error, tweepy.TooManyRequests):
            pause = self._pause(error)
            return RateLimited("X asks for a pause: the account has used what it may ask for now.", pause)
        if isinstance(error, tweepy.Unauthorized):
            return LogInRefused(f"X no longer takes the keys of this account: {said}")
        if isinstance(error, tweepy.Forbidden):
            return _forbidden(error, said)
        if isinstance(error, tweepy.TwitterServerError):
            return _Quiet(f"X is in trouble itself: {said}", reached=True)
        lasting = isinstance(error, tweepy.BadRequest | tweepy.NotFound)
        return Refused(f"X refused: {said}", permanent=lasting)

    def _pause(self, error: Any) -> timedelta | None:
        """How long X wants to be left alone, by its own headers and its own clock."""
        headers = error.response.headers
        if error.reset_time is not None and self.now is not None:
            return max(timedelta(seconds=1), datetime.fromtimestamp(error.reset_time, UTC) - self.now)
        after = headers.get("retry-after", "")
        return timedelta(seconds=int(after)) if after.isascii() and after.isdecimal() and len(after) < 7 else None

    def _note_time(self, response: Any) -> None:
        try:
            self.now = parsedate_to_datetime(response.headers["date"]).astimezone(UTC)
        except (AttributeError, KeyError, TypeError, ValueError):
            return

    def picture(self, url: str, limit_bytes: int) -> bytes:
        """Return a picture from X's own hosts, and from no other: its address was written by a stranger.

        Errors: ChannelError, permanent for another host and for a picture beyond the limit
        """
        host = self._picture_host(url)
        auth = self._signer() if PICTURE_HOSTS.get(host) else None
        try:
            with self._connected().session.get(url, stream=True, auth=auth) as response:
                return _within(response, limit_bytes)
        except requests.RequestException as error:
            raise ChannelError(f"The picture could not be fetched: {in_words(error)}") from error

    def _picture_host(self, url: str) -> str:
        """Which of X's hosts keeps a picture; its keys are shown to none but these, and to none in the open."""
        try:
            parts = urlsplit(url)
            host, is_plain = (parts.hostname or "").lower(), parts.scheme == "https" and parts.port in (None, 443)
        except ValueError:
            host, is_plain = "", False
        if not (host in PICTURE_HOSTS and is_plain) and not url.startswith(f"{self._config.api_url}/"):
            raise ChannelError("The picture does not lie at X, so it is not fetched.", permanent=True)
        return host

    def _signer(self) -> Any:
        keys = self._config
        handler = tweepy.OAuth1UserHandler(
            keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret
        )
        return handler.apply_auth()

    def close(self) -> None:
        """Hang up; the next question opens a new line."""
        if self._client is not None:
            self._client.session.close()
            self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            keys = self._config
            self._client = tweepy.Client(
                keys.bearer_token or None,
                keys.consumer_key,
                keys.consumer_secret,
                keys.access_token,
                keys.access_token_secret,
            )
            self._client.session = _Session(keys.api_url, keys.timeout_seconds)
        return self._client


class Refused(ChannelError):
    """X understood and would not; `said` is its reason as it gave it."""

    def __init__(self, message: str, permanent: bool = False, said: str = "") -> None:
        super().__init__(message, permanent)
        self.said = said or message


class _Quiet(ChannelError):
    """No word of X came back that tells; `reached` where it may have read the request."""

    def __init__(self, message: str, *, reached: bool) -> None:
        super().__init__(message)
        self.reached = reached


class _Session(requests.Session):
    """The library writes to one host, waits for ever and follows wherever it is sent; this does neither."""

    def __init__(self, api_url: str, timeout_seconds: int) -> None:
        super().__init__()
        self._api_url = api_url
        self._timeout_seconds = timeout_seconds

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        """Send to where the account's settings say, with an end to waiting."""
        here = self._api_url + str(url).removeprefix(_LIBRARYS_OWN) if str(url).startswith(_LIBRARYS_OWN) else url
        kwargs["timeout"] = self._timeout_seconds
        kwargs["allow_redirects"] = False
        return super().request(method, here, *args, **kwargs)


def _forbidden(error: Exception, said: str) -> ChannelError:
    """What an administrator can mend at X is trouble of the account; anything else is about this one message."""
    lowered = f"{said} {text(_body(error), 'type')} {text(_body(error), 'reason')}".lower()
    if "app permissions" in lowered or "client-not-enrolled" in lowered or "unsupported-authentication" in lowered:
        return LogInRefused(f"The app at X may not do this: {said}")
    return Refused(f"X refused: {said}", permanent=True, said=said)


def _body(error: Any) -> Fields:
    try:
        told = error.response.json()
    except (AttributeError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _said(error: Any) -> str:
    """X's reason in one line, with a full stop."""
    told = _body(error)
    words = " ".join(each for each in error.api_messages if isinstance(each, str))
    words = words or text(told, "detail") or text(told, "message") or text(told, "title") or str(error)
    line = " ".join(tidy(words).split())[:300]
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _unreached(error: requests.RequestException) -> _Quiet:
    return _Quiet(f"X cannot be reached: {in_words(error)}", reached=not never_left(error))


def _within(response: requests.Response, limit_bytes: int) -> bytes:
    if response.status_code != 200:
        gone = response.status_code in {403, 404, 410}
        raise ChannelError(f"X would not give the picture ({response.status_code}).", permanent=gone)
    content = bytearray()
    for block in response.iter_content(_BLOCK_BYTES):
        content += block
        if len(content) > limit_bytes:
            raise ChannelError("The picture is larger than the limit.", permanent=True)
    return bytes(content)
