"""A set-up process that asks no network: what it answers goes by the last number of the host."""

from __future__ import annotations

import sys
from dataclasses import replace
from urllib.parse import urlsplit

from cameras.reaching import Problem
from cameras.setting_up.asking import failed, line_of, read_request, said
from cameras.setting_up.words import (
    Addresses,
    Answer,
    Channel,
    Device,
    Discover,
    Discovered,
    FoundCamera,
    Pictured,
    Probe,
    Probed,
    ProbedStream,
    TakeStill,
)
from config.url_credentials import shown

CHEAP = "22"
"""Has its password in the path of its streams."""
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
PROBLEMS = {"11": Problem.WRONG_PASSWORD, "12": Problem.WRONG_PATH, "13": Problem.TIMED_OUT}
UNKNOWN_CODEC = "14"
RECORDER = "20"
LURE = "21"
"""Names a small stream at another host."""


def answer_to(request: Discover | Probe | TakeStill) -> Answer:
    if isinstance(request, Discover):
        hosts = (*request.targets, "10.0.2.1")
        return Discovered(tuple(_found(host) for host in hosts))
    address = request.address if isinstance(request, Probe) else request.url
    host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    last = host.rpartition(".")[2]
    if last in PROBLEMS:
        return failed(PROBLEMS[last])
    if isinstance(request, TakeStill):
        return Pictured(JPEG, 640, 360)
    address = address.replace(f"{urlsplit(address).username}:{urlsplit(address).password}@", "")
    if last == UNKNOWN_CODEC:
        return Probed(address, (_channel(ProbedStream(address, problem=said(Problem.UNKNOWN_CODEC))),))
    count = 2 if last == RECORDER else 1
    if "://" in address and not address.startswith("http"):
        return Probed(address, (_channel(_stream(address)),))
    channels = tuple(
        Channel(f"Lens {number}", _stream(f"rtsp://{host}/{number}/main"), _stream(f"rtsp://{host}/{number}/sub"),
                fits=True, advice=(), turns=True, ptz_profile="p1")
        for number in range(1, count + 1)
    )  # fmt: skip
    if last == LURE:
        channels = (replace(channels[0], sub=_stream("rtsp://10.0.9.9/sub")),)
    addresses: tuple[Addresses, ...] = ()
    if last == CHEAP:
        paths = [f"rtsp://{host}/user=hub_password=planted-s3cret_channel=1_stream={n}.sdp" for n in (0, 1)]
        addresses = (Addresses(paths[0], paths[1]),)
        channels = (replace(channels[0], main=_stream(shown(paths[0])), sub=_stream(shown(paths[1]))),)
    device = Device("Acme", "C1", "1.0", "0001")
    return Probed(
        address, channels, f"http://{host}/onvif/device_service", None, device, 0.5, events=True, addresses=addresses
    )


def _found(host: str) -> FoundCamera:
    return FoundCamera(f"urn:uuid:{host}", host, f"http://{host}/onvif/device_service", "Gate", "C1", "")


def _stream(url: str) -> ProbedStream:
    return ProbedStream(url, codec="h264", width=1280, height=720, announced_fps=25.0, measured_fps=24.9, packets=50)


def _channel(main: ProbedStream) -> Channel:
    return Channel("", main, None, fits=main.problem is None, advice=())


if __name__ == "__main__":
    sys.stdout.buffer.write(line_of(answer_to(read_request(sys.stdin.buffer.readline()))))
