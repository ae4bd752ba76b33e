from __future__ import annotations

import mailbox
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from sociable.config import mail_files
from tests.cast import at
from tests.conftest import sample_data

DAY = "Mon, 2 Mar 2026 {:02d}:00:00 +0000"


def mail(
    number: int, *, reply_to: int | None = None, date: str | None = None, text: str = "", **headers: str
) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"] = f"P{number % 3} <p{number % 3}@example.org>", "help@ashby.example.org"
    made["Subject"], made["Message-ID"] = f"Mail {number}", f"<m{number}@example.org>"
    if date != "":
        made["Date"] = date or DAY.format(number)
    if reply_to is not None:
        made["In-Reply-To"] = f"<m{reply_to}@example.org>"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text or f"Text of mail {number}\n\nFrom here on it goes on.\n")
    return made


def folder_of(folder: Path, *mails: EmailMessage) -> Path:
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(mails):
        (folder / f"{number}.eml").write_bytes(one.as_bytes())
    return folder


def bring(run: Any, *words: object, status: int = 0) -> dict[str, Any]:
    done = run("import-mail", *map(str, words), "--account", "help@ashby.example.org", "--json")
    assert done.status == status, done.err
    return dict(done.json)


# -- Every form in which mail is kept ------------------------------------------------------------------------------


