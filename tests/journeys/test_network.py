"""What a network tells, however it tells it, becomes what it is: a request, an answer, an edit, a removal, a report, or nothing.

Proved with the channel of an outside package, so that nothing here can lean on one network's name.
"""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from sociable.channels import registry
from sociable.channels.base import RawItem
from sociable.conversations.models import Attempt, Identity, Message, Outgoing, RawInbound
from sociable.directory import connecting, limits
from sociable.directory.models import Account, Connection, Limit
from sociable.due import queries
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.journeys import answer, connect, deliver, fetch, outbox, place, receive
from sociable.people.models import Person, Role
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures
from tests.journeys.test_receive import together

NEW, READ, DUPLICATE, UNREADABLE, NOTED = RawInbound.State.values


@pytest.fixture
def account(cast: Cast, pebble: type, tmp_path: Any) -> Any:  # noqa: F811
    """The council's help account as an account of the invented network."""
    Account.objects.filter(pk=cast.help.pk).update(channel="pebble", address="")
    cast.help.refresh_from_db()
    connection = Connection.objects.create(
        account=cast.help, settings={"folder": str(tmp_path)}, network_id="pebble-1", sealed_secrets=""
    )
    cast.help.connection = connection
    return cast.help


TEN, FIVE_PAST = at(10), at(10, 5)


def line(number: str, when: Any = TEN, **event: Any) -> RawItem:
    content = json.dumps({"type": "note", "from": "dev", "name": "Dev Patel", "id": number, **event}).encode()
    return RawItem(f"{event.get('type', 'note')}:{number}", content, when)


def tell(account: Any, when: Any = TEN, **event: Any) -> Message | None:
    item = line(event.pop("id"), when, **event)
    done = receive.read_all(receive.store(account, "pebble", [item], fetched_at=when), when)
    return done[0] if done else None


def do(kind: str, now: Any) -> None:
    from sociable.worker.loop import JOURNEYS

    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def answered(cast: Cast, message: Message, text: str = "On Tuesday.", when: Any = FIVE_PAST) -> Message:
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


def test_it_is_answered_where_it_was_asked_and_the_answer_gets_the_networks_id(cast, account, tmp_path):
    asked = tell(account, id="1", text="Bins?")
    assert Identity.objects.get(contact=asked.conversation.contact).handle == "@dev"
    said = answered(cast, asked)
    note = json.loads(next(tmp_path.glob("out-*")).read_text())
    assert (note["answers"], note["visibility"], note["to"], note["ref"]) == ("1", "public", ["dev"], {"id": "1"})
    assert (said.message_id, said.link) == (note["id"], f"https://pebble.test/{note['id']}")
    again = tell(account, at(11), id="2", text="Thanks, and the garden?", answers=said.message_id)
    assert again.conversation == asked.conversation
    assert Wait.objects.filter(conversation=asked.conversation).count() == 2


def test_under_a_public_answer_somebody_else_begins_a_conversation_of_their_own(cast, account):
    said = answered(cast, tell(account, id="1", text="Bins?"))
    other = tell(account, at(11), id="2", text="Mine too!", answers=said.message_id, **{"from": "jo", "name": "Jo"})
    assert other.conversation != said.conversation
    assert other.conversation.contact != said.conversation.contact


def test_after_a_move_to_an_account_elsewhere_the_answer_leaves_where_they_asked(cast, account, tmp_path):
    asked = tell(account, id="1", text="Bins?", thread="t", private=True)
    from sociable.journeys import join

    join.move(asked.conversation_id, cast.books, cast.asha, "yours", at(10, 1))
    said = answered(cast, asked)
    assert (said.conversation.account, said.channel, Outgoing.objects.get().state) == (cast.books, "pebble", "accepted")
    assert len(list(tmp_path.glob("out-*"))) == 1
    more = tell(account, at(11), id="2", text="And?", thread="t", private=True)
    assert more.conversation == asked.conversation


