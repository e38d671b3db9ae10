"""Channels over the API of a running hub: their kinds, their settings without secrets, and trying one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.access import Role
from hub.plugins import load_plugins
from tests.api.room import Room
from tests.fakes.mail import mail_server
from tests.fakes.waiting import until
from tests.fakes.web import Recipient, web_recipient

WORDS = "api/ui/src/desk/setup/channels/option-words.ts"
CHANNELS = "/api/v1/notices/channels"
HORNS = {"id": "horns", "kind": "mqtt", "options": {"topic": "horns/say"}}
ANY = {"If-Match": "*"}


@pytest.fixture(scope="module")
def town() -> Iterator[Recipient]:
    with web_recipient() as recipient:
        yield recipient


@pytest.fixture
def chief(room: Room) -> Iterator[httpx.Client]:
    client = room.client(Role.ADMINISTRATOR)
    yield client
    for each in client.get(CHANNELS).json()["channels"]:
        assert client.delete(f"{CHANNELS}/{each['id']}", headers=ANY).status_code == 204


def wrongs(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 422, answer.text
    return {each["where"]: each["message"] for each in answer.json()["errors"]}


def tried(client: httpx.Client, recipient: str, **more: str) -> Any:
    answer = client.post("/api/v1/notices/test", json={"recipient": recipient, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_kind_that_is_installed_has_a_form(chief: httpx.Client) -> None:
    kinds = {each["kind"]: each for each in chief.get("/api/v1/notices/channel-kinds").json()}
    assert set(kinds) == set(load_plugins("alerts.notifiers"))
    options = kinds["email"]["options"]
    assert options["required"] == ["host", "sender"]
    assert options["properties"]["security"]["enum"] == ["starttls", "tls", "none"]
    assert "587" in options["properties"]["port"]["description"]


def test_every_option_of_every_kind_is_called_something_in_both_languages() -> None:
    written = re.findall(r'^    "?([\w-]+)"?:', Path(WORDS).read_text("utf-8"), re.MULTILINE)
    plugins = load_plugins("alerts.notifiers")
    named = {f"kind-{kind}" for kind in plugins}
    for plugin in plugins.values():
        for name, option in plugin.options.model_json_schema()["properties"].items():
            named |= {name, *(f"{name}-{each}" for each in option.get("enum", ()))}
    assert not sorted(name for name in named if written.count(name) != len(("zh", "en")))


def test_a_channel_is_added_changed_and_removed_as_one_change_of_the_community_each(
    room: Room, chief: httpx.Client
) -> None:
    answer = chief.post(CHANNELS, json=HORNS)
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{CHANNELS}/horns"
    assert chief.post(CHANNELS, json=HORNS).status_code == 409
    read = chief.get(f"{CHANNELS}/horns")
    assert read.json()["options"] == {"topic": "horns/say"}
    louder = {**HORNS, "options": {"topic": "horns/say", "volume": 90}, "at_least": "orange"}
    assert chief.put(f"{CHANNELS}/horns", json=louder).status_code == 428
    assert chief.put(f"{CHANNELS}/horns", json=louder, headers={"If-Match": '"x"'}).status_code == 412
    assert chief.put(f"{CHANNELS}/other", json=louder, headers=ANY).status_code == 422
    changed = chief.put(f"{CHANNELS}/horns", json=louder, headers={"If-Match": read.headers["ETag"]})
    assert changed.json()["options"]["volume"] == 90
    [horns] = room.hub.parts.revisions.current().notifiers
    assert (horns.at_least.value, horns.options["volume"]) == ("orange", 90)
    stale = chief.delete(f"{CHANNELS}/horns", headers={"If-Match": read.headers["ETag"]})
    assert stale.status_code == 412
    assert chief.delete(f"{CHANNELS}/horns", headers={"If-Match": changed.headers["ETag"]}).status_code == 204
    assert chief.get(f"{CHANNELS}/horns").status_code == 404


@pytest.mark.parametrize(
    ("channel", "where", "says"),
    [
        ({"id": "m", "kind": "emial"}, "notifiers[0].kind", "email"),
        ({"id": "m", "kind": "email", "options": {"sender": "a@b.example"}}, "notifiers[0].options.host", "missing"),
        ({"id": "m", "kind": "mqtt", "options": {"volume": 300}}, "notifiers[0].options.volume", "100"),
        ({"id": "m", "kind": "mqtt", "options": {"volum": 30}}, "notifiers[0].options.volum", "volume"),
        ({"id": "m", "kind": "webhook", "options": {"url": "mail"}}, "notifiers[0].options.url", "https://"),
        ({"id": "m", "kind": "mqtt", "areas": ["nowhere"]}, "notifiers[0].areas[0]", "nowhere"),
        ({"id": "m", "kind": "mqtt", "secret": "***"}, "notifiers[0].secret", "hides"),
    ],
)
def test_a_dry_run_names_what_is_wrong_and_where_and_so_does_saving(
    room: Room, chief: httpx.Client, *, channel: dict[str, Any], where: str, says: str
) -> None:
    before = room.hub.parts.revisions.number
    for params in ({"dry_run": True}, {}):
        found = wrongs(chief.post(CHANNELS, json=channel, params=params))
        assert says in found[where], found
    assert room.hub.parts.revisions.number == before


def test_a_dry_run_of_the_whole_community_refuses_a_channel_that_cannot_be(chief: httpx.Client) -> None:
    read = chief.get("/api/v1/community")
    for lines, where in (
        ("notifiers: [{id: m, kind: emial}]", "notifiers[0].kind"),
        ("notifiers: [{id: m, kind: mqtt, options: {volume: loud}}]", "notifiers[0].options.volume"),
    ):
        headers = {"If-Match": read.headers["ETag"], "Content-Type": "application/yaml"}
        body = f"{read.text}\n{lines}\n"
        answer = chief.put("/api/v1/community", content=body, headers=headers, params={"dry_run": True})
        assert where in wrongs(answer)


def test_a_dry_run_of_a_good_channel_changes_nothing(room: Room, chief: httpx.Client) -> None:
    before = room.hub.parts.revisions.number
    answer = chief.post(CHANNELS, json=HORNS, params={"dry_run": True})
    assert (answer.status_code, answer.json()["id"]) == (200, "horns")
    assert room.hub.parts.revisions.number == before


@pytest.mark.parametrize("secret", ["env:HOME", "file:/etc/passwd"])
def test_nobody_makes_the_hub_send_its_own_files_or_environment(chief: httpx.Client, secret: str) -> None:
    hook = {"id": "hook", "kind": "webhook", "options": {"url": "https://a.example/h"}, "secret": secret}
    assert "body.secret" in wrongs(chief.post(CHANNELS, json=hook))
    assert chief.post(CHANNELS, json={**hook, "secret": "s"}).status_code == 201
    assert "body.secret" in wrongs(chief.put(f"{CHANNELS}/hook", json=hook, headers=ANY))


def test_a_secret_is_kept_hidden_and_does_not_follow_another_address(room: Room, chief: httpx.Client) -> None:
    url = "https://a.example/h?token=t0ken"
    hook = {"id": "hook", "kind": "webhook", "options": {"url": url}, "secret": "s3cret"}
    made = chief.post(CHANNELS, json=hook)
    assert "s3cret" not in made.text
    assert "t0ken" not in made.text
    shown = {key: each for key, each in made.json().items() if key != "told"}
    assert (shown["secret"], shown["options"]["url"]) == ("***", "https://a.example/***")
    assert chief.put(f"{CHANNELS}/hook", json={**shown, "at_least": "red"}, headers=ANY).status_code == 200
    [kept] = room.hub.parts.revisions.current().notifiers
    assert kept.secret is not None
    assert (kept.secret.reveal(), kept.options["url"]) == ("s3cret", url)
    astray = {**shown, "options": {"url": "https://elsewhere.example/h"}}
    assert "notifiers[0].secret" in wrongs(chief.put(f"{CHANNELS}/hook", json=astray, headers=ANY))


def test_a_channel_that_is_removed_is_taken_from_everybody_who_is_told_over_it(
    room: Room, chief: httpx.Client, town: Recipient
) -> None:
    for name in ("town", "phones"):
        way = {"id": name, "kind": "webhook", "people": True, "options": {"url": town.url}}
        assert chief.post(CHANNELS, json=way).status_code == 201
    warden = room.person("warden")
    ways = [{"via": name, "address": "x"} for name in ("town", "phones")]
    assert warden.put("/me/notifications", json={"channels": ways}).status_code == 200
    assert chief.get(f"{CHANNELS}/phones").json()["told"] == ["warden"]
    assert chief.delete(f"{CHANNELS}/phones", headers=ANY).status_code == 204
    assert [each["via"] for each in warden.get("/me/notifications").json()["channels"]] == ["town"]
    assert warden.put("/me/notifications", json={"channels": []}).status_code == 200


def test_a_test_tells_what_became_of_it(room: Room, chief: httpx.Client, town: Recipient) -> None:
    chief.post(CHANNELS, json={"id": "town", "kind": "webhook", "options": {"url": town.url}})
    until(room.hub.parts.delivery.status, what="a channel that runs")
    good = tried(chief, "town")
    assert (good["arrived"], good["again"], good["reason"]) == (True, False, "")
    assert town.received[-1].body["incident"]["verdict"] == "test"
    town.answers[:] = [(403, {})]
    refused = tried(chief, "town")
    assert (refused["arrived"], refused["again"], refused["reason"]) == (False, False, "answered 403")
    town.answers[:] = [(503, {})]
    busy = tried(chief, "town")
    assert (busy["arrived"], busy["again"], busy["reason"]) == (False, True, "answered 503")
    town.answers[:] = [(200, {})]
    platform = {"url": town.url, "sender": "hub@village.example", "acknowledged_by": "status"}
    chief.post(CHANNELS, json={"id": "county", "kind": "platform", "options": platform})
    assert tried(chief, "county")["arrived"]


def test_a_test_mail_arrives(chief: httpx.Client) -> None:
    with mail_server() as server:
        smtp = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "hub@village.example"}
        chief.post(CHANNELS, json={"id": "mail", "kind": "email", "options": {**smtp, "to": ["a@village.example"]}})
        assert tried(chief, "mail")["arrived"]
        assert server.to == [["a@village.example"]]


def test_a_test_of_a_channel_for_people_needs_an_address(chief: httpx.Client, town: Recipient) -> None:
    chief.post(CHANNELS, json={"id": "each", "kind": "webhook", "people": True, "options": {"url": town.url}})
    answer = tried(chief, "each", account="nobody-known")
    assert (answer["arrived"], answer["reason"]) == (False, "nobody-known has no address on this channel")


def test_a_channel_or_area_that_is_not_there_is_not_tried(chief: httpx.Client) -> None:
    assert chief.post("/api/v1/notices/test", json={"recipient": "nowhere"}).status_code == 404
    chief.post(CHANNELS, json=HORNS)
    body = {"recipient": "horns", "area": "nowhere"}
    assert chief.post("/api/v1/notices/test", json=body).status_code == 404


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.RESPONDER, Role.RESIDENT])
def test_only_who_changes_the_community_sees_changes_and_tries_channels(room: Room, role: Role) -> None:
    client = room.client(role)
    asked = (
        ("GET", "/api/v1/notices/channel-kinds", None),
        ("GET", f"{CHANNELS}/horns", None),
        ("POST", CHANNELS, HORNS),
        ("PUT", f"{CHANNELS}/horns", HORNS),
        ("DELETE", f"{CHANNELS}/horns", None),
        ("POST", "/api/v1/notices/test", {"recipient": "horns"}),
    )
    for method, path, body in asked:
        assert client.request(method, path, json=body, headers=ANY).status_code == 403, (method, path)
