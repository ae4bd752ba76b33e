"""Holds web chats and who chats: whose browser it is, which conversation it became, and when it ended.

The lines themselves are messages like any other; when a chat ends is decided in domain/chat.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from sociable.directory.models import Account


class Visitor(models.Model):
    """Somebody who chats from one browser. Whoever has the secret, of which a fingerprint is kept here, writes in their name."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="visitors")
    key = models.CharField(max_length=40, unique=True, help_text="How the person is known on this channel; no secret")
    secret_sha256 = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"visitor {self.pk} of account {self.account_id}"


class Chat(models.Model):
    """One web chat: begun before anything is said, a conversation from the first line on, ended and perhaps taken up again."""

    class Ended(models.TextChoices):
        LEFT = "left", "They ended it"
        QUIET = "quiet", "Nothing more was said"
        GONE = "gone", "They went away while they waited"
        REVOKED = "revoked", "We ended it, and their browser can no longer read it"

    visitor = models.ForeignKey(Visitor, models.CASCADE, related_name="chats")
    conversation = models.ForeignKey("conversations.Conversation", models.CASCADE, null=True, related_name="chats")
    name = models.CharField(max_length=120, blank=True)
    email = models.CharField(max_length=254, blank=True, help_text="Where answers go once the chat has ended")
    page = models.CharField(max_length=500, blank=True, help_text="The page they were on when they began")
    begun_at = models.DateTimeField()
    said_at = models.DateTimeField(help_text="When either side last said something")
    here_at = models.DateTimeField(help_text="The last sign of life of their browser")
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=8, choices=Ended, blank=True)
    transcripts = models.PositiveSmallIntegerField(default=0, help_text="How often it was sent by email")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["visitor"], condition=Q(ended_at=None), name="chat_open_once_a_visitor"),
        ]
        indexes: ClassVar = [
            # who waits at the other end now
            models.Index(fields=["conversation"], condition=Q(ended_at=None), name="chat_open"),
        ]

    def __str__(self) -> str:
        return f"chat {self.pk} of visitor {self.visitor_id}"

    @property
    def is_open(self) -> bool:
        return self.ended_at is None
