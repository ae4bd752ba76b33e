"""What goes wrong between us and the network: told in a sentence, nothing lost, nothing there twice."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, Outgoing, RateLimited, said
from sociable.channels.bluesky import network
from sociable.channels.bluesky.adapter import BlueskyAdapter
from tests.channels.bluesky.acting import Make, all_of, answer_to, asked, read
from tests.channels.bluesky.record import images, picture
from tests.servers.bluesky import Bluesky, Person
from tests.servers.faulty import Fault, Faulty, faulty
from tests.servers.ground import free_port

pytestmark = pytest.mark.servers
LIST, PUT, LOG_IN, RENEW = "listNotifications", "putRecord", "createSession", "refreshSession"


def count(between: Faulty, name: str) -> int:
    return sum(name in path for path in between.calls)


# -- The log-in ----------------------------------------------------------------------------------------------------------


def test_a_log_in_is_kept_between_calls(council: Person, between: Faulty, adapter_of: Make) -> None:
    first = adapter_of(council, server=between.url)
    first.fetch("")
    first.close()
    for _ in range(3):
        adapter_of(council, server=between.url, session=first.session).fetch("")
    first.fetch("")
    assert count(between, LOG_IN) == 1
    assert "correct horse" not in first.session


def test_a_log_in_that_ends_soon_is_renewed_without_the_password(
    council: Person, between: Faulty, adapter_of: Make
) -> None:
    adapter = adapter_of(council, server=between.url)
    adapter.fetch("")
    handle, did, access, refresh, home = adapter.session.split(":::")
    kept = ":::".join((handle, did, ended(access), refresh, home))
    later = adapter_of(council, server=between.url, session=kept)
    later.fetch("")
    assert (count(between, LOG_IN), count(between, RENEW)) == (1, 1)
    assert later.session not in {kept, adapter.session}


def test_one_that_cannot_be_renewed_is_made_anew(council: Person, between: Faulty, adapter_of: Make) -> None:
    adapter = adapter_of(council, server=between.url)
    adapter.fetch("")
    handle, did, access, refresh, home = adapter.session.split(":::")
    kept = ":::".join((handle, did, ended(access), ended(refresh), home))
    adapter_of(council, server=between.url, session=kept).fetch("")
    assert (count(between, LOG_IN), count(between, RENEW)) == (2, 2)  # and once more, to be sure that it is over


def ended(token: str) -> str:
    """The same token as if its time were over, signed as these servers sign."""
    head, claims, _ = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(claims + "=="))
    told |= {"iat": told["iat"] - 10**7, "exp": int(time.time()) - 60}
    claims = base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")
    seal = hmac.new(b"jwt-secret", f"{head}.{claims}".encode(), "sha256").digest()
    return f"{head}.{claims}.{base64.urlsafe_b64encode(seal).decode().rstrip('=')}"


def test_a_password_taken_back_is_told_and_not_shown_again_and_again(
    council: Person, between: Faulty, adapter_of: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"server": between.url, "app_password": council.app_password()}
    council.revoke_app_passwords()
    for _ in range(4):
        with pytest.raises(LogInRefused) as refused:
            adapter_of(council, **settings).fetch("")
        assert council.handle in refused.value.message
        assert not refused.value.permanent, "it is tried until somebody mends it"
    assert count(between, LOG_IN) == 1
    adapter_of(council, server=between.url).fetch("")  # another password is shown at once
    monkeypatch.setattr(network, "NOT_AGAIN_FOR_SECONDS", 0.0)
    with pytest.raises(LogInRefused, match="do not belong together"):
        adapter_of(council, **settings).fetch("")


def test_the_account_says_where_it_lives_and_is_asked_there(bluesky: Bluesky, adapter_of: Make) -> None:
    moved = Person.sign_up(bluesky, bluesky.strict, "moved")
    with faulty(bluesky.strict) as between:
        assert adapter_of(moved, server=between.url).who().network_id == moved.did
        assert [path.rpartition(".")[2] for path in between.calls] == [LOG_IN]


def test_too_many_log_ins_are_met_by_a_pause_of_the_servers_own(bluesky: Bluesky, adapter_of: Make) -> None:
    busy = Person.sign_up(bluesky, bluesky.strict, "busy")
    settings = {"app_password": busy.app_password()}

    def knock() -> None:
        for _ in range(40):
            adapter_of(busy, **settings).who()

    with pytest.raises(RateLimited) as limited:
        knock()
    assert limited.value.retry_after is not None
    assert timedelta(seconds=1) <= limited.value.retry_after <= timedelta(minutes=5)


# -- Listening -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault(LIST, status=500, body=b'{"error":"InternalServerError","message":"oh"}'),
        Fault(LIST, status=502, body=b"<html>bad gateway</html>"),
        Fault(LIST, status=200, body=b"<html>hello</html>"),
        Fault(LIST, half=True),
        Fault(LIST),
    ],
    ids=["500", "502", "no JSON", "half", "hung up"],
)
def test_a_listing_that_fails_is_told_and_loses_nothing(
    bluesky: Bluesky, council: Person, jerry: Person, between: Faulty, adapter_of: Make, fault: Fault
) -> None:
    adapter = adapter_of(council, server=between.url)
    _, cursor = all_of(adapter)
    jerry.post(f"@{council.handle} hello", mentions=[council])
    bluesky.settle()
    between.faults.append(Fault(**vars(fault)))
    with pytest.raises(ChannelError) as trouble:
        adapter.fetch(cursor)
    assert not trouble.value.permanent
    assert trouble.value.message.endswith(".")
    assert [read(item).text for item in adapter.fetch(cursor).items] == [f"@{council.handle} hello"]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Date": "Mon, 23 Nov 2026 12:00:00 GMT", "RateLimit-Reset": "1795435290"}, timedelta(seconds=90)),
        ({"Retry-After": "7"}, timedelta(seconds=7)),
        ({}, None),
        ({"Date": "yesterday", "RateLimit-Reset": "soon"}, None),
    ],
)
def test_a_pause_is_as_long_as_the_network_says(
    council: Person, between: Faulty, adapter_of: Make, headers: dict[str, str], pause: timedelta | None
) -> None:
    adapter = adapter_of(council, server=between.url)
    between.faults.append(Fault(LIST, status=429, headers=headers, body=b'{"error":"RateLimitExceeded"}'))
    with pytest.raises(RateLimited) as limited:
        adapter.fetch("")
    assert limited.value.retry_after == pause


def test_what_is_fetched_twice_has_the_same_names(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    for number in range(4):
        jerry.post(f"@{council.handle} {number}", mentions=[council])
    bluesky.settle()
    once, _ = all_of(adapter_of(council))
    again, _ = all_of(adapter_of(council), "no cursor of ours")
    assert [item.remote_id for item in once] == [item.remote_id for item in again]


def test_what_the_server_counts_slows_the_asking(bluesky: Bluesky, council: Person, adapter_of: Make) -> None:
    adapter = adapter_of(council)
    watching = adapter._watching
    assert watching.pause() == timedelta(seconds=0.5)
    for remaining, least, most in ((3000, 0.5, 0.5), (100, 5.9, 6.1), (1, 30, 30), (0, 30, 30)):
        adapter._network.budget = network.Budget(3000, remaining, timedelta(seconds=300))
        assert least <= watching.pause().total_seconds() <= most


# -- Sending -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault",
    [
        Fault(PUT, passes_on=True),
        Fault(PUT, passes_on=True, status=502, body=b"{}"),
        Fault(PUT, half=True),
    ],
    ids=["hung up", "502", "half"],
)
def test_a_silence_after_it_was_taken_is_a_doubt_that_the_network_resolves(
    bluesky: Bluesky, council: Person, jerry: Person, between: Faulty, adapter_of: Make, fault: Fault
) -> None:
    adapter = adapter_of(council, server=between.url)
    outgoing = answer_to(asked(bluesky, council, jerry, adapter), "Sorry!", 1, council)
    between.faults.append(Fault(**vars(fault)))
    with pytest.raises(OutcomeUnknown):
        adapter.send(outgoing)
    found = adapter.find(outgoing)
    assert found is not None
    assert adapter.send(outgoing) == found
    assert len(council.posts()) == 1


@pytest.mark.parametrize("fault", [Fault(PUT), Fault(PUT, status=503, body=b"{}")], ids=["hung up", "503"])
def test_a_silence_before_it_was_taken_is_a_doubt_too(
    bluesky: Bluesky, council: Person, jerry: Person, between: Faulty, adapter_of: Make, fault: Fault
) -> None:
    adapter = adapter_of(council, server=between.url)
    outgoing = answer_to(asked(bluesky, council, jerry, adapter), "Sorry!", 1, council)
    between.faults.append(Fault(**vars(fault)))
    with pytest.raises(OutcomeUnknown):
        adapter.send(outgoing)
    assert adapter.find(outgoing) is None
    adapter.send(outgoing)
    assert len(council.posts()) == 1


def test_a_server_that_cannot_be_reached_has_nothing(bluesky: Bluesky, council: Person, adapter_of: Make) -> None:
    adapter = adapter_of(council, server=f"http://127.0.0.1:{free_port()}")
    handed: list[bool] = []
    with pytest.raises(ChannelError, match="cannot be reached") as trouble:
        adapter.send(answer_to_nobody(council), lambda: handed.append(True))
    assert type(trouble.value) is ChannelError
    assert not trouble.value.permanent
    assert not handed


def answer_to_nobody(council: Person, text: str = "Hello", **facts: object) -> Outgoing:
    """A post that answers none."""
    return answer_to(said(sent_at=datetime.now(tz=UTC), sent_at_why="", visibility="public"), text, 1, council, **facts)


def test_what_is_taken_back_at_the_last_instant_is_not_sent(council: Person, adapter_of: Make) -> None:
    def taken_back() -> None:
        raise LookupError("taken back")

    with pytest.raises(LookupError):
        adapter_of(council).send(answer_to_nobody(council), taken_back)
    assert council.posts() == []


def test_a_deleted_post_is_not_answered_in_the_void(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    question = asked(bluesky, council, jerry, adapter)
    jerry.delete({"uri": question.message_id})
    bluesky.settle()
    with pytest.raises(ChannelError, match="was deleted") as refused:
        adapter.send(answer_to(question, "Sorry!", 1, council))
    assert refused.value.permanent
    assert council.posts() == []


def test_a_root_that_is_gone_keeps_no_answer_back(
    bluesky: Bluesky, council: Person, jerry: Person, person: Callable[[str], Person], adapter_of: Make
) -> None:
    tom = person("tom")
    root = tom.post("anybody?")
    bluesky.settle()
    jerry.post(f"@{council.handle} knows", mentions=[council], reply={"root": root, "parent": root})
    tom.delete(root)
    bluesky.settle()
    adapter = adapter_of(council)
    question = read(all_of(adapter)[0][0])
    assert (question.in_reply_to, question.suspected_why) == (root["uri"], "")
    receipt = adapter.send(answer_to(question, "We do.", 1, council))
    bluesky.settle()
    told = jerry.ask("app.bsky.notification.listNotifications")["notifications"]
    assert [each["uri"] for each in told] == [receipt.remote_id]


def test_who_allows_no_answers_is_not_answered_there(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter = adapter_of(council)
    question = asked(bluesky, council, jerry, adapter)
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": question.message_id,
        "allow": [],
        "createdAt": "2026-11-23T12:00:00Z",
    }
    key = question.message_id.rpartition("/")[2]
    jerry.tell(
        "com.atproto.repo.putRecord", repo=jerry.did, collection="app.bsky.feed.threadgate", rkey=key, record=gate
    )
    bluesky.settle()
    with pytest.raises(ChannelError, match="no answers to this post") as refused:
        adapter.send(answer_to(question, "Sorry!", 1, council))
    assert refused.value.permanent


@pytest.mark.parametrize("text", ["a" * 301, "👩‍👩‍👧‍👦" * 121], ids=["graphemes", "bytes"])
def test_what_is_too_long_is_refused_for_good(council: Person, adapter_of: Make, text: str) -> None:
    with pytest.raises(ChannelError, match="too big") as refused:
        adapter_of(council).send(answer_to_nobody(council, text))
    assert refused.value.permanent
    assert council.posts() == []


@pytest.mark.parametrize(
    "text",
    ["👩‍👩‍👧‍👦" * 120, "é" * 300, "شكرا جزيلا \u200f123\u200f תודה", "e\u0301 \u200d\u200b ŵ ŷ 🏴󠁧󠁢󠁷󠁬󠁳󠁿", "x" * 300],
    ids=["families", "accents", "right to left", "joiners", "ascii"],
)
def test_every_script_goes_out_and_comes_in_as_it_was_written(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make, text: str
) -> None:
    news = council.post("What do you say?")
    jerry.answer(news, text)
    bluesky.settle()
    adapter = adapter_of(council)
    question = read(all_of(adapter)[0][0])
    assert question.text == text.strip()
    receipt = adapter.send(answer_to(question, text, 1, council))
    bluesky.settle()
    shown = jerry.ask("app.bsky.feed.getPosts", uris=[receipt.remote_id])["posts"]
    assert shown[0]["record"]["text"] == text


def test_a_key_that_others_used_is_not_taken_for_ours(council: Person, adapter_of: Make) -> None:
    adapter = adapter_of(council)
    outgoing = answer_to_nobody(council)
    adapter.send(outgoing)
    with pytest.raises(ChannelError, match="Another post stands") as refused:
        adapter.send(answer_to_nobody(council, "Other words"))
    assert refused.value.permanent
    assert [record["value"]["text"] for record in council.posts()] == ["Hello"]


# -- Pictures ------------------------------------------------------------------------------------------------------------


def test_pictures_go_out_and_come_in_with_their_alternative_text(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    jerry.post(f"@{council.handle} look", mentions=[council], embed=images(jerry, "A full bin"))
    bluesky.settle()
    adapter = adapter_of(council)
    question = read(all_of(adapter)[0][0])
    assert [file.alt_text for file in question.files] == ["A full bin"]
    assert adapter.download(question.files[0].ref, 100_000).startswith((b"RIFF", b"\xff\xd8")), (
        "as the network makes it"
    )
    attachments = (("map.png", "image/png", picture()),)
    receipt = adapter.send(answer_to(question, "Here", 1, council, attachments=attachments, alt_texts=("A map",)))
    again = adapter.send(answer_to(question, "Here", 1, council, attachments=attachments, alt_texts=("A map",)))
    assert receipt == again
    bluesky.settle()
    shown = jerry.ask("app.bsky.feed.getPosts", uris=[receipt.remote_id])["posts"][0]
    assert [image["alt"] for image in shown["embed"]["images"]] == ["A map"]


def test_a_picture_is_brought_from_the_networks_own_hosts_alone_and_no_larger_than_the_limit(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    jerry.post(f"@{council.handle} look", mentions=[council], embed=images(jerry, ""))
    bluesky.settle()
    adapter = adapter_of(council)
    ref = read(all_of(adapter)[0][0]).files[0].ref
    for address in (
        ref.replace("localhost", "127.0.0.1"),
        "https://cdn.bsky.app/x.jpeg",
        "file:///etc/passwd",
        "http://localhost@evil.test/",
        "",
    ):
        with pytest.raises(ChannelError, match="from where none are fetched") as refused:
            adapter.download(address, 100_000)
        assert refused.value.permanent
    with pytest.raises(ChannelError, match="larger than 100 bytes") as refused:
        adapter.download(ref, 100)
    assert refused.value.permanent
    with pytest.raises(ChannelError, match="did not give the picture") as refused:
        adapter.download(ref.replace("bafkrei", "bafkree"), 100_000)


@pytest.mark.parametrize(
    ("attachments", "words"),
    [
        ((("big.png", "image/png", b"\x89PNG" + b"0" * 10_000_000),), "has 10,000,004 bytes"),
        ((("form.pdf", "application/pdf", b"%PDF"),), "form.pdf is none"),
        ((("a.png", "image/png", b"x"),) * 5, "4 pictures at most"),
    ],
    ids=["10 MB", "no picture", "five"],
)
def test_what_a_post_cannot_carry_is_told_before_anything_is_sent(
    council: Person, between: Faulty, adapter_of: Make, attachments: object, words: str
) -> None:
    adapter = adapter_of(council, server=between.url)
    with pytest.raises(ChannelError, match=words) as refused:
        adapter.send(answer_to_nobody(council, attachments=attachments))
    assert refused.value.permanent
    assert between.calls == []


def test_waiting_ends_when_something_may_be_new(
    bluesky: Bluesky, council: Person, jerry: Person, adapter_of: Make
) -> None:
    adapter: BlueskyAdapter = adapter_of(council)
    assert adapter.wait(timedelta(seconds=5)), "the first look cannot tell"
    assert not adapter.wait(timedelta(0))
    jerry.post(f"@{council.handle} hello", mentions=[council])
    bluesky.settle()
    assert adapter.wait(timedelta(seconds=5))
    assert not adapter.wait(timedelta(0))
