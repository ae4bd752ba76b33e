"""Each kind of route against something that answers as the real one does: what arrives, what is refused, what hangs."""

from __future__ import annotations

import base64
import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import http_ece
import pytest
from apprise.manager_plugins import NotificationManager
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from sociable.channels import outside
from sociable.channels.base import ChannelError, OutcomeUnknown, RateLimited
from sociable.channels.notices import apprise, push
from sociable.channels.notices.base import Parcel
from sociable.channels.notices.carriers import CARRIERS
from sociable.channels.notices.email import EmailCarrier
from sociable.config import settings
from tests.cast import MONDAY_10
from tests.channels.sms.conftest import SETTINGS
from tests.servers.notify import notify_service
from tests.servers.smtp import Scripted, scripted_smtp
from tests.servers.standin import Answer, Asked, StandIn, say, serving

ALLOWED = {
    "services": ["json", "ntfy", "gotify", "mmost", "slack", "workflows"],
    "hosts": ["127.0.0.1", "*.logic.azure.com"],
}


def parcel(address: str, **means: Any) -> Parcel:
    return Parcel(
        key="<notice.7@example.org>", address=address, title="Ashby Help: a request came in", text="You are on duty.",
        link="https://sociable.example.org/desk/c/1/", tap="https://sociable.example.org/told/x/", at=MONDAY_10, means=means or ALLOWED,
    )  # fmt: skip


@pytest.fixture
def web() -> Iterator[StandIn]:
    """A server that says yes to all, and keeps what it was asked."""
    with serving(StandIn(lambda asked: say(200, {"id": 1}))) as running:
        yield running


def there(web: StandIn, scheme: str, path: str) -> str:
    return f"{scheme}://{web.url.removeprefix('http://')}/{path}"


# -- Apprise ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scheme", "path"), [("json", "hook"), ("ntfy", "help-team"), ("gotify", "token12345"), ("mmost", "abcdef1234567")]
)
def test_apprise_carries_title_reason_and_both_links(web, scheme, path):
    said = CARRIERS["apprise"].hand_over(parcel(there(web, scheme, path)))
    assert said.endswith("took it.")
    (asked,) = web.seen(".*")
    told = asked.body.decode()
    for part in ("a request came in", "You are on duty.", "told/x", "desk/c/1"):
        assert part in told


def test_what_a_service_refuses_is_said_without_its_address(web):
    web.fail(".*", Answer(500, b"no"))
    with pytest.raises(ChannelError) as refused:
        CARRIERS["apprise"].hand_over(parcel(there(web, "json", "secret-path-of-a-chat")))
    assert "JSON" in refused.value.message
    assert "500" in refused.value.message
    assert "secret-path" not in refused.value.message
    assert not refused.value.permanent


def test_a_server_that_is_down_is_a_failure_and_not_a_doubt():
    with pytest.raises(ChannelError) as refused:
        CARRIERS["apprise"].hand_over(parcel("json://127.0.0.1:1/x"))
    assert not isinstance(refused.value, OutcomeUnknown)


