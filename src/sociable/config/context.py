"""Gives every page the few words about the installation itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def installation(request: HttpRequest) -> dict[str, Any]:
    """This function will name the installation for base templates."""
    return {"is_example": settings.EXAMPLE, "public_url": settings.PUBLIC_URL}
