"""Decides whether what came by the public form should be looked at by a person before its clock starts.

Nothing is asked of a third party, no cookie is set and nothing is ever lost: what is suspected is kept aside and staff are shown it,
and its sender sees the same page as everybody.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.http import HttpRequest

QUICKEST = timedelta(seconds=3)  # nobody reads the page and writes a request in less
OLDEST = timedelta(days=1)
WINDOW = timedelta(minutes=10)
MOST_FROM_ONE_PLACE = 20  # a library's public computers share one address
MOST_FROM_ONE_SENDER = 6
MOST_OF_THE_SAME_WORDS = 3
_SALT = "sociable.public.form"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a form carries: when its page was made, and a number used once."""

    made_at: datetime
    nonce: str


def new_mark(now: datetime) -> str:
    """This function will make the signed mark of a fresh form."""
    return signing.dumps([round(now.timestamp()), secrets.token_urlsafe(12)], salt=_SALT)


def read_mark(signed: str) -> Mark | None:
    """This function will read a mark; None where it was not made here."""
    try:
        made, nonce = signing.loads(signed, salt=_SALT)
        return Mark(datetime.fromtimestamp(made, UTC), str(nonce))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def why(*, mark: Mark | None, trapped: str, address: str, sender: str, text: str, now: datetime) -> str:
    """This function will say why a person should look first, or nothing where there is no reason.

    Shape:  `trapped` is what stands in the field that people do not see; every call counts towards the limits
    """
    crowd = _crowd(address, sender, text)
    if mark is None:
        return "It was not sent from our page"
    if trapped:
        return "A field that people do not see was filled in"
    if now - mark.made_at < QUICKEST:
        return f"It was sent within {QUICKEST.seconds} seconds of opening the page"
    if now - mark.made_at > OLDEST:
        return "The page had been open for more than a day"
    return crowd


def _crowd(address: str, sender: str, text: str) -> str:
    minutes = WINDOW.seconds // 60
    same_words = count("words", " ".join(text.casefold().split()))
    of_sender = count("sender", sender.casefold()) if sender else 0
    of_place = count("place", address) if address else 0
    if same_words > MOST_OF_THE_SAME_WORDS:
        return f"The same words were sent {same_words} times in {minutes} minutes"
    if of_sender > MOST_FROM_ONE_SENDER:
        return f"{of_sender} requests came from this email address in {minutes} minutes"
    if of_place > MOST_FROM_ONE_PLACE:
        return f"{of_place} requests came from one place on the internet in {minutes} minutes"
    return ""


def count(kind: str, value: str) -> int:
    """This function will count something once more within the window; only a fingerprint is kept, and only for so long."""
    key = f"form-{kind}-{hashlib.sha256((settings.SECRET_KEY + value).encode()).hexdigest()[:40]}"
    cache.add(key, 0, WINDOW.seconds)
    try:
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        cache.set(key, 1, WINDOW.seconds)
        return 1


def client_address(request: HttpRequest) -> str:
    """This function will return the address a request came from: what the outermost of our own proxies saw, and nothing a client claims."""
    return place_of(request.headers.get("X-Forwarded-For", ""), str(request.META.get("REMOTE_ADDR", "")))


def place_of(forwarded_for: str, peer: str) -> str:
    """This function will say the same of a request that is not Django's, from that header and whoever connected to us."""
    hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
    trusted = settings.TRUSTED_PROXIES
    if trusted and len(hops) >= trusted:
        return hops[-trusted]
    return peer
