"""`kill -9` at random moments loses nothing, sends nothing twice and misses no warning: a short run of benchmarks/kill.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.grown.house import ROOT

pytestmark = [pytest.mark.servers, pytest.mark.timeout(500)]
ROUNDS = 4


def test_killed_at_random_moments_nothing_is_lost_sent_twice_or_missed(database_url):
    given = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    run = subprocess.run(
        [sys.executable, "benchmarks/kill.py", "--rounds", str(ROUNDS), "--json"],
        env=given | {"DATABASE_URL": database_url}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.stdout, run.stderr
    figures = json.loads(run.stdout)
    assert run.returncode == 0, figures
    assert figures["mails_taken_in"] > ROUNDS
    assert figures["warnings_told"] > figures["mails_taken_in"]
