"""Carries what Django and allauth send (a new password's link) by the same way as answers, never inside a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import make_msgid, parseaddr
from functools import partial

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from sociable.channels import registry
from sociable.channels.base import ChannelError, Outgoing, Sends
from sociable.directory import connecting
from sociable.domain.errors import DomainError


class NotSent(DomainError):
    """A mail could not leave just now."""


class OutgoingMail(BaseEmailBackend):
    """Django's mail by the installation's own server: SMTP_URL, or in an example our own door."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            transaction.on_commit(partial(_send, _parcel(message)))
        return len(email_messages)


def _parcel(message: EmailMessage) -> Outgoing:
    name, address = parseaddr(message.from_email)
    return Outgoing(
        message_id=make_msgid(domain=settings.MAIL_DOMAIN),
        from_address=address,
        from_name=name or "Sociable",
        reply_to=address,
        to=tuple(message.to),
        subject=str(message.subject),
        text=str(message.body),
        automatic=True,
    )


def _send(parcel: Outgoing) -> None:
    try:
        adapter = registry.adapter("email", connecting.shared_server(parcel.from_address, parcel.from_name))
        if isinstance(adapter, Sends):
            adapter.send(parcel)
        adapter.close()
    except ChannelError as error:
        raise NotSent(
            f"The mail could not be sent just now: nothing is on its way. Try again later. ({error.message})"
        ) from error