def test_a_private_thread_goes_on_until_it_was_ended_long_ago(cast, account):
    first = tell(account, id="1", text="Bins?", private=True, thread="t")
    second = tell(account, at(11), id="2", text="Hello?", private=True, thread="t")
    assert second.conversation == first.conversation
    from sociable.journeys import settle

    settle.not_a_request(first.conversation_id, cast.asha, "thanks", at(12))
    much_later = tell(account, at(12) + timedelta(days=30), id="3", text="Trees!", private=True, thread="t")
    assert much_later.conversation != first.conversation


@pytest.mark.django_db(transaction=True)
def test_two_first_lines_of_somebody_known_in_one_instant_begin_one_conversation(account, monkeypatch):
    known = tell(account, id="0", text="Hello")
    fresh = receive.store(account, "pebble", [line("1", thread="t"), line("2", thread="t")], fetched_at=TEN)
    both, looked, find = threading.Barrier(2), threading.local(), place.conversations_asked.thread_of

    def look(*given):
        found = find(*given)
        if connection.features.has_select_for_update and not hasattr(looked, "once"):
            looked.once = both.wait(10)  # both have looked, and neither has begun
        return found

    monkeypatch.setattr(place.conversations_asked, "thread_of", look)
    together(lambda raw: receive.read_all([raw], TEN), fresh)
    lines = Message.objects.exclude(pk=known.pk)
    assert (lines.count(), len({one.conversation_id for one in lines})) == (2, 1)
    assert Wait.objects.filter(conversation=lines[0].conversation).count() == 1


def test_an_edit_keeps_what_was_said_and_holds_an_answer_to_it(cast, account):
    asked = tell(account, id="1", text="Bins?")
    tell(account, at(10, 2), type="edit", id="e2", about="1", text="Bins in Headingley?")
    tell(account, at(10, 1), type="edit", id="e1", about="1", text="Bins in Head?")
    asked.refresh_from_db()
    assert asked.text == "Bins in Headingley?"
    assert [each["text"] for each in asked.earlier] == ["Bins?"]
    assert Wait.objects.get().started_at == at(10)
    with pytest.raises(answer.SomethingNewer):
        answer.send(conversation_id=asked.conversation_id, person=cast.asha, text="x", against_version=1, now=at(10, 3))
    assert RawInbound.objects.filter(state=NOTED).count() == 2


def test_an_edit_of_what_never_came_is_that_message(account):
    edited = tell(account, type="edit", id="e", about="1", text="Bins?")
    assert (edited.text, edited.message_id) == ("Bins?", "1")
    assert tell(account, at(10, 1), id="1", text="Bns?") == edited
    assert Message.objects.count() == 1


def test_whoever_edits_before_we_heard_them_has_waited_since_they_asked(account):
    first = TEN.isoformat()
    edited = tell(account, at(10, 40), type="edit", id="e2", about="1", text="Bins?", first=first)
    assert (edited.sent_at, edited.edited_at, Wait.objects.get().started_at) == (TEN, at(10, 40), TEN)
    tell(account, at(10, 20), type="edit", id="e1", about="1", text="Bnis?", first=first)
    edited.refresh_from_db()
    assert (edited.text, edited.earlier) == ("Bins?", [])


def test_nobody_waits_from_after_they_edited_whatever_the_network_says(account):
    edited = tell(account, TEN, type="edit", id="e", about="1", text="Bins?", first=at(12).isoformat())
    assert (edited.sent_at, edited.edited_at, Wait.objects.get().started_at) == (TEN, None, TEN)


def test_a_removal_is_shown_at_once_and_the_words_go_after_the_stated_time(account):
    asked = tell(account, id="1", text="My NHS number is ...")
    tell(account, at(11), type="removal", id="r", about="1")
    asked.refresh_from_db()
    assert asked.withdrawn_at == at(11)
    assert asked.text
    do("blank", at(12))
    asked.refresh_from_db()
    assert asked.text
    do("blank", at(11, day=24))
    asked.refresh_from_db()
    assert (asked.text, bytes(RawInbound.objects.get(message=asked).content)) == ("", b"")
    assert Wait.objects.get().is_open  # a person decides whether it still wants an answer


