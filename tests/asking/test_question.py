"""A question is worded once, and answers as the queryset would that was worded anew."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models import Q
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from sociable.asking.question import Among, Given, Question, together
from sociable.conversations.models import Conversation, Message
from sociable.due.models import DueRow
from tests.cast import MONDAY_10, at
from tests.chatting import begin, say, takes_chat

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(cast: Any) -> list[Message]:
    """Two people's first lines in chat, five minutes apart."""
    takes_chat(cast.help)
    return [say(begin(cast.help), f"Question {number}", now=at(10, number)) for number in (0, 5)]


def facts(row: Any) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name != "_state"}


def test_it_answers_as_its_words_would_every_time_it_is_asked(two: list[Message]) -> None:
    question = Question(lambda: Message.objects.filter(conversation=Given("conversation")))
    for message in two:
        (found,) = question.all(conversation=message.conversation_id)
        assert facts(found) == facts(Message.objects.get(pk=message.pk))
        assert found == message


def test_what_is_joined_comes_with_it_and_costs_no_further_question(two: list[Message]) -> None:
    question = Question(
        lambda: Conversation.objects.select_related("account__partner", "held_by").filter(pk=Given("number"))
    )
    found = question.first(number=two[0].conversation_id)
    with CaptureQueriesContext(connection) as asked:
        assert found is not None
        assert found.account.partner == two[0].conversation.account.partner
        assert found.held_by is None
    assert not asked.captured_queries


def test_a_column_that_was_left_out_is_fetched_when_it_is_wanted(two: list[Message]) -> None:
    found = Question(lambda: Message.objects.filter(pk=Given("number")).defer("text")).first(number=two[0].pk)
    assert found is not None
    assert found.get_deferred_fields() == {"text"}
    assert found.text == "Question 0"


def test_instants_texts_and_limits_are_understood(two: list[Message]) -> None:
    question = Question(
        lambda: (
            Message.objects.filter(Q(stored_at__gt=Given("since")) | Q(text=Given("text")))
            .order_by("-stored_at")
            .values_list("text", "stored_at")[:1]
        )
    )
    assert question.all(since=at(10, 4), text="") == [("Question 5", at(10, 5))]
    assert question.first(since=at(11), text="Question 0") == ("Question 0", at(10))
    assert question.first(since=at(11), text="Nothing of the kind") is None


def test_words_in_lists_come_back_as_lists(two: list[Message]) -> None:
    DueRow.objects.create(kind="a", key="a", subject_id=1, data={"raw": [1]}, due_at=MONDAY_10, next_at=MONDAY_10)
    row = Question(lambda: DueRow.objects.filter(key=Given("key"))).first(key="a")
    assert row is not None
    assert (row.data, row.due_at) == ({"raw": [1]}, MONDAY_10)


def test_it_is_worded_once(two: list[Message]) -> None:
    worded = []

    def words() -> Any:
        worded.append(1)
        return Message.objects.filter(pk=Given("number"))

    question = Question(words)
    assert [question.first(number=message.pk) for message in two] == two
    assert len(worded) == 1


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one way to look ids up")
def test_ids_are_compared_with_a_list_and_not_joined_to_one() -> None:
    """PostgreSQL that does not know yet how large a table is reads the whole of it to join it to a list."""
    question = DueRow.objects.filter(Among("pk", "rows"), done_at=None).query.get_compiler(using="default")
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + question.as_sql()[0], [[1, 2, 3]])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "ANY (" in plan, plan
    assert "Join" not in plan, plan
    assert "ProjectSet" not in plan, plan


def test_what_is_not_given_is_missed_at_once(two: list[Message]) -> None:
    with pytest.raises(KeyError):
        Question(lambda: Message.objects.filter(pk=Given("number"))).all(nummer=two[0].pk)


def test_ids_go_in_as_a_list_however_many_there_are(two: list[Message], django_assert_num_queries: Any) -> None:
    question = Question(lambda: Message.objects.filter(Among("pk", "numbers")).values_list("pk").order_by("pk"))
    ids = [message.pk for message in two]
    with django_assert_num_queries(4):
        assert question.all(numbers=[]) == []
        assert question.all(numbers={ids[0]}) == [(ids[0],)]
        assert question.all(numbers=dict.fromkeys(ids).keys()) == [(pk,) for pk in ids]
        assert question.all(numbers=range(1, 70_000)) == [(pk,) for pk in ids]  # more than a statement takes parameters


def test_questions_asked_together_are_answered_as_each_alone_would_be(two: list[Message]) -> None:
    texts = Question(
        lambda: Message.objects.filter(Among("pk", "numbers")).order_by("-pk").values_list("text", "stored_at")
    )
    conversations = Question(lambda: Conversation.objects.select_related("account").filter(pk=Given("number")))
    rows = Question(lambda: DueRow.objects.filter(key=Given("key")))
    ids = [message.pk for message in two]
    with CaptureQueriesContext(connection) as asked:
        said, (found,), none, again, length = together(
            texts.given(numbers=ids),
            conversations.given(number=two[1].conversation_id),
            rows.given(key="it's 100 %s; SELECT 1"),
            texts.given(numbers=ids[:1]).into(dict),
            texts.given(numbers=ids).into(len),
        )
    assert said == [("Question 5", at(10, 5)), ("Question 0", at(10))]
    assert (found, found.account) == (two[1].conversation, two[1].conversation.account)
    assert (none, again, length) == ([], {"Question 0": at(10)}, 2)
    assert len(asked.captured_queries) == (1 if connection.vendor == "postgresql" else 5)
    assert together() == []


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no locks of rows")
@pytest.mark.django_db(transaction=True)
def test_what_locks_is_asked_inside_a_transaction_also_together() -> None:
    locks = Question(lambda: DueRow.objects.select_for_update().filter(key=Given("key")))
    with pytest.raises(TransactionManagementError):
        together(locks.given(key="a"), locks.given(key="b"))
    with transaction.atomic():
        assert together(locks.given(key="a")) == [[]]
