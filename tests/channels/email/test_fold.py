"""What is new stays in sight, what only repeats is folded, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.email.fold import fold


@pytest.mark.parametrize(
    ("visible", "quoted"),
    [
        ("Thanks!\n\n", "On Mon, 23 Nov 2026 at 10:00, Help <help@leeds.test> wrote:\n> old\n> older\n"),
        (
            "Thanks!\n\n",
            "On Mon, 23 Nov 2026 at 10:00, Help team of Leeds\n<help@leeds.test> wrote:\n\n> old\n>\n> older\n",
        ),
        (
            "Thanks\n\n",
            "-----Original Message-----\nFrom: Help <help@leeds.test>\nSent: Monday\nTo: Tom\nSubject: Bin\n\nold\n",
        ),
        (
            "Thanks\n\n",
            "________________________________\nFrom: Help <help@leeds.test>\nSent: 23 November 2026 10:00\nTo: Tom\nSubject: Bin\n\nold\n",
        ),
        (
            "Thanks\n\n",
            "From: Help <help@leeds.test>\nDate: Monday, 23 November 2026\nTo: Tom\nSubject: Re: Bin\n\nold\n",
        ),
        ("Diolch\n\n", "Ar Llun, 23 Tach 2026, ysgrifennodd Help <help@leeds.test>:\n> hen\n"),
        ("Diolch\n\n", "Oddi wrth: Help\nAnfonwyd: 23 Tachwedd 2026\nAt: Tom\nPwnc: Bin\n\nhen\n"),
        ("Merci\n\n", "Le lun. 23 nov. 2026 à 10:00, Help <help@leeds.test> a écrit :\n> vieux\n"),
        ("Yes\n", "> Shall we?\n"),
        (
            "Yes please.\n\n",
            "> On 23 Nov 2026, at 10:00, Help <h@leeds.test> wrote:\n> \n> Shall we?\n\nSent from my iPhone\n",
        ),
    ],
)
def test_what_is_quoted_is_folded(visible: str, quoted: str) -> None:
    assert fold(visible + quoted) == (visible, quoted)


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        (
            "See below\n\n---------- Forwarded message ---------\nFrom: Ann\nDate: Mon\nSubject: Bin\nTo: Tom\n\nThe bin is late\n",
            "",
        ),
        (
            "Begin forwarded message:\n\nFrom: Ann <a@x.test>\nSubject: Bin\nDate: 23 November 2026\nTo: Tom\n\nThe bin\n",
            "",
        ),
        ("FYI\n\nFrom: Ann <a@x.test>\nSent: Monday\nTo: Tom\nSubject: Bin\n\nThe bin is late\n", "FW: Bin"),
        ("On 23 Nov 2026 at 10:00, Help wrote:\n> Which street?\n\nHigh Street\n", ""),
        (
            "Hi\n\nOn 23 Nov 2026 at 10:00, Help wrote:\n> Which street?\n\nHigh Street\n\n> Which number?\n\nSeven\n",
            "",
        ),
        ("> I only send\n> this back\n", ""),
        ("Hi\nFrom: the bus stop I walked\nTo: the school\n", ""),
        ("On Tuesday I rang and the man wrote:\nyou owe us five pounds\n", ""),
        ("No quote at all\n", ""),
        ("", ""),
    ],
)
def test_what_must_be_seen_stays(text: str, subject: str) -> None:
    assert fold(text, subject) == (text, "")


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "Thanks\n" + "> You wrote this line before, and again.\n" * 19_000,
        "Thanks\n\nOn Mon, 23 Nov 2026, Help wrote:\n" + "> > > deep\n" * 80_000,
        "no end " * 120_000,
        "From: " * 100_000,
        "From: x\n" * 100_000,
        "On " * 200_000,
        "On a\n" * 150_000,
        "\n" * 800_000,
        " \n\t\n" * 200_000,
        "_" * 700_000,
    ],
)
def test_long_mails_fold_too(text: str) -> None:
    visible, quoted = fold(text)
    assert visible + quoted == text
    assert bool(quoted) == text.startswith("Thanks")


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["> q\n", "On 1 May, A wrote:\n", "From: a\n", "Sent: b\n", "To: c\n", "\n", "-- \n"]),
            st.text(max_size=30),
        )
    )
)
def test_nothing_is_ever_lost(pieces: list[str]) -> None:
    text = "".join(pieces)
    visible, quoted = fold(text)
    assert visible + quoted == text
    assert visible.strip() or not quoted
