"""What a status says: words, links, mentions, pictures, warnings; and that nothing a stranger's server sends can stop the reading."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sociable.channels.base import Parsed
from sociable.channels.mastodon.parse import envelope, parse
from sociable.channels.mastodon.words import LONGEST_HTML_CHARS, plain_text, safe_html

AT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ABOUT = {"host": "social.ashby.example", "domain": "ashby.example", "me": "1"}
JERRY = {"id": "2", "acct": "Jerry@Elsewhere.test", "display_name": "Jerry", "url": "https://elsewhere.test/@jerry"}
US = {"id": "1", "acct": "help", "username": "help", "url": "https://social.ashby.example/@help"}


LONG = "https://ashby.example/bins/a-very-long-address-indeed?week=48"


def status(**facts: Any) -> dict[str, Any]:
    given = {
        "id": "9",
        "content": "<p>When?</p>",
        "visibility": "public",
        "account": JERRY,
        "created_at": AT.isoformat(),
    }
    return given | facts


def read(kind: str = "said", ancestors: tuple[str, ...] = (), **facts: Any) -> Parsed:
    return parse(
        envelope(kind, status(**facts), ABOUT, ancestors), fetched_at=AT, received_at=AT - timedelta(minutes=1)
    )


def told(kind: str, **facts: Any) -> Parsed:
    return parse(envelope("notification", {"id": "77", "type": kind} | facts, ABOUT), fetched_at=AT)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<p>One</p><p>Two<br>three<br />four</p>", "One\n\nTwo\nthree\nfour"),
        ("<p>a &lt; b &amp;&amp; c&nbsp;d &#x1F6AE;</p>", "a < b && c\xa0d 🚮"),
        (  # as Mastodon itself shortens what it shows
            f'<p>See <a href="{LONG}"><span class="invisible">{LONG[:8]}</span><span class="ellipsis">{LONG[8:38]}</span><span>{LONG[38:]}</span></a></p>',
            f"See {LONG}",
        ),
        ('<a href="https://ashby.example/bins?a=1&amp;b=2">ashby.example/bins…</a>', "https://ashby.example/bins?a=1&b=2"),
        ('<a href="https://www.ashby.example/">ashby.example</a>', "https://www.ashby.example/"),
        ('<a href="https://ashby.example/x">our bins</a>', "our bins (https://ashby.example/x)"),
        ('<a href="https://evil.test/">ashby.example</a>', "ashby.example (https://evil.test/)"),
        ('<a href="javascript:alert(1)">click</a>', "click"),
        ('<a href="https://m.test/tags/bins" class="mention hashtag" rel="tag">#<span>bins</span></a>', "#bins"),
        ("<ul><li>one</li><li>two</li></ul><p>end</p>", "- one\n- two\n\nend"),
        ("<blockquote><p>said</p></blockquote><pre>  as\n  typed</pre>", "said\n\n  as\n  typed".replace("\n\n  as", "\n\n  as")),
        ("no tags at all", "no tags at all"),
        ("<p>open <b>and never", "open and never"),
        ("<script>alert(1)</script><style>p{}</style><p>x</p>", "x"),
        ("", ""),
    ],
)  # fmt: skip
def test_html_reads_as_it_would_look_with_links_whole(content: str, text: str) -> None:
    assert plain_text(content, {}) == text


def test_mentions_are_whole() -> None:
    mentions = [
        {"id": "1", "acct": "help", "url": US["url"]},
        {"id": "3", "acct": "tom@m.test", "url": "https://m.test/@tom"},
    ]
    content = (
        f'<p><span class="h-card"><a href="{US["url"]}" class="u-url mention">@<span>help</span></a></span> ask '
        '<a href="https://m.test/@tom" class="u-url mention">@<span>tom</span></a></p>'
    )
    parsed = read(content=content, mentions=mentions)
    assert parsed.text == "@help@ashby.example ask @tom@m.test"
    assert parsed.to == ("help@ashby.example", "tom@m.test")


def test_names_are_whole_and_small() -> None:
    assert read().from_address == "jerry@elsewhere.test"
    assert read().from_handle == "@jerry@elsewhere.test"
    assert read(account=JERRY | {"acct": "Bo"}).from_address == "bo@ashby.example"
    assert read(account={}).from_address == ""
    assert read(account={}).problems == ("It does not say who wrote it.",)


def test_ids_are_the_servers_own() -> None:
    parsed = read(ancestors=("5", "6"), in_reply_to_id="6")
    assert parsed.message_id == "mastodon:social.ashby.example/9"
    assert parsed.in_reply_to == "mastodon:social.ashby.example/6"
    assert parsed.references == ("mastodon:social.ashby.example/5", "mastodon:social.ashby.example/6")
    assert parsed.thread_key == "mastodon:social.ashby.example/5"
    assert read().thread_key == read().message_id
    assert read(in_reply_to_id="6").thread_key == "mastodon:social.ashby.example/6"


def test_whom_the_account_answers_is_told_by_who_is_mentioned() -> None:
    ours = {"account": {"id": "1", "acct": "help"}, "in_reply_to_id": "6", "in_reply_to_account_id": "2"}
    assert read(**ours, mentions=[{"id": "3", "acct": "tom"}, JERRY]).answers_whom == "jerry@elsewhere.test"
    assert read(**ours, mentions=[]).answers_whom == "2", "nobody we know"
    assert read(in_reply_to_account_id="2", mentions=[JERRY]).answers_whom == "", "not the account's own words"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("public", "public"), ("unlisted", "unlisted"), ("private", "followers"), ("direct", "private"), ("limited", "private"), ("", "private")],
)  # fmt: skip
def test_who_can_read_it(theirs: str, ours: str) -> None:
    assert read(visibility=theirs).visibility == ours
    assert read(visibility=theirs).may_acknowledge == (ours == "private")


def test_warnings_stand_before_the_words() -> None:
    assert read(spoiler_text=" hospital ").text == "Content warning: hospital\n\nWhen?"
    assert read(spoiler_text="hospital").subject == "hospital"
    picture = {"id": "4", "url": "https://files.test/a.png"}
    assert read(sensitive=True, media_attachments=[picture]).text == (
        "Content warning: its pictures are marked as sensitive.\n\nWhen?"
    )
    assert read(sensitive=True).text == "When?"


def test_files_come_with_their_description_and_the_servers_own_copy_first() -> None:
    media = [
        {
            "id": "4",
            "url": "https://files.test/a%20b/c.png?x=1",
            "remote_url": "https://far.test/c.png",
            "description": "A bin",
        },
        {"id": "5", "url": None, "remote_url": "https://far.test/clip.mp4", "description": None},
        {"id": "6", "url": None, "remote_url": None},
    ]
    files = read(media_attachments=media).files
    assert [(file.ref, file.name, file.declared_type, file.alt_text) for file in files] == [
        ("https://files.test/a%20b/c.png?x=1", "c.png", "image/png", "A bin"),
        ("https://far.test/clip.mp4", "clip.mp4", "video/mp4", ""),
    ]


def test_polls_and_quotes_are_in_the_words() -> None:
    poll = {"options": [{"title": "Friday"}, {"title": "Monday"}]}
    assert read(poll=poll).text == "When?\n\n( ) Friday\n( ) Monday"
    quoted = {"content": "<p>Bins on Friday.</p>", "url": "https://m.test/1", "account": US}
    content = '<p class="quote-inline">RE: <a href="https://m.test/1">m.test/1</a></p><p>Really?</p>'
    shown = read(content=content, quote={"state": "accepted", "quoted_status": quoted})
    assert shown.text == "Really?\n\nIt quotes @help@ashby.example: Bins on Friday. https://m.test/1"
    hidden = read(content=content, quote={"state": "pending", "quoted_status": None})
    assert hidden.text == "RE: https://m.test/1\n\nReally?"


def test_a_machine_is_not_a_request_and_a_colleague_is_an_answer() -> None:
    machine = read(account=JERRY | {"bot": True}, visibility="direct")
    assert (machine.automatic, machine.may_acknowledge) == ("auto_reply", False)
    assert machine.automatic_why
    own = read(account=US | {"bot": True}, visibility="direct")
    assert (own.by_account, own.automatic, own.may_acknowledge) == (True, "", False)


def test_what_is_needed_to_answer_is_kept() -> None:
    assert read(visibility="direct", spoiler_text="hush", language="cy").reply_ref == {
        "status": "9", "mention": "@Jerry@Elsewhere.test", "visibility": "direct", "spoiler": "hush", "language": "cy",
        "takes": len("@Jerry ") + len("hush"),
    }  # fmt: skip


def test_the_clock_starts_when_it_reached_the_server_whatever_its_author_claims() -> None:
    parsed = read(created_at="2031-01-01T00:00:00Z")
    assert parsed.sent_at == AT - timedelta(minutes=1)
    assert parsed.written_at == datetime(2031, 1, 1, tzinfo=UTC)
    late = parse(envelope("said", status(), ABOUT), fetched_at=AT, received_at=AT + timedelta(hours=1))
    assert late.sent_at == AT


def test_edits_and_removals_name_what_they_are_about() -> None:
    edited = read("edited", content="<p>When, and where?</p>")
    assert (edited.happening, edited.message_id, edited.text) == ("edited", "", "When, and where?")
    assert edited.about_id == "mastodon:social.ashby.example/9"
    assert edited.first_said_at == edited.written_at == datetime.fromisoformat(status()["created_at"])
    gone = parse(envelope("withdrawn", {"id": "9"}, ABOUT), fetched_at=AT)
    assert (gone.happening, gone.about_id) == ("withdrawn", "mastodon:social.ashby.example/9")
    assert told("update", status=status()).happening == "edited"


def test_each_kind_of_notification_is_what_it_is() -> None:
    assert told("mention", status=status()).happening == "said"
    assert told("quote", status=status()).happening == "said"
    assert told("mention", status=None).happening == "noted"
    followed = told("status", status=status())
    assert "bell" in followed.suspected_why
    assert not told("status", status=status(mentions=[{"id": "1", "acct": "help"}])).suspected_why
    new = told("semaphore", status=status(), of="tomorrow")
    assert new.happening == "unknown"
    assert "semaphore" in new.problems[0]
    assert "tomorrow" in new.text


def test_html_for_our_page_runs_and_loads_nothing() -> None:
    hostile = (
        '<p onclick="x()">a<script>x()</script><img src="https://t.test/1.gif"><a href="javascript:x()">b</a>'
        '<a href="https://ok.test/" style="position:fixed">c</a><iframe src="//t.test"></iframe><form>d</form></p>'
    )
    clean = safe_html(hostile)
    for word in ("script", "img", "javascript", "onclick", "style", "iframe", "form", "t.test"):
        assert word not in clean
    assert '<a href="https://ok.test/"' in clean
    assert 'rel="noopener noreferrer nofollow"' in clean


def test_html_is_kept_only_where_it_shows_more_than_the_words() -> None:
    plain = '<p>See <a href="https://ashby.example/"><span>ashby.example</span></a><br>at once</p>'
    assert read(content=plain).html is None
    assert read(content="<p>at <strong>once</strong></p>").html == "<p>at <strong>once</strong></p>"
    assert read(content="<ul><li>once</li></ul><script>x()</script>").html == "<ul><li>once</li></ul>"


def test_what_is_far_too_long_is_cut_and_says_so() -> None:
    parsed = read(content="<p>" + "x" * LONGEST_HTML_CHARS + "</p>")
    assert parsed.truncated
    assert parsed.problems
    assert len(parsed.text) <= LONGEST_HTML_CHARS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("\ud800\x00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = [
    *("id", "content", "visibility", "account", "created_at", "mentions", "spoiler_text", "media_attachments", "poll"),
    *("quote", "in_reply_to_id", "url", "uri", "language", "sensitive", "status", "type"),
]


@given(
    kind=st.sampled_from(["said", "edited", "withdrawn", "notification", "?"]),
    what=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
    about=st.fixed_dictionaries({}, optional={"host": JSON, "domain": JSON, "me": JSON, "ancestors": JSON}),
)
def test_no_shape_of_json_stops_the_reading(kind: str, what: dict[str, Any], about: dict[str, Any]) -> None:
    content = json.dumps({"kind": kind, "what": status() | what, "ancestors": []} | about).encode()
    parsed = parse(content, fetched_at=AT)
    assert parsed == parse(content, fetched_at=AT)
    for value in (
        parsed.text,
        parsed.html or "",
        parsed.message_id,
        parsed.from_name,
        parsed.link,
        json.dumps(dict(parsed.reply_ref), ensure_ascii=False),
    ):
        value.encode()
        assert "\x00" not in value


@given(st.text(alphabet="<>/a&;=\"' pbr#x1\n", max_size=80))
def test_no_html_stops_the_reading(content: str) -> None:
    plain_text(content, {})
    safe_html(content)


@pytest.mark.parametrize("half", ["<a ", "<!--", "<div>", "<a href='", "</", "<![CDATA["])
def test_half_open_tags_are_no_trap(half: str) -> None:
    """The standard library's reader took 211 s for thirty thousand of the first."""
    assert isinstance(plain_text(half * 30_000, {}), str)
