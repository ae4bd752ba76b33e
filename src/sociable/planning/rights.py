"""Names the parts of planning, and shows its pages with the parts their reader sees beside them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sociable.cover.queries import SEES_COVER
from sociable.people.parts import Part, beside, signed_in

# The order in which a lead goes through them; each part adds itself here and its addresses in urls.py.
PARTS: tuple[Part, ...] = (
    Part("board", "Board", "chart", SEES_COVER),
    Part("rota", "Rota", "calendar", frozenset()),
    Part("away", "Time away", "moon", frozenset()),
    Part("forecast", "Forecast", "eye", SEES_COVER),
    Part("ready", "Ready", "check", frozenset()),
)


def page(request: HttpRequest, part: str, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """This function will show a page of planning with the parts its reader sees beside it."""
    return render(
        request,
        f"planning/{template}",
        {"section": "planning", "parts": beside(signed_in(request), PARTS, "planning", part), **context},
        status=status,
    )
