"""The how-tos for Meta's networks, followed as a new administrator would, against the stand-in."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from sociable.conversations.models import Message
from sociable.directory import connecting
from sociable.directory.models import Account, ApprovedMessage, Connection
from tests.cast import Cast
from tests.journeys.on_meta import do
from tests.pages import Pages
from tests.servers.graph import APP, INSTAGRAM, PAGE, PHONE, SECRET, TOKEN, VERIFY, WABA, GraphNetwork

IDS = {
    "facebook": {"page_id": PAGE},
    "instagram": {"instagram_id": INSTAGRAM, "page_id": PAGE},
    "whatsapp": {"phone_number_id": PHONE, "waba_id": WABA},
}
WHERE = {"facebook": "page", "instagram": "instagram", "whatsapp": "whatsapp"}
READY = {
    "name": "hello",
    "language": "en",
    "status": "APPROVED",
    "category": "UTILITY",
    "id": "1",
    "components": [{"type": "BODY", "text": "Hello"}],
}


def typed(meta: GraphNetwork, kind: str) -> dict[str, str]:
    shared = {
        "access_token": TOKEN,
        "app_secret": SECRET,
        "verify_token": VERIFY,
        "app_id": APP,
        "server": meta.server.url,
    }
    return {**shared, **IDS[kind]}


@pytest.mark.parametrize("kind", ["facebook", "instagram", "whatsapp"])
def test_from_the_form_to_the_first_message(cast: Cast, office: Pages, network: GraphNetwork, kind: str) -> None:
    network.templates = [READY]
    Account.objects.filter(pk=cast.help.pk).update(channel=kind, address="")
    address = reverse("office:connection", args=[cast.help.pk])

    tried = office.submit(office.get(address).page.form(button="Save"), **typed(network, kind), **{"try": "yes"}).page
    assert "It works" in tried.text
    assert "The access token works without an end." in tried.text
    assert not Connection.objects.exists()

    office.submit(office.get(address).page.form(button="Save"), **typed(network, kind), save="yes")
    connection = Connection.objects.get(account=cast.help)
    kept = {"access_token": TOKEN, "app_secret": SECRET, "verify_token": VERIFY}
    assert connecting.unseal(connection.sealed_secrets) == kept
    assert not set(kept.values()) & set(connection.settings.values())
    assert connection.network_id == {"facebook": PAGE, "instagram": INSTAGRAM, "whatsapp": PHONE}[kind]

    page = office.get(address)
    assert not any(secret in page.content.decode() for secret in kept.values())
    (hook,) = re.findall(rf"/hooks/{kind}/[\w-]+/", page.page.text)
    asks = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": VERIFY}
    assert Client().get(hook, asks).content == b"1158201444"

    network.writes(network.person("Dev Patel"), "Is anybody there?", WHERE[kind])
    call = network.call()
    signature = {"x-hub-signature-256": call.headers["x-hub-signature-256"]}
    assert Client().post(hook, call.body, content_type="application/json", headers=signature).status_code == 200
    assert Message.objects.get(direction="in").conversation.account == cast.help
    do("approved", network.later(days=365))
    assert ApprovedMessage.objects.count() == (kind == "whatsapp")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"page_id": "LeedsCouncil"}, "Give the number that the page shows"),
        ({"access_token": "another"}, "no longer takes this account's access token"),
        ({"app_secret": "another"}, "appsecret_proof"),
        ({"server": "http://graph.facebook.com"}, "cross the network in the open"),
    ],
)
def test_what_cannot_work_is_said_and_nothing_is_kept(
    cast: Cast,
    office: Pages,
    network: GraphNetwork,
    changed: dict[str, Any],
    says: str,
) -> None:
    Account.objects.filter(pk=cast.help.pk).update(channel="facebook", address="")
    form = office.get(reverse("office:connection", args=[cast.help.pk])).page.form(button="Save")
    page = office.submit(form, **{**typed(network, "facebook"), **changed}, save="yes").page
    assert says in page.text
    assert not Connection.objects.exists()
