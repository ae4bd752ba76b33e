"""Turns a rule's refusal into a page, in one place."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from sociable.domain.errors import DomainError
from sociable.people.permissions import NotAllowed


class Refusals:
    """Shows the sentence of a DomainError that no view handled: 403 for permissions, 409 for the rest."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, DomainError):
            return None
        status = 403 if isinstance(error, NotAllowed) else 409
        return render(request, "refusal.html", {"message": error.message, "status": status}, status=status)
