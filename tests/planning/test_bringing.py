"""Sign-offs and time away come in from a table: every row, or none with what is wrong said by line."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from sociable.cover.models import Readiness, TimeAway
from sociable.people.models import AuditEvent
from sociable.planning import rows_file
from tests.cast import Cast
from tests.pages import Pages
from tests.planning.conftest import client_of

pytestmark = pytest.mark.django_db
NEXT = timezone.localdate().year + 1
SIGN_OFFS = f"""person,account,from,until,note
asha@staff.example.org,help,{NEXT}-01-04,{NEXT}-12-31,"Course, and a week beside Lee"
BEN@staff.example.org,libraries,04/01/{NEXT},,
"""


def bring(client: Pages, what: str, rows: str) -> Any:
    form = client.get(f"/cover/{what}/bring-in/").page.form(button="Bring them in")
    return client.submit(form, rows=rows)


def test_sign_offs_come_in(cast: Cast, lead: Pages) -> None:
    assert bring(lead, "ready", SIGN_OFFS)["Location"] == "/cover/ready/"
    rows = {row.person.first_name: row for row in Readiness.objects.select_related("account")}
    assert (rows["Asha"].account, rows["Asha"].note) == (cast.help, "Course, and a week beside Lee")
    assert (rows["Ben"].account, rows["Ben"].expires_at) == (cast.books, None)
    assert rows["Ben"].ready_from_at == rows["Asha"].ready_from_at
    assert AuditEvent.objects.filter(verb="signed off", person_id=cast.lee.pk).count() == 2


def test_one_wrong_row_takes_none_and_every_wrong_one_is_named(cast: Cast, lead: Pages) -> None:
    wrong = SIGN_OFFS + f"ben@staff.example.org,help,{NEXT}-01-04,,\ncara@staff.example.org,help,soon,,\n"
    page = bring(lead, "ready", wrong).page
    assert "Nothing was brought in" in page.text
    assert "Line 4: Ben Hall may not answer for Ashby Help yet" in page.text
    assert "Line 5: Who: Whoever this is, you do not plan them" in page.text
    assert "Line 2" not in page.text
    assert page.form(button="Bring them in").fields["rows"].strip() == wrong.strip(), "nothing typed is lost"
    assert not Readiness.objects.exists()
    assert not AuditEvent.objects.filter(verb="signed off").exists()


def test_a_file_as_a_spreadsheet_saves_it(cast: Cast, lead: Pages) -> None:
    content = f"\ufeffPerson;What;First day;Last day;Why\nasha@staff.example.org;Leave;{NEXT}-01-04;{NEXT}-01-08;Café\n;;;;\n".encode()
    form = lead.get("/cover/away/bring-in/").page.form(button="Bring them in")
    lead.post(form.action, {**form.fields, "file": SimpleUploadedFile("away.csv", content)})
    made = TimeAway.objects.get()
    assert (made.person, made.kind, made.state, made.private_reason) == (cast.asha, "leave", "agreed", "Café")


def test_times_of_day_and_ones_own(cast: Cast, asha: Pages) -> None:
    rows = f"person,what,first day,from,to\nasha@staff.example.org,meeting,{NEXT}-01-04,09:30,11:00\n"
    assert bring(asha, "away", rows).status_code == 302
    assert TimeAway.objects.get().state == "asked"
    others = bring(asha, "away", rows.replace("asha@", "ben@")).page
    assert "Line 2: Who: you can bring in your own time away only." in others.text


def test_whom_one_does_not_plan_is_not_brought_in(cast: Cast, lead: Pages) -> None:
    rows = f"person,what,first day\ncara@staff.example.org,leave,{NEXT}-01-04\n"
    assert "Line 2: Who: Whoever this is, you do not plan them" in bring(lead, "away", rows).page.text
    assert client_of(cast.asha).get("/cover/ready/bring-in/").status_code == 403


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("", "Missing: person, account, from"),
        ("person,account\n", "Missing: from"),
        ("person,account,from\n\n", "There is no row"),
        ('person,account,from\n"asha', "cannot be read"),
        ('"person', "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused(cast: Cast, lead: Pages, rows: str, words: str) -> None:
    assert words in bring(lead, "ready", rows).page.errors[0]


def test_too_many_rows_and_too_large_a_file_are_refused() -> None:
    with pytest.raises(rows_file.NoTable, match="more than 500"):
        list(rows_file.rows("a\n" + "x\n" * 501, ["a"], ["a"]))
    with pytest.raises(rows_file.NoTable, match="larger than 1 MB"):
        rows_file.decoded(b"x" * (rows_file.MOST_BYTES + 1))
    assert rows_file.decoded("Café".encode("cp1252")) == "Café"
    assert rows_file.decoded("Café".encode("utf-16")) == "Café"
    for content in (b"PK\x03\x04\0\0", b"person,account\n\0,\0\n"):
        with pytest.raises(rows_file.NoTable, match="is not text"):
            rows_file.decoded(content)
