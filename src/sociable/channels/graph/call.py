"""Decides how the Graph API is called: with the token in a header, the app secret proof, a time limit, and its own limits kept.

Leaves what is asked for to each network's folder, and what a refusal means to `trouble`.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

from sociable import __version__
from sociable.channels.base import ChannelError, OutcomeUnknown, RateLimited, nothing
from sociable.channels.graph.config import GraphConfig
from sociable.channels.graph.reading import Node, many, part, words
from sociable.channels.graph.trouble import raise_for
from sociable.channels.graph.usage import Usage, usage
from sociable.channels.tidy import split_address

# Where Meta keeps pictures and files; a message names an address, and no other host is ever asked.
FILE_HOSTS = (".fbcdn.net", ".fbsbx.com", ".cdninstagram.com", ".facebook.com", ".instagram.com", ".whatsapp.net")
LONGEST_ANSWER_BYTES = 20 * 1024 * 1024
CHUNK_BYTES = 64 * 1024
MOST_PAGES = 200

File = tuple[str, tuple[str, bytes, str]]


class Graph:
    """One account's way to the Graph API. Belongs to one thread."""

    def __init__(self, config: GraphConfig) -> None:
        self.config = config
        self.usage = Usage()
        self._session = requests.Session()
        self._session.trust_env = False  # no .netrc: only what is set here speaks for the account
        self._session.headers["User-Agent"] = f"Sociable/{__version__}"

    def get(self, path: str, *, token: str = "", **params: str | int) -> Node:
        """Return what is at a path; `token` speaks in place of the account's own."""
        return self._answer("GET", path, params=params, token=token)

    def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        files: tuple[File, ...] = (),
        before_handover: Callable[[], None] = nothing,
        handed_over: bool = True,
    ) -> Node:
        """Have something done. `handed_over`: people would see it twice were it done twice.

        Errors: OutcomeUnknown where the network went quiet after it may have taken it
        """
        sent: dict[str, Any] = {"data": body, "files": list(files)} if files else {"json": body}
        return self._answer("POST", path, before_handover=before_handover, handed_over=handed_over, **sent)

    def pages(self, path: str, **params: str | int) -> Iterator[Node]:
        """Return the objects of a list, page after page, while they are asked for."""
        after = ""
        for _ in range(MOST_PAGES):
            page = self._answer("GET", path, params={**params, **({"after": after} if after else {})})
            yield from (node for node in many(page, "data") if isinstance(node, dict))
            after = words(part(page, "paging", "cursors"), "after")
            if not after or not part(page, "paging").get("next"):
                return

    def download(self, address: str, limit_bytes: int, *, with_token: bool = False) -> bytes:
        """Return the bytes of a file at one of Meta's own hosts.

        Errors: ChannelError, permanent where the address is not Meta's, the file is gone or larger than the limit
        """
        if not self._is_meta(address):
            raise ChannelError(
                "The file lies outside Meta's own servers, and is not fetched from there.", permanent=True
            )
        headers = {"Authorization": f"Bearer {self.config.access_token}"} if with_token else {}
        try:
            with self._session.get(
                address, headers=headers, stream=True, timeout=self.config.timeout_seconds, allow_redirects=False
            ) as response:
                if response.status_code != 200:
                    _raise_for_file(response.status_code)
                return _bounded(response, limit_bytes)
        except ValueError as error:  # requests' own name for an address that is none is one of these
            raise ChannelError("The file's address cannot be read.", permanent=True) from error
        except requests.RequestException as error:
            raise ChannelError(f"The file could not be fetched: {type(error).__name__}.") from error

    def close(self) -> None:
        """Let go of the connection."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def _answer(
        self,
        method: str,
        path: str,
        *,
        before_handover: Callable[[], None] = nothing,
        handed_over: bool = False,
        token: str = "",
        params: Mapping[str, str | int] | None = None,
        **sent: Any,
    ) -> Node:
        if self.usage.spent:
            raise RateLimited(
                "Meta's limit for this account is spent; it is asked again later.", self.usage.regained_in
            )
        before_handover()
        proof = {} if token else {"appsecret_proof": self.config.proof}
        try:
            response = self._session.request(
                method,
                f"{self.config.server}/{self.config.version}/{path.lstrip('/')}",
                params={**(params or {}), **proof},
                headers={"Authorization": f"Bearer {token or self.config.access_token}"},
                timeout=self.config.timeout_seconds,
                allow_redirects=False,
                stream=True,
                **sent,
            )
            body = _bounded(response, LONGEST_ANSWER_BYTES)
        except requests.RequestException as error:
            raise _not_reached(error, handed_over=handed_over) from error
        return self._read(response, body, handed_over=handed_over)

    def _read(self, response: requests.Response, body: bytes, *, handed_over: bool) -> Node:
        self.usage = usage({name.lower(): value for name, value in response.headers.items()})
        read = _json(body)
        if response.status_code >= 300 or (isinstance(read, dict) and "error" in read):
            raise_for(response.status_code, read, self.usage, handed_over=handed_over)
        if not isinstance(read, dict):
            error = OutcomeUnknown if handed_over else ChannelError
            raise error("Meta gave an answer that cannot be read.")
        return read

    def _is_meta(self, address: str) -> bool:
        parts, server = split_address(address), urlsplit(self.config.server)
        if (parts.scheme, parts.netloc) == (server.scheme, server.netloc):
            return True
        return parts.scheme == "https" and parts.port in {None, 443} and f".{parts.hostname or ''}".endswith(FILE_HOSTS)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _bounded(response: requests.Response, limit_bytes: int) -> bytes:
    """Read no more than the limit, whatever the header says."""
    kept = bytearray()
    for chunk in response.iter_content(CHUNK_BYTES):
        kept += chunk
        if len(kept) > limit_bytes:
            raise ChannelError(f"It is larger than the {limit_bytes // 1024 // 1024} MB taken here.", permanent=True)
    return bytes(kept)


def _raise_for_file(status: int) -> None:
    gone = status in {401, 403, 404, 410}
    raise ChannelError(f"The file is not to be had from Meta any more (HTTP {status}).", permanent=gone)


def _not_reached(error: requests.RequestException, *, handed_over: bool) -> ChannelError:
    """Where no connection came about, nothing was handed over; after that nobody knows."""
    if not handed_over or _never_connected(error):
        return ChannelError(f"Meta could not be reached: {type(error).__name__}.")
    return OutcomeUnknown(f"Meta went quiet after it may have taken it: {type(error).__name__}.")


def _never_connected(error: requests.RequestException) -> bool:
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError | NameResolutionError)
