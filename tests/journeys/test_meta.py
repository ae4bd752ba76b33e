"""Facebook, Instagram and WhatsApp from the call to our webhook to the fate of the answer, against the stand-in for Meta."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError

from sociable.channels.base import CallRefused
from sociable.conversations.models import Attachment, Contact, Message, Outgoing, RawInbound
from sociable.directory import connecting
from sociable.directory.models import Connection
from sociable.journeys import answer, hear, ways
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.journeys.on_meta import SECRETS, WHERE, answered, asked, connect, do, told
from tests.servers.graph import PAGE, VERIFY, GraphNetwork

pytestmark = pytest.mark.django_db


@pytest.fixture(params=["facebook", "instagram", "whatsapp"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(cast: Cast, meta: GraphNetwork, kind: str) -> Connection:
    return connect(cast.help, kind, meta)


def test_a_private_message_is_asked_answered_and_read(cast: Cast, meta: GraphNetwork, connection: Connection) -> None:
    message = asked(connection, meta)
    assert Wait.objects.get().started_at == at(10)
    outgoing = answered(cast, meta, message)
    assert outgoing.state == "accepted"
    told(connection, meta)  # its echo, where the network gives one
    assert Message.objects.filter(direction="out", automatic="").count() == 1
    meta.told(
        meta.talks[outgoing.remote_id.partition(":")[2]],
        "read" if connection.account.channel != "facebook" else "delivered",
    )
    told(connection, meta)
    outgoing.refresh_from_db()
    assert outgoing.state == "delivered"
    assert Wait.objects.get().ended == "answered"


def test_the_same_call_ten_times_is_one_message(meta: GraphNetwork, connection: Connection) -> None:
    meta.writes(meta.person("Dev"), "Bins?", WHERE[connection.account.channel])
    call = meta.call()
    for _ in range(10):
        hear.hear(connection.account.channel, connection.hook_token, call, meta.now)
    assert (Message.objects.filter(direction="in").count(), RawInbound.objects.count(), Wait.objects.count()) == (
        1,
        1,
        1,
    )


def test_a_call_nobody_signed_leaves_nothing(meta: GraphNetwork, connection: Connection) -> None:
    meta.writes(meta.person("Dev"), "Bins?", WHERE[connection.account.channel])
    call = meta.call()
    with pytest.raises(CallRefused):
        hear.hear(connection.account.channel, connection.hook_token, replace(call, headers={}), meta.now)
    assert RawInbound.objects.count() == 0


def test_the_page_for_calls_answers_metas_question_and_takes_its_calls(
    client: Any, meta: GraphNetwork, connection: Connection
) -> None:
    address = f"/hooks/{connection.account.channel}/{connection.hook_token}/"
    asked_for = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY}
    assert client.get(address, asked_for).content == b"1158201444"
    assert client.get(address, {**asked_for, "hub.verify_token": "x"}).status_code == 403
    meta.writes(meta.person("Dev"), "Bins?", WHERE[connection.account.channel])
    call = meta.call()
    headers = {"x-hub-signature-256": call.headers["x-hub-signature-256"]}
    assert client.post(address, call.body, content_type="application/json", headers=headers).status_code == 200
    assert client.post(address, call.body + b" ", content_type="application/json", headers=headers).status_code == 403
    assert Message.objects.filter(direction="in").count() == 1


def test_a_removal_that_comes_first_is_noted_when_the_message_does(meta: GraphNetwork, connection: Connection) -> None:
    if connection.account.channel == "facebook":
        return  # Messenger tells of no removals
    talk = meta.writes(meta.person("Dev"), "Bins?", WHERE[connection.account.channel])
    said, gone = meta.calls[0], meta._taken_back(talk)
    for payload in (gone, said):
        hear.hear(connection.account.channel, connection.hook_token, _call(payload), meta.later(minutes=1))
    assert Message.objects.get(direction="in").withdrawn_at is not None


def _call(payload: dict[str, Any]) -> Any:
    import json

    from tests.servers.graph import signed

    return signed(json.dumps(payload).encode())


def test_what_a_colleague_wrote_in_metas_own_app_is_the_answer(
    cast: Cast, meta: GraphNetwork, connection: Connection
) -> None:
    message = asked(connection, meta)
    meta.later(minutes=20)
    meta.colleague_writes(
        meta.talks[message.message_id.partition(":")[2]].person, "On Tuesday", WHERE[connection.account.channel]
    )
    hear.hear(connection.account.channel, connection.hook_token, _call(meta.calls.pop()), meta.now)
    ours = Message.objects.get(text="On Tuesday")
    assert (ours.direction, ours.conversation, ours.author) == ("out", message.conversation, None)
    assert (Wait.objects.get().ended, Wait.objects.get().ended_at) == ("answered", at(10, 20))


def test_a_doubt_ends_with_one_message_there(cast: Cast, meta: GraphNetwork, connection: Connection) -> None:
    message = asked(connection, meta)
    meta.server.fail(r"POST .*/messages\?", None, after=True)
    outgoing = answered(cast, meta, message)
    assert outgoing.state == "unknown"
    if connection.account.channel == "whatsapp":  # which cannot be asked, and tells by itself
        meta.told(next(talk for talk in meta.talks.values() if talk.by_us), "sent")
        told(connection, meta)
    else:
        do("resolve", meta.later(minutes=1))
    outgoing.refresh_from_db()
    assert outgoing.state == "accepted"
    told(connection, meta)
    assert Message.objects.filter(direction="out", automatic="").count() == 1
    assert len([talk for talk in meta.talks.values() if talk.by_us]) == 1
    assert Message.objects.get(pk=outgoing.message_id).message_id == outgoing.remote_id


def test_the_report_of_a_message_in_doubt_is_known_by_our_key(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    message = asked(connection, meta)
    meta.server.fail(r"POST .*/messages\?", None, after=True)
    outgoing = answered(cast, meta, message)
    talk = next(talk for talk in meta.talks.values() if talk.by_us)
    meta.told(talk, "failed", 131026, "Message undeliverable")
    told(connection, meta)
    outgoing.refresh_from_db()
    assert outgoing.state == "bounced"
    assert "not on WhatsApp" in outgoing.detail
    assert Wait.objects.get().is_open


def test_what_was_not_delivered_opens_the_wait_with_the_networks_reason(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    outgoing = answered(cast, meta, asked(connection, meta))
    assert not Wait.objects.get().is_open
    meta.told(meta.talks[outgoing.remote_id.partition(":")[2]], "failed", 131047, "Re-engagement message")
    told(connection, meta)
    outgoing.refresh_from_db()
    assert outgoing.state == "bounced"
    assert "approved template" in outgoing.detail
    assert Wait.objects.get().is_open


def test_files_come_after_the_words(meta: GraphNetwork, connection: Connection) -> None:
    message = asked(connection, meta, "My bin", files=(("image/png", b"\x89PNG\r\n\x1a\n a picture"),))
    assert Attachment.objects.get(message=message).sha256 == ""
    do("files", meta.now)
    file = Attachment.objects.get(message=message)
    assert (file.content_type, bool(file.sha256), file.refused_why) == ("image/png", True, "")


def test_a_comment_is_answered_where_it_stands(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "facebook", meta)
    dev, jo = meta.person("Dev"), meta.person("Jo")
    comment = meta.comments_on(dev, "Is my street swept?")
    meta.comments_on(jo, "And mine?", comment.post)
    told(connection, meta)
    mine, other = Message.objects.filter(direction="in").order_by("pk")
    assert mine.conversation != other.conversation
    outgoing = answered(cast, meta, mine)
    assert outgoing.state == "delivered"
    told(connection, meta)
    assert Message.objects.filter(direction="out", automatic="").count() == 1
    assert Wait.objects.get(conversation=other.conversation).is_open
    meta.comments_on(dev, "Thanks, and the park?", comment.post, parent=outgoing.remote_id.partition(":")[2])
    told(connection, meta)
    assert Message.objects.get(text__startswith="Thanks").conversation == mine.conversation


def test_an_own_comment_to_nobody_answers_nobody(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "facebook", meta)
    comment = meta.comments_on(meta.person("Dev"), "Is my street swept?")
    meta.comments_on(PAGE, "We sweep from Monday", comment.post)
    told(connection, meta)
    assert Wait.objects.get().is_open


def test_one_app_serves_many_accounts(cast: Cast, meta: GraphNetwork) -> None:
    facebook = connect(cast.help, "facebook", meta)
    other = connect(cast.books, "facebook", meta, network_id="330000000000001")
    stranger = connect(
        cast.clinic,
        "facebook",
        meta,
        network_id="440000000000001",
        sealed_secrets=connecting.seal({**SECRETS, "app_secret": "x"}),
    )
    payloads = []
    for number in (PAGE, other.network_id, stranger.network_id):
        meta.writes(meta.person("Dev"), f"To {number}")
        entry = meta.calls.pop()["entry"][0]
        entry["id"] = entry["messaging"][0]["recipient"]["id"] = number
        payloads.append(entry)
    hear.hear("facebook", facebook.hook_token, _call({"object": "page", "entry": payloads}), meta.now)
    where = dict(Message.objects.filter(direction="in").values_list("text", "conversation__account__slug"))
    assert where == {f"To {PAGE}": "help", "To 330000000000001": "libraries", "To 440000000000001": "help"}


def test_the_words_of_a_mention_are_asked_for_by_the_account_it_names(cast: Cast, meta: GraphNetwork) -> None:
    called = connect(cast.books, "instagram", meta, network_id="17841400000000002", settings={
        "instagram_id": "17841400000000002", "page_id": PAGE, "server": meta.server.url
    })  # fmt: skip
    connect(cast.help, "instagram", meta)
    comment = meta.comments_on(meta.person("dev"), "@leedscouncil please sweep", where="instagram")
    hear.hear("instagram", called.hook_token, _call(meta.mention_call(comment)), meta.now)
    message = Message.objects.get(direction="in")
    assert (message.text, message.conversation.account) == ("@leedscouncil please sweep", cast.help)


def test_who_texts_from_the_number_is_the_same_person(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "whatsapp", meta)
    message = asked(connection, meta)
    assert Contact.objects.get().identities.get().kind == "phone"
    assert message.from_address.startswith("+")


def test_reading_at_the_same_instant_leaves_one(
    meta: GraphNetwork, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two workers store the same call: the second finds it stored."""
    from sociable.conversations import raw_inbound

    meta.writes(meta.person("Dev"), "Bins?", WHERE[connection.account.channel])
    call, real, failed = meta.call(), raw_inbound.store_raw, []

    def once_too_late(*args: Any, **kwargs: Any) -> Any:
        if not failed:
            failed.append(True)
            real(*args, **kwargs)
            raise IntegrityError
        return real(*args, **kwargs)

    monkeypatch.setattr(raw_inbound, "store_raw", once_too_late)
    hear.hear(connection.account.channel, connection.hook_token, call, meta.now + timedelta(seconds=1))
    assert Message.objects.filter(direction="in").count() == 1


