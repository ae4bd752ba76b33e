"""A lead signs somebody off in a real browser, and every page of it is looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from sociable.config.example import loading
from sociable.cover.models import Readiness
from sociable.people.models import Person
from tests.browser.conftest import look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def signed_in(page: Any, live_server: Any, email: str) -> Any:
    client = Client()
    client.force_login(Person.objects.get(email=email))
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    return page


def test_a_lead_signs_somebody_off(page: Any, live_server: Any) -> None:
    loading.load(timezone.now())
    dot = signed_in(page, live_server, "dot@aireborough.example")
    dot.goto("/cover/ready/")
    look(dot, "cover-ready")
    dot.get_by_role("link", name="Ola Martins, Outpatient Appointments").click()
    look(dot, "cover-ready-sign-off")
    dot.get_by_label("Note").fill("Finished the course")
    dot.get_by_role("button", name="Sign them off").click()
    look(dot, "cover-ready-one")
    assert Readiness.objects.filter(person__name="Ola Martins", note="Finished the course").exists()
    dot.goto("/cover/ready/bring-in/")
    dot.get_by_label("Or its rows").fill("person,account,from\nnobody@aireborough.example,city-help,2026-12-01")
    dot.get_by_role("button", name="Bring them in").click()
    dot.get_by_role("heading", name="Nothing was brought in").wait_for()
    look(dot, "cover-ready-bring-in")
    own = signed_in(page, live_server, "hannah@aireborough.example")
    own.goto("/cover/ready/")
    look(own, "cover-ready-own")