def test_a_service_that_hangs_is_given_up_as_a_doubt(monkeypatch):
    monkeypatch.setattr(apprise, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(apprise, "READ_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ChannelError) as given_up:
        CARRIERS["apprise"].hand_over(parcel(f"json://127.0.0.1:{silent.getsockname()[1]}/hangs"))
    assert isinstance(given_up.value, OutcomeUnknown)


@pytest.mark.parametrize(
    "address", ["", "two words", "nonsense", "unheard://x", "syslog://localhost", "dbus://", "json://" + "x" * 3000]
)
def test_an_address_that_reaches_nobody_is_refused_in_words(address):
    with pytest.raises(ChannelError, match=r"Enter one address|no address that Apprise can use"):
        CARRIERS["apprise"].check(address, ALLOWED)


def test_an_address_copied_from_teams_or_slack_is_understood():
    teams = (
        "https://prod-01.westeurope.logic.azure.com:443/workflows/"
        + "a" * 32
        + "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers&sv=1.0&sig=abcdefgh"
    )
    assert CARRIERS["apprise"].check(teams, ALLOWED) == teams
    assert CARRIERS["apprise"].place(parcel(teams)).startswith("NotifyWorkflows")


# -- Email -------------------------------------------------------------------------------------------------------------------


def mail_to(server: Scripted) -> Parcel:
    means = {
        "address": "sociable@example.org",
        "smtp_host": "127.0.0.1",
        "smtp_port": server.port,
        "smtp_security": "none",
    }
    return replace(parcel("asha@example.org"), means=means)


def test_mails_that_follow_one_another_take_the_connection_that_is_free_and_it_is_let_go_when_none_follows():
    carrier = EmailCarrier()
    with scripted_smtp() as server:
        for _ in range(2):
            assert carrier.hand_over(mail_to(server)).startswith("The mail server took it")
        (kept,) = carrier._free.values()
        assert len(kept) == 1
        carrier.rest(60)
        assert carrier._free
        carrier.rest(0)
        assert not carrier._free
        server.data = "554 5.6.0 not this"
        with pytest.raises(ChannelError):
            carrier.hand_over(mail_to(server))
        assert not carrier._free
    assert len(server.taken) == 2


# -- Whom it may call ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("json://127.0.0.1/x", "do not go by JSON here"),
        ("mmost://chat.example.org/abcdef1234567", "do not go to chat.example.org here"),
        ("workflows://logic.azure.com.example.org/abc/def", "do not go to logic.azure.com.example.org here"),
        ("mmost://inside.example.net/abcdef1234567", ""),
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", ""),
        ("ntfy://help-team", ""),
    ],
)
def test_only_services_and_servers_that_are_allowed_are_called(address, said):
    means = {"services": ["mmost", "slack", "ntfy", "workflows"], "hosts": ["inside.example.net", "*.logic.azure.com"]}
    if not said:
        assert CARRIERS["apprise"].check(address, means) == address
        return
    with pytest.raises(ChannelError, match=said) as refused:
        CARRIERS["apprise"].check(address, means)
    assert refused.value.permanent
    with pytest.raises(ChannelError, match=said):  # it may have been allowed when it was entered
        CARRIERS["apprise"].hand_over(parcel(address, **means))


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1", "10.1.2.3", "192.168.0.9", "169.254.169.254", "0.0.0.0", "2130706433", "100.64.0.1"],
)
def test_a_server_that_is_not_named_must_lead_outside(host):
    with pytest.raises(ChannelError, match="own network"):
        CARRIERS["apprise"].check(f"json://{host}:8080/x", {"services": ["json"], "hosts": ["*"]})


def test_a_name_that_leads_elsewhere_a_moment_later_is_refused_before_a_word_is_sent(web, monkeypatch):
    monkeypatch.setattr(outside, "leads_inside", lambda host: False)  # so it was when it was looked up
    address = there(web, "json", "x").replace("127.0.0.1", "localhost")
    with pytest.raises(ChannelError) as refused:
        CARRIERS["apprise"].hand_over(parcel(address, services=["json"], hosts=["*"]))
    assert not isinstance(refused.value, OutcomeUnknown)
    assert web.seen(".*") == []
    CARRIERS["apprise"].hand_over(parcel(address, services=["json"], hosts=["localhost"]))
    assert len(web.seen(".*")) == 1


def test_nobody_is_sent_on_to_another_server(web):
    with serving(StandIn(lambda asked: say(200, {}))) as inside:
        web.fail(".*", Answer(307, b"", headers={"Location": f"{inside.url}/secret"}))
        with pytest.raises(ChannelError):
            CARRIERS["apprise"].hand_over(parcel(there(web, "json", "x") + "?redirect=yes"))
        assert inside.seen(".*") == []


def test_every_service_that_is_allowed_without_asking_speaks_by_what_is_checked():
    assert settings.USUAL_ALERT_SERVICES
    for name in settings.USUAL_ALERT_SERVICES:
        service = NotificationManager()[name]
        assert any("requests" in vars(module) for module in apprise._modules(service)), name


def test_a_browser_inside_the_own_network_is_not_called(pushes, signed):
    with pytest.raises(ChannelError, match="own network") as refused:
        CARRIERS["push"].hand_over(parcel(pushes.subscription, **{**signed, "hosts": []}))
    assert refused.value.permanent
    assert pushes.heard == []
    with pytest.raises(ChannelError, match="not safe"):
        CARRIERS["push"].check(pushes.subscription, {})


# -- Browser push ------------------------------------------------------------------------------------------------------------


