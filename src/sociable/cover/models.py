"""Holds who is ready for which account, who works when, who is away, and how many each account needs.

Whether that is enough is decided by the pure rules of domain/cover; who is told of a hole belongs to alerts.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, ClassVar

from django.db import models
from django.db.models import Expression, F, Q

from sociable.directory.models import Account
from sociable.people.models import Partner, Person, Service

if TYPE_CHECKING:
    from datetime import datetime


# -- Readiness -----------------------------------------------------------------------------------------------------------


class ReadinessRows(models.QuerySet["Readiness"]):
    """Questions over readiness."""

    def standing(self, now: datetime | Expression) -> ReadinessRows:
        """What holds at an instant: begun, not expired, not taken back."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), withdrawn_at=None, ready_from_at__lte=now)


class Readiness(models.Model):
    """Somebody may be counted on to answer for an account: signed off, from a day on, often until another."""

    class Source(models.TextChoices):
        SIGNED_OFF = "signed_off", "Signed off by a lead"
        LEARNING = "learning", "Completed in learning"

    person = models.ForeignKey(Person, models.CASCADE, related_name="readiness")
    account = models.ForeignKey(Account, models.CASCADE, related_name="readiness")
    source = models.CharField(max_length=12, choices=Source, default=Source.SIGNED_OFF)
    ready_from_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Empty: until it is taken back")
    note = models.CharField(max_length=300, blank=True)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    objects = ReadinessRows.as_manager()

    class Meta:
        ordering = ("account_id", "person_id", "id")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["person", "account"], condition=Q(withdrawn_at=None), name="ready_once_an_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} is ready for account {self.account_id}"


# -- What is needed --------------------------------------------------------------------------------------------------------


class Need(models.Model):
    """How many people an account needs at some hours of its week; one where nothing is said. Only stated hours are ever needed."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="needs")
    valid_from_on = models.DateField()
    notation = models.TextField(help_text="The hours it holds for, as stated hours are written")
    people = models.PositiveSmallIntegerField(default=1)
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("account_id", "valid_from_on", "id")

    def __str__(self) -> str:
        return f"{self.people} from {self.valid_from_on}: {self.notation}"


# -- The rota --------------------------------------------------------------------------------------------------------------


class WorkingPattern(models.Model):
    """When somebody works at all, and the limits that hold for them, from a day on. Changed by a later one."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="working_patterns")
    valid_from_on = models.DateField()
    notation = models.TextField(
        help_text="Their usual hours, as stated hours are written; the local time of their body"
    )
    zone = models.CharField(max_length=40, default="Europe/London")
    week_minutes = models.PositiveIntegerField(default=37 * 60, help_text="Most minutes on the rota in one week")
    longest_shift_minutes = models.PositiveIntegerField(default=10 * 60)
    rest_minutes = models.PositiveIntegerField(default=11 * 60, help_text="Least rest between two shifts of two days")
    most_days_in_a_row = models.PositiveSmallIntegerField(default=6)
    at_once = models.PositiveSmallIntegerField(default=6, help_text="Most accounts covered in one shift")
    weekends_in_a_row = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Most; empty: not limited")
    weekends_in_four = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Most of any four weekends; empty: not limited"
    )
    set_at = models.DateTimeField()
    set_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("person_id", "valid_from_on", "id")

    def __str__(self) -> str:
        return f"{self.person_id} from {self.valid_from_on}: {self.notation}"


class ShiftPattern(models.Model):
    """A kind of shift that comes again: its days, its local times, and the accounts it covers. Shifts are made from it."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="shift_patterns")
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="shift_patterns")
    name = models.CharField(max_length=80)
    weekdays = models.JSONField(default=list, help_text="0 Monday to 6 Sunday")
    begins = models.TimeField(help_text="Local time of the body")
    ends = models.TimeField(help_text="Local time; not later than the beginning: the next day")
    every_weeks = models.PositiveSmallIntegerField(default=1)
    accounts = models.ManyToManyField(Account, related_name="+")
    is_kept = models.BooleanField(default=True, help_text="No: offered no more; shifts made from it stay")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Shifts(models.QuerySet["Shift"]):
    """Questions over shifts."""

    def published(self) -> Shifts:
        """What holds: what everybody sees."""
        return self.filter(state=Shift.State.PUBLISHED)

    def touching(self, begins_at: datetime | Expression, ends_at: datetime | Expression) -> Shifts:
        """Shifts with any time in common with a stretch."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=begins_at)


