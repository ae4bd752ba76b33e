"""`sociable import-messages`: looks, takes, tells what could not be taken, and takes nothing twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sociable.conversations.models import Message
from tests.cast import at

HEAD = "sent_at,from,text,id\n"
ROWS = f"{at(10).isoformat()},dev,Bins?,1\n{at(11).isoformat()},jo,Trees?,2\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "export.csv"
    path.write_text(HEAD + ROWS, encoding="utf-8")
    return path


def bring(run: Any, file: Path, *words: str, status: int = 0) -> Any:
    done = run("import-messages", str(file), "--account", "help", "--network", "Nextdoor", *words)
    assert done.status == status, done.err
    return done


def test_it_looks_then_takes_and_takes_nothing_twice(run: Any, cast: Any, file: Path) -> None:
    assert "2 of 2 rows would come into Ashby Help; nothing was written." in bring(run, file, "--look").out
    assert not Message.objects.exists()
    told = bring(run, file, "--json").json
    assert (told["messages"], told["conversations"], told["waits_begun"], told["refused"]) == (2, 2, 2, [])
    again = bring(run, file, "--json").json
    assert (again["messages"], again["duplicates"]) == (0, 2)


def test_a_row_that_cannot_be_taken_is_named_and_the_status_says_so(run: Any, cast: Any, file: Path) -> None:
    file.write_text(HEAD + ROWS + "soon,dev,Hello,3\n", encoding="utf-8")
    done = bring(run, file, status=1)
    assert "Line 4: “soon” is no time" in done.err
    assert "1 could not be taken" in done.out
    assert Message.objects.count() == 2


@pytest.mark.parametrize("content", [b"", b"nothing\nhere", b"{"])
def test_a_file_that_is_none_is_refused_in_a_sentence(run: Any, cast: Any, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert "Traceback" not in bring(run, file, status=1).err


def test_a_file_that_is_not_there_is_told(run: Any, cast: Any, tmp_path: Path) -> None:
    assert "No such file" in bring(run, tmp_path / "gone.csv", status=1).err
