"""Gives every page the few words about the installation itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from sociable.alerts import queries as alerts


def installation(request: HttpRequest) -> dict[str, Any]:
    """This function will name the installation for base templates."""
    to_acknowledge = SimpleLazyObject(lambda: alerts.count_to_acknowledge(request.user))
    return {"is_example": settings.EXAMPLE, "public_url": settings.PUBLIC_URL, "to_acknowledge": to_acknowledge}
