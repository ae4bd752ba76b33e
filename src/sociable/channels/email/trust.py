"""Decides whose certificates a mail server may show: the machine's own list, or the file an account names.

Leaves the connection itself to `mailbox` and `postbox`.
"""

import ssl
from functools import lru_cache
from pathlib import Path


def trusted(ca_file: str) -> ssl.SSLContext:
    """Return what checks a server's certificate, shared by all connections: to read the list anew each time costs 20 ms.

    Errors: OSError where the file cannot be read
    """
    return _read(ca_file, Path(ca_file).stat().st_mtime_ns if ca_file else 0)


@lru_cache(maxsize=32)
def _read(ca_file: str, _written_ns: int) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)
