"""Finds the mails in files and folders as mail programs keep them: an mbox, a Maildir, a folder of .eml files, a single mail.

Finding notes only where each mail lies and when it reached the network, so that however many there are, they can be read one
by one and oldest first. What a mail says is left to the channel; what becomes of it, to the journeys.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from sociable.channels.base import RawItem
from sociable.channels.email.parse import parse, remote_id
from sociable.channels.email.when import read_date

LONGEST_HEAD_BYTES = 256 * 1024
LONGEST_STAMP_CHARS = 500
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:")
_STAMP = re.compile(rb"From .*\d{1,2}:\d{2}.*\b(?:19|20)\d{2}\b")
_STAMPED = re.compile(
    r"(?P<month>[A-Z][a-z]{2}) +(?P<day>\d{1,2}) +(?P<time>\d{1,2}:\d{2}(?::\d{2})?).* (?P<year>\d{4})"
)
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_BLANK_AFTER = re.compile(rb"(\r?\n)\r?\n\Z")
_MAILDIR_TIME = re.compile(r"(\d{9,10})\.")
_MAIL_FOLDERS = ("cur", "new")
_KNOWN_ENDINGS = (".eml", ".mbox", ".mbx")


class Report(Protocol):
    """Whoever is told of what brings no mail."""

    def refuse(self, path: str, reason: str) -> None:
        """Be told of what should have been read and could not."""

    def leave_out(self, path: str, reason: str) -> None:
        """Be told of what lay there and is no mail of this folder."""


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail in a file: its bytes from `begin` to `end`, and when it reached the network.

    `delivered_at` is the mailbox's own word for that, and only there where the mail carries no usable date.
    """

    path: str
    begin: int
    end: int
    at: datetime
    delivered_at: datetime | None
    in_mbox: bool

    @property
    def size_bytes(self) -> int:
        """How much there is to read."""
        return self.end - self.begin

    @property
    def where(self) -> str:
        """The file, and in an mbox the place in it."""
        return f"{self.path}, byte {self.begin}" if self.in_mbox else self.path


def find(paths: Sequence[str], now: datetime, report: Report) -> list[Mail]:
    """This function will find all mails under these paths, oldest first, so that an answer never comes before what it answers.

    Shape:  what cannot be read is refused with its name and a sentence, and the rest is found
    """
    found: list[Mail] = []
    for path in paths:
        try:
            found += _under(Path(path), now, report, asked_for=True)
        except OSError as error:
            report.refuse(path, f"It cannot be read: {error.strerror or error}.")
    return sorted(found, key=lambda mail: mail.at)


def read(mail: Mail) -> RawItem:
    """This function will read one mail as it was before it was put into the file.

    Errors: OSError
    """
    with Path(mail.path).open("rb") as file:
        file.seek(mail.begin)
        content = file.read(mail.size_bytes)
    if mail.in_mbox:  # "From " was quoted, and a blank line put after it
        content = _BLANK_AFTER.sub(rb"\1", _QUOTED.sub(rb"\1", content))
    return RawItem(remote_id(content), content, mail.delivered_at, "")


def _under(path: Path, now: datetime, report: Report, *, asked_for: bool = False) -> Iterator[Mail]:
    if path.is_dir():
        yield from _in_folder(path, now, report)
    elif not path.exists():
        report.refuse(str(path), "There is no such file or folder.")
    elif not path.is_file():
        report.refuse(str(path), "It is neither a file nor a folder.")
    else:
        yield from _in_file(path, now, report, asked_for=asked_for)


def _in_folder(folder: Path, now: datetime, report: Report) -> Iterator[Mail]:
    """Everything in a folder and the folders in it; in a Maildir, whatever its files are called."""
    is_maildir = any((folder / name).is_dir() for name in _MAIL_FOLDERS)
    for path in sorted(folder.iterdir()):
        if path.is_symlink() and path.is_dir():
            report.leave_out(str(path), "It is a link to another folder. Name that folder itself.")
            continue
        if is_maildir and path.name in _MAIL_FOLDERS:
            for mail in sorted(path.iterdir()):
                yield from _tried(_one_file, mail, now, report)
        elif is_maildir and (path.name == "tmp" or path.is_file()):
            continue  # half-delivered, and the mail program's own notes
        elif is_maildir:
            report.leave_out(
                str(path),
                "It is a folder of its own, perhaps of sent or deleted mail. Name it if it should be brought in.",
            )
        else:
            yield from _tried(_under, path, now, report)


