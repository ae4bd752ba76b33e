"""What the script on a body's site may ask, from where, how often, and what it is told: JSON in, JSON out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sociable.conversations.models import Chat, Conversation, Message, Visitor
from sociable.journeys import chat as journey
from sociable.journeys import claim
from sociable.promises.models import Wait
from sociable.public import chat_access
from tests.chatting import SITE, answer, takes_chat

ELSEWHERE = "https://www.not-ashby.example"


class Browser:
    """A browser on a page of the council's site, with the secret it was given."""

    def __init__(self, origin: str = SITE) -> None:
        self.origin, self.secret = origin, ""
        self.client = Client()

    def headers(self) -> dict[str, str]:
        return {"Origin": self.origin} | ({"Authorization": f"Bearer {self.secret}"} if self.secret else {})

    def get(self, path: str = "", **query: Any) -> Any:
        return self.client.get(f"/chat/help/{path}", query, headers=self.headers())

    def post(self, path: str, **given: Any) -> Any:
        return self.client.post(f"/chat/help/{path}", json.dumps(given), "application/json", headers=self.headers())

    def begin(self, **given: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.post("begin", **given).json()
        self.secret = told.get("secret", self.secret)
        return told

    def say(self, text: str, line: str = "a-line-of-theirs") -> Any:
        return self.post("lines", line=line, text=text)

    def told(self, after: int = 0) -> dict[str, Any]:
        answered: dict[str, Any] = self.get("lines", after=after).json()
        return answered


@pytest.fixture
def browser(cast: Any, clock: Any) -> Browser:
    takes_chat(cast.help)
    return Browser()


@pytest.fixture
def chatting(browser: Browser) -> Browser:
    """A browser in whose chat something was said."""
    browser.begin(name="Dev")
    browser.say("When is my bin collected?")
    return browser


# -- Before a chat -----------------------------------------------------------------------------------------------------------


def test_before_a_chat_it_says_what_is_promised_and_what_is_known(browser: Browser) -> None:
    told = browser.get().json()
    assert told["can_begin"]
    assert told["account"] == "Ashby Help"
    assert told["waiting"] == (
        "We promise a first answer within 60 seconds. Nobody waits before you. "
        "Too few people chatted here lately to say how long it takes."
    )
    assert told["expect"] == "Ask now and we will answer by midday today."


def test_how_long_it_takes_is_said_from_waits_that_were_and_the_queue_that_is(
    browser: Browser, cast: Any, clock: Any
) -> None:
    for minutes in (1, 2, 3, 4, 12):
        other = Browser()
        other.begin()
        other.say("Hello")
        conversation = Conversation.objects.latest("pk")
        clock.move(minutes=minutes)
        answer(conversation, cast.asha, now=clock.now)
    waiting = Browser()
    waiting.begin()
    waiting.say("Hello")
    clock.move(seconds=10)
    said = browser.get().json()["waiting"]
    assert "1 person waits before you." in said
    # the sixth has waited for ten seconds, which says nothing yet: half no longer than 3 minutes, nine in ten than 12
    assert (
        "Going by the last 6 people here, half have a first answer in about 3 minutes, nine in ten in about 15 minutes."
        in said
    )


def test_out_of_hours_it_offers_the_other_ways_with_their_promise(browser: Browser, clock: Any) -> None:
    clock.move(hours=9)
    told = browser.get().json()
    assert not told["can_begin"]
    assert told["why_not"] == "We are closed now, so nobody would be there to answer you here."
    assert told["open"] == "Opens at 9am tomorrow"
    assert told["expect"] == "Ask now and we will answer by 11am tomorrow."
    assert [way["text"] for way in told["ways"]] == ["Email help@ashby.example.org", "Use our form"]
    assert told["crisis"] == "In danger? Call 999."
    refused = browser.post("begin")
    assert (refused.status_code, refused.json()["message"]) == (409, told["why_not"])
    assert not Chat.objects.exists()


# -- In a chat ---------------------------------------------------------------------------------------------------------------


def test_a_chat_is_begun_a_line_is_said_and_both_are_told(browser: Browser, cast: Any, clock: Any) -> None:
    begun = browser.begin(name="Dev", email="Dev@Example.org", page=f"{SITE}/bins")
    assert len(begun["secret"]) > 40
    assert (begun["lines"], begun["state"]["open"], begun["state"]["link"]) == ([], True, "")
    assert browser.say("When?", "line-one").json()["line"] == "line-one"
    told = browser.told()
    assert [(line["text"], line["mine"], line["line"]) for line in told["lines"]] == [("When?", True, "line-one")]
    assert "We promise a first answer by 10:01am today." in told["state"]["waiting"]
    assert "/r/" in told["state"]["link"]
    chat = Chat.objects.get()
    assert (chat.name, chat.email, chat.page) == ("Dev", "dev@example.org", f"{SITE}/bins")
    claim.take(chat.conversation_id, cast.asha, clock.now)
    assert browser.told()["state"]["who"] == "Asha"
    answer(chat.conversation, cast.asha, "On Friday.", now=clock.now)
    told = browser.told(after=told["last"])
    assert [(line["text"], line["who"], line["mine"]) for line in told["lines"]] == [("On Friday.", "Asha", False)]
    assert told["state"]["waiting"] == ""


def test_nothing_about_staff_is_told_but_a_first_name(chatting: Browser, cast: Any, clock: Any) -> None:
    answer(Conversation.objects.get(), cast.asha, now=clock.now)
    told = json.dumps(chatting.told())
    assert "Asha" in told
    for hidden in ("Khan", "staff.example.org", str(cast.asha.email)):
        assert hidden not in told


def test_notes_and_what_may_be_taken_back_are_not_told(chatting: Browser, cast: Any, clock: Any) -> None:
    from sociable.journeys import answer as answering

    conversation = Conversation.objects.get()
    answering.note(conversation_id=conversation.pk, person=cast.asha, text="Rude last week", now=clock.now)
    assert "Rude" not in json.dumps(chatting.told())


def test_who_writes_an_answer_is_told_and_who_writes_a_note_is_not(chatting: Browser, cast: Any, clock: Any) -> None:
    from sociable.journeys import answer as answering

    conversation = Conversation.objects.get()
    for kind, writing in (("note", ""), ("answer", "Asha")):
        answering.keep_draft(conversation, cast.asha, kind=kind, text="Well", against_version=1, now=clock.now)
        assert chatting.told()["state"]["writing"] == writing
    clock.move(seconds=30)
    assert chatting.told()["state"]["writing"] == ""


def test_whoever_has_somebody_with_them_is_not_told_how_many_wait_before_them(
    chatting: Browser, cast: Any, clock: Any
) -> None:
    assert "Nobody waits before you." in chatting.told()["state"]["waiting"]
    claim.take(Conversation.objects.get().pk, cast.asha, clock.now)
    state = chatting.told()["state"]
    assert (state["who"], state["waiting"]) == ("Asha", "We promise a first answer by 10:01am today.")


def test_a_promise_that_passed_is_said_to_have_passed(chatting: Browser, clock: Any) -> None:
    clock.move(minutes=2)
    waiting = chatting.told()["state"]["waiting"]
    assert "We promised you a first answer by 10:01am today and are late. We are sorry. You keep your place." in waiting
    assert "A person answers by midday today." in waiting


def test_a_line_sent_again_is_told_once(chatting: Browser) -> None:
    numbers = {chatting.say("Again", "the-same-line").json()["n"] for _ in range(3)}
    assert len(numbers) == 1
    assert [line["text"] for line in chatting.told()["lines"]] == ["When is my bin collected?", "Again"]


def test_a_line_looks_up_its_account_twice_and_its_conversation_once(chatting: Browser) -> None:
    with CaptureQueriesContext(connection) as asked:
        assert chatting.say("Anybody?", "another-line").status_code == 200
    said = [one["sql"] for one in asked.captured_queries]
    read = [sql for sql in said if 'FROM "conversations_conversation"' in sql]
    if connection.vendor == "sqlite":
        assert len(read) == 1
        # before the turn, and in it: hours and promise are those of that instant
        assert sum('"directory_account"' in sql for sql in said if sql.startswith("SELECT")) == 2
        # two transactions, inside of this test's own, and what is read of one line
        assert sum(sql.startswith("SAVEPOINT") for sql in said) == 3
    else:
        assert any("FOR UPDATE" in sql for sql in read)


def test_more_lines_than_are_told_at_once_are_told_in_turns(chatting: Browser, monkeypatch: Any) -> None:
    from sociable.asking.question import Question
    from sociable.conversations import chats

    monkeypatch.setattr(chats, "MOST_LINES", 2)
    monkeypatch.setattr(chats, "_LINES", Question(chats.words_of_lines))
    for number in range(4):
        chatting.say(f"line {number}", f"line-number-{number}")
    heard, after, more = [], 0, True
    while more:
        told = chatting.told(after)
        heard += [line["text"] for line in told["lines"]]
        after, more = told["last"], told["more"]
    assert heard == ["When is my bin collected?", "line 0", "line 1", "line 2", "line 3"]


def test_whoever_leaves_before_an_answer_is_told_that_their_question_stays(chatting: Browser) -> None:
    ended = chatting.post("leave").json()["state"]["ended"]
    assert ended.startswith("You ended this chat, and we still answer your question. Write again and it goes on.")
    assert Wait.objects.get().is_open


def test_leaving_and_coming_back(chatting: Browser, cast: Any, clock: Any) -> None:
    answer(Conversation.objects.get(), cast.asha, now=clock.now)
    left = chatting.post("leave").json()
    until = "This browser shows it until 23 December, your private page for longer."
    assert left["state"]["ended"] == f"You ended this chat. Write again and it goes on. {until}"
    assert chatting.say("One more", "and-one-more").status_code == 200
    assert chatting.told()["state"]["open"]
    assert chatting.begin(anew=True)["lines"]  # an open chat is gone on with, not left behind


def test_a_new_question_after_the_end_is_a_chat_of_its_own(chatting: Browser) -> None:
    chatting.post("leave")
    assert chatting.begin(anew=True)["lines"] == []
    chatting.say("Another matter", "another-matter")
    assert Conversation.objects.count() == 2


def test_files_are_taken_and_can_be_fetched_by_the_private_link(chatting: Browser) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    given = {"line": "a-line-with-file", "files": SimpleUploadedFile("bin.png", b"\x89PNG\r\n\x1a\n0000", "text/html")}
    taken = chatting.client.post("/chat/help/files", given, headers=chatting.headers())
    assert taken.status_code == 200, taken.content
    file = chatting.told()["lines"][-1]["files"][0]
    assert file["name"] == "bin.png"
    fetched = Client().get(file["href"].removeprefix("http://localhost:8000"))
    assert b"".join(fetched.streaming_content).startswith(b"\x89PNG")
    assert "attachment" in fetched["Content-Disposition"]


def test_files_that_are_too_large_together_are_refused_in_a_sentence(chatting: Browser, settings: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    settings.ATTACHMENT_LIMIT_BYTES = 10
    given = {"line": "a-line-with-file", "files": SimpleUploadedFile("bin.png", b"x" * 11)}
    refused = chatting.client.post("/chat/help/files", given, headers=chatting.headers())
    assert refused.status_code == 413
    assert refused.json()["message"] == "Files may be 10\xa0bytes together. Choose fewer or smaller ones."


def test_a_transcript_is_sent_once_there_is_an_answer(chatting: Browser, cast: Any, clock: Any) -> None:
    assert chatting.post("transcript", email="dev@example.org").status_code == 409
    answer(Conversation.objects.get(), cast.asha, now=clock.now)
    assert chatting.post("transcript", email="not an address").status_code == 422
    assert (
        chatting.post("transcript", email="dev@example.org").json()["message"] == "It is on its way to dev@example.org."
    )


# -- From where, by whom, how often ------------------------------------------------------------------------------------------


def test_a_page_of_a_listed_site_may_read_the_answers(chatting: Browser) -> None:
    answered = chatting.get("lines")
    assert answered["Access-Control-Allow-Origin"] == SITE
    assert "Origin" in answered["Vary"]
    assert answered["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Credentials" not in answered
    assert not answered.cookies


@pytest.mark.parametrize("path", ["", "begin", "lines", "files", "writing", "leave", "transcript"])
def test_a_page_of_any_other_site_is_refused(chatting: Browser, path: str) -> None:
    stranger = Browser(ELSEWHERE)
    stranger.secret = chatting.secret
    for answered in (
        stranger.get(path),
        stranger.post(path),
        stranger.client.options(f"/chat/help/{path}", headers=stranger.headers()),
    ):
        assert answered.status_code in (403, 405)
        assert "Access-Control-Allow-Origin" not in answered


@pytest.mark.parametrize(
    "origin", ["null", "https://www.ashby.example.evil.test", "http://www.ashby.example", f"{SITE}:8443"]
)
def test_an_origin_that_only_looks_like_a_listed_one_is_refused(browser: Browser, origin: str) -> None:
    assert Browser(origin).get().status_code == 403


def test_browsers_are_told_before_they_send_what_they_may(browser: Browser) -> None:
    answered = browser.client.options(
        "/chat/help/lines", headers={"Origin": SITE, "Access-Control-Request-Method": "POST"}
    )
    assert answered.status_code == 204
    assert answered["Access-Control-Allow-Origin"] == SITE
    assert "POST" in answered["Access-Control-Allow-Methods"]
    assert "Authorization" in answered["Access-Control-Allow-Headers"]


def test_our_own_pages_may_always_hold_it(browser: Browser, settings: Any) -> None:
    assert Browser(settings.PUBLIC_URL).get().status_code == 200


@pytest.mark.parametrize("secret", ["", "invented", "x" * 5000, "é"])
@pytest.mark.parametrize("path", ["lines", "files", "writing", "leave", "transcript"])
def test_without_a_secret_that_holds_nothing_is_told_or_taken(chatting: Browser, path: str, secret: str) -> None:
    before = Message.objects.count()
    headers = {"Origin": SITE, "Authorization": f"Bearer {secret}"}
    answered = chatting.client.post(
        f"/chat/help/{path}", json.dumps({"line": "x" * 9, "text": "x"}), "application/json", headers=headers
    )
    assert answered.status_code == 401
    assert answered["Access-Control-Allow-Origin"] == SITE  # so that the page can say what happened
    assert Message.objects.count() == before


def test_a_revoked_secret_is_as_good_as_none(chatting: Browser, cast: Any, clock: Any) -> None:
    journey.revoke(Conversation.objects.get().pk, cast.asha, clock.now)
    assert chatting.get("lines").status_code == 401
    assert chatting.say("Let me in", "let-me-in").status_code == 401


def test_thirty_days_after_the_last_line_a_browser_no_longer_shows_it(chatting: Browser, cast: Any, clock: Any) -> None:
    clock.move(days=29)
    answer(Conversation.objects.get(), cast.asha, "On Friday.", now=clock.now)  # so it goes on from here
    clock.move(days=29, hours=23)
    assert [line["text"] for line in chatting.told()["lines"]][-1] == "On Friday."
    link = chatting.told()["state"]["link"]
    clock.move(hours=1)
    for answered in (chatting.get("lines"), chatting.say("Still there?", "still-there"), chatting.post("leave")):
        assert answered.status_code == 401
        assert answered["Access-Control-Allow-Origin"] == SITE
        words = answered.json()["message"]
        assert "for 30 days, so this browser no longer shows it. Your private page still does" in words
        assert "Friday" not in words
    assert "On Friday." in chatting.client.get(urlsplit(link).path).content.decode(), "whoever has its link"
    was, begun = chatting.secret, chatting.begin()
    assert begun["secret"] != was
    assert begun["lines"] == [], "another person may sit there now"
    assert Visitor.objects.count() == 2


def test_a_secret_opens_its_own_chat_alone(chatting: Browser) -> None:
    other = Browser()
    other.begin()
    other.say("Mine", "a-line-of-mine")
    assert [line["text"] for line in other.told()["lines"]] == ["Mine"]
    assert Visitor.objects.count() == 2


def test_an_account_without_chat_has_no_address(cast: Any, clock: Any) -> None:
    assert Browser().get().status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"{", 400), (b"[]", 400), (b"null", 400), (b'"x"', 400), (b'{"line": 7, "text": "x"}', 400),
        (b'{"line": "short", "text": "x"}', 400), (b'{"line": "../../etc/passwd", "text": "x"}', 400),
        (b'{"line": "abcdefgh", "text": 7}', 400), (b'{"line": "abcdefgh", "text": "  "}', 409),
        (b'{"line": "abcdefgh", "text": "\\ud800"}', 200), (b"[" * 60_000, 400), (b"\xff\xfe", 400),
    ],
)  # fmt: skip
def test_half_and_odd_requests_are_refused_in_sentences(chatting: Browser, body: bytes, status: int) -> None:
    answered = chatting.client.post("/chat/help/lines", body, "application/json", headers=chatting.headers())
    assert answered.status_code == status
    assert status == 200 or answered.json()["message"].endswith((".", "kept."))


