"""What is well written, held to the protocol's own published cases."""

from collections.abc import Callable

import pytest

from sociable.channels.bluesky import syntax
from tests.conftest import sample_data

RULES: dict[str, Callable[[str], bool]] = {
    "did": syntax.is_did,
    "handle": syntax.is_handle,
    "tid": syntax.is_tid,
    "recordkey": syntax.is_key,
    "aturi": lambda value: syntax.read_at(value) is not None,
}


def cases(name: str) -> list[str]:
    text = sample_data("atproto-syntax", "syntax", f"{name}.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and (not line.startswith("#") or line == "#extra")]


@pytest.mark.parametrize("rule", sorted(RULES))
def test_the_published_cases_are_told_apart(rule: str) -> None:
    assert [case for case in cases(f"{rule}_syntax_valid") if not RULES[rule](case)] == []
    assert [case for case in cases(f"{rule}_syntax_invalid") if RULES[rule](case)] == []


def test_instants_are_read_as_published() -> None:
    # the years 0 and before, which Python has no dates for, are well written and still no time a post came
    too_early = {case for case in cases("datetime_syntax_valid") if case.startswith("0000-")}
    assert {case for case in cases("datetime_syntax_valid") if syntax.read_instant(case) is None} == too_early
    for name in ("datetime_syntax_invalid", "datetime_parse_invalid"):
        assert [case for case in cases(name) if syntax.read_instant(case)] == []


def test_an_instant_is_in_utc_to_the_microsecond() -> None:
    read = syntax.read_instant("2026-11-23T09:00:00.1235678912+01:45")
    assert read is not None
    assert read.isoformat() == "2026-11-23T07:15:00.123567+00:00"
    assert syntax.read_instant(None) is syntax.read_instant("yesterday") is None


def test_an_address_comes_apart_and_together() -> None:
    value = "at://did:plc:abc/app.bsky.feed.post/3l3qzxqxqxc2a"
    assert syntax.read_at(value) == syntax.At("did:plc:abc", "app.bsky.feed.post", "3l3qzxqxqxc2a")
    assert str(syntax.read_at(value)) == value
