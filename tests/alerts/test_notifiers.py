"""Each channel against the real thing: a mail server, a broker, a web server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.notices.notice import Delivered, Earlier, Refused, Services, TryLater
from alerts.notifiers.apprise import AppriseChannel, AppriseOptions
from alerts.notifiers.email import Email, EmailOptions
from alerts.notifiers.mqtt import Loudspeaker, MqttOptions
from alerts.notifiers.platform import Platform, PlatformOptions
from config.secrets import Secret
from hub.sensors.mqtt import Publisher
from tests.fakes.brokers import Device, Mosquitto, Nats
from tests.fakes.mail import MailServer, mail_server
from tests.fakes.networks import LOCAL_SERVICES
from tests.fakes.notices import notice
from tests.fakes.stories import START
from tests.fakes.waiting import until
from tests.fakes.web import Recipient, web_recipient

LIBRARY_IS_BEHIND = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise loads a module that Python 3.13 no longer has when it is there."""


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def town() -> Iterator[Recipient]:
    with web_recipient() as recipient:
        yield recipient


def mailer(server: MailServer, *to: str, **more: Any) -> Email:
    options = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "hub@village.example"}
    return Email(EmailOptions.model_validate({**options, "to": to, **more}), None, LOCAL_SERVICES)


def test_a_mail_comes_as_text_and_as_html(mail: MailServer) -> None:
    sent = notice(title="橙色\n烟感 <17>", text="第一行\n<b>第二行</b>")
    assert mailer(mail, "office@village.example").send(sent) == Delivered()
    [got] = mail.mails
    assert mail.to == [["office@village.example"]]
    assert got["Subject"] == "橙色 烟感 <17>"
    assert got["List-Id"] == "<notices.community-hub>"
    assert got["Date"].datetime == START
    text, html = got.get_body(("plain",)), got.get_body(("html",))
    assert text is not None
    assert text.get_content().split() == ["第一行", "<b>第二行</b>"]
    assert html is not None
    assert "<p>&lt;b&gt;第二行&lt;/b&gt;</p>" in html.get_content()


def test_a_mail_goes_to_the_person_and_stands_in_the_thread_of_its_incident(mail: MailServer) -> None:
    channel = mailer(mail)
    first = notice(address="zhao@village.example")
    second = notice(9, "rose", address="zhao@village.example", earlier=(Earlier(7, START),))
    for each in (first, first, second):
        assert channel.send(each) == Delivered()
    ids = [got["Message-ID"] for got in mail.mails]
    assert ids[0] == ids[1] != ids[2]
    assert mail.mails[2]["In-Reply-To"] == ids[0]
    assert mail.to[2] == ["zhao@village.example"]


def test_a_mailbox_that_is_not_there_is_refused_and_a_busy_one_tried_again(mail: MailServer) -> None:
    mail.refuses = {"gone@village.example": "550 no such user", "full@village.example": "452 mailbox full"}
    channel = mailer(mail)
    assert channel.send(notice(address="gone@village.example")) == Refused("answered 550 no such user")
    assert channel.send(notice(address="full@village.example")) == TryLater("answered 452 mailbox full")
    assert isinstance(channel.send(notice(address="a@b.example, c@d.example")), Refused)
    assert isinstance(channel.send(notice()), Refused)


def test_a_mail_server_that_is_not_there_is_tried_later() -> None:
    assert isinstance(mailer(MailServer(port=1), "office@village.example").send(notice()), TryLater)


def test_mail_is_never_sent_readable_over_a_network() -> None:
    with pytest.raises(ValidationError, match="starttls"):
        EmailOptions(host="smtp.example.org", security="none", sender="hub@village.example")


