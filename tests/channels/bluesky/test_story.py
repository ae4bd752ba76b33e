"""One conversation over three channels: asked on Bluesky, moved to email, ended by phone. One clock, one wait, one place."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from sociable.channels.base import RawItem
from sociable.conversations.models import Conversation, Message, Outgoing
from sociable.conversations.raw_inbound import content_id
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.domain.ways import Way
from sociable.due import services as due
from sociable.journeys import answer, fetch, receive, spoken
from sociable.journeys.ways import Chosen
from sociable.promises.models import Wait
from sociable.worker.loop import JOURNEYS
from tests.cast import Cast
from tests.channels.bluesky.conftest import settings_of
from tests.journeys.mail import letters, sends_to
from tests.pages import Pages
from tests.servers.bluesky import Bluesky, Person


@pytest.fixture
def account(cast: Cast, council: Person) -> Account:
    """The council's help account, on Bluesky, with a mail address of its own."""
    Account.objects.filter(pk=cast.help.pk).update(channel="bluesky", handle=council.handle)
    cast.help.refresh_from_db()
    told = settings_of(council)
    secret = {"app_password": told.pop("app_password")}
    connection = Connection.objects.create(account=cast.help, settings=told, sealed_secrets=connecting.seal(secret))
    adapter = connecting.adapter_of(connection)
    Connection.objects.filter(pk=connection.pk).update(network_id=adapter.who().network_id)  # type: ignore[attr-defined]
    adapter.close()
    account: Account = cast.help
    return account


def do(kind: str, now: Any) -> None:
    for row in due.claim(now, 50, [kind]):
        JOURNEYS[kind](row, now)


@pytest.mark.servers
@pytest.mark.django_db
def test_a_conversation_over_three_channels_has_one_clock_and_one_wait(
    bluesky: Bluesky, council: Person, jerry: Person, account: Account, cast: Cast, settings: Any, pages: Pages
) -> None:
    # Jerry asks in public.
    asked = jerry.post(f"@{council.handle} my bin was missed twice, what now?", mentions=[council])
    bluesky.settle()
    fetch.schedule(account.connection, timezone.now())
    do("fetch", timezone.now())
    first = Message.objects.get()
    wait = Wait.objects.get()
    assert (first.channel, first.visibility, wait.started_at) == ("bluesky", "public", first.sent_at)

    # Asha says by email that she looks into it, and leaves a line for onlookers; that answers nothing yet.
    now = timezone.now()
    with sends_to(settings) as server:
        answer.send(
            conversation_id=first.conversation_id, person=cast.asha, text="I am asking the crew and will ring you. Which number?",
            against_version=1, now=now, acknowledges=True, chosen=Chosen(Way.EMAIL, email="jerry@example.org"),
        )  # fmt: skip
        for minute in (1, 2):
            do("deliver", now + timedelta(minutes=minute))
    letter = letters(server)[0]
    bluesky.settle()
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"accepted"}
    assert any("answered you by email" in post["value"]["text"] for post in council.posts())
    assert Wait.objects.get().is_open

    # Jerry writes back by email, and it is still the same wait.
    reply = f"From: Jerry <jerry@example.org>\nTo: {letter['Reply-To']}\nMessage-ID: <1@example.org>\nSubject: Re: bin\n\n0113 496 0000"
    items = [RawItem(content_id(reply.encode()), reply.encode(), timezone.now(), "")]
    told = receive.read_all(receive.store(account, "email", items, fetched_at=timezone.now()), timezone.now())[0]
    assert told is not None
    assert told.conversation == first.conversation
    assert Wait.objects.get().started_at == first.sent_at

    # He is told on the phone, and that ends it.
    now = timezone.now()
    conversation = Conversation.objects.get()
    spoken.say(
        conversation_id=conversation.pk, person=cast.asha, said=spoken.Said("They come on Thursday.", "phone", "Jerry", now),
        now=now, against_version=conversation.version,
    )  # fmt: skip
    ended = Wait.objects.get()
    assert (ended.ended, ended.started_at, ended.ended_at) == ("answered", first.sent_at, now)
    said = list(conversation.messages.order_by("pk").values_list("channel", "direction"))
    assert said == [("bluesky", "in"), ("email", "out"), ("bluesky", "out"), ("email", "in"), ("phone", "out")]
    assert asked["uri"] == first.message_id

    # Whoever looks at it sees the whole of it in one place.
    pages.force_login(cast.asha)
    page = pages.get(f"/desk/c/{conversation.pk}/").page.text
    assert all(
        words in page for words in ("Bluesky", "Email", "Phone", "my bin was missed twice", "They come on Thursday.")
    )
