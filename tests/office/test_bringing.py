"""The page that brings in a file: it shows what would be made and what cannot be read, and takes it once it was looked at."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from sociable.conversations.models import Message
from sociable.office import bringing
from sociable.people.models import AuditEvent
from tests.cast import Cast
from tests.office.conftest import client_of
from tests.pages import Pages

CSV = "sent_at,from,text\n2026-01-05 10:00,dev,When is my bin collected?\nsoon,jo,Trees?\n2026-01-05 11:00,,\n"


def given(text: str = CSV) -> dict[str, Any]:
    return {"file": SimpleUploadedFile("export.csv", text.encode()), "network": "Nextdoor"}


def address(cast: Cast) -> str:
    return reverse("office:bring_in", args=[cast.help.pk])


def test_it_is_looked_at_and_then_taken_once(cast: Cast, office: Pages) -> None:
    assert "Bring in messages" in office.get(reverse("office:account", args=[cast.help.pk])).page.links
    looked = office.post(address(cast), given())
    text = looked.page.text
    assert "1 message would come into Ashby Help, sent between 10am on Monday 5 January 2026" in text
    assert "When is my bin collected?" in text
    assert "Line 3: “soon” is no time" in text
    assert "Line 4: It has no text" in text
    assert not Message.objects.exists()
    taken = office.submit(looked.page.form(address(cast), button="Bring them in"), confirm="yes")
    assert taken["Location"] == reverse("office:account", args=[cast.help.pk])
    assert "1 message came in" in office.get(taken["Location"]).page.text
    assert Message.objects.get().from_address == "nextdoor:dev"
    assert AuditEvent.objects.get(verb="brought in messages").after == {"messages": 1}
    again = office.post(address(cast), given())
    assert "Nothing new is in it." in again.page.text
    assert "Bring them in" not in again.content.decode()


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "empty"), ("a,b\n1,2", "names no column “text”"), ("{", "begins like JSON")]
)
def test_a_file_that_is_none_is_refused_beside_its_field(cast: Cast, office: Pages, text: str, sentence: str) -> None:
    refused = office.post(address(cast), given(text))
    assert refused.status_code == 409
    assert any(sentence in one for one in refused.page.errors), refused.page.errors


def test_what_was_not_looked_at_is_not_taken(cast: Cast, office: Pages) -> None:
    mark = office.post(address(cast), given()).page.form(address(cast), button="Bring them in").fields["mark"]
    for wrong in ("", mark[:-1] + "x"):
        office.post(address(cast), {"confirm": "yes", "mark": wrong})
    office.post(reverse("office:bring_in", args=[cast.books.pk]), {"confirm": "yes", "mark": mark})
    assert not Message.objects.exists()


def test_more_than_a_page_should_take_is_left_to_the_command(
    cast: Cast, office: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark = office.post(address(cast), given()).page.form(address(cast), button="Bring them in").fields["mark"]
    monkeypatch.setattr(bringing, "MOST_HERE", 0)
    assert "import-messages" in office.post(address(cast), given()).page.text
    office.post(address(cast), {"confirm": "yes", "mark": mark})
    assert not Message.objects.exists()


def test_who_may_not_connect_an_account_brings_nothing_into_it(cast: Cast) -> None:
    assert client_of(cast.asha).get(address(cast)).status_code == 404
    assert client_of(cast.cara).post(address(cast), given()).status_code == 404