def _tried(
    look: Callable[[Path, datetime, Report], Iterator[Mail]], path: Path, now: datetime, report: Report
) -> Iterator[Mail]:
    try:
        yield from look(path, now, report)
    except OSError as error:
        report.refuse(str(path), f"It cannot be read: {error.strerror or error}.")


def _in_file(path: Path, now: datetime, report: Report, *, asked_for: bool) -> Iterator[Mail]:
    with path.open("rb") as file:
        first = file.readline(1000)
    known = path.suffix.lower() in _KNOWN_ENDINGS
    if first.startswith(b"From "):
        yield from _in_mbox(path, now)
    elif path.suffix.lower() == ".eml" or (asked_for and (_HEADER.match(first) or known)):
        yield from _one_file(path, now, report)
    else:
        tell = report.refuse if asked_for else report.leave_out
        tell(str(path), "It is neither a mail (.eml) nor an mbox.")


def _one_file(path: Path, now: datetime, report: Report) -> Iterator[Mail]:
    """A file that is one mail. In a Maildir its name begins with the second in which it was delivered."""
    if not path.is_file():
        report.leave_out(str(path), "It is not a file.")
        return
    size = path.stat().st_size
    if not size:
        report.refuse(str(path), "It is empty.")
        return
    with path.open("rb") as file:
        head = file.read(LONGEST_HEAD_BYTES)
    named = _MAILDIR_TIME.match(path.name) if path.parent.name in _MAIL_FOLDERS else None
    delivered_at = datetime.fromtimestamp(int(named[1]), UTC) if named else None
    yield _mail(path, (0, size), head, delivered_at, now, in_mbox=False)


def _in_mbox(path: Path, now: datetime) -> Iterator[Mail]:
    """The mails of an mbox, each from the line after its "From " up to the next such line."""
    with path.open("rb") as file:
        begin, head, stamp = 0, bytearray(), b""
        for line, offset, begins in _marked(file):
            if not begins:
                if len(head) < LONGEST_HEAD_BYTES:
                    head += line
                continue
            if begin:
                yield _mail(path, (begin, offset), bytes(head), _stamped_at(stamp), now, in_mbox=True)
            begin, head, stamp = offset + len(line), bytearray(), line
        yield _mail(path, (begin, file.tell()), bytes(head), _stamped_at(stamp), now, in_mbox=True)


def _marked(file: Iterator[bytes]) -> Iterator[tuple[bytes, int, bool]]:
    """Every line with where it begins, and whether it begins a mail.

    "From " begins a mail after a blank line where it carries a time or is followed by a header; some programs leave the blank
    line out, and then it must have both. Anything else is what somebody wrote.
    """
    offset, blank_before = 0, True
    line = next(file, b"")
    while line:
        following = next(file, b"")
        begins = line.startswith(b"From ") and _begins(line, following, blank_before)
        yield line, offset, begins or not offset
        offset += len(line)
        blank_before = not line.strip()
        line = following


def _begins(line: bytes, following: bytes, blank_before: bool) -> bool:
    signs = (_STAMP.match(line[:LONGEST_STAMP_CHARS]) is not None) + (_HEADER.match(following) is not None)
    return signs >= (1 if blank_before else 2)


def _stamped_at(line: bytes) -> datetime | None:
    """The time in the line that begins a mail in an mbox; RFC 4155 has it in UTC."""
    found = _STAMPED.search(line[:LONGEST_STAMP_CHARS].decode("ascii", "replace"))
    return read_date("{day} {month} {year} {time}".format(**found.groupdict())) if found else None


def _mail(
    path: Path, where: tuple[int, int], content: bytes, delivered_at: datetime | None, now: datetime, *, in_mbox: bool
) -> Mail:
    """When it reached the network is read by the same rule that will start its clock."""
    head = re.split(rb"\r?\n\r?\n", content, maxsplit=1)[0] + b"\n\n"
    at = parse(head, fetched_at=now).sent_at
    if at != now:
        return Mail(os.fspath(path), *where, at, None, in_mbox)
    return Mail(os.fspath(path), *where, min(delivered_at or now, now), delivered_at, in_mbox)
