"""Sending, against a real SMTP server (Postfix) and one that can be told to misbehave (aiosmtpd)."""

import base64
import smtplib
import socket
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from sociable.channels.base import ChannelError, OutcomeUnknown
from sociable.channels.email import postbox
from sociable.channels.email.adapter import EmailAdapter
from sociable.channels.email.door import Envelope
from sociable.channels.email.postbox import Line
from tests.channels.email.conftest import outgoing, read
from tests.servers.dovecot import PASSWORD
from tests.servers.ground import free_port, until
from tests.servers.postfix import Postfix
from tests.servers.smtp import Scripted, scripted_smtp

pytestmark = pytest.mark.servers


def through_postfix(server: Postfix, **settings: Any) -> EmailAdapter:
    given = {
        "address": "help@leeds.test",
        "smtp_host": "localhost",
        "smtp_port": server.submission_port,
        "smtp_security": "starttls",
        "smtp_user": "help@leeds.test",
        "smtp_password": PASSWORD,
        "ca_file": str(server.dovecot.certificate.cert),
    }
    return EmailAdapter.from_settings(given | settings)


def in_the_clear(port: int, **settings: Any) -> EmailAdapter:
    given = {
        "address": "help@leeds.test",
        "smtp_host": "127.0.0.1",
        "smtp_port": port,
        "smtp_security": "none",
        "timeout_seconds": 2,
    }
    return EmailAdapter.from_settings(given | settings)


def test_an_answer_goes_out_and_comes_in_by_the_door(postfix: Postfix, box: list[Envelope]) -> None:
    adapter = through_postfix(postfix)
    sent = outgoing(to=("news@leeds.test",), text="Dear Siân,\n\n.\nYours\n", envelope_from="help+r.aa.bb@leeds.test")
    receipt = adapter.send(sent)
    assert (receipt.state, receipt.remote_id) == ("accepted", sent.message_id)
    assert "queued as" in receipt.detail
    until(lambda: bool(box), "Waited for the mail")
    assert box[0].mail_from == "help+r.aa.bb@leeds.test"
    assert box[0].recipients == ("news@leeds.test",)
    parsed = read(box[0].content)
    assert parsed.text == sent.text
    assert parsed.message_id == sent.message_id
    assert [finding.ok for finding in adapter.check()] == [True]


def test_a_residents_mail_for_two_of_our_addresses_comes_once_with_both(postfix: Postfix, box: list[Envelope]) -> None:
    with smtplib.SMTP("127.0.0.1", postfix.public_port) as smtp:
        smtp.sendmail("tom@example.test", ["help@leeds.test", "bins@leeds.test"], b"Subject: hi\r\n\r\nhello\r\n")
    until(lambda: bool(box), "Waited for the mail")
    assert set(box[0].recipients) == {"help@leeds.test", "bins@leeds.test"}
    assert len(box) == 1


@pytest.mark.parametrize(
    ("to", "code", "permanent"),
    [("gone@leeds.test", "550", True), ("later@leeds.test", "451", False), ("x@elsewhere.test", "", False)],
)
def test_a_refusal_is_for_good_or_for_now(to: str, code: str, *, permanent: bool, postfix: Postfix) -> None:
    if not code:
        adapter = in_the_clear(postfix.public_port)
        with pytest.raises(ChannelError, match="Relay access denied") as refused:
            adapter.send(outgoing(to=(to,)))
        assert refused.value.permanent
        return
    with pytest.raises(ChannelError, match=code) as refused:
        through_postfix(postfix).send(outgoing(to=(to,)))
    assert refused.value.permanent == permanent
    assert to in refused.value.message


def test_one_refused_of_two_is_told_and_the_other_sent(postfix: Postfix, box: list[Envelope]) -> None:
    receipt = through_postfix(postfix).send(outgoing(to=("gone@leeds.test", "news@leeds.test")))
    assert "gone@leeds.test: 550" in receipt.detail
    until(lambda: bool(box), "Waited for the mail")
    assert box[0].recipients == ("news@leeds.test",)


def test_a_refused_log_in_is_not_the_end_of_a_message(postfix: Postfix) -> None:
    adapter = through_postfix(postfix, smtp_password="wrong")
    with pytest.raises(ChannelError, match=r"refused the log-in of help@leeds.test: 535") as refused:
        adapter.send(outgoing(to=("news@leeds.test",)))
    assert not refused.value.permanent


def test_a_certificate_nobody_vouches_for_is_refused(postfix: Postfix) -> None:
    with pytest.raises(ChannelError, match="cannot be trusted"):
        through_postfix(postfix, ca_file="").send(outgoing())


def test_encryption_that_is_not_offered_is_not_done_without() -> None:
    with scripted_smtp() as server, pytest.raises(ChannelError, match="STARTTLS"):
        in_the_clear(server.port, smtp_security="starttls").send(outgoing())
    assert server.taken == []


