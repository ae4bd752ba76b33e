"""The private link: what is shown, what never is, adding more, files, and links that are gone."""

import pytest

from sociable.conversations import files
from sociable.conversations import services as conversations
from sociable.conversations.models import Attachment, Conversation, Message, Receipt
from sociable.journeys import answer, chat, outbox, settle
from sociable.promises.models import Wait
from tests import chatting
from tests.cast import at

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(asked):
    """The private link of one request, asked at 10:01 and due at 12:01."""
    return asked().url


def _answer(cast, text="It comes on Friday", **how):
    conversation = Conversation.objects.get()
    return lambda now: answer.send(
        conversation_id=conversation.pk,
        person=cast.asha,
        text=text,
        against_version=conversation.version,
        now=now,
        **how,
    )


def test_it_says_what_we_have_and_how_the_time_was_reckoned(link, pages):
    page = pages.get(link).page
    assert "answer by 12:01pm today" in page.text
    assert "How we reckon this: arrived Mon 10:01" in page.text
    assert "due Mon 12:01" in page.text


@pytest.mark.parametrize(
    ("email", "open_says", "ended_says"),
    [
        ("", "Keep this link: we cannot send it to you again.", "Keep this link: we cannot send it to you again."),
        ("dev@example.org", "comes by email once the chat has ended", "We also send our answer by email."),
    ],
)
def test_whoever_chats_is_promised_a_mail_only_where_one_comes(pages, cast, clock, email, open_says, ended_says):
    begun = chatting.begin(chatting.takes_chat(cast.help), now=clock.now, email=email)
    conversation = chatting.say(begun, now=clock.now).conversation
    link = f"/r/{conversations.receipt_of(conversation, clock.now).token}/"
    said = pages.get(link).page.text
    assert "Our answer stands in the web chat too" in said
    assert open_says in said
    chat.leave(begun.chat, clock.now)
    assert ended_says in pages.get(link).page.text


def test_whoever_asked_on_a_network_is_told_that_the_answer_is_there_and_no_mail(link, pages):
    where = {"channel": "bluesky", "identity_kind": "bluesky", "from_address": "did:plc:dev"}
    Message.objects.filter(direction=Message.Direction.IN).update(**where)
    said = pages.get(link).page.text
    assert "We also answer on Bluesky." in said
    assert "by email" not in said


def test_it_stays_out_of_caches_search_engines_and_other_sites(link, pages):
    response = pages.get(link)
    assert response["Cache-Control"] == "no-store, private"
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "no-referrer"
    assert not response.cookies


def test_an_answer_appears_when_it_can_no_longer_be_taken_back(link, pages, cast, clock):
    _answer(cast)(clock.now)
    before = pages.get(link).page
    assert before.h1 == "We have your request"
    assert "Friday" not in before.text
    clock.move(seconds=10)
    after = pages.get(link).page
    assert after.h1 == "We have answered"
    assert "It comes on Friday" in after.text


def test_an_answer_that_was_taken_back_never_appears(link, pages, cast, clock):
    message = _answer(cast)(clock.now)
    outbox.undo(message, clock.move(seconds=5))
    clock.move(minutes=5)
    page = pages.get(link).page
    assert "Friday" not in page.text
    assert page.h1 == "We have your request"


def test_notes_and_automatic_mail_never_appear(link, pages, cast, clock):
    conversation = Conversation.objects.get()
    answer.note(conversation_id=conversation.pk, person=cast.asha, text="Moans a lot", now=clock.now)
    conversations.add_outbound(
        conversation=conversation,
        text="Robot says",
        channel="email",
        author=None,
        to=[],
        now=clock.now,
        automatic="own",
    )
    clock.move(minutes=5)
    said = pages.get(link).page.text
    assert "Moans" not in said
    assert "Robot" not in said


def test_only_acknowledged_they_still_wait(link, pages, cast, clock):
    _answer(cast, "We are looking into it", acknowledges=True)(clock.now)
    clock.move(minutes=5)
    page = pages.get(link).page
    assert page.h1 == "We have your request"
    assert "We are looking into it" in page.text


def test_late_is_said_plainly(link, pages, clock):
    clock.now = at(12, 2)
    said = pages.get(link).page.text
    assert "We said we would answer by 12:01pm today. We are late, and we are sorry." in said


def test_closed_without_an_answer_is_not_called_an_answer(link, pages, cast, clock):
    settle.close(Conversation.objects.get().pk, cast.asha, "Duplicate", clock.now)
    page = pages.get(link).page
    assert page.h1 == "We closed this without a written answer"
    assert "Duplicate" not in page.text


def test_not_a_request_can_be_made_one_by_writing(link, pages, cast, clock):
    settle.not_a_request(Conversation.objects.get().pk, cast.asha, "thanks", clock.now)
    page = pages.get(link).page
    assert page.h1 == "We have read what you wrote"
    pages.submit(page.form("/add/"), text="But I did ask something")
    assert Wait.objects.open().count() == 1


