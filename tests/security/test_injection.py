"""Text from outside never becomes SQL: not what a query asks for, not what is stored and used later."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from config.community import Camera, Name, Site, Stream
from hub.store.people_tables import grants
from hub.store.tables import metadata
from tests.api.access.calls import QUERIES
from tests.api.access.world import World

HOSTILE = (
    "' OR '1'='1",
    "x' OR 1=1 --",
    "'; DROP TABLE accounts; --",
    "1); DELETE FROM incidents; --",
    '" OR ""="',
    "' UNION SELECT username, password, 1, 1 FROM accounts --",
    "(SELECT password FROM accounts LIMIT 1)",
    "id; SELECT sqlite_sleep(5)",
    "seq DESC, (CASE WHEN 1=1 THEN 1 ELSE 0 END)",
    "%' ESCAPE '\\",
    "%%%_%",
    "\\",
    "a\x00b",
    "\ud7ff\uffff",
    "1e309",
    "-1",
    "9" * 40,
    "NaN",
)
DESCRIBED = Path(__file__).parents[2] / "docs" / "reference" / "openapi.json"
"""The description as it stands there (`tests/api/test_routes.py` holds it to the program): read, and not worked out
by each process that collects these tests."""
NAME = "Robert'); DROP TABLE incidents;-- \" ' % _ \\"


def _lists() -> list[tuple[str, list[str]]]:
    """Every GET route whose path names no object, with what may be asked of it."""
    described: dict[str, Any] = json.loads(DESCRIBED.read_bytes())["paths"]
    return [
        (path, [each["name"] for each in operations["get"].get("parameters", []) if each["in"] == "query"])
        for path, operations in described.items()
        if "get" in operations and path != "/api/v1/feed" and "{" not in path
    ]


def _counts(world: World) -> dict[str, int]:
    from sqlalchemy import func, select

    with world.room.hub.parts.desk.database.read() as connection:
        return {
            name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
            if name in {"accounts", "incidents", "alerts", "reports", "revisions", "rules", grants.name}
        }


@pytest.mark.parametrize(("path", "names"), _lists(), ids=lambda part: part if isinstance(part, str) else "")
def test_no_parameter_of_a_list_becomes_sql(world: World, path: str, names: list[str]) -> None:
    """It is refused (4xx), finds nothing, or is the same as without it; nothing breaks and nothing is changed."""
    master = world.askers["whole-administrator"]
    before = _counts(world)
    always = dict(QUERIES.get(f"GET {path.removeprefix('/api/v1')}", {}))

    def plain() -> int:
        return len(world.ask("GET", path, master, params=always).json()["items"])

    there = 0
    for name, text in itertools.product(names, HOSTILE):
        answer = world.ask("GET", path, master, params={**always, name: text})
        assert answer.status_code < 500, (name, text, answer.text)
        if answer.status_code == 200 and "json" in answer.headers["content-type"] and "items" in answer.json():
            # An injected condition that is always true would find more than there is. Some lists grow with each call.
            found = len(answer.json()["items"])
            there = there if found <= there else plain()
            assert found <= there, (name, text)
    assert _counts(world) == before


@pytest.mark.parametrize("text", HOSTILE)
def test_no_id_in_a_path_becomes_sql(world: World, text: str) -> None:
    master = world.askers["whole-administrator"]
    before = _counts(world)
    for path in ("incidents", "alerts", "cameras", "sensors", "reports", "dispatches", "silences", "rules", "accounts"):
        from urllib.parse import quote

        answer = world.ask("GET", f"/api/v1/{path}/{quote(text, safe='')}", master)
        assert answer.status_code in (400, 404, 405, 422), (path, text, answer.text[:200])
    assert _counts(world) == before


def test_a_name_that_was_stored_is_text_when_it_is_used_later(world: World) -> None:
    """Second order: names of sites and cameras come back in searches, alerts, notices, figures and exports."""
    parts = world.room.hub.parts
    before = _counts(world)

    def edit(there: Any) -> Any:
        site = Site(id="evil", name=Name(zh=NAME, en=NAME), area="near")
        camera = Camera(id="evil-cam", site="evil", name=Name(zh=NAME, en=NAME), main=Stream(url="rtsp://10.9.8.7/x"))
        return there.model_copy(update={"sites": (*there.sites, site), "cameras": (*there.cameras, camera)})

    parts.revisions.change(edit, author=NAME[:60], reason=NAME)
    world.room.say("smoke", "near-shop-smoke", site="evil", area="near", camera="evil-cam", alarm=True, note=NAME)
    master = world.askers["whole-administrator"]
    found = world.room.wait_for(
        lambda: world.ask("GET", "/api/v1/incidents", master, params={"site": "evil"}).json()["items"]
    )
    assert found[0]["place"]["site"]["en"] == NAME
    sent = world.ask(
        "POST", "/api/v1/reports", world.askers["near-resident"],
        data={"client_id": "evil-1", "category": "road_damage", "site": "evil", "text": NAME},
    )  # fmt: skip
    assert sent.status_code == 201, sent.text
    for path in ("reports?q=", "reports.csv?q=", "figures/load?format=csv&q="):
        from urllib.parse import quote

        answer = world.ask("GET", f"/api/v1/{path}{quote(NAME[:50])}", master)
        assert answer.status_code == 200, answer.text[:200]
    after = _counts(world)
    assert after["accounts"] == before["accounts"]
    assert after["incidents"] >= before["incidents"]
