"""Carries notices to a browser through its maker's push service, sealed so that only that browser can read them.

Leaves asking a person for permission to the page, and keeping the installation's key to whoever sends.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from sociable.channels.base import ChannelError, OutcomeUnknown, RateLimited
from sociable.channels.notices.base import LONGEST_ADDRESS_CHARS, KeepsNothing, Parcel

KEPT = timedelta(minutes=30)  # so long a push service keeps it for a browser that is off
CONNECT_SECONDS, READ_SECONDS = 4.0, 8.0
GONE = (404, 410)
LONGEST_TEXT_CHARS = 900  # what is sealed may be 4,096 bytes


class PushCarrier(KeepsNothing):
    """One push by RFC 8030, sealed by RFC 8291 and signed by RFC 8292."""

    kind: ClassVar[str] = "push"
    at_once: ClassVar[int] = 32
    at_one_place: ClassVar[int] = 32

    def check(self, address: str, means: Mapping[str, Any]) -> str:
        """Return a browser's subscription in the form in which it is kept.

        Shape:  `means` hold the names of `hosts` that may lie inside the own network, and need no encryption
        Errors: ChannelError
        """
        try:
            given = json.loads(address[:LONGEST_ADDRESS_CHARS])
            endpoint = str(given["endpoint"])
            keys = {name: str(given["keys"][name]) for name in ("p256dh", "auth")}
        except (ValueError, KeyError, TypeError):
            raise ChannelError("The browser did not say where it can be reached. Try again.", permanent=True) from None
        parts = urlsplit(endpoint)
        if parts.scheme != "https" and parts.hostname not in means.get("hosts", ()):
            raise ChannelError("The browser gave an address that is not safe (https).", permanent=True)
        return json.dumps({"endpoint": endpoint, "keys": keys})

    def get_ready(self) -> None:
        """Load what seals and signs."""
        import pywebpush  # noqa: F401, PLC0415

    def place(self, parcel: Parcel) -> str:
        """Name the push service."""
        return urlsplit(str(json.loads(parcel.address)["endpoint"])).netloc

    def hand_over(self, parcel: Parcel) -> str:
        """Seal, sign and post it.

        Errors: ChannelError, permanent where the browser has ended its subscription; RateLimited; OutcomeUnknown
        """
        import requests  # noqa: PLC0415 - with the next, needed by whoever pushes alone
        from pywebpush import WebPushException  # noqa: PLC0415

        from sociable.channels import outside  # noqa: PLC0415 - see above

        try:
            with outside.session(parcel.means.get("hosts", ())) as session:
                _push(parcel, session)
        except WebPushException as error:
            raise _refusal(error.response) from error
        except requests.ReadTimeout as error:
            raise OutcomeUnknown("The push service did not answer in time; it may or may not have it.") from error
        except outside.InsideError as error:
            raise ChannelError("The browser's address leads into the own network.", permanent=True) from error
        except requests.RequestException as error:
            raise ChannelError("The push service could not be reached.") from error
        except ValueError as error:
            raise ChannelError(
                "The browser's keys cannot be used. Allow notifications in it again.", permanent=True
            ) from error
        return "The push service took it."


def _push(parcel: Parcel, session: Any) -> None:
    from pywebpush import webpush  # noqa: PLC0415 - see above

    session.max_redirects = 0
    webpush(
        json.loads(parcel.address),
        data=_content(parcel),
        vapid_private_key=_key(parcel.means["private_key"]),
        vapid_claims={"sub": str(parcel.means["contact"])},
        timeout=(CONNECT_SECONDS, READ_SECONDS),  # handed on to requests, which takes both
        ttl=round(KEPT.total_seconds()),
        headers={"urgency": "high"},
        requests_session=session,
    )


def _content(parcel: Parcel) -> str:
    told = {
        "title": parcel.title,
        "text": parcel.text[:LONGEST_TEXT_CHARS],
        "link": parcel.link,
        "tap": parcel.tap,
        "says": parcel.tap_says,
        "tag": parcel.key,
    }
    return json.dumps(told)


def _key(pem: str) -> Any:
    from py_vapid import Vapid02  # noqa: PLC0415

    return Vapid02.from_pem(pem.encode())


def _refusal(response: Any) -> ChannelError:
    if response is None:
        return ChannelError(
            "The push could not be sealed for this browser. Allow notifications in it again.", permanent=True
        )
    if response.status_code in GONE:
        return ChannelError("The browser takes no notices any more. Allow them in it again.", permanent=True)
    if response.status_code == 429:
        after = response.headers.get("Retry-After", "")
        return RateLimited(
            "The push service asks for a pause.", timedelta(seconds=int(after)) if after.isdecimal() else None
        )
    lasting = response.status_code in (400, 401, 403, 413)
    return ChannelError(f"The push service did not take it (HTTP {response.status_code}).", permanent=lasting)


def new_key() -> tuple[str, str]:
    """Make the installation's key pair: the private one as PEM, the public one as browsers want it."""
    import base64  # noqa: PLC0415

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415
    from py_vapid import Vapid02  # noqa: PLC0415

    pair = Vapid02()
    pair.generate_keys()
    point = pair.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return pair.private_pem().decode(), base64.urlsafe_b64encode(point).rstrip(b"=").decode()
