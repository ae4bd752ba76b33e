"""Hands one mail to an SMTP server and says what became of it: taken, refused, try later, or unknown.

Leaves when to try again, and what to tell whom, to the outbox.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sociable.channels.base import ChannelError, OutcomeUnknown, Outgoing, Receipt, nothing
from sociable.channels.email.compose import compose
from sociable.channels.email.config import EmailConfig, Server
from sociable.channels.email.trust import trusted

Answer = tuple[int, bytes]
MOST_ON_ONE = 100  # mails; servers hang up on whoever goes on for ever


class Postbox:
    """One SMTP server. Each mail gets a connection of its own, so no old trouble is inherited; `Line` is for many in a row."""

    def __init__(self, config: EmailConfig, server: Server) -> None:
        self._config = config
        self._server = server

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Hand over one mail; `before_handover` is called when the server has all of it but the dot that ends it.

        Errors: ChannelError, permanent when the server refused for good (5xx); OutcomeUnknown when it went
                quiet after it had the mail; a log-in that is refused counts as passing trouble
        """
        content = compose(outgoing).as_bytes()
        with self._connection() as smtp:
            return self.hand_over(smtp, outgoing, content, before_handover)

    def hand_over(
        self, smtp: smtplib.SMTP, outgoing: Outgoing, content: bytes, before_handover: Callable[[], None] = nothing
    ) -> Receipt:
        """Hand over one mail by a connection that is logged in."""
        sender = outgoing.envelope_from or outgoing.from_address
        options = _options(smtp, content, (sender, *outgoing.to))
        _expect(smtp.mail(sender, options), "the sender", sender)
        refused = self._recipients(smtp, outgoing.to)
        answer = self._data(smtp, content, before_handover)
        return Receipt("accepted", outgoing.message_id, _detail(answer, refused))

    def log_in(self) -> None:
        """Log in and hang up, for the check-up."""
        with self._connection() as smtp:
            _expect(smtp.noop(), "a greeting", "")

    def _recipients(self, smtp: smtplib.SMTP, addresses: tuple[str, ...]) -> list[str]:
        """Name the recipients; when none is taken the mail cannot go, when one is it does, and the rest are told."""
        answers = {address: smtp.rcpt(address) for address in addresses}
        refused = {address: answer for address, answer in answers.items() if answer[0] not in {250, 251}}
        if len(refused) == len(answers):
            lasting = all(code >= 500 for code, _ in refused.values())
            said = "; ".join(f"{address}: {_words(answer)}" for address, answer in refused.items())
            raise ChannelError(f"The mail server would not take the recipient {said}", permanent=lasting)
        return [f"{address}: {_words(answer)}" for address, answer in refused.items()]

    def _data(self, smtp: smtplib.SMTP, content: bytes, before_handover: Callable[[], None]) -> Answer:
        """Send the mail as smtplib does, but stop before the dot: until then the server has nothing it may pass on."""
        ready = smtp.docmd("data")
        if ready[0] != 354:
            raise ChannelError(f"The mail server would not take the mail: {_words(ready)}", permanent=ready[0] >= 500)
        try:
            smtp.send(_stuffed(content))
            before_handover()
        except BaseException:
            smtp.close()  # a mail without its end is thrown away; a polite QUIT would only become a part of it
            raise
        try:
            smtp.send(b".\r\n")
            answer = smtp.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise OutcomeUnknown(
                f"The mail server {self._name} went quiet while it had the mail, and may have sent it: {error}."
            ) from error
        _expect(answer, "the mail", "")
        return answer

    @property
    def _name(self) -> str:
        return f"{self._server.host}:{self._server.port}"

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """Lend a connection that is logged in, and hang up."""
        with self.telling():
            smtp = self.connect()
            try:
                yield smtp
            finally:
                hang_up(smtp)

    def connect(self) -> smtplib.SMTP:
        """Return a connection that is logged in."""
        smtp = self._connect()
        try:
            self._log_in(smtp)
        except BaseException:
            hang_up(smtp)
            raise
        return smtp

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Make a sentence of whatever goes wrong within."""
        try:
            yield
        except ChannelError:
            raise
        except smtplib.SMTPAuthenticationError as error:
            said = _words((error.smtp_code, _bytes(error.smtp_error)))
            raise ChannelError(
                f"The mail server {self._name} refused the log-in of {self._server.user}: {said}"
            ) from error
        except smtplib.SMTPNotSupportedError as error:
            raise ChannelError(f"The mail server {self._name} cannot do what this needs: {error}") from error
        except smtplib.SMTPResponseException as error:
            said = _words((error.smtp_code, _bytes(error.smtp_error)))
            raise ChannelError(f"The mail server {self._name} would not talk to us: {said}") from error
        except ssl.SSLCertVerificationError as error:
            raise ChannelError(
                f"The certificate of the mail server {self._name} cannot be trusted: {error.verify_message}."
            ) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(f"The mail server {self._name} cannot be reached: {error}.") from error

    def _connect(self) -> smtplib.SMTP:
        server, timeout = self._server, self._config.timeout_seconds
        context = trusted(self._config.ca_file)
        hello = self._config.address.rpartition("@")[2] or None
        if server.security == "ssl":
            return _without_delay(smtplib.SMTP_SSL(server.host, server.port, hello, timeout=timeout, context=context))
        smtp = smtplib.SMTP(server.host, server.port, hello, timeout=timeout)
        _without_delay(smtp)
        if server.security == "starttls":
            try:
                smtp.starttls(context=context)
            except BaseException:
                smtp.close()
                raise
        return smtp

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if self._server.token:
            phrase = f"user={self._server.user}\x01auth=Bearer {self._server.token}\x01\x01"
            # A challenge here is the reason of a refusal, and is owed an empty answer before the refusal itself.
            smtp.auth("XOAUTH2", lambda challenge=None: phrase if challenge is None else "")
        elif self._server.user:
            smtp.login(self._server.user, self._server.password)


class Line:
    """One connection that carries many mails, one after another.

    Before each it is asked whether it still stands, and after any trouble it is given up, so that none is inherited.
    """

    def __init__(self, postbox: Postbox) -> None:
        self._postbox = postbox
        self._smtp: smtplib.SMTP | None = None
        self._carried = 0

    def send(self, outgoing: Outgoing) -> Receipt:
        """Hand over one mail.

        Errors: as of `Postbox.send`
        """
        content = compose(outgoing).as_bytes()
        with self._postbox.telling():
            smtp = self._standing() or self._postbox.connect()
            try:
                receipt = self._postbox.hand_over(smtp, outgoing, content)
            except BaseException:
                hang_up(smtp)
                raise
            self._smtp, self._carried = smtp, self._carried + 1
        return receipt

    def close(self) -> None:
        """Hang up; the next mail opens a new connection."""
        smtp, self._smtp, self._carried = self._smtp, None, 0
        if smtp is not None:
            hang_up(smtp)

    def _standing(self) -> smtplib.SMTP | None:
        """The connection, where the server answers on it still; it is kept again when it has carried the next mail."""
        smtp, self._smtp = self._smtp, None
        if smtp is None:
            return None
        if self._carried < MOST_ON_ONE:
            with suppress(OSError, smtplib.SMTPException):
                if smtp.rset()[0] == 250:
                    return smtp
        self._carried = 0
        hang_up(smtp)
        return None


def hang_up(smtp: smtplib.SMTP) -> None:
    """Take leave, if the server still listens, and let the connection go."""
    with suppress(OSError, smtplib.SMTPException):
        smtp.quit()
    smtp.close()


def _without_delay(smtp: smtplib.SMTP) -> smtplib.SMTP:
    """The dot that ends a mail leaves at once: else it waits some 40 ms for the server's delayed acknowledgement."""
    if smtp.sock is not None:
        smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return smtp


