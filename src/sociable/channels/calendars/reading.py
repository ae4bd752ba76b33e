"""Fetches one calendar by its address: within a size and a time, and never from inside the own network unless that is allowed.

What stands in it is read by parse; when it is looked at again is decided in journeys.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError, NameResolutionError

from sociable import __version__
from sociable.channels import outside
from sociable.channels.base import ChannelError
from sociable.channels.outside import InsideError

LARGEST_BYTES = 5 * 1024 * 1024
LONGEST_SECONDS = 60.0
CONNECT_SECONDS, READ_SECONDS = 10.0, 20.0
CHUNK_BYTES = 64 * 1024
MOST_REDIRECTS = 4
REDIRECTS = frozenset({301, 302, 303, 307, 308})
INSIDE = "This address leads into the own network, where calendars are not read. An administrator can allow the server."
_REFUSED = {
    401: "The calendar asks for a log-in. Give its secret address, which carries the permission in itself.",
    403: "The calendar's server lets nobody read it. Publish it there, and give the new address.",
    404: "There is no calendar at this address any more. Copy its address anew.",
    410: "There is no calendar at this address any more. Copy its address anew.",
    429: "The calendar's server asks for a pause; it is tried again later.",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A calendar as it came; no content means that it has not changed since the mark that was sent along."""

    content: bytes | None
    etag: str


def tidy(address: str) -> str:
    """Return an address as it can be fetched: webcal stands for https.

    Errors: ChannelError with what is wrong
    """
    given = address.strip()
    if given.lower().startswith(("webcal://", "webcals://")):
        given = "https://" + given.split("://", 1)[1]
    try:
        parts = urlsplit(given)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme.lower() not in ("http", "https"):
        raise ChannelError(
            "Give the calendar's address as it is copied there: it begins with https:// or webcal://.", True
        )
    if parts.username is not None:
        raise ChannelError("Leave name and password out of the address: use the calendar's secret address.", True)
    return given


def host_of(address: str) -> str:
    """Return what may be shown of an address: whose server it is, and nothing that opens the calendar."""
    return urlsplit(address).hostname or ""


def fetch(address: str, *, etag: str = "", allowed: Collection[str] = ()) -> Fetched:
    """Return a calendar, or that it has not changed.

    Shape:  `allowed` names hosts inside the own network that may be asked
    Errors: ChannelError, permanent where trying again cannot help
    """
    until = time.monotonic() + LONGEST_SECONDS
    with _session(frozenset(allowed)) as session:
        for _ in range(MOST_REDIRECTS):
            answer = _ask(session, tidy(address), etag)
            with answer:
                if answer.status_code in REDIRECTS and "Location" in answer.headers:
                    address = urljoin(address, answer.headers["Location"])
                    continue
                return _read(answer, until)
    raise ChannelError("The calendar's server sends us in circles.")


def _session(allowed: frozenset[str]) -> requests.Session:
    session = outside.session(allowed)
    session.headers["User-Agent"] = f"Sociable/{__version__}"
    return session


def _ask(session: requests.Session, address: str, etag: str) -> requests.Response:
    headers = {"Accept": "text/calendar, */*;q=0.5", **({"If-None-Match": etag} if etag else {})}
    try:
        return session.get(
            address, headers=headers, timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True, allow_redirects=False
        )
    except (requests.RequestException, HTTPError) as error:
        raise _trouble(error) from error


def _trouble(error: Exception) -> ChannelError:
    """The failure as a sentence; the address itself never stands in it."""
    causes = [error, *(argument for argument in error.args if isinstance(argument, Exception))]
    reasons = [cause.reason if isinstance(cause, MaxRetryError) else cause for cause in causes]
    for reason in reasons:
        if isinstance(reason, InsideError):
            return ChannelError(INSIDE, permanent=True)
    if any(isinstance(reason, NameResolutionError) for reason in reasons):
        return ChannelError("No server of that name is found. Look at the address once more.")
    if isinstance(error, requests.exceptions.SSLError):
        return ChannelError("The calendar's server shows a certificate that we cannot trust.")
    if isinstance(error, requests.Timeout):
        return ChannelError("The calendar's server takes too long to answer.")
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return ChannelError("This is no address that can be fetched.", permanent=True)
    return ChannelError("The calendar's server cannot be reached just now.")


def _read(answer: requests.Response, until: float) -> Fetched:
    etag = answer.headers.get("ETag", "")[:200]
    if answer.status_code == 304:
        return Fetched(None, etag)
    if answer.status_code != 200:
        words = _REFUSED.get(answer.status_code, f"The calendar's server answers with {answer.status_code}.")
        raise ChannelError(words)
    found = bytearray()
    try:
        for chunk in answer.iter_content(CHUNK_BYTES):
            found += chunk
            if len(found) > LARGEST_BYTES:
                raise ChannelError("The calendar is larger than 5 MB. Publish one that goes less far back.")
            if time.monotonic() > until:
                raise ChannelError("The calendar's server takes too long to answer.")
    except (requests.RequestException, HTTPError, OSError) as error:
        raise ChannelError("The calendar broke off while it was read; it is tried again.") from error
    return Fetched(bytes(found), etag)
