"""Says what a notice of cover, leave or rota says when it leaves, as things stand then, and where it leads."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from django.urls import reverse

from sociable.alerts.models import Notice
from sociable.alerts.words import Words
from sociable.journeys import away, holes, rota_told


class Journey(Protocol):
    """One that asked for a notice and says what it says; a module, so that whichever is imported first finds the others."""

    def said(self, notice: Notice, now: datetime, /) -> Words | None: ...


SAID: dict[str, tuple[Journey, str]] = {
    "holes": (holes, "planning:holes"),
    "away": (away, "planning:away"),
    "rota": (rota_told, "desk:my_day"),
}


def said(notice: Notice, now: datetime) -> Words | None:
    """This function will say what a notice says; None where nobody needs to be told any more."""
    return SAID[_of(notice)][0].said(notice, now)


def page(notice: Notice) -> str:
    """This function will return the address of the page that a notice is about."""
    return reverse(SAID[_of(notice)][1])


def _of(notice: Notice) -> str:
    return str((notice.about or {})["of"])
