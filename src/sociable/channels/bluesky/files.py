"""Brings a picture from the network's own hosts, and from nowhere else.

Leaves what the bytes are to whoever keeps them.
"""

from collections.abc import Collection

import httpx

from sociable.channels.base import ChannelError
from sociable.channels.bluesky.config import is_here
from sociable.channels.tidy import split_address


def bring(url: str, hosts: Collection[str], limit_bytes: int, timeout_seconds: int) -> bytes:
    """Return the bytes at an address.

    Errors: ChannelError, permanent where the address cannot be read or is elsewhere, nothing is there or it is larger than the limit
    """
    parts = split_address(url)
    host = parts.hostname or ""
    if host not in hosts or not (parts.scheme == "https" or (parts.scheme == "http" and is_here(host))):
        raise ChannelError(f"The picture lies at {host or 'no host'}, from where none are fetched.", permanent=True)
    try:
        with httpx.stream("GET", url, timeout=timeout_seconds, follow_redirects=False) as answer:
            if answer.status_code != 200:
                gone = answer.status_code in {400, 403, 404, 410, 413}
                raise ChannelError(f"{host} did not give the picture ({answer.status_code}).", permanent=gone)
            return _read(answer, limit_bytes)
    except (httpx.InvalidURL, ValueError) as error:
        raise ChannelError("The picture's address cannot be read.", permanent=True) from error
    except httpx.HTTPError as error:
        raise ChannelError(f"{host} did not give the picture: it did not answer as it should.") from error


def _read(answer: httpx.Response, limit_bytes: int) -> bytes:
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > limit_bytes:
            raise ChannelError(f"The picture is larger than {limit_bytes:,} bytes.", permanent=True)
    return bytes(content)