def test_a_conversation_is_headed_by_its_first_words_and_they_go_with_them(cast, account):
    asked = tell(account, id="1", text="@help My NHS number is ...\nPlease tell nobody.")
    said = answered(cast, asked)
    conversation = asked.conversation
    assert (conversation.subject, asked.subject, said.subject) == (
        "My NHS number is ...",
        "",
        "My NHS number is ...",
    )
    later = tell(account, at(10, 30), id="2", text="And the bins?", answers="1")
    tell(account, at(11), type="removal", id="r2", about="2")
    do("blank", at(12, day=24))
    conversation.refresh_from_db()
    assert (later.conversation, conversation.subject) == (conversation, "My NHS number is ...")
    tell(account, at(12, day=24), type="removal", id="r1", about="1")
    do("blank", at(13, day=25))
    conversation.refresh_from_db()
    said.refresh_from_db()
    assert (conversation.subject, said.subject) == ("", "")


def test_a_removal_told_before_the_message_is_noted_when_it_comes(account):
    tell(account, type="removal", id="r", about="1")
    assert tell(account, at(10, 1), id="1", text="Oh no").__class__.objects.get(message_id="1").withdrawn_at


def test_an_answer_deleted_at_the_network_opens_the_wait_again(cast, account):
    said = answered(cast, tell(account, id="1", text="Bins?"))
    assert not Wait.objects.get().is_open
    tell(account, at(11), type="removal", id="r", about=said.message_id)
    assert Outgoing.objects.get().state == "bounced"
    assert Wait.objects.get().is_open


def test_what_a_colleague_wrote_at_the_network_is_an_answer_by_a_person(account):
    asked = tell(account, id="1", text="Bins?")
    told = tell(account, at(10, 30), id="2", text="Tuesday", answers="1", by_account=True, **{"from": "help"})
    assert (told.direction, told.conversation) == ("out", asked.conversation)
    wait = Wait.objects.get()
    assert (wait.ended, wait.ended_at) == ("answered", at(10, 30))


def test_news_of_the_account_itself_are_no_conversation(account):
    assert tell(account, id="1", text="Happy Christmas", by_account=True) is None
    assert RawInbound.objects.get().state == NOTED


def test_our_own_answer_seen_before_its_id_is_known_is_known_again(cast, account, monkeypatch):
    asked = tell(account, id="1", text="Bins?")
    said = answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text="On Tuesday.", against_version=1, now=at(10, 5)
    )
    Outgoing.objects.update(state="sending")
    assert tell(account, at(10, 6), id="77", text="@dev On Tuesday.", answers="1", by_account=True) is None
    said.refresh_from_db()
    assert (said.message_id, Outgoing.objects.get().state, Message.objects.count()) == ("77", "accepted", 2)


def test_an_answer_that_came_back_by_another_way_first_is_one_message(cast, account):
    asked = tell(account, id="1", text="Bins?")
    said = answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text="On Tuesday.", against_version=1, now=at(10, 5)
    )
    stranger = tell(account, at(10, 6), id="77", text="quite other words", answers="1", by_account=True)
    outgoing = Outgoing.objects.get(message=said)
    outbox.taken(outgoing, outbox.Taken("accepted", "77", "yes"), at(10, 7))
    assert not Message.objects.filter(pk=stranger.pk).exists()
    assert RawInbound.objects.get(remote_id="note:77").message == said


@pytest.mark.parametrize(("state", "becomes"), [("delivered", "delivered"), ("failed", "bounced")])
def test_a_report_says_what_became_of_an_answer(cast, account, state, becomes):
    said = answered(cast, tell(account, id="1", text="Bins?"))
    tell(account, at(11), type="report", id="r", about=said.message_id, state=state)
    assert Outgoing.objects.get().state == becomes
    assert Wait.objects.get().is_open == (becomes == "bounced")


