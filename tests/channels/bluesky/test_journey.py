"""From a post on Bluesky's own servers to the answer under it, through the whole house."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.channels.base import Outgoing as Parcel
from sociable.channels.base import Receipt
from sociable.channels.bluesky import posting
from sociable.conversations.models import Attachment, Message, Outgoing, RawInbound
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.journeys import answer, connect, fetch, ways
from sociable.promises.models import Wait
from tests.cast import Cast
from tests.channels.bluesky.conftest import settings_of
from tests.channels.bluesky.record import images
from tests.servers.bluesky import Bluesky, Person
from tests.servers.bluesky_chat import Chat
from tests.servers.faulty import Fault, Faulty

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
State = Outgoing.State


@pytest.fixture
def account(cast: Cast, council: Person) -> Account:
    """The council's help account, connected to its account on the network."""
    return connected(cast, council)


def connected(cast: Cast, council: Person, **further: Any) -> Account:
    from sociable.people.models import Role

    Account.objects.filter(pk=cast.help.pk).update(channel="bluesky", address="")
    account = Account.objects.get(pk=cast.help.pk)
    plain = settings_of(council) | further
    settings = connect.Settings(plain, {"app_password": plain.pop("app_password")})
    Role.objects.get_or_create(person=cast.olu, kind="digital_access", partner=cast.council)
    adapter = connect.adapter_with(account, settings)
    connect.connect(
        account=account,
        settings=settings,
        fetches=True,
        person=type(cast.olu).objects.get(pk=cast.olu.pk),
        now=timezone.now(),
        cursor=connect.newest_cursor(adapter),
        who=connect.who(adapter),
    )
    adapter.close()
    return Account.objects.get(pk=cast.help.pk)


def do(kind: str, now: datetime | None = None) -> None:
    """What a worker would do now, or later."""
    from sociable.worker.loop import JOURNEYS

    now = now or timezone.now()
    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def fetched(bluesky: Bluesky) -> list[Message]:
    """Fetch now, and return what came of it."""
    bluesky.settle()
    before = set(Message.objects.values_list("pk", flat=True))
    for connection in Connection.objects.all():
        fetch.hasten(connection.pk, timezone.now())
    do("fetch")
    return list(Message.objects.exclude(pk__in=before).order_by("pk"))


def answered(cast: Cast, asked: Message, text: str, **how: Any) -> Message:
    now = timezone.now()
    said = answer.send(
        conversation_id=asked.conversation_id,
        person=cast.asha,
        text=text,
        now=now,
        against_version=1,
        send_anyway=True,
        **how,
    )
    for number in range(1, 5):  # a part waits for the one before it
        do("deliver", now + timedelta(seconds=30 * number))
    return Message.objects.get(pk=said.pk)


def ask(council: Person, jerry: Person, text: str) -> dict[str, str]:
    return jerry.post(f"@{council.handle} {text}", mentions=[council])


def test_connecting_tells_who_the_account_is_and_keeps_its_log_in(council: Person, account: Account) -> None:
    connection = account.connection
    assert (connection.network_id, account.handle) == (council.did, f"@{council.handle}")
    assert account.link == f"https://bsky.app/profile/{council.handle}"
    do("fetch")
    connection.refresh_from_db()
    assert connection.sealed_session
    assert council.did not in connection.sealed_session, "sealed"
    assert connection.trouble == ""


def test_asked_answered_and_thanked_is_one_conversation(
    bluesky: Bluesky, cast: Cast, council: Person, jerry: Person, account: Account
) -> None:
    posted = ask(council, jerry, "When is my brown bin collected?")
    (asked,) = fetched(bluesky)
    assert (asked.message_id, asked.from_name, asked.visibility) == (posted["uri"], "", "public")
    assert asked.conversation.contact.name == f"@{jerry.handle}"
    assert Wait.objects.get().is_open
    said = answered(cast, asked, "On Friday, from seven.")
    (record,) = council.posts()
    assert (said.message_id, record["value"]["reply"]["parent"]["uri"]) == (record["uri"], posted["uri"])
    assert said.link.endswith(record["uri"].rpartition("/")[2])
    assert Outgoing.objects.get().state == State.ACCEPTED
    assert not Wait.objects.get().is_open
    assert fetched(bluesky) == []  # our own answer, seen at the network, is known
    jerry.answer({"uri": record["uri"], "cid": record["cid"]}, "Thanks. And the green one?", root=posted)
    (again,) = fetched(bluesky)
    assert again.conversation == asked.conversation
    assert Wait.objects.filter(conversation=asked.conversation).count() == 2


def test_others_under_the_same_post_have_conversations_of_their_own(
    bluesky: Bluesky, council: Person, jerry: Person, person: Callable[[str], Person], account: Account
) -> None:
    news = council.post("We grit the roads tonight.")
    jerry.answer(news, "Mine too?")
    tom = person("tom")
    mine = tom.answer(news, "And mine?")
    first, second = fetched(bluesky)
    assert first.conversation != second.conversation
    person("ann").answer(mine, "Ask your councillor!", root=news)
    (third,) = fetched(bluesky)
    assert third.conversation.state == "kept_aside", "a word between residents starts no clock by itself"
    assert Wait.objects.count() == 2


def test_what_a_colleague_answers_in_the_app_ends_the_wait(
    bluesky: Bluesky, council: Person, jerry: Person, account: Account
) -> None:
    posted = ask(council, jerry, "Anybody there?")
    (asked,) = fetched(bluesky)
    council.answer(posted, "Yes, on my phone.")
    (said,) = fetched(bluesky)
    assert (said.direction, said.conversation) == ("out", asked.conversation)
    assert Wait.objects.get().ended == "answered"