@pytest.mark.parametrize(
    ("script", "permanent"),
    [
        (Scripted(mail="550 5.7.1 not you"), True),
        (Scripted(mail="451 4.3.0 later"), False),
        (Scripted(recipients={"tom@example.test": "550 5.1.1 gone"}), True),
        (Scripted(recipients={"tom@example.test": "452 4.2.2 full"}), False),
        (Scripted(data="554 5.6.0 not this"), True),
        (Scripted(data="452 4.3.1 disk full"), False),
        (Scripted(mail="421 4.3.2 going down"), False),
    ],
)
def test_every_step_can_be_refused(script: Scripted, *, permanent: bool) -> None:
    with scripted_smtp(script) as server, pytest.raises(ChannelError) as refused:
        in_the_clear(server.port).send(outgoing())
    assert refused.value.permanent == permanent
    assert not isinstance(refused.value, OutcomeUnknown)
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize(
    "script",
    [Scripted(hangs_up_after_data=True), Scripted(says_nothing_after_data=True)],
    ids=["hangs up", "says nothing"],
)
def test_silence_after_the_mail_is_an_outcome_of_its_own(script: Scripted) -> None:
    with scripted_smtp(script) as server, pytest.raises(OutcomeUnknown) as unknown:
        in_the_clear(server.port, timeout_seconds=1).send(outgoing())
    assert not unknown.value.permanent
    assert len(server.taken) == 1


def test_a_server_that_is_down_or_mute_is_passing_trouble() -> None:
    with pytest.raises(ChannelError, match="cannot be reached") as down:
        in_the_clear(free_port()).send(outgoing())
    with (
        socket.create_server(("127.0.0.1", 0)) as mute,
        pytest.raises(ChannelError, match="cannot be reached") as silent,
    ):
        in_the_clear(mute.getsockname()[1], timeout_seconds=1).send(outgoing())
    for trouble in (down.value, silent.value):
        assert not trouble.permanent
        assert not isinstance(trouble, OutcomeUnknown)


def test_an_address_beyond_ascii_needs_a_server_that_can() -> None:
    to = ("siân@example.test",)
    with scripted_smtp(enable_SMTPUTF8=False) as server, pytest.raises(ChannelError, match="plain ASCII") as refused:
        in_the_clear(server.port).send(outgoing(to=to))
    assert refused.value.permanent
    with scripted_smtp(enable_SMTPUTF8=True) as server:
        in_the_clear(server.port).send(outgoing(to=to))
    assert server.taken[0].rcpt_tos == list(to)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # this test is not about TLS
def test_a_token_stands_in_for_a_password() -> None:
    class TakesTokens(Scripted):
        async def auth_XOAUTH2(self, server: SMTP, words: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name for it
            said = base64.b64decode(words[1]).decode()
            return AuthResult(success=said == "user=help@leeds.test\x01auth=Bearer good\x01\x01", handled=False)

    with scripted_smtp(TakesTokens(), auth_required=True, auth_require_tls=False) as server:
        in_the_clear(server.port, smtp_user="help@leeds.test", smtp_token="good").send(outgoing())
        with pytest.raises(ChannelError, match="refused the log-in"):
            in_the_clear(server.port, smtp_user="help@leeds.test", smtp_token="bad").send(outgoing())
    assert len(server.taken) == 1


def test_a_mailbox_without_a_server_for_outgoing_mail_says_so() -> None:
    with pytest.raises(ChannelError, match="no server for outgoing mail"):
        EmailAdapter.from_settings({"address": "help@leeds.test"}).send(outgoing())


# -- many by one connection --------------------------------------------------------------------------------------------------


class Counts(Scripted):
    """Counts connections, and hangs up on those that are asked to rest when it is told to."""

    connections = resets = 0
    has_forgotten = False

    async def handle_EHLO(self, server: SMTP, session: Any, envelope: Any, hostname: str, responses: list[str]) -> Any:  # noqa: N802 - aiosmtpd's name for it
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RSET(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802 - as above
        self.resets += 1
        if self.has_forgotten:
            server.transport.abort()
        return "250 OK"


def test_a_line_carries_many_by_one_connection_and_hangs_up_when_told() -> None:
    with scripted_smtp(Counts()) as server:
        line = line_to(server)
        for _ in range(3):
            assert line.send(outgoing()).state == "accepted"
        assert (server.connections, len(server.taken)) == (1, 3)
        line.close()
        line.send(outgoing())
        assert server.connections == 2
        line.close()


def test_a_line_that_the_server_has_dropped_is_opened_anew_and_the_mail_goes_once() -> None:
    with scripted_smtp(Counts()) as server:
        line = line_to(server)
        line.send(outgoing())
        server.has_forgotten = True
        line.send(outgoing())
        line.close()
    assert (server.connections, len(server.taken)) == (2, 2)


def test_a_line_inherits_no_trouble() -> None:
    with scripted_smtp(Counts()) as server:
        line = line_to(server)
        server.data = "452 4.3.1 disk full"
        with pytest.raises(ChannelError):
            line.send(outgoing())
        server.data = ""
        line.send(outgoing())
        line.close()
    assert (server.connections, server.resets, len(server.taken)) == (2, 0, 1)


def test_a_line_is_given_up_after_so_many_mails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postbox, "MOST_ON_ONE", 2)
    with scripted_smtp(Counts()) as server:
        line = line_to(server)
        for _ in range(3):
            line.send(outgoing())
        line.close()
    assert (server.connections, len(server.taken)) == (2, 3)


def test_silence_on_a_line_after_the_mail_is_in_doubt_as_well() -> None:
    with scripted_smtp(Counts()) as server:
        line = line_to(server, timeout_seconds=1)
        line.send(outgoing())
        server.says_nothing_after_data = True
        with pytest.raises(OutcomeUnknown):
            line.send(outgoing())
    assert len(server.taken) == 2


def line_to(server: Scripted, **settings: Any) -> Line:
    given = in_the_clear(server.port, **settings)
    assert given.config.smtp is not None
    return Line(postbox.Postbox(given.config, given.config.smtp))
