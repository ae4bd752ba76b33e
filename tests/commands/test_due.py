from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.config import due_lines
from sociable.config.due_lines import Refused

HOURS = "Mo-Fr 09:00-17:00; PH off"
FRIDAY = "2026-11-20T16:40:00+00:00"
FIRST, LAST = datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2060-01-01")
LOCAL_TIMES = st.datetimes(FIRST, LAST, timezones=st.just(ZoneInfo("Europe/London")))


def nobody(name: str, _division: str | None, _zone: str | None) -> due_lines.Found:
    raise Refused("account", f"no {name}")


def ask(line: bytes | str | None = None, **asked: Any) -> dict[str, Any]:
    raw = json.dumps(asked).encode() if line is None else line if isinstance(line, bytes) else line.encode()
    answer = due_lines.answer(raw, nobody)
    assert answer.endswith(b"\n")
    assert answer.count(b"\n") == 1
    return dict(json.loads(answer))


def test_an_amount_is_due_and_explained() -> None:
    assert ask(hours=HOURS, start=FRIDAY, amount=120, id="a") == {
        "id": "a",
        "due": "2026-11-23T10:40:00Z",
        "elapsed": 7200,
        "explanation": "arrived Fri 16:40, 20 minutes that day, due Mon 10:40",
    }


@pytest.mark.parametrize(
    "amount", [120, 120.0, "PT2H", "pt120m", "PT1H59M60S", {"hours": 2}, {"hours": 1, "minutes": 59, "seconds": 60}]
)
def test_every_way_to_write_an_amount_means_the_same(amount: Any) -> None:
    assert ask(hours=HOURS, start=FRIDAY, amount=amount)["due"] == "2026-11-23T10:40:00Z"


def test_an_end_asks_for_open_time() -> None:
    answer = ask(hours=HOURS, start=FRIDAY, end="2026-11-23T10:40:00.5Z")
    assert answer["elapsed"] == 7200.5
    assert "due" not in answer


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({"working_days": 2}, "2026-11-24T17:00:00Z"),
        ({"same_or_next_day": True}, "2026-11-23T17:00:00Z"),
        ({"same_day_until": "17:00"}, "2026-11-20T17:00:00Z"),
        ({"same_or_next_day": True, "same_day_until": "12:00"}, "2026-11-23T17:00:00Z"),
        ({"division": "scotland", "start": "2026-11-27T18:00:00Z", "amount": 1}, "2026-12-01T09:01:00Z"),
        ({"start": "2026-11-27T18:00", "zone": "America/New_York", "amount": 1}, "2026-11-30T14:01:00Z"),
        ({"start": "2026-06-05T16:59:30+01:00", "amount": {"seconds": 30}}, "2026-06-05T16:00:00Z"),
        ({"amount": 0, "start": "2026-11-21T00:00:00Z"}, "2026-11-23T09:00:00Z"),
    ],
)
def test_other_questions(more: dict[str, Any], due: str) -> None:
    assert ask(**({"hours": HOURS, "start": FRIDAY} | more))["due"] == due


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("hours", {"hours": "Mo-Fr 9am-5pm"}),
        ("hours", {"hours": "Mo-Fr 09:00-17:00 || by appointment"}),
        ("hours", {"hours": ""}),
        ("hours", {"hours": "off"}),
        ("hours", {"hours": 5}),
        ("hours", {"hours": None}),
        ("account", {"account": "help"}),
        ("division", {"division": "wales"}),
        ("division", {"division": ["scotland"]}),
        ("zone", {"zone": "BST"}),
        ("zone", {"zone": "../../etc/passwd"}),
        ("zone", {"zone": "\x00"}),
        ("start", {"start": None}),
        ("start", {"start": "2026-11-20T16:40:00"}),
        ("start", {"start": "2026-11-20"}),
        ("start", {"start": "20/11/2026 16:40"}),
        ("start", {"start": "2026-02-30T10:00:00Z"}),
        ("start", {"start": 1_795_000_000}),
        ("start", {"start": "2026-03-29T01:30:00", "zone": "Europe/London"}),
        ("start", {"start": "2026-10-25T01:30:00", "zone": "Europe/London"}),
        ("", {"start": "0001-01-01T00:00:00+14:00"}),
        ("", {"start": "9999-12-31T23:59:59-14:00"}),
        ("end", {"amount": None, "end": "2026-11-19T10:00:00Z"}),
        ("end", {"end": "2026-11-23T10:00:00Z"}),
        ("amount", {"amount": None}),
        ("amount", {"amount": -1}),
        ("amount", {"amount": True}),
        ("amount", {"amount": "2 hours"}),
        ("amount", {"amount": "P1D"}),
        ("amount", {"amount": "PT"}),
        ("amount", {"amount": {"days": 1}}),
        ("amount", {"amount": {}}),
        ("amount", {"amount": [120]}),
        ("amount", {"amount": 1e300}),
        ("", {"amount": 200_000_000}),
        ("working_days", {"amount": None, "working_days": 0}),
        ("working_days", {"amount": None, "working_days": 1.5}),
        ("", {"amount": None, "working_days": 10**12}),
        ("same_or_next_day", {"amount": None, "same_or_next_day": "yes"}),
        ("same_day_until", {"amount": None, "same_day_until": "noon"}),
    ],
)
def test_what_cannot_be_answered_is_refused_at_its_field(field: str, more: dict[str, Any]) -> None:
    answer = ask(**({"id": 7, "hours": HOURS, "start": FRIDAY, "amount": 120} | more))
    assert answer["id"] == 7
    assert answer["refusal"]["field"] == field
    assert answer["refusal"]["reason"].endswith((".", "."))
    assert "due" not in answer


