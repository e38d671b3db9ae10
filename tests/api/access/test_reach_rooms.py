"""Reach, over HTTP: whoever is granted the east sees the east alone, in lists, counts, single things and the feed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.recordings.links import links_of
from hub.access import Permission, Principal, Role
from hub.reach import GrantKind
from hub.store.event_log import Fact
from tests.api.access.two_sides import grant, narrowed, take_all_back, there
from tests.api.room import DEADLINE_S, Room, open_room

FAR = ("west", "Western")
_NOTHING: dict[str, Any] = {}


@dataclass
class Sides:
    """A hub with an incident on each side, and one that lies in both."""

    room: Room
    east: dict[str, Any] = field(default_factory=dict)
    west: dict[str, Any] = field(default_factory=dict)
    both: dict[str, Any] = field(default_factory=dict)

    @property
    def lin(self) -> httpx.Client:
        """Who reaches the east alone."""
        return self.room.person("lin", Role.SUPERVISOR)

    @property
    def chief(self) -> httpx.Client:
        return self.room.person("chief", Role.ADMINISTRATOR)

    def smoke(self, site: str, area: str) -> dict[str, Any]:
        said = self.room.event("smoke", f"{site}-smoke", site=site, alarm=True)
        event = dataclasses.replace(said, area=area)
        self.room.hub.parts.event_log.append([Fact(event)]).result(DEADLINE_S)

        def look() -> dict[str, Any] | None:
            items = self.chief.get("/incidents", params={"site": site, "state": "open"}).json()["items"]
            return items[0] if items else None

        found: dict[str, Any] = self.room.wait_for(look)
        return found


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sides]:
    room = open_room(tmp_path_factory.mktemp("hub") / "data", there=there())
    made = Sides(room)
    _ = made.chief
    made.west = made.smoke("west-home", "west")
    made.both = made.smoke("east-home", "lane")
    made.east = made.smoke("east-shop", "east")
    other = made.smoke("west-shop", "west")
    merged = made.chief.post(f"/incidents/{other['id']}/merge", json={"into": made.both["id"], "note": "one fire"})
    assert merged.status_code == 200, merged.text
    room.person("lin", Role.SUPERVISOR)
    grant(room, "lin", GrantKind.AREA, "east")
    for side in ("east", "west"):
        body = {
            "mode": "silence",
            "site": f"{side}-shop",
            "kind": "door",
            "reason": "works",
            "until": (room.hub.parts.clock.now() + timedelta(minutes=20)).isoformat(),
        }
        assert made.chief.post("/silences", json=body).status_code == 201
        offer = {"text": f"sweep {side}", "points": 1, "site": f"{side}-shop"}
        assert made.chief.post("/tasks", json=offer).status_code == 201
        wish = {"client_id": f"c-{side}", "category": "lamp", "text": f"lamp of {side}", "site": f"{side}-shop"}
        room.person(f"{side}-resident", Role.RESIDENT).post("/reports", data=wish)
    yield made
    room.close()


def ids(client: httpx.Client, path: str, **params: Any) -> set[str]:
    answer = client.get(path, params={"limit": 500, **params})
    assert answer.status_code == 200, answer.text
    return {each["id"] for each in answer.json()["items"]}


def test_lists_hold_what_is_within_reach_and_no_trace_of_the_rest(sides: Sides) -> None:
    lin = sides.lin
    assert ids(lin, "/cameras") == {"east-cam", "shared-cam"}
    assert ids(lin, "/recordings/cameras") == {"east-cam", "shared-cam"}
    assert ids(lin, "/sensors") == {"east-home-smoke", "east-shop-smoke"}
    assert ids(lin, "/areas") == {"east", "lane"}
    assert ids(lin, "/sites") == {"east-shop", "east-home"}
    assert ids(lin, "/incidents") == {sides.east["id"], sides.both["id"]}
    assert {each["site"] for each in lin.get("/alerts").json()["items"]} == {"east-home", "east-shop"}
    assert {each["site"] for each in lin.get("/silences").json()["items"]} == {"east-shop"}
    for path in ("/cameras", "/sensors", "/areas", "/sites", "/alerts", "/silences", "/health", "/duties"):
        text = lin.get(path).text
        assert not any(word in text for word in FAR), f"{path}: {text}"
    for name, value in (("site", "west-home"), ("area", "west"), ("camera", "west-cam")):
        assert ids(lin, "/incidents", **{name: value}) <= {sides.both["id"]}
        assert ids(lin, "/alerts", **{name: value}) == set()
    assert ids(lin, "/cameras", site="west-shop") == set()
    assert ids(lin, "/sensors", site="west-shop") == set()


def test_counts_are_of_what_is_within_reach(sides: Sides) -> None:
    count = sides.lin.get("/incidents/count").json()
    assert count["total"] == 2
    assert sides.chief.get("/incidents/count").json()["total"] == 3
    overview = sides.lin.get("/incidents/overview").json()
    assert overview["total"] == 2
    assert {each["id"] for each in overview["incidents"]} == {sides.east["id"], sides.both["id"]}
    assert overview["per_10_min"] <= 2
    raised = sum(each["counters"]["raised"] for each in sides.lin.get("/rules", params={"limit": 500}).json()["items"])
    assert raised == 2
    assert sum(len(group["incidents"]) for group in overview["groups"]) <= 2


def test_pages_are_full_and_end_where_what_is_seen_ends(sides: Sides) -> None:
    first = sides.lin.get("/incidents", params={"limit": 1}).json()
    assert len(first["items"]) == 1
    second = sides.lin.get("/incidents", params={"limit": 1, "cursor": first["next"]}).json()
    assert len(second["items"]) == 1
    assert second["next"] is None
    page = sides.lin.get("/alerts", params={"limit": 1}).json()
    page = sides.lin.get("/alerts", params={"limit": 1, "cursor": page["next"]}).json()
    assert (len(page["items"]), page["next"]) == (1, None)
    page = sides.lin.get("/cameras", params={"limit": 2}).json()
    assert page["next"] is None


def test_an_incident_in_two_areas_is_seen_by_both_each_with_his_own_alerts(sides: Sides) -> None:
    wei = narrowed(sides.room, "wei", "west")
    for client, own in ((sides.lin, "east-home"), (wei, "west-shop")):
        found = client.get(f"/incidents/{sides.both['id']}").json()
        assert [each["site"] for each in found["alerts"]] == [own]
        assert found["alert_count"] == 1
    whole = sides.chief.get(f"/incidents/{sides.both['id']}").json()
    assert whole["alert_count"] == 2
    assert sides.both["id"] in ids(wei, "/incidents")
    assert sides.east["id"] not in ids(wei, "/incidents")


def _foreign(sides: Sides) -> list[tuple[str, str, str, dict[str, Any] | None]]:
    """Method, address, the part that is foreign, and body, of everything that names one thing."""
    chief = sides.chief
    incident = sides.west["id"]
    alert = chief.get(f"/incidents/{incident}").json()["alerts"][0]["id"]
    silence = next(each["id"] for each in chief.get("/silences").json()["items"] if each["site"] == "west-shop")
    until = (sides.room.hub.parts.clock.now() + timedelta(minutes=5)).isoformat()
    note = {"note": "x"}
    moves: list[tuple[str, dict[str, Any] | None]] = [
        ("acknowledge", note),
        ("comment", note),
        ("resolve", {"verdict": "true", "note": "x"}),
        ("reopen", note),
        ("shelve", {"reason": "x", "until": until}),
        ("unshelve", note),
        ("merge", {"into": sides.east["id"], "note": "x"}),
        ("split", {"alerts": [alert], "note": "x"}),
        ("rate", {"stars": 3}),
        ("dispatch", {"unit": "lin"}),
        ("evidence", {"cameras": ["east-cam"], "from": until, "to": until, "reason": "x"}),
        ("evidence/release", {"reason": "x"}),
        ("evidence/link", None),
    ]
    return [
        *(("POST", f"/incidents/{incident}/{move}", incident, body) for move, body in moves),
        *(
            ("GET", f"/incidents/{incident}{rest}", incident, None)
            for rest in ("", "/orders", "/units", "/still.jpg", "/evidence", "/evidence.zip", "/evidence/files/x")
        ),
        *(("GET", f"/alerts/{alert}{rest}", alert, None) for rest in ("", "/why", "/still.jpg")),
        *(
            ("GET", f"/cameras/west-cam{rest}", "west-cam", None)
            for rest in (
                "",
                "/readings",
                "/still.jpg",
                "/live.m3u8",
                "/recordings?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
                "/recordings.m3u8?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
                "/clip.mp4?from=2026-01-01T00:00:00Z&to=2026-01-01T01:00:00Z",
                "/recordings/deletions",
            )
        ),
        ("POST", "/cameras/west-cam/live", "west-cam", None),
        ("POST", "/cameras/west-cam/links", "west-cam", {"what": "still", "from": "2026-01-01T00:00:00Z"}),
        ("GET", "/sensors/west-shop-smoke", "west-shop-smoke", None),
        ("GET", "/sensors/west-shop-smoke/readings", "west-shop-smoke", None),
        ("GET", "/areas/west", "west", None),
        ("GET", "/areas/west/arming", "west", None),
        ("PUT", "/areas/west/arming", "west", {"armed": True}),
        ("GET", "/sites/west-shop", "west-shop", None),
        ("GET", "/sites/west-shop/arming", "west-shop", None),
        ("PUT", "/sites/west-shop/arming", "west-shop", {"armed": True}),
        ("GET", "/sites/west-shop/arrival-code", "west-shop", None),
        ("GET", "/sites/west-shop/arrival-code.svg", "west-shop", None),
        ("GET", "/rosters?area=west", "west", None),
        ("GET", f"/silences/{silence}", silence, None),
        ("POST", f"/silences/{silence}/end", silence, note),
        ("POST", f"/silences/{silence}/extend", silence, {"until": until}),
        ("GET", "/rules/fire.smoke_sensor/why-not?key=west-shop", "west-shop", None),
        ("POST", "/silences", "west-shop", _silence(sides, site="west-shop")),
        ("POST", "/silences", "west-shop-smoke", _silence(sides, device="west-shop-smoke")),
        ("POST", "/silences/preview", "west", _silence(sides, area="west")),
        ("POST", "/notices/dry-run", incident, {"move": "opened", "incident": incident}),
        ("POST", f"/incidents/{sides.east['id']}/merge", incident, {"into": incident, "note": "x"}),
    ]


def _silence(sides: Sides, **place: str) -> dict[str, Any]:
    until = (sides.room.hub.parts.clock.now() + timedelta(minutes=20)).isoformat()
    return {"mode": "silence", "reason": "works", "until": until, **place}


def test_what_lies_elsewhere_is_not_found_in_the_words_of_what_is_not_there(sides: Sides) -> None:
    wrong = []
    for method, path, foreign, body in _foreign(sides):
        missing = "0123456789abcdef" if "-" not in foreign else "no-such-thing"
        swapped = None if body is None else json.loads(json.dumps(body).replace(f'"{foreign}"', f'"{missing}"'))
        answer = sides.lin.request(method, path, json=body)
        absent = sides.lin.request(method, path.replace(foreign, missing), json=swapped)
        said, words = answer.text.replace(foreign, "X"), absent.text.replace(missing, "X")
        if answer.status_code != 404 or said != words:
            wrong.append(f"{method} {path}: {answer.status_code} {said} / {absent.status_code} {words}")
    assert not wrong, "\n".join(wrong)
    assert sides.chief.get(f"/incidents/{sides.west['id']}").json()["handling"] == "new", "and nothing was done"


def test_what_is_near_is_worked_on_as_ever(sides: Sides) -> None:
    lin, near = sides.lin, sides.east["id"]
    assert lin.get(f"/incidents/{near}").status_code == 200
    assert lin.post(f"/incidents/{near}/comment", json={"note": "seen"}).status_code == 200
    assert lin.get(f"/incidents/{near}/units").status_code == 200
    assert lin.get("/sensors/east-shop-smoke").status_code == 200
    assert lin.get("/sites/east-shop/arming").status_code == 200
    assert lin.get("/rosters", params={"area": "lane"}).status_code == 200
    assert lin.get("/cameras/east-cam").status_code == 200
    made = lin.post("/silences", json=_silence(sides, site="east-shop", kind="door"))
    assert made.status_code == 201, made.text
    assert lin.post(f"/silences/{made.json()['id']}/end", json={"note": "x"}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/refusals", None),
        ("GET", "/sensors/discovered", None),
        ("GET", "/rules/backtests", None),
        ("POST", "/rules/fire.smoke_sensor/backtest", {}),
        ("PATCH", "/rules/fire.smoke_sensor", {"state": "off", "reason": "x"}),
        ("GET", "/figures/load", None),
        ("GET", "/figures/people", None),
        ("GET", "/figures/shift", None),
        ("POST", "/silences", {"kind": "door"}),
        ("POST", "/tasks", {"text": "sweep", "points": 1}),
    ],
)
def test_what_belongs_to_no_place_takes_a_grant_for_all_of_it(
    sides: Sides, method: str, path: str, body: dict[str, Any] | None
) -> None:
    sent = _silence(sides, kind="door") if path == "/silences" else body
    assert sides.lin.request(method, path, json=sent).status_code == 403


def test_reading_rules_is_fine_with_any_grant(sides: Sides) -> None:
    assert sides.lin.get("/rules/fire.smoke_sensor").status_code == 200


def test_health_of_the_machine_is_for_who_reaches_all_of_it(sides: Sides) -> None:
    sides.room.hub.parts.self_watch.status()
    assert sides.lin.get("/health").json()["hub"] == []
    whole = {each["source"] for each in sides.chief.get("/health").json()["sources"]}
    mine = {each["source"] for each in sides.lin.get("/health").json()["sources"]}
    assert mine <= whole & {"east-cam", "shared-cam", "east-home-smoke", "east-shop-smoke"}


def test_without_any_grant_nothing_is_there(sides: Sides) -> None:
    nobody = sides.room.person("nobody", Role.OPERATOR)
    take_all_back(sides.room, "nobody")
    for path in ("/cameras", "/sensors", "/areas", "/sites", "/incidents", "/alerts", "/silences", "/dispatches"):
        assert ids(nobody, path) == set(), path
    assert nobody.get("/incidents/count").json()["total"] == 0


def test_the_feed_tells_of_the_east_alone(sides: Sides) -> None:
    newest = 0
    topics = "incident,alert,suppression,health,rule,order,household,arming"
    headers = {"Last-Event-ID": str(newest)}
    seen: list[dict[str, Any]] = []
    with sides.lin.stream("GET", "/feed", params={"topics": topics}, headers=headers) as stream:
        assert stream.status_code == 200
        mark = sides.lin.post(f"/incidents/{sides.east['id']}/comment", json={"note": "the last one"})
        assert mark.status_code == 200
        for line in stream.iter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line.removeprefix("data: ")))
                if seen[-1].get("note") == "the last one":
                    break
    told = {each.get("incident") for each in seen if each.get("incident")}
    assert told == {sides.east["id"], sides.both["id"]}
    for each in seen:
        alerts = each.get("body", _NOTHING).get("alerts", [])
        assert all(alert["site"].startswith("east") for alert in alerts), each
        if each.get("topic") in ("alert", "suppression", "arming"):
            assert each["body"]["site"].startswith("east"), each


def test_a_feed_ends_soon_after_the_grant(sides: Sides) -> None:
    short = narrowed(sides.room, "short", "east")
    with short.stream("GET", "/feed") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry")
        take_all_back(sides.room, "short")
        rest = list(lines)
    assert not any("incident" in line for line in rest if line.startswith("event: incident"))


def test_a_link_opens_nothing_after_the_grant_has_ended(sides: Sides) -> None:
    guest = narrowed(sides.room, "guest", "west-shop", kind=GrantKind.SITE)
    live = guest.post("/cameras/west-cam/live").json()["link"]
    account = next(each.id for each in sides.room.hub.parts.accounts.list() if each.username == "guest")
    still = links_of(sides.room.hub.parts).issue(account, "still", "west-cam")
    bare = sides.room.client(None)
    assert bare.get("/api/v1/cameras/west-cam/still.jpg", params={"link": still}).status_code == 200
    grant(sides.room, "guest", GrantKind.SITE, "east-shop")
    assert bare.get("/api/v1/cameras/west-cam/still.jpg", params={"link": still}).status_code == 404
    assert bare.get("/api/v1/cameras/west-cam/live.m3u8", params={"link": live}).status_code == 404


def test_a_grant_counts_for_what_it_names_and_for_its_time(sides: Sides) -> None:
    narrow = sides.room.person("narrow", Role.OPERATOR)
    now = sides.room.hub.parts.clock.now()
    only = frozenset({Permission.VIEW_CAMERAS})
    grant(sides.room, "narrow", GrantKind.AREA, "west", permissions=only, ends=now + timedelta(hours=1))
    assert ids(narrow, "/cameras") == {"west-cam"}
    assert narrow.get("/cameras/west-cam/still.jpg").status_code == 404
    assert ids(narrow, "/incidents") == set()
    grant(sides.room, "narrow", GrantKind.AREA, "west", starts=now + timedelta(hours=1))
    assert ids(narrow, "/cameras") == set()
    grant(sides.room, "narrow", GrantKind.AREA, "west", starts=now - timedelta(hours=2), ends=now)
    assert ids(narrow, "/cameras") == set()


def test_a_key_for_a_camera_reaches_what_hangs_on_it_alone(sides: Sides) -> None:
    parts = sides.room.hub.parts
    account = next(each for each in parts.accounts.list() if each.username == "chief")
    key = Principal(account.id, account.username, account.role, key="k", cameras=frozenset({"east-cam"}))
    reach = parts.people.reaches.of(key)
    assert reach.allows(Permission.VIEW_CAMERAS, camera="east-cam")
    assert not reach.allows(Permission.VIEW_CAMERAS, camera="west-cam", site="east-shop", area="east")
    within = reach.within(Permission.VIEW_INCIDENTS)
    assert within is not None
    assert within.held(camera="east-cam")
    assert not within.held(site="east-shop", area="east", camera="west-cam")