@pytest.mark.parametrize("echoes", [True, False])
@pytest.mark.parametrize("network_kind", ["facebook", "instagram"])
def test_who_was_answered_in_private_goes_on_in_the_same_conversation(
    cast: Cast, meta: GraphNetwork, network_kind: str, echoes: bool
) -> None:
    connection = connect(cast.help, network_kind, meta)
    dev = meta.person("dev")
    meta.comments_on(dev, "My bin was missed", where=WHERE[network_kind])
    told(connection, meta)
    message = Message.objects.get(direction="in")
    chosen = ways.Chosen(way=ways.Way.PRIVATE, closing="We have written to you.")
    said = answer.send(
        conversation_id=message.conversation_id, person=cast.asha, text="Where do you live?", against_version=1,
        now=meta.later(minutes=5), chosen=chosen,
    )  # fmt: skip
    do("deliver", meta.later(minutes=1))
    do("deliver", meta.later(minutes=1))
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"accepted", "delivered"}
    assert [sent.json()["recipient"].keys() for sent in meta.server.seen(r"POST .*/messages\?")] == [{"comment_id"}]
    if echoes:
        told(connection, meta)
    meta.calls = []
    meta.writes(dev, "12 Cragg Lane", WHERE[network_kind])
    told(connection, meta)
    theirs = Message.objects.get(text="12 Cragg Lane")
    assert (theirs.conversation, theirs.visibility) == (said.conversation, "private")
    assert Wait.objects.filter(conversation=said.conversation).count() == 2