def test_hours_are_refused_with_the_place_and_the_part() -> None:
    hours = "Mo-Fr 09:00-17:00; Sa sunrise-12:00"
    refusal = ask(hours=hours, start=FRIDAY, amount=1)["refusal"]
    assert hours[refusal["place"] :].startswith(refusal["part"])
    assert refusal["part"] == "sunrise"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"   ",
        b"not json",
        b"[1]",
        b"5",
        b"null",
        b"{",
        b'{"amount": NaN}',
        b"\xff\xfe{}",
        b"[" * 100_000,
        b"1" * 5000,
        b"x" * 1_000_001,
    ],
)
def test_a_line_that_is_no_question_is_refused(line: bytes) -> None:
    assert ask(line)["refusal"]["reason"]


def test_a_misspelt_field_is_named() -> None:
    assert ask(hours=HOURS, start=FRIDAY, amount=1, divison="scotland")["ignored"] == ["divison"]


def test_a_lone_surrogate_goes_back_as_it_came() -> None:
    assert ask('{"id": "\\ud800", "hours": "\\udfff"}')["id"] == "\ud800"


@given(
    st.dictionaries(
        st.sampled_from(sorted(due_lines.KEYS)),
        st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists),
    )
)
def test_whatever_is_asked_one_line_answers(asked: dict[str, Any]) -> None:
    answer = ask(json.dumps(asked))
    assert ("refusal" in answer) is not ("elapsed" in answer)
    assert "did not expect" not in str(answer.get("refusal"))


@given(
    start=LOCAL_TIMES,
    minutes=st.integers(0, 10_000),
)
def test_due_and_elapsed_agree(start: datetime, minutes: int) -> None:
    due = ask(hours=HOURS, start=start.isoformat(), amount=minutes)["due"]
    assert ask(hours=HOURS, start=start.isoformat(), end=due)["elapsed"] == timedelta(minutes=minutes).total_seconds()


# -- The command -------------------------------------------------------------------------------------------------------

GOOD = json.dumps({"hours": HOURS, "start": FRIDAY, "amount": 120})