def test_a_report_that_is_faster_than_the_answer_of_the_network_is_read_again(cast, account):
    asked = tell(account, id="1", text="Bins?")
    answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text="On Tuesday.", against_version=1, now=at(10, 5)
    )
    Outgoing.objects.update(state="sending")
    tell(account, at(10, 6), type="report", id="r", about="77", state="delivered")
    assert RawInbound.objects.get(remote_id="report:r").state == NEW
    outbox.taken(Outgoing.objects.get(), outbox.Taken("accepted", "77", "yes"), at(10, 6))
    do("receive", at(10, 8))
    assert RawInbound.objects.get(remote_id="report:r").state == NOTED
    assert Outgoing.objects.get().state == "delivered"


def test_a_report_of_nothing_that_we_know_is_noted(account):
    tell(account, type="report", id="r", about="77", state="delivered")
    assert RawInbound.objects.get().state == NOTED


def test_what_is_of_an_unknown_kind_is_kept_and_shown(account):
    assert tell(account, type="poll", id="p") is None
    raw = RawInbound.objects.get()
    assert (raw.state, raw.error) == (UNREADABLE, "Pebble told of something of an unknown kind.")


# -- Parts, and doubt ------------------------------------------------------------------------------------------------------


def in_parts(cast: Cast, account: Any, *texts: str) -> list[Message]:
    from sociable.conversations import services as conversations
    from sociable.directory import queries as directory
    from sociable.promises import services as promises

    asked = tell(account, id="1", text="Bins?")
    made: list[Message] = []
    after = None
    for text in texts:
        message = conversations.add_outbound(
            conversation=asked.conversation, text=text, channel="pebble", author=cast.asha, to=["dev"], now=at(10, 5),
            visibility="public", part_of=made[0] if made else None,
        )  # fmt: skip
        promises.heard(message=message, conversation=asked.conversation, stated=directory.stated(account.pk))
        after = outbox.queue(message, undo_until_at=at(10, 6), after=after)
        made.append(message)
    return made


def test_parts_leave_in_order_each_answering_the_one_before(cast, account, tmp_path):
    parts = in_parts(cast, account, "1/2 On Tuesday", "2/2 and Friday")
    for row in reversed(due.claim(at(10, 7), 10, ["deliver"])):
        deliver.deliver(row, at(10, 7))
    assert [each.outgoing.state for each in Message.objects.filter(pk__in=[p.pk for p in parts]).order_by("pk")] == [
        "accepted",
        "queued",
    ]
    do("deliver", at(10, 8))
    notes = {note["text"]: note for note in (json.loads(path.read_text()) for path in tmp_path.glob("out-*"))}
    assert notes["2/2 and Friday"]["answers"] == notes["1/2 On Tuesday"]["id"]
    assert notes["2/2 and Friday"]["ref"] == {"id": notes["1/2 On Tuesday"]["id"]}


def test_half_an_answer_is_none(cast, account):
    first, second = in_parts(cast, account, "1/2", "2/2")
    outbox.settle(first.outgoing, "failed", "no", at(10, 7))
    do("deliver", at(10, 8))
    second.outgoing.refresh_from_db()
    assert second.outgoing.state == "failed"
    assert Wait.objects.get().is_open
    outbox.send_again(first, at(10, 10))
    for minute in (11, 12):
        do("deliver", at(10, minute))
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"accepted"}
    assert not Wait.objects.get().is_open


def test_the_second_half_that_comes_back_opens_the_wait(cast, account):
    _, second = in_parts(cast, account, "1/2", "2/2")
    for minute in (7, 8):
        do("deliver", at(10, minute))
    assert not Wait.objects.get().is_open
    outbox.came_back(Outgoing.objects.get(message=second), "deleted", at(11))
    assert Wait.objects.get().is_open


