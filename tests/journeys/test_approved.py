"""Messages a network has approved: listed from it, chosen and filled in on the desk, and sent as what they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.urls import reverse

from sociable.conversations.models import Message, Outgoing
from sociable.directory.models import Account, ApprovedMessage, Connection
from sociable.due.models import DueRow
from sociable.journeys import answer, approved
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.journeys.on_meta import asked, connect, do, told
from tests.pages import Pages, words_of
from tests.servers.graph import GraphNetwork
from tests.servers.standin import Answer

pytestmark = pytest.mark.django_db
BIN_DAY: dict[str, Any] = {
    "name": "bin_day", "language": "en_GB", "status": "APPROVED", "category": "UTILITY", "id": "1",
    "components": [{"type": "BODY", "text": "Hello {{1}}, your bin day is {{2}}. Reply to ask more."}],
}  # fmt: skip
PLAIN = {
    **BIN_DAY,
    "name": "we_answered",
    "components": [{"type": "BODY", "text": "We have an answer for you. Reply to get it."}],
}
LATE = at(11, day=24)
FILLED = {"body.1": "Dev", "body.2": "Tuesday"}


@pytest.fixture
def connection(cast: Cast, meta: GraphNetwork) -> Connection:
    meta.templates = [BIN_DAY, PLAIN]
    made = connect(cast.help, "whatsapp", meta)
    approved.schedule(made, at(9))
    do("approved", at(9))
    return made


def names(account: Account) -> list[str]:
    return list(ApprovedMessage.objects.filter(account=account).values_list("name", flat=True))


# -- The list --------------------------------------------------------------------------------------------------------------


def test_they_are_listed_every_day_and_what_is_gone_is_forgotten(
    cast: Cast, meta: GraphNetwork, connection: Connection
) -> None:
    assert names(cast.help) == ["bin_day", "we_answered"]
    meta.templates = [{**BIN_DAY, "status": "PAUSED"}, PLAIN, {**PLAIN, "name": "third"}]
    do("approved", at(8, 59, day=24))
    assert names(cast.help) == ["bin_day", "we_answered"]
    do("approved", at(9, 1, day=24))
    assert names(cast.help) == ["third", "we_answered"]


def test_where_the_network_cannot_be_asked_the_last_list_stays(
    cast: Cast, meta: GraphNetwork, connection: Connection
) -> None:
    meta.revoked = True
    do("approved", at(9, 1, day=24))
    assert names(cast.help) == ["bin_day", "we_answered"]
    meta.revoked = False
    do("approved", at(12, day=24))
    assert ApprovedMessage.objects.first().listed_at == at(12, day=24)


def test_a_network_that_asks_for_a_pause_is_given_it(cast: Cast, meta: GraphNetwork, connection: Connection) -> None:
    body = b'{"error": {"message": "Slow down", "type": "OAuthException", "code": 80008, "fbtrace_id": "A"}}'
    meta.server.fail("GET .*message_templates", Answer(429, body, headers={"retry-after": "1800"}))
    do("approved", at(9, 1, day=24))
    assert DueRow.objects.get(kind="approved").next_at == at(9, 31, day=24)


def test_every_connection_that_has_them_is_asked_and_no_other(
    cast: Cast, meta: GraphNetwork, connection: Connection
) -> None:
    connect(cast.books, "facebook", meta)
    DueRow.objects.filter(kind="approved").delete()
    assert (approved.schedule_missing(at(10)), approved.schedule_missing(at(10))) == (1, 0)
    assert DueRow.objects.get(kind="approved").subject_id == connection.pk


# -- Sending one -----------------------------------------------------------------------------------------------------------


def sends(cast: Cast, message: Message, name: str, values: dict[str, str], now: Any = LATE, **how: Any) -> Message:
    conversation = message.conversation
    conversation.refresh_from_db()
    facts = {"person": cast.asha, "against_version": conversation.version, "now": now, **how}
    return approved.send(
        conversation_id=conversation.pk, chosen_id=ApprovedMessage.objects.get(name=name).pk, values=values, **facts
    )


def test_it_answers_once_words_of_our_own_are_over(cast: Cast, meta: GraphNetwork, connection: Connection) -> None:
    message = asked(connection, meta)
    said = sends(cast, message, "bin_day", FILLED)
    assert said.text == "Hello Dev, your bin day is Tuesday. Reply to ask more."
    assert Wait.objects.get().ended == "answered"
    meta.now = LATE
    do("deliver", LATE + timedelta(minutes=1))
    outgoing = Outgoing.objects.get(message=said)
    assert outgoing.state == "accepted"
    sent = meta.server.seen("POST .*messages")[-1].json()
    assert (sent["type"], sent["template"]["name"], sent["template"]["language"]["code"]) == (
        "template",
        "bin_day",
        "en_GB",
    )
    meta.told(meta.talks[outgoing.remote_id.partition(":")[2]], "delivered")
    told(connection, meta)
    outgoing.refresh_from_db()
    assert outgoing.state == "delivered"


@pytest.mark.parametrize(
    "values", [{}, {"body.1": "Dev"}, {"body.1": " ", "body.2": "Tuesday"}, {"body.1": "Dev", "body.2": "\n"}]
)
def test_a_blank_left_empty_is_refused_before_the_network_does(
    cast: Cast, meta: GraphNetwork, connection: Connection, values: dict[str, str]
) -> None:
    message = asked(connection, meta)
    with pytest.raises(approved.BlankLeft, match="every blank"):
        sends(cast, message, "bin_day", values)
    assert Wait.objects.get().is_open


def test_only_what_the_account_has_is_sent(cast: Cast, meta: GraphNetwork, connection: Connection) -> None:
    message = asked(connection, meta)
    ApprovedMessage.objects.filter(name="bin_day").update(account=cast.books)
    with pytest.raises(approved.NotApproved):
        sends(cast, message, "bin_day", FILLED)


def test_the_rules_of_any_answer_hold(cast: Cast, meta: GraphNetwork, connection: Connection) -> None:
    message = asked(connection, meta)
    with pytest.raises(answer.SomethingNewer):
        sends(cast, message, "we_answered", {}, against_version=99)
    from sociable.people.permissions import NotAllowed

    with pytest.raises(NotAllowed):
        sends(cast, message, "we_answered", {}, person=cast.cara)
    assert Wait.objects.get().is_open


# -- On the desk -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(cast: Cast, pages: Pages) -> Pages:
    pages.force_login(cast.asha)
    return pages


def at_the_desk(now: Any) -> Any:
    return patch("django.utils.timezone.now", return_value=now)


def test_the_box_opens_by_itself_when_nothing_else_is_taken(
    cast: Cast, meta: GraphNetwork, connection: Connection, desk: Pages
) -> None:
    address = reverse("desk:conversation", args=[asked(connection, meta).conversation_id])
    with at_the_desk(at(11)):
        (early,) = desk.get(address).page.all("details", class_="approved")
    with at_the_desk(LATE):
        (late,) = desk.get(address).page.all("details", class_="approved")
    assert "open" not in early.attrib
    assert "open" in late.attrib
    assert "Words of your own are no longer taken" in words_of(late)


def test_one_is_chosen_filled_in_and_sent(cast: Cast, meta: GraphNetwork, connection: Connection, desk: Pages) -> None:
    conversation = asked(connection, meta).conversation
    address = reverse("desk:conversation", args=[conversation.pk])
    chosen = ApprovedMessage.objects.get(name="bin_day")
    conversation.refresh_from_db()
    with at_the_desk(LATE):
        (box,) = desk.get(f"{address}?approved={chosen.pk}").page.all("details", class_="approved")
        assert "Hello [blank 1], your bin day is [blank 2]." in words_of(box)
        filled = {"approved": chosen.pk, "version": conversation.version, "blank-body.1": "Dev", "blank-body.2": ""}
        refused = desk.post(f"{address}approved/", filled)
        assert refused.status_code == 409
        (box,) = refused.page.all("details", class_="approved")
        assert "Fill in every blank" in words_of(box)
        fields = {
            one.attrib["name"]: one.attrib.get("value")
            for one in box.iter()
            if one.attrib.get("name", "").startswith("blank-")
        }
        assert fields == {"blank-body.1": "Dev", "blank-body.2": ""}
        desk.post(f"{address}approved/", {**filled, "blank-body.2": "Tuesday"})
    assert Message.objects.get(direction="out", automatic="").text.startswith("Hello Dev, your bin day is Tuesday.")


def test_somebody_who_answered_meanwhile_is_told_of_first(
    cast: Cast, meta: GraphNetwork, connection: Connection, desk: Pages
) -> None:
    conversation = asked(connection, meta).conversation
    address = f"{reverse('desk:conversation', args=[conversation.pk])}approved/"
    chosen = ApprovedMessage.objects.get(name="we_answered")
    with at_the_desk(LATE):
        refused = desk.post(address, {"approved": chosen.pk, "version": 99})
        assert refused.status_code == 409
        assert "Send it anyway" in words_of(refused.page.all("details", class_="approved")[0])
        desk.post(address, {"approved": chosen.pk, "version": 99, "anyway": "yes"})
    assert Message.objects.filter(direction="out", automatic="").count() == 1


def test_the_network_is_asked_again_when_somebody_wishes(
    cast: Cast, meta: GraphNetwork, connection: Connection, desk: Pages
) -> None:
    conversation = asked(connection, meta).conversation
    meta.templates.append({**PLAIN, "name": "new_one"})
    with at_the_desk(LATE):
        desk.post(reverse("desk:approved_again", args=[conversation.pk]))
    do("approved", LATE)
    assert "new_one" in names(cast.help)


def test_where_a_network_has_none_there_is_no_box(cast: Cast, meta: GraphNetwork, desk: Pages) -> None:
    message = asked(connect(cast.help, "facebook", meta), meta)
    page = desk.get(reverse("desk:conversation", args=[message.conversation_id])).page
    assert page.all("details", class_="approved") == []


def test_with_none_listed_it_says_what_to_do(
    cast: Cast, meta: GraphNetwork, connection: Connection, desk: Pages
) -> None:
    ApprovedMessage.objects.all().delete()
    message = asked(connection, meta)
    with at_the_desk(LATE):
        (box,) = desk.get(reverse("desk:conversation", args=[message.conversation_id])).page.all(
            "details", class_="approved"
        )
    assert "no approved message that can be filled in here" in words_of(box)
