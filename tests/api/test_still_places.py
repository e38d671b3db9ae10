"""Stills while a worker is slow: who waits for one keeps a thread, and everything else goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from hub.access import Role
from tests.api.room import Room
from tests.fakes.cameras import FakeCameras
from tests.fakes.waiting import until

STILL = "/cameras/cam-1/still.jpg"


def test_one_account_gets_so_many_stills_at_once_and_the_rest_of_the_hub_goes_on(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has his share is told at once when to come back; another account, and other questions, are answered."""
    slow, waiting = threading.Event(), threading.Semaphore(0)
    take: Callable[..., Any] = FakeCameras.still

    def take_slowly(cameras: FakeCameras, camera_id: str, **more: Any) -> Any:
        waiting.release()
        assert slow.wait(10)
        return take(cameras, camera_id, **more)

    monkeypatch.setattr(FakeCameras, "still", take_slowly)
    greedy, other = room.person("greedy", Role.OPERATOR), room.person("other", Role.OPERATOR)
    with ThreadPoolExecutor(40) as pool:
        try:
            asked = [pool.submit(greedy.get, STILL) for _ in range(30)]
            refused: list[httpx.Response] = until(
                lambda: done if len(done := [each.result() for each in asked if each.done()]) == 22 else [],
                what="the others are refused",
            )
            assert {answer.status_code for answer in refused} == {429}
            assert {answer.headers["Retry-After"] for answer in refused} == {"2"}
            assert {answer.json()["type"] for answer in refused} == {"urn:hub:problem:too-many"}
            assert other.get("/me").status_code == 200
            asked.append(pool.submit(other.get, STILL))
            for _ in range(9):
                assert waiting.acquire(timeout=5)
        finally:
            slow.set()
        assert sorted(each.result().status_code for each in asked) == [200] * 9 + [429] * 22
    assert greedy.get(STILL).status_code == 200
