"""Decides whom an address that somebody of staff typed in may reach: nobody inside the own network, unless an administrator named them.

Leaves which address that is, and what is said to it, to whoever asks. Imported only where a network is asked by `requests`.
"""

import ipaddress
import socket
from collections.abc import Collection
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry


class InsideError(HTTPError):
    """The address leads into the own network."""


def session(allowed: Collection[str] = ()) -> requests.Session:
    """Return a session that says nothing to a server inside the own network, whatever its name and wherever it was sent on from.

    Shape:  `allowed` names hosts that may be inside
    """
    made = requests.Session()
    made.trust_env = False  # no .netrc and no proxy: only what is given here speaks
    for scheme in ("http://", "https://"):
        made.mount(scheme, _Guarded(frozenset(allowed)))
    return made


def leads_inside(host: str) -> bool:
    """Say whether a name or a number of a server leads into the own network now; what is not known leads nowhere."""
    try:
        found = {str(each[4][0]) for each in socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return False
    return any(_is_inside(each) for each in found)


def _is_inside(number: str) -> bool:
    """Whether a number is of this machine, of a private network or of none; one that carries another within is what it carries."""
    reached = ipaddress.ip_address(number.partition("%")[0])
    within = getattr(reached, "ipv4_mapped", None) or reached
    return not within.is_global or within.is_multicast


class _Checked:
    """A connection that says nothing to a server inside the own network: whatever its name, what was reached counts."""

    allowed: frozenset[str] = frozenset()

    def _new_conn(self) -> socket.socket:
        made: socket.socket = super()._new_conn()  # type: ignore[misc]
        if _is_inside(made.getpeername()[0]) and self.host not in self.allowed:  # type: ignore[attr-defined]
            made.close()
            raise InsideError
        return made


def _pools(allowed: frozenset[str]) -> dict[str, Any]:
    """Pools whose connections check whom they have reached, before a word is sent."""
    plain = type("Plain", (_Checked, HTTPConnection), {"allowed": allowed})
    sealed = type("Sealed", (_Checked, HTTPSConnection), {"allowed": allowed})
    return {
        "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("SealedPool", (HTTPSConnectionPool,), {"ConnectionCls": sealed}),
    }


class _Guarded(HTTPAdapter):
    """Requests' own way out, over connections that check whom they have reached."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        super().__init__(max_retries=Retry(0, redirect=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _pools(self._allowed)
