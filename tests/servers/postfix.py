"""Runs a private Postfix: a submission port with TLS and log-in, a public port, and delivery by LMTP to a door of ours.

Leaves the log-ins to Dovecot and the delivered mail to the test. Postfix itself can only be started by root.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.dovecot import Dovecot
from tests.servers.ground import answers, folder, free_port, until

# What the server says to these recipients, so that a refusal is a real one.
REFUSALS = {
    "gone@leeds.test": "550 5.1.1 no such mailbox",
    "later@leeds.test": "451 4.7.1 come back later",
}

_MAIN = """
compatibility_level = 3.6
myhostname = mail.leeds.test
myorigin = leeds.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
queue_directory = {at}/spool
data_directory = {at}/data
maillog_file = {at}/postfix.log
maillog_file_prefixes = /tmp, {at}
smtp_dns_support_level = disabled
smtp_host_lookup = native
notify_classes =
biff = no
alias_maps =
alias_database =
mynetworks =
virtual_mailbox_domains = leeds.test
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:127.0.0.1:{lmtp}
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:{auth}
smtpd_recipient_restrictions = check_recipient_access inline:{{ {refusals} }}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
message_size_limit = 26214400
smtpd_error_sleep_time = 0
"""
_MASTER = """
127.0.0.1:{public} inet n - n - - smtpd
127.0.0.1:{submission} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass
class Postfix:
    """A running server: `submission_port` for our own mail, `public_port` for everybody's."""

    at: Path
    dovecot: Dovecot
    public_port: int = field(default_factory=free_port)
    submission_port: int = field(default_factory=free_port)


@contextmanager
def private_postfix(program: Path, dovecot: Dovecot, lmtp_port: int) -> Iterator[Postfix]:
    """Yield a Postfix that lets Dovecot's users send, and brings mail for leeds.test to the door at `lmtp_port`."""
    with folder("postfix") as at:
        server = Postfix(at, dovecot)
        _write(server, lmtp_port)
        _tell(program, at, "start")
        try:
            until(lambda: answers(server.submission_port), "Waited for Postfix", at / "postfix.log")
            yield server
        finally:
            _tell(program, at, "stop")


def _tell(program: Path, at: Path, word: str) -> None:
    done = subprocess.run([program, "-c", at / "etc", word], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        log = at / "postfix.log"
        said = log.read_text()[-2000:] if log.exists() else ""
        raise RuntimeError(f"postfix {word}: {done.stderr}{said}")


def _write(server: Postfix, lmtp_port: int) -> None:
    at, dovecot = server.at, server.dovecot
    for name in ("etc", "spool", "data"):
        (at / name).mkdir()
    shutil.chown(at / "data", "postfix")
    refusals = ", ".join(f"{{ {address} = {answer} }}" for address, answer in REFUSALS.items())
    (at / "etc" / "main.cf").write_text(
        _MAIN.format(
            at=at,
            lmtp=lmtp_port,
            cert=dovecot.certificate.cert,
            key=dovecot.certificate.key,
            auth=dovecot.auth_port,
            refusals=refusals,
        )
    )
    (at / "etc" / "master.cf").write_text(_MASTER.format(public=server.public_port, submission=server.submission_port))