def process(folder: Path, **environment: str) -> subprocess.Popen[bytes]:
    """In a folder where nothing may be written, with settings that would stop every other command."""
    source = str(Path(__file__).parents[2] / "src")
    given = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATA_DIR", "SECRET_KEY", "DATABASE_URL", "DJANGO_SETTINGS_MODULE")
    }
    return subprocess.Popen(
        [sys.executable, "-m", "sociable", "due"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=given | {"PYTHONPATH": source, "SOCIABLE_MODE": "real"} | environment,
    )  # fmt: skip


def test_it_needs_no_settings_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with process(tmp_path) as due:
        out, _ = due.communicate(f"{GOOD}\nrubbish\n{GOOD}".encode())
    answers = [json.loads(line) for line in out.splitlines()]
    assert [set(answer) for answer in answers] == [
        {"due", "elapsed", "explanation"},
        {"refusal"},
        {"due", "elapsed", "explanation"},
    ]
    assert due.returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_every_line_is_answered_as_soon_as_it_is_asked(tmp_path: Path) -> None:
    with process(tmp_path) as due:
        assert due.stdin is not None
        assert due.stdout is not None
        for _ in range(3):
            due.stdin.write(GOOD.encode() + b"\r\n")
            due.stdin.flush()
            assert json.loads(due.stdout.readline())["elapsed"] == 7200
        due.stdin.close()
        assert due.stdout.read() == b""


def test_one_line_too_long_does_not_lose_its_neighbours(tmp_path: Path) -> None:
    with process(tmp_path) as due:
        out, _ = due.communicate(b"\n".join([GOOD.encode(), b"x" * 3_000_000, GOOD.encode()]))
    assert ["refusal" in json.loads(line) for line in out.splitlines()] == [False, True, False]


def test_an_account_without_an_installation_is_refused(tmp_path: Path) -> None:
    with process(tmp_path) as due:
        out, _ = due.communicate(b'{"account": "help", "start": "2026-11-20T16:40:00Z"}\n' + GOOD.encode())
    first, second = (json.loads(line) for line in out.splitlines())
    assert "SECRET_KEY" in first["refusal"]["reason"]
    assert second["elapsed"] == 7200


def test_a_file_is_read_and_a_missing_one_refused(run: Any, tmp_path: Path) -> None:
    (tmp_path / "lines").write_text(f"{GOOD}\n\n{GOOD}\n")
    done = run("due", str(tmp_path / "lines"), "--json")
    assert ["refusal" in line for line in done.lines] == [False, True, False]
    assert run("due", str(tmp_path / "none")).status == 1


def answers(run: Any, tmp_path: Path, *asked: dict[str, Any]) -> list[dict[str, Any]]:
    (tmp_path / "lines").write_text("".join(json.dumps(one) + "\n" for one in asked))
    return list(run("due", str(tmp_path / "lines")).lines)


def test_an_account_is_asked_by_slug_or_address(run: Any, cast: Any, tmp_path: Path) -> None:
    by_slug, by_address, working_days, own_amount, stranger = answers(
        run, tmp_path,
        {"account": "help", "start": FRIDAY},
        {"account": "HELP@ashby.example.org", "start": "2026-11-20T16:40"},
        {"account": "libraries", "start": FRIDAY},
        {"account": "libraries", "start": FRIDAY, "amount": 1},
        {"account": "nobody", "start": FRIDAY},
    )  # fmt: skip
    assert by_slug["due"] == by_address["due"] == "2026-11-23T10:40:00Z"
    assert working_days["due"] == "2026-11-24T17:00:00Z"
    assert own_amount["due"] == "2026-11-20T16:41:00Z"
    assert stranger["refusal"]["field"] == "account"


def test_a_line_may_ask_what_another_division_or_zone_would_make_of_it(run: Any, cast: Any, tmp_path: Path) -> None:
    scotland, new_york = answers(
        run, tmp_path,
        {"account": "help", "start": "2026-11-27T16:40:00Z", "division": "scotland"},
        {"account": "help", "start": "2026-11-27T16:40", "zone": "America/New_York"},
    )  # fmt: skip
    assert scotland["due"] == "2026-12-01T10:40:00Z"
    assert new_york["due"] == "2026-11-30T15:40:00Z"


def test_an_account_without_hours_or_promise_says_so(run: Any, cast: Any, tmp_path: Path) -> None:
    from sociable.directory.models import HoursVersion, PromiseVersion

    PromiseVersion.objects.filter(account=cast.help).delete()
    HoursVersion.objects.filter(account=cast.books).delete()
    no_promise, no_hours = answers(
        run, tmp_path, {"account": "help", "start": FRIDAY}, {"account": "libraries", "start": FRIDAY}
    )
    assert "no promise" in no_promise["refusal"]["reason"]
    assert "no hours" in no_hours["refusal"]["reason"]
