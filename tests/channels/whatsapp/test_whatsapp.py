"""A WhatsApp number, against a stand-in that is held to WhatsApp's published description."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.base import ChannelError, Fetches, Finds, OutcomeUnknown
from sociable.channels.graph.trouble import Refused
from tests.channels.meta import answer, heard, whatsapp
from tests.servers.graph import BEGINNING, INSTAGRAM, PHONE, SHOWN_NUMBER, WABA, GraphNetwork, signed

PNG = ("bin.png", "image/png", b"\x89PNG a bin")
PDF = ("form.pdf", "application/pdf", b"%PDF")
READY = {
    "name": "bin_day", "language": "en_GB", "status": "APPROVED", "category": "UTILITY", "id": "1",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "About {{1}}"},
        {"type": "BODY", "text": "Hello {{1}}, your bin day is {{2}}."},
        {"type": "FOOTER", "text": "Leeds Council"},
    ],
}  # fmt: skip
NAMED = {
    "name": "named", "language": "cy", "status": "APPROVED", "category": "UTILITY", "id": "2",
    "components": [{"type": "BODY", "text": "Helo {{first_name}}."}],
}  # fmt: skip
NOT_HERE = [
    {**READY, "name": "refused", "status": "REJECTED"},
    {**READY, "name": "picture", "components": [{"type": "HEADER", "format": "IMAGE"}, READY["components"][1]]},
    {**READY, "name": "button", "components": [READY["components"][1], {"type": "BUTTONS", "buttons": [{"type": "URL", "text": "Go", "url": "https://x.test/{{1}}"}]}]},
]  # fmt: skip


def asked(network: GraphNetwork, text: str = "Bins?", **facts: Any) -> Any:
    network.writes(network.person("Dev Patel"), text, "whatsapp", **facts)
    return heard(whatsapp(network), network.call())[0]


def test_a_message_is_read(network: GraphNetwork) -> None:
    parsed = asked(network, "Bins? 👍🏽")
    person = parsed.reply_ref["person"]
    assert (parsed.text, parsed.from_name, parsed.from_address) == ("Bins? 👍🏽", "Dev Patel", f"+{person}")
    assert (parsed.identity_kind, parsed.visibility, parsed.sent_at) == ("phone", "private", BEGINNING)
    assert parsed.thread_key == f"whatsapp:talk:{PHONE}:{person}"
    assert parsed.message_id.startswith("whatsapp:wamid.")
    assert parsed.may_acknowledge


def test_a_picture_is_brought_by_its_id(network: GraphNetwork) -> None:
    parsed = asked(network, "My bin", files=(("image/png", b"a picture"),))
    (file,) = parsed.files
    assert (parsed.text, file.declared_type) == ("My bin", "image/png")
    assert whatsapp(network).download(file.ref, 100) == b"a picture"
    assert "authorization" in network.server.seen("GET /files")[0].headers
    with pytest.raises(ChannelError, match="larger"):
        whatsapp(network).download(file.ref, 5)
    for ref in ("../me", "9900999", ""):
        with pytest.raises(ChannelError) as refused:
            whatsapp(network).download(ref, 100)
        assert refused.value.permanent


def test_edits_and_removals_name_the_message_they_are_about(network: GraphNetwork) -> None:
    talk = network.writes(network.person("Dev"), "Bins?", "whatsapp")
    payloads = [network._edit_call(talk, 1), network._taken_back(talk)]
    edited, gone = heard(
        whatsapp(network),
        signed(
            json.dumps({"object": "whatsapp_business_account", "entry": [p["entry"][0] for p in payloads]}).encode()
        ),
    )
    assert (edited.happening, edited.about_id, edited.text) == ("edited", f"whatsapp:{talk.id}", "Bins?")
    assert (gone.happening, gone.about_id) == ("withdrawn", f"whatsapp:{talk.id}")


def test_what_a_colleague_wrote_on_the_phone_is_ours(network: GraphNetwork) -> None:
    dev = network.person("Dev")
    talk = network.colleague_writes(dev, "On Tuesday", "whatsapp")
    (parsed,) = heard(whatsapp(network), signed(json.dumps(network.calls[0]).encode()))
    assert (parsed.by_account, parsed.text, parsed.thread_key) == (True, "On Tuesday", f"whatsapp:talk:{PHONE}:{dev}")
    assert (parsed.message_id, parsed.to, parsed.from_name) == (f"whatsapp:{talk.id}", (f"+{dev}",), "")


def test_one_webhook_serves_several_numbers_and_people(network: GraphNetwork) -> None:
    dev, jo = network.person("Dev"), network.person("Jo")
    network.writes(dev, "One", "whatsapp")
    network.writes(jo, "Two", "whatsapp")
    body = json.loads(network.call().body)
    first, second = (entry["changes"][0]["value"] for entry in body["entry"])
    together = {
        **first,
        "messages": first["messages"] + second["messages"],
        "contacts": first["contacts"] + second["contacts"],
    }
    other = {**second, "metadata": {"display_phone_number": "1", "phone_number_id": "999"}}
    entry = {"id": WABA, "changes": [{"field": "messages", "value": together}, {"field": "messages", "value": other}]}
    call = signed(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())
    items = whatsapp(network).hear(call).items
    assert [item.to_account for item in items] == [PHONE, PHONE, "999"]
    assert [(parsed.text, parsed.from_name) for parsed in heard(whatsapp(network), call)] == [
        ("One", "Dev"),
        ("Two", "Jo"),
        ("Two", "Jo"),
    ]


def test_an_answer_leaves_with_our_key_and_every_report_brings_it_back(network: GraphNetwork) -> None:
    adapter = whatsapp(network)
    receipt = adapter.send(answer(asked(network)))
    (sent,) = network.server.seen("POST .*messages")
    assert sent.json()["biz_opaque_callback_data"] == "sociable:7"
    assert sent.json()["text"] == {"body": "On Tuesday.", "preview_url": False}
    talk = network.talks[receipt.remote_id.removeprefix("whatsapp:")]
    for became in ("sent", "delivered", "read"):
        network.told(talk, became)
    network.told(talk, "failed", 131026, "Message undeliverable")
    told = heard(adapter, network.call())
    assert [parsed.delivery.state for parsed in told] == ["accepted", "delivered", "delivered", "failed"]
    assert {(parsed.happening, parsed.about_id, parsed.references) for parsed in told} == {
        ("delivery", receipt.remote_id, ("sociable:7",))
    }
    assert "not on WhatsApp" in told[3].delivery.detail
    assert (
        len(
            {
                item.remote_id
                for item in adapter.hear(
                    network.call(*[network._status(talk, became, 0, "") for became in ("sent", "read")])
                ).items
            }
        )
        == 2
    )


def test_after_a_day_words_come_back_and_a_template_gets_there(network: GraphNetwork) -> None:
    network.templates = [READY]
    adapter, parsed = whatsapp(network), asked(network)
    sent_at = network.later(hours=25)
    adapter.send(answer(parsed, sent_at=sent_at))
    (failed,) = heard(adapter, network.call())
    assert failed.delivery.state == "failed"
    assert "approved template" in failed.delivery.detail
    filled = {
        "name": "bin_day",
        "language": "en_GB",
        "values": {"header.1": "bins", "body.1": "Dev", "body.2": "Tues\nday"},
    }
    adapter.send(answer(parsed, "Hello Dev, ...", sent_at=sent_at, template=filled))
    template = network.server.seen("POST .*messages")[-1].json()["template"]
    assert template["components"] == [
        {"type": "header", "parameters": [{"type": "text", "text": "bins"}]},
        {"type": "body", "parameters": [{"type": "text", "text": "Dev"}, {"type": "text", "text": "Tues day"}]},
    ]
    assert not network.calls


def test_templates_that_can_be_filled_in_here_are_listed(network: GraphNetwork) -> None:
    network.templates = [READY, *NOT_HERE, NAMED]
    ready, named = whatsapp(network).templates()
    assert (ready.name, ready.language, ready.category) == ("bin_day", "en_GB", "utility")
    assert ready.text == "About {{header.1}}\n\nHello {{body.1}}, your bin day is {{body.2}}.\n\nLeeds Council"
    assert ready.blanks == ("header.1", "body.1", "body.2")
    assert named.blanks == ("body.first_name",)
    parsed = asked(network)
    whatsapp(network).send(
        answer(parsed, template={"name": "named", "language": "cy", "values": {"body.first_name": "Dev"}})
    )
    (parameter,) = network.server.seen("POST .*messages")[-1].json()["template"]["components"][0]["parameters"]
    assert parameter["parameter_name"] == "first_name"


def test_many_templates_are_listed_page_by_page(network: GraphNetwork) -> None:
    network.templates = [{**READY, "name": f"t{number}"} for number in range(250)]
    assert len(whatsapp(network).templates()) == 250


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ({"name": "gone", "language": "en_GB", "values": {}}, "no approved template"),
        ({"name": "bin_day", "language": "en_GB", "values": {"body.1": "Dev"}}, "another number of blanks"),
        ({"name": "bin_day", "language": "en_GB", "values": {"body.1": " "}}, "left empty"),
    ],
)
def test_a_template_that_cannot_be_sent_says_why(network: GraphNetwork, template: dict[str, Any], words: str) -> None:
    network.templates = [READY]
    with pytest.raises(ChannelError, match=words) as refused:
        whatsapp(network).send(answer(asked(network), template=template))
    assert refused.value.permanent


def test_words_under_a_picture_are_one_message_with_it(network: GraphNetwork) -> None:
    parsed = asked(network)
    whatsapp(network).send(answer(parsed, attachments=(PNG, PDF)))
    one, two = (sent.json() for sent in network.server.seen("POST .*messages"))
    assert (one["type"], one["image"]["caption"]) == ("image", "On Tuesday.")
    assert (two["type"], two["document"]["filename"]) == ("document", "form.pdf")


def test_words_too_long_for_that_go_first(network: GraphNetwork) -> None:
    whatsapp(network).send(answer(asked(network), "x" * 1025, attachments=(PNG,)))
    assert [sent.json()["type"] for sent in network.server.seen("POST .*messages")] == ["text", "image"]


def test_a_large_picture_goes_as_a_document(network: GraphNetwork) -> None:
    large = ("photo.jpg", "image/jpeg", b"\xff\xd8" + bytes(10 * 1024 * 1024))
    whatsapp(network).send(answer(asked(network), attachments=(large,)))
    (sent,) = network.server.seen("POST .*messages")
    assert sent.json()["type"] == "document"


def test_a_doubt_cannot_be_asked_about_and_the_report_tells(network: GraphNetwork) -> None:
    adapter, outgoing = whatsapp(network), answer(asked(network))
    network.server.fail("POST", None, after=True)
    with pytest.raises(OutcomeUnknown):
        adapter.send(outgoing)
    with pytest.raises(ChannelError, match="delivery report") as refused:
        adapter.find(outgoing)
    assert refused.value.permanent
    assert isinstance(adapter, Finds)
    network.told(next(talk for talk in network.talks.values() if talk.by_us), "delivered")
    assert heard(adapter, network.call())[0].references == (outgoing.message_id,)


def test_there_is_nothing_to_fetch() -> None:
    from sociable.channels.whatsapp.adapter import WhatsAppAdapter

    assert not issubclass(WhatsAppAdapter, Fetches)


def test_news_of_the_account_ask_nothing(network: GraphNetwork) -> None:
    fields = ("account_update", "message_template_status_update", "phone_number_quality_update")
    entry = {"id": WABA, "changes": [{"field": field, "value": {"event": "X"}} for field in fields]}
    told = heard(
        whatsapp(network), signed(json.dumps({"object": "whatsapp_business_account", "entry": [entry]}).encode())
    )
    assert [parsed.happening for parsed in told] == ["noted"] * 3
    assert all(parsed.text.endswith(".") for parsed in told)


def test_a_check_subscribes_and_says_where_no_template_is_ready(network: GraphNetwork) -> None:
    found = whatsapp(network).check()
    assert [finding.ok for finding in found] == [True, True, True, False]
    assert "after 24 hours nobody can be answered" in found[3].what
    assert WABA in network.subscribed
    network.templates = [READY]
    assert all(finding.ok for finding in whatsapp(network).check())


def test_it_says_who_it_is(network: GraphNetwork) -> None:
    network.token_ends = BEGINNING + timedelta(days=2)
    who = whatsapp(network).who()
    assert (who.network_id, who.handle, who.link) == (PHONE, "+1 555-078-3881", f"https://wa.me/{SHOWN_NUMBER}")
    assert who.expires_at == network.token_ends
    assert INSTAGRAM not in who.link
    network.revoked = True
    assert [finding.ok for finding in whatsapp(network).check()] == [False]


def test_too_many_letters_are_refused_for_good(network: GraphNetwork) -> None:
    with pytest.raises(Refused, match="4096"):
        whatsapp(network).send(answer(asked(network), "x" * 4097))
