"""Starts the `sociable` command: ours, one module each in `commands`, and Django's own under the same name.

What a command does is decided in its module; here only how it is found, how it says no, and with which exit status.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import os
import sys
from pathlib import Path
from typing import Protocol, cast

DONE, REFUSED, USAGE = 0, 1, 2
FOLDER = Path(__file__).parent / "commands"
BY_ITSELF = {"due"}  # needs no settings and no database until it is asked about an account; then it calls `set_up`


class Command(Protocol):
    """A module of `commands`: its docstring is its help, and the first line of it stands in the list."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Name what the command takes."""

    def run(self, options: argparse.Namespace) -> int:
        """Do it, and return the exit status."""


def main() -> None:
    """This function will run `sociable COMMAND`; exit status 0 when done, 1 when refused, 2 when the words are off."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sociable.config.settings")
    try:
        sys.exit(run(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:  # `sociable queue | head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(DONE)


def run(words: list[str]) -> int:
    """This function will run the command these words name and return its exit status."""
    if words in ([], ["help"], ["-h"], ["--help"]):
        print(overview())
        return DONE if words else USAGE
    try:
        return _ours(words) if words[0] in names() else _djangos(words)
    except BrokenPipeError:
        raise
    except Exception as error:
        if (sentence := _refusal(error)) is None:
            raise
        print(sentence, file=sys.stderr)
        return REFUSED


def names() -> list[str]:
    """This function will name our own commands."""
    return sorted(path.stem.replace("_", "-") for path in FOLDER.glob("[a-z]*.py"))


def overview() -> str:
    """This function will list our commands with a line each, without importing any of them."""
    width = max(map(len, names()))
    lines = [f"  {name:<{width}}  {_docstring(name).splitlines()[0]}" for name in names()]
    return "\n".join(
        [
            "usage: sociable COMMAND [--help] ...",
            "",
            *lines,
            "",
            "Django's own commands (migrate, shell, check and so on) work as well.",
            "Settings are read from the environment: see docs/reference/settings.md.",
        ]
    )


def _docstring(name: str) -> str:
    source = (FOLDER / f"{name.replace('-', '_')}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or name


def _ours(words: list[str]) -> int:
    if words[0] not in BY_ITSELF:
        set_up()
    module = importlib.import_module(f"sociable.config.commands.{words[0].replace('-', '_')}")
    command = cast("Command", module)
    parser = argparse.ArgumentParser(
        prog=f"sociable {words[0]}",
        description=_docstring(words[0]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    command.add_arguments(parser)
    return command.run(parser.parse_args(words[1:]))


def _djangos(words: list[str]) -> int:
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - `--help` need not wait for Django

    set_up()
    execute_from_command_line(["sociable", *words])
    return DONE


def set_up() -> None:
    """This function will read the settings and make Django ready."""
    import django  # noqa: PLC0415 - as above
    from django.apps import apps  # noqa: PLC0415
    from django.conf import settings  # noqa: PLC0415

    if not apps.ready:  # a second time would shut every log handler of the process, and one of absl's shuts its stream
        django.setup()
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)


def _refusal(error: Exception) -> str | None:
    """What is the world's doing is told in a sentence; what needs a change of code keeps its traceback."""
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415 - as above
    from django.db import OperationalError  # noqa: PLC0415

    from sociable.channels.base import ChannelError  # noqa: PLC0415
    from sociable.domain.errors import DomainError  # noqa: PLC0415

    if isinstance(error, (DomainError, ChannelError)):
        return error.message
    if isinstance(error, OperationalError):
        return f"The database would not answer: {str(error).strip()}"
    return str(error) if isinstance(error, (ImproperlyConfigured, OSError)) else None
