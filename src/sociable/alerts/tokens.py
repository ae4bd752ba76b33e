"""Makes and reads the secret in the link by which a person says that a notice arrived; it needs no sign-in."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

SALT = "notice"
KEPT = timedelta(days=14)


def token_of(notice_id: int) -> str:
    """This function will return the secret of a notice."""
    return signing.dumps(notice_id, salt=SALT)


def read(token: str) -> int | None:
    """This function will return whose notice a secret is; None where it is none of ours, or too old."""
    try:
        found = signing.loads(token, salt=SALT, max_age=KEPT)
    except signing.BadSignature:
        return None
    return found if isinstance(found, int) else None
