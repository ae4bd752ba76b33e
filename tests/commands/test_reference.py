"""The reference of the commands says what the commands do: examples answer as printed, options and fields are all named."""

from __future__ import annotations

import argparse
import importlib
import logging
import re
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from sociable.config import command, due_lines
from tests.cast import MONDAY_10

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
COMMANDS = (REFERENCE / "commands.md").read_text(encoding="utf-8")
JSON = (REFERENCE / "json.md").read_text(encoding="utf-8")


def section(text: str, title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def fields(title: str, heading: str = "field") -> set[str]:
    """The names in the first column of a table."""
    table = section(JSON, title).partition(f"| {heading} |")[2].partition("\n\n")[0]
    return {name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])}


def test_the_examples_of_due_answer_as_printed() -> None:
    asked, told = re.search(r"<<'END'\n(.*?)\nEND\n(.*?)\n```", section(COMMANDS, "due"), re.DOTALL).groups()  # type: ignore[union-attr]
    answers = [due_lines.answer(line.encode(), lambda *_: None).decode().rstrip("\n") for line in asked.splitlines()]  # type: ignore[arg-type, return-value]
    assert answers == told.splitlines()


@pytest.mark.parametrize("name", command.names())
def test_every_command_is_told_with_its_options(name: str) -> None:
    parser = argparse.ArgumentParser()
    importlib.import_module(f"sociable.config.commands.{name.replace('-', '_')}").add_arguments(parser)
    told = section(COMMANDS, name)
    if name != "add-partner":  # its own help tells its many
        assert {option for action in parser._actions for option in action.option_strings} - {"-h", "--help"} == set(
            re.findall(r"(?<!\w)--[a-z-]+", told.split("`")[1])
        )
    assert f"| `{name}` |" in COMMANDS


def test_every_data_command_takes_json_and_tells_of_itself(run: Any) -> None:
    for name in ("queue", "due", "import-mail", "export", "doctor", "backup", "restore"):
        done = run(name, "--help")
        assert done.status == 0
        assert "--json" in done.out


def test_a_command_leaves_the_log_handlers_of_its_process_open(run: Any) -> None:
    handler = logging.StreamHandler()
    with mock.patch.object(handler, "close") as close:
        assert run("queue", "--help").status == 0
    assert not close.called


def test_the_fields_of_due() -> None:
    assert fields("due", "in") == due_lines.KEYS
    assert fields("due", "out") >= {
        "due",
        "elapsed",
        "explanation",
        "refusal",
        "id",
        "ignored",
        "field",
        "place",
        "part",
        "reason",
    } - {"field", "place", "part", "reason"}
    for name in due_lines.Refused("", "").as_json():
        assert f"`{name}`" in section(JSON, "due")


def test_the_fields_of_the_rest(run: Any, cast: Any, tmp_path: Path) -> None:
    cast.ask(when=MONDAY_10)
    queue = run("queue", "--json").json
    assert fields("queue") == set(queue) | set(queue["places"][0])
    (line,) = run("export", "messages").lines
    assert fields("export messages") - {"name", "address"} == set(line)
    for name in line["began_wait"]:
        assert f"`{name}`" in section(JSON, "export messages")
    (tmp_path / "a.eml").write_text("Subject: a\n\nHello")
    assert fields("import-mail") == set(run("import-mail", str(tmp_path), "--account", "help", "--json").json)
    doctor = run("doctor", "--json").json
    assert fields("doctor") == set(doctor)
    assert set(doctor["findings"][0]) == {"check", "state", "what", "mend"}


def test_the_fields_of_backup_and_restore(installation: Any, tmp_path: Path) -> None:
    installation.with_example()
    backup = installation.run("backup", str(tmp_path / "b.tar.gz"), "--json").json
    restore = installation.run("restore", str(tmp_path / "b.tar.gz"), "--replace", "--json").json
    assert fields("backup and restore") == set(backup) | set(restore)
