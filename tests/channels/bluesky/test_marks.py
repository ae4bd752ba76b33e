"""The keys of our posts: the same at every try, ours alone, and an instant in the past to everybody else."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.bluesky import marks, syntax

numbers = st.integers(min_value=1, max_value=2**32 - 1)
keys = st.binary(min_size=1, max_size=40)


def instant_of(key: str) -> datetime:
    return datetime.fromtimestamp((marks._read(key) >> 10) / 1_000_000, tz=UTC)


@given(number=numbers, key=keys)
def test_a_key_is_made_once_and_known_again(number: int, key: bytes) -> None:
    made = marks.key_of(number, key)
    assert made == marks.key_of(number, key)
    assert syntax.is_tid(made)
    assert marks.is_ours(made, key)
    assert marks.is_ours(f"at://did:plc:abc/{marks.POSTS}/{made}", key)
    assert not marks.is_ours(made, key + b"!")
    assert instant_of(made).year in {2023, 2024, 2025}


@given(first=numbers, second=numbers, key=keys)
def test_two_messages_never_share_one(first: int, second: int, key: bytes) -> None:
    assert (marks.key_of(first, key) == marks.key_of(second, key)) == (first == second)


@given(value=st.text(alphabet="234567abcdefghijklmnopqrstuvwxyz", min_size=13, max_size=13))
def test_what_others_write_is_not_ours(value: str) -> None:
    assert not marks.is_ours(value, b"a key of this test")


def test_what_is_no_key_is_not_ours() -> None:
    for value in ("", "<1@example.test>", "at://did:plc:abc", "3jzfcijpj2z2a", "sociable:7"):
        assert not marks.is_ours(value, b"a key of this test")
