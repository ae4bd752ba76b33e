"""Decides what an outgoing mail looks like on the wire.

Leaves who it goes to, and what it says, to the outbox; sending it to the adapter.
"""

from collections.abc import Iterable
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from sociable.channels.base import ChannelError, Outgoing
from sociable.channels.tidy import tidy

LONGEST_REFERENCES_CHARS = 1_500  # some relays refuse a header of more than 4,096
# Quoted-printable where a line is not plain ASCII, so that a server without 8BITMIME takes it too.
_POLICY = SMTP.clone(cte_type="7bit")


def compose(outgoing: Outgoing) -> EmailMessage:
    """Return the mail to send; an address beyond plain ASCII makes its head UTF-8 (RFC 6532).

    Errors: ChannelError (permanent) when an address or type in it cannot be written
    """
    plain = all(address.isascii() for address in outgoing.to)
    mail = EmailMessage(policy=_POLICY if plain else _POLICY.clone(utf8=True))
    try:
        _head(mail, outgoing)
        _body(mail, outgoing)
    except (ValueError, TypeError, IndexError, AttributeError, LookupError) as error:
        raise ChannelError(f"The mail cannot be written: {error}.", permanent=True) from error
    return mail


def trim_references(references: Iterable[str], in_reply_to: str = "") -> str:
    """Return a References line no relay refuses: the first id, and as many of the last as fit."""
    thread = list(dict.fromkeys([*references, in_reply_to] if in_reply_to else references))
    while len(thread) > 2 and len(" ".join(thread)) > LONGEST_REFERENCES_CHARS:
        del thread[1]
    return " ".join(thread)


def _head(mail: EmailMessage, outgoing: Outgoing) -> None:
    mail["From"] = _address(outgoing.from_address, _line(outgoing.from_name))
    mail["To"] = tuple(_address(address) for address in outgoing.to)
    mail["Subject"] = _line(outgoing.subject)
    mail["Message-ID"] = _line(outgoing.message_id)
    if outgoing.sent_at:
        mail["Date"] = outgoing.sent_at
    if outgoing.reply_to:
        mail["Reply-To"] = _address(outgoing.reply_to)
    if outgoing.in_reply_to:
        mail["In-Reply-To"] = _line(outgoing.in_reply_to)
    if thread := trim_references(map(_line, outgoing.references), _line(outgoing.in_reply_to)):
        mail["References"] = thread
    if outgoing.automatic:
        mail["Auto-Submitted"] = "auto-replied"
        mail["X-Auto-Response-Suppress"] = "All"


def _body(mail: EmailMessage, outgoing: Outgoing) -> None:
    mail.set_content(tidy(outgoing.text))
    if outgoing.html:
        mail.add_alternative(tidy(outgoing.html), subtype="html")
    for name, kind, content in outgoing.attachments:
        main, _, sub = kind.partition("/")
        if main in {"message", "multipart"} or not sub:
            main, sub = "application", "octet-stream"
        mail.add_attachment(content, maintype=main, subtype=sub, filename=_line(name))


def _address(address: str, name: str = "") -> Address:
    local, _, domain = address.rpartition("@")
    if not local or not domain or any(char.isspace() for char in address):
        raise ValueError(f"“{_line(address)}” is not an email address")
    return Address(display_name=name, username=local, domain=domain)


def _line(value: str) -> str:
    """Return a header value on one line, so that no text can add a header of its own."""
    return " ".join(tidy(value).split())
