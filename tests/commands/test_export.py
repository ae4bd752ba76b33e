from __future__ import annotations

from typing import Any

from tests.cast import MONDAY_10, at

TEXT = "When is my bin collected? Größe, 你好"


def answered(cast: Any) -> Any:
    from sociable.journeys import answer

    conversation = cast.mail(TEXT).conversation
    conversation.refresh_from_db()
    answer.note(conversation_id=conversation.pk, person=cast.asha, text="I will ask the depot", now=at(10, 20))
    answer.send(
        conversation_id=conversation.pk,
        person=cast.asha,
        text="On Friday.",
        against_version=conversation.version,
        now=at(10, 30),
    )
    return conversation


def test_every_message_with_the_wait_it_began_or_ended(run: Any, cast: Any) -> None:
    conversation = answered(cast)
    asked, note, reply = run("export", "messages").lines
    assert asked == asked | {
        "conversation": conversation.pk,
        "account": "help",
        "partner": "ashby",
        "direction": "in",
        "channel": "email",
        "text": f"{TEXT}\n",
        "from": {"name": "Dev Patel", "address": "dev@example.org"},
        "to": ["help@ashby.example.org"],
        "sent_at": "2026-11-23T10:00:00Z",
        "ended_wait": None,
        "outgoing": None,
    }
    assert asked["message_id"].startswith("<")
    assert note["direction"] == "note"
    assert note["began_wait"] is note["ended_wait"] is None
    assert reply["direction"] == "out"
    assert reply["author"] == "Asha Khan"
    assert reply["outgoing"]["state"] == "queued"
    assert reply["ended_wait"] == asked["began_wait"]
    assert reply["ended_wait"] == reply["ended_wait"] | {
        "due_at": "2026-11-23T12:00:00Z",
        "ended": "answered",
        "kept": True,
    }


def test_an_open_wait_that_passed_counts_as_not_kept(run: Any, cast: Any, monkeypatch: Any) -> None:
    from sociable.config.commands import export

    monkeypatch.setattr(export.timezone, "now", lambda: at(13))
    cast.mail()  # due at 12:00
    cast.ask(account=cast.clinic, when=at(10))  # due at 14:00
    assert [line["began_wait"]["kept"] for line in run("export", "messages").lines] == [False, None]


def test_attachments_are_named_with_what_they_are(run: Any, cast: Any) -> None:
    from email.message import EmailMessage

    from sociable.channels.base import RawItem
    from sociable.journeys import receive

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Message-ID"] = "dev@example.org", cast.help.address, "<a@example.org>"
    mail.set_content("See the picture")
    mail.add_attachment(b"%PDF-1.4\n%%EOF\n", maintype="application", subtype="pdf", filename="form.pdf")
    receive.read_all(
        receive.store(cast.help, "email", [RawItem("a", mail.as_bytes(), MONDAY_10, "")], fetched_at=MONDAY_10),
        MONDAY_10,
    )
    (attachment,) = run("export", "messages").lines[0]["attachments"]
    assert attachment["name"] == "form.pdf"
    assert attachment["type"] == "application/pdf"
    assert len(attachment["sha256"]) == 64


def test_it_can_be_narrowed_and_keeps_its_order(run: Any, cast: Any, monkeypatch: Any) -> None:
    from sociable.config.commands import export

    for number in range(5):
        cast.ask(email=f"p{number}@example.org", text=str(number), when=at(10, number))
    cast.ask(account=cast.clinic, email="c@example.org", text="clinic")
    monkeypatch.setattr(export, "AT_ONCE", 2)
    ids = [line["message"] for line in run("export", "messages").lines]
    assert ids == sorted(ids)
    assert len(ids) == 6
    assert [line["text"] for line in run("export", "messages", "--account", "clinic").lines] == ["clinic"]
    since = run("export", "messages", "--partner", "ashby", "--since", "2026-11-23T10:03:00Z").lines
    assert [line["text"] for line in since] == ["3", "4"]
    assert run("export", "messages", "--since", "2030-01-01").lines == []


def test_what_is_not_there_is_refused(run: Any, cast: Any) -> None:
    assert run("export", "messages", "--account", "nope").status == 1
    assert run("export", "messages", "--since", "yesterday").status == 2
    assert run("export", "people").status == 2


def test_a_reader_that_has_enough_ends_it_quietly(installation: Any) -> None:
    import subprocess
    import sys

    installation.with_example()
    with subprocess.Popen(
        [sys.executable, "-m", "sociable", "export", "messages"],
        env=installation.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as export:
        assert export.stdout is not None
        assert export.stderr is not None
        export.stdout.readline()
        export.stdout.close()
        assert export.stderr.read() == b""
    assert export.returncode == 0
