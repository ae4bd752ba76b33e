"""A resident who texts, from the first text to the report of the answer, through the house: once each, whatever happens."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from sociable.conversations.models import Conversation, Identity, Message, Outgoing, RawInbound
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.journeys import answer, calls, fetch, ways
from sociable.journeys.calls import Call
from sociable.promises.models import Wait
from sociable.worker.loop import JOURNEYS
from tests.cast import Cast, at
from tests.channels.sms.conftest import SETTINGS, TOM
from tests.servers.notify import Notify

State = Outgoing.State
SECRETS = ("api_key", "callback_token")


@pytest.fixture
def account(cast: Cast, notify: Notify) -> Any:
    Account.objects.filter(pk=cast.help.pk).update(channel="sms", address="", handle="07700 900999")
    cast.help.refresh_from_db()
    connection = Connection.objects.create(
        account=cast.help,
        settings={name: value for name, value in SETTINGS.items() if name not in SECRETS}
        | {"api_url": notify.server.url},
        sealed_secrets=connecting.seal({name: SETTINGS[name] for name in SECRETS}),
    )
    notify.now = at(10)
    fetch.schedule(connection, at(10))
    return cast.help


def do(kind: str, now: Any) -> None:
    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def answered(cast: Cast, message: Message, when: Any, text: str = "On Tuesday.") -> Message:
    said = answer.send(
        conversation_id=message.conversation_id,
        person=cast.asha,
        text=text,
        now=when,
        send_anyway=True,
        against_version=1,
    )
    do("deliver", when + timedelta(seconds=11))
    return Message.objects.get(pk=said.pk)


def call(notify: Notify, told: dict[str, Any], **headers: str) -> int:
    given, body = notify.callback(told)
    where = f"/hooks/sms/{Connection.objects.get().hook_token}/"
    sent = {"HTTP_AUTHORIZATION": headers.get("authorization", given["authorization"])}
    return Client().post(where, body, content_type="application/json", **sent).status_code


def state_of(message: Message) -> str:
    return Outgoing.objects.get(message=message).state


def test_a_text_is_answered_to_its_number_and_goes_on(cast: Cast, account: Any, notify: Notify) -> None:
    text = notify.text(TOM, "When is my bin day?")
    assert call(notify, notify.told(text)) == 200
    do("fetch", at(10, 1))  # brings the same again
    message = Message.objects.get()
    assert Wait.objects.get().started_at == at(10)
    identity = Identity.objects.get(contact=message.conversation.contact)
    assert (identity.kind, identity.address) == ("phone", "+447700900123")
    notify.now = at(10, 5)
    said = answered(cast, message, at(10, 5))
    (sent,) = [one for one in notify.sent if "On Tuesday." in one.body]
    assert (sent.number, state_of(said), said.message_id) == ("+447700900123", State.ACCEPTED, f"sms:{sent.id}")
    notify.now = at(10, 6)
    assert call(notify, notify.report(sent, "delivered")) == 200
    assert state_of(said) == State.DELIVERED
    assert call(notify, notify.told(notify.text(TOM, "Thanks, and the garden?"))) == 200
    assert Conversation.objects.count() == 1
    assert Wait.objects.filter(ended_at=None).count() == 1


@pytest.mark.parametrize("status", ["permanent-failure", "temporary-failure", "technical-failure"])
def test_an_answer_that_did_not_arrive_opens_the_wait_again(
    cast: Cast, account: Any, notify: Notify, status: str
) -> None:
    call(notify, notify.told(notify.text(TOM, "When?")))
    said = answered(cast, Message.objects.get(direction="in"), at(10, 5))
    sent = next(one for one in notify.sent if "On Tuesday." in one.body)
    assert call(notify, notify.report(sent, status)) == 200
    assert state_of(said) == State.BOUNCED
    assert Wait.objects.get().ended_at is None
    assert call(notify, notify.report(sent, status)) == 200  # told again, it changes nothing
    assert RawInbound.objects.filter(remote_id__contains=status).count() == 1


def test_a_report_that_is_faster_than_our_own_note_is_not_lost(cast: Cast, account: Any, notify: Notify) -> None:
    """Notify took the text and the line broke: its report names our reference, and that settles the doubt."""
    call(notify, notify.told(notify.text(TOM, "When?")))
    notify.server.fail("POST", None, after=True)
    said = answered(cast, Message.objects.get(direction="in"), at(10, 5))
    assert state_of(said) == State.UNKNOWN
    sent = next(one for one in notify.sent if "On Tuesday." in one.body)
    assert call(notify, notify.report(sent, "delivered")) == 200
    assert state_of(said) == State.DELIVERED
    do("resolve", at(10, 9))
    assert len([one for one in notify.sent if "On Tuesday." in one.body]) == 1


def test_what_notify_took_before_it_went_quiet_is_not_sent_twice(cast: Cast, account: Any, notify: Notify) -> None:
    call(notify, notify.told(notify.text(TOM, "When?")))
    notify.server.fail("POST", None, after=True)
    said = answered(cast, Message.objects.get(direction="in"), at(10, 5))
    for minute in range(6, 14):
        do("resolve", at(10, minute))
        do("deliver", at(10, minute))
    assert state_of(said) == State.ACCEPTED
    assert len([one for one in notify.sent if "On Tuesday." in one.body]) == 1


def test_what_notify_never_took_is_sent_again_once(cast: Cast, account: Any, notify: Notify) -> None:
    call(notify, notify.told(notify.text(TOM, "When?")))
    notify.server.fail("POST", None)
    said = answered(cast, Message.objects.get(direction="in"), at(10, 5))
    assert not [one for one in notify.sent if "On Tuesday." in one.body]
    for minute in range(6, 14):
        do("resolve", at(10, minute))
        do("deliver", at(10, minute))
    assert state_of(said) == State.ACCEPTED
    assert len([one for one in notify.sent if "On Tuesday." in one.body]) == 1


def test_one_that_came_back_can_be_sent_again_and_reported_on(cast: Cast, account: Any, notify: Notify) -> None:
    from sociable.journeys import outbox

    call(notify, notify.told(notify.text(TOM, "When?")))
    said = answered(cast, Message.objects.get(direction="in"), at(10, 5))
    first = next(one for one in notify.sent if "On Tuesday." in one.body)
    call(notify, notify.report(first, "temporary-failure"))
    outbox.send_again(Message.objects.get(pk=said.pk), at(10, 20))
    do("deliver", at(10, 20))
    second = [one for one in notify.sent if "On Tuesday." in one.body][-1]
    assert second.id != first.id
    assert state_of(said) == State.ACCEPTED
    assert call(notify, notify.report(second, "delivered")) == 200
    assert state_of(said) == State.DELIVERED


def test_forged_and_foreign_calls_change_nothing(cast: Cast, account: Any, notify: Notify) -> None:
    text = notify.text(TOM, "x")
    assert call(notify, notify.told(text), authorization="Bearer guessed-token") == 401
    assert not RawInbound.objects.exists()
    other = {"id": "1", "status": "delivered", "reference": "library-7", "to": TOM, "notification_type": "sms"}
    assert call(notify, other) == 200
    assert RawInbound.objects.get().state == RawInbound.State.NOTED
    assert not Message.objects.exists()


def test_the_reference_holds_nothing_about_anybody(cast: Cast, account: Any, notify: Notify) -> None:
    call(notify, notify.told(notify.text(TOM, "When?")))
    answered(cast, Message.objects.get(direction="in"), at(10, 5))
    sent = json.dumps([one.reference for one in notify.sent])
    assert "7700" not in sent
    assert settings.SECRET_KEY not in sent


def test_who_rang_from_a_mobile_is_answered_by_text_and_texts_back(cast: Cast, account: Any, notify: Notify) -> None:
    note = calls.begin(person=cast.ben, channel="phone", now=at(10))
    call_noted = Call(account=cast.books, began_at=at(10), asked="Is my book in?", phone="+447700900123")
    conversation = calls.finish(note=note, call=call_noted, person=cast.ben, now=at(10, 2))
    assert ways.address_of(conversation) == ("sms", "+447700900123")
    said = answer.send(
        conversation_id=conversation.pk, person=cast.ben, text="It is.", against_version=1, now=at(10, 5)
    )
    do("deliver", at(10, 5) + timedelta(seconds=11))
    (sent,) = notify.sent
    assert (sent.number, state_of(said)) == ("+447700900123", State.ACCEPTED)
    assert Wait.objects.get().ended == "answered"
    notify.now = at(10, 20)
    call(notify, notify.told(notify.text(TOM, "Until when?")))
    assert Conversation.objects.count() == 1
    assert Wait.objects.filter(conversation=conversation).count() == 2


def test_a_landline_and_a_body_without_texts_are_rung(cast: Cast, account: Any) -> None:
    for phone, at_account in (("+441134960000", cast.books), ("+447700900123", cast.clinic)):
        person = cast.asha if at_account == cast.books else cast.cara
        note = calls.begin(person=person, channel="phone", now=at(10))
        noted = calls.finish(
            note=note,
            call=Call(account=at_account, began_at=at(10), asked="Hello?", phone=phone),
            person=person,
            now=at(10),
        )
        assert ways.address_of(noted) == ("phone", "")
