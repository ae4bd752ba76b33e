"""`kill -9` between a Mastodon server's acceptance and our knowing of it: a short run of benchmarks/kill_mastodon.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.conftest import require
from tests.grown.house import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(600)]
ROUNDS = 3


def test_killed_after_the_server_accepted_no_answer_is_lost_and_none_stands_twice(database_url):
    require("mastodon")
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    run = subprocess.run(
        [sys.executable, "benchmarks/kill_mastodon.py", "--rounds", str(ROUNDS), "--json"],
        env=given | {"DATABASE_URL": database_url}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout, run.stderr
    figures = json.loads(run.stdout)
    assert run.returncode == 0, figures
    assert figures["known_as_taken"] == ROUNDS
