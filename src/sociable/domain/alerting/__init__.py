"""Decides who is told of a request now, by which of their routes and why, and when the next step comes if nobody acknowledges.

Who is on duty, ready, away and reachable by what is handed in as it stands at an instant; telling is left to the rooms above.
"""

from sociable.domain.alerting.chain import Carried, Telling, Told, rings_at, tell, tell_on
from sociable.domain.alerting.routing import By, routes_now
from sociable.domain.alerting.situation import NOT_BEGUN, Policy, Situation, Standing
from sociable.domain.alerting.somebody import AHEAD, Hours, Somebody, Span, Way
from sociable.domain.alerting.timing import before, is_surge, lateness, waited_before

__all__ = [
    "AHEAD",
    "NOT_BEGUN",
    "By",
    "Carried",
    "Hours",
    "Policy",
    "Situation",
    "Somebody",
    "Span",
    "Standing",
    "Telling",
    "Told",
    "Way",
    "before",
    "is_surge",
    "lateness",
    "rings_at",
    "routes_now",
    "tell",
    "tell_on",
    "waited_before",
]
