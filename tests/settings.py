"""The settings of an installation, moved to a folder of this process alone and away from any real installation's data.

Tests read them (see pyproject.toml); what they change is what tests need and an installation must not have.
"""

import os
import tempfile
from pathlib import Path

# Set before the settings are read, and so inherited by what a test starts.
os.environ.update(
    DATA_DIR=tempfile.mkdtemp(prefix="sociable-tests-"),
    SOCIABLE_MODE="example",
    SECRET_KEY="tests, and only tests, know this key",
    ALERT_SERVICES="json,mmost,ntfy,slack,workflows",
    ALERT_HOSTS="127.0.0.1,ntfy.sh",
)

from sociable.config.settings import *  # noqa: F403 - all of them, as an installation has them
from sociable.config.settings import DATA_DIR, DATABASES, GROWN, STATIC_ROOT, STORAGES

Path(STATIC_ROOT).mkdir()
# Quick: these passwords guard nothing.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Static files by their own names: no test has to collect them first.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
if not GROWN:
    # A file as in an installation, not memory: threads and processes meet each other as they do there.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "tests.sqlite3")}
