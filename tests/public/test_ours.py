"""Whether something is ours: every way of writing it, and what only looks like it."""

import pytest

from sociable.public.ours import Answer, Known, judge

OURS = (
    Known("help", "City Help", link="https://x.com/AshbyHelp", handle="@AshbyHelp", address="help@ashby.example.org"),
    Known(
        "books", "City Libraries", handle="@ashbylibraries@social.example.org", address="libraries@ashby.example.org"
    ),
    Known("trust", "Vale", link="https://www.facebook.com/ValeHospitals/", handle="ValeHospitals"),
    Known("", "the website of Ashby", site="https://www.ashby.example.org/"),
)


@pytest.mark.parametrize(
    ("pasted", "key"),
    [
        ("@AshbyHelp", "help"),
        ("ashbyhelp", "help"),
        ("  @ASHBYHELP. ", "help"),
        ("https://x.com/AshbyHelp", "help"),
        ("http://www.x.com/ashbyhelp/", "help"),
        ("https://mobile.twitter.com/AshbyHelp?s=20#top", "help"),
        ("twitter.com/ashbyhelp", "help"),
        ("help@ashby.example.org", "help"),
        ("mailto:Help@Ashby.Example.org", "help"),
        ("<help@ashby.example.org>", "help"),
        ("@ashbylibraries@social.example.org", "books"),
        ("https://social.example.org/@ashbylibraries", "books"),
        ("@ashbylibraries", "books"),
        ("fb.com/valehospitals", "trust"),
        ("m.facebook.com/ValeHospitals/?ref=share", "trust"),
        ("https://ashby.example.org", ""),
        ("https://www.ashby.example.org/bins/calendar", ""),
        ("bins.ashby.example.org/today", ""),
    ],
)
def test_ours_however_it_is_written(pasted, key):
    verdict = judge(pasted, OURS)
    assert verdict.answer == Answer.YES
    assert verdict.known is not None
    assert verdict.known.key == key


@pytest.mark.parametrize(
    "pasted",
    [
        "@AshbyHe1p",
        "@Ashby_Help",
        "@AshbbyHelp",
        "@AshbyHelpp",
        "@\u0410shbyHelp",  # a Cyrillic A
        "@AshbyHelpOfficial",
        "help@ashby-example.org",
        "help@ashby.examp1e.org",
        "help@ashby.example.org.refunds.example",
        "https://ashby.example.org.pay.example/bill",
        "https://\u0430shby.example.org/",  # a Cyrillic a
        "https://xn--shby-53d.example.org/",  # the same as a browser writes it
        "https://instagram.com/AshbyHelp",
        "help@elsewhere.example",
        "https://x.com/ValeHospita1s",
        "somebody@ashby.example.org",
        "https://ashby.example.org@evil.example/",
    ],
)
def test_what_only_looks_like_us_is_warned_of(pasted):
    assert judge(pasted, OURS).answer == Answer.NEARLY


@pytest.mark.parametrize(
    "pasted",
    [
        "@somebody",
        "https://www.example.com/",
        "x@example.com",
        "https://[broken",
        "a",
        "help",
        "@",
        "://",
        "https://",
        "🙂",
    ],
)
def test_what_is_nothing_like_us_is_not_ours(pasted):
    assert judge(pasted, OURS).answer == Answer.NO
