"""Server: many RTSP cameras in one process and one thread, over TCP, for `benchmarks.farm.cameras`.

A program of its own (`python -m benchmarks.farm.server PLAN`). The plan is JSON, `{"cameras": [{"id", "main", "sub",
"username", "password"}]}` with paths of clips. Its first line tells the port; then each line of standard input
is an order, `{"camera": "cam-7" or "*", "faults": {...}}`, answered by a line; one with `"spans": PATH` has it write
when each camera sent pictures. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
import secrets
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.farm.clips import RTP_HZ, Clip, read_clip
from benchmarks.farm.faults import Faults
from hub.clock import SystemClock

_MOST_UNSENT_BYTES = 4 * 1024 * 1024
"""A viewer that is so far behind loses pictures, as with a real camera; they are counted."""
_STORM_S = 0.5
_REALM = "farm"
_CLOCK = SystemClock()
_PAUSE_S = 1.0
"""Pictures further apart than this are not in one row."""


class FarmCamera:
    """One camera: its clips, who may see it, what is wrong with it."""

    def __init__(self, plan: dict[str, Any], clips: dict[str, Clip]) -> None:
        self.id = str(plan["id"])
        self.streams = {name: clips[plan[name]] for name in ("main", "sub") if plan.get(name)}
        self.login = (str(plan["username"]), str(plan["password"])) if plan.get("username") else None
        self.faults = Faults()
        self.sessions: set[Session] = set()
        self.sent = 0
        self.unsent = 0
        self.spans: list[list[float]] = []
        """When pictures went out, from the first to the last of each row without a gap, seconds since 1970."""


class Session(asyncio.Protocol):
    """One connection of one viewer."""

    def __init__(self, cameras: dict[str, FarmCamera]) -> None:
        self._cameras = cameras
        self._loop = asyncio.get_running_loop()
        self._dice = random.Random()  # noqa: S311 - spoils packets, hides nothing
        self._nonce = secrets.token_hex(8)
        self._read = bytearray()
        self._camera: FarmCamera | None = None
        self._clip: Clip | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._source = self._dice.getrandbits(32)
        self._number = self._dice.getrandbits(16)
        self._time = self._dice.getrandbits(30) + 1  # FFmpeg takes 0 for no time at all
        self._index = 0
        self._round = 0
        self._began_s = 0.0
        self._held_s = 0.0
        self._span: list[float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        """He is gone."""
        self._rest()
        if self._camera is not None:
            self._camera.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        """He says something: requests, and what he reports about reception."""
        if self._camera is not None and self._camera.faults.half_open:
            return
        self._read += data
        while self._read:
            if self._read[0] == ord("$"):  # what the viewer reports about reception; nobody reads it
                size = 4 + int.from_bytes(self._read[2:4])
                if len(self._read) < size:
                    return
                del self._read[:size]
                continue
            head, found, rest = bytes(self._read).partition(b"\r\n\r\n")
            if not found:
                return
            self._read = bytearray(rest)
            self._answer(head.decode(errors="replace"))

    def _answer(self, request: str) -> None:
        first, *lines = request.split("\r\n")
        method, url, *_ = [*first.split(" "), "", ""]
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        camera, stream = self._asked(url)
        if camera is None or camera.faults.gone:
            self._say("404 Not Found", headers)
            self._transport.close()
            return
        if method in {"DESCRIBE", "SETUP", "PLAY"} and not self._let_in(camera, method, headers):
            self._say("401 Unauthorized", headers, f'WWW-Authenticate: Digest realm="{_REALM}", nonce="{self._nonce}"')
            return
        if method == "OPTIONS":
            self._say("200 OK", headers, "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN")
        elif method == "DESCRIBE":
            self._say("200 OK", headers, f"Content-Base: {url}/", body=camera.streams[stream].sdp)
        elif method == "SETUP":
            if "TCP" not in headers.get("transport", ""):
                self._say("461 Unsupported Transport", headers)
                return
            self._say("200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1", "Session: 1;timeout=60")
        elif method == "PLAY":
            info = f"RTP-Info: url={url}/video;seq={self._number};rtptime={self._time}"
            self._say("200 OK", headers, "Session: 1", "Range: npt=0-", info)
            self._play(camera, camera.streams[stream])
        elif method == "TEARDOWN":
            self._say("200 OK", headers)
            self._transport.close()
        else:
            self._say("200 OK", headers, "Session: 1")

    def _asked(self, url: str) -> tuple[FarmCamera | None, str]:
        """The camera and stream of `rtsp://host/ID/main` or a track below it."""
        parts = url.split("/")[3:]
        camera = self._cameras.get(parts[0]) if parts else None
        stream = parts[1] if len(parts) > 1 else "main"
        return (camera, stream) if camera is not None and stream in camera.streams else (None, "main")

    def _let_in(self, camera: FarmCamera, method: str, headers: dict[str, str]) -> bool:
        if camera.faults.password:
            return False
        if camera.login is None:
            return True
        given = dict(
            part.strip().partition("=")[::2]
            for part in headers.get("authorization", "").removeprefix("Digest").split(",")
        )
        said = {name: value.strip('"') for name, value in given.items()}
        name, password = camera.login

        def digest(text: str) -> str:
            return hashlib.md5(text.encode()).hexdigest()  # noqa: S324 - RFC 2069, what cameras ask for

        secret, place = digest(f"{name}:{_REALM}:{password}"), digest(f"{method}:{said.get('uri', '')}")
        return said.get("response") == digest(f"{secret}:{self._nonce}:{place}")

    def _say(self, status: str, asked: dict[str, str], *lines: str, body: str = "") -> None:
        more = [f"Content-Type: application/sdp\r\nContent-Length: {len(body)}"] if body else []
        head = "\r\n".join([f"RTSP/1.0 {status}", f"CSeq: {asked.get('cseq', '0')}", *lines, *more])
        self._transport.write(f"{head}\r\n\r\n{body}".encode())

    def _play(self, camera: FarmCamera, clip: Clip) -> None:
        self._rest()
        self._camera, self._clip = camera, clip
        camera.sessions.add(self)
        self._index, self._round = 0, 0
        self._began_s = self._loop.time() + self._dice.random() / 10  # so that cameras do not all send at once
        self._timer = self._loop.call_at(self._began_s, self._send)
        if camera.faults.storm:
            self._loop.call_later(_STORM_S, self._transport.abort)

    def _send(self) -> None:
        camera, clip = self._camera, self._clip
        assert camera is not None
        assert clip is not None
        picture, faults = clip.pictures[self._index], camera.faults
        if not (faults.freeze or faults.half_open):
            time = self._time + picture.at + self._round * clip.length + round(faults.jump_s * RTP_HZ)
            sent: bytes | bytearray = picture.stamped(self._number, time, self._source)
            if faults.touches_packets:
                sent = faults.spoil(bytearray(sent), picture.offsets, self._dice)
            if self._transport.get_write_buffer_size() > _MOST_UNSENT_BYTES:
                camera.unsent += 1
            else:
                self._transport.write(sent)
                camera.sent += 1
                self._note(camera)
        self._number += len(picture.offsets)
        was_s = picture.due_s
        self._index += 1
        if self._index == len(clip.pictures):
            self._index, self._round = 0, self._round + 1
        gap_s = (clip.pictures[self._index].due_s - was_s) % clip.length_s
        self._held_s += gap_s * (1 / faults.slow - 1) if faults.slow < 1 else 0.0
        due_s = self._began_s + self._held_s + self._round * clip.length_s + clip.pictures[self._index].due_s
        self._timer = self._loop.call_at(due_s, self._send)

    def _note(self, camera: FarmCamera) -> None:
        at_s = _CLOCK.now().timestamp()
        if self._span is None or at_s - self._span[1] > _PAUSE_S:
            self._span = [at_s, at_s]
            camera.spans.append(self._span)
        self._span[1] = at_s

    def _rest(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def disturb(self) -> None:
        """A fault of the camera has just changed that ends connections."""
        assert self._camera is not None
        if self._camera.faults.gone or self._camera.faults.storm:
            self._transport.abort()


def obey(cameras: dict[str, FarmCamera], line: str) -> dict[str, Any]:
    """Carry out one order; gives what to answer."""
    order = json.loads(line)
    if "spans" in order:
        spans = {name: camera.spans for name, camera in cameras.items()}
        Path(order["spans"]).write_text(json.dumps(spans), encoding="utf-8")
    wanted = cameras.values() if order.get("camera", "*") == "*" else [cameras[order["camera"]]]
    for camera in wanted:
        camera.faults.set(order.get("faults", {}))
        for session in list(camera.sessions):
            session.disturb()
    return {
        "cameras": len(list(wanted)),
        "watched": sum(bool(camera.sessions) for camera in wanted),
        "sent": sum(camera.sent for camera in wanted),
        "unsent": sum(camera.unsent for camera in wanted),
    }


async def serve(plan: dict[str, Any]) -> None:
    """Serve until standard input ends."""
    paths = {camera[name] for camera in plan["cameras"] for name in ("main", "sub") if camera.get(name)}
    clips = {path: read_clip(Path(path)) for path in sorted(paths)}
    cameras = {str(each["id"]): FarmCamera(each, clips) for each in plan["cameras"]}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Session(cameras), "127.0.0.1", int(plan.get("port", 0)), backlog=1024)
    _tell({"port": server.sockets[0].getsockname()[1]})
    over = asyncio.Event()
    _on_lines(loop, lambda line: _tell(_obeyed(cameras, line)), over.set)
    await over.wait()
    server.close()


def _obeyed(cameras: dict[str, FarmCamera], line: str) -> dict[str, Any]:
    try:
        return obey(cameras, line)
    except (ValueError, KeyError) as error:
        return {"error": str(error)}


def _on_lines(loop: asyncio.AbstractEventLoop, act: Callable[[str], None], end: Callable[[], None]) -> None:
    def ready() -> None:
        line = sys.stdin.readline()
        if line:
            act(line)
            return
        loop.remove_reader(sys.stdin)
        end()

    loop.add_reader(sys.stdin, ready)


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(serve(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
