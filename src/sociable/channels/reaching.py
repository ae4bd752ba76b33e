"""Decides, of a request that brought no answer, whether the other side may have had it, and what to call the trouble.

Leaves what follows from that to the network's own folder. Imported only where a network is asked by `requests`.
"""

import requests
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError


def never_left(error: requests.RequestException) -> bool:
    """Say whether a request certainly did not reach the other side."""
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(cause, NewConnectionError | ConnectTimeoutError)


def in_words(error: requests.RequestException) -> str:
    """Return what kind of trouble it is, without the address: that may hold what was asked."""
    if isinstance(error, requests.Timeout):
        return "it did not answer in time."
    if isinstance(error, requests.exceptions.SSLError):
        return "its certificate cannot be trusted."
    return "there is no connection."
