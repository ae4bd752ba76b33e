"""Holds why two addresses are believed to be one person's: each joining with its proof, and the codes that were sent to prove one.

What counts as a proof is decided by the journey that joins.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from sociable.people.models import Partner, Person


class Joining(models.Model):
    """Two contacts that became one, or an address that a contact was given: by which proof, and what it brought, to be undone by."""

    class Proof(models.TextChoices):
        REPLY = "reply", "They answered from the address we wrote to"
        CODE = "code", "A code sent there came back"
        WORD = "word", "A colleague's word"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    contact = models.ForeignKey("conversations.Contact", models.CASCADE, related_name="joinings")
    name = models.CharField(max_length=200, blank=True, help_text="The name of the contact that is no more")
    identities = models.JSONField(default=list, help_text="Ids of the identities it brought")
    conversations = models.JSONField(default=list, help_text="Ids of the conversations it brought")
    proof = models.CharField(max_length=10, choices=Proof)
    reason = models.CharField(max_length=300, blank=True)
    joined_at = models.DateTimeField()
    joined_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, related_name="+", help_text="Null: by the proof alone"
    )
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    undone_reason = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("joined_at", "id")

    def __str__(self) -> str:
        return f"{self.proof} of contact {self.contact_id}"


class ProofCode(models.Model):
    """A code that was sent to an address, to come back from somebody who reads there."""

    conversation = models.ForeignKey("conversations.Conversation", models.CASCADE, related_name="codes")
    message = models.OneToOneField("conversations.Message", models.CASCADE, related_name="code")
    kind = models.CharField(max_length=20)
    address = models.CharField(max_length=320)
    sealed = models.TextField(help_text="The code, encrypted: nobody reads it here, not even at the desk")
    sent_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField()
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            # is somebody's code awaited in this conversation?
            models.Index(fields=["conversation"], name="code_awaited", condition=Q(used_at=None)),
        ]

    def __str__(self) -> str:
        return f"code to {self.kind} of conversation {self.conversation_id}"