@pytest.fixture(params=["mbox", "maildir", "folder", "nested", "files"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> list[Path]:
    """The same three mails, kept as mail programs keep them."""
    mails = [mail(9), mail(10), mail(11, reply_to=10)]
    place = tmp_path / "kept"
    if request.param == "mbox":
        box: Any = mailbox.mbox(place)
        for one in mails:
            box.add(one)
        box.close()
    elif request.param == "maildir":
        box = mailbox.Maildir(place)
        for one in mails:
            box.add(one)
        box.close()
        (place / "dovecot.index").write_text("not a mail")
    elif request.param == "nested":
        folder_of(place, mails[0])
        folder_of(place / "deeper", *mails[1:])
    else:
        folder_of(place, *mails)
    return sorted(place.glob("*.eml")) if request.param == "files" else [place]


def test_it_comes_by_the_real_way_in_and_only_once(run: Any, cast: Any, kept: list[Path]) -> None:
    from sociable.conversations.models import Conversation, Message
    from sociable.promises.models import Wait

    told = bring(run, *kept)
    assert told == told | {
        "found": 3,
        "stored": 3,
        "duplicates": 0,
        "messages": 3,
        "conversations_begun": 2,
        "waits_begun": 2,
    }
    first, second, reply = Message.objects.order_by("pk")
    assert [first.sent_at.hour, second.sent_at.hour, reply.sent_at.hour] == [9, 10, 11]
    assert first.text == "Text of mail 9\n\nFrom here on it goes on.\n"
    assert reply.conversation_id == second.conversation_id
    wait = Wait.objects.get(began_with=first)
    assert wait.started_at.isoformat() == "2026-03-02T09:00:00+00:00"
    assert wait.due_at is not None
    assert wait.due_at.isoformat() == "2026-03-02T11:00:00+00:00"
    again = bring(run, *kept)
    assert again == again | {
        "found": 3,
        "stored": 0,
        "duplicates": 3,
        "messages": 0,
        "conversations_begun": 0,
        "waits_begun": 0,
    }
    assert (Message.objects.count(), Conversation.objects.count(), Wait.objects.count()) == (3, 2, 2)


def test_the_same_mail_in_another_form_is_the_same_mail(run: Any, cast: Any, tmp_path: Path) -> None:
    box = mailbox.mbox(tmp_path / "mbox")
    box.add(mail(9))
    box.close()
    folder = folder_of(tmp_path / "folder", mail(9))
    (folder / "crlf.eml").write_bytes(mail(9).as_bytes().replace(b"\n", b"\r\n"))
    told = bring(run, tmp_path / "mbox", folder)
    assert (told["found"], told["stored"], told["duplicates"]) == (3, 1, 2)


def test_an_answer_never_comes_before_what_it_answers(run: Any, cast: Any, tmp_path: Path) -> None:
    told = bring(
        run,
        folder_of(tmp_path / "z", mail(12, reply_to=11), mail(11, reply_to=10)),
        folder_of(tmp_path / "a", mail(10)),
    )
    assert (told["messages"], told["conversations_begun"], told["waits_begun"]) == (3, 1, 1)


# -- What it must not do -----------------------------------------------------------------------------------------------


def test_nobody_is_sent_a_receipt_for_old_mail(run: Any, cast: Any, tmp_path: Path) -> None:
    from sociable.conversations.models import Outgoing

    type(cast.help).objects.filter(pk=cast.help.pk).update(sends_receipts=True)
    bring(run, folder_of(tmp_path / "mail", mail(9)))
    assert not Outgoing.objects.exists()
    cast.mail(when=at(10))  # what comes by itself is receipted as ever
    assert Outgoing.objects.count() == 1


def test_nobody_is_sent_one_either_when_a_worker_reads_it(cast: Any) -> None:
    from sociable.channels.base import RawItem
    from sociable.conversations.models import Message, Outgoing
    from sociable.due.models import DueRow
    from sociable.journeys import receive

    type(cast.help).objects.filter(pk=cast.help.pk).update(sends_receipts=True)
    receive.store(
        cast.help, "email", [RawItem("a", mail(9).as_bytes(), None, "")], fetched_at=at(10), from_history=True
    )
    receive.read_due(DueRow.objects.get(kind="receive").data, at(10, 2))
    assert Message.objects.count() == 1
    assert not Outgoing.objects.exists()


def test_warnings_of_the_past_are_done_late_and_marked(run: Any, cast: Any, tmp_path: Path) -> None:
    from sociable.promises.models import Warned
    from sociable.worker import loop

    bring(run, folder_of(tmp_path / "mail", mail(9)))
    while loop.do_due(["warn"]):
        pass
    assert set(Warned.objects.values_list("kind", flat=True)) == {"arrival", "50", "75", "90", "passed"}
    assert all(warned.told_at > warned.due_at for warned in Warned.objects.all())


# -- Times ---------------------------------------------------------------------------------------------------------


def sent_at() -> str:
    from sociable.conversations.models import Message

    return Message.objects.get().sent_at.isoformat()


def test_the_last_servers_stamp_comes_before_the_senders_own_date(run: Any, cast: Any, tmp_path: Path) -> None:
    stamped = mail(9, Received="from x by y; Tue, 3 Mar 2026 08:00:00 +0000")
    bring(run, folder_of(tmp_path / "mail", stamped))
    assert sent_at() == "2026-03-03T08:00:00+00:00"


def test_without_a_date_the_mailbox_knows_when_it_came(run: Any, cast: Any, tmp_path: Path) -> None:
    (tmp_path / "mbox").write_bytes(b"From p@example.org Tue Mar  3 08:30:00 2026\n" + mail(9, date="").as_bytes())
    bring(run, tmp_path / "mbox")
    assert sent_at() == "2026-03-03T08:30:00+00:00"


def test_so_does_a_maildir(run: Any, cast: Any, tmp_path: Path) -> None:
    for name in ("cur", "new", "tmp"):
        (tmp_path / "box" / name).mkdir(parents=True)
    (tmp_path / "box" / "cur" / "1772526600.M1P2.host:2,S").write_bytes(mail(9, date="not a date").as_bytes())
    (tmp_path / "box" / "tmp" / "1772526600.half").write_bytes(b"From: half")
    bring(run, tmp_path / "box")
    assert sent_at() == "2026-03-03T08:30:00+00:00"


def test_a_date_to_come_is_not_believed(run: Any, cast: Any, tmp_path: Path) -> None:
    from django.utils import timezone

    from sociable.conversations.models import Message

    bring(run, folder_of(tmp_path / "mail", mail(9, date="Mon, 2 Mar 2099 09:00:00 +0000")))
    assert Message.objects.get().sent_at <= timezone.now()


# -- An mbox as it is found in the world -----------------------------------------------------------------------------------

STAMP = b"From p@example.org Tue Mar  3 08:30:00 2026\n"


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (
            STAMP + b"Subject: a\n\nFrom here on\nit goes\n\nFrom: not a start\n",
            [b"From here on\nit goes\n\nFrom: not a start\n"],
        ),
        (STAMP + b"Subject: a\n\none\n" + STAMP + b"Subject: b\n\ntwo\n", [b"one\n", b"two\n"]),
        (STAMP + b"Subject: a\n\none\n\nFrom nobody\nSubject: b\n\ntwo\n", [b"one\n", b"two\n"]),
        (
            STAMP + b"Subject: a\n\none\n\n" + STAMP + b"strange first line\n\ntwo\n",
            [b"one\n", b"strange first line\n\ntwo\n"],
        ),
        (
            STAMP.replace(b"\n", b"\r\n") + b"Subject: a\r\n\r\none\r\n\r\n" + STAMP + b"Subject: b\r\n\r\ntwo",
            [b"one\r\n", b"two"],
        ),
        (STAMP + b"Subject: a\n\n>From me\n>>From you\n>Fromage\n", [b"From me\n>From you\n>Fromage\n"]),
        (STAMP, [b""]),
    ],
)
def test_where_one_mail_ends_and_the_next_begins(tmp_path: Path, content: bytes, texts: list[bytes]) -> None:
    (tmp_path / "mbox").write_bytes(content)
    found = mail_files.find([str(tmp_path / "mbox")], at(10), Told())
    read = [mail_files.read(one).content for one in sorted(found, key=lambda one: one.begin)]
    assert [
        text.partition(b"\r\n\r\n" if b"\r\n\r\n" in text else b"\n\n")[2] if text.startswith(b"Subject") else text
        for text in read
    ] == texts


