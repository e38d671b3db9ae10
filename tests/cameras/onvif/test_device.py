"""A camera is asked over ONVIF, whatever way it wants its user proved, and followed to no other host."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from cameras.onvif.device import DEVICE, INFORMATION, parse_information
from cameras.onvif.exchange import Exchange
from cameras.onvif.media import ask_profiles, ask_still, ask_stream, lenses
from cameras.onvif.ptz import Preset, Turning
from cameras.onvif.session import Access, Question, Session
from cameras.reaching import AskingError, Problem
from hub.clock import SystemClock
from hub.networks import Allowed
from tests.fakes.onvif_camera import FakeProfile, OnvifCamera

LOOPBACK = Allowed.of(("loopback",))
MAIN = FakeProfile("main", "rtsp://hub:s3cret@127.0.0.1:8554/main", 2560, 1440, codec="H265", turns=True, sound="AAC")
SUB = FakeProfile("sub", "rtsp://127.0.0.1:8554/sub", 640, 360)
TINY = FakeProfile("tiny", "rtsp://127.0.0.1:8554/tiny", 160, 90)
QUESTION = Question(INFORMATION, f"{DEVICE}/GetDeviceInformation")

Result = TypeVar("Result")


def within(
    camera: OnvifCamera,
    work: Callable[[Session], Awaitable[Result]],
    *,
    password: str = "s3cret",  # noqa: S107 - of a fake
    allowed: Allowed = LOOPBACK,
) -> Result:
    async def run() -> Result:
        session = Session(Access(camera.url, "hub", password), Exchange(allowed), SystemClock(), timeout_s=3.0)
        return await work(session)

    return asyncio.run(run())


async def model_of(session: Session) -> str:
    return parse_information(await session.ask(session.access.url, QUESTION)).model


@pytest.mark.parametrize("login", ["token", "digest", "none"])
def test_the_user_is_proved_in_the_way_that_the_camera_wants(login: str) -> None:
    async def thrice(session: Session) -> set[str]:
        return {await model_of(session) for _ in range(3)}

    with OnvifCamera(login=login) as camera:
        assert within(camera, thrice) == {"Fake-1"}
        assert camera.refusals <= 1


@pytest.mark.parametrize("login", ["token", "digest"])
def test_a_wrong_password_is_told_and_tried_twice_at_most(login: str) -> None:
    with OnvifCamera(login=login) as camera:
        with pytest.raises(AskingError) as caught:
            within(camera, model_of, password="guess")
        assert caught.value.problem is Problem.WRONG_PASSWORD
        assert camera.refusals <= 2


@pytest.mark.parametrize("ahead_s", [-400_000_000.0, -3600.0, 86_400.0])
def test_a_wrong_clock_locks_nobody_out_and_is_told(ahead_s: float) -> None:
    async def work(session: Session) -> float | None:
        await model_of(session)
        return session.offset_s

    with OnvifCamera(clock_ahead_s=ahead_s) as camera:
        offset_s = within(camera, work)
    assert offset_s == pytest.approx(ahead_s, abs=2.5)


def test_the_password_never_crosses(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    post = Exchange.post

    async def spied(self: Exchange, url: str, body: bytes, **more: object) -> object:
        sent.append(f"{url} {body!r} {more}")
        return await post(self, url, body, **more)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(Exchange, "post", spied)
    for login in ("token", "digest"):
        with OnvifCamera(login=login) as camera:
            within(camera, model_of)
    assert len(sent) >= 4
    assert "s3cret" not in "".join(sent)


@pytest.mark.parametrize("media2", [True, False])
def test_profiles_have_addresses_without_credentials_and_the_lens_has_a_large_and_a_small_one(*, media2: bool) -> None:
    main = MAIN if media2 else FakeProfile("main", MAIN.url, 2560, 1440, turns=True, sound="AAC")

    async def work(session: Session) -> None:
        ((found, small),) = lenses(await ask_profiles(session))
        assert (found.token, found.codec, found.sound, found.turns) == (
            "main",
            "hevc" if media2 else "h264",
            "aac",
            True,
        )
        assert small is not None
        assert (small.token, small.width, small.fps) == ("sub", 640, 10.0)
        assert (await ask_stream(session, found)).url == "rtsp://127.0.0.1:8554/main"
        assert (await ask_still(session, found)).still_url.endswith("/still.jpg")

    with OnvifCamera((main, SUB, TINY), media2=media2) as camera:
        within(camera, work)


def test_services_are_asked_where_the_camera_is_whatever_address_it_gives() -> None:
    with OnvifCamera((MAIN, SUB), stands_at="10.255.255.1:81") as camera:

        async def work(session: Session) -> None:
            assert len(await ask_profiles(session)) == 2
            assert session.elsewhere[0] == "http://10.255.255.1:81/onvif/device_service"

        within(camera, work)


def test_a_camera_outside_the_allowed_networks_is_not_connected_to() -> None:
    with OnvifCamera() as camera:
        with pytest.raises(AskingError) as caught:
            within(camera, model_of, allowed=Allowed.of(("private",)))
        assert caught.value.problem is Problem.NOT_ALLOWED
        assert camera.asked == []


def test_it_is_turned_and_its_positions_are_kept() -> None:
    async def work(session: Session) -> None:
        turning = Turning(session, None)
        token = await turning.store("Pond & gate")
        assert await turning.presets() == (Preset(token, "Pond & gate"),)
        await turning.go(token)
        await turning.move(pan=2.0, tilt=-0.25, zoom=0.0, for_s=99.0)
        assert (await turning.position()).moving
        await turning.stop()
        assert not (await turning.position()).moving
        await turning.remove(token)
        with pytest.raises(AskingError) as caught:
            await turning.go(token)
        assert caught.value.problem is Problem.WRONG_PATH

    with OnvifCamera((SUB, MAIN)) as camera:
        within(camera, work)
        assert camera.turned.told == [
            "go Pond & gate",
            "move {'x': '1.000', 'y': '-0.250'} None PT10.0S",
            "stop",
        ]


def test_a_camera_without_motors_says_so() -> None:
    async def work(session: Session) -> None:
        await Turning(session, None).stop()

    with OnvifCamera((SUB,)) as camera, pytest.raises(AskingError) as caught:
        within(camera, work)
    assert caught.value.problem is Problem.UNSUPPORTED


def test_a_device_that_is_asked_over_https_is_asked_nothing_over_http() -> None:
    session = Session(
        Access("https://192.0.2.1/onvif/device_service"), Exchange(Allowed.of(("loopback",))), SystemClock()
    )
    assert session.here("http://192.0.2.1:8080/onvif/media") == "https://192.0.2.1/onvif/media"
    assert session.here("https://192.0.2.1:8443/onvif/media") == "https://192.0.2.1:8443/onvif/media"
