"""Makes and reads the secret in the link by which a person says that a notice arrived, and the mark by which we know it again."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "notice"
KEPT = timedelta(days=14)


def mail_key(notice_id: int) -> str:
    """This function will return the Message-ID of a notice: the same each time, and known to be ours when it comes back."""
    return f"<notice.{notice_id}.{_mark(notice_id)}@{settings.MAIL_DOMAIN}>"


def notice_of(message_id: str) -> int | None:
    """This function will return which notice a Message-ID is of; None where it is none that we made."""
    parts = message_id.strip("<>").partition("@")[0].split(".")
    if len(parts) != 3 or parts[0] != "notice" or not (parts[1].isascii() and parts[1].isdecimal()):
        return None
    number = int(parts[1][:18])
    return number if constant_time_compare(parts[2], _mark(number)) else None


def _mark(notice_id: int) -> str:
    return salted_hmac(SALT, str(notice_id)).hexdigest()[:24]


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
