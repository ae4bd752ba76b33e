"""Files that no message has any more leave the store, and never one that somebody is about to send."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps

from sociable.conversations import files
from sociable.conversations.models import Attachment
from sociable.due import services as due
from sociable.worker import housekeeping
from tests.cast import MONDAY_10

pytestmark = pytest.mark.django_db
LONG_AGO = MONDAY_10 - timedelta(days=3)


@pytest.fixture(autouse=True)
def _store(settings: Any, tmp_path: Path) -> None:
    settings.ATTACHMENTS_DIR = tmp_path / "kept"


def kept(content: bytes, at: datetime = LONG_AGO) -> str:
    sha256 = files.keep(content)
    os.utime(files.path_of(sha256), (at.timestamp(), at.timestamp()))
    return sha256


def keep_house_for_a_day(now: datetime = MONDAY_10) -> None:
    housekeeping.schedule(now)
    for hour in range(24):
        (row,) = due.claim(now + timedelta(hours=hour), 1, ["housekeeping"])
        housekeeping.run(row, now + timedelta(hours=hour))


def left() -> set[str]:
    return {path.name for folder in files.path_of("").glob("*") for path in folder.glob("*")}


def test_what_no_message_has_goes_within_a_day_of_its_time(cast: Any) -> None:
    imported = [kept(f"sent_at,text\n2026-11-23,{number}".encode()) for number in range(40)]
    keep_house_for_a_day(MONDAY_10 - timedelta(days=2))
    assert left() == set(imported), "they may still be sent"
    keep_house_for_a_day()
    assert left() == set()


def test_what_a_message_has_stays_however_old(cast: Any) -> None:
    named, unnamed = kept(b"a picture"), kept(b"never sent")
    message = cast.mail()
    Attachment.objects.create(message=message, name="a.png", content_type="image/png", size_bytes=9, sha256=named)
    keep_house_for_a_day()
    assert left() == {named}
    message.attachments.all().delete()
    keep_house_for_a_day(MONDAY_10 + timedelta(days=1))
    assert left() == set()
    assert unnamed not in left()


def test_what_is_chosen_again_is_young_again(cast: Any) -> None:
    again = kept(b"a form")
    assert files.keep(b"a form") == again
    keep_house_for_a_day()
    assert left() == {again}


def test_what_somebody_chooses_while_it_is_being_let_go_stays(cast: Any) -> None:
    sha256 = kept(b"a form")

    def asked(_hashes: Any) -> set[str]:
        files.keep(b"a form")  # in the very instant
        return set()

    assert files.prune([sha256[:2]], MONDAY_10, asked) == 0
    assert files.path_of(sha256).read_bytes() == b"a form"
    assert left() == {sha256}


def test_a_half_written_file_of_a_killed_process_goes_too(cast: Any) -> None:
    part = files.path_of(kept(b"x")).with_suffix(".0a1b2c3d.part")
    part.write_bytes(b"half")
    os.utime(part, (LONG_AGO.timestamp(), LONG_AGO.timestamp()))
    keep_house_for_a_day()
    assert left() == set()


def test_no_other_table_names_kept_files() -> None:
    """Else `prune_files` must ask it too, or its files would go."""
    named = {model.__name__ for model in apps.get_models() for field in model._meta.fields if field.name == "sha256"}
    assert named == {"Attachment"}
