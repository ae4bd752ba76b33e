"""Holds accounts, versions of their stated hours and promises, and their connection to a channel.

What hours and promises mean is decided in domain/worktime and domain/promise; who asked belongs to conversations.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import F, Q

from sociable.domain.ways import Way
from sociable.people.models import Division, Partner, Person, Service
from sociable.people.permissions import Act, Place, scope_filter

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Accounts(models.QuerySet["Account"]):
    """Questions over accounts."""

    def visible_to(self, person: Person | AnonymousUser) -> Accounts:
        """Accounts whose conversations the person may see."""
        return self.where(person, Act.SEE)

    def where(self, person: Person | AnonymousUser, act: Act) -> Accounts:
        """Accounts at which the person may do the act."""
        return self.filter(scope_filter(person, act))

    def published(self) -> Accounts:
        """Accounts the public may see."""
        return self.exclude(stage=Account.Stage.PROPOSED)

    def asked_by_form(self) -> Accounts:
        """Accounts a resident can ask with the public form."""
        return self.filter(takes_form=True, stage__in=[Account.Stage.LEARNING, Account.Stage.LIVE])


def _every_way() -> list[str]:
    return [way for way in Way if way is not Way.AS_IT_IS]


class Account(models.Model):
    """One public presence that can be asked: a mailbox, a profile on a network, a desk behind the form."""

    class Purpose(models.TextChoices):
        HELP = "help", "Help"
        NEWS = "news", "News"
        SERVICE = "service", "Service"

    class Stage(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        LEARNING = "learning", "Learning"
        LIVE = "live", "Live"
        RESTING = "resting", "Resting"
        CLOSED = "closed", "Closed"

    class SignsWith(models.TextChoices):
        PERSON = "person", "Whoever answers, in their own words"
        ACCOUNT = "account", "The account, always in the same words"
        NOBODY = "nobody", "Nobody"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="accounts")
    service = models.ForeignKey(Service, models.PROTECT, null=True, blank=True, related_name="accounts")
    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    channel = models.CharField(max_length=20, default="email", help_text="The kind of network it lives on")
    handle = models.CharField(max_length=200, blank=True, help_text="As people know it: an address or @name")
    address = models.EmailField(blank=True, help_text="Mail to this address reaches the account")
    link = models.URLField(blank=True)
    purpose = models.CharField(max_length=10, choices=Purpose, default=Purpose.SERVICE)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.PROPOSED)
    learning_until_on = models.DateField(null=True, blank=True)
    about = models.TextField(blank=True, help_text="What it does, in plain words")
    other_ways = models.TextField(blank=True, help_text="Other ways to ask, one a line")
    takes_form = models.BooleanField(default=True, help_text="Residents can ask it with the public form")
    sends_receipts = models.BooleanField(default=True, help_text="Tell people at once when they can expect an answer")
    signs_with = models.CharField(max_length=10, choices=SignsWith, default=SignsWith.PERSON)
    sign_off = models.CharField(max_length=120, blank=True, help_text="How it ends an answer, where it signs itself")
    answers_by = models.JSONField(default=_every_way, help_text="The ways an answer may go, see domain/ways")
    takes_chat = models.BooleanField(default=False, help_text="Residents can chat with it on the sites listed below")
    chat_origins = models.TextField(blank=True, help_text="The sites whose pages may hold the chat, one a line")
    most_chats = models.PositiveSmallIntegerField(
        default=3, help_text="How many web chats one person of staff has at once before they are to take no more"
    )
    hole_days = models.PositiveSmallIntegerField(
        default=10, help_text="So many working days before a hole in its cover whoever plans it is told; 0: never"
    )
    owner = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    deputy = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    recovery = models.CharField(max_length=200, blank=True, help_text="Who can get back in when both are away")
    reviewed_on = models.DateField(null=True, blank=True)
    answered_from = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="answers_for",
        help_text="The account from which requests to this one are answered; empty: from itself",
    )  # fmt: skip
    division = models.CharField(max_length=20, choices=Division, blank=True, help_text="Empty: the partner's")
    zone = models.CharField(max_length=40, blank=True, help_text="Empty: the partner's")

    objects = Accounts.as_manager()

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["address"], condition=~Q(address=""), name="account_address_once"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Place:
        """Where this account stands, for permissions; who answers it from elsewhere stands here too."""
        other = self.answered_from if self.answered_from_id else None
        return replace(self.own_place, answered_at=other.own_place) if other is not None else self.own_place

    @property
    def own_place(self) -> Place:
        """Where this account itself stands: only who holds it may speak in its name."""
        return Place(self.partner_id, self.service_id, self.pk)

    @property
    def chats_on(self) -> tuple[str, ...]:
        """The origins whose pages may hold the chat."""
        return tuple(self.chat_origins.split())


class HoursVersion(models.Model):
    """The hours an account states from a date on, in OpenStreetMap notation. Never edited: changed by a later version."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="hours_versions")
    valid_from_on = models.DateField()
    notation = models.TextField()
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    change_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("account_id", "valid_from_on", "id")

    def __str__(self) -> str:
        return f"{self.valid_from_on}: {self.notation}"


