"""Says what a notice of cover, leave or rota says when it leaves, as things stand then, and where it leads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.urls import reverse

from sociable.alerts.models import Notice
from sociable.alerts.words import Words
from sociable.journeys import away, holes, rota_told

SAID: dict[str, tuple[Callable[[Notice, datetime], Words | None], str]] = {
    "holes": (holes.said, "planning:holes"),
    "away": (away.said, "planning:away"),
    "rota": (rota_told.said, "desk:my_day"),
}


def said(notice: Notice, now: datetime) -> Words | None:
    """This function will say what a notice says; None where nobody needs to be told any more."""
    return SAID[_of(notice)][0](notice, now)


def page(notice: Notice) -> str:
    """This function will return the address of the page that a notice is about."""
    return reverse(SAID[_of(notice)][1])


def _of(notice: Notice) -> str:
    return str((notice.about or {})["of"])
