"""Holds what people wish: when they would rather work and when they would rather be free. A wish is no promise and no time away.

When it falls is worked out by wishes; what comes of it, by proposals and by whoever plans.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from sociable.people.models import Person


class Wish(models.Model):
    """What somebody wishes for some days of every week, or for one day: all of it, or from a time to another."""

    class Weight(models.IntegerChoices):
        LITTLE = 1, "It would be nice"
        MUCH = 2, "It matters"
        MOST = 4, "It matters a lot"

    person = models.ForeignKey(Person, models.CASCADE, related_name="wishes")
    rather = models.BooleanField(help_text="Yes: would rather work then; no: would rather be free")
    weekdays = models.JSONField(default=list, help_text="0 Monday to 6 Sunday, of every week; empty: one day alone")
    on_day = models.DateField(null=True, help_text="The one day; null: every week")
    begins = models.TimeField(null=True, blank=True, help_text="Local time of their body; null: all day")
    ends = models.TimeField(null=True, blank=True, help_text="Local time; not later than the beginning: the next day")
    until_on = models.DateField(null=True, blank=True, help_text="The last day on which a weekly wish holds")
    weight = models.PositiveSmallIntegerField(choices=Weight, default=Weight.MUCH)
    private_reason = models.TextField(blank=True, help_text="Read by them and whoever plans them, nobody else")
    stated_at = models.DateTimeField()
    written_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, related_name="+", help_text="Who wrote it down for them; null: they did"
    )

    class Meta:
        ordering = ("on_day", "id")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(begins=None, ends=None) | Q(begins__isnull=False, ends__isnull=False),
                name="wish_from_a_time_to_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"wish of {self.person_id}"