@pytest.fixture(params=["nats", "mosquitto"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Nats | Mosquitto]:
    if request.param == "mosquitto" and Mosquitto.program is None:
        pytest.skip("mosquitto is not installed")
    started = Nats(tmp_path) if request.param == "nats" else Mosquitto(tmp_path)
    yield started
    started.stop()


def test_a_loudspeaker_hears_what_it_is_to_say(broker: Nats | Mosquitto) -> None:
    publisher = Publisher(broker.endpoint(), is_hub=False)
    publisher.start()
    speaker = Device(broker.endpoint(), "speaker")
    speaker.listen("speakers/+/say")
    services = Services(publish=lambda topic, payload, retain: publisher.publish(topic, payload, retain=retain))
    channel = Loudspeaker(MqttOptions(repeat=3), None, services)
    try:
        until(lambda: isinstance(channel.send(notice(incident={"level": "red"}, text="请注意")), Delivered))
        [got] = until(lambda: list(speaker.seen))
    finally:
        speaker.close()
        publisher.stop()
    said = json.loads(got.payload)
    assert (got.topic, got.retain) == ("speakers/group-1/say", False)
    assert (said["text"], said["repeat"], said["volume"], said["number"]) == ("请注意", 3, 100, 7)


def test_a_loudspeaker_without_a_broker_is_tried_again() -> None:
    assert Loudspeaker(MqttOptions(), None, LOCAL_SERVICES).send(notice()) == TryLater("the broker does not take it")


@pytest.mark.parametrize("topic", ["hub/v1/status", "speakers/#", "speakers/{who}", "$SYS/x"])
def test_a_loudspeaker_has_a_topic_of_its_own(topic: str) -> None:
    with pytest.raises(ValidationError):
        MqttOptions(topic=topic)


@LIBRARY_IS_BEHIND
def test_a_chat_goes_through_apprise_to_the_address_of_the_person(town: Recipient) -> None:
    secret = Secret(town.url.replace("http://", "json://") + "/{address}")
    channel = AppriseChannel(AppriseOptions(), secret, LOCAL_SERVICES)
    assert channel.traits.addressed
    assert channel.send(notice(address="a/../b?x=1")) == Delivered()
    [got] = town.received
    assert got.path.startswith("/a%2F..%2Fb%3Fx")
    assert (got.body["title"], got.body["type"]) == (notice().title, "warning")
    assert isinstance(channel.send(notice()), Refused)


@LIBRARY_IS_BEHIND
def test_a_chat_that_does_not_answer_is_tried_again_and_logs_no_key(caplog: pytest.LogCaptureFixture) -> None:
    channel = AppriseChannel(AppriseOptions(), Secret("json://127.0.0.1:1/SECRETKEY"), LOCAL_SERVICES)
    assert channel.send(notice()) == TryLater("Apprise could not send it")
    assert "SECRETKEY" not in caplog.text


@LIBRARY_IS_BEHIND
def test_what_apprise_does_not_know_is_refused() -> None:
    channel = AppriseChannel(AppriseOptions(), Secret("nosuchservice://x"), LOCAL_SERVICES)
    assert channel.send(notice()) == Refused("Apprise does not know such an address")


def upper(town: Recipient, **more: Any) -> Platform:
    options = {"url": f"{town.url}/cap", "sender": "hub@village.example", **more}
    return Platform(PlatformOptions.model_validate(options), Secret("token"), LOCAL_SERVICES)


def test_the_platform_gets_cap_and_has_to_acknowledge_it(town: Recipient) -> None:
    town.reply = lambda request: request.raw[:400]
    assert upper(town).send(notice()) == Delivered()
    [got] = town.received
    assert got.headers["Content-Type"].startswith("application/cap+xml")
    assert got.headers["Authorization"] == "Bearer token"
    assert b"<identifier>0af1.7</identifier>" in got.raw
    town.reply = lambda _request: b"thanks"
    assert upper(town).send(notice()) == TryLater("answered without acknowledging the message")
    assert upper(town, acknowledged_by="status", format="json").send(notice()) == Delivered()
    assert town.received[-1].body["info"][1]["event"] == "Smoke detector alarm"


def test_a_platform_that_was_set_up_wrongly_gets_everything_once_it_is_right(town: Recipient) -> None:
    town.answers = [(401, {}), (503, {}), (400, {}), (200, {})]
    outcomes = [upper(town).send(notice()) for _ in range(3)]
    assert outcomes == [TryLater("answered 401"), TryLater("answered 503"), Refused("answered 400")]


def test_after_its_cancel_a_platform_hears_nothing_more(town: Recipient) -> None:
    late = notice(
        13, "returned", at=START + timedelta(hours=1), earlier=(Earlier(7, START),), incident={"verdict": "false"}
    )
    assert upper(town).send(late) == Delivered()
    assert town.received == []


@pytest.mark.parametrize("parts", [{"url": "http://platform.example/"}, {"sender": "a b"}, {"url": "https://u:p@h/"}])
def test_a_platform_is_reached_over_tls_and_under_a_usable_name(parts: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        PlatformOptions.model_validate({"url": "https://h/", "sender": "hub@village.example", **parts})
