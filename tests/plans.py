"""Says by which indexes SQLite answers what the code asks, so that a question does not come to read all there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


def plans(do: Callable[[], Any], table: str) -> list[str]:
    """How SQLite looks into a table for each question that is asked of it first; PostgreSQL decides by how much there is."""
    with CaptureQueriesContext(connection) as asked:
        do()
    questions = [one["sql"] for one in asked.captured_queries if f'FROM "{table}"' in one["sql"]]
    found = []
    with connection.cursor() as cursor:
        for question in questions:
            cursor.execute(f"EXPLAIN QUERY PLAN {question}")
            found += [how for *_, how in cursor.fetchall() if table in how]
    return found
