"""Holds partners, services, people, their roles and the audit trail.

What a role may do is decided in permissions.py; accounts and hours belong to the directory.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Coalesce, Lower


class Division(models.TextChoices):
    """The part of the United Kingdom whose bank holidays apply."""

    ENGLAND_AND_WALES = "england-and-wales", "England and Wales"
    SCOTLAND = "scotland", "Scotland"
    NORTHERN_IRELAND = "northern-ireland", "Northern Ireland"


class Partner(models.Model):
    """One public body of the partnership. Residents' conversations belong to exactly one."""

    class Kind(models.TextChoices):
        COUNCIL = "council", "Council"
        NHS_TRUST = "nhs_trust", "NHS trust"
        OTHER = "other", "Other public body"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40)
    kind = models.CharField(max_length=20, choices=Kind)
    division = models.CharField(max_length=20, choices=Division, default=Division.ENGLAND_AND_WALES)
    zone = models.CharField(max_length=40, default="Europe/London")
    website = models.URLField(blank=True)
    brand = models.CharField(
        max_length=20, default="ocean", help_text="Accent colour: ocean, plum, forest, teal, ember or slate"
    )
    crisis_words = models.TextField(
        blank=True, help_text="Shown before opening hours when we are closed: who to call in danger"
    )
    is_example = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    """A part of a partner that residents know by name: libraries, bins, a clinic."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="services")
    slug = models.SlugField()
    name = models.CharField(max_length=120)
    about = models.TextField(blank=True)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partner", "slug"], name="service_slug_once_a_partner")
        ]

    def __str__(self) -> str:
        return self.name


class People(BaseUserManager["Person"]):
    """Finds people by email address whatever its capitals, as sign-in needs."""

    def get_by_natural_key(self, username: str | None) -> Person:
        return self.get(email__iexact=username or "")

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> Person:
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person


class Person(AbstractBaseUser):
    """Somebody who works for a partner and signs in."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120)
    sign_off = models.CharField(max_length=120, blank=True, help_text="How you end an answer, in your own voice")
    is_active = models.BooleanField(default=True)
    is_example = models.BooleanField(default=False)
    shown_today = models.BooleanField(
        default=False,
        help_text="Residents may read their first name and sign-off on a day on which they cover an account",
    )
    shortcuts = models.JSONField(default=dict, blank=True, help_text="Keyboard shortcuts; empty means off")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[People] = People()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [models.UniqueConstraint(Lower("email"), name="person_email_once")]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.first_name

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]

    @cached_property
    def grants(self) -> tuple[Role, ...]:
        """The roles this person holds, read once a request."""
        return tuple(self.roles.all())


class Role(models.Model):
    """What one person is, and where: for a whole partner, one service of it, or one account."""

    class Kind(models.TextChoices):
        ANSWERER = "answerer", "Answerer"
        SERVICE_LEAD = "service_lead", "Service lead"
        CHAMPION = "champion", "Digital champion"
        COMMUNICATIONS = "communications", "Communications"
        DIGITAL_ACCESS = "digital_access", "Digital access team"
        ANALYST = "analyst", "Analyst"
        ADMINISTRATOR = "administrator", "Administrator"

    person = models.ForeignKey(Person, models.CASCADE, related_name="roles")
    kind = models.CharField(max_length=20, choices=Kind)
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="roles")
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="roles")
    # Named by text: the directory stands above this room and is never imported here.
    account = models.ForeignKey("directory.Account", models.CASCADE, null=True, blank=True, related_name="roles")

    class Meta:
        constraints: ClassVar = [
            # nothing stands for "all of it", and all of it is also given once
            models.UniqueConstraint(
                "person", "kind", "partner", Coalesce("service", 0), Coalesce("account", 0), name="role_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.kind} {self.partner_id}/{self.service_id or '*'}/{self.account_id or '*'}"


class AuditEvents(models.QuerySet["AuditEvent"]):
    """Reads the trail; it has no way to change or delete a row."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is never changed.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is never deleted.")

    def bulk_update(self, objs: Iterable[AuditEvent], fields: Iterable[str], batch_size: int | None = None) -> NoReturn:
        raise TypeError("The audit trail is never changed.")


class AuditEvent(models.Model):
    """One change, who made it and why. No foreign keys: the trail outlives what it tells of."""

    at = models.DateTimeField()
    person_id = models.BigIntegerField(null=True)
    person_name = models.CharField(max_length=120, blank=True)
    verb = models.CharField(max_length=40)
    object_kind = models.CharField(max_length=40)
    object_id = models.BigIntegerField()
    partner_id = models.BigIntegerField(null=True)
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    objects = AuditEvents.as_manager()

    class Meta:
        # the history under a conversation or an account; the trail of a partner, newest first
        indexes: ClassVar = [
            models.Index(fields=["object_kind", "object_id", "id"], name="audit_of_object"),
            models.Index(fields=["partner_id", "-id"], name="audit_of_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.person_name or 'Sociable'} {self.verb} {self.object_kind} {self.object_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk:
            raise TypeError("The audit trail is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is never deleted.")
