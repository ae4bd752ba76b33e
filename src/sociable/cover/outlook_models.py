"""Holds how likely each account's promise is kept in the coming days, as it was last worked out; no page works it out for a list.

It is worked out by journeys/outlooks, and shown by planning.
"""

from __future__ import annotations

from django.db import models

from sociable.directory.models import Account


class Outlook(models.Model):
    """What a simulation said of one account: the chance that a request is answered in time, of two weeks and of each day."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="outlook")
    worked_out_at = models.DateTimeField()
    chance = models.FloatField(null=True, help_text="Of all requests; null: nothing is promised, or nothing is judged")
    days = models.JSONField(default=list, help_text="Day by day: on, and chance, null where nothing is judged")

    def __str__(self) -> str:
        return f"outlook of account {self.account_id}"
