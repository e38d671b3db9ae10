"""No id, name or link in an address reaches a file that it is not for."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.access.declaration import Kind
from tests.api.access.world import World
from tests.fakes.examples import examples
from tests.fakes.pictures import phone_jpeg

SECRET = b"planted: not for anybody 7f3a"
STEPS = (
    "..", "%2e%2e", ".%2E", "..%2f", "%2e%2e%2f", "....//", "..%5c", "..\\", "%252e%252e", "%252e%252e%252f", "..%00",
    "..;", "%c0%ae%c0%ae", "%ef%bc%8e%ef%bc%8e", "~", "",
)  # fmt: skip
"""How a step up is written by those who look for one that is not seen."""
TARGETS = ("canary.txt", "hub.sqlite3", "evidence-key.pem", "etc/passwd", "main.py")
ENDS = ("", "%00.jpg", "%00", "::$DATA", ".", "/", "%0a", "?x", "%20")
MARKS = (SECRET, b"root:x:0:0", b"SQLite format 3", b"PRIVATE KEY", b"from __future__")
"""What is in none of the files that anybody may have."""


def _thing(world: World, kind: Kind, name: str) -> str:
    return next(thing for thing in world.things[kind] if thing.side == "near").params[name]


def _routes(world: World) -> list[str]:
    """Where a part of an address becomes, or could become, the name of a file."""
    incident = _thing(world, Kind.INCIDENT, "incident_id")
    report = _thing(world, Kind.REPORT, "report_id")
    return [
        "/{}",
        "/ui/{}",
        f"/api/v1/incidents/{incident}/evidence/files/{{}}",
        f"/api/v1/incidents/{incident}/evidence/files/clips/{{}}",
        "/api/v1/incidents/{}/evidence/files/manifest-1.json",
        "/api/v1/incidents/{}/evidence.zip",
        "/api/v1/incidents/{}/still.jpg",
        "/api/v1/alerts/{}/still.jpg",
        f"/api/v1/reports/{report}/photos/{{}}",
        "/api/v1/dispatches/{}/photo.jpg",
        "/api/v1/cameras/near-road-cam/recordings/{}.mp4",
        "/api/v1/cameras/near-road-cam/live/{}",
        "/api/v1/cameras/{}/still.jpg",
        "/api/v1/rules/{}",
        "/api/v1/backups/{}",
    ]


_RUNNERS: list[asyncio.Runner] = []
"""One loop for all that is asked, as a server has."""


@pytest.fixture(scope="module", autouse=True)
def _running(world: World) -> Iterator[None]:
    del world  # is closed after
    with asyncio.Runner() as runner:
        _RUNNERS.append(runner)
        yield
        _RUNNERS.clear()


@pytest.fixture(scope="module")
def canary(world: World) -> Path:
    """A file that nobody may have, beside the data, in it and above what an incident keeps."""
    data = world.room.data
    for folder in (data.parent, data, data / "evidence", data / "stills"):
        (folder / "canary.txt").write_bytes(SECRET)
    return data.parent / "canary.txt"


def _get(world: World, address: str) -> tuple[int, bytes]:
    """Ask as a server hands an address on; a client would tidy it up before it is sent."""
    raw, _, query = address.partition("?")
    headers = [(name.lower().encode(), value.encode()) for name, value in _master(world).items()]
    scope = {
        "type": "http", "method": "GET", "path": unquote(raw), "raw_path": raw.encode(), "query_string": query.encode(),
        "headers": [(b"host", b"127.0.0.1"), *headers], "client": ("203.0.113.9", 4711), "server": ("127.0.0.1", 80),
        "scheme": "http", "root_path": "", "asgi": {"version": "3.0"}, "http_version": "1.1", "state": {},
    }  # fmt: skip
    said: list[Any] = []

    asked = iter([{"type": "http.request", "body": b"", "more_body": False}])

    async def receive() -> Any:
        return next(asked, None) or await asyncio.Event().wait()  # who asks stays until he is answered

    async def send(message: Any) -> None:
        said.append(message)

    async def run() -> None:
        await asyncio.wait_for(world.app(scope, receive, send), 10)

    _RUNNERS[-1].run(run())
    return int(said[0]["status"]), b"".join(message.get("body", b"") for message in said[1:])


def _master(world: World) -> dict[str, str]:
    return dict(world.askers["whole-administrator"].headers)


def _check(world: World, address: str) -> int:
    status, body = _get(world, address)
    assert status < 500, (address, status, body[:200])
    for mark in MARKS:
        assert mark not in body, address
    return status


def test_the_search_is_for_what_can_be_found(world: World, canary: Path) -> None:
    """What is asked for is there, and the routes give what they are for."""
    assert canary.read_bytes() == SECRET
    incident, name = _thing(world, Kind.INCIDENT, "incident_id"), _thing(world, Kind.INCIDENT, "name")
    assert _get(world, f"/api/v1/incidents/{incident}/evidence/files/{name}")[0] == 200
    assert _get(world, f"/api/v1/alerts/{_thing(world, Kind.ALERT, 'alert_id')}/still.jpg")[0] == 200
    assert _get(world, "/ui/icon.svg")[0] == 200
    assert (Path(__file__).parents[2] / "api" / "main.py").read_bytes().count(MARKS[-1])


def test_no_step_up_leads_out(world: World, canary: Path) -> None:
    """Every way to write it at every route, to a file that is there; and every file by the plainest way."""
    for route in _routes(world):
        ways = [(step, deep, "canary.txt", "") for step in STEPS for deep in (1, 2)]
        ways += [("..", 2, target, "") for target in (*TARGETS, str(canary))]
        ways += [("..", 1, "canary.txt", end) for end in ENDS]
        for step, deep, target, end in ways:
            text = "".join(
                step + ("" if step.lower().endswith(("/", "%2f", "%5c", "\\")) else "/") for _ in range(deep)
            )
            assert _check(world, route.format(text + target + end)) != 200, (route, step, target, end)


@pytest.mark.parametrize("way", ["{}", "/{}", "%2f{}", "file:{}", "file://{}", "%5c%5c?%5c{}", "//localhost{}"])
def test_no_whole_path_is_taken(world: World, canary: Path, way: str) -> None:
    for route in _routes(world):
        for path in (str(canary), quote(str(canary), safe=""), "/etc/passwd", "%2fetc%2fpasswd"):
            assert _check(world, route.format(way.format(path))) != 200, (route, path)


@settings(max_examples=examples(80, 250), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_made_up_address_leads_out(world: World, canary: Path, data: st.DataObject) -> None:
    del canary
    route = data.draw(st.sampled_from(_routes(world)))
    parts = st.one_of(st.sampled_from((*STEPS, *TARGETS, *ENDS)), st.text(max_size=12).map(quote))
    text = "/".join(data.draw(st.lists(parts, max_size=6)))
    _check(world, route.format(quote(text, safe="") if data.draw(st.booleans()) else text))


@pytest.mark.parametrize(
    "line",
    [
        "/ui/../main.py", "/ui/%2e%2e/main.py", "/ui/..%2fmain.py", "/ui/..\\main.py", "/ui/%00", "//etc/passwd",
        "/../../../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "file:///etc/passwd",
        "http://127.0.0.1/../../etc/passwd", "/ui/icon.svg/../../main.py", "/ui/icon.svg%2f..%2f..%2fmain.py",
    ],
)  # fmt: skip
def test_the_server_itself_leads_nowhere_either(world: World, line: str) -> None:
    """Over TCP, as it is written."""
    port = world.room.hub.port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connected:
        connected.sendall(f"GET {line} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
        said = b""
        while chunk := connected.recv(65536):
            said += chunk
    assert said.split(b" ")[1] in (b"400", b"401", b"404", b"421"), said[:200]
    assert not [mark for mark in MARKS if mark in said]


def test_a_link_within_what_is_kept_leads_nowhere(world: World, canary: Path) -> None:
    """Should somebody ever be able to write there: a file that is a link to another is not served."""
    near = Kind.INCIDENT
    incident, folder, clip = (_thing(world, near, name) for name in ("incident_id", "folder", "clip"))
    address = f"/api/v1/incidents/{incident}/evidence/files"
    kept = next((world.room.data / "evidence").rglob(clip))
    alert = _thing(world, Kind.ALERT, "alert_id")
    still = next((world.room.data / "stills").rglob(f"*{alert}*"))
    for path, asked in ((kept, f"{address}/{folder}/{clip}"), (still, f"/api/v1/alerts/{alert}/still.jpg")):
        assert _get(world, asked)[0] == 200, asked
        held = path.read_bytes()
        path.unlink()
        path.symlink_to(canary)
        try:
            assert _check(world, asked) in (404, 410), asked
        finally:
            path.unlink()
            path.write_bytes(held)
    beside = kept.parent / "beside.mp4"
    beside.symlink_to(canary)
    assert _check(world, f"{address}/{folder}/beside.mp4") == 404, "what no manifest names is not there"
    beside.unlink()


def test_evidence_beside_a_link_is_not_packed_with_what_it_leads_to(world: World, canary: Path) -> None:
    incident, clip = (_thing(world, Kind.INCIDENT, name) for name in ("incident_id", "clip"))
    kept = next((world.room.data / "evidence").rglob(clip))
    held = kept.read_bytes()
    kept.unlink()
    kept.symlink_to(canary)
    try:
        status, body = _get(world, f"/api/v1/incidents/{incident}/evidence.zip")
    finally:
        kept.unlink()
        kept.write_bytes(held)
    assert status != 500
    assert SECRET not in body


@pytest.mark.parametrize("name", ["../../x.jpg", "/etc/cron.d/x", "a\x00.jpg", "..\\..\\x.jpg", "x" * 5000, "con"])
def test_the_name_of_a_picture_that_is_sent_is_no_path(world: World, name: str) -> None:
    before = {path for path in world.room.data.parent.rglob("*") if path.is_file()}
    answer = world.ask(
        "POST", "/api/v1/reports", world.askers["near-resident"],
        data={"client_id": f"names-{name[:2].encode().hex()}", "category": "road_damage", "site": "near-shop"},
        files=[("photo", (name, phone_jpeg()))],
    )  # fmt: skip
    assert answer.status_code in (200, 201, 400, 422, 429), answer.text
    made = {path for path in world.room.data.parent.rglob("*") if path.is_file()} - before
    assert all(path.is_relative_to(world.room.data) for path in made), made
    assert not [path for path in made if path.name in (name, Path(name.replace("\x00", "")).name)], made