class Told:
    """Remembers what brought no mail."""

    def __init__(self) -> None:
        self.refused: list[str] = []
        self.left_out: list[str] = []

    def refuse(self, path: str, reason: str) -> None:
        self.refused.append(Path(path).name)

    def leave_out(self, path: str, reason: str) -> None:
        self.left_out.append(Path(path).name)


# -- What is wrong is named, and the rest goes on --------------------------------------------------------------------------


def test_a_path_that_is_none_keeps_no_other_from_coming(run: Any, cast: Any, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mail", mail(9))
    (folder / "empty.eml").touch()
    (folder / "notes.txt").write_text("milk, bread")
    (folder / "link").symlink_to(tmp_path)
    told = bring(run, tmp_path / "nowhere", "/dev/null", folder, status=1)
    assert told["messages"] == 1
    assert {Path(one["path"]).name for one in told["refused"]} == {"nowhere", "null", "empty.eml"}
    assert {Path(one["path"]).name for one in told["left_out"]} == {"notes.txt", "link"}
    assert all(one["reason"].endswith(".") for one in told["refused"] + told["left_out"])


def test_what_is_no_mail_is_left_out_and_nothing_is_wrong(run: Any, cast: Any, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mail", mail(9))
    (folder / "LICENSE").write_text("As is.")
    assert bring(run, folder)["refused"] == []


def test_the_other_folders_of_a_maildir_are_left_alone(run: Any, cast: Any, tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    box.add(mail(9))
    box.add_folder("Sent").add(mail(10))
    box.close()
    told = bring(run, tmp_path / "box")
    assert told["messages"] == 1
    assert [Path(one["path"]).name for one in told["left_out"]] == [".Sent"]


def test_a_mail_that_is_too_large_is_refused(run: Any, cast: Any, tmp_path: Path, settings: Any) -> None:
    settings.MESSAGE_LIMIT_BYTES = 2000
    told = bring(run, folder_of(tmp_path / "mail", mail(9), mail(10, text="x" * 3000)), status=1)
    assert told["messages"] == 1
    assert "MESSAGE_LIMIT_MB" in told["refused"][0]["reason"]


def test_rubbish_is_kept_and_shown(run: Any, cast: Any, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "mail", mail(9))
    (folder / "rubbish.eml").write_bytes(bytes(range(256)) * 10)
    told = bring(run, folder)
    assert told["stored"] == 2
    assert told["messages"] + told["unreadable"] == 2


def test_many_come_in_small_batches(run: Any, cast: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sociable.config.commands import import_mail

    monkeypatch.setattr(import_mail, "MOST_AT_ONCE", 4)
    told = bring(run, folder_of(tmp_path / "mail", *[mail(n, date=DAY.format(n % 24)) for n in range(11)]))
    assert told["messages"] == 11


def test_an_account_that_is_not_there_is_refused(run: Any, cast: Any, tmp_path: Path) -> None:
    done = run("import-mail", str(tmp_path), "--account", "nobody@example.org")
    assert done.status == 1
    assert "There is: clinic, help, libraries." in done.err
    assert run("import-mail", str(tmp_path)).status == 2
    assert run("import-mail", "--account", "help").status == 2


def test_it_says_in_words_what_was_done(run: Any, cast: Any, tmp_path: Path) -> None:
    done = run("import-mail", str(folder_of(tmp_path / "mail", mail(9))), "--account", "help")
    assert done.out.startswith("1 of 1 mails came into Ashby Help.")


def test_mail_as_it_is_in_the_world(run: Any, cast: Any) -> None:
    told = bring(run, sample_data("mail-samples"))
    assert told["found"] > 30
    assert told["unreadable"] == 0
    assert told["stored"] + told["duplicates"] == told["found"]


# -- As a process, beside a running Sociable -----------------------------------------------------------------------------


def test_it_may_run_while_another_process_holds_the_data(installation: Any, tmp_path: Path) -> None:
    import fcntl

    installation.with_example()
    with (installation.folder / "running.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = folder_of(tmp_path / "mail", mail(9), mail(10))
        done = installation.run("import-mail", str(folder), "--account", "city-help", "--json")
    assert done.status == 0, done.err
    assert done.json["messages"] == 2
    assert "2 of 2" in done.err
