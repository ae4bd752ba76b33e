"""An account moves where the table lets it, not without what must be there, and with a reason where the rest is missing."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

from sociable.directory.models import Account
from sociable.domain.cover import stages
from sociable.domain.cover.stages import MOVES, Facts, Lack, MoveRefused, Stage, check_move, missing

TODAY = date(2026, 11, 23)
WHOLE = Facts(
    ready=2, uncovered=0, needed=320, states_hours=True, promises=True, is_connected=True, has_other_ways=True, waiting=0,
    answers_for=(), today=TODAY,
)  # fmt: skip
SOON = TODAY + timedelta(days=30)


def lacks(to: Stage, **facts: object) -> dict[Lack, bool]:
    return {one.lack: one.bars for one in missing(to, replace(WHOLE, **facts))}  # type: ignore[arg-type]


def test_the_stages_are_those_of_the_table() -> None:
    assert {stage.value for stage in Stage} == set(Account.Stage.values)
    assert set(MOVES) == set(Stage)


@pytest.mark.parametrize(("now_is", "to"), list(product(Stage, Stage)))
def test_only_the_moves_of_the_table_are_made(now_is: Stage, to: Stage) -> None:
    if to in MOVES[now_is]:
        check_move(now_is, to, WHOLE, until_on=SOON)
    else:
        with pytest.raises(MoveRefused, match="cannot become"):
            check_move(now_is, to, WHOLE, until_on=SOON, reason="Because")


def test_the_how_to_has_the_same_table() -> None:
    page = (Path(__file__).parents[3] / "docs" / "how-to" / "move-an-account-to-live.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([\w, ]+) \|$", page, re.MULTILINE)
    told = {row: tuple(to.split(", ")) for row, to in rows if row in set(Stage)}
    assert told == {str(stage): tuple(map(str, moves)) for stage, moves in MOVES.items()}


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, {}),
        ({"ready": 0}, {Lack.TRAINED: True}),
        ({"ready": 1}, {Lack.SECOND: False}),
        ({"uncovered": 1}, {Lack.COVER: False}),
        ({"states_hours": False}, {Lack.HOURS: False}),
        ({"promises": False}, {Lack.PROMISE: False}),
        ({"is_connected": False}, {Lack.CONNECTED: True}),
        ({"ready": 0, "uncovered": 9, "covered_elsewhere": True}, {}),
        ({"has_other_ways": False, "waiting": 3}, {}),
    ],
)
def test_what_live_needs(facts: dict[str, object], found: dict[Lack, bool]) -> None:
    assert lacks(Stage.LIVE, **facts) == found


def test_learning_may_begin_before_anybody_is_trained() -> None:
    assert lacks(Stage.LEARNING, ready=0, uncovered=320, promises=False) == {}
    assert lacks(Stage.LEARNING, is_connected=False, states_hours=False) == {Lack.CONNECTED: False, Lack.HOURS: False}


@pytest.mark.parametrize("to", [Stage.RESTING, Stage.CLOSED])
def test_whoever_asked_there_is_not_forgotten(to: Stage) -> None:
    found = lacks(to, has_other_ways=False, waiting=2, answers_for=("Ashby News",), ready=0)
    assert found == {Lack.OTHER_WAYS: False, Lack.WAITING: False, Lack.ANSWERS_FOR: False}


def test_a_reason_is_enough_for_some_of_it_and_for_the_rest_none_is() -> None:
    with pytest.raises(MoveRefused) as refused:
        check_move(Stage.LEARNING, Stage.LIVE, replace(WHOLE, ready=1), reason="  ")
    assert refused.value.of == "reason"
    check_move(Stage.LEARNING, Stage.LIVE, replace(WHOLE, ready=1, uncovered=4), reason="Kal starts on Monday")
    with pytest.raises(MoveRefused, match="Nobody is signed off") as refused:
        check_move(Stage.LEARNING, Stage.LIVE, replace(WHOLE, ready=0), reason="Kal starts on Monday")
    assert refused.value.of == "to"


@pytest.mark.parametrize(
    ("until_on", "words"),
    [(None, "until when"), (TODAY, "a day to come"), (TODAY + timedelta(days=367), "within a year")],
)
def test_learning_ends_on_a_day(until_on: date | None, words: str) -> None:
    with pytest.raises(MoveRefused, match=words):
        check_move(Stage.LIVE, Stage.LEARNING, WHOLE, until_on=until_on)
    check_move(Stage.LEARNING, Stage.LEARNING, WHOLE, until_on=TODAY + timedelta(days=1))


def test_what_is_missing_is_said_in_sentences() -> None:
    found = missing(Stage.LIVE, replace(WHOLE, ready=0, uncovered=12, is_connected=False))
    assert [one.bars for one in found] == [True, True, False]
    assert (
        "It needs people for 160 hours in the next four weeks, and for 6 hours of that the published" in found[2].words
    )
    assert all(one.words.endswith(".") for one in found)


def test_a_closed_account_begins_anew() -> None:
    assert stages.moves(Stage.CLOSED) == (Stage.PROPOSED,)
