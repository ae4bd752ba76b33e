"""Decides what is said of a network as data: what it can carry, and what an administrator is asked to connect an account.

Leaves the figures to each network's folder, and which of them hold for an account to the directory.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

# How a text is counted; the schemes themselves are in domain/text.
Counting = Literal["characters", "graphemes", "bytes", "x", "mastodon", "sms"]


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What a network can carry, as data; None means that it states no limit. An administrator may set other limits.

    Units:  longest_text counts by `counting`, longest_bytes the same text in UTF-8; attachments_bytes is the sum for one
            message; windows run from the moment they last wrote
    Shape:  `private`: only they and we read it. `private_replies`: what was said in public can be answered in private.
            `most_parts`: into how many numbered parts an answer may be split. `idempotent`: the same key twice is one
            message there. `ids_of_network`: the network itself gives every message an id nobody can borrow.
            `by_mail_server`: an account that is not connected sends by the installation's own server. `live`: somebody
            waits at the other end, so an answer leaves at once. `by_hand`: a person hears and answers it outside and notes
            it here, so what is written reaches them only at an address they gave. `reaches`: the kind of address to which it can
            be sent without their having written here first. `late_window`: until when a person may still answer after
            `reply_window`; `templates`: what may be sent after both. `ask_every`: how often it is asked for what is new, where
            that should be less often than others: it calls us, and counts our calls
    Source: `source`, as it stood on `as_of_on`
    """

    longest_text: int | None
    counting: Counting = "characters"
    longest_bytes: int | None = None
    private: bool
    private_replies: bool = False
    longest_private_text: int | None = None
    counting_private: Counting = "characters"
    threads: bool
    most_parts: int = 1
    attachments_bytes: int | None
    attachments_most: int | None = None
    alt_text: bool = False
    reply_window: timedelta | None = None
    late_window: timedelta | None = None
    templates: bool = False
    ask_every: timedelta | None = None
    idempotent: bool = False
    ids_of_network: bool = False
    by_mail_server: bool = False
    live: bool = False
    by_hand: bool = False
    reaches: str = ""
    source: str
    as_of_on: date


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One setting that connects an account, as the office asks for it.

    Shape:  `secret` is sealed and never shown again; `elsewhere`: another value means reading begins anew; `needs` names the
            setting without which this one means nothing; `choices` are (value, words); `group` is its heading;
            `told_secrets`: it names the server that is shown the secrets, which are asked for anew when it is another
    """

    name: str
    label: str
    help: str = ""
    group: str = "Connection"
    kind: Literal["text", "number", "choice", "yes_no", "lines"] = "text"
    choices: tuple[tuple[str, str], ...] = ()
    required: bool = False
    secret: bool = False
    elsewhere: bool = False
    needs: str = ""
    told_secrets: bool = False