def test_all_parts_are_taken_back_or_none(cast, account):
    _, second = in_parts(cast, account, "1/2", "2/2")
    assert answer.take_back(second.pk, cast.asha, at(10, 5)) == second
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"undone"}
    assert Wait.objects.get().is_open


def killed(cast: Cast, account: Any, *, taken: bool) -> Outgoing:
    """A worker was killed in the instant of handing over; the network has the message, or has not."""
    asked = tell(account, id="1", text="Bins?")
    said = answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text="On Tuesday.", against_version=1, now=at(10, 5)
    )
    outgoing = Outgoing.objects.select_related("message__conversation__account__partner").get(message=said)
    if taken:
        with deliver.lent(outgoing.message) as adapter:
            adapter.send(deliver.parcel_of(outgoing.message))
    Outgoing.objects.update(state="sending")
    do("deliver", at(10, 7))
    outgoing.refresh_from_db()
    assert outgoing.state == "unknown"
    return outgoing


def test_a_doubt_is_resolved_by_asking_the_network(cast, account, tmp_path):
    outgoing = killed(cast, account, taken=True)
    do("resolve", at(10, 8))
    outgoing.refresh_from_db()
    assert (outgoing.state, outgoing.remote_id) == ("accepted", Message.objects.get(pk=outgoing.message_id).message_id)
    assert len(list(tmp_path.glob("out-*"))) == 1


def test_a_doubt_that_is_gone_leaves_nothing_for_anybody_to_look_at(cast, account):
    outgoing = killed(cast, account, taken=True)
    (row,) = due.claim(at(10, 8), 1, ["resolve"])
    due.postpone(row, at(10, 8), "Begun too often.", tries=1)
    assert queries.set_aside().count() == 1
    outbox.arrived(outgoing, "The network shows it.", at(10, 9))
    assert queries.set_aside().count() == 0
    assert not DueRow.objects.filter(kind="resolve").exists()


def test_what_certainly_never_left_is_sent_again_and_the_attempts_say_so(cast, account, tmp_path):
    outgoing = killed(cast, account, taken=False)
    do("resolve", at(10, 8))
    outgoing.refresh_from_db()
    assert outgoing.state == "unknown"  # so soon "not there" proves nothing
    do("resolve", at(10, 10))
    do("deliver", at(10, 11))
    outgoing.refresh_from_db()
    assert outgoing.state == "accepted"
    assert len(list(tmp_path.glob("out-*"))) == 1
    assert list(Attempt.objects.order_by("pk").values_list("result", flat=True)) == ["unknown", "not there", "accepted"]


def test_a_network_that_asks_for_a_pause_is_given_it_and_no_try_is_counted(cast, account, pebble, monkeypatch):  # noqa: F811
    from sociable.channels.base import RateLimited

    def not_now(self: Any, outgoing: Any, before_handover: Any = None) -> Any:
        raise RateLimited("Too fast.", timedelta(minutes=7))

    asked = tell(account, id="1", text="Bins?")
    answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text="On Tuesday.", against_version=1, now=at(10, 5)
    )
    monkeypatch.setattr(pebble, "send", not_now)
    do("deliver", at(10, 6))
    row = DueRow.objects.get(kind="deliver")
    assert (row.next_at, row.attempts, Outgoing.objects.get().state) == (at(10, 13), 0, "queued")


# -- Hearing and connecting ------------------------------------------------------------------------------------------------


def call(client: Any, account: Any, *events: dict[str, Any], secret: str = "s3cret", token: str = "") -> Any:
    import pebble as network

    body = json.dumps({"events": [{"type": "note", "from": "dev", **event} for event in events]}).encode()
    address = f"/hooks/pebble/{token or account.connection.hook_token}/"
    return client.post(
        address, body, content_type="application/json", headers={"pebble-signature": network.sign(secret, body)}
    )


@pytest.fixture
def hooked(account: Any) -> Any:
    from sociable.directory import connecting

    Connection.objects.update(sealed_secrets=connecting.seal({"secret": "s3cret"}))
    return account


