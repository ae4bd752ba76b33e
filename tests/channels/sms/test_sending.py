"""Answers by text: sent once with the template, found again by their reference, refused in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sociable.channels.base import ChannelError, LogInRefused, OutcomeUnknown, RateLimited, SettingsRefused
from sociable.channels.sms.adapter import SmsAdapter
from tests.channels.sms.conftest import KEY, SETTINGS, TOM, all_of, outgoing, read
from tests.channels.sms.test_reading import Make
from tests.servers.notify import API_KEY, CALLBACK_TOKEN, SECRET, SENDER, TEMPLATE, Notify
from tests.servers.standin import Answer, say


def refused(adapter: SmsAdapter, **facts: Any) -> ChannelError:
    with pytest.raises(ChannelError) as trouble:
        adapter.send(outgoing(**facts))
    assert trouble.value.message.endswith(".")
    return trouble.value


def test_an_answer_is_sent_with_the_template_under_its_reference(notify: Notify, adapter_for: Make) -> None:
    handed: list[int] = []
    receipt = adapter_for().send(outgoing(), before_handover=lambda: handed.append(len(notify.sent)))
    (sent,) = notify.sent
    assert (sent.number, sent.body, sent.reference) == ("+447700900123", "We come on Friday.", outgoing().message_id)
    assert handed == [0]  # just before
    assert (receipt.state, receipt.remote_id) == ("accepted", f"sms:{sent.id}")
    assert receipt.reply_ref == {"number": "+447700900123"}
    assert notify.server.seen("POST")[0].json()["sms_sender_id"] == SENDER


def test_what_comes_back_is_in_the_thread_of_what_was_sent_first(notify: Notify, adapter_for: Make) -> None:
    receipt = adapter_for().send(outgoing())
    notify.text(TOM, "Thank you")
    assert read(all_of(adapter_for())[0][0]).thread_key == receipt.thread_key
    notify.sender = "LeedsCouncil"  # a name takes no texts, so nothing comes back to it
    assert adapter_for().send(outgoing(message_id="sociable:8.x")).thread_key == ""


@pytest.mark.parametrize("to", [("07700 900123",), (), ("tom@example.test",)])
def test_the_number_is_the_one_given_else_the_one_that_wrote(notify: Notify, adapter_for: Make, to: Any) -> None:
    adapter_for().send(outgoing(to=to, reply_ref={"number": "+447700900123"}))
    assert notify.sent[0].number == "+447700900123"


def test_another_placeholder_is_filled(notify: Notify, adapter_for: Make) -> None:
    notify.templates[TEMPLATE] = "((Our answer))"
    adapter_for(placeholder="((Our answer))").send(outgoing())
    assert notify.sent[0].body == "We come on Friday."


def test_what_is_stopped_at_the_last_instant_is_not_sent(notify: Notify, adapter_for: Make) -> None:
    def halt() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        adapter_for().send(outgoing(), before_handover=halt)
    assert not notify.sent


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"to": ("60123",)}, "“60123” is not a number"),
        ({"to": ()}, "is not a number"),
        ({"attachments": (("a.png", "image/png", b"x"),)}, "carries no files"),
    ],
)
def test_what_cannot_be_texted_is_refused_before_notify_is_asked(
    notify: Notify, adapter_for: Make, facts: Any, said: str
) -> None:
    error = refused(adapter_for(), **facts)
    assert error.permanent
    assert said in error.message
    assert not notify.server.asked


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"template_id": "00000000-0000-0000-0000-000000000000"}, "Template not found"),
        ({"placeholder": "body"}, "Missing personalisation: message"),
        ({"sms_sender_id": "00000000-0000-0000-0000-000000000000"}, "sms_sender_id does not exist"),
    ],
)
def test_what_notify_refuses_is_said_in_its_words(notify: Notify, adapter_for: Make, settings: Any, said: str) -> None:
    error = refused(adapter_for(**settings))
    assert error.permanent
    assert said in error.message


def test_limits_and_keys_are_not_the_writers_fault(notify: Notify, adapter_for: Make) -> None:
    notify.limit = "RateLimitError"
    limited = refused(adapter_for())
    assert isinstance(limited, RateLimited)
    assert limited.retry_after == timedelta(minutes=1)
    notify.limit, notify.revoked = "", True
    assert isinstance(refused(adapter_for()), LogInRefused)


def test_a_line_that_never_was_there_leaves_no_doubt(adapter_for: Make) -> None:
    error = refused(adapter_for(api_url="http://127.0.0.1:9"))
    assert not isinstance(error, OutcomeUnknown)
    assert not error.permanent


Break = Callable[[Notify], None]
accepted: dict[str, Break] = {
    "hangs up": lambda notify: notify.server.fail("POST", None, after=True),
    "says 500": lambda notify: notify.server.fail("POST", Answer(500, b""), after=True),
    "says 503": lambda notify: notify.server.fail("POST", Answer(503, b"{}"), after=True),
    "says nonsense": lambda notify: notify.server.fail("POST", Answer(201, b"<html>"), after=True),
    "says half": lambda notify: notify.server.fail("POST", say(201, {"reference": "x"}), after=True),
}


@pytest.mark.parametrize("breaks", accepted.values(), ids=accepted)
def test_what_was_accepted_before_notify_went_quiet_is_found(notify: Notify, adapter_for: Make, breaks: Break) -> None:
    breaks(notify)
    with pytest.raises(OutcomeUnknown):
        adapter_for().send(outgoing())
    adapter_for().send(outgoing(message_id="sociable:8.x"))
    found = adapter_for().find(outgoing())
    assert found is not None
    assert (found.state, found.remote_id) == ("accepted", f"sms:{notify.sent[0].id}")
    notify.sent[0].status = "delivered"
    again = adapter_for().find(outgoing())
    assert again is not None
    assert again.state == "delivered"


def test_what_was_not_accepted_is_not_found(notify: Notify, adapter_for: Make) -> None:
    adapter_for().send(outgoing(message_id="sociable:8.x"))  # the same words under another reference
    notify.server.fail("POST", None)
    with pytest.raises(OutcomeUnknown):
        adapter_for().send(outgoing())
    assert adapter_for().find(outgoing()) is None


def test_another_systems_text_is_never_taken_for_ours(notify: Notify, adapter_for: Make) -> None:
    other = {"notifications": [{"id": "1", "reference": "library-7", "status": "delivered"}], "links": {}}
    notify.server.fail("GET", say(200, other))
    assert adapter_for().find(outgoing()) is None


@pytest.mark.parametrize("status", ["permanent-failure", "temporary-failure", "technical-failure"])
def test_what_notify_had_and_could_not_deliver_is_for_a_person(notify: Notify, adapter_for: Make, status: str) -> None:
    adapter_for().send(outgoing())
    notify.sent[0].status = status
    with pytest.raises(ChannelError, match="Notify had it") as told:
        adapter_for().find(outgoing())
    assert told.value.permanent


def test_a_notify_that_cannot_be_asked_leaves_the_doubt(notify: Notify, adapter_for: Make) -> None:
    notify.server.fail("GET", Answer(503, b""))
    with pytest.raises(ChannelError) as trouble:
        adapter_for().find(outgoing())
    assert not trouble.value.permanent


def test_a_reference_is_this_installations_own() -> None:
    made = SmsAdapter.message_id_for(3, 7, "", KEY)
    assert SmsAdapter.is_ours(made, KEY)
    assert SmsAdapter.is_ours(f"{made}:2", KEY)  # sent anew
    assert not SmsAdapter.is_ours(made, b"another key")
    assert not SmsAdapter.is_ours(made.replace("7", "8", 1), KEY)
    assert made != SmsAdapter.message_id_for(3, 8, "", KEY)


# Settings and the check-up


@pytest.mark.parametrize(
    ("settings", "field", "said"),
    [
        ({"api_key": ""}, "api_key", "whole key"),
        ({"api_key": SECRET}, "api_key", "whole key"),
        ({"template_id": "answer"}, "template_id", "five groups"),
        ({"sms_sender_id": "LeedsCouncil"}, "sms_sender_id", "five groups"),
        ({"placeholder": "((a)) ((b))"}, "placeholder", "between the double brackets"),
        ({"callback_token": "short"}, "callback_token", "at least ten"),
        ({"callback_token": "geheim-und-länger"}, "callback_token", "plain letters"),
        ({"api_url": "http://gateway.leeds.test"}, "api_url", "https://"),
        ({"api_url": "https://gateway.leeds.test/notify"}, "api_url", "https://"),
        ({"api_url": "https://[bad"}, "api_url", "https://"),
        ({"colour": "blue"}, "colour", "no setting called"),
    ],
)
def test_settings_that_cannot_work_are_refused_by_the_field(settings: Any, field: str, said: str) -> None:
    with pytest.raises(SettingsRefused) as problem:
        SmsAdapter.from_settings(SETTINGS | settings)
    assert list(problem.value.problems) == [field]
    assert said in problem.value.problems[field]


def test_a_check_says_what_works(adapter_for: Make) -> None:
    findings = adapter_for().check()
    assert [(finding.ok, finding.what) for finding in findings] == [
        (True, "Texts can be sent with the template."),
        (True, "Received texts can be read."),
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Hello", "it has none"),
        ("((name)): ((message))", "it has ((name)), ((message))"),
        ("((text))", "it has ((text))"),
    ],
)
def test_a_template_that_would_fail_later_is_found_now(notify: Notify, adapter_for: Make, body: str, said: str) -> None:
    notify.templates[TEMPLATE] = body
    wrong = adapter_for().check()[0]
    assert not wrong.ok
    assert said in wrong.what
    assert wrong.mend


def test_a_check_says_what_does_not_work_and_how_to_mend_it(notify: Notify, adapter_for: Make) -> None:
    notify.revoked = True
    findings = adapter_for(callback_token="").check()
    assert [finding.ok for finding in findings] == [False, False, False]
    assert all(finding.mend and finding.what.endswith(".") for finding in findings)


def test_no_key_and_no_words_are_ever_written_to_the_log(
    notify: Notify, adapter_for: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    notify.text(TOM, "a private matter")
    adapter = adapter_for()
    all_of(adapter)
    adapter.send(outgoing())
    notify.server.fail("POST", Answer(400, b'{"errors": [{"error": "ValidationError", "message": "x"}]}'))
    refused(adapter)
    secrets = [API_KEY, SECRET, CALLBACK_TOKEN, "We come on Friday", "a private matter", "447700900123"]
    assert not [secret for secret in secrets if secret in caplog.text]
    assert not [secret for secret in secrets if secret in repr(adapter.config)]


def test_listing_the_channels_does_not_load_the_client_library() -> None:
    import subprocess
    import sys

    code = (
        "import sys; import sociable.channels.sms.adapter as sms; assert 'requests' not in sys.modules; sms.SmsAdapter"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