def test_adding_before_the_answer_joins_the_wait(link, pages, clock):
    form = pages.get(link).page.form("/add/")
    clock.move(minutes=20)
    response = pages.submit(form, text="It is the brown one")
    assert response.status_code == 302
    assert response.url.startswith(link)
    wait = Wait.objects.get()
    assert (wait.started_at, wait.due_at) == (at(10, 1), at(12, 1))
    assert Conversation.objects.get().messages.count() == 2
    assert "It is the brown one" in pages.get(link).page.text


def test_adding_after_the_answer_begins_a_new_wait(link, pages, cast, clock):
    _answer(cast)(clock.now)
    clock.move(minutes=30)
    pages.submit(pages.get(link).page.form("/add/"), text="And the green one?")
    assert [wait.started_at for wait in Wait.objects.order_by("pk")] == [at(10, 1), at(10, 31)]
    added = Message.objects.filter(direction="in").latest("pk")
    assert (added.from_address, added.joined_why) == ("dev@example.org", "It was written on the private link")


def test_adding_twice_with_one_page_adds_once(link, pages):
    form = pages.get(link).page.form("/add/")
    for _ in range(2):
        pages.submit(form, text="It is the brown one")
    assert Conversation.objects.get().messages.count() == 2


def test_adding_nothing_is_refused_beside_the_field(link, pages):
    response = pages.submit(pages.get(link).page.form("/add/"), text=" ")
    assert response.status_code == 422
    assert response.page.errors == ["Write what you need"]


def test_adding_to_what_is_kept_aside_is_kept_with_it(asked, pages):
    link = asked(fax="x").url
    pages.submit(pages.get(link).page.form("/add/"), text="Really")
    conversation = Conversation.objects.get()
    assert (conversation.state, conversation.messages.count()) == (Conversation.State.KEPT_ASIDE, 2)


@pytest.mark.parametrize("address", ["/r/unknown/", "/r/{token}/", "/r/{token}/files/1/"])
def test_a_link_that_was_ended_or_never_was_says_what_to_do(link, pages, clock, address):
    token = Receipt.objects.get().token
    conversations.revoke_receipts(Conversation.objects.get(), clock.now)
    response = pages.get(address.format(token=token))
    assert response.status_code == 404
    assert response.page.h1 == "This private link does not work"
    assert response["Cache-Control"] == "no-store, private"


def test_writing_to_an_ended_link_adds_nothing(link, pages, clock):
    form = pages.get(link).page.form("/add/")
    conversations.revoke_receipts(Conversation.objects.get(), clock.now)
    assert pages.submit(form, text="More").status_code == 404
    assert Message.objects.count() == 1


def test_the_token_cannot_be_guessed(link):
    assert len(Receipt.objects.get().token) >= 32


def test_a_file_is_handed_over_to_be_saved_never_run(link, pages, clock):
    content = b"<script>alert(1)</script>"
    file = Attachment.objects.create(
        message=Message.objects.get(),
        name="bin.html",
        content_type="text/html",
        size_bytes=len(content),
        sha256=files.keep(content),
    )
    page = pages.get(link).page
    response = pages.get(page.links["bin.html 25 bytes"])
    assert b"".join(response.streaming_content) == content
    assert response["Content-Disposition"] == 'attachment; filename="bin.html"'
    assert response["Content-Type"] == "application/octet-stream"
    assert "sandbox" in response["Content-Security-Policy"]
    assert response["X-Content-Type-Options"] == "nosniff"
    Message.objects.update(direction="note")
    assert pages.get(f"{link}files/{file.pk}/").status_code == 404


def test_a_file_of_another_request_is_not_found(asked, pages, cast, clock):
    ours, theirs = asked(text="Mine").url, asked(text="Theirs", email="x@example.org").url
    file = Attachment.objects.create(
        message=Message.objects.get(text="Theirs"),
        name="a",
        content_type="text/plain",
        size_bytes=1,
        sha256=files.keep(b"a"),
    )
    handed_over = pages.get(f"{theirs}files/{file.pk}/")
    assert b"".join(handed_over.streaming_content) == b"a"
    assert pages.get(f"{ours}files/{file.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        ("form", "on this page"),
        ("email", "by email"),
        ("bluesky", "on Bluesky"),
        ("phone", "by phone"),
        ("counter", "at the counter"),
    ],
)
def test_it_says_by_which_way_a_message_came(link, pages, channel, says):
    Message.objects.filter(direction=Message.Direction.IN).update(channel=channel)
    text = pages.get(link).page.text
    ways = ("on this page", "by email", "on Bluesky", "by phone", "at the counter")
    thread = text[text.index("What was said") : text.index("Keep this link")]
    assert [way for way in ways if way in thread] == [says]
