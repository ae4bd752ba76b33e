"""Say what is wrong with this installation and how to mend it.

It looks and writes nothing, and may run while Sociable serves. The exit status is 1 when something is wrong; what a person
should only know of is marked LOOK and leaves it at 0.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict

from django.utils import timezone

from sociable.config import checkup, naming

MARKS = {checkup.GOOD: "good ", checkup.LOOK: "LOOK ", checkup.WRONG: "WRONG"}
LONGEST_LINE_CHARS = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--connections", action="store_true", help="also log in at every account's mail servers")
    parser.add_argument("--json", action="store_true", help="one JSON object, as in docs/reference/json.md")


def run(options: argparse.Namespace) -> int:
    findings = list(checkup.look(timezone.now(), connections=options.connections))
    well = all(finding.state != checkup.WRONG for finding in findings)
    if options.json:
        print(
            json.dumps(
                {"ok": well, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False, indent=1
            )
        )
        return 0 if well else 1
    for finding in findings:
        print(f"{MARKS[finding.state]}  {finding.check}: {naming.line(finding.what, LONGEST_LINE_CHARS)}")
        if finding.mend:
            print(f"       {naming.line(finding.mend, LONGEST_LINE_CHARS)}")
    return 0 if well else 1
