"""Statements reach SQLite as Django words them, however often they come."""

from __future__ import annotations

import pytest
from django.db import connection

from tests.conftest import ON_POSTGRES

pytestmark = [pytest.mark.django_db, pytest.mark.skipif(ON_POSTGRES, reason="PostgreSQL reads them as they are")]


@pytest.mark.parametrize("given", ["a", "b"])
def test_values_stand_where_they_are_given_and_a_percent_sign_is_one(given: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s, 'so much: 5%%', %s LIKE 'a%%'", [given, given])
        assert cursor.fetchone() == (given, "so much: 5%", given == "a")
        cursor.execute("SELECT %(one)s || %(one)s", {"one": given})
        assert cursor.fetchone() == (2 * given,)
        cursor.execute("SELECT '%s'")  # nothing is given, so nothing is read into it
        assert cursor.fetchone() == ("%s",)
