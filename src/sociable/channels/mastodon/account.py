"""Asks a server who an account is, what it may do and under which limits, and fetches the files of statuses.

Leaves reading and posting to `reading` and `sending`, and which question is asked when to the adapter's callers.
"""

from typing import Any
from urllib.parse import urlsplit

import requests

from sociable.channels.base import ChannelError, Finding, Who
from sociable.channels.mastodon.config import MastodonConfig, is_loopback
from sociable.channels.mastodon.line import Line, NotThere
from sociable.channels.mastodon.reading import Reader
from sociable.channels.mastodon.sending import Sender
from sociable.channels.mastodon.stream import Stream
from sociable.channels.tidy import split_address

# Whose notifications a server may be told to drop, and what its own screen calls them.
POLICY = {
    "for_not_following": "people you don't follow",
    "for_not_followers": "people not following you",
    "for_new_accounts": "new accounts",
    "for_private_mentions": "unsolicited private mentions",
    "for_limited_accounts": "moderated accounts",
}


class Account:
    """One account on its server, with all the ways to it."""

    def __init__(self, config: MastodonConfig) -> None:
        self.config = config
        self._line = Line(config)
        self.reader = Reader(self._line)
        self.sender = Sender(self._line)
        self.stream = Stream(config, self._line)

    def close(self) -> None:
        """Hang up."""
        self.stream.close()
        self._line.close()

    def download(self, ref: str, limit_bytes: int) -> bytes:
        """Return a file that was attached to a status, from the server's own hosts alone.

        Errors: ChannelError, permanent where it lies elsewhere, is gone or larger than the limit
        """
        parts = split_address(ref)
        if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
            raise ChannelError("The file's address is not encrypted (https).", permanent=True)
        if parts.netloc not in self._file_hosts():
            raise ChannelError(
                f"The file lies at {parts.netloc}, which is not the account's own server.", permanent=True
            )
        try:
            with requests.get(ref, stream=True, timeout=self.config.timeout_seconds, allow_redirects=False) as answer:
                return _body(answer, limit_bytes)
        except ValueError as error:  # requests' own name for an address that is none is one of these
            raise ChannelError("The file's address cannot be read.", permanent=True) from error
        except requests.RequestException as error:
            raise ChannelError(f"The file at {parts.netloc} cannot be fetched now.") from error

    def _file_hosts(self) -> set[str]:
        """Where the server keeps files: with itself, or where it keeps the account's own picture."""
        account = self._line.ask_one(self._line.api.account_verify_credentials)
        pictures = (str(account.get(name) or "") for name in ("avatar", "avatar_static", "header", "header_static"))
        return {self.config.host, *filter(None, (urlsplit(each).netloc for each in pictures))}

    def who(self) -> Who:
        """Return who the account is, and the limits that this server sets."""
        account = self._line.ask_one(self._line.api.account_verify_credentials)
        instance = self._instance()
        acct = str(account.get("acct") or "")
        domain = str(instance.get("domain") or instance.get("uri") or self.config.host)
        return Who(
            network_id=str(account.get("id")),
            handle=f"@{acct}" if "@" in acct else f"@{acct}@{domain}",
            link=str(account.get("url") or ""),
            limits=_limits(instance),
        )

    def _instance(self) -> dict[str, Any]:
        try:
            return self._line.ask_one(self._line.api.instance_v2)
        except NotThere:
            return self._line.ask_one(self._line.api.instance_v1)

    def check(self) -> list[Finding]:
        """Ask the server who the account is, whether it may read and write, and what it keeps from us."""
        mend = f"Check the server's address and the access token; make a new one at {self.config.server} if need be."
        try:
            who = self.who()
            findings = [Finding(ok=True, what=f"{self.config.host} knows the account as {who.handle}.")]
            self._line.ask_list(lambda: self._line.api.notifications(limit=1))
            findings.append(Finding(ok=True, what="What is written to it can be fetched."))
            return [*findings, *self._may_write(), *self._dropped()]
        except ChannelError as error:
            return [Finding(ok=False, what=error.message, mend=mend)]

    def _may_write(self) -> list[Finding]:
        """Say whether answers can be posted, where the server tells what a token may do."""
        try:
            scopes = self._line.ask_one(self._line.api.app_verify_credentials).get("scopes")
        except ChannelError:
            scopes = None
        if not isinstance(scopes, list):
            return []
        if {"write", "write:statuses"} & set(scopes):
            return [Finding(ok=True, what="Answers can be posted.")]
        mend = "Give the application the scope write, and enter the access token that it then shows."
        return [Finding(ok=False, what="The access token may not post answers.", mend=mend)]

    def _dropped(self) -> list[Finding]:
        """Say which people's questions the server throws away before we see them; what it only filters, we fetch."""
        try:
            policy = self._line.ask_one(self._line.api.notifications_policy)
        except NotThere:
            return []
        dropped = [words for name, words in POLICY.items() if policy.get(name) == "drop"]
        if not dropped:
            return []
        return [
            Finding(
                ok=False,
                what=f"The server ignores what comes from {', '.join(dropped)}: such questions never reach us.",
                mend=f"At {self.config.server}, under Notifications, choose to filter or accept them instead of ignoring them.",
            )
        ]


def _limits(instance: dict[str, Any]) -> dict[str, int]:
    """Return the limits this server sets, by the fields of Capabilities."""
    set_by = instance.get("configuration") or {}
    statuses, media = (set_by.get(name) or {} for name in ("statuses", "media_attachments"))
    longest = statuses.get("max_characters") or instance.get("max_toot_chars")
    found = {
        "longest_text": longest,
        "longest_private_text": longest,
        "attachments_most": statuses.get("max_media_attachments"),
        "attachments_bytes": media.get("image_size_limit"),
    }
    return {name: value for name, value in found.items() if isinstance(value, int) and value > 0}


def _body(answer: requests.Response, limit_bytes: int) -> bytes:
    if answer.status_code != 200:
        gone = answer.status_code in {403, 404, 410} or 300 <= answer.status_code < 400
        raise ChannelError(f"The server did not hand over the file (answer {answer.status_code}).", permanent=gone)
    content = bytearray()
    for chunk in answer.iter_content(64 * 1024):
        content += chunk
        if len(content) > limit_bytes:
            raise ChannelError("The file is larger than what is kept here.", permanent=True)
    return bytes(content)
