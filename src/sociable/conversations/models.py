"""Holds contacts, conversations and their messages, the raw form in which they came, and the outbox by which answers leave.

When an answer is due is decided by promises; how a network is spoken to, by channels.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, ClassVar

from django.db import models
from django.db.models import Q

from sociable.conversations.chat_models import Chat, Visitor
from sociable.conversations.identity_models import Joining, ProofCode
from sociable.directory.models import Account
from sociable.people.models import Partner, Person
from sociable.people.permissions import MAY, Act, Place, scope_filter

__all__ = ["Chat", "Joining", "ProofCode", "Visitor"]  # of this room too, and found with its tables
PEOPLE_READ = ("email", "phone")  # addresses of any other kind are a machine's names for somebody

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


class Contact(models.Model):
    """A resident as one partner knows them. Never shared between partners."""

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="contacts")
    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name or f"Contact {self.pk}"


class Identity(models.Model):
    """One address by which a contact is known on one channel.

    Whoever gave none is told apart by what they sent, as NOBODY: that is no address, and shown to nobody.
    """

    NOBODY: ClassVar[str] = "nobody"

    partner = models.ForeignKey(Partner, models.PROTECT, related_name="+")
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="identities")
    kind = models.CharField(max_length=20, help_text="email, phone, or a network's own")
    address = models.CharField(
        max_length=320, help_text="In the network's normal form: its lasting id, where it has one"
    )
    handle = models.CharField(max_length=320, blank=True, help_text="The name people know, where the address is an id")

    class Meta:
        verbose_name_plural = "identities"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["partner", "kind", "address"], name="identity_once_a_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}:{self.address}"


class Conversations(models.QuerySet["Conversation"]):
    """Questions over conversations."""

    def visible_to(self, person: Person | AnonymousUser) -> Conversations:
        """Conversations of accounts the person may see, and those shared with a partner they work for."""
        own = scope_filter(person, Act.SEE, partner="account__partner", service="account__service", account="account")
        return self.filter(own | Q(pk__in=_shared_with(person)))


def _shared_with(person: Person | AnonymousUser) -> Any:
    """Conversations another partner showed to one the person may see in as a whole."""
    if not person.is_authenticated or not person.is_active:
        return []
    partners = [r.partner_id for r in person.grants if Act.SEE in MAY[r.kind] and not (r.service_id or r.account_id)]
    return Share.objects.filter(partner_id__in=partners).values("conversation_id")


def _receipt_token() -> str:
    return secrets.token_urlsafe(24)


class Conversation(models.Model):
    """One matter between a contact and an account, on however many channels."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        NOT_REQUEST = "not_request", "Not a request"
        KEPT_ASIDE = "kept_aside", "Kept aside, to check"
        MERGED = "merged", "Merged into another"

    account = models.ForeignKey(Account, models.PROTECT, related_name="conversations")
    contact = models.ForeignKey(Contact, models.PROTECT, related_name="conversations")
    subject = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=12, choices=State, default=State.OPEN)
    state_reason = models.CharField(max_length=500, blank=True)
    version = models.PositiveIntegerField(
        default=1, help_text="Raised by every message; an answer names the one it was written against"
    )
    started_at = models.DateTimeField()
    last_message_at = models.DateTimeField()
    last_direction = models.CharField(max_length=4, default="in", help_text="Who spoke last: in or out")
    held_by = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="held")
    held_until_at = models.DateTimeField(null=True, blank=True)
    handed_note = models.CharField(max_length=500, blank=True)
    snoozed_until_at = models.DateTimeField(null=True, blank=True)
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")

    objects = Conversations.as_manager()

    class Meta:
        indexes: ClassVar = [
            # "Mine": what one person holds
            models.Index(fields=["held_by"], name="conversation_held", condition=Q(held_by__isnull=False)),
            # "Waiting for them" (open, we spoke last) and "To check" (kept aside, not a request). Whole and not partial:
            # SQLite matches a partial index only against constants, and a query's values are parameters
            models.Index(fields=["account", "state", "last_direction", "-last_message_at"], name="conversation_view"),
            # "Put off"
            models.Index(
                fields=["snoozed_until_at"], name="conversation_put_off", condition=Q(snoozed_until_at__isnull=False)
            ),
            # the person's other conversations
            models.Index(fields=["contact", "-last_message_at"], name="conversation_of_contact"),
        ]

    def __str__(self) -> str:
        return self.subject or f"Conversation {self.pk}"

    @property
    def place(self) -> Place:
        """Where this conversation stands, for permissions."""
        return self.account.place


