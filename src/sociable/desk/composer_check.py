"""Puts into words what stands against an answer that is being written, which ways are open to it, and what would be seen.

The server judges here and again when it is sent; the browser only counts along, by the data that is handed to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sociable.conversations.models import Conversation
from sociable.desk import window_words
from sociable.domain import ways as rule
from sociable.domain.text import Measured, as_data, measure, sms_parts
from sociable.domain.ways import Carrier, Judged, Offer, Way
from sociable.journeys import ways
from sociable.journeys.ways import Chosen, Place

THEY_READ = "Only they can read"


def context(
    conversation: Conversation, now: datetime, *, text: str, chosen: Chosen, place: Place | None = None
) -> dict[str, Any] | None:
    """This function will return what the composer shows of an answer's length, privacy and ways; nothing where all goes."""
    place = place or ways.place_of(conversation)
    if not place.carrier.is_narrow:
        return None
    judged = ways.judged(conversation, place, text, now.date())
    shut = window_words.shut(conversation, place.channel, now) if place.visibility != "public" else ""
    return {
        "stands": bool(shut) or stands(judged),
        "title": shut or _title(judged, place.readers),
        "exposed": [one.why for one in judged.exposed],
        "offers": _open_now(_offers(place, judged, chosen), shut=bool(shut)) if text.strip() else [],
        "count": count_words(judged.measured),
        "over": judged.too_long,
        "most": " and ".join(f"{limit.most} {measure('', limit).said}" for limit in place.carrier.limits),
        "dearer": _dearer(text, place.carrier),
        "counting": _counting(place.carrier),
        "asks_alt": place.capabilities.alt_text,
    }


def _open_now(offers: Iterator[dict[str, Any]], *, shut: bool) -> list[dict[str, Any]]:
    """Where the network takes no words of ours any more, only what travels another way is open."""
    return [offer | {"checked": True} for offer in offers if offer["by_email"]] if shut else list(offers)


def stands(judged: Judged) -> bool:
    """This function will say whether anything stands against an answer as it is."""
    return judged.too_long or bool(judged.exposed)


def count_words(measured: Sequence[Measured]) -> str:
    """This function will say what is left, by the limit that is nearest, and how many messages it is paid for as."""
    if not measured:
        return ""
    nearest = min(measured, key=lambda one: one.left)
    number = abs(nearest.left)
    unit = nearest.said if number != 1 else nearest.said.removesuffix("s")
    words = f"{number} {unit} {'too many' if nearest.left < 0 else 'left'}"
    paid = next((one.messages for one in measured if one.messages > 1), 0)
    return f"{words} · {paid} text messages" if paid else words


def _title(judged: Judged, who: str) -> str:
    if judged.exposed and judged.too_long:
        return f"Too long, and {who[0].lower()}{who[1:]} could read something private: choose how it goes"
    if judged.exposed:
        return f"{who} could read something private: choose how it goes"
    return "Too long for one message: choose how it goes" if judged.too_long else "Send it another way"


def _offers(place: Place, judged: Judged, chosen: Chosen) -> Iterator[dict[str, Any]]:
    open_ways = [offer.way for offer in judged.offers]
    if len(open_ways) == 1 and not judged.exposed:
        return
    way = chosen.way if chosen.way in open_ways else Way.AS_IT_IS
    for offer in judged.offers:
        own = chosen if offer.way is chosen.way else Chosen()
        closing = own.closing or _closing_words(place, offer)
        yield {
            "way": offer.way.value,
            "words": offer.words,
            "hint": _hint(place, offer),
            "checked": offer.way is way,
            "closing": closing,
            "email": chosen.email or place.carrier.email if offer.way is Way.EMAIL else "",
            "by_email": offer.way is Way.EMAIL,
            "asks_reason": bool(judged.exposed) and offer.in_public,
            "reason": own.reason,
            "seen": [] if offer.way is Way.AS_IT_IS and stands(judged) else list(_seen(place, offer)),
        }


def _closing_words(place: Place, offer: Offer) -> str:
    if offer.leaves_line:
        return rule.CLOSING[offer.way]
    return rule.LINK_LINE if offer.way is Way.LINK and place.carrier.public else ""


def _hint(place: Place, offer: Offer) -> str:
    if offer.way is Way.LINK and offer.in_public:
        return "Whoever has the link can read the answer, and nothing else of this conversation."
    if offer.way is Way.LINK:
        return "They read it, and can add to it, on a page of their own."
    if offer.way is Way.EMAIL and offer.asks_email:
        return "We do not know their address: ask for it in private, or write it here if they gave it."
    return ""


def _seen(place: Place, offer: Offer) -> Iterator[dict[str, str]]:
    """The messages of a way as they would be read, and by whom; not again what stands in a box beside it."""
    by = f"{place.readers} can read" if offer.in_public else THEY_READ
    if offer.way is Way.AS_IT_IS or len(offer.parts) > 1:
        for part in offer.parts:
            yield {"by": by, "text": part, "left": _left(place.carrier, offer, part)}
    elif offer.way is Way.LINK and not offer.in_public:
        yield {"by": by, "text": f"{rule.LINK_LINE} (link)", "left": ""}


def _left(carrier: Carrier, offer: Offer, part: str) -> str:
    if offer.way in (Way.AS_IT_IS, Way.THREAD):
        return count_words([measure(part, limit) for limit in carrier.limits])
    if offer.way is Way.PRIVATE:
        return count_words([measure(part, limit) for limit in carrier.private_limits])
    return ""


def _dearer(text: str, carrier: Carrier) -> str:
    """Which letters make a text message hold less than half."""
    if not any(limit.scheme == "sms" for limit in carrier.limits):
        return ""
    dearer = sms_parts(text).dearer
    if not dearer:
        return ""
    signs = ", ".join(f"“{sign}”" for sign in dearer[:8])
    are = "is" if len(dearer) == 1 else "are"
    return f"{signs} {are} not in the plain alphabet of text messages, so one holds 70 characters and not 160."


def _counting(carrier: Carrier) -> dict[str, Any]:
    limits = [{"scheme": limit.scheme, "most": limit.most} for limit in carrier.limits]
    return {"limits": limits, "schemes": as_data({limit.scheme for limit in carrier.limits}), "public": carrier.public}
