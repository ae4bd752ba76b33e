"""What files of other people's making hold: read whatever the columns are called, or refused with the reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.elsewhere import files, rows
from sociable.channels.elsewhere.rows import Unreadable

LEEDS = ZoneInfo("Europe/London")
AT = datetime(2026, 7, 23, 9, 40, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-23T09:40:00Z", "2026-07-23T10:40:00+01:00", "2026-07-23 10:40", "2026-07-23T10:40:00.000", "23/07/2026 10:40",
        "23/07/2026 10:40:00", "Thu, 23 Jul 2026 09:40:00 +0000", "Thu Jul 23 09:40:00 +0000 2026", "2026-07-23 09:40:00 +0000",
    ],
)  # fmt: skip
def test_a_time_is_read_as_people_and_programs_write_it(written: str) -> None:
    assert rows.moment(written, LEEDS) == AT


@pytest.mark.parametrize("written", ["yesterday", "", "40", "2026-13-01", "23/07"])
def test_what_is_no_time_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(Unreadable, match=r"is no time\. Write 2026"):
        rows.moment(written, LEEDS)


def test_columns_go_by_many_names_and_the_first_that_holds_something_counts() -> None:
    row = rows.read(
        {
            "\ufeffCreated At": "2026-07-23T09:40:00Z",
            "Full-Text": " Bins? ",
            "ID_STR": 7,
            "text": "",
            "Screen Name": "@Dev",
        }
    )
    assert (row.text, row.sent_at, row.id, row.sender) == ("Bins?", AT, "7", "@Dev")


@pytest.mark.parametrize(
    ("sender", "identity"),
    [
        ("Dev@Example.org", ("email", "dev@example.org")),
        ("0113 222 4444", ("phone", "+441132224444")),
        ("@Dev", ("elsewhere", "nextdoor:dev")),
        ("12345", ("elsewhere", "nextdoor:12345")),
        ("", ("elsewhere", "nextdoor:thread:t")),
    ],
)
def test_who_wrote_it(sender: str, identity: tuple[str, str]) -> None:
    given = {"text": "Bins?", "from": sender, "network": "Nextdoor", "thread": "t"}
    assert rows.read(given).identity == identity


def test_nobody_is_somebody_without_sender_and_thread() -> None:
    assert rows.read({"text": "Bins?"}).identity == ("elsewhere", "")


def test_a_direction_that_means_nothing_is_refused() -> None:
    assert rows.read({"text": "x", "direction": "OUT"}).ours
    assert not rows.read({"text": "x", "direction": ""}).ours
    with pytest.raises(Unreadable, match="“sideways”"):
        rows.read({"text": "x", "direction": "sideways"})


def test_a_link_is_one_that_can_be_followed() -> None:
    assert rows.read({"text": "x", "link": "https://a.test/1"}).link
    assert not rows.read({"text": "x", "link": "javascript:alert(1)"}).link


def test_without_an_id_the_same_words_have_the_same_key_and_others_another() -> None:
    one = {"text": "Bins?", "from": "dev", "sent_at": "2026-07-23T09:40:00Z"}
    assert rows.read(one).key == rows.read(one | {"sent_at": "2026-07-23T10:40:00+01:00"}).key
    assert rows.read(one).key != rows.read(one | {"text": "Bin?"}).key


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv_as_spreadsheets_write_it(encoding: str, delimiter: str) -> None:
    text = delimiter.join(["sent_at", "text"]) + "\n" + delimiter.join(["2026-07-23", '"Café\nor bins?"']) + "\n\n"
    [(where, row)] = files.rows_of(text.encode(encoding))
    assert (where, row["text"]) == ("Line 3", "Café\nor bins?")


@pytest.mark.parametrize(
    "content",
    [
        '[{"text": "a"}, {"text": "b"}]',
        '{"messages": [{"text": "a"}, {"text": "b"}]}',
        '{"text": "a"}\n\n{"text": "b"}\n',
    ],
)
def test_json_as_a_list_in_an_object_or_by_lines(content: str) -> None:
    assert [row["text"] for _, row in files.rows_of(content.encode())] == ["a", "b"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"[]", "no rows"),
        (b"{not json", "none"),
        (b"when,what\n1,2", "no column"),
        (b"sent_at,text\n", "no rows"),
    ],
)
def test_a_file_that_is_none_of_these_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        files.rows_of(content)


def test_one_bad_row_spoils_no_other() -> None:
    found = files.rows_of(b'{"text": "a"}\nnonsense\n[1]\n{"text": "b"}')
    assert [(where, row.get("text")) for where, row in found] == [
        ("Line 1", "a"), ("Line 2", None), ("Line 3", None), ("Line 4", "b"),
    ]  # fmt: skip
    with pytest.raises(Unreadable, match="no text"):
        rows.read(found[1][1])


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"text\n{text}".encode("utf-8", "replace")))
def test_whatever_is_in_a_file_it_is_rows_or_a_refusal(content: bytes) -> None:
    try:
        found = files.rows_of(content)
    except Unreadable:
        return
    for _, given_row in found:
        try:
            row = rows.read(given_row, LEEDS)
        except Unreadable:
            continue
        json.dumps([row.key, row.text, row.identity])
        row.key.encode()