class ReplyWindow(models.Model):
    """Until when whoever wrote last in private can be answered, where their network sets a time; none where it sets none."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="reply_window")
    channel = models.CharField(max_length=20, help_text="Where they wrote")
    heard_at = models.DateTimeField(help_text="When they last wrote")
    free_until_at = models.DateTimeField(help_text="Until then anything may be sent")
    closes_at = models.DateTimeField(help_text="Until then a person may answer in words of their own")
    approved = models.BooleanField(default=False, help_text="After that the network takes messages it has approved")
    warned_at = models.DateTimeField(null=True, help_text="When it was said that it closes soon")

    class Meta:
        indexes: ClassVar = [
            # "Closing": what was warned of
            models.Index(fields=["closes_at"], name="window_warned", condition=Q(warned_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"window of conversation {self.conversation_id} until {self.closes_at:%d %b %H:%M}"


class Receipt(models.Model):
    """The private link of one conversation: whoever has it may read and add, until it is revoked."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="receipts")
    token = models.CharField(max_length=40, unique=True, default=_receipt_token)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    shows = models.ForeignKey(
        "Message",
        models.CASCADE,
        null=True,
        related_name="+",
        help_text="The one answer it shows to everybody; null: all",
    )

    def __str__(self) -> str:
        return f"receipt of conversation {self.conversation_id}"


