"""The feed over HTTP: live, and resumed with Last-Event-ID."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.api.room import Room


@contextmanager
def _feed(room: Room, *, last: str | None = None, **params: str) -> Iterator[Iterator[dict[str, Any]]]:
    headers = {} if last is None else {"Last-Event-ID": last}
    with room.client().stream("GET", "/api/v1/feed", headers=headers, params=params) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if line:
            event[name] = value
        elif "data" in event:
            yield {**event, "data": json.loads(event["data"])}
            event = {}


def _until(events: Iterator[dict[str, Any]], move: str, subject: str) -> list[dict[str, Any]]:
    found = []
    for event in events:
        found.append(event)
        if event["data"].get("move") == move and event["data"].get("incident") == subject:
            return found
    raise AssertionError("the feed ended")


def test_an_incident_appears_on_the_feed_as_it_happens(room: Room) -> None:
    with _feed(room) as events:
        assert next(events)["event"] == "hello"
        incident = room.smoke()
        seen = _until(events, "opened", incident["id"])
        assert {event["event"] for event in seen} <= {"incident", "alert", "health"}
        body = seen[-1]["data"]["body"]
        assert body["number"] == incident["number"]
        assert (body["text"], body["colour"]) == (incident["text"], "orange")


def test_whoever_comes_back_gets_everything_in_between_once(room: Room) -> None:
    with _feed(room) as events:
        place = next(events)["id"]
    made = [room.smoke()["id"] for _ in range(3)]
    room.client().post(f"/api/v1/incidents/{made[0]}/acknowledge")
    with _feed(room, last=place) as events:
        assert next(events)["data"]["resumed"] is True
        got = _until(events, "acknowledged", made[0])
    numbers = [int(event["id"]) for event in got]
    assert numbers == list(range(int(place) + 1, numbers[-1] + 1))
    assert {event["data"]["incident"] for event in got if event["data"]["move"] == "opened"} == set(made)


def test_only_the_topics_that_were_asked_for_come(room: Room) -> None:
    with _feed(room, topics="alert") as events:
        next(events)
        incident = room.smoke()
        assert next(events)["event"] == "alert"
        assert incident["id"]
    answer = room.client().get("/api/v1/feed", params={"topics": "everything"})
    assert answer.status_code == 422


def test_a_last_event_id_that_is_none_is_told_so(room: Room) -> None:
    answer = room.client().get("/api/v1/feed", headers={"Last-Event-ID": "abc"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["where"] == "header.Last-Event-ID"
