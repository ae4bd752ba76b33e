"""Holds the waits. The rules that start, stop and judge them are pure and live in domain/promise."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Q

from sociable.conversations.models import Contact, Conversation, Message
from sociable.directory.models import Account, PromiseVersion
from sociable.domain.promise import Clock
from sociable.people.models import Person
from sociable.people.permissions import Act, scope_filter

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Waits(models.QuerySet["Wait"]):
    """Questions over waits."""

    def open(self) -> Waits:
        """Waits that nobody has answered and nobody has ended."""
        return self.filter(ended_at=None)

    def visible_to(self, person: Person | AnonymousUser) -> Waits:
        """Waits of accounts the person may see."""
        return self.filter(
            scope_filter(person, Act.SEE, partner="account__partner", service="account__service", account="account")
        )


class Wait(models.Model):
    """One stretch in which somebody waits for a human answer, from their first unanswered message on."""

    class Ended(models.TextChoices):
        ANSWERED = "answered", "Answered"
        NOT_REQUEST = "not_request", "Not a request"
        CLOSED = "closed", "Closed without an answer"
        JOINED = "joined", "Joined to an earlier wait"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="waits")
    account = models.ForeignKey(Account, models.PROTECT, related_name="waits")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="waits")
    began_with = models.ForeignKey(Message, models.PROTECT, related_name="+")
    promise = models.ForeignKey(
        PromiseVersion, models.PROTECT, null=True, related_name="+", help_text="Null: no promise was stated"
    )
    started_at = models.DateTimeField(help_text="When the request reached the network")
    clock_starts_at = models.DateTimeField(help_text="The later of that and the account's opening")
    due_at = models.DateTimeField(null=True, help_text="Null: no promise")
    acknowledge_by_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    waits_live = models.BooleanField(
        default=False, help_text="Whoever asked waited at the other end: the promise of a first answer applies"
    )
    first_answer_by_at = models.DateTimeField(null=True, help_text="Null: no first answer was promised")
    length_seconds = models.PositiveIntegerField(help_text="Open time the promise gives: the measure of its share used")
    ordered_at = models.DateTimeField(
        help_text="The instant by which it takes its fair place: due time, or the yardstick without a promise"
    )
    need = models.PositiveSmallIntegerField(default=0, help_text="0 none; higher goes first")
    need_reason = models.CharField(max_length=300, blank=True)
    in_learning = models.BooleanField(default=False, help_text="Began while the account was learning: shown apart")
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=12, choices=Ended, blank=True)
    ended_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    ended_with = models.ForeignKey(Message, models.PROTECT, null=True, related_name="+", help_text="The answer")
    ended_reason = models.CharField(max_length=500, blank=True)

    objects = Waits.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(ended_at=None), name="wait_open_once_a_conversation"
            ),
        ]
        indexes: ClassVar = [
            # the fair order: the head of each account and length of promise
            models.Index(
                fields=["account", "length_seconds", "ordered_at", "started_at", "id"],
                name="wait_fair",
                condition=Q(ended_at=None, need=0),
            ),
            # those moved ahead for need
            models.Index(fields=["need", "ordered_at", "id"], name="wait_need", condition=Q(ended_at=None, need__gt=0)),
            # at risk and passed, by time
            models.Index(fields=["due_at", "id"], name="wait_due", condition=Q(ended_at=None)),
            # one contact, one place
            models.Index(fields=["contact"], name="wait_of_contact", condition=Q(ended_at=None)),
            # how an account kept its promise in a stretch of days
            models.Index(fields=["account", "due_at"], name="wait_kept"),
            # the same for first answers, and how long people waited in chat lately
            models.Index(fields=["account", "started_at"], name="wait_live", condition=Q(waits_live=True)),
        ]

    def __str__(self) -> str:
        return f"wait {self.pk} of conversation {self.conversation_id}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None

    @property
    def clock(self) -> Clock:
        """The stored clock as the rules know it."""
        length = timedelta(seconds=self.length_seconds)
        return Clock(self.clock_starts_at, self.due_at, self.acknowledge_by_at, length, self.ordered_at)

    def kept(self, now: datetime) -> bool | None:
        """Whether the promise was kept: None while it still can be, where none was made, and for what was no request."""
        return self._kept(self.due_at, now)

    def kept_first(self, now: datetime) -> bool | None:
        """Whether the promise of a first answer was kept, by the same rule."""
        return self._kept(self.first_answer_by_at, now)

    def _kept(self, by_at: datetime | None, now: datetime) -> bool | None:
        if by_at is None or self.ended in (self.Ended.NOT_REQUEST, self.Ended.JOINED):
            return None
        if self.ended == self.Ended.ANSWERED and self.ended_at is not None:
            return self.ended_at <= by_at
        return None if now <= by_at and self.is_open else False


class Warned(models.Model):
    """An instant at which somebody had to be told of a wait, and when that was in fact done."""

    wait = models.ForeignKey(Wait, models.CASCADE, related_name="warned")
    kind = models.CharField(max_length=10, help_text="arrival, 50, 75, 90 or passed")
    due_at = models.DateTimeField()
    told_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["wait", "kind"], name="warning_once")]

    def __str__(self) -> str:
        return f"{self.kind} of wait {self.wait_id}"