class Shift(models.Model):
    """One stretch in which somebody covers one or several accounts. Half-open, in UTC."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        CANCELLED = "cancelled", "Cancelled"

    class MadeBy(models.TextChoices):
        HAND = "hand", "By hand"
        PATTERN = "pattern", "From a pattern"
        PROPOSAL = "proposal", "Proposed"
        IMPORT = "import", "Brought in"
        SWAP = "swap", "Swapped"

    person = models.ForeignKey(Person, models.PROTECT, related_name="shifts")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    accounts = models.ManyToManyField(Account, related_name="shifts")
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    made_by = models.CharField(max_length=10, choices=MadeBy, default=MadeBy.HAND)
    is_fixed = models.BooleanField(default=False, help_text="Set by a person: no proposal moves it")
    replaces = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="replaced_by",
        help_text="A draft: the published shift that goes when this is published",
    )  # fmt: skip
    only_removes = models.BooleanField(
        default=False, help_text="A draft whose publication only cancels what it replaces"
    )
    pattern = models.ForeignKey(ShiftPattern, models.SET_NULL, null=True, blank=True, related_name="shifts")
    proposal_id = models.BigIntegerField(null=True, help_text="The proposal it was taken from")
    uid = models.CharField(max_length=200, default="", blank=True, help_text="Its name in the file it came from")
    note = models.CharField(max_length=300, blank=True)
    override_reason = models.CharField(max_length=300, blank=True, help_text="Why it stands against what was warned of")
    began_as = models.BigIntegerField(
        null=True, help_text="The first shift of which this is a later version: what calendars know it by; null: itself"
    )
    revision = models.PositiveIntegerField(default=0, help_text="How many versions came before: what calendars go by")
    made_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, help_text="When it last changed; null: never since it was made")
    published_at = models.DateTimeField(null=True)
    published_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    cancelled_at = models.DateTimeField(null=True)
    cancelled_reason = models.CharField(max_length=300, blank=True)

    objects = Shifts.as_manager()

    class Meta:
        ordering = ("starts_at", "person_id", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="shift_ends_after_it_starts"),
        ]
        indexes: ClassVar = [
            # the board: what is published in a stretch of weeks
            models.Index(fields=["ends_at", "starts_at"], name="shift_in_time", condition=Q(state="published")),
            # somebody's own rota
            models.Index(fields=["person", "starts_at"], name="shift_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%H:%M}"


class RotaChange(models.Model):
    """What somebody is to be told of their rota: it stands on their day until they have seen it."""

    class What(models.TextChoices):
        ADDED = "added", "New on your rota"
        CHANGED = "changed", "Changed on your rota"
        TAKEN_OFF = "taken_off", "Taken off your rota"

    person = models.ForeignKey(Person, models.CASCADE, related_name="rota_changes")
    shift = models.ForeignKey(Shift, models.CASCADE, related_name="changes_told")
    what = models.CharField(max_length=10, choices=What)
    words = models.CharField(max_length=300, blank=True, help_text="Why, where somebody said so")
    at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, help_text="When a notice of it was asked for")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-at", "-id")
        indexes: ClassVar = [
            # somebody's day: what they have not seen yet
            models.Index(fields=["person"], name="rota_change_unseen", condition=Q(seen_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.what} for {self.person_id}: shift {self.shift_id}"


class Swap(models.Model):
    """Somebody asks that another takes a published shift, perhaps for one of theirs. Agreed, it is done at once."""

    class State(models.TextChoices):
        ASKED = "asked", "Asked"
        AGREED = "agreed", "Agreed"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Taken back"
        LAPSED = "lapsed", "Came too late"

    shift = models.ForeignKey(Shift, models.CASCADE, related_name="swaps")
    asked_by = models.ForeignKey(Person, models.CASCADE, related_name="swaps_asked")
    offered_to = models.ForeignKey(
        Person, models.CASCADE, null=True, related_name="swaps_offered", help_text="Empty: anybody who is ready"
    )
    in_return = models.ForeignKey(Shift, models.SET_NULL, null=True, related_name="+")
    words = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ("-asked_at", "-id")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["shift"], condition=Q(state="asked"), name="swap_asked_once_a_shift"),
        ]

    def __str__(self) -> str:
        return f"swap of shift {self.shift_id}"


class HandOver(models.Model):
    """What somebody leaves to whoever covers an account next. It stands first on the day of the next."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="hand_overs")
    shift = models.ForeignKey(Shift, models.SET_NULL, null=True, related_name="hand_overs")
    written_by = models.ForeignKey(Person, models.PROTECT, related_name="hand_overs_written")
    text = models.TextField()
    written_at = models.DateTimeField()
    seen_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="hand_overs_seen")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-written_at", "-id")
        indexes: ClassVar = [models.Index(fields=["account", "-written_at"], name="hand_over_of_account")]

    def __str__(self) -> str:
        return f"hand-over of account {self.account_id} at {self.written_at:%Y-%m-%d %H:%M}"


