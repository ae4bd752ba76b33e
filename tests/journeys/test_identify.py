"""One person on several channels: joined by proof and never by name, holding one place, and parted again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from sociable.conversations.models import Contact, Conversation, Identity, Joining, Message, ProofCode
from sociable.due import services as due
from sociable.journeys import answer, deliver, identify, join, ways
from sociable.people.models import AuditEvent
from sociable.people.permissions import NotAllowed
from sociable.promises.models import Wait
from tests.cast import Cast, at
from tests.journeys.mail import letters, sends_to

BOTH = ("Jo <jo@work.example.org>", "Jo <jo@home.example.org>")


@pytest.fixture
def two(cast: Cast) -> tuple[Conversation, Conversation]:
    """Somebody who asked twice, from two addresses, under one name."""
    first = cast.mail(sender=BOTH[0], subject="My bin")
    second = cast.mail("And the trees?", sender=BOTH[1], subject="Trees", when=at(10, 30))
    return first.conversation, second.conversation


def fresh(conversation: Conversation) -> Conversation:
    return Conversation.objects.get(pk=conversation.pk)


def test_a_name_alone_joins_nobody(two):
    first, second = two
    assert (first.contact.name, second.contact.name) == ("Jo", "Jo")
    assert first.contact != second.contact
    assert Joining.objects.count() == 0


def test_a_colleagues_word_with_a_reason_joins_them_and_is_kept(cast, two):
    first, second = two
    identify.by_word(first.pk, "jo@home.example.org", "She said so when she rang", cast.asha, at(11))
    assert fresh(second).contact == fresh(first).contact
    assert set(Wait.objects.values_list("contact", flat=True)) == {first.contact_id}
    joining = Joining.objects.get()
    assert (joining.proof, joining.joined_by, joining.reason, joining.name) == (
        "word",
        cast.asha,
        "She said so when she rang",
        "Jo",
    )
    assert AuditEvent.objects.filter(verb="joined two people", reason="She said so when she rang").exists()


def test_by_the_number_of_a_conversation(cast, two):
    identify.by_word(two[0].pk, f"#{two[1].pk}", "same letter", cast.asha, at(11))
    assert fresh(two[1]).contact == fresh(two[0]).contact


@pytest.mark.parametrize(("who", "reason", "words"), [
    ("jo@home.example.org", " ", "Say how you know"),
    ("nobody@example.org", "I know", "Nobody whom you may see"),
    ("jo@work.example.org", "I know", "one person here already"),
    ("99999", "I know", "Nobody whom you may see"),
])  # fmt: skip
def test_what_does_not_join_says_why(cast, two, who, reason, words):
    with pytest.raises(identify.CannotJoinPeople, match=words):
        identify.by_word(two[0].pk, who, reason, cast.asha, at(11))
    assert Joining.objects.count() == 0


def test_nobody_is_joined_with_somebody_the_person_may_not_see(cast, two):
    elsewhere = cast.mail(sender="Pat <pat@example.org>", account=cast.clinic)
    for who in ("pat@example.org", str(elsewhere.conversation_id)):
        with pytest.raises(identify.CannotJoinPeople):
            identify.by_word(two[0].pk, who, "I know", cast.asha, at(11))
    with pytest.raises(NotAllowed):
        identify.by_word(two[0].pk, "jo@home.example.org", "I know", cast.cara, at(11))


def test_parted_again_each_has_what_came_by_their_addresses(cast, two):
    first, second = two
    identify.by_word(first.pk, "jo@home.example.org", "I thought so", cast.asha, at(11))
    later = cast.mail("And the park?", sender=BOTH[1], subject="Park", when=at(11, 30)).conversation
    own = cast.mail("And the pool?", sender=BOTH[0], subject="Pool", when=at(11, 40)).conversation
    identify.part(Joining.objects.get().pk, first.pk, "It was her sister", cast.asha, at(12))
    assert {fresh(one).contact_id for one in (first, own)} == {first.contact_id}
    sister = fresh(second).contact
    assert {fresh(one).contact_id for one in (second, later)} == {sister.pk}
    assert sister.pk != first.contact_id
    assert Identity.objects.get(address="jo@home.example.org").contact == sister
    assert {wait.contact_id for wait in Wait.objects.filter(conversation__in=[second, later])} == {sister.pk}
    with pytest.raises(identify.CannotJoinPeople, match="parted already"):
        identify.part(Joining.objects.get().pk, first.pk, "again", cast.asha, at(12))


def test_parting_needs_a_reason_and_its_own_conversation(cast, two):
    identify.by_word(two[0].pk, "jo@home.example.org", "I thought so", cast.asha, at(11))
    other = cast.mail(sender="Pat <pat@example.org>").conversation
    for conversation, reason in ((two[0], ""), (other, "why not")):
        with pytest.raises(identify.CannotJoinPeople):
            identify.part(Joining.objects.get().pk, conversation.pk, reason, cast.asha, at(12))
    assert Joining.objects.get().undone_at is None


def test_a_joining_of_those_who_were_joined_keeps_both_to_be_undone(cast, two):
    third = cast.mail("Hedges", sender="Jo <jo@third.example.org>", when=at(10, 40)).conversation
    identify.by_word(two[1].pk, str(third.pk), "one", cast.asha, at(11))
    identify.by_word(two[0].pk, str(two[1].pk), "two", cast.asha, at(11, 1))
    assert Contact.objects.filter(conversations__in=[*two, third]).distinct().count() == 1
    outer, inner = Joining.objects.get(reason="two"), Joining.objects.get(reason="one")
    identify.part(inner.pk, two[0].pk, "no", cast.asha, at(12))
    assert fresh(third).contact != fresh(two[0]).contact
    assert fresh(two[1]).contact == fresh(two[0]).contact
    identify.part(outer.pk, two[0].pk, "no", cast.asha, at(12))
    assert len({fresh(one).contact_id for one in (*two, third)}) == 3


def test_merging_two_peoples_conversations_keeps_the_word_it_was_done_on(cast, two):
    join.merge(two[1].pk, two[0].pk, cast.asha, at(11), same_person=True)
    assert Joining.objects.get().proof == "word"


# -- A code ----------------------------------------------------------------------------------------------------------------


def send_code(cast: Cast, conversation: Conversation, settings: Any, address: str = "jo@home.example.org") -> str:
    """Send a code and read it where it arrives; it stands nowhere here."""
    with sends_to(settings) as server:
        identify.send_code(conversation.pk, address, cast.asha, at(11))
        for row in due.claim(at(11, 1), 10, ["deliver"]):
            deliver.deliver(row, at(11, 1))
    (letter,) = letters(server)
    assert letter["To"] == address
    code = re.search(r"\b\d{6}\b", letter.get_body().get_content())[0]
    assert not Message.objects.filter(text__contains=code).exists()
    assert code not in ProofCode.objects.get(used_at=None).sealed
    return code


def test_a_code_that_is_read_out_proves_the_address(cast, two, settings):
    code = send_code(cast, two[0], settings)
    identify.enter_code(two[0].pk, f"{code[:3]} {code[3:]}", cast.asha, at(11, 5))
    assert fresh(two[1]).contact == fresh(two[0]).contact
    assert (Joining.objects.get().proof, Joining.objects.get().joined_by) == ("code", cast.asha)
    with pytest.raises(identify.WrongCode, match="No code is awaited"):
        identify.enter_code(two[0].pk, code, cast.asha, at(11, 6))


def test_a_code_that_is_written_back_proves_it_by_itself(cast, two, settings):
    code = send_code(cast, two[0], settings)
    cast.mail(
        f"The code is {code}, thanks",
        sender=BOTH[0],
        In_Reply_To=two[0].messages.get(direction="in").message_id,
        when=at(11, 10),
    )
    assert fresh(two[1]).contact == fresh(two[0]).contact
    assert Joining.objects.get().joined_by is None


def write_back(cast: Cast, conversation: Conversation, text: str, sender: str = BOTH[0], **headers: str) -> None:
    asked = conversation.messages.filter(direction="in").earliest("pk").message_id
    cast.mail(text, sender=sender, In_Reply_To=asked, when=at(11, 10), **headers)


@pytest.mark.parametrize("headers", [{}, {"Auto_Submitted": "auto-replied"}])
def test_a_code_quoted_by_whom_it_was_sent_to_proves_nothing(cast, two, settings, headers):
    code = send_code(cast, two[0], settings)
    write_back(cast, two[0], f"That was not me!\n\n> send them this code there:\n> {code}", BOTH[1], **headers)
    assert two[0].messages.filter(text__contains="not me").exists()
    assert Joining.objects.count() == 0


def test_a_code_that_a_machine_sends_back_proves_nothing(cast, two, settings):
    code = send_code(cast, two[0], settings)
    write_back(cast, two[0], f"Away. You wrote {code}", "Jo <desk@home.example.org>", Auto_Submitted="auto-replied")
    assert two[0].messages.filter(text__contains="Away").exists()
    assert Joining.objects.count() == 0


def test_a_code_sent_to_an_address_nobody_had_gives_it_to_them(cast, two, settings):
    code = send_code(cast, two[0], settings, "new@example.org")
    identify.enter_code(two[0].pk, code, cast.asha, at(11, 5))
    assert Identity.objects.get(address="new@example.org").contact == two[0].contact


def test_a_wrong_code_joins_nobody_and_five_of_them_end_it(cast, two, settings):
    code = send_code(cast, two[0], settings)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(identify.MOST_WRONG):
        with pytest.raises(identify.WrongCode, match="That is not the code"):
            identify.enter_code(two[0].pk, wrong, cast.asha, at(11, 5))
    with pytest.raises(identify.WrongCode, match="No code is awaited"):
        identify.enter_code(two[0].pk, code, cast.asha, at(11, 5))
    assert Joining.objects.count() == 0


def test_a_code_holds_for_a_day_and_the_newest_alone_counts(cast, two, settings):
    old = send_code(cast, two[0], settings)
    code = send_code(cast, two[0], settings)
    if old != code:
        with pytest.raises(identify.WrongCode):
            identify.enter_code(two[0].pk, old, cast.asha, at(11, 5))
    with pytest.raises(identify.WrongCode):
        identify.enter_code(two[0].pk, code, cast.asha, at(11, 5) + timedelta(days=1))


def test_codes_are_not_sent_without_end_nor_to_what_is_no_address(cast, two):
    for _ in range(identify.MOST_A_DAY):
        identify.send_code(two[0].pk, "jo@home.example.org", cast.asha, at(11))
    with pytest.raises(identify.CannotJoinPeople, match="Enough"):
        identify.send_code(two[0].pk, "jo@home.example.org", cast.asha, at(11))
    with pytest.raises(identify.CannotJoinPeople, match="whole email"):
        identify.send_code(two[1].pk, "jo", cast.asha, at(11))
    with pytest.raises(NotAllowed):
        identify.send_code(two[1].pk, "jo@home.example.org", cast.cara, at(11))


def test_sending_a_code_answers_nobody(cast, two, settings):
    send_code(cast, two[0], settings)
    assert Wait.objects.get(conversation=two[0]).is_open


# -- The answer to our letter ----------------------------------------------------------------------------------------------


def letter_to(cast: Cast, conversation: Conversation, address: str) -> tuple[str, str]:
    """We write to an address in a conversation; the address to which an answer goes, and the id of our letter."""
    Message.objects.filter(conversation=conversation, direction="in").update(reply_address=address)
    letter = answer.send(
        conversation_id=conversation.pk, person=cast.asha, text="Please write here", against_version=1, now=at(11)
    )
    return cast.reply_to(conversation), letter.message_id


def test_who_answers_from_the_address_we_wrote_to_reads_there(cast, two):
    to, letter = letter_to(cast, two[0], "jo@home.example.org")
    cast.mail("Here I am", sender=BOTH[1], To=to, In_Reply_To=letter, when=at(11, 20))
    assert fresh(two[1]).contact == fresh(two[0]).contact
    assert Joining.objects.get().proof == "reply"


def test_who_writes_into_it_from_elsewhere_is_nobody_we_know(cast, two):
    to, letter = letter_to(cast, two[0], "jo@home.example.org")
    cast.mail("Me too", sender="Pat <pat@example.org>", To=to, In_Reply_To=letter, when=at(11, 20))
    assert Joining.objects.count() == 0
    assert not Identity.objects.filter(contact=two[0].contact, address="pat@example.org").exists()


def test_what_a_machine_sends_back_proves_nothing(cast, two):
    to, letter = letter_to(cast, two[0], "jo@home.example.org")
    cast.mail("Away", sender=BOTH[1], To=to, In_Reply_To=letter, when=at(11, 20), Auto_Submitted="auto-replied")
    assert Joining.objects.count() == 0


@pytest.mark.parametrize("number", [identify.MOST_WRONG + 1, 5000])
def test_a_letter_full_of_numbers_is_as_many_guesses_and_proves_nothing(cast, two, settings, number):
    code = send_code(cast, two[0], settings)
    guesses = [code, *(f"{one:06d}" for one in range(number) if f"{one:06d}" != code)][:number]
    asked = two[0].messages.order_by("pk").first()
    cast.mail(" ".join(guesses), sender=BOTH[0], when=at(11, 10), In_Reply_To=asked.message_id)
    assert not Joining.objects.exists()
    with pytest.raises(identify.WrongCode, match="No code is awaited"):
        identify.enter_code(two[0].pk, code, cast.asha, at(11, 15))


def test_guesses_over_several_letters_add_up(cast, two, settings):
    code = send_code(cast, two[0], settings)
    asked = two[0].messages.order_by("pk").first()
    wrong = [f"{one:06d}" for one in range(9) if f"{one:06d}" != code][: identify.MOST_WRONG]
    for minute, guess in enumerate(wrong):
        cast.mail(f"Is it {guess}?", sender=BOTH[0], when=at(11, 10 + minute), In_Reply_To=asked.message_id)
    cast.mail(f"Is it {code}?", sender=BOTH[0], when=at(11, 30), In_Reply_To=asked.message_id)
    assert not Joining.objects.exists()


def test_who_was_joined_before_stays_joined_and_can_be_parted_where_they_went(cast, two):
    first, second = two
    third = cast.mail("A third", sender="Jo <jo@club.example.org>", when=at(10, 40)).conversation
    inner = identify.by_word(first.pk, "jo@home.example.org", "same letter", cast.asha, at(11))
    outer = identify.by_word(third.pk, "jo@work.example.org", "same voice", cast.asha, at(11, 5))
    assert len({fresh(one).contact_id for one in (first, second, third)}) == 1
    identify.part(outer.pk, third.pk, "another voice", cast.asha, at(11, 10))
    assert fresh(first).contact == fresh(second).contact != fresh(third).contact
    identify.part(inner.pk, first.pk, "another hand", cast.asha, at(11, 15))
    assert len({fresh(one).contact_id for one in (first, second, third)}) == 3
    assert Wait.objects.get(conversation=second).contact_id == fresh(second).contact_id
    assert {one.contact.pk for one in Identity.objects.filter(address__startswith="jo@")} == {
        fresh(one).contact_id for one in (first, second, third)
    }


def test_where_a_code_went_is_not_yet_an_address_to_answer_to(cast, two, settings):
    send_code(cast, two[0], settings)
    assert ways.known_email(fresh(two[0])) == "jo@work.example.org"


def test_digits_of_another_script_are_a_wrong_code_and_no_fault(cast, two, settings):
    send_code(cast, two[0], settings)
    with pytest.raises(identify.WrongCode):
        identify.enter_code(two[0].pk, "١٢٣٤٥٦", cast.asha, at(11, 5))


def test_who_borrows_the_sender_and_has_not_read_the_letter_proves_nothing(cast, two):
    to, _ = letter_to(cast, two[0], "jo@home.example.org")
    cast.mail("It is me", sender=BOTH[1], To=to, when=at(11, 20))
    assert Joining.objects.count() == 0
