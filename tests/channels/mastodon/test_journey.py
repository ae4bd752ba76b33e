"""From a mention on a Mastodon server to the answer under it, through the whole house."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.channels.mastodon.adapter import MastodonAdapter
from sociable.conversations.models import Message, Outgoing, RawInbound
from sociable.directory.limits import capabilities_of
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.journeys import answer, connect, fetch, ways
from sociable.promises.models import Wait
from tests.cast import Cast
from tests.servers.mastodon import Mastodon, token_of
from tests.servers.relay import relay_to

pytestmark = [pytest.mark.servers, pytest.mark.django_db]
State = Outgoing.State


@pytest.fixture
def account(cast: Cast, mastodon: Mastodon) -> Account:
    """The council's help account, connected to its account on the server; what was there before is left out."""
    return connected(cast, mastodon.url)


def connected(cast: Cast, server: str, token: str = token_of("help")) -> Account:
    Account.objects.filter(pk=cast.help.pk).update(channel="mastodon", address="")
    account = Account.objects.get(pk=cast.help.pk)
    settings = connect.Settings({"server": server}, {"access_token": token})
    adapter = connect.adapter_with(account, settings)
    connect.connect(
        account=account,
        settings=settings,
        fetches=True,
        person=admin(cast),
        now=timezone.now(),
        cursor=connect.newest_cursor(adapter),
        who=connect.who(adapter),
    )
    adapter.close()
    return Account.objects.get(pk=cast.help.pk)


def admin(cast: Cast) -> Any:
    from sociable.people.models import Role

    Role.objects.get_or_create(person=cast.olu, kind="digital_access", partner=cast.council)
    return type(cast.olu).objects.get(pk=cast.olu.pk)


def do(kind: str, now: datetime | None = None) -> None:
    """What a worker would do now, or later."""
    from sociable.worker.loop import JOURNEYS

    now = now or timezone.now()
    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


def fetched() -> list[Message]:
    """Fetch now, and return what came of it."""
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


def posts(mastodon: Mastodon, words: str) -> list[dict[str, Any]]:
    return [each for each in mastodon.statuses("help") if words in each["content"]]


def test_asked_answered_and_thanked_is_one_conversation(cast: Cast, account: Account, mastodon: Mastodon) -> None:
    mastodon.post("jerry", "@help When is my brown bin collected?")
    (asked,) = fetched()
    assert Wait.objects.get().is_open
    said = answered(cast, asked, "On Friday, from seven.")
    (posted,) = posts(mastodon, "On Friday, from seven.")
    assert (said.message_id.rpartition("/")[2], said.link) == (posted["id"], posted["url"])
    assert Outgoing.objects.get().state == State.ACCEPTED
    assert not Wait.objects.get().is_open
    assert fetched() == []  # our own answer, seen at the network, is known
    mastodon.post("jerry", "@help Thanks. And the green one?", in_reply_to_id=posted["id"])
    (again,) = fetched()
    assert again.conversation == asked.conversation
    assert Wait.objects.filter(conversation=asked.conversation).count() == 2


def test_a_private_message_is_answered_in_private(cast: Cast, account: Account, mastodon: Mastodon) -> None:
    mastodon.post("jerry", "@help My NHS number is 943 476 5919, can you move my appointment?", visibility="direct")
    (asked,) = fetched()
    answered(cast, asked, "Yes: NHS number 943 476 5919 is moved to Monday.")
    (posted,) = posts(mastodon, "is moved to Monday")
    assert posted["visibility"] == "direct"
    assert "@jerry" in posted["content"]


def test_what_is_private_is_stopped_in_public_and_goes_in_private(
    cast: Cast, account: Account, mastodon: Mastodon
) -> None:
    mastodon.post("jerry", "@help can you move my appointment?")
    (asked,) = fetched()
    words = "Is your NHS number 943 476 5919?"
    with pytest.raises(ways.TooPrivate):
        answered(cast, asked, words)
    answered(cast, asked, words, chosen=ways.Chosen(way=ways.Way.PRIVATE, closing="We have written to you in private."))
    assert [each["visibility"] for each in posts(mastodon, words)] == ["direct"]
    assert [each["visibility"] for each in posts(mastodon, "We have written to you in private.")] == ["public"]


def test_a_long_answer_goes_in_parts_under_one_another(cast: Cast, account: Account, mastodon: Mastodon) -> None:
    mastodon.post("jerry", "@help Tell me everything", spoiler_text="long")
    (asked,) = fetched()
    room = 500 - len("@jerry ") - len("long")
    place = ways.place_of(asked.conversation)
    assert [limit.most for limit in place.carrier.limits] == [room]
    assert capabilities_of(account, "mastodon").longest_text == 500
    with pytest.raises(ways.TooLong):
        answered(cast, asked, "x" * (room + 1))
    words = " ".join(f"Sentence number {number} of many." for number in range(30))
    answered(cast, asked, words, chosen=ways.Chosen(way=ways.Way.THREAD))
    thread = list(reversed([each for each in mastodon.statuses("help") if "of many" in each["content"]]))
    assert len(thread) == Outgoing.objects.filter(state=State.ACCEPTED).count() >= 2
    assert [each["in_reply_to_id"] for each in thread[1:]] == [each["id"] for each in thread[:-1]]


