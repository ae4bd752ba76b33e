"""Holds rotas that were asked for: what for, how far working them out has come, and what came of it.

How one is worked out is decided by domain/cover/proposal; what becomes of it, by proposals.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from sociable.directory.models import Account
from sociable.people.models import Partner, Person


class RotaProposal(models.Model):
    """A rota that somebody asked to be worked out. Until it is published, nobody's day changes."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waits its turn"
        WORKING = "working", "Being worked out"
        DONE = "done", "Worked out"
        FAILED = "failed", "Could not be worked out"
        PUBLISHED = "published", "Published"

    OPEN = (State.WAITING, State.WORKING)

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    accounts = models.ManyToManyField(Account, related_name="+")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    seconds = models.PositiveSmallIntegerField(default=60, help_text="How long it may be worked on at most")
    keeps_published = models.BooleanField(default=False, help_text="Published shifts stay; only holes are filled")
    what_if = models.JSONField(default=dict, help_text="What is supposed to be different; empty: nothing")
    what_if_words = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, models.CASCADE, related_name="rotas_asked_for")

    begun_at = models.DateTimeField(null=True)
    heard_at = models.DateTimeField(null=True, help_text="When there was last any news of it")
    is_to_stop = models.BooleanField(default=False, help_text="Somebody wants the best so far")
    cost = models.BigIntegerField(null=True, help_text="Of the best so far, in points")
    bound = models.BigIntegerField(null=True, help_text="What no rota costs less than")
    open_half_hours = models.PositiveIntegerField(null=True, help_text="Of the best so far, for each person missing")

    mark = models.CharField(max_length=32, blank=True, help_text="Of all that it was worked out from")
    told = models.JSONField(default=dict, help_text="What came of it: shifts and holes with why, and what follows")
    trouble = models.CharField(max_length=300, blank=True)
    ended_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("-asked_at", "-id")
        indexes: ClassVar = [
            # what somebody asked for, the latest first
            models.Index(fields=["asked_by", "-asked_at"], name="rota_proposal_of_person"),
        ]

    def __str__(self) -> str:
        return f"rota from {self.starts_at:%Y-%m-%d} to {self.ends_at:%Y-%m-%d}"

    @property
    def gap(self) -> float | None:
        """How much of the cost could at most still be saved; None where nothing is known yet."""
        if self.cost is None or self.bound is None:
            return None
        return max(0, self.cost - self.bound) / max(1, abs(self.cost))

    @property
    def is_open(self) -> bool:
        """Whether it is still to be worked out."""
        return self.state in self.OPEN
