"""Puts the triggers of the search back on SQLite, where changing a table means making it anew without them.

Every migration that changes messages ends with `AGAIN`; a test finds one that does not.
"""

from importlib import import_module

from django.db import migrations

_search = import_module("sociable.conversations.migrations.0003_search")


def _again(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for statement in _search.SQLITE[1:]:
            schema_editor.execute(statement.replace("CREATE TRIGGER", "CREATE TRIGGER IF NOT EXISTS"))


AGAIN = migrations.RunPython(_again, migrations.RunPython.noop)