class RawInbound(models.Model):
    """What a network handed over, as it came, before anything read it."""

    class State(models.TextChoices):
        NEW = "new", "Not read yet"
        READ = "read", "Read"
        DUPLICATE = "duplicate", "The same message again"
        UNREADABLE = "unreadable", "Could not be read"
        NOTED = "noted", "Nothing to answer: an edit, a removal, a delivery report"

    account = models.ForeignKey(Account, models.PROTECT, related_name="raw")
    channel = models.CharField(max_length=20)
    remote_id = models.CharField(max_length=250, help_text="The network's own, or a hash of the content")
    content = models.BinaryField()
    size_bytes = models.PositiveIntegerField()
    received_at = models.DateTimeField(null=True, help_text="When the network took it, as the network says")
    fetched_at = models.DateTimeField()
    recipients = models.JSONField(default=list, help_text="Envelope recipients, where the channel has an envelope")
    from_history = models.BooleanField(
        default=False, help_text="Brought in from kept mail: nothing is sent by itself for it"
    )
    state = models.CharField(max_length=10, choices=State, default=State.NEW)
    error = models.TextField(blank=True)
    message = models.ForeignKey("Message", models.SET_NULL, null=True, related_name="raw")
    withdraws = models.CharField(max_length=500, blank=True, help_text="The message whose removal it tells")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "remote_id"], name="raw_once_an_account")]
        indexes: ClassVar = [
            # a removal that was told before the message it removes
            models.Index(fields=["account", "withdraws"], name="raw_withdraws", condition=~Q(withdraws="")),
            # what is still to be read, and what could not be
            models.Index(fields=["state", "id"], name="raw_to_look_at"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}:{self.remote_id}"


class Message(models.Model):
    """One thing said: by a contact, by a person for the account, by Sociable itself, or between staff as a note."""

    class Direction(models.TextChoices):
        IN = "in", "From them"
        OUT = "out", "From us"
        NOTE = "note", "Note between staff"

    class Automatic(models.TextChoices):
        NO = "", "Written by a person"
        REPLY = "auto_reply", "Automatic reply"
        BOUNCE = "bounce", "Delivery failure"
        LIST = "list", "Mailing list"
        OWN = "own", "Sent by Sociable itself"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    partner = models.ForeignKey(
        Partner, models.PROTECT, related_name="+", help_text="A Message-ID is looked up within the partner"
    )
    direction = models.CharField(max_length=4, choices=Direction)
    channel = models.CharField(max_length=20)
    author = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="messages")
    automatic = models.CharField(max_length=10, choices=Automatic, blank=True)
    acknowledges = models.BooleanField(default=False, help_text="Says only that we have it; the clock goes on")
    from_name = models.CharField(max_length=200, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    identity_kind = models.CharField(max_length=20, default="email", help_text="What kind of address that is")
    reply_address = models.CharField(
        max_length=320, blank=True, help_text="Where they asked answers to go, if elsewhere"
    )
    to_addresses = models.JSONField(default=list)
    cc_addresses = models.JSONField(default=list)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="As received; made safe each time it is shown")
    sent_at = models.DateTimeField(help_text="When the network took it: the clock's time")
    fetched_at = models.DateTimeField()
    stored_at = models.DateTimeField()
    message_id = models.CharField(max_length=500, blank=True, help_text="The Message-ID or the network's own id")
    in_reply_to = models.CharField(max_length=500, blank=True)
    joined_why = models.CharField(max_length=300, blank=True, help_text="Why it stands in this conversation")
    suspected_why = models.CharField(max_length=300, blank=True, help_text="Why it was kept aside")
    problems = models.JSONField(default=list, help_text="What was wrong with it, in sentences")
    visibility = models.CharField(
        max_length=10, blank=True, help_text="Who can read it: public, private ...; empty: as the channel"
    )
    link = models.CharField(max_length=1000, blank=True, help_text="Where it stands on its network")
    reply_ref = models.JSONField(default=dict, help_text="What the network wants back when this is answered")
    thread_key = models.CharField(max_length=500, blank=True, help_text="The network's own id of the thread")
    edited_at = models.DateTimeField(null=True)
    earlier = models.JSONField(default=list, help_text="What it said before each edit: text and until when")
    withdrawn_at = models.DateTimeField(null=True, help_text="Deleted at the network by whoever wrote it")
    sent_from = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        related_name="+",
        help_text="The account it leaves from, where that is not the one it would leave from by itself",
    )
    part_of = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="parts", help_text="The first of an answer in several messages"
    )
    template = models.JSONField(
        default=dict, help_text="The approved message it is sent as, where the network wants one"
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["partner", "message_id"], condition=~Q(message_id=""), name="message_once_a_partner"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["conversation", "sent_at", "id"], name="message_of_conversation"),
            # the conversation a line in a private thread belongs to
            models.Index(
                fields=["partner", "thread_key", "-id"], name="message_of_thread", condition=~Q(thread_key="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction} {self.pk} of conversation {self.conversation_id}"

    @property
    def said_by(self) -> str:
        """Who said it, as people know them: never by a network's id, or by what one browser is known by here."""
        name = self.author.name if self.author else self.from_name
        return name or (self.from_address if self.identity_kind in PEOPLE_READ else "") or "Somebody"


class Attachment(models.Model):
    """A file that came or goes with a message. Its bytes lie outside the web root under their hash."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=120, help_text="Told from the content, not from the sender")
    size_bytes = models.PositiveBigIntegerField()
    sha256 = models.CharField(max_length=64)
    content_id = models.CharField(max_length=250, blank=True, help_text="By which the HTML names an inline picture")
    refused_why = models.CharField(
        max_length=200, blank=True, help_text="Why the bytes were not kept here; they are in the raw form"
    )
    alt_text = models.CharField(max_length=2000, blank=True, help_text="What a picture shows, for who cannot see it")
    remote_ref = models.TextField(blank=True, help_text="Where the network keeps it, until it has been brought here")

    def __str__(self) -> str:
        return self.name


class Outgoing(models.Model):
    """The outbox: one message on its way out, and what became of it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        SENDING = "sending", "Sending"
        ACCEPTED = "accepted", "Accepted"
        DELIVERED = "delivered", "Delivered"
        BOUNCED = "bounced", "Came back"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Not known"
        UNDONE = "undone", "Taken back"

    message = models.OneToOneField(Message, models.CASCADE, related_name="outgoing")
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    undo_until_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    remote_id = models.CharField(max_length=500, blank=True)
    after = models.ForeignKey(
        "self", models.SET_NULL, null=True, related_name="followed_by", help_text="Leaves only when this one is there"
    )
    detail = models.TextField(blank=True, help_text="The last thing the network said, in words")

    class Meta:
        verbose_name_plural = "outgoing"
        indexes: ClassVar = [
            # "Sending trouble", and what a restart must look at
            models.Index(fields=["state", "id"], name="outgoing_unsettled"),
            # what a delivery report is about
            models.Index(fields=["remote_id"], name="outgoing_remote", condition=~Q(remote_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.state} message {self.message_id}"


class Attempt(models.Model):
    """One try to send: kept for ever, so that a retry can prove that it re-sent."""

    outgoing = models.ForeignKey(Outgoing, models.CASCADE, related_name="attempts")
    at = models.DateTimeField()
    result = models.CharField(max_length=10, help_text="accepted, refused, failed or unknown")
    detail = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.result} at {self.at:%H:%M:%S}"


class Draft(models.Model):
    """What one person is writing in one conversation, kept as they type."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="drafts")
    person = models.ForeignKey(Person, models.CASCADE, related_name="drafts")
    kind = models.CharField(max_length=6, default="answer", help_text="answer or note")
    text = models.TextField(blank=True)
    against_version = models.PositiveIntegerField(default=1)
    kept_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["conversation", "person", "kind"], name="draft_once")]

    def __str__(self) -> str:
        return f"draft of {self.person_id} in {self.conversation_id}"


def _once() -> str:
    return secrets.token_urlsafe(16)


class CallNote(models.Model):
    """A call or a visit that one person is writing down, kept as they type; done once it is a message."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="call_notes")
    channel = models.CharField(max_length=20, help_text="phone or counter")
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, related_name="call_notes", help_text="What they called or came about"
    )
    token = models.CharField(max_length=40, unique=True, default=_once, help_text="So that what is sent twice is once")
    typed = models.JSONField(default=dict, help_text="The fields of the page as they stand; empty once it is done")
    begun_at = models.DateTimeField()
    kept_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)
    became = models.ForeignKey(Conversation, models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes: ClassVar = [
            # what one person has begun
            models.Index(fields=["person", "begun_at"], name="call_note_begun", condition=Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} note {self.pk} of {self.person_id}"


class Presence(models.Model):
    """Who has a conversation open, and whether they are writing."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="presences")
    person = models.ForeignKey(Person, models.CASCADE, related_name="+")
    writing = models.BooleanField(default=False)
    seen_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["conversation", "person"], name="presence_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in {self.conversation_id}"


class Mention(models.Model):
    """Somebody was named in a note and has or has not seen it."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    person = models.ForeignKey(Person, models.CASCADE, related_name="mentions")
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["message", "person"], name="mention_once")]

    def __str__(self) -> str:
        return f"{self.person_id} in message {self.message_id}"


class SavedAnswer(models.Model):
    """Words to start an answer from; never sent by themselves."""

    partner = models.ForeignKey(Partner, models.CASCADE, related_name="saved_answers")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="saved_answers")
    title = models.CharField(max_length=120)
    text = models.TextField()
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class SavedFilter(models.Model):
    """A view of the desk that one person keeps under a name."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=500)

    class Meta:
        ordering = ("name",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "name"], name="filter_name_once")]

    def __str__(self) -> str:
        return self.name


class Share(models.Model):
    """A conversation shown to another partner by the one that owns it, with the reason."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="shares")
    partner = models.ForeignKey(Partner, models.CASCADE, related_name="+")
    shared_by = models.ForeignKey(Person, models.SET_NULL, null=True, related_name="+")
    shared_at = models.DateTimeField()
    reason = models.CharField(max_length=300)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["conversation", "partner"], name="share_once")]

    def __str__(self) -> str:
        return f"conversation {self.conversation_id} with {self.partner_id}"


class OpenTab(models.Model):
    """A conversation one person keeps open on the desk, in their own order."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="tabs")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()

    class Meta:
        ordering = ("opened_at",)
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "conversation"], name="tab_once")]

    def __str__(self) -> str:
        return f"tab {self.conversation_id} of {self.person_id}"
