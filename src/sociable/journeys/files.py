"""Brings the files of a message that its network keeps apart: the words are shown at once, the pictures a moment later.

What cannot be brought says so in its place, and never keeps the message from being answered.
"""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import transaction

from sociable.channels.base import ChannelError, Downloads
from sociable.channels.email.attachments import attachment as looked_at
from sociable.conversations import files
from sociable.conversations.models import Attachment, Message, RawInbound
from sociable.directory import connecting
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.due.models import DueRow
from sociable.live import services as live


def ask(message: Message, now: datetime) -> None:
    """This function will have the files of a message brought that did not come with it, if there are any."""
    if message.attachments.exclude(remote_ref="").exists():
        due.ask([due.Due("files", f"files:{message.pk}", message.pk, now)])
        live.wake_workers()


def bring(row: DueRow, now: datetime) -> None:
    """This function will bring the files of one message; one that the network refuses for good is said to be missing.

    Errors: ChannelError and OSError of passing kinds: the row is tried again, and goes on where it stopped
    """
    waiting = Attachment.objects.filter(message_id=row.subject_id).exclude(remote_ref="").order_by("pk")
    message = Message.objects.select_related("conversation__account").filter(pk=row.subject_id).first()
    connection = None
    if message is not None:
        connection = Connection.objects.select_related("account").filter(account=_heard_by(message)).first()
    if message is None or connection is None:
        waiting.update(remote_ref="", refused_why="The account is no longer connected")
        due.close(row, now)
        return
    adapter = connecting.adapter_of(connection)
    try:
        for one in waiting:
            _bring_one(one, adapter)
    finally:
        adapter.close()
        connecting.keep_session(connection, adapter)
    with transaction.atomic():
        due.close(row, now)
        account_id = message.conversation.account_id
        live.publish(kind="message", account_id=account_id, conversation_id=message.conversation_id, now=now)


def _heard_by(message: Message) -> Account:
    """The account that was told of it: the conversation may have moved to one that knows nothing of the file."""
    raw = RawInbound.objects.select_related("account").filter(message=message).order_by("pk").first()
    return raw.account if raw is not None else message.conversation.account


def _bring_one(one: Attachment, adapter: object) -> None:
    if not isinstance(adapter, Downloads):
        one.remote_ref, one.refused_why = "", "It can only be seen at the network"
    else:
        try:
            content = adapter.download(one.remote_ref, settings.ATTACHMENT_LIMIT_BYTES)
        except ChannelError as error:
            if not error.permanent:
                raise
            one.remote_ref, one.refused_why = "", error.message[:200]
        else:
            seen = looked_at(one.name, one.content_type, content, "", 1)
            one.name, one.content_type, one.size_bytes = seen.name, seen.detected_type[:120], seen.size_bytes
            one.sha256, one.remote_ref = files.keep(content), ""
    one.save(update_fields=["name", "content_type", "size_bytes", "sha256", "remote_ref", "refused_why"])
