"""What heads a conversation whose first message has no subject."""

from __future__ import annotations

import pytest

from sociable.domain.text import heading_of


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("Is the tip open?\nI have a sofa.", "Is the tip open?"),
        ("  \n Is the tip open? ", "Is the tip open?"),
        ("@help.city.example @ann@towns.example, is the tip open?", "is the tip open?"),
        ("Write to ann@post.example please", "Write to ann@post.example please"),
        ("Ask @help", "Ask @help"),
        ("@help", "@help"),
        ("", ""),
        (" \n ", ""),
        ("bins " * 30, "bins " * 15 + "bins…"),
    ],
)
def test_the_first_line_heads_a_message_without_whom_it_is_addressed_to(text, heading):
    assert heading_of(text) == heading
