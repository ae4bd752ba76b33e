"""Holds the routes of people, how each account wants its people told, the chains, and every notice with what became of it.

Who is told when and why is decided in domain/alerting; the routes themselves are used by channels/notices.
"""

from __future__ import annotations

import json
from datetime import datetime, time
from typing import ClassVar

from cryptography.fernet import InvalidToken
from django.db import models
from django.db.models import Q

from sociable.cover.models import Shift
from sociable.directory.models import Account
from sociable.domain.net import USUAL_PERCENT
from sociable.people.models import Person
from sociable.people.sealing import box
from sociable.promises.models import Wait

PURPOSE = "route"


class Route(models.Model):
    """One way by which one person is told, in the order they chose. Its address is sealed: it may be a key to a chat."""

    class Kind(models.TextChoices):
        DESK = "desk", "The desk"
        PUSH = "push", "Browser push"
        EMAIL = "email", "Email"
        TEXT = "text", "Text message"
        APPRISE = "apprise", "Teams, Slack and others"

    person = models.ForeignKey(Person, models.CASCADE, related_name="routes")
    kind = models.CharField(max_length=10, choices=Kind)
    name = models.CharField(max_length=80, help_text="As its person knows it: “My phone”")
    sealed_address = models.TextField(blank=True, help_text="Encrypted: where it leads")
    position = models.PositiveSmallIntegerField(default=0, help_text="Lower is used first")
    quiet_from = models.TimeField(null=True, blank=True, help_text="Local time from which it keeps quiet")
    quiet_to = models.TimeField(null=True, blank=True)
    is_on = models.BooleanField(default=True)
    added_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, help_text="When its person last confirmed that something arrived")
    tried_at = models.DateTimeField(null=True, help_text="When it was last tried in a drill")
    doubted_at = models.DateTimeField(null=True, help_text="Since when a try of it stands unconfirmed: it is used last")
    trouble = models.CharField(max_length=500, blank=True, help_text="Why it is passed over; empty: it is used")
    trouble_since_at = models.DateTimeField(null=True)
    rests_until_at = models.DateTimeField(
        null=True, help_text="Not used until then: what carries it was down, or asked for a pause"
    )
    failures = models.PositiveSmallIntegerField(default=0, help_text="One after another; each makes its rest longer")
    rests_because = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ("person_id", "position", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["person"], condition=Q(kind="desk"), name="route_one_desk"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.person_id}"

    @property
    def address(self) -> str:
        """Where it leads, unsealed; empty where the installation's key is another than it was sealed with."""
        if not self.sealed_address:
            return ""
        try:
            return str(json.loads(box(PURPOSE).decrypt(self.sealed_address.encode())))
        except InvalidToken:
            return ""

    @address.setter
    def address(self, value: str) -> None:
        self.sealed_address = box(PURPOSE).encrypt(json.dumps(value).encode()).decode() if value else ""

    def fails(self, now: datetime) -> str:
        """Why it cannot be used now; empty: it can."""
        if self.trouble:
            return self.trouble
        resting = self.rests_until_at is not None and self.rests_until_at > now
        return self.rests_because or "it rests" if resting else ""


