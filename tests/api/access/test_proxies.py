"""Who is believed about where somebody comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from api.main import build
from config.machine import Http, Machine
from hub.access import Role
from tests.api.room import PASSWORD, Room, community, machine
from tests.fakes.cameras import FakeCameras


@pytest.mark.parametrize(
    ("trusted", "said", "address"),
    [
        ((), "192.0.2.7", "127.0.0.1"),
        (("10.0.0.0/8",), "192.0.2.7", "127.0.0.1"),
        (("127.0.0.1",), "192.0.2.7", "192.0.2.7"),
        (("127.0.0.0/8",), "203.0.113.1, 192.0.2.7", "192.0.2.7"),
    ],
)
def test_an_address_is_taken_from_trusted_proxies_alone(
    tmp_path: Path, trusted: tuple[str, ...], said: str, address: str
) -> None:
    """What a client wrote before its proxy counts for nothing: the last address is the proxy's own word."""
    made: list[FakeCameras] = []

    def make_cameras(_machine: Machine, clock: Any, _on_events: Any, **_more: Any) -> FakeCameras:
        made.append(FakeCameras(clock))
        return made[0]

    settings = machine(tmp_path / "data").model_copy(update={"http": Http(port=0, trusted_proxies=trusted)})
    opened = Room(build(settings, community=community(), make_cameras=make_cameras), made[0], tmp_path / "data")
    try:
        account = opened.hub.parts.accounts.create("lin", PASSWORD, Role.RESIDENT)
        form = {"username": "lin", "password": PASSWORD}
        answer = opened.client(None).post("/api/v1/auth/token", data=form, headers={"X-Forwarded-For": said})
        assert answer.status_code == 200
        (sign_in,) = opened.hub.parts.people.sign_ins.of(account.id)
        assert sign_in.address == address
    finally:
        opened.close()