def test_edits_and_deletions_are_mirrored(
    bluesky: Bluesky, cast: Cast, council: Person, jerry: Person, account: Account
) -> None:
    posted = ask(council, jerry, "My bin")
    (asked,) = fetched(bluesky)
    jerry.edit(posted, f"@{council.handle} My brown bin")
    assert fetched(bluesky) == []
    asked.refresh_from_db()
    assert asked.text == f"@{council.handle} My brown bin"
    assert asked.earlier[0]["text"] == f"@{council.handle} My bin"
    said = answered(cast, asked, "On Friday.")
    assert fetched(bluesky) == []
    jerry.delete(posted)
    council.delete({"uri": said.message_id})
    assert fetched(bluesky) == []
    asked.refresh_from_db()
    assert asked.withdrawn_at is not None
    assert Outgoing.objects.get().state == State.BOUNCED, "nobody can read the answer any more"


def test_an_answer_too_long_for_one_post_goes_in_parts_under_one_another(
    bluesky: Bluesky, cast: Cast, council: Person, jerry: Person, account: Account
) -> None:
    posted = ask(council, jerry, "Tell me everything")
    (asked,) = fetched(bluesky)
    text = " ".join(f"Sentence {number} of what there is to know about bins." for number in range(12))
    answered(cast, asked, text, chosen=ways.Chosen(way=ways.Way.THREAD))
    records = sorted(council.posts(), key=lambda record: record["value"]["createdAt"] + record["value"]["text"][-6:])
    parents = {record["value"]["reply"]["parent"]["uri"] for record in records}
    assert len(records) == len(parents) > 1
    assert posted["uri"] in parents
    assert {record["value"]["reply"]["root"]["uri"] for record in records} == {posted["uri"]}
    assert fetched(bluesky) == []


def test_pictures_are_brought_with_what_is_said_of_them(
    bluesky: Bluesky, council: Person, jerry: Person, account: Account
) -> None:
    jerry.post(f"@{council.handle} look", mentions=[council], embed=images(jerry, "A full bin"))
    fetched(bluesky)
    do("files")
    picture = Attachment.objects.get()
    assert (picture.alt_text, picture.remote_ref, picture.refused_why) == ("A full bin", "", "")
    assert picture.content_type in {"image/webp", "image/jpeg"}
    assert picture.size_bytes > 0


def test_a_direct_message_is_answered_in_private(
    bluesky: Bluesky, cast: Cast, council: Person, jerry: Person, chat: Chat
) -> None:
    password = council.app_password(direct_messages=True)
    connected(cast, council, direct_messages=True, app_password=password)
    jerry.say(council, "My NHS number is 943 476 5919, can you move my appointment?")
    (asked,) = fetched(bluesky)
    answered(cast, asked, "Yes: NHS number 943 476 5919 is moved to Monday.")
    assert chat.said_to(jerry.did, by=council.did) == ["Yes: NHS number 943 476 5919 is moved to Monday."]
    assert council.posts() == []
    assert Outgoing.objects.get().state == State.ACCEPTED
    assert fetched(bluesky) == []


def test_a_time_out_after_the_network_took_it_is_resolved_by_asking(
    bluesky: Bluesky, cast: Cast, council: Person, jerry: Person, between: Faulty
) -> None:
    connected(cast, council, server=between.url)
    ask(council, jerry, "Hello?")
    (asked,) = fetched(bluesky)
    between.faults.append(Fault("putRecord", passes_on=True))
    said = answered(cast, asked, "Hello!")
    assert Outgoing.objects.get().state == State.UNKNOWN
    do("resolve", timezone.now() + timedelta(minutes=5))
    assert Outgoing.objects.get().state == State.ACCEPTED
    assert [record["uri"] for record in council.posts()] == [said.message_id]
    assert fetched(bluesky) == []


@pytest.mark.parametrize("taken", [True, False], ids=["after it was taken", "before"])
def test_a_worker_that_dies_while_sending_loses_no_answer_and_makes_none_twice(
    bluesky: Bluesky,
    cast: Cast,
    council: Person,
    jerry: Person,
    account: Account,
    monkeypatch: pytest.MonkeyPatch,
    taken: bool,
) -> None:
    ask(council, jerry, "Hello?")
    (asked,) = fetched(bluesky)
    really = posting.send

    class Killed(BaseException):
        pass

    def dies(network: Any, outgoing: Parcel, before_handover: Callable[[], None]) -> Receipt:
        if taken:
            really(network, outgoing, before_handover)
        else:
            before_handover()
        raise Killed

    monkeypatch.setattr(posting, "send", dies)
    with pytest.raises(Killed):
        answered(cast, asked, "Hello!")
    monkeypatch.setattr(posting, "send", really)
    for minutes in range(2, 12):  # its lease ends, another worker finds it, asks, and sends again what is not there
        for kind in ("deliver", "resolve"):
            do(kind, timezone.now() + timedelta(minutes=minutes))
    assert len(council.posts()) == 1
    assert Outgoing.objects.get().state == State.ACCEPTED
    assert not Wait.objects.get().is_open


def test_all_that_was_stored_is_known_again(bluesky: Bluesky, council: Person, jerry: Person, account: Account) -> None:
    for number in range(3):
        ask(council, jerry, f"{number}?")
    assert len(fetched(bluesky)) == 3
    Connection.objects.update(cursor="")
    assert fetched(bluesky) == []
    assert RawInbound.objects.count() == 3