class PromiseVersion(models.Model):
    """The promise an account makes from a date on. Never edited: changed by a later version."""

    class Form(models.TextChoices):
        OPEN_TIME = "open_time", "Within so many minutes of open time"
        WORKING_DAYS = "working_days", "Within so many working days"
        SAME_OR_NEXT_DAY = "same_or_next_day", "The same or the next working day"

    account = models.ForeignKey(Account, models.CASCADE, related_name="promise_versions")
    valid_from_on = models.DateField()
    form = models.CharField(max_length=20, choices=Form)
    minutes = models.PositiveIntegerField(null=True, blank=True, help_text="Open minutes, for the first form")
    days = models.PositiveIntegerField(null=True, blank=True, help_text="Working days, for the second form")
    same_day_until = models.TimeField(
        null=True, blank=True, help_text="Asked before this, answered the same day (third form)"
    )
    acknowledge_minutes = models.PositiveIntegerField(
        null=True, blank=True, help_text="Open minutes until we say we have it"
    )
    first_answer_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="Seconds of open time until the first answer in web chat"
    )
    stated_at = models.DateTimeField()
    stated_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    change_note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ("account_id", "valid_from_on", "id")

    def __str__(self) -> str:
        return f"{self.valid_from_on}: {self.form}"


def _hook_token() -> str:
    return secrets.token_urlsafe(24)


class Connection(models.Model):
    """How an account hears and speaks: its adapter's settings, its cursor and its health."""

    account = models.OneToOneField(Account, models.CASCADE, related_name="connection")
    settings = models.JSONField(default=dict, help_text="The adapter's settings without secrets")
    sealed_secrets = models.TextField(blank=True, help_text="Encrypted with the installation's key")
    cursor = models.TextField(blank=True)
    fetches = models.BooleanField(default=True)
    last_tried_at = models.DateTimeField(null=True)
    last_heard_at = models.DateTimeField(null=True)
    lag_seconds = models.FloatField(null=True, help_text="Network time to stored time of the newest message")
    trouble = models.TextField(blank=True)
    trouble_since_at = models.DateTimeField(null=True)
    recovered_at = models.DateTimeField(null=True)
    network_id = models.CharField(
        max_length=200, blank=True, db_index=True, help_text="The account's id at its network"
    )
    hook_token = models.CharField(
        max_length=40, unique=True, default=_hook_token, help_text="Names the connection in the address of its webhook"
    )
    sealed_session = models.TextField(blank=True, help_text="The log-in an adapter keeps between calls, encrypted")
    expires_at = models.DateTimeField(null=True, help_text="When what it logs in with ends, as the network says")
    limited_until_at = models.DateTimeField(null=True, help_text="The network asked for a pause until then")
    called_at = models.DateTimeField(null=True, help_text="When the network last called our webhook")
    missed_at = models.DateTimeField(
        null=True, help_text="When the network took the newest message of which it should have told us and did not"
    )
    begins_at = models.DateTimeField(
        null=True, help_text="Since when all that reaches the account must be here; null: not known"
    )

    def __str__(self) -> str:
        return f"connection of account {self.account_id}"


class Limit(models.Model):
    """One limit that holds for an account instead of its channel's: read from its server, or set by an administrator."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="limits")
    name = models.CharField(max_length=40, help_text="The field of Capabilities; durations in seconds")
    value = models.PositiveBigIntegerField()
    source = models.CharField(max_length=300)
    as_of_on = models.DateField()
    set_by = models.ForeignKey(
        Person, models.SET_NULL, null=True, related_name="+", help_text="Null: read from the server"
    )

    class Meta:
        ordering = ("account_id", "name", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name"], condition=Q(set_by=None), name="limit_of_server_once"),
            models.UniqueConstraint(fields=["account", "name"], condition=~Q(set_by=None), name="limit_set_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.value} of account {self.account_id}"


class ApprovedMessage(models.Model):
    """A message an account's network has approved, as it was last listed: the only one taken once a reply window has closed."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="approved_messages")
    name = models.CharField(max_length=512)
    language = models.CharField(max_length=20)
    text = models.TextField(help_text="Its blanks stand between two pairs of braces")
    blanks = models.JSONField(default=list, help_text="The names of its blanks, in order")
    category = models.CharField(max_length=40, blank=True)
    listed_at = models.DateTimeField(help_text="When the network last listed it")

    class Meta:
        ordering = ("name", "language")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "name", "language"], name="approved_message_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


from sociable.directory import health_models  # noqa: E402, F401 - tables of this room that name the ones above

# -- What a forecast rests on ----------------------------------------------------------------------------------------------


class SchoolHoliday(models.Model):
    """Days on which the schools around a body are closed: other things are asked then, and more people are away."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="school_holidays")
    name = models.CharField(max_length=80)
    first_on = models.DateField()
    last_on = models.DateField()
    source = models.CharField(max_length=200, blank=True, help_text="Where these days are stated")
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("first_on", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="school_holiday_has_days"),
        ]

    def __str__(self) -> str:
        return f"{self.name} from {self.first_on} to {self.last_on}"


class AnswerTime(models.Model):
    """How long an answer of an account takes, as a lead says; it counts instead of what was measured. The latest holds."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="answer_times")
    minutes = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: as measured")
    at_once = models.PositiveSmallIntegerField(default=1, help_text="How many conversations one person holds at once")
    slowing_percent = models.PositiveSmallIntegerField(
        default=50, help_text="By how much each takes longer for every other that is held beside it"
    )
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("account_id", "id")

    def __str__(self) -> str:
        return f"{self.minutes or '-'} minutes an answer of account {self.account_id}"
