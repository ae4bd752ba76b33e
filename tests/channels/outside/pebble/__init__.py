"""Decides how Pebble, an invented network of short public notes, is heard and answered.

Pebble keeps its notes in a folder, one JSON file each: enough of a network to fetch from, to be called by, to send to and to ask.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar, Self

from sociable.channels.base import (
    Call,
    CallRefused,
    Capabilities,
    ChannelError,
    Delivery,
    Fetched,
    Finding,
    Heard,
    Outgoing,
    Parsed,
    RawItem,
    Receipt,
    Setting,
    SettingsRefused,
    Unmarked,
    Who,
    nothing,
    said,
)

EVENTS = {"note": "said", "edit": "edited", "removal": "withdrawn", "report": "delivery", "like": "noted"}


def _read(content: bytes) -> dict[str, Any]:
    try:
        event = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _word(event: dict[str, Any], name: str) -> str:
    value = event.get(name)
    return value.encode("utf-8", "replace").decode().replace("\x00", "") if isinstance(value, str) else ""


class PebbleAdapter(Unmarked):
    """One account on Pebble."""

    kind: ClassVar[str] = "pebble"
    name: ClassVar[str] = "Pebble"
    capabilities: ClassVar[Capabilities] = Capabilities(
        longest_text=200,
        private=False,
        private_replies=True,
        threads=True,
        most_parts=5,
        attachments_bytes=None,
        ids_of_network=True,
        source="it is invented",
        as_of_on=date(2026, 11, 27),
    )
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting(name="folder", label="Folder of notes", required=True, elsewhere=True),
        Setting(name="secret", label="Signing secret", secret=True),
    )

    def __init__(self, folder: Path, secret: str, session: str) -> None:
        self._folder, self._secret, self.session = folder, secret, session

    @staticmethod
    def answers_for(own: Mapping[str, Any], others: Mapping[str, Any], visibility: str) -> bool:
        """Say yes for notes that everybody can read."""
        return visibility == "public"

    @classmethod
    def from_settings(cls, settings: dict[str, Any]) -> Self:
        """Return an adapter for one account."""
        problems = {name: f"There is no setting called “{name}”." for name in settings if name not in KNOWN}
        if not settings.get("folder"):
            problems["folder"] = "Give the folder in which the notes lie."
        if problems:
            raise SettingsRefused(problems)
        return cls(Path(settings["folder"]), settings.get("secret", ""), settings.get("session", ""))

    @staticmethod
    def parse(
        content: bytes,
        *,
        fetched_at: datetime,
        received_at: datetime | None = None,
        envelope_to: Collection[str] = (),
        is_ours: Callable[[str], bool] = bool,
        own_addresses: Collection[str] = (),
    ) -> Parsed:
        """Read one event."""
        event = _read(content)
        happening = EVENTS.get(_word(event, "type"), "unknown")
        return said(
            happening=happening,
            message_id=_word(event, "id") if happening == "said" else "",
            about_id=_word(event, "about"),
            first_said_at=datetime.fromisoformat(event["first"]) if event.get("first") else None,
            in_reply_to=_word(event, "answers"),
            thread_key=_word(event, "thread"),
            references=tuple(event.get("above", ())),
            answers_whom=_word(event, "whom"),
            from_name=_word(event, "name"),
            from_address=_word(event, "from"),
            from_handle="@" + _word(event, "from") if event.get("from") else "",
            identity_kind="pebble",
            text=_word(event, "text"),
            visibility="private" if event.get("private") else "public",
            by_account=bool(event.get("by_account")),
            sent_at=received_at or fetched_at,
            sent_at_why="when Pebble took it" if received_at else "when it was fetched",
            reply_ref={"id": _word(event, "id")},
            link=_word(event, "link"),
            delivery=Delivery(event["state"], "Pebble says so.")
            if event.get("state") in ("accepted", "delivered", "failed")
            else None,
            problems=("Pebble told of something of an unknown kind.",) if happening == "unknown" else (),
        )

    def fetch(self, cursor: str, limit: int = 25) -> Fetched:
        """Return the notes after the cursor."""
        self.session = "logged in"
        items = [item for item in self._items() if item.cursor > cursor]
        return Fetched(items[:limit], items[:limit][-1].cursor if items else cursor, len(items) > limit)

    def _items(self) -> list[RawItem]:
        if not self._folder.is_dir():
            raise ChannelError("Pebble does not answer.")
        return [
            RawItem(path.stem, path.read_bytes(), datetime.fromtimestamp(path.stat().st_mtime, UTC), path.name)
            for path in sorted(self._folder.glob("in-*.json"))
        ]

    def newest_cursor(self) -> str:
        """Return the name of the newest note."""
        return max((item.cursor for item in self._items()), default="")

    def wait(self, timeout: timedelta) -> bool:
        """Say that something may be new: a folder tells nothing by itself."""
        return True

    def listed(self, since: datetime, until: datetime) -> Iterable[RawItem]:
        """Return the notes of a stretch of time."""
        return [item for item in self._items() if item.received_at and since <= item.received_at < until]

    def hear(self, call: Call) -> Heard:
        """Take one signed call with any number of events."""
        if call.method == "GET":
            return Heard(answer=call.query.get("challenge", "").encode())
        if not hmac.compare_digest(sign(self._secret, call.body), call.headers.get("pebble-signature", "")):
            raise CallRefused("The signature is not Pebble's.")
        events = _read(call.body).get("events")
        if not isinstance(events, list):
            raise CallRefused("There are no events in it.", status=400)
        return Heard(tuple(_item(event) for event in events))

    def send(self, outgoing: Outgoing, before_handover: Callable[[], None] = nothing) -> Receipt:
        """Put one note into the folder."""
        before_handover()
        remote_id = f"pebble:{hashlib.sha256(outgoing.message_id.encode()).hexdigest()[:12]}"
        note = {"id": remote_id, "key": outgoing.message_id, "text": outgoing.text, "to": list(outgoing.to)}
        note |= {"answers": outgoing.in_reply_to, "visibility": outgoing.visibility, "ref": dict(outgoing.reply_ref)}
        (self._folder / f"out-{remote_id.removeprefix('pebble:')}.json").write_text(json.dumps(note))
        return Receipt("accepted", remote_id, "Pebble has it.", f"https://pebble.test/{remote_id}", {"id": remote_id})

    def find(self, outgoing: Outgoing) -> Receipt | None:
        """Look for a note by its key."""
        for path in self._folder.glob("out-*.json"):
            note = json.loads(path.read_text())
            if note["key"] == outgoing.message_id:
                return Receipt("accepted", note["id"], "Pebble has it.")
        return None

    def who(self) -> Who:
        """Say who the account is."""
        return Who("pebble-1", "@help", "https://pebble.test/help", limits={"longest_text": 180})

    def check(self) -> list[Finding]:
        """Look whether the folder is there."""
        there = self._folder.is_dir()
        return [
            Finding(there, "The folder is there." if there else "The folder is not there.", "" if there else "Make it.")
        ]

    def close(self) -> None:
        """Let go of nothing."""


KNOWN = {"address", "from_name", "session", *(setting.name for setting in PebbleAdapter.settings)}


def sign(secret: str, body: bytes) -> str:
    """Return the signature of a call."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def _item(event: Any) -> RawItem:
    content = json.dumps(event).encode()
    told = event if isinstance(event, dict) else {}
    remote_id = f"{told.get('type')}:{told.get('id') or hashlib.sha256(content).hexdigest()}"
    return RawItem(remote_id, content, None, to_account=str(told.get("to") or ""))
