"""Holds the due rows. What each kind means is known to the journeys; when to look is known to the worker."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Pace(models.TextChoices):
    """How it went last time: what is slow or fails waits apart, so that nothing waits behind it."""

    PROMPT = "", "Went well, or was not tried yet"
    SLOW = "slow", "Took long"
    FAILED = "failed", "Failed"


class DueRow(models.Model):
    """One thing to be done at an instant, once: `key` says which, so it can be asked for twice without harm."""

    kind = models.CharField(max_length=30)
    key = models.CharField(max_length=120, unique=True)
    subject_id = models.BigIntegerField(help_text="The row of the kind's own table that this is about")
    data = models.JSONField(default=dict)
    due_at = models.DateTimeField(help_text="When it should be done")
    next_at = models.DateTimeField(help_text="When it is next offered: due time, end of a lease, or next try")
    claim_id = models.BigIntegerField(
        default=0, help_text="The claim that has it in hand, and alone may close it; 0: nobody"
    )
    attempts = models.PositiveIntegerField(
        default=0, help_text="How often it was claimed since it was asked for or went well"
    )
    pace = models.CharField(max_length=6, choices=Pace, blank=True, default=Pace.PROMPT)
    last_error = models.TextField(blank=True)
    set_aside_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            # what is late, whatever it is
            models.Index(fields=["next_at", "id"], name="due_next", condition=Q(done_at=None, set_aside_at=None)),
            # what the worker asks: the next rows of some kinds, however many wait for later
            models.Index(
                fields=["kind", "next_at", "id"], name="due_next_of_kind", condition=Q(done_at=None, set_aside_at=None)
            ),
            # what a stage asks: the open rows of one wait, message or connection
            models.Index(fields=["kind", "subject_id"], name="due_of_subject", condition=Q(done_at=None)),
            # what pruning asks
            models.Index(fields=["done_at"], name="due_done", condition=Q(done_at__isnull=False)),
            # what a person should look at
            models.Index(fields=["set_aside_at"], name="due_set_aside", condition=Q(set_aside_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.key
