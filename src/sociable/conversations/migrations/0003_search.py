"""Full-text search over messages: FTS5 kept in step by triggers on SQLite, an expression index on PostgreSQL."""

from django.db import migrations

SQLITE = [
    """CREATE VIRTUAL TABLE conversations_search USING fts5(
        subject, from_name, from_address, text,
        content='conversations_message', content_rowid='id', tokenize='porter unicode61 remove_diacritics 2'
    )""",
    """CREATE TRIGGER conversations_search_added AFTER INSERT ON conversations_message BEGIN
        INSERT INTO conversations_search(rowid, subject, from_name, from_address, text)
        VALUES (new.id, new.subject, new.from_name, new.from_address, new.text);
    END""",
    """CREATE TRIGGER conversations_search_removed AFTER DELETE ON conversations_message BEGIN
        INSERT INTO conversations_search(conversations_search, rowid, subject, from_name, from_address, text)
        VALUES ('delete', old.id, old.subject, old.from_name, old.from_address, old.text);
    END""",
    """CREATE TRIGGER conversations_search_changed AFTER UPDATE OF subject, from_name, from_address, text ON conversations_message BEGIN
        INSERT INTO conversations_search(conversations_search, rowid, subject, from_name, from_address, text)
        VALUES ('delete', old.id, old.subject, old.from_name, old.from_address, old.text);
        INSERT INTO conversations_search(rowid, subject, from_name, from_address, text)
        VALUES (new.id, new.subject, new.from_name, new.from_address, new.text);
    END""",
]
# A tsvector holds a megabyte at most, so the longest messages are searched by their first 200,000 characters.
POSTGRESQL = [
    """CREATE INDEX conversations_search ON conversations_message USING gin (to_tsvector('english',
        subject || ' ' || from_name || ' ' || from_address || ' ' || left(text, 200000)))""",
]


def make(apps, schema_editor):
    for statement in SQLITE if schema_editor.connection.vendor == "sqlite" else POSTGRESQL:
        schema_editor.execute(statement)


def unmake(apps, schema_editor):
    if schema_editor.connection.vendor == "sqlite":
        for trigger in ("added", "removed", "changed"):
            schema_editor.execute(f"DROP TRIGGER conversations_search_{trigger}")
        schema_editor.execute("DROP TABLE conversations_search")
    else:
        schema_editor.execute("DROP INDEX conversations_search")


class Migration(migrations.Migration):
    dependencies = [("conversations", "0002_initial")]
    operations = [migrations.RunPython(make, unmake)]
