"""Draws the rows of the desk's list."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from django import template
from django.template.loader import render_to_string

register = template.Library()
KEPT_ROWS = 2048  # some 3 MB: what two hundred people have on their screens, since most look at the same rows


@register.simple_tag
def queue_row(row: dict[str, Any]) -> str:
    """This function will draw one row of listing by components/queue_row.html.

    Every change anywhere asks for the whole list anew while hardly a row of it has changed: drawing them took a third of
    the answer. The row itself is the key, so that whatever differs is drawn.
    """
    return _drawn(json.dumps(row, default=asdict))


@lru_cache(maxsize=KEPT_ROWS)
def _drawn(row: str) -> str:
    return render_to_string("components/queue_row.html", {"row": json.loads(row)})
