"""What a stranger sent is looked at from the conversation and can do nothing: markup, pictures, files, the raw form."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sociable.conversations.models import (
    Message,
    RawInbound,
)
from sociable.desk import attachments
from tests.cast import Cast, at
from tests.desk.conftest import page_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("monday_half_past_ten")]


def test_formatted_it_stands_in_a_frame_that_can_run_and_fetch_nothing(asha, cast):
    html = '<p onclick="x()">Hello <b>there</b></p><script>steal()</script><img alt="" src="https://spy.example.org/a.png">'
    message = cast.mail(html=html)
    assert "As they formatted it" in asha.get(page_of(message.conversation)).page.text
    response = asha.get(reverse("desk:message_formatted", args=[message.pk]))
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox allow-popups allow-popups-to-escape-sandbox" in policy
    assert "script-src" not in policy
    assert "img-src data:;" in policy + ";"
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b"<b>there</b>" in response.content
    assert b"steal" not in response.content
    assert b"1 picture from other sites held back" in response.content


def test_pictures_from_elsewhere_come_only_when_asked_for(asha, cast):
    message = cast.mail(html='<p>x</p><img src="https://spy.example.org/a.png">')
    plain = Client()  # the page shows another site's picture, and our own pages never do
    plain.force_login(cast.asha)
    shown = plain.get(reverse("desk:message_formatted", args=[message.pk]) + "?pictures")
    assert b'src="https://spy.example.org/a.png"' in shown.content
    assert "img-src data: https: http:" in shown["Content-Security-Policy"]


PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 60


def _with_file(cast: Cast, name: str, content: bytes) -> Any:
    from email.message import EmailMessage

    from sociable.channels.base import RawItem
    from sociable.journeys import receive

    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "dev@example.org",
        cast.help.address,
        "A file",
        f"<{name}@example.org>",
    )
    mail.set_content("Here")
    mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return receive.read_all(
        receive.store(cast.help, "email", [RawItem(name, mail.as_bytes(), at(10), "")], fetched_at=at(10)), at(10)
    )[0]


def test_a_picture_named_very_often_does_not_fill_the_memory(asha, cast, monkeypatch):
    message = _with_file(cast, "a.png", PNG)
    message.attachments.update(content_id="a")
    Message.objects.filter(pk=message.pk).update(html='<img alt="" src="cid:a">' * 100)
    monkeypatch.setattr(attachments, "MOST_INLINE_BYTES", 3 * len(PNG))
    shown = asha.get(reverse("desk:message_formatted", args=[message.pk]))
    assert shown.content.count(b"data:image/png;base64,") == 3


def test_a_file_is_downloaded_and_can_do_nothing(asha, cast):
    one = _with_file(cast, "page.html", b"<html><script>steal()</script></html>").attachments.get()
    response = asha.get(reverse("desk:attachment", args=[one.pk]) + "?inline")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in response["Content-Security-Policy"]
    assert b"".join(response.streaming_content) == b"<html><script>steal()</script></html>"


def test_a_plain_picture_may_be_looked_at_by_those_who_see_the_conversation(asha, cast):
    one = _with_file(cast, "bin.png", PNG).attachments.get()
    shown = asha.get(reverse("desk:attachment", args=[one.pk]) + "?inline")
    assert (shown["Content-Type"], shown["Content-Disposition"].split(";")[0]) == ("image/png", "inline")
    assert b"".join(shown.streaming_content) == PNG
    kept = asha.get(reverse("desk:attachment", args=[one.pk]))
    assert kept["Content-Disposition"].startswith("attachment")
    assert b"".join(kept.streaming_content) == PNG
    asha.force_login(cast.cara)
    assert asha.get(reverse("desk:attachment", args=[one.pk])).status_code == 404


def test_it_can_be_had_as_it_arrived(asha, cast):
    message = cast.mail("Byte for byte")
    raw = RawInbound.objects.get()
    response = asha.get(reverse("desk:raw", args=[raw.pk]))
    assert response.content == bytes(raw.content)
    assert response["Content-Disposition"] == f'attachment; filename="message-{message.pk}.eml"'
