"""Says where an example's invented council has its site, on which the web chat can be tried, and what that site allows.

It is served by the same process under the machine's other name: for a browser that is another origin, as a council's site is.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

CHATS_WITH = "city-help"
_OTHER_NAME = {"localhost": "127.0.0.1", "127.0.0.1": "localhost"}


def origin() -> str:
    """This function will return the origin of the invented site: the other name of this machine, where it has one."""
    parts = urlsplit(settings.PUBLIC_URL)
    other = _OTHER_NAME.get(parts.hostname or "")
    return f"{parts.scheme}://{other}:{parts.port or settings.PORT}" if other else settings.PUBLIC_URL


def address() -> str:
    """This function will return where the site's page can be looked at."""
    return origin() + reverse("public:website")


def policy() -> str:
    """This function will return the site's content security policy: our script and our answers, and no more of ours."""
    ours = settings.PUBLIC_URL
    return f"default-src 'none'; style-src 'self'; script-src {ours}; connect-src {ours}; base-uri 'none'; form-action 'none'"
