"""Holds what somebody should know of an account, of its connection above all, and who was told of it.

What is worth telling, to whom and when, is decided in journeys/tell.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from sociable.people.models import Person


class Concern(models.Model):
    """One thing about an account that somebody should act on, from when it began until it is over."""

    class Kind(models.TextChoices):
        TROUBLE = "trouble", "Not heard"
        ENDING = "ending", "Log-in ends"
        QUIET = "quiet", "Webhook quiet"
        READINESS = "readiness", "Sign-off ends"
        LEARNING = "learning", "Learning is over"
        HOLE = "hole", "Hole in cover"

    account = models.ForeignKey("directory.Account", models.CASCADE, related_name="concerns")
    kind = models.CharField(max_length=10, choices=Kind)
    key = models.CharField(max_length=120, unique=True, help_text="Says which one it is, so that it is begun once")
    words = models.TextField(blank=True)
    began_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            # what is to be told, and what may be over by now
            models.Index(fields=["kind", "id"], name="concern_open", condition=Q(over_at=None)),
        ]

    def __str__(self) -> str:
        return self.key


class Told(models.Model):
    """A person who was told of a concern: once that it began, and once that it is over."""

    concern = models.ForeignKey(Concern, models.CASCADE, related_name="told")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    told_at = models.DateTimeField()
    over_told_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["concern", "person"], name="told_once")]
        indexes: ClassVar = [
            # who is still owed a word
            models.Index(fields=["concern"], name="told_owed", condition=Q(over_told_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} told of {self.concern_id}"


class Tally(models.Model):
    """What an account's network had for one day, held against what is here. Written once; each is signed with the one before."""

    account = models.ForeignKey("directory.Account", models.CASCADE, related_name="tallies")
    day_on = models.DateField(help_text="By the account's own time zone")
    counted_at = models.DateTimeField()
    listed = models.PositiveIntegerField(null=True, help_text="What the network had; null: it cannot be asked again")
    stored = models.PositiveIntegerField(help_text="How many of these were here when it was asked")
    figures = models.JSONField(default=dict, help_text="What became of all that is here now, see journeys/tally")
    differences = models.JSONField(
        default=list, help_text="What was not here: remote id, when it came, whether it is here now"
    )
    signature = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "day_on"], name="tally_once_a_day")]
        indexes: ClassVar = [
            # the newest days over all accounts
            models.Index(fields=["-day_on", "account"], name="tally_of_day"),
        ]

    def __str__(self) -> str:
        return f"tally of account {self.account_id} on {self.day_on}"

    @property
    def adds_up(self) -> bool:
        """Whether all that the network had is here, and something became of each."""
        here = self.stored + sum(bool(one["fetched"]) for one in self.differences)
        return self.listed in (None, here) and sum(self.figures.values()) == here