def test_a_form_of_another_site_is_no_way_in(chatting: Browser) -> None:
    posted = chatting.client.post("/chat/help/lines", {"line": "abcdefgh", "text": "x"}, headers=chatting.headers())
    assert posted.status_code == 415


def test_more_than_may_be_said_at_once_is_refused_with_both_numbers(chatting: Browser) -> None:
    refused = chatting.say("x" * 10_001, "a-long-line")
    assert refused.status_code == 413
    assert refused.json()["message"] == "Your message must be 10,000 characters or fewer. It has 10,001."
    assert chatting.say("x" * 70_000, "a-longer-line").status_code == 413


@pytest.mark.parametrize("kind", ["begin", "say", "write", "send", "ask"])
def test_what_comes_too_often_is_refused(chatting: Browser, monkeypatch: Any, kind: str) -> None:
    monkeypatch.setitem(chat_access.MOST, kind, 2)
    calls = {
        "begin": lambda: chatting.post("begin"),
        "say": lambda: chatting.say("Again", "again-and-again"),
        "write": lambda: chatting.post("writing"),
        "send": lambda: chatting.post("transcript", email="dev@example.org"),
        "ask": lambda: chatting.get("lines"),
    }
    answers = [calls[kind]().status_code for _ in range(4)]
    assert answers[-1] == 429


# -- An example's own site -------------------------------------------------------------------------------------------------------


def test_an_example_has_a_site_of_another_origin_that_may_hold_the_chat(browser: Browser, settings: Any) -> None:
    from sociable.public import website

    assert website.origin() == "http://127.0.0.1:8000"
    page = Client().get("/example/website/")
    assert journey.script_line("city-help").encode() in page.content
    assert "script-src http://localhost:8000" in page["Content-Security-Policy"]
    settings.EXAMPLE = False
    assert Client().get("/example/website/").status_code == 404


# -- What the public is told of first answers -----------------------------------------------------------------------------------


def test_the_account_page_shows_the_promise_and_whether_it_is_kept(
    pages: Any, chatting: Browser, cast: Any, clock: Any
) -> None:
    clock.move(minutes=2)
    page = pages.get("/accounts/help/").page
    assert "In web chat the first answer comes within 60 seconds while we are open." in page.text
    assert "First answers in web chat: 0 of 1 answered in time in the last 30 days." in page.text
    assert "1 person still waiting past the promise, counted as late" in page.text
    assert Wait.objects.get().kept(clock.now) is None  # the promise for all still can be kept
    assert [one.get("data-account") for one in page.all("script", data_account="help")] == ["help"]