def test_nobody_listens_where_the_network_calls_by_itself(cast: Cast, meta: GraphNetwork) -> None:
    from sociable.worker import watch

    connect(cast.help, "facebook", meta)
    mailbox = Connection.objects.create(account=cast.books, settings={"imap_host": "localhost"})
    assert list(watch._connections(meta.now)) == [mailbox.pk]


def test_a_network_that_calls_and_counts_is_asked_less_often(cast: Cast, meta: GraphNetwork) -> None:
    from sociable.due.models import DueRow
    from sociable.journeys import fetch

    connection = connect(cast.help, "facebook", meta)
    meta.writes(meta.person("Dev"), "Did you get this?")
    meta.calls = []  # the call was lost
    fetch.schedule(connection, at(10))
    do("fetch", at(10))
    assert Message.objects.filter(direction="in").count() == 1
    assert timedelta(minutes=7.5) < DueRow.objects.get(kind="fetch").next_at - at(10) < timedelta(minutes=9)


def test_an_event_of_an_unknown_kind_is_kept_and_shown(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "facebook", meta)
    entry = {"id": PAGE, "time": 1, "changes": [{"field": "holograms", "value": {"id": "1"}}]}
    hear.hear("facebook", connection.hook_token, _call({"object": "page", "entry": [entry]}), meta.now)
    raw = RawInbound.objects.get()
    assert (raw.state, b"holograms" in bytes(raw.content)) == ("unreadable", True)
    assert "does not know" in raw.error


def test_an_edit_changes_the_words_and_keeps_what_was_said(cast: Cast, meta: GraphNetwork) -> None:
    connection = connect(cast.help, "facebook", meta)
    message = asked(connection, meta)
    meta.later(minutes=2)
    meta.edits(meta.talks[message.message_id.partition(":")[2]], "Bins in Headingley?")
    told(connection, meta)
    message.refresh_from_db()
    assert (message.text, [each["text"] for each in message.earlier]) == ("Bins in Headingley?", ["Bins?"])
    assert Wait.objects.get().started_at == at(10)
