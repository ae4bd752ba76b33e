"""Reads one IMAP folder by UID and waits for what is new there, and never changes a flag.

Leaves storing what came, and telling old from new by content, to the caller.
"""

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from sociable.channels.base import ChannelError, Fetched, RawItem
from sociable.channels.email.config import EmailConfig, Server
from sociable.channels.email.parse import remote_id
from sociable.channels.email.trust import trusted

LONGEST_IDLE = timedelta(minutes=28)  # a server may hang up on 29 (RFC 2177)
POLL_WITHOUT_IDLE = timedelta(seconds=30)
MOST_BATCH_BYTES = 64 * 1024 * 1024
LOOKED_AT_ONCE = 500


class Mailbox:
    """One open folder. The connection is opened when it is first needed and again after any trouble."""

    def __init__(self, config: EmailConfig, server: Server) -> None:
        self._config = config
        self._server = server
        self._client: IMAPClient | None = None
        self._next_uid: int | None = None

    def fetch(self, cursor: str, limit: int) -> Fetched:
        """Return the next mails after the cursor, oldest first.

        Shape:  the cursor is UIDVALIDITY:UID; another validity means the server numbered its mails anew, so
                all are read again and known by their content
        """
        with self._talking() as client:
            validity = self._open(client)
            after = _after(cursor, validity)
            uids = sorted(uid for uid in client.search(f"UID {after + 1}:*") if uid > after)
            chosen, sizes = self._choose(client, uids[:limit])
            items = [item for item in (self._item(client, uid, sizes, validity) for uid in chosen) if item]
            last = chosen[-1] if chosen else after
            return Fetched(items, f"{validity}:{last}", more=len(uids) > len(chosen))

    def listed(self, since: datetime, until: datetime) -> Iterator[RawItem]:
        """Yield the mails that the server took in a stretch of time, one by one, by what it recorded on arrival.

        Shape:  the server is asked for a day more at either end, since its days are those of its own zone (RFC 3501, 6.4.4)
        """
        with self._talking() as client:
            validity = self._open(client)
            day = timedelta(days=1)
            uids = client.search(["SINCE", (since - day).date(), "BEFORE", (until + 2 * day).date()])
            for first in range(0, len(uids), LOOKED_AT_ONCE):
                known = client.fetch(sorted(uids)[first : first + LOOKED_AT_ONCE], ["INTERNALDATE", "RFC822.SIZE"])
                sizes = {uid: int(facts.get(b"RFC822.SIZE", 0)) for uid, facts in known.items()}
                for uid, facts in known.items():
                    taken_at = _aware(facts.get(b"INTERNALDATE"))
                    if taken_at and since <= taken_at < until and (item := self._item(client, uid, sizes, validity)):
                        yield item

    def newest_cursor(self) -> str:
        """Return the cursor behind everything that is there now."""
        with self._talking() as client:
            validity = self._open(client)
            return f"{validity}:{max(client.search('UID 1:*'), default=0)}"

    def wait(self, timeout: timedelta) -> bool:
        """Wait by IDLE until the server says something is new, or the time is over."""
        with self._talking() as client:
            before = self._next_uid
            self._open(client)
            if before is not None and before != self._next_uid:
                return True  # it came after the last look, and IDLE would not speak of it again
            if not client.has_capability("IDLE"):
                time.sleep(min(timeout, POLL_WITHOUT_IDLE).total_seconds())
                return True
            return _idle(client, min(timeout, LONGEST_IDLE))

    def log_in(self) -> str:
        """Log in afresh, open the folder and say how many mails it holds."""
        self.close()
        with self._talking() as client:
            self._open(client)
            return f"{len(client.search('ALL'))}"

    def close(self) -> None:
        """Hang up as is polite."""
        if client := self._client:
            with _quiet():
                client.logout()
        self._drop()

    def _drop(self) -> None:
        """Let go of the line without another word: the other end may be gone, and waiting for it would take long."""
        client, self._client, self._next_uid = self._client, None, None
        if client:
            with _quiet():
                client.shutdown()

    def _open(self, client: IMAPClient) -> int:
        """Look at the folder without touching it, and return its UIDVALIDITY."""
        answer = client.select_folder(self._config.folder, readonly=True)
        self._next_uid = int(answer.get(b"UIDNEXT", 0))
        return int(answer.get(b"UIDVALIDITY", 0))

    def _choose(self, client: IMAPClient, uids: list[int]) -> tuple[list[int], dict[int, int]]:
        """Take as many mails as fit in one bearable batch, always at least one."""
        known = client.fetch(uids, ["RFC822.SIZE"]) if uids else {}
        sizes = {uid: int(known.get(uid, {}).get(b"RFC822.SIZE", 0)) for uid in uids}
        chosen: list[int] = []
        total_bytes = 0
        for uid in uids:
            total_bytes += min(sizes[uid], self._config.size_limit_bytes)
            if chosen and total_bytes > MOST_BATCH_BYTES:
                break
            chosen.append(uid)
        return chosen, sizes

    def _item(self, client: IMAPClient, uid: int, sizes: dict[int, int], validity: int) -> RawItem | None:
        """Fetch one mail without marking it read; one that was deleted meanwhile is not there to fetch.

        Where the server will not give the whole, the headers must do: one broken mail may not stop the rest.
        """
        limit_bytes = self._config.size_limit_bytes
        part = f"BODY.PEEK[]<0.{limit_bytes}>" if sizes[uid] > limit_bytes else "BODY.PEEK[]"
        try:
            answer = client.fetch([uid], [part, "INTERNALDATE"])
        except IMAPClientAbortError:
            raise
        except IMAPClientError:
            answer = client.fetch([uid], ["BODY.PEEK[HEADER]", "INTERNALDATE"])
        answer = answer.get(uid, {})
        content = next((value for name, value in answer.items() if name.startswith(b"BODY[")), None)
        if content is None:
            return None
        return RawItem(
            remote_id=remote_id(content),
            content=content,
            received_at=_aware(answer.get(b"INTERNALDATE")),
            cursor=f"{validity}:{uid}",
            size_bytes=max(sizes[uid], len(content)),
        )

    @contextmanager
    def _talking(self) -> Iterator[IMAPClient]:
        """Lend the connection; after any trouble it is dropped, and the trouble told in a sentence."""
        name = f"{self._server.host}:{self._server.port}"
        try:
            yield self._connected()
        except ChannelError:
            self._drop()
            raise
        except LoginError as error:
            self._drop()
            said = _said(error)
            raise ChannelError(f"The mail server {name} refused the log-in of {self._server.user}: {said}") from error
        except ssl.SSLCertVerificationError as error:
            self._drop()
            raise ChannelError(
                f"The certificate of the mail server {name} cannot be trusted: {error.verify_message}."
            ) from error
        except IMAPClientError as error:
            self._drop()
            raise ChannelError(f"The mail server {name} would not answer: {_said(error)}") from error
        except OSError as error:
            self._drop()
            raise ChannelError(f"The mail server {name} cannot be reached: {_said(error)}") from error

    def _connected(self) -> IMAPClient:
        if self._client is None:
            self._client = self._connect()
        return self._client

    def _connect(self) -> IMAPClient:
        server, timeout = self._server, self._config.timeout_seconds
        context = trusted(self._config.ca_file)
        client = IMAPClient(
            server.host,
            port=server.port,
            ssl=server.security == "ssl",
            ssl_context=context if server.security == "ssl" else None,
            timeout=SocketTimeout(connect=timeout, read=timeout),
        )
        try:
            if server.security == "starttls":
                client.starttls(context)
            if server.token:
                client.oauth2_login(server.user, server.token)
            else:
                client.login(server.user, server.password)
        except BaseException:
            with _quiet():
                client.shutdown()
            raise
        client.normalise_times = False
        return client


def _idle(client: IMAPClient, timeout: timedelta) -> bool:
    client.idle()
    said = client.idle_check(timeout=timeout.total_seconds())
    said += client.idle_done()[1]
    return any(len(line) > 1 and line[1] in {b"EXISTS", b"RECENT"} for line in said)


def _after(cursor: str, validity: int) -> int:
    """Return the UID to go on after: none of another numbering counts."""
    before, _, uid = cursor.partition(":")
    return int(uid) if before == str(validity) and uid.isdecimal() else 0


def _aware(at: Any) -> datetime | None:
    return at.astimezone(UTC) if isinstance(at, datetime) and at.tzinfo else None


def _said(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    if text.startswith(("b'", 'b"')) and text.endswith(text[1]):
        text = text[2:-1]
    return text if text.endswith(".") else f"{text}."


@contextmanager
def _quiet() -> Iterator[None]:
    """Let a connection that is given up fail as it likes."""
    try:
        yield
    except (IMAPClientError, OSError, ValueError):
        return
