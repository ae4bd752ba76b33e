"""Holds the change events from which a browser that lost its connection catches up."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ChangeEvent(models.Model):
    """Something on an account changed. Carries ids only: what may be seen is asked when the thing itself is fetched."""

    at = models.DateTimeField()
    account_id = models.BigIntegerField()
    conversation_id = models.BigIntegerField(null=True)
    person_id = models.BigIntegerField(null=True, help_text="The one person it is for; empty: whoever sees the account")
    kind = models.CharField(max_length=30)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["at"], name="change_at")]  # pruning

    def __str__(self) -> str:
        return f"{self.id} {self.kind} conversation {self.conversation_id}"