def test_a_call_is_stored_read_and_answered(client, hooked):
    assert call(client, hooked, {"id": "1", "text": "Bins?"}, {"id": "2", "text": "Trees?"}).status_code == 200
    assert call(client, hooked, {"id": "1", "text": "Bins?"}).status_code == 200  # told twice
    assert Message.objects.count() == 2
    assert Connection.objects.get().last_heard_at is not None
    assert client.get(f"/hooks/pebble/{hooked.connection.hook_token}/?challenge=abc").content == b"abc"


def test_a_call_that_is_forged_broken_too_long_or_to_nobody_is_refused(client, hooked):
    assert call(client, hooked, {"id": "1"}, secret="guess").status_code == 403
    assert call(client, hooked, {"id": "1"}, token="nobody").status_code == 404
    assert (
        client.post(f"/hooks/email/{hooked.connection.hook_token}/", b"{}", content_type="text/plain").status_code
        == 404
    )
    assert (
        client.post(
            f"/hooks/pebble/{hooked.connection.hook_token}/", b"x" * 5_000_000, content_type="text/plain"
        ).status_code
        == 413
    )
    assert RawInbound.objects.count() == 0


def test_one_webhook_serves_the_accounts_whose_own_secret_proves_the_call(client, cast, hooked):
    from sociable.directory import connecting

    for other, secret, network_id in ((cast.books, "s3cret", "pebble-2"), (cast.clinic, "another", "pebble-3")):
        Account.objects.filter(pk=other.pk).update(channel="pebble", address="")
        Connection.objects.create(
            account=other,
            settings={"folder": "x"},
            network_id=network_id,
            sealed_secrets=connecting.seal({"secret": secret}),
        )
    told = [{"id": str(number), "text": "Hi", "to": f"pebble-{number}"} for number in (1, 2, 3)]
    assert call(client, hooked, *told).status_code == 200
    where = dict(RawInbound.objects.values_list("remote_id", "account__slug"))
    assert where == {"note:1": "help", "note:2": "libraries", "note:3": "help"}


@pytest.mark.parametrize("stage", [Account.Stage.CLOSED, Account.Stage.PROPOSED])
def test_what_is_for_an_account_that_is_not_heard_is_handed_to_no_other(client, cast, hooked, stage):
    from sociable.directory import connecting

    Account.objects.filter(pk=cast.clinic.pk).update(channel="pebble", address="", stage=stage)
    sealed = connecting.seal({"secret": "s3cret"})
    Connection.objects.create(
        account=cast.clinic, settings={"folder": "x"}, network_id="pebble-2", sealed_secrets=sealed
    )
    told = [{"id": str(number), "text": "Hi", "to": f"pebble-{number}"} for number in (1, 2)]
    assert call(client, hooked, *told).status_code == 200
    assert list(RawInbound.objects.values_list("remote_id", "account__slug")) == [("note:1", "help")]


EVIL = "javascript:alert(document.cookie)"


@pytest.mark.parametrize("link", [EVIL, f" {EVIL}", "data:text/html,hi", "file:///etc/passwd"])
def test_a_link_of_the_networks_that_is_no_address_of_the_web_is_none(cast, account, monkeypatch, pebble, link):  # noqa: F811
    from sociable.channels.base import Receipt, Who
    from sociable.journeys import introduce

    asked = tell(account, id="1", text="Bins?", link=link)
    monkeypatch.setattr(pebble, "send", lambda *_a, **_b: Receipt("accepted", "pebble:9", "Taken.", link))
    introduce.introduced(Connection.objects.select_related("account").get(), Who("pebble-1", "@help", link), at(9))
    account.refresh_from_db()
    assert (asked.link, answered(cast, asked).link, account.link, account.handle) == ("", "", "", "@help")
    assert tell(account, id="2", text="Bins?", link="https://pebble.test/2").link == "https://pebble.test/2"