class AlertPolicy(models.Model):
    """How the people of one account are told. An account without one is as the defaults say, from its first published shift on."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="alert_policy")
    is_on = models.BooleanField(default=True)
    step_minutes = models.PositiveSmallIntegerField(default=10, help_text="Working minutes until the next is told")
    named = models.ForeignKey(
        Person, models.SET_NULL, null=True, blank=True, related_name="+", help_text="Who is told when nobody is on duty"
    )
    surge_most = models.PositiveSmallIntegerField(
        default=5, help_text="So many notices one by one; more are counted in one"
    )
    surge_minutes = models.PositiveSmallIntegerField(default=10)
    quiet_from = models.TimeField(default=time(18), help_text="Where the account states no hours")
    quiet_to = models.TimeField(default=time(8))
    drill_minutes = models.PositiveSmallIntegerField(
        default=30, help_text="So long before a shift its person's routes are tried; 0: not"
    )
    net_percent = models.PositiveSmallIntegerField(
        default=USUAL_PERCENT,
        help_text="Share of the promised time after which what nobody has is handed on; 0: it is not",
    )
    hand_most = models.PositiveSmallIntegerField(
        default=0, help_text="So many in one person's hands, and they are handed no more; 0: no limit"
    )
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    def __str__(self) -> str:
        return f"alerts of account {self.account_id}"


class Chain(models.Model):
    """Who is told of one instant of one wait, one after another, until somebody acknowledges."""

    class Ended(models.TextChoices):
        ACKNOWLEDGED = "acknowledged", "Somebody acknowledged"
        OVER = "over", "The request waits no more"
        OVERTAKEN = "overtaken", "The next instant came"
        NOBODY = "nobody", "Nobody is left to be told"

    wait = models.ForeignKey(Wait, models.CASCADE, related_name="chains")
    kind = models.CharField(
        max_length=10, help_text="The instant: arrival, 50, 75, 90, passed or first; net and nobody with a number"
    )
    due_at = models.DateTimeField(help_text="The instant")
    began_at = models.DateTimeField()
    step = models.SmallIntegerField(default=-1, help_text="The standing reached: see domain/alerting")
    next_at = models.DateTimeField(null=True, help_text="When the next is told")
    because = models.CharField(max_length=300, blank=True, help_text="Why nobody could be told at the instant")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=12, choices=Ended, blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["wait", "kind"], name="chain_once")]
        indexes: ClassVar = [
            # what runs for a wait: overtaken by its next instant, silenced by an acknowledgement
            models.Index(fields=["wait"], name="chain_running", condition=Q(ended_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of wait {self.wait_id}"


class HandedOn(models.Model):
    """A request that nobody at work had near its time was put into somebody's hands, once for each wait and person."""

    wait = models.ForeignKey(Wait, models.CASCADE, related_name="handed_on")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    at = models.DateTimeField()
    why = models.CharField(max_length=300)
    handed_back_at = models.DateTimeField(null=True, help_text="When they said that they cannot take it")

    class Meta:
        ordering = ("wait_id", "id")
        constraints: ClassVar = [models.UniqueConstraint(fields=["wait", "person"], name="handed_on_once")]

    def __str__(self) -> str:
        return f"wait {self.wait_id} handed to {self.person_id}"


class Notice(models.Model):
    """One thing that one person is told by one route. The key is what keeps it from being told twice."""

    class Kind(models.TextChoices):
        REQUEST = "request", "Of a request"
        BATCH = "batch", "Of several at once"
        SHIFT = "shift", "Of what waits when a shift begins"
        DRILL = "drill", "A drill"
        NEWS = "news", "Of cover, leave or rota"

    class State(models.TextChoices):
        QUEUED = "queued", "To be handed over"
        HANDING = "handing", "Being handed over"
        HANDED = "handed", "Handed over"
        FAILED = "failed", "Not taken"
        UNKNOWN = "unknown", "Perhaps handed over"
        SKIPPED = "skipped", "No longer needed"
        BATCHED = "batched", "Told with others"

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.REQUEST)
    chain = models.ForeignKey(Chain, models.CASCADE, null=True, related_name="notices")
    shift = models.ForeignKey(Shift, models.CASCADE, null=True, related_name="+")
    batch = models.ForeignKey("self", models.SET_NULL, null=True, related_name="members")
    account = models.ForeignKey(Account, models.CASCADE, null=True, related_name="+")
    person = models.ForeignKey(Person, models.CASCADE, related_name="notices")
    route = models.ForeignKey(Route, models.SET_NULL, null=True, related_name="notices")
    about = models.JSONField(null=True, help_text="News: what it is of, and the ids of what it tells")
    before_at = models.DateTimeField(null=True, help_text="News: when what it tells of begins")
    standing = models.SmallIntegerField(default=-1)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    why = models.CharField(max_length=300, blank=True)
    due_at = models.DateTimeField(help_text="When its person should be told")
    made_at = models.DateTimeField()
    handed_at = models.DateTimeField(null=True)
    late_because = models.CharField(max_length=300, blank=True)
    detail = models.CharField(max_length=500, blank=True, help_text="What the route said")
    acknowledged_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            # how much a person was told lately, and what they have not acknowledged
            models.Index(fields=["person", "-made_at"], name="notice_of_person"),
            models.Index(fields=["person"], name="notice_open", condition=Q(acknowledged_at=None, state="handed")),
        ]

    def __str__(self) -> str:
        return self.key


class PushKey(models.Model):
    """The installation's own key pair, by which browsers know that a push is ours. Made when it is first needed."""

    public = models.CharField(max_length=200, help_text="Base64url of the uncompressed point, as browsers want it")
    sealed_private = models.TextField(help_text="Encrypted PEM")
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.public[:12]

    @property
    def private(self) -> str:
        """The private key as PEM, unsealed."""
        return box("push").decrypt(self.sealed_private.encode()).decode()
