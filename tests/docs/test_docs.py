"""Keeps the documentation true: its links, the commands and targets it names, its settings, and what it says stands on the screen."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.core.management import get_commands

from sociable.config import command

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/README.md")])
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
SETTINGS = ROOT / "docs" / "reference" / "settings.md"
# Pages in which what is bold is what stands on the screen.
STEPS = [
    "docs/tutorial/first-day.md",
    "docs/how-to/state-your-hours.md",
    "docs/how-to/connect-a-mailbox.md",
    "docs/how-to/connect-bluesky.md",
    "docs/how-to/connect-mastodon.md",
    "docs/how-to/note-a-call.md",
    "docs/how-to/import-messages.md",
    "docs/how-to/sign-somebody-off.md",
    "docs/how-to/move-an-account-to-live.md",
    "docs/how-to/plan-time-away.md",
]
# `sociable COMMAND ...` where a line, a pipe or a path begins it
RUN = re.compile(r"(?:^\s*(?:\$ )?|[|;&] |/bin/)sociable +([A-Za-z][\w-]*)(.*)", re.MULTILINE)


def code_of(name: str) -> str:
    """All that a page marks as code, in lines and in blocks."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.findall(r"^```.*?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return "\n".join(
        [*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))]
    )


@cache
def renderer() -> ModuleType:
    loader = SourceFileLoader("docs_renderer", str(ROOT / "scripts" / "docs"))
    spec = importlib.util.spec_from_loader("docs_renderer", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@cache
def read(page: Path) -> Any:
    return renderer().READER.parse(page.read_text(encoding="utf-8"))


@cache
def headings() -> dict[Path, set[str]]:
    return {page: renderer().named_headings(read(page)) for page in PAGES}


@pytest.mark.parametrize("name", NAMES)
def test_every_link_inside_the_project_leads_somewhere(name: str) -> None:
    docs, page = renderer(), ROOT / name
    wrong = [docs.trouble(page, str(token.attrs[attribute]), headings()) for token, attribute in docs.links(read(page))]
    assert [each for each in wrong if each] == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    docs = renderer()
    assert docs.trouble(ROOT / "README.md", "docs/nowhere.md", {})
    assert docs.trouble(ROOT / "README.md", "README.md#nowhere", {ROOT / "README.md": {"try-it"}})
    assert docs.trouble(ROOT / "README.md", "README.md#try-it", {ROOT / "README.md": {"try-it"}}) is None


def test_every_page_of_the_documentation_is_named_in_its_index() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    linked = set(re.findall(r"\]\(([^)#]+)\)", index))
    pages = {str(page.relative_to(ROOT / "docs")) for page in ROOT.glob("docs/**/*.md")} - {"README.md"}
    assert pages - linked == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_it_names_exists(name: str) -> None:
    known = {*command.names(), *get_commands(), "COMMAND"}
    assert {found[1] for found in RUN.finditer(code_of(name))} - known == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_option_it_gives_a_command_is_one_of_its_options(name: str) -> None:
    for found in RUN.finditer(code_of(name).replace("\\\n", " ")):
        options = set(re.findall(r"(?<!\S)--[a-z][\w-]*", found[2].partition("#")[0]))
        if options and found[1] in command.names():
            assert options - _options(found[1]) == set(), found[0]


@cache
def _options(name: str) -> frozenset[str]:
    """The options a command's own parser takes."""
    import argparse
    import importlib

    parser = argparse.ArgumentParser()
    added: Any = importlib.import_module(f"sociable.config.commands.{name.replace('-', '_')}")
    added.add_arguments(parser)
    return frozenset(option for action in parser._actions for option in action.option_strings) | {"--help"}


@pytest.mark.parametrize("name", NAMES)
def test_every_make_target_it_names_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)\b", code_of(name))) - targets == set()


@pytest.mark.parametrize("name", NAMES)
def test_every_file_of_the_project_it_names_exists(name: str) -> None:
    """Paths written as code, such as `domain/worktime` or `benchmarks/desk.py`, from the top of the project or of the package."""
    starts = {each.name for each in (*ROOT.iterdir(), *(ROOT / "src" / "sociable").iterdir()) if each.is_dir()} - {
        "data",
        "build",
    }
    text = re.sub(r"^```.*?^```", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    named = {path for path in re.findall(r"`([\w./-]+/[\w./-]+)`", text) if path.split("/")[0] in starts}
    tops = (ROOT, ROOT / "src" / "sociable", (ROOT / name).parent)
    assert {path for path in named if not any(_exists(top / path) for top in tops)} == set()


def _exists(path: Path) -> bool:
    """A module may be named without its ending, and a name in a module after a dot."""
    return path.exists() or path.with_suffix(".py").exists() or path.with_suffix("").is_dir()


# -- Settings ------------------------------------------------------------------------------------------------------------


def read_by_the_program() -> dict[str, str | None]:
    """Each setting that config/settings.py reads, with its default where that is a plain value."""
    tree = ast.parse((ROOT / "src/sociable/config/settings.py").read_text(encoding="utf-8"))
    found: dict[str, str | None] = {}
    for call in ast.walk(tree):
        if not (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in ("_text", "_number", "_list")
        ):
            continue
        name = call.args[0]
        if isinstance(name, ast.Constant):
            given = call.args[1] if len(call.args) > 1 else None
            found[str(name.value)] = str(given.value) if isinstance(given, ast.Constant) else None
    return found


def told_by_the_tables() -> dict[str, str]:
    rows = re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", SETTINGS.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(rows) == len(dict(rows)), "a setting stands in the tables twice"
    return dict(rows)


def test_the_tables_name_every_setting_and_invent_none() -> None:
    assert set(told_by_the_tables()) == set(read_by_the_program())


def test_the_tables_tell_each_plain_default() -> None:
    told = told_by_the_tables()
    assert {
        name: default for name, default in read_by_the_program().items() if default and f"`{default}`" not in told[name]
    } == {}


def test_no_page_names_a_setting_that_is_not_one() -> None:
    """Whatever is written NAME=value in the papers is a setting, or a variable of a tool that is named here."""
    others = {"ARGS", "CI", "PYTHON", "DJANGO_SETTINGS_MODULE", "SOCIABLE_PICTURES", "PYTHONPATH"}
    named = {name for page in NAMES for name in re.findall(r"(?<![\w-])([A-Z][A-Z_]+)=", code_of(page))}
    assert {name.removesuffix("_FILE") for name in named} - set(read_by_the_program()) - others == set()


# -- What stands on the screen ------------------------------------------------------------------------------------------


@cache
def said_on_screens() -> str:
    """The text of templates and the words in the code; what is filled in is left open."""
    files = [
        *ROOT.glob("src/sociable/**/*.html"),
        *ROOT.glob("src/sociable/**/*.py"),
        *ROOT.glob("src/sociable/**/*.js"),
    ]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if "migrations" not in file.parts)


@pytest.mark.parametrize("name", STEPS)
def test_what_a_step_says_to_choose_stands_on_the_screen(name: str) -> None:
    bold = set(re.findall(r"\*\*([^*]+)\*\*", re.sub(r"\s+", " ", (ROOT / name).read_text(encoding="utf-8"))))
    screens = re.sub(r"\{\{ ?what ?\}\}", "hours", said_on_screens())
    assert bold, "this page names nothing on the screen"
    assert {words for words in bold if words not in screens} == set()


# -- Pictures ------------------------------------------------------------------------------------------------------------


def test_pictures_are_small_and_used() -> None:
    pictures = list((ROOT / "docs" / "pictures").glob("*"))
    assert [each.name for each in pictures if each.stat().st_size > 250_000] == []
    assert sum(each.stat().st_size for each in pictures) < 2_000_000
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [each.name for each in pictures if each.name not in text] == []


# -- Commands tell the page ---------------------------------------------------------------------------------------------


def test_the_list_of_commands_points_to_pages_that_exist() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sociable", "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    named = re.findall(
        r"docs/[\w/.-]+\.md", done.stdout + "".join(command._docstring(each) for each in command.names())
    )
    assert "docs/reference/settings.md" in named
    assert [path for path in named if not (ROOT / path).exists()] == []