class PushService:
    """What a browser's maker runs, and the browser behind it: checks who signed, and opens what was sealed."""

    def __init__(self) -> None:
        self.browser, self.auth = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        self.heard: list[dict[str, Any]] = []
        self.says = Answer(201)
        self.web = StandIn(self._answer)

    @property
    def subscription(self) -> str:
        point = self.browser.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": b64(point), "auth": b64(self.auth)}
        return json.dumps({"endpoint": f"{self.web.url}/push/1", "expirationTime": None, "keys": keys})

    def _answer(self, asked: Asked) -> Answer:
        signed = asked.headers["authorization"]
        assert Vapid02.verify(signed)
        claims = json.loads(base64.urlsafe_b64decode(signed.split("t=")[1].split(".")[1].split(",")[0] + "=="))
        if self.says.status == 201:
            opened = http_ece.decrypt(asked.body, private_key=self.browser, auth_secret=self.auth, version="aes128gcm")
            self.heard.append(
                {"claims": claims, "ttl": asked.headers["ttl"], "key": signed.split("k=")[1], **json.loads(opened)}
            )
        return self.says


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@pytest.fixture
def pushes() -> Iterator[PushService]:
    """A push service that runs."""
    service = PushService()
    with serving(service.web):
        yield service


@pytest.fixture
def signed() -> dict[str, Any]:
    """The installation's key."""
    private, public = push.new_key()
    return {"private_key": private, "contact": "mailto:it@example.org", "public": public, "hosts": ["127.0.0.1"]}


def test_a_push_is_signed_sealed_and_says_what_the_mail_says(pushes, signed):
    address = CARRIERS["push"].check(pushes.subscription, ALLOWED)
    CARRIERS["push"].hand_over(parcel(address, **signed))
    (heard,) = pushes.heard
    assert heard["title"] == "Ashby Help: a request came in"
    assert (heard["tap"][-8:], heard["link"][-10:], heard["tag"]) == (
        "/told/x/",
        "/desk/c/1/",
        "<notice.7@example.org>",
    )
    assert heard["claims"]["aud"] == pushes.web.url
    assert heard["claims"]["sub"] == "mailto:it@example.org"
    assert (heard["ttl"], heard["key"]) == ("1800", signed["public"])


@pytest.mark.parametrize(
    ("status", "kind", "permanent"),
    [
        (410, ChannelError, True),
        (404, ChannelError, True),
        (429, RateLimited, False),
        (500, ChannelError, False),
        (403, ChannelError, True),
    ],
)
def test_what_the_push_service_refuses_is_for_good_or_for_a_while(pushes, signed, status, kind, permanent):
    pushes.says = Answer(status, b"", headers={"Retry-After": "3"})
    with pytest.raises(kind) as refused:
        CARRIERS["push"].hand_over(parcel(pushes.subscription, **signed))
    assert refused.value.permanent is permanent
    if status == 429:
        assert refused.value.retry_after.total_seconds() == 3


@pytest.mark.parametrize(
    "given", ["", "{}", "[]", '{"endpoint": "http://elsewhere.example.org/", "keys": {"p256dh": "x", "auth": "y"}}']
)
def test_a_subscription_that_is_none_is_refused(given):
    with pytest.raises(ChannelError):
        CARRIERS["push"].check(given, ALLOWED)


def test_a_push_service_that_hangs_is_a_doubt(signed, pushes, monkeypatch):
    monkeypatch.setattr(push, "READ_SECONDS", 0.2)
    door = threading.Event()
    pushes.web._answers = lambda asked: (door.wait(10), Answer(201))[1]
    try:
        with pytest.raises(OutcomeUnknown):
            CARRIERS["push"].hand_over(parcel(pushes.subscription, **signed))
    finally:
        door.set()


# -- Text ------------------------------------------------------------------------------------------------------------------


def test_a_text_goes_through_the_line_the_body_has():
    with notify_service() as line:
        number = CARRIERS["text"].check("07700 900123", ALLOWED)
        CARRIERS["text"].hand_over(parcel(number, **{**SETTINGS, "api_url": line.server.url}))
        (sent,) = line.sent
    assert sent.number == "+447700900123"
    assert sent.body.startswith("Ashby Help: a request came in. You are on duty.")
    assert sent.body.endswith("I have it: https://sociable.example.org/told/x/")


def test_what_is_no_number_is_refused():
    with pytest.raises(ChannelError, match="mobile number"):
        CARRIERS["text"].check("ring me", ALLOWED)
