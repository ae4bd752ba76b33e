"""Asks GOV.UK Notify one thing at a time and says what came of it: an answer, a pause, a refusal in a sentence, or a doubt.

Leaves what to ask to the modules beside it, and when to ask again to the rooms above. Only this module knows the client library.

Source: GOV.UK Notify, Python client documentation and general errors, as read on 23 November 2026: the kind of an error and its
        status may be relied on, its words may not
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from notifications_python_client.errors import APIError, InvalidResponse
from notifications_python_client.notifications import NotificationsAPIClient

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited
from sociable.channels.reaching import in_words, never_left
from sociable.channels.sms.config import SmsConfig
from sociable.channels.tidy import tidy

Fields = dict[str, Any]
PAUSE = timedelta(seconds=60)  # the stretch over which Notify counts requests


class Line:
    """The way to Notify for one service."""

    def __init__(self, config: SmsConfig) -> None:
        self._config = config
        self._client: Any = None  # the library says no types of its verbs

    def received(self, older_than: str = "") -> list[Fields]:
        """Return a page of received texts, newest first, of those before one named by its id.

        Errors: ChannelError, RateLimited and LogInRefused, as Notify says
        """
        told = self._ask(lambda client: client.get_received_texts(older_than or None))
        return _objects(told.get("received_text_messages"))

    def sent_as(self, reference: str) -> list[Fields]:
        """Return the texts that were sent under a reference of ours, newest first."""
        told = self._ask(lambda client: client.get_all_notifications(template_type="sms", reference=reference))
        return [each for each in _objects(told.get("notifications")) if each.get("reference") == reference]

    def template(self) -> Fields:
        """Return the template that answers are sent with."""
        return self._ask(lambda client: client.get_template(self._config.template_id))

    def hand_over(self, number: str, text: str, reference: str) -> Fields:
        """Return what Notify says to a text it may send.

        Errors: ChannelError, permanent for a refusal; OutcomeUnknown where Notify may have it
        """

        def send(client: Any) -> Any:
            return client.send_sms_notification(
                phone_number=number,
                template_id=self._config.template_id,
                personalisation={self._config.placeholder: text},
                reference=reference,
                sms_sender_id=self._config.sms_sender_id or None,
            )

        try:
            return self._asked(send)
        except _Quiet as error:
            if not error.reached:
                raise ChannelError(error.message) from error
            raise OutcomeUnknown(f"Notify may have taken the text, and did not say so. {error.message}") from error

    def _ask(self, ask: Callable[[Any], Any]) -> Fields:
        try:
            return self._asked(ask)
        except _Quiet as error:
            raise ChannelError(error.message) from error

    def _asked(self, ask: Callable[[Any], Any]) -> Fields:
        try:
            told = ask(self._connected())
        except InvalidResponse as error:
            raise _Quiet("Notify answered with something that cannot be read.", reached=True) from error
        except APIError as error:
            raise _refused(error) from error
        if not isinstance(told, dict):
            raise _Quiet("Notify answered with something that cannot be read.", reached=True)
        return told

    def close(self) -> None:
        """Hang up; the next question opens a new line."""
        if self._client is not None:
            self._client.request_session.close()
            self._client = None

    def _connected(self) -> Any:
        if self._client is None:
            config = self._config
            made: Any = NotificationsAPIClient
            self._client = made(config.api_key, config.api_url, config.timeout_seconds)
            self._client.request_session.max_redirects = 0
        return self._client


class _Quiet(ChannelError):
    """No word of Notify came back that tells; `reached` where it may have read the request."""

    def __init__(self, message: str, *, reached: bool) -> None:
        super().__init__(message)
        self.reached = reached


def _refused(error: APIError) -> ChannelError:
    if error.response is None:
        cause = error.__cause__
        if isinstance(cause, requests.RequestException):
            return _Quiet(f"Notify cannot be reached: {in_words(cause)}", reached=not never_left(cause))
        return _Quiet("Notify cannot be reached.", reached=True)
    status, said = error.response.status_code, _said(error)
    if status == 429:
        return RateLimited("Notify asks for a pause: the service has used what it may send for now.", _pause(error))
    if status in (401, 403):
        return LogInRefused(f"Notify does not take the API key: {said}")
    if status >= 500:
        return _Quiet(f"Notify is in trouble itself: {said}", reached=True)
    return ChannelError(f"Notify refused: {said}", permanent=status < 500)


def _pause(error: APIError) -> timedelta:
    """A minute for too many at once; until its midnight for too many in a day, by Notify's own clock."""
    if "TooManyRequestsError" not in {each.get("error") for each in _errors(error)}:
        return PAUSE
    try:
        now = parsedate_to_datetime(error.response.headers["date"]).astimezone(UTC)  # type: ignore[union-attr]
    except (KeyError, TypeError, ValueError):
        return timedelta(hours=1)
    tomorrow = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    return tomorrow - now + PAUSE


def _errors(error: APIError) -> list[Fields]:
    return _objects(error.message)


def _said(error: APIError) -> str:
    """Notify's reasons in one line, with a full stop."""
    told = error.message
    words = " ".join(str(each.get("message") or "") for each in _errors(error)) or (
        told if isinstance(told, str) else ""
    )
    line = " ".join(tidy(words).split())[:300] or "it gives no reason"
    return line if line.endswith((".", "!", "?")) else f"{line}."


def _objects(value: object) -> list[Fields]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
