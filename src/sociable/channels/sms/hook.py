"""Decides which callbacks GOV.UK Notify made, and hands on what each tells.

Leaves what it says to `parse`. Notify signs nothing: the bearer token that was given to it proves who calls.
"""

import hmac

from sociable.channels.base import Call, CallRefused, Heard, RawItem
from sociable.channels.sms.parse import at_of, is_text, name_of, read

LONGEST_BYTES = 64 * 1024  # a text of 918 characters and all that Notify says of it take a fiftieth


def hear(call: Call, token: str) -> Heard:
    """Check that Notify made the call and return the one thing it tells.

    Errors: CallRefused for a call without the token (401), too large (413), not a POST (405) or that holds no JSON object (400)
    """
    if call.method != "POST":
        raise CallRefused("Notify calls with POST.", 405)
    given = call.headers.get("authorization", "")
    if not token or not hmac.compare_digest(given.encode("utf-8", "replace"), f"Bearer {token}".encode()):
        raise CallRefused("The call does not bear the token that was given to Notify.", 401)
    if len(call.body) > LONGEST_BYTES:
        raise CallRefused("The call is larger than any that Notify makes.", 413)
    told = read(call.body)
    if not told:
        raise CallRefused("The call holds nothing that can be read.", 400)
    at = at_of(told) if is_text(told) else None
    return Heard((RawItem(name_of(told, call.body), call.body, at),))
