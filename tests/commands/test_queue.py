from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sociable.config.commands import queue
from tests.cast import MONDAY_10


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is midday on the Monday on which people asked."""
    monkeypatch.setattr(queue.timezone, "now", lambda: MONDAY_10 + timedelta(hours=1))


def places(run: Any, *words: str) -> list[dict[str, Any]]:
    done = run("queue", "--json", *words)
    assert done.status == 0, done.err
    return list(done.json["places"])


def test_the_order_is_the_fair_one_over_all_accounts(run: Any, cast: Any) -> None:
    cast.ask(account=cast.books, email="slow@example.org", text="Two working days")
    cast.ask(account=cast.help, email="quick@example.org", text="Two hours")
    cast.ask(account=cast.clinic, email="other@example.org", text="Four hours")
    told = places(run)
    assert [(place["place"], place["account"]) for place in told] == [(1, "help"), (2, "clinic"), (3, "libraries")]
    assert [place["share_used"] for place in told] == sorted((place["share_used"] for place in told), reverse=True)
    assert told[0] == told[0] | {
        "partner": "ashby",
        "channel": "form",
        "contact": "Dev Patel",
        "due_at": "2026-11-23T12:00:00Z",
        "share_used": 0.5,
        "reason": "50% of its promised time used",
        "held_by": None,
    }


def test_accounts_and_partners_narrow_it(run: Any, cast: Any) -> None:
    for account in (cast.help, cast.books, cast.clinic):
        cast.ask(account=account, email=f"{account.slug}@example.net", text=account.slug)
    assert [place["account"] for place in places(run, "--partner", "vale")] == ["clinic"]
    assert {
        place["account"] for place in places(run, "--account", "help", "--account", cast.books.address.upper())
    } == {"help", "libraries"}
    assert [place["place"] for place in places(run, "--limit", "2")] == [1, 2]


def test_more_than_a_page_is_one_order(run: Any, cast: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(7):
        cast.ask(email=f"p{number}@example.org", text=f"{number}", when=MONDAY_10 + timedelta(minutes=number))
    whole = places(run)
    monkeypatch.setattr(queue, "AT_ONCE", 2)
    assert places(run) == whole
    assert len(whole) == 7


def test_a_held_wait_is_shown_with_who_holds_it(run: Any, cast: Any) -> None:
    from sociable.journeys import claim

    conversation = cast.ask().conversation
    claim.take(conversation.pk, cast.asha, MONDAY_10 + timedelta(minutes=55))
    assert [place["held_by"] for place in places(run)] == ["Asha Khan"]


def test_the_table_is_for_a_terminal(run: Any, cast: Any) -> None:
    cast.ask(name="Dev\x1b[31m Patel\nline", text="Hello")
    told = run("queue").out
    assert "\x1b" not in told
    assert "12:00" in told
    assert "50% of its promised time used" in told
    assert len(told.splitlines()) == 2


def test_nobody_waits(run: Any, cast: Any) -> None:
    assert run("queue").out == "Nobody waits.\n"
    assert places(run) == []


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--account", "nope"], 1, "There is: clinic, help, libraries."),
        (["--partner", "nope"], 1, "There is: ashby, vale."),
        (["--limit", "0"], 2, "not a number of places"),
        (["--limit", "-3"], 2, "limit"),
        (["--limit", "many"], 2, "not a number of places"),
    ],
)
def test_what_is_not_there_is_refused(run: Any, cast: Any, words: list[str], status: int, said: str) -> None:
    done = run("queue", *words)
    assert done.status == status
    assert said in done.err
    assert done.out == ""


def test_without_a_database_it_says_what_to_do(installation: Any) -> None:
    done = installation.run("queue")
    assert done.status == 1
    assert "sociable migrate" in done.err
    assert "Traceback" not in done.err
