"""WhatsApp's own worked examples are read by our parser, and the description that judges our stand-in is mended no more than it needs."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from sociable.channels.base import CallRefused
from tests.channels.meta import WHATSAPP, heard, whatsapp
from tests.conftest import sample_data
from tests.servers import whatsapp_description
from tests.servers.graph import GraphNetwork, signed
from tests.servers.standin import JSON, Asked, Judge, read_description

# These examples contradict the description they stand in: a kind of phone, and numbers where it demands text or the other way.
CONTRADICT_THEMSELVES = {
    "Contact Sharing Message",
    "Group Create Message",
    "Group Settings Update",
    "Group Remove Participants",
}
READ_AS = {
    "Text Message": ("said", "Does it come in another color?"),
    "Text Message with Context (Product Inquiry)": ("said", "Is this still available?"),
    "Text Message from Click to WhatsApp Ad": ("said", "Hello! Can I get more info on this?\n(They came by: Chat with us https://fb.me/3cr4Wqqkv)"),
    "Reaction Message": ("noted", "They reacted: 👍"),
    "Image Message": ("said", "Taj Mahal"),
    "Location Message": ("said", "A place: Philz Coffee, 101 Forest Ave, Palo Alto, CA 94301, 37.44221496582, -122.16165924072, https://philzcoffee.com/"),
    "Contact Sharing Message": ("said", "A contact: Lucía Gómez +1 (983) 555-2319"),
    "Unsupported Message": ("said", ""),
    "Button Message": ("said", "Unsubscribe"),
    "Interactive List Reply Message": ("said", "Priority Mail Express\nNext Day to 2 Days"),
    "Interactive Button Reply Message": ("said", "Cancel"),
    "Order Message": ("said", "An order: 2 of di9ozbzfi4, 1 of nqryix03ez"),
    "System Message": ("noted", "User Sheena Nelson changed from 16505551234 to 12195555358"),
    "Group Create Message": ("noted", "A group was made or ended."),
    "Group Settings Update": ("noted", "A group's settings changed."),
    "Group Remove Participants": ("noted", "Somebody joined or left a group."),
}  # fmt: skip


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    return read_description(sample_data("specs", WHATSAPP))


@pytest.fixture(scope="module")
def examples(published: dict[str, Any]) -> dict[str, Any]:
    body = published["paths"]["/whatsapp/webhooks"]["post"]["requestBody"]
    return {name: example["value"] for name, example in body["content"]["application/json"]["examples"].items()}


def complaints(mend: Callable[[dict[str, Any]], dict[str, Any]], payload: dict[str, Any]) -> list[str]:
    judge = Judge(sample_data("specs", WHATSAPP), "https://graph.facebook.com", mend=mend)
    headers = {"content-type": "application/json", "authorization": "Bearer x", "user-agent": "Meta/1.0.0"}
    judge.asked(Asked("POST", "/whatsapp/webhooks", headers, json.dumps(payload).encode()))
    return judge.complaints


def test_every_worked_example_of_a_webhook_is_read(network: GraphNetwork, examples: dict[str, Any]) -> None:
    assert set(examples) == set(READ_AS)
    for name, payload in examples.items():
        (parsed,) = heard(whatsapp(network), signed(json.dumps(payload).encode()))
        assert (parsed.happening, parsed.text) == READ_AS[name], name
        assert bool(parsed.problems) == (name == "Unsupported Message")
        if parsed.happening == "said":
            assert (parsed.from_address, parsed.from_name) == ("+16505551234", "Sheena Nelson")
            assert parsed.message_id.startswith("whatsapp:wamid.")


def test_all_of_them_in_one_call_are_as_many_events(network: GraphNetwork, examples: dict[str, Any]) -> None:
    entries = [entry for payload in examples.values() for entry in payload["entry"]]
    call = signed(json.dumps({"object": "whatsapp_business_account", "entry": entries}).encode())
    assert len(whatsapp(network).hear(call).items) == len(examples)
    with pytest.raises(CallRefused):
        whatsapp(network).hear(signed(call.body, "another secret"))


def test_the_examples_fit_the_mended_description(examples: dict[str, Any]) -> None:
    for name, payload in examples.items():
        found = complaints(whatsapp_description.mended, payload)
        assert bool(found) == (name in CONTRADICT_THEMSELVES), (name, found)


FORM = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n--b--\r\n'
TEXT = {
    "messaging_product": "whatsapp",
    "recipient_type": "individual",
    "to": "44",
    "type": "text",
    "text": {"body": "x"},
}
KEYED = {**TEXT, "biz_opaque_callback_data": "sociable:7"}


@pytest.mark.parametrize("mend", whatsapp_description.MENDS, ids=lambda mend: mend.__name__)
def test_each_mend_is_needed(mend: Any, examples: dict[str, Any]) -> None:
    """Without it the description refuses an example of its own, or what its pages tell to send."""

    def all_but_this(described: dict[str, Any]) -> dict[str, Any]:
        for other in whatsapp_description.MENDS:
            if other is not mend:
                other(described)
        return described

    judge = Judge(sample_data("specs", WHATSAPP), "https://graph.facebook.com", mend=all_but_this)
    sent = [("/v23.0/1/messages", JSON, json.dumps(body).encode()) for body in (TEXT, KEYED)]
    sent += [("/v23.0/1/media", "multipart/form-data; boundary=b", FORM)]
    sent += [("/whatsapp/webhooks", JSON, json.dumps(payload).encode()) for payload in examples.values()]
    for path, kind, body in sent:
        judge.asked(
            Asked("POST", path, {"content-type": kind, "authorization": "Bearer x", "user-agent": "Meta/1.0.0"}, body)
        )
    named = any("'group_participants_update' is not one of" in complaint for complaint in judge.complaints)
    assert len(judge.complaints) > len(CONTRADICT_THEMSELVES) or named


def test_the_mended_description_still_refuses_what_is_wrong(
    published: dict[str, Any], examples: dict[str, Any]
) -> None:
    wrong = copy.deepcopy(examples["Text Message"])
    wrong["entry"][0]["changes"][0]["value"]["messages"][0]["text"] = {"body": 7}
    assert complaints(whatsapp_description.mended, wrong)
    wrong["entry"][0]["changes"][0]["value"]["messages"][0] = {"type": "text", "text": {"body": "no sender"}}
    assert complaints(whatsapp_description.mended, wrong)
