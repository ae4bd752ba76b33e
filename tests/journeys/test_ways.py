"""An answer that is too long or too private goes another way: the messages it becomes, the clock, the trail, and what is refused."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.email.attachments import attachment
from sociable.conversations.models import Message, Outgoing, Receipt, SavedAnswer
from sociable.directory.models import Account, Limit
from sociable.domain.ways import CLOSING, Way
from sociable.journeys import answer, outbox, ways
from sociable.journeys.ways import Chosen
from sociable.people.models import AuditEvent
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.channels.conftest import installed, pebble  # noqa: F401 - fixtures
from tests.journeys.test_network import account, do, tell  # noqa: F401 - a fixture

LONG = "We collect on Tuesday, after the bank holiday. " * 11
PRIVATE = "Your NHS number is 943 476 5919."
WHEN = at(10, 5)
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40


@pytest.fixture
def asked(cast: Cast, account: Any) -> Message:  # noqa: F811
    """Somebody asks in public."""
    return tell(account, id="1", text="When is my bin collected?")  # type: ignore[return-value]


def send(cast: Cast, asked: Message, text: str, **chosen: Any) -> list[Message]:
    how = {"attachments": chosen.pop("attachments", ()), "acknowledges": chosen.pop("acknowledges", False)}
    head = answer.send(
        conversation_id=asked.conversation_id, person=cast.asha, text=text, against_version=1, now=WHEN,
        send_anyway=True, chosen=Chosen(**chosen), **how,
    )  # fmt: skip
    return outbox.together(head)


def allow_only(cast: Cast, *allowed: Way) -> None:
    Account.objects.filter(pk=cast.help.pk).update(answers_by=list(allowed))


def no_private_replies(monkeypatch: pytest.MonkeyPatch, adapter: type, **changes: Any) -> None:
    from dataclasses import replace

    monkeypatch.setattr(
        adapter, "capabilities", replace(adapter.capabilities, **({"private_replies": False} | changes))
    )


@pytest.mark.parametrize(("takes", "room"), [(50, 150), (0, 200), (-5, 200), ("50", 200), (None, 200), (900, 1)])
def test_what_is_put_before_an_answer_takes_of_its_room(asked, takes, room):
    Message.objects.filter(pk=asked.pk).update(reply_ref={"takes": takes})
    assert [limit.most for limit in ways.place_of(asked.conversation).carrier.limits] == [room]


def test_too_long_as_it_is_it_stops_with_nothing_written(cast, asked):
    with pytest.raises(ways.TooLong, match="characters too long for one message"):
        send(cast, asked, LONG)
    assert not Message.objects.filter(direction="out").exists()
    assert Wait.objects.get().is_open


def test_in_parts_it_is_one_answer_of_numbered_posts_in_order(cast, asked, tmp_path):
    parts = send(cast, asked, LONG, way=Way.THREAD)
    assert [part.text.rsplit(" ", 1)[1] for part in parts] == ["1/3", "2/3", "3/3"]
    assert all(len(part.text) <= 200 for part in parts)
    assert (Wait.objects.get().ended_with, Wait.objects.get().ended_at) == (parts[0], WHEN)
    for seconds in (11, 15, 19):
        do("deliver", WHEN + timedelta(seconds=seconds))
    notes = sorted(
        (json.loads(path.read_text()) for path in tmp_path.glob("out-*")), key=lambda note: note["text"][-3:]
    )
    assert [note["visibility"] for note in notes] == ["public"] * 3
    assert [note["answers"] for note in notes[1:]] == [note["id"] for note in notes[:-1]]
    assert set(Outgoing.objects.values_list("state", flat=True)) == {"accepted"}


def test_what_an_administrator_set_is_the_limit(cast, asked):
    from datetime import date

    Limit.objects.create(
        account=cast.help, name="longest_text", value=600, source="their letter", as_of_on=date(2026, 11, 1), set_by=cast.lee
    )  # fmt: skip
    assert len(send(cast, asked, LONG)) == 1


def test_in_private_the_answer_is_theirs_and_onlookers_see_that_it_was_answered(cast, asked):
    head, line = send(cast, asked, PRIVATE, way=Way.PRIVATE)
    assert (head.text, head.visibility, head.to_addresses) == (PRIVATE, "private", ["dev"])
    assert (line.text, line.visibility, line.part_of, line.acknowledges) == (CLOSING[Way.PRIVATE], "public", head, True)
    assert line.outgoing.after == head.outgoing
    wait = Wait.objects.get()
    assert (wait.ended_with, wait.started_at) == (head, asked.sent_at)


def test_by_email_it_asks_for_an_address_and_keeps_conversation_and_clock(cast, asked):
    with pytest.raises(ways.WayClosed, match="Give the email address"):
        send(cast, asked, LONG, way=Way.EMAIL)
    with pytest.raises(ways.WayClosed, match="Give the email address"):
        send(cast, asked, LONG, way=Way.EMAIL, email="dev at example")
    head, line = send(cast, asked, LONG, way=Way.EMAIL, email=" dev@example.org ", closing="Emailed you, Dev!")
    assert (head.channel, head.to_addresses, head.text) == ("email", ["dev@example.org"], LONG.strip())
    assert (line.channel, line.text, line.visibility) == ("pebble", "Emailed you, Dev!", "public")
    assert head.conversation == line.conversation == asked.conversation
    assert (Wait.objects.get().started_at, Wait.objects.get().ended_with) == (asked.sent_at, head)
    assert ways.known_email(asked.conversation) == "dev@example.org"


def test_where_private_messages_are_a_private_link_goes_in_one(cast, asked, pages):
    whole, private, line = send(cast, asked, LONG + PRIVATE, way=Way.LINK)
    assert (whole.text, whole.to_addresses) == ((LONG + PRIVATE).strip(), [])
    theirs = Receipt.objects.get()
    assert private.text.endswith(f"/r/{theirs.token}/")
    assert theirs.shows is None
    assert (private.visibility, private.acknowledges, line.visibility) == ("private", False, "public")
    page = pages.get(f"/r/{theirs.token}/").page
    assert PRIVATE in page.text
    assert line.text not in page.text


def test_where_there_are_none_the_link_is_public_and_shows_that_answer_alone(cast, asked, pages, monkeypatch, pebble):  # noqa: F811
    no_private_replies(monkeypatch, pebble)
    whole, line = send(cast, asked, LONG, way=Way.LINK)
    link = Receipt.objects.get()
    assert (link.shows, line.visibility) == (whole, "public")
    assert line.text.endswith(f"/r/{link.token}/")
    page = pages.get(f"/r/{link.token}/").page
    assert LONG.strip() in page.text
    assert "When is my bin collected?" not in page.text
    assert not [form for form in page.all("form") if "add" in (form.get("action") or "")]
    assert pages.post(f"/r/{link.token}/add/", {"text": "I am Dev", "mark": ""}).status_code == 404
    with pytest.raises(ways.WayClosed):
        send(cast, asked, LONG + PRIVATE, way=Way.LINK)


def test_the_line_that_brings_the_answer_opens_the_wait_where_it_does_not_get_there(cast, asked, monkeypatch, pebble):  # noqa: F811
    no_private_replies(monkeypatch, pebble)
    _, line = send(cast, asked, LONG, way=Way.LINK)
    Outgoing.objects.filter(pk=line.outgoing.pk).update(state="sending")
    outbox.settle(Outgoing.objects.get(pk=line.outgoing.pk), "failed", "gone", WHEN)
    assert Wait.objects.get().is_open


def test_a_line_for_onlookers_that_fails_does_not(cast, asked):
    _, line = send(cast, asked, PRIVATE, way=Way.PRIVATE)
    outbox.settle(line.outgoing, "failed", "gone", WHEN)
    assert not Wait.objects.get().is_open


def test_before_private_words_go_public_it_stops_and_asks_why(cast, asked):
    with pytest.raises(ways.TooPrivate, match="“943 476 5919” is an NHS number"):
        send(cast, asked, PRIVATE)
    assert not Message.objects.filter(direction="out").exists()
    with pytest.raises(ways.TooPrivate):
        send(cast, asked, PRIVATE, reason="   ")
    send(cast, asked, PRIVATE, reason="It is the example on our leaflet")
    event = AuditEvent.objects.get(verb="said in public what looked private")
    assert (event.reason, event.after, event.person_name) == (
        "It is the example on our leaflet", {"kinds": ["nhs_number"]}, "Asha Khan",
    )  # fmt: skip
    assert "943" not in json.dumps(event.after)


def test_neither_parts_nor_the_line_for_onlookers_nor_a_pictures_words_slip_by(cast, asked):
    with pytest.raises(ways.TooPrivate):
        send(cast, asked, LONG + PRIVATE, way=Way.THREAD)
    with pytest.raises(ways.TooPrivate):
        send(cast, asked, LONG, way=Way.PRIVATE, closing="Sent to you at LS1 1UR")
    picture = attachment("letter.png", "image/png", PNG, "", 1)
    from dataclasses import replace

    with pytest.raises(ways.TooPrivate):
        send(cast, asked, "See the letter.", attachments=[replace(picture, alt_text="A letter to 12 High St, LS1 1UR")])


def test_what_they_alone_read_may_be_private(cast, account):  # noqa: F811
    alone = tell(account, id="1", text="What is my number?", private=True)
    (head,) = send(cast, alone, PRIVATE)
    assert head.visibility == "private"
    assert not AuditEvent.objects.filter(verb__contains="in public").exists()


def test_by_email_and_by_form_nothing_stands_in_the_way(cast):
    for conversation in (cast.ask().conversation, cast.mail("And mine?").conversation):
        place = ways.place_of(conversation)
        assert [offer.way for offer in ways.judged(conversation, place, LONG * 9 + PRIVATE, WHEN.date()).offers] == [
            Way.AS_IT_IS
        ]


def test_what_the_body_itself_has_made_public_is_no_stop(cast, asked):
    Account.objects.filter(pk=cast.help.pk).update(about="Come to us: Civic Hall, LS1 1UR.")
    SavedAnswer.objects.create(partner=cast.council, title="Ring", text="Ring us on 0113 222 4444.")
    send(cast, asked, "Come to LS1 1UR or ring (0113) 222 4444, or write to help@ashby.example.org.")


def test_a_way_that_the_account_does_not_allow_is_closed(cast, asked):
    allow_only(cast, Way.EMAIL)
    for way in (Way.THREAD, Way.PRIVATE, Way.LINK):
        with pytest.raises(ways.WayClosed):
            send(cast, asked, LONG, way=way)
    send(cast, asked, LONG, way=Way.EMAIL, email="dev@example.org")


def test_a_line_for_onlookers_must_fit_as_well(cast, asked):
    with pytest.raises(ways.WayClosed, match="line for onlookers is too long"):
        send(cast, asked, LONG, way=Way.EMAIL, email="dev@example.org", closing="x" * 201)


def test_a_picture_is_told_where_the_network_tells_it(cast, asked, monkeypatch, pebble):  # noqa: F811
    no_private_replies(monkeypatch, pebble, alt_text=True)
    files = [
        attachment("map.png", "image/png", PNG, "", 1),
        attachment("form.pdf", "application/pdf", b"%PDF-1.4 form", "", 2),
    ]
    with pytest.raises(ways.PicturesUntold, match=r"Say what map\.png shows") as untold:
        send(cast, asked, "Here.", attachments=files)
    assert untold.value.names == ["map.png"]
    from dataclasses import replace

    (head,) = send(cast, asked, "Here.", attachments=[replace(files[0], alt_text="A map of the depot"), files[1]])
    assert [one.alt_text for one in head.attachments.order_by("pk")] == ["A map of the depot", ""]


def test_taken_back_the_words_are_whole_again(cast, asked):
    for chosen in (
        {"way": Way.THREAD},
        {"way": Way.PRIVATE},
        {"way": Way.EMAIL, "email": "dev@example.org"},
        {"way": Way.LINK},
    ):
        head = send(cast, asked, LONG, **chosen)[0]
        answer.take_back(head.pk, cast.asha, WHEN)
        from sociable.conversations.models import Draft

        assert Draft.objects.get().text.split() == LONG.split(), chosen
        Draft.objects.all().delete()
        assert set(Outgoing.objects.values_list("state", flat=True)) == {"undone"}
        Message.objects.filter(direction="out").delete()


@pytest.mark.parametrize(("signs_with", "words"), [("person", "Best, Asha"), ("account", "Ashby Help"), ("nobody", "")])
def test_it_is_signed_as_the_account_wishes(cast, signs_with, words):
    cast.asha.sign_off = "Best, Asha"
    cast.help.signs_with, cast.help.sign_off = signs_with, "Ashby Help"
    assert answer.sign_off(cast.help, cast.asha) == words
