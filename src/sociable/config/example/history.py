"""Tells the stories of the example in the order in which they happened, through the same journeys as real requests.

What was said stands in council and trusts. Times are counted in each account's own open hours back from now.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from sociable.channels.base import RawItem
from sociable.channels.email.parse import remote_id
from sociable.channels.form import adapter as form
from sociable.config.example import council, stories, trusts
from sociable.config.example.stories import Done, Step, Story
from sociable.conversations.models import Attempt, Message, Outgoing
from sociable.directory import queries as directory
from sociable.directory.models import Account
from sociable.directory.queries import Stated
from sociable.domain.worktime import Calendar
from sociable.due import services as due
from sociable.journeys import answer, claim, receive, senders, settle, snooze, tick
from sociable.people.models import Person

ON_THE_WAY = timedelta(seconds=15)  # from the network to us
LONG_BACK = timedelta(days=120)
STANDS_IN = "city-help"  # its hours tell the time where an account states none


@dataclass(slots=True)
class Telling:
    """One story as it is being told."""

    number: int
    story: Story
    account: Account
    stated: Stated
    people: dict[str, Person]
    conversation_id: int = 0


def tell(accounts: dict[str, Account], people: dict[str, Person], now: datetime) -> None:
    """This function will make everything happen that happened up to now; call it inside one transaction."""
    told = {slug: directory.stated(account.pk) for slug, account in accounts.items()}
    working = told[STANDS_IN].calendar
    assert working is not None  # noqa: S101 - that account states hours
    happened: list[tuple[datetime, int, int, Telling, Step | None]] = []
    for number, story in enumerate((*council.STORIES, *trusts.STORIES)):
        telling = Telling(number, story, accounts[story.account], told[story.account], people)
        calendar = telling.stated.calendar or working
        at = _asked_at(telling.stated, calendar, story, now)
        happened.append((at, number, 0, telling, None))
        for count, step in enumerate(story.steps, 1):
            at = calendar.due(at, step.after)
            happened.append((at, number, count, telling, step))
    for at, _, _, telling, what in sorted(happened, key=lambda each: each[:3]):
        if at < now:
            _warn_until(at)
            _ask(telling, at) if what is None else STEPS[type(what)](telling, what, at)
    _warn_until(now)
    _settle_what_left(now)


def _asked_at(stated: Stated, calendar: Calendar, story: Story, now: datetime) -> datetime:
    ago = story.ago or stated.clock(now)[0].length * story.share
    return _open_time_before(calendar, now, ago, story.early)


def _open_time_before(calendar: Calendar, now: datetime, amount: timedelta, early: timedelta) -> datetime:
    """The instant from which so much open time has passed; or so long before the opening of that stretch."""
    for opens, closes in reversed(calendar.spans_between(now - LONG_BACK, now)):
        if closes - opens > amount:
            return opens - early if early else closes - amount
        amount -= closes - opens
    raise AssertionError("No story is as old as that.")


# -- What a resident does ------------------------------------------------------------------------------------------------


def _ask(telling: Telling, at: datetime) -> None:
    if telling.story.channel == "form":
        _receive(telling, "form", _form(telling, at), at)
    else:
        _receive(telling, "email", _mail(telling, telling.story.text, at), at)


def _receive(telling: Telling, channel: str, item: RawItem, at: datetime) -> None:
    there = at + ON_THE_WAY
    fresh = receive.store(telling.account, channel, [item], fetched_at=there)
    for message in receive.read_all(fresh, there):
        if message is not None:
            telling.conversation_id = telling.conversation_id or message.conversation_id


def _form(telling: Telling, at: datetime) -> RawItem:
    story = telling.story
    content = form.raw(
        name=story.who, email=story.from_address, subject=story.subject, text=story.text, suspected_why=story.suspected
    )
    return RawItem(f"example-{telling.number}", content, at, "")


def _mail(telling: Telling, text: str, at: datetime, answering: Message | None = None) -> RawItem:
    story = telling.story
    mail = EmailMessage()
    mail["From"] = formataddr((story.who, story.from_address))
    mail["To"] = telling.account.address
    mail["Subject"] = f"Re: {story.subject}" if answering else story.subject
    mail["Date"] = format_datetime(at)
    mail["Message-ID"] = f"<{telling.number}.{int(at.timestamp())}@post.example>"
    if answering:
        mail["In-Reply-To"] = answering.message_id
        text = f"{text}\n\n{answering.author}, {telling.account.name} wrote:\n" + "".join(
            f"> {line}\n" for line in answering.text.splitlines()
        )
    for name, value in story.headers.items():
        mail[name] = value
    mail.set_content(text)
    if story.html:
        mail.add_alternative(story.html, subtype="html")
    if story.picture and not answering:
        mail.add_attachment(_picture(telling.number), maintype="image", subtype="png", filename=story.picture)
    return _item(mail, telling.number, at)


def _item(mail: EmailMessage, number: int, at: datetime) -> RawItem:
    for count, part in enumerate(mail.walk()):
        if part.is_multipart():
            part.set_boundary(f"=_example_{number}_{count}")  # else a random one, and no two examples were the same
    content = mail.as_bytes()
    return RawItem(remote_id(content), content, at, "")


def _picture(seed: int) -> bytes:
    """A small photograph, more or less: grey ground, a dark hollow and something left in it."""
    width, height = 240, 160
    hollow_x, hollow_y = 90 + seed * 7 % 60, 100
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            shade = 205 - y // 4 if y < 50 else 120 + (x * 7 + y * 13 + seed) % 17
            if ((x - hollow_x) / 60) ** 2 + ((y - hollow_y) / 28) ** 2 < 1:
                shade = 48 + (x + y) % 9
            rows += bytes((shade, shade, shade + 8 if y < 50 else shade - 6))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(rows))),
        (b"IEND", b""),
    )
    body = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(body)


def _last_answer(telling: Telling) -> Message:
    sent = Message.objects.filter(conversation_id=telling.conversation_id, direction="out", automatic="")
    return sent.select_related("author").latest("sent_at", "pk")


def _wrote(telling: Telling, step: Step, at: datetime) -> None:
    _receive(telling, "email", _mail(telling, step.text, at, _last_answer(telling)), at)


def _returned(telling: Telling, step: Step, at: datetime) -> None:
    """A delivery report as a mail server writes it."""
    _settle_what_left(at)  # only what left can come back
    lost = _last_answer(telling)
    gone = telling.story.from_address
    boundary = f"=_example_{telling.number}_report"
    report = f"""\
