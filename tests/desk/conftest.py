"""Asha of the help team at the desk, on a Monday at half past ten."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from sociable.conversations.models import Conversation
from tests.cast import Cast, at
from tests.pages import Pages


@pytest.fixture
def monday_half_past_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock that the interfaces read."""
    monkeypatch.setattr(timezone, "now", lambda: at(10, 30))


@pytest.fixture
def asha(pages: Pages, cast: Cast) -> Pages:
    pages.force_login(cast.asha)
    return pages


def page_of(conversation: Conversation) -> str:
    return reverse("desk:conversation", args=[conversation.pk])


def act(conversation: Conversation, name: str) -> str:
    return reverse("desk:act", args=[conversation.pk, name])


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)
