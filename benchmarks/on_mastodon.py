"""What both measurements on Mastodon share: a server, a house with one account connected to it, and residents who write."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import setting

if TYPE_CHECKING:
    from tests.servers.mastodon import Mastodon


@contextlib.contextmanager
def server() -> Iterator[Mastodon]:
    """Lend a private server with the Mastodon API."""
    from tests.servers.mastodon import private_mastodon

    program = setting.ROOT / ".servers" / "bin" / "mastodon_mock"
    if not program.exists():
        sys.exit("There is no Mastodon stand-in here: run scripts/servers first.")
    with private_mastodon(program) as running:
        yield running


def found(at: str) -> Any:
    """One body with one account, always open, connected to its account on the server from now on; who answers for it."""
    from sociable.channels.mastodon.adapter import MastodonAdapter
    from sociable.directory import connecting
    from sociable.directory.models import Account, Connection, HoursVersion, PromiseVersion
    from sociable.people.models import Partner, Person, Role
    from tests.servers.mastodon import token_of

    now = datetime.now(tz=UTC)
    body = Partner.objects.create(slug="bench", name="Bench", short_name="Bench", kind="council")
    account = Account.objects.create(partner=body, slug="help", name="Help", channel="mastodon", stage="live")
    day = now.date().replace(month=1, day=1)
    HoursVersion.objects.create(account=account, valid_from_on=day, notation="24/7", stated_at=now)
    PromiseVersion.objects.create(account=account, valid_from_on=day, form="open_time", minutes=120, stated_at=now)
    adapter = MastodonAdapter.from_settings({"server": at, "access_token": token_of("help")})
    Connection.objects.create(
        account=account,
        settings={"server": at},
        sealed_secrets=connecting.seal({"access_token": token_of("help")}),
        cursor=adapter.newest_cursor(),
        network_id=adapter.who().network_id,
    )
    adapter.close()
    person = Person.objects.create(email="asha@bench.example", name="Asha Khan")
    Role.objects.create(person=person, kind="answerer", partner=body)
    return person


def start(log: Path) -> subprocess.Popen[bytes]:
    """Start the whole house."""
    from tests.servers.ground import free_port

    ours = {"PYTHONPATH": str(setting.ROOT / "src"), "SMTP_PORT": str(free_port())}
    with log.open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "sociable", "serve", "--port", "0"], env=os.environ | ours, stdout=out, stderr=out
        )


def until(holds: Callable[[], Any], seconds: float, what: str, log: Path | None = None) -> Any:
    """Wait until something holds; in vain, say what the house said last."""
    ends_at = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > ends_at:
            said = log.read_text(errors="replace")[-3000:] if log and log.exists() else ""
            raise TimeoutError(f"Waited in vain for {what}. {said}")
        time.sleep(0.005)
    return found