def test_what_an_account_is_at_its_network_is_kept_when_it_is_connected(cast, account, pebble, tmp_path):  # noqa: F811
    adapter = pebble.from_settings({"folder": str(tmp_path)})
    from sociable.people.models import Role

    Role.objects.create(person=cast.lee, kind="administrator", partner=cast.council)
    connect.connect(
        account=account, settings=connect.Settings({"folder": str(tmp_path)}, {}), fetches=True, person=cast.lee,
        now=at(9), who=connect.who(adapter),
    )  # fmt: skip
    account.refresh_from_db()
    assert (account.handle, account.link) == ("@help", "https://pebble.test/help")
    assert limits.capabilities_of(account).longest_text == 180
    Limit.objects.create(
        account=account, name="longest_text", value=150, source="our own rule", as_of_on=at(9).date(), set_by=cast.lee
    )
    assert limits.capabilities_of(account).longest_text == 150
    assert {each.name: each.value for each in limits.standing(account)}["longest_text"] == 150


def test_the_log_in_an_adapter_keeps_is_sealed_and_given_back(account, tmp_path):
    connection = Connection.objects.get()
    fetch.schedule(connection, at(9))
    do("fetch", at(9))
    connection.refresh_from_db()
    assert connection.sealed_session
    assert "logged in" not in connection.sealed_session
    assert connecting.adapter_of(connection).session == "logged in"


def in_the_middle(monkeypatch, act) -> None:
    """Have something done while the network is being asked."""
    adapter: Any = registry.adapter_class("pebble")
    asked = adapter.fetch

    def fetch_and_act(self, cursor, limit=25):
        fetched = asked(self, cursor, limit)
        act()
        return fetched

    monkeypatch.setattr(adapter, "fetch", fetch_and_act)


def administrator(cast: Cast) -> Person:
    Role.objects.create(person=cast.lee, kind="administrator", partner=cast.council)
    return Person.objects.get(pk=cast.lee.pk)


def put(folder, name: str) -> None:
    event = {"type": "note", "id": name, "text": "Bins?", "from": "dev"}
    (folder / f"in-{name}.json").write_text(json.dumps(event))


@pytest.mark.parametrize("cursor", ["in-9.json", None])
def test_what_was_asked_by_settings_that_hold_no_longer_is_not_kept(cast, account, tmp_path, monkeypatch, cursor):
    put(tmp_path, "1")
    Connection.objects.update(sealed_secrets=connecting.seal({"secret": "old"}))
    settings = connect.Settings({"folder": str(tmp_path / "another")}, {"secret": "new"})
    again = {"account": account, "settings": settings, "fetches": True, "person": administrator(cast), "now": at(9, 1)}
    in_the_middle(monkeypatch, lambda: connect.connect(**again, cursor=cursor))
    fetch.schedule(Connection.objects.get(), at(9))
    do("fetch", at(9))
    connection = Connection.objects.get()
    assert (connection.cursor, connection.sealed_session, connection.trouble) == (cursor or "", "", "")
    assert not RawInbound.objects.exists()
    assert DueRow.objects.get(kind="fetch").due_at == at(9, 1), "the new connection is fetched at once"


def test_a_fetch_that_took_too_long_does_not_take_the_cursor_back(account, tmp_path, monkeypatch):
    put(tmp_path, "1")
    in_the_middle(monkeypatch, lambda: Connection.objects.update(cursor="in-2.json"))
    fetch.schedule(Connection.objects.get(), at(9))
    do("fetch", at(9))
    assert Connection.objects.get().cursor == "in-2.json"
    assert DueRow.objects.get(kind="fetch").due_at == at(9), "and it is asked again from there"


def test_the_words_of_the_search_are_kept_in_step_after_every_migration(account):
    from django.db import connection as database

    if database.vendor != "sqlite":
        pytest.skip("PostgreSQL keeps the index of an expression by itself")
    with database.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'conversations_message'")
        names = {name for (name,) in cursor.fetchall()}
    assert names == {f"conversations_search_{what}" for what in ("added", "removed", "changed")}
