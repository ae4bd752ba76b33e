"""Answers leave once, to whoever asked, and no wider than they wrote; against a server."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, Parsed, RateLimited
from sociable.channels.mastodon.adapter import MastodonAdapter
from sociable.channels.mastodon.line import Unreachable
from sociable.channels.mastodon.sending import compose
from tests.channels.mastodon.conftest import all_after, answer_to, read
from tests.servers.ground import free_port
from tests.servers.mastodon import Mastodon
from tests.servers.relay import relay_to

pytestmark = pytest.mark.servers
Accounts = Callable[..., MastodonAdapter]
POST = ("POST", "/api/v1/statuses")


def asked(mastodon: Mastodon, adapter: MastodonAdapter, text: str = "@help when?", **facts: object) -> Parsed:
    cursor = adapter.newest_cursor()
    mastodon.post("jerry", text, **facts)
    items, _ = all_after(adapter, cursor)
    return read(items[0])


def newest(mastodon: Mastodon) -> dict[str, object]:
    return mastodon.statuses("help")[0]


@pytest.mark.parametrize("visibility", ["public", "unlisted", "direct"])
def test_an_answer_stands_under_the_question_and_as_private(
    visibility: str, mastodon: Mastodon, account_of: Accounts
) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter, visibility=visibility)
    receipt = adapter.send(answer_to(question))
    posted = newest(mastodon)
    assert posted["visibility"] == visibility
    assert posted["in_reply_to_id"] == question.reply_ref["status"]
    assert posted["content"] == "<p>@jerry On Friday.</p>"
    assert receipt.remote_id == f"mastodon:127.0.0.1:{mastodon.port}/{posted['id']}"
    assert receipt.link == posted["url"]
    told = json.loads(mastodon.ask("GET", "/api/v1/notifications?limit=1", "jerry"))[0]
    assert (told["type"], told["status"]["id"]) == ("mention", posted["id"])


@pytest.mark.parametrize(
    ("asked_in", "chosen", "answered_in"),
    [
        ("public", "", "public"),
        ("public", "unlisted", "unlisted"),
        ("public", "private", "direct"),
        ("unlisted", "public", "unlisted"),
        ("private", "", "direct"),  # their followers are not ours
        ("private", "public", "direct"),
        ("direct", "public", "direct"),
        ("direct", "unlisted", "direct"),
        ("limited", "public", "direct"),
        ("", "public", "direct"),
    ],
)
def test_never_wider_than_what_it_answers(asked_in: str, chosen: str, answered_in: str) -> None:
    question = read_of(asked_in)
    assert compose(answer_to(question, visibility=chosen)).visibility == answered_in


def test_what_answers_nothing_goes_to_that_person_alone() -> None:
    post = compose(answer_to(read_of("public"), reply_ref={}, visibility=""))
    assert (post.visibility, post.in_reply_to) == ("direct", "")
    assert post.text == "@jerry@leeds.test On Friday."
    assert compose(answer_to(read_of("public"), reply_ref={}, visibility="public")).visibility == "public"


def read_of(visibility: str) -> Parsed:
    from sociable.channels.mastodon.parse import envelope, parse

    status = {
        "id": "9",
        "visibility": visibility,
        "content": "<p>x</p>",
        "account": {"id": "2", "acct": "jerry@leeds.test"},
    }
    return parse(envelope("said", status, {"host": "m.test"}), fetched_at=datetime(2026, 11, 23, tzinfo=UTC))


def test_whoever_is_named_already_is_not_named_twice() -> None:
    assert compose(answer_to(read_of("public"), "Dear @Jerry@leeds.test, on Friday.")).text.count("@Jerry") == 1
    assert compose(answer_to(read_of("public"), "@jerry@leeds.test.uk knows")).text.startswith(
        "@jerry@leeds.test @jerry@"
    )


def test_a_content_warning_is_kept(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter, "@help about my ward", spoiler_text="hospital")
    assert question.text == "Content warning: hospital\n\n@help about my ward"
    adapter.send(answer_to(question))
    assert newest(mastodon)["spoiler_text"] == "hospital"


def test_parts_of_a_long_answer_stand_under_one_another(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter, visibility="direct")
    first = adapter.send(answer_to(question, "One (1/2)"))
    second = adapter.send(answer_to(question, "Two (2/2)", reply_ref=first.reply_ref))
    posted = newest(mastodon)
    assert posted["in_reply_to_id"] == first.reply_ref["status"]
    assert posted["visibility"] == "direct"
    assert posted["content"] == "<p>@jerry Two (2/2)</p>"
    assert second.remote_id.endswith(f"/{posted['id']}")


def test_pictures_go_with_their_description_and_come_with_it(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter, jerry = account_of(mastodon), account_of(mastodon, "jerry")
    question, cursor = asked(mastodon, adapter), jerry.newest_cursor()
    picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40_000  # 10 MB
    files = (("map.png", "image/png", picture), ("form.png", "image/png", picture[:99]))
    adapter.send(answer_to(question, attachments=files, alt_texts=("A map of the three bin stores", "")))
    (got, bare) = (file for item in all_after(jerry, cursor)[0] for file in read(item).files)
    assert (got.alt_text, got.declared_type) == ("A map of the three bin stores", "image/png")
    assert bare.alt_text == ""
    assert jerry.download(got.ref, 20_000_000) == picture
    with pytest.raises(ChannelError, match="larger") as told:
        jerry.download(got.ref, 1_000_000)
    assert told.value.permanent


def test_files_are_fetched_from_the_servers_own_hosts_alone(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    for ref in (
        "https://elsewhere.test/a.png",
        "http://elsewhere.test/a.png",
        "file:///etc/passwd",
        f"http://127.0.0.1:{free_port()}/",
    ):
        with pytest.raises(ChannelError) as told:
            adapter.download(ref, 1000)
        assert told.value.permanent
    with pytest.raises(ChannelError, match="404"):
        adapter.download(f"{mastodon.url}/media/attachments/none.png", 1000)


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧‍👦 welcome, 🏳️‍🌈 and 🇬🇧 too",
        "مرحبا، موعد جمع النفايات يوم الجمعة",
        "\u200f\u05e9\u05dc\u05d5\u05dd\u200e and hello",  # Hebrew
        "ta\u200bbs and ze\u200dro wi\u200cdth",
        "Café naïve ﬁ Å",
        "a < b && c > d \"quoted\" 'so'",
    ],
)
def test_every_script_leaves_and_comes_as_it_was_written(text: str, mastodon: Mastodon, account_of: Accounts) -> None:
    adapter, jerry = account_of(mastodon), account_of(mastodon, "jerry")
    question, cursor = asked(mastodon, adapter, f"@help {text}"), jerry.newest_cursor()
    assert question.text == f"@help {text}"
    adapter.send(answer_to(question, text))
    (item,), _ = all_after(jerry, cursor)
    assert read(item).text == f"@jerry {text}"


def test_the_same_key_makes_one_post_however_often_it_is_sent(mastodon: Mastodon, account_of: Accounts) -> None:
    question = asked(mastodon, account_of(mastodon))
    answer = answer_to(question, "Just once.")
    receipts = [account_of(mastodon).send(answer) for _ in range(3)]
    assert len({receipt.remote_id for receipt in receipts}) == 1
    assert [each["content"] for each in mastodon.statuses("help")].count("<p>@jerry Just once.</p>") == 1


def test_another_answer_under_a_number_used_before_is_another_post(mastodon: Mastodon, account_of: Accounts) -> None:
    """As after a restore: numbers of messages begin again where the backup ended, within the hour that keys are kept."""
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    first, second = (adapter.send(answer_to(question, text, message_id="sociable:1")) for text in ("One.", "Another."))
    assert first.remote_id != second.remote_id


def test_nothing_is_handed_over_that_was_taken_back(mastodon: Mastodon, account_of: Accounts) -> None:
    class TakenBack(Exception):
        pass

    def refuse() -> None:
        raise TakenBack

    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    before = mastodon.statuses("help")  # none, where this test is the first
    with pytest.raises(TakenBack):
        adapter.send(answer_to(question, "Never mind."), before_handover=refuse)
    assert mastodon.statuses("help") == before


# -- Trouble -----------------------------------------------------------------------------------------------------------------


def test_an_answer_that_is_too_long_is_refused_for_good_in_words(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    with pytest.raises(ChannelError, match="too long") as told:
        adapter.send(answer_to(asked(mastodon, adapter), "x" * 501))
    assert told.value.permanent
    assert not isinstance(told.value, OutcomeUnknown)


def test_a_question_that_was_deleted_is_told_in_words(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    gone = {"error": "The post you are trying to reply to does not appear to exist."}  # a real server's words
    with (
        mastodon.fault(*POST, "status", status=404, body=gone),
        pytest.raises(ChannelError, match="no longer there") as told,
    ):
        adapter.send(answer_to(question))
    assert told.value.permanent


def test_a_revoked_token_is_told_and_not_final(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon, access_token="revoked-long-ago")
    question = asked(mastodon, account_of(mastodon))
    for attempt in (
        adapter.newest_cursor,
        lambda: adapter.fetch(""),
        lambda: adapter.send(answer_to(question)),
        adapter.who,
    ):
        with pytest.raises(LogInRefused, match="access token") as told:
            attempt()
        assert not told.value.permanent
        assert "revoked-long-ago" not in str(told.value)
    with pytest.raises(LogInRefused):
        adapter.wait(timedelta(seconds=5))
    (finding,) = adapter.check()
    assert not finding.ok
    assert "access token" in finding.mend


def test_an_account_that_may_not_post_is_told_so_and_can_be_mended(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon, access_token=mastodon.token_that_may("read", "help"))
    question = asked(mastodon, account_of(mastodon))
    with pytest.raises(LogInRefused, match=r"does not let this account do that: .*scopes") as told:
        adapter.send(answer_to(question, "May I?"))
    assert not told.value.permanent, "a token with the right scope makes it go"
    assert not any("May I?" in status["content"] for status in mastodon.statuses("help"))
    assert all_after(adapter, adapter.newest_cursor()) == ([], adapter.newest_cursor()), (
        "what is written to it is heard"
    )
    (trouble,) = [finding for finding in adapter.check() if not finding.ok]
    assert trouble.what == "The access token may not post answers."
    assert "write" in trouble.mend
    account_of(mastodon, access_token=mastodon.token_that_may("read write", "help")).send(answer_to(question, "May I?"))
    assert any("May I?" in status["content"] for status in mastodon.statuses("help"))


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "90"}, timedelta(seconds=90)),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "2999-01-01T00:00:00.000Z"}, timedelta(days=300_000)),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "1999-01-01T00:00:00.000Z"}, timedelta(0)),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "when I say so", "X-RateLimit-Remaining": "none"}, None),
    ],
)
def test_a_pause_that_is_asked_for_is_told_by_the_servers_own_headers(
    headers: dict[str, str], pause: timedelta | None, mastodon: Mastodon, account_of: Accounts
) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    with mastodon.fault(*POST, "ratelimit", headers=headers), pytest.raises(RateLimited, match="pause") as told:
        adapter.send(answer_to(question))
    if pause is None or told.value.retry_after is None:
        assert told.value.retry_after == pause
    else:
        assert told.value.retry_after >= pause


def test_a_429_without_any_header_is_a_pause_of_unknown_length(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    with mastodon.fault(*POST, "status", status=429), pytest.raises(RateLimited) as told:
        adapter.send(answer_to(question))
    assert told.value.retry_after is None


@pytest.mark.parametrize("status", [500, 502, 504])
def test_trouble_after_the_handover_leaves_a_doubt(status: int, mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    with mastodon.fault(*POST, "status", status=status), pytest.raises(OutcomeUnknown, match="may stand there"):
        adapter.send(answer_to(question))


def test_a_server_that_takes_no_work_leaves_none(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    with mastodon.fault(*POST, "status", status=503), pytest.raises(ChannelError) as told:
        adapter.send(answer_to(question))
    assert not isinstance(told.value, OutcomeUnknown)
    assert not told.value.permanent


def test_half_an_answer_leaves_a_doubt(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question = asked(mastodon, adapter)
    with mastodon.fault(*POST, "malformed"), pytest.raises(OutcomeUnknown):
        adapter.send(answer_to(question))


def test_a_server_that_is_down_was_given_nothing(mastodon: Mastodon, account_of: Accounts) -> None:
    question = asked(mastodon, account_of(mastodon))
    with pytest.raises(Unreachable) as told:
        account_of(mastodon, server=f"http://127.0.0.1:{free_port()}").send(answer_to(question))
    assert not told.value.handed_over


def test_an_answer_whose_receipt_was_lost_is_found_and_not_sent_twice(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    answer = answer_to(asked(mastodon, adapter), "Taken, and nobody told.", sent_at=datetime.now(tz=UTC))
    with relay_to(mastodon.port) as relay:
        by_relay = account_of(mastodon, server=f"http://127.0.0.1:{relay.port}", timeout_seconds=1)
        relay.watch(b"POST /api/v1/statuses", loses=True)
        with pytest.raises(OutcomeUnknown, match="went quiet"):
            by_relay.send(answer)
        assert relay.accepted.wait(10)
    found = adapter.find(answer)
    assert found is not None
    assert adapter.send(answer) == found
    assert [each["content"] for each in mastodon.statuses("help")].count("<p>@jerry Taken, and nobody told.</p>") == 1


def test_only_that_very_answer_is_found(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    question, other = asked(mastodon, adapter), asked(mastodon, adapter)
    now = datetime.now(tz=UTC)
    answer = answer_to(question, "It is *this* one &\nhttps://ashby.example/a_b", sent_at=now)
    receipt = adapter.send(answer)
    assert adapter.find(answer) == receipt
    assert adapter.find(answer_to(question, "It is another", sent_at=now)) is None
    assert adapter.find(answer_to(other, answer.text, sent_at=now)) is None
    assert adapter.find(answer_to(question, answer.text, visibility="private", sent_at=now)) is None
    assert adapter.find(answer_to(question, answer.text, sent_at=now + timedelta(hours=1))) is None


def test_the_account_its_server_and_its_limits_introduce_themselves(mastodon: Mastodon, account_of: Accounts) -> None:
    adapter = account_of(mastodon)
    who = adapter.who()
    assert who.handle == f"@help@localhost:{mastodon.port}"
    assert who.limits == {
        "longest_text": 500,
        "longest_private_text": 500,
        "attachments_most": 4,
        "attachments_bytes": 10 * 1024 * 1024,
    }
    assert who.expires_at is None
    assert all(finding.ok for finding in adapter.check())


def test_people_whom_the_server_ignores_are_told_of(mastodon: Mastodon, account_of: Accounts) -> None:
    mastodon.ask("PATCH", "/api/v2/notifications/policy", "news", for_private_mentions="drop")
    findings = account_of(mastodon, "news").check()
    mastodon.ask("PATCH", "/api/v2/notifications/policy", "news", for_private_mentions="accept")
    (trouble,) = [finding for finding in findings if not finding.ok]
    assert "unsolicited private mentions" in trouble.what
    assert trouble.mend


def test_no_secret_stands_in_what_is_printed(mastodon: Mastodon, account_of: Accounts) -> None:
    assert "a-token-of-help" not in repr(account_of(mastodon).config)