def _stuffed(content: bytes) -> bytes:
    """Double the dots that begin a line, so that none ends the mail early (RFC 5321, 4.5.2)."""
    lines = re.sub(rb"\r\n|\n|\r", b"\r\n", content)
    return re.sub(rb"(?m)^\.", b"..", lines if lines.endswith(b"\r\n") else lines + b"\r\n")


def _options(smtp: smtplib.SMTP, content: bytes, addresses: tuple[str, ...]) -> list[str]:
    options = [f"size={len(content)}"] if smtp.has_extn("size") else []
    if all(address.isascii() for address in addresses):
        return options
    if not smtp.has_extn("smtputf8"):
        raise ChannelError("The mail server cannot carry an address with letters beyond plain ASCII.", permanent=True)
    return [*options, "SMTPUTF8"]


def _expect(answer: Answer, what: str, name: str) -> None:
    code = answer[0]
    if code != 250:
        about = f"{what} {name}".strip()
        raise ChannelError(f"The mail server would not take {about}: {_words(answer)}", permanent=code >= 500)


def _detail(answer: Answer, refused: list[str]) -> str:
    taken = f"The mail server took it: {_words(answer)}"
    return taken + (f" It refused {'; '.join(refused)}" if refused else "")


def _words(answer: Answer) -> str:
    said = " ".join(answer[1].decode("utf-8", "replace").replace("\x00", " ").split())[:300]
    return f"{answer[0]} {said}" + ("" if said.endswith(".") else ".")


def _bytes(value: bytes | str) -> bytes:
    return value if isinstance(value, bytes) else value.encode()
