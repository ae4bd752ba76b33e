"""Direct messages, through the real home with the token it signs, to a service that is held to the published lexicons."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from sociable.channels.base import ChannelError, OutcomeUnknown, Outgoing, Parsed, said
from sociable.channels.bluesky.adapter import BlueskyAdapter
from tests.channels.bluesky.acting import Make, all_of, answer_to, asked, read
from tests.servers.bluesky import Bluesky, Person
from tests.servers.bluesky_chat import Chat

pytestmark = pytest.mark.servers


@pytest.fixture
def open_to_all(council: Person, adapter_of: Make, chat: Chat) -> BlueskyAdapter:
    """An adapter that hears and sends direct messages."""
    return adapter_of(council, app_password=council.app_password(direct_messages=True), direct_messages=True)


def told_privately(jerry: Person, council: Person, adapter: BlueskyAdapter, text: str) -> Parsed:
    jerry.say(council, text)
    return read(all_of(adapter)[0][-1])


def test_what_was_said_before_and_after_is_heard_once(
    council: Person, jerry: Person, chat: Chat, open_to_all: BlueskyAdapter, person: Callable[[str], Person]
) -> None:
    chat.page = 3
    tom = person("tom")
    for number in range(7):
        jerry.say(council, f"before {number}")
    tom.say(council, "hello")
    items, cursor = all_of(open_to_all)
    said = {read(item).text: read(item) for item in items}
    assert set(said) == {*(f"before {number}" for number in range(7)), "hello"}
    assert len(items) == len({item.remote_id for item in items}) == 8
    assert said["hello"].from_handle == f"@{tom.handle}"
    assert said["hello"].thread_key != said["before 1"].thread_key
    for number in range(5):
        jerry.say(council, f"after {number}")
    items, cursor = all_of(open_to_all, cursor)
    assert [read(item).text for item in items] == [f"after {number}" for number in range(5)]
    assert all_of(open_to_all, cursor) == ([], cursor)


def test_the_past_is_left_out_where_that_is_wanted(council: Person, jerry: Person, open_to_all: BlueskyAdapter) -> None:
    jerry.say(council, "long ago")
    cursor = open_to_all.newest_cursor()
    jerry.say(council, "now")
    assert [read(item).text for item in all_of(open_to_all, cursor)[0]] == ["now"]


def test_an_answer_goes_into_the_same_conversation(
    council: Person, jerry: Person, chat: Chat, open_to_all: BlueskyAdapter
) -> None:
    question = told_privately(jerry, council, open_to_all, "my address is 1 High Street")
    receipt = open_to_all.send(answer_to(question, "Thank you: https://leeds.test/bins", 1, council))
    assert chat.said_to(jerry.did, by=council.did) == ["Thank you: https://leeds.test/bins"]
    convo = chat.between(council.did, jerry.did)
    assert convo.messages[-1]["facets"][0]["features"][0]["uri"] == "https://leeds.test/bins"
    assert receipt.reply_ref == question.reply_ref == {"convo": convo.id}
    items, _ = all_of(open_to_all)
    echo = next(read(item) for item in items if item.remote_id == receipt.remote_id)
    assert echo.by_account


def test_what_was_asked_in_public_is_answered_in_private(
    bluesky: Bluesky, council: Person, jerry: Person, chat: Chat, open_to_all: BlueskyAdapter
) -> None:
    question = asked(bluesky, council, jerry, open_to_all)
    outgoing = answer_to(question, "Your case is 42.", 1, council, visibility="private", reply_ref=question.reply_ref)
    open_to_all.send(outgoing)
    assert chat.said_to(jerry.did, by=council.did) == ["Your case is 42."]
    assert council.posts() == []


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ("NotFollowedBySender", "They take direct messages only from people they follow."),
        ("MessagesDisabled", "They take no direct messages."),
        ("BlockedSubject", "They have blocked the account."),
    ],
)
def test_who_takes_none_is_told_in_words(
    council: Person, jerry: Person, chat: Chat, open_to_all: BlueskyAdapter, why: str, words: str
) -> None:
    chat.declines[jerry.did] = why
    outgoing = answer_to_nothing(council, jerry)
    handed: list[bool] = []
    with pytest.raises(ChannelError) as refused:
        open_to_all.send(outgoing, lambda: handed.append(True))
    assert refused.value.message == f"The direct message was not taken. {words}"
    assert refused.value.permanent
    assert not handed


def test_a_silence_after_it_was_taken_is_a_doubt_that_the_service_resolves(
    council: Person, jerry: Person, chat: Chat, open_to_all: BlueskyAdapter
) -> None:
    question = told_privately(jerry, council, open_to_all, "please?")
    outgoing = answer_to(question, "Done.", 1, council, sent_at=datetime.now(tz=UTC))
    assert open_to_all.find(outgoing) is None
    chat.goes_quiet_after_taking = True
    with pytest.raises(OutcomeUnknown):
        open_to_all.send(outgoing)
    chat.goes_quiet_after_taking = False
    found = open_to_all.find(outgoing)
    assert found is not None
    assert found.remote_id.endswith(chat.between(council.did, jerry.did).messages[-1]["id"])
    later = answer_to(question, "Done.", 2, council, sent_at=datetime.now(tz=UTC) + timedelta(hours=1))
    assert open_to_all.find(later) is None, "the same words of long before are another message"


def test_an_app_password_without_that_right_is_told_and_keeps_no_post_waiting(
    bluesky: Bluesky, council: Person, jerry: Person, chat: Chat, adapter_of: Make
) -> None:
    adapter = adapter_of(council, direct_messages=True)
    posts, direct = adapter.check()
    assert posts.ok
    assert not direct.ok
    assert "allows access to direct messages" in direct.mend
    jerry.post(f"@{council.handle} hello", mentions=[council])
    bluesky.settle()
    fetched = adapter.fetch("")
    assert [read(item).text for item in fetched.items] == [f"@{council.handle} hello"]
    with pytest.raises(ChannelError, match="direct messages"):
        adapter.fetch(fetched.cursor)


def test_without_direct_messages_none_is_sent(council: Person, jerry: Person, adapter_of: Make) -> None:
    with pytest.raises(ChannelError, match="not switched on") as refused:
        adapter_of(council).send(answer_to_nothing(council, jerry))
    assert refused.value.permanent


def test_all_of_a_day_is_listed_again(council: Person, jerry: Person, chat: Chat, open_to_all: BlueskyAdapter) -> None:
    chat.page = 2
    for number in range(5):
        jerry.say(council, f"{number}")
    items, _ = all_of(open_to_all)
    now = datetime.now(tz=UTC)
    listed = open_to_all.listed(now - timedelta(hours=1), now + timedelta(minutes=1))
    assert {item.remote_id for item in listed} == {item.remote_id for item in items}
    assert list(open_to_all.listed(now - timedelta(hours=2), now - timedelta(hours=1))) == []


def answer_to_nothing(council: Person, jerry: Person) -> Outgoing:
    """A direct message to somebody who has not written one."""
    nothing = said(sent_at=datetime.now(tz=UTC), sent_at_why="", from_address=jerry.did, visibility="private")
    return answer_to(nothing, "Hello", 9, council)