def test_a_colleagues_answer_in_mastodons_own_app_ends_the_wait(account: Account, mastodon: Mastodon) -> None:
    asked = mastodon.post("jerry", "@help Is the pool open?")
    fetched()
    mastodon.post("help", "@jerry It is.", in_reply_to_id=asked["id"])
    (said,) = fetched()
    assert said.direction == Message.Direction.OUT
    assert not Wait.objects.get().is_open


def test_edits_and_removals_are_mirrored(account: Account, mastodon: Mastodon) -> None:
    asked = mastodon.post("jerry", "@help My address is 12 Mill Lane")
    (message,) = fetched()
    mastodon.ask("PUT", f"/api/v1/statuses/{asked['id']}", "jerry", status="@help Never mind my address")
    fetched()
    message.refresh_from_db()
    assert message.text == "@help Never mind my address"
    assert [each["text"] for each in message.earlier] == ["@help My address is 12 Mill Lane"]
    mastodon.ask("DELETE", f"/api/v1/statuses/{asked['id']}", "jerry")
    fetched()
    message.refresh_from_db()
    assert message.withdrawn_at is not None


def test_an_answer_that_was_deleted_at_the_server_opens_its_wait_again(
    cast: Cast, account: Account, mastodon: Mastodon
) -> None:
    mastodon.post("jerry", "@help Whom do I ask?")
    (asked,) = fetched()
    answered(cast, asked, "Ask us.")
    fetched()
    (posted,) = posts(mastodon, "Ask us.")
    mastodon.ask("DELETE", f"/api/v1/statuses/{posted['id']}", "help")
    fetched()
    assert Outgoing.objects.get().state == State.BOUNCED
    assert Wait.objects.get().is_open


def test_an_answer_whose_receipt_was_lost_is_asked_after_and_stands_once(cast: Cast, mastodon: Mastodon) -> None:
    with relay_to(mastodon.port) as relay:
        connected(cast, f"http://127.0.0.1:{relay.port}")
        mastodon.post("jerry", "@help Does it ever get lost?")
        (asked,) = fetched()
        patience = Connection.objects.get()
        patience.settings |= {"timeout_seconds": 1}
        patience.save()
        relay.watch(b"POST /api/v1/statuses", loses=True)
        said = answered(cast, asked, "Never.")
        assert Outgoing.objects.get().state == State.UNKNOWN
        relay.cut()
        do("resolve", timezone.now() + timedelta(minutes=1))
    assert Outgoing.objects.get().state == State.ACCEPTED
    (posted,) = posts(mastodon, "Never.")
    said.refresh_from_db()
    assert said.message_id.endswith(f"/{posted['id']}")


def test_a_revoked_token_is_trouble_until_a_new_one_is_given(cast: Cast, account: Account, mastodon: Mastodon) -> None:
    from sociable.directory import connecting

    Connection.objects.update(sealed_secrets=connecting.seal({"access_token": "revoked"}))
    mastodon.post("jerry", "@help Anybody there?")
    assert fetched() == []
    assert "access token" in Connection.objects.get().trouble
    Connection.objects.update(sealed_secrets=connecting.seal({"access_token": token_of("help")}))
    do("fetch", timezone.now() + timedelta(minutes=20))
    assert Message.objects.get().text == "@help Anybody there?"
    assert Connection.objects.get().trouble == ""
    assert Connection.objects.get().recovered_at is not None


def test_a_pause_that_the_server_asks_for_is_kept_and_nothing_is_lost(account: Account, mastodon: Mastodon) -> None:
    mastodon.post("jerry", "@help Slowly now")
    with mastodon.fault("GET", "/api/v1/notifications", "ratelimit", headers={"Retry-After": "600"}):
        assert fetched() == []
    connection = Connection.objects.get()
    assert connection.limited_until_at is not None
    assert connection.trouble == ""
    do("fetch", connection.limited_until_at - timedelta(seconds=1))
    assert not Message.objects.exists()
    do("fetch", connection.limited_until_at + timedelta(seconds=1))
    assert Message.objects.get().text == "@help Slowly now"


def test_pictures_are_fetched_after_their_message(
    account: Account, mastodon: Mastodon, account_of: Callable[..., MastodonAdapter]
) -> None:
    from sociable.channels.mastodon.line import Line

    jerry = account_of(mastodon, "jerry")
    line: Line = jerry._there()._line
    media = line.api.media_post(b"\x89PNG\r\n\x1a\n" + b"0" * 50, mime_type="image/png", description="A full bin")
    mastodon.post("jerry", "@help Look", media_ids=[str(media.id)])
    (asked,) = fetched()
    do("files", timezone.now() + timedelta(minutes=1))
    (file,) = asked.attachments.all()
    assert (file.alt_text, file.content_type, file.refused_why) == ("A full bin", "image/png", "")
    assert file.sha256


def test_one_status_to_two_accounts_of_a_body_is_one_request(cast: Cast, account: Account, mastodon: Mastodon) -> None:
    news = Account.objects.create(
        partner=cast.council, slug="news", name="News", channel="mastodon", stage="live", purpose="news"
    )
    settings = connect.Settings({"server": mastodon.url}, {"access_token": token_of("news")})
    adapter = connect.adapter_with(news, settings)
    connect.connect(account=news, settings=settings, fetches=True, person=admin(cast), now=timezone.now(), cursor=adapter.newest_cursor())  # fmt: skip
    adapter.close()
    mastodon.post("jerry", "@help @news Whoever answers first")
    fetched()
    assert Message.objects.count() == Wait.objects.count() == 1
    assert sorted(RawInbound.objects.values_list("state", flat=True)) == ["duplicate", "read"]
