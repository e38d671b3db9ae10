"""Made-up requests, by the description of the API, as each role: nothing breaks, and answers are as described.

`HUB_SCHEMATHESIS=200 python -m pytest tests/security/test_schemathesis.py` tries so many of each route.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import CheckContext
from schemathesis.core.transport import Response
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cameras.live import playlists
from tests.api.access.world import World, make_world

EXAMPLES = int(os.environ.get("HUB_SCHEMATHESIS", "1"))
MANY = 10
"""From here on what the description itself suggests is tried too: each bound, each example, each field left out."""
ROLES = ("administrator", "supervisor", "operator", "responder", "resident", "integrator", "nobody")
NEVER_ENDS = "/api/v1/feed"
SCHEMA = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs/reference/openapi.json")
_OURS = frozenset({"authorization", "x-api-key", "host", "user-agent", "content-length"})
"""Headers that are not made up: who asks, and what HTTP itself needs."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A hub whose cameras send nothing; nobody waits for that, nor for the process that would try them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(playlists, "_FIRST_WITHIN_S", 0.05)
    made = make_world(tmp_path_factory.mktemp("hub") / "data")
    patch.setattr(made.room.hub.parts.onboarding.setting_up, "_command", ("false",))
    yield made
    made.close()
    patch.undo()


def no_server_error(_context: CheckContext, response: Response, _case: schemathesis.Case) -> None:
    """503 is said where a part does not run, and is described."""
    assert response.status_code < 500 or response.status_code == 503


CHECKS = [
    no_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@SCHEMA.exclude(path=NEVER_ENDS).parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    derandomize=EXAMPLES < MANY,
    phases=(Phase.explicit, Phase.generate) if EXAMPLES >= MANY else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
)
def test_nothing_breaks_and_answers_are_as_described(world: World, case: schemathesis.Case) -> None:
    made = case.as_transport_kwargs(base_url="http://127.0.0.1")
    sent = {name: made[name] for name in ("params", "json", "data", "files", "cookies") if made.get(name) is not None}
    if isinstance(sent.get("data"), (bytes, str)):
        sent["content"] = sent.pop("data")
    headers = {name: value for name, value in (made.get("headers") or {}).items() if name.lower() not in _OURS}
    for role in ROLES:
        world.sign_in_again()
        asker = next(world.askers[name] for name in (f"whole-{role}", f"near-{role}", "nobody") if name in world.askers)
        answer = world.ask(case.method.upper(), made["url"], asker, headers=headers, **sent)
        case.validate_response(answer, checks=CHECKS)