From: Mail Delivery System <mailer-daemon@nowhere.example>
To: {telling.account.address}
Subject: Undelivered Mail Returned to Sender
Date: {format_datetime(at)}
Message-ID: <{telling.number}.{int(at.timestamp())}@nowhere.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="{boundary}"

--{boundary}
Content-Type: text/plain; charset=us-ascii

<{gone}>: host nowhere.example said: 550 5.1.1 No such person here
--{boundary}
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.nowhere.example

Final-Recipient: rfc822; {gone}
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such person here

--{boundary}
Content-Type: text/rfc822-headers

Message-ID: {lost.message_id}
To: {gone}

--{boundary}--
"""
    content = report.replace("\n", "\r\n").encode()
    _receive(telling, "email", RawItem(remote_id(content), content, at, ""), at)


# -- What a member of staff does -------------------------------------------------------------------------------------------


def _by(telling: Telling, step: Step) -> Person:
    assert isinstance(step, Done)  # noqa: S101 - the table below pairs each verb with its kind of step
    return telling.people[step.by]


def _answered(telling: Telling, step: Step, at: datetime, *, acknowledges: bool = False) -> None:
    person = _by(telling, step)
    text = f"{step.text}\n\n{person.sign_off}" if person.sign_off else step.text
    answer.send(
        conversation_id=telling.conversation_id,
        person=person,
        text=text,
        against_version=0,
        now=at,
        send_anyway=True,
        acknowledges=acknowledges,
        sent_from=senders.From(_right_account(telling)),
    )


def _right_account(telling: Telling) -> int | None:
    """News is answered from help."""
    account = Account.objects.get(conversations=telling.conversation_id)
    return account.answered_from_id


def _acknowledged(telling: Telling, step: Step, at: datetime) -> None:
    _answered(telling, step, at, acknowledges=True)


def _noted(telling: Telling, step: Step, at: datetime) -> None:
    answer.note(conversation_id=telling.conversation_id, person=_by(telling, step), text=step.text, now=at)


def _took(telling: Telling, step: Step, at: datetime) -> None:
    claim.take(telling.conversation_id, _by(telling, step), at)


def _put_off(telling: Telling, step: Step, at: datetime) -> None:
    calendar = telling.stated.calendar
    if calendar is not None:
        snooze.until(telling.conversation_id, _by(telling, step), calendar.due(at, timedelta(hours=8)), at)


def _moved_ahead(telling: Telling, step: Step, at: datetime) -> None:
    settle.move_ahead(telling.conversation_id, _by(telling, step), step.text, at)


def _closed(telling: Telling, step: Step, at: datetime) -> None:
    settle.close(telling.conversation_id, _by(telling, step), step.text, at)


def _not_a_request(telling: Telling, step: Step, at: datetime) -> None:
    settle.not_a_request(telling.conversation_id, _by(telling, step), step.text, at)


# -- What happens by itself --------------------------------------------------------------------------------------------


def _warn_until(at: datetime) -> None:
    """Tells the warnings that fell due on the way, each at its own instant."""
    for row in due.claim(at, limit=1000, kinds=["warn"]):
        tick.warn(row, row.due_at)


def _settle_what_left(at: datetime) -> None:
    """Nothing of the past is sent now: the residents do not exist, and an answer that left late would count as late."""
    gone = list(Outgoing.objects.filter(state=Outgoing.State.QUEUED, undo_until_at__lte=at))
    for outgoing in gone:
        outgoing.state, outgoing.accepted_at = Outgoing.State.ACCEPTED, outgoing.undo_until_at
        outgoing.detail = "Part of the example: nothing was sent."
    Outgoing.objects.bulk_update(gone, ["state", "accepted_at", "detail"])
    Attempt.objects.bulk_create(
        Attempt(outgoing=one, at=one.undo_until_at, result=one.state, detail=one.detail) for one in gone
    )
    due.withdraw("deliver", [one.message_id for one in gone])


STEPS: dict[type[Step], Callable[[Telling, Step, datetime], None]] = {
    stories.Wrote: _wrote,
    stories.Returned: _returned,
    stories.Answered: _answered,
    stories.Acknowledged: _acknowledged,
    stories.Noted: _noted,
    stories.Took: _took,
    stories.PutOff: _put_off,
    stories.MovedAhead: _moved_ahead,
    stories.Closed: _closed,
    stories.NotARequest: _not_a_request,
}