# -- Time away -------------------------------------------------------------------------------------------------------------


class CalendarFeed(models.Model):
    """An iCalendar address from which somebody's time away is read again and again."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="calendar_feeds")
    name = models.CharField(max_length=80)
    sealed_address = models.TextField(help_text="Encrypted: who knows the address reads the calendar")
    kind = models.CharField(max_length=10, default="meeting", help_text="What its entries are: a kind of TimeAway")
    only_busy = models.BooleanField(default=True, help_text="Entries marked free, and those declined, are left out")
    last_tried_at = models.DateTimeField(null=True)
    last_read_at = models.DateTimeField(null=True)
    etag = models.CharField(max_length=200, blank=True)
    trouble = models.TextField(blank=True)
    trouble_since_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("person_id", "name")

    def __str__(self) -> str:
        return f"calendar {self.name} of {self.person_id}"


class TimesAway(models.QuerySet["TimeAway"]):
    """Questions over time away."""

    def counted(self) -> TimesAway:
        """What takes somebody off the board: what was agreed, and what needs no agreement."""
        return self.filter(state=TimeAway.State.AGREED)

    def touching(self, begins_at: datetime | Expression, ends_at: datetime | Expression) -> TimesAway:
        """Time away with any time in common with a stretch."""
        return self.filter(starts_at__lt=ends_at, ends_at__gt=begins_at)


class TimeAway(models.Model):
    """One stretch in which somebody is not there. Half-open, in UTC; why is for them and their lead alone."""

    class Kind(models.TextChoices):
        LEAVE = "leave", "Leave"
        SICKNESS = "sickness", "Sickness"
        TRAINING = "training", "Training"
        MEETING = "meeting", "Meeting"
        OTHER = "other", "Other"

    class State(models.TextChoices):
        ASKED = "asked", "Asked for"
        AGREED = "agreed", "Agreed"
        DECLINED = "declined", "Declined"
        CANCELLED = "cancelled", "Taken back"

    person = models.ForeignKey(Person, models.CASCADE, related_name="times_away")
    kind = models.CharField(max_length=10, choices=Kind)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    whole_days = models.BooleanField(default=False, help_text="Asked for by days, and said so again")
    private_reason = models.TextField(blank=True, help_text="Read by them and whoever decides, nobody else")
    state = models.CharField(max_length=10, choices=State, default=State.ASKED)
    feed = models.ForeignKey(CalendarFeed, models.CASCADE, null=True, related_name="entries")
    uid = models.CharField(
        max_length=300, default="", blank=True, help_text="Its name in the feed or file it came from"
    )
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    decision_words = models.CharField(max_length=300, blank=True)

    objects = TimesAway.as_manager()

    class Meta:
        ordering = ("starts_at", "id")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="away_ends_after_it_starts"),
        ]
        indexes: ClassVar = [
            # the board: who is away in a stretch of weeks
            models.Index(fields=["ends_at", "starts_at"], name="away_in_time", condition=Q(state="agreed")),
            models.Index(fields=["person", "starts_at"], name="away_of_person"),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} away {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M}"


# -- What goes out ---------------------------------------------------------------------------------------------------------


def feed_token() -> str:
    """This function will make the secret of an address."""
    return secrets.token_urlsafe(24)


class FeedOut(models.Model):
    """The secret by which a calendar program reads one person's rota, or one account's cover."""

    token = models.CharField(max_length=40, unique=True, default=feed_token)
    person = models.OneToOneField(Person, models.CASCADE, null=True, related_name="rota_feed")
    account = models.OneToOneField(Account, models.CASCADE, null=True, related_name="rota_feed")
    made_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(person=None, account__isnull=False) | Q(person__isnull=False, account=None),
                name="feed_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"feed of {self.person_id or self.account_id}"


from sociable.cover import outlook_models, proposal_models, wish_models  # noqa: E402, F401 - tables of this room that stand by themselves
