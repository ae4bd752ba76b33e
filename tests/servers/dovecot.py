"""Runs a private Dovecot: IMAP in the clear, with STARTTLS and with TLS, and the log-in service Postfix asks.

Leaves what stands in the mailboxes to the tests.
"""

import grp
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from imapclient import IMAPClient

from tests.servers.ground import Certificate, answers, folder, free_port, give, make_certificate, ordinary_user, until

PASSWORD = "correct horse"
TOKEN = "a-good-token"

_CONFIG = """
base_dir = {at}/run
state_dir = {at}/state
log_path = {at}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
ssl = yes
ssl_cert = <{cert}
ssl_key = <{key}
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
mail_location = maildir:~/Maildir
mail_fsync = never
mail_max_userip_connections = 50
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {at}/oauth.conf.ext
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {at}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={at}/home/%u allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth}
  }}
}}
service stats {{
  chroot =
}}
"""
_OAUTH = """
introspection_url = {introspection}
introspection_mode = get
username_attribute = email
active_attribute = active
active_value = true
"""


@dataclass
class Dovecot:
    """A running server. `stop` and `start` take it down and up again on the same ports with the same mail."""

    at: Path
    program: Path
    certificate: Certificate
    imap_port: int = field(default_factory=free_port)
    imaps_port: int = field(default_factory=free_port)
    auth_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, as an ordinary user."""
        user = ordinary_user()
        who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if os.geteuid() == 0 else {}
        self._process = subprocess.Popen(
            [self.program, "-F", "-c", self.at / "dovecot.conf"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            **who,
        )
        until(lambda: answers(self.imap_port), "Waited for Dovecot", self.at / "dovecot.log")

    def stop(self) -> None:
        """End the server and every connection to it at once, as a machine that goes down does."""
        if self._process:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)
            until(lambda: not answers(self.imap_port), "Waited for Dovecot to go")
            self._process = None

    @contextmanager
    def visit(self, user: str, password: str = PASSWORD) -> Iterator[IMAPClient]:
        """Lend a plain IMAP connection, to arrange a mailbox as another mail program would."""
        client = IMAPClient("127.0.0.1", port=self.imap_port, ssl=False, timeout=20)
        try:
            client.login(user, password)
            yield client
        finally:
            client.logout()

    def put(self, user: str, *mails: bytes, folder: str = "INBOX", at: datetime | None = None) -> None:
        """Put mails into a folder, with the arrival time the server is to record."""
        with self.visit(user) as client:
            for mail in mails:
                client.append(folder, mail, msg_time=at)


@contextmanager
def private_dovecot(program: Path, *, introspection_url: str = "http://127.0.0.1:1/") -> Iterator[Dovecot]:
    """Yield a Dovecot in which every user of leeds.test logs in with PASSWORD."""
    with folder("dovecot") as at:
        server = Dovecot(at, program, make_certificate(at))
        _write(server, introspection_url)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _write(server: Dovecot, introspection_url: str) -> None:
    at, user = server.at, ordinary_user()
    for name in ("run", "state", "home"):
        (at / name).mkdir()
    users = (f"{name}@leeds.test:{{PLAIN}}{PASSWORD}\n" for name in ("help", "news", "bins"))
    (at / "users").write_text("".join(users))
    (at / "oauth.conf.ext").write_text(_OAUTH.format(introspection=introspection_url))
    (at / "dovecot.conf").write_text(
        _CONFIG.format(
            at=at,
            user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name,
            cert=server.certificate.cert,
            key=server.certificate.key,
            imap=server.imap_port,
            imaps=server.imaps_port,
            auth=server.auth_port,
        )
    )
    give(at, user)
