"""The how-to, followed as a new administrator would: keys that are wrong, keys that work, the webhook, the first mention."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from django.test import Client
from django.urls import reverse

from sociable.conversations.models import Message
from sociable.directory.models import Account, Connection
from sociable.due import services as due
from sociable.worker.loop import JOURNEYS
from tests.cast import Cast, at
from tests.office.conftest import dana, office  # noqa: F401 - fixtures
from tests.pages import Pages
from tests.servers.x import HELP, KEYS, XNetwork


def test_an_account_is_connected_tried_called_and_mentioned(cast: Cast, office: Pages, network: XNetwork) -> None:  # noqa: F811
    Account.objects.filter(pk=cast.help.pk).update(channel="x", address="", handle="")
    network.now = at(9)
    network.post(network.user("ann").id, "@HelpLeeds the past")
    where = reverse("office:connection", args=[cast.help.pk])
    keys = {**KEYS, "api_url": network.server.url, "only_new": "on", "fetches": "on"}

    page = office.get(where).page
    assert "Nothing is heard and nothing can be sent until it is." in page.text
    assert "Bearer token (optional)" in page.text
    assert "Access token (optional)" not in page.text
    form = page.form(button="Try it without saving")
    wrong = office.submit(form, **keys | {"consumer_secret": "another"}, **{"try": "yes"}).page
    assert "X no longer takes the keys of this account" in wrong.text
    assert "Copy the four keys anew" in wrong.text
    right = office.submit(form, **keys, **{"try": "yes"}).page
    assert KEYS["consumer_secret"] in right.html  # typed a moment ago, and to be saved now without typing it again
    for said in ("X knows these keys as @HelpLeeds.", "Mentions can be read.", "Direct messages can be read."):
        assert said in right.text
    assert not Connection.objects.exists()

    done = office.submit(office.get(where).page.form(button="Save"), **keys, save="yes")
    shown = office.get(done["Location"]).page
    connection = Connection.objects.get()
    assert connection.network_id == HELP
    assert not [secret for secret in KEYS.values() if secret in str(connection.settings) + shown.html]

    hook = urlsplit(next(word for word in shown.text.split() if "/hooks/x/" in word)).path
    assert Client().get(hook, {"crc_token": "a-token"}).json() == network.challenge("a-token")
    network.now = at(10)
    told = json.dumps(network.told(network.post(network.user("tom").id, "@HelpLeeds hello"))).encode()
    headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in network.signed(told).items()}
    assert Client().post(hook, told, content_type="application/json", **headers).status_code == 200
    for row in due.claim(at(23), 50, ["fetch"]):
        JOURNEYS["fetch"](row, at(23))
    assert [message.text for message in Message.objects.all()] == ["@HelpLeeds hello"]  # once, and nothing of the past
