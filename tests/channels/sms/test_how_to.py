"""The how-to, followed as a new administrator would: a template that does not fit, one that does, the callback, the first text."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from sociable.conversations.models import Message
from sociable.directory.models import Account, Connection
from tests.cast import Cast
from tests.channels.sms.conftest import SETTINGS, TOM
from tests.office.conftest import dana, office  # noqa: F401 - fixtures
from tests.pages import Pages
from tests.servers.notify import API_KEY, CALLBACK_TOKEN, TEMPLATE, Notify


def test_an_account_is_connected_tried_called_and_texted(cast: Cast, office: Pages, notify: Notify) -> None:  # noqa: F811
    Account.objects.filter(pk=cast.help.pk).update(channel="sms", address="", handle="")
    where = reverse("office:connection", args=[cast.help.pk])
    given = {**SETTINGS, "api_url": notify.server.url, "fetches": "on"}
    notify.templates[TEMPLATE] = "Dear ((name)), ((message))"

    page = office.get(where).page
    assert "Nothing is heard and nothing can be sent until it is." in page.text
    form = page.form(button="Try it without saving")
    wrong = office.submit(form, **given, **{"try": "yes"}).page
    assert "The template should have the one placeholder ((message)); it has ((name)), ((message))." in wrong.text
    assert "Received texts can be read." in wrong.text
    notify.templates[TEMPLATE] = "((message))"
    right = office.submit(form, **given, **{"try": "yes"}).page
    assert "Texts can be sent with the template." in right.text

    done = office.submit(office.get(where).page.form(button="Save"), **given, save="yes")
    shown = office.get(done["Location"]).page
    assert not [secret for secret in (API_KEY, CALLBACK_TOKEN) if secret in shown.html]
    assert CALLBACK_TOKEN not in str(Connection.objects.get().settings)

    hook = urlsplit(next(word for word in shown.text.split() if "/hooks/sms/" in word)).path
    headers, body = notify.callback(notify.told(notify.text(TOM, "When is my bin day?")))
    posted = Client().post(hook, body, content_type="application/json", HTTP_AUTHORIZATION=headers["authorization"])
    assert posted.status_code == 200
    assert Message.objects.get().text == "When is my bin day?"
