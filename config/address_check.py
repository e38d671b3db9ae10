"""What the addresses of streams, cameras and brokers must be; whether anybody answers there is for others to try."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from config.community import VIDEO_SCHEMES, Stream
from config.local_paths import can_be
from config.messages import Problem
from config.onvif import ONVIF_SCHEMES
from config.paths import Location
from config.phrases import no_file, unreadable_host
from config.says import listed, says


def stream_problems(location: Location, stream: Stream, *, look_at_files: bool) -> Iterator[Problem]:
    """What is wrong with the address of a stream."""
    place = (*location, "url")
    scheme, colon, _ = stream.url.partition(":")
    if not colon or scheme.lower() not in VIDEO_SCHEMES or any(sign.isspace() for sign in stream.url):
        schemes = listed(f"{name}:" for name in VIDEO_SCHEMES)
        yield Problem(
            place,
            says(
                "is no address of a stream; write one that begins with {schemes} and holds no space",
                "不是视频流地址；请写以 {schemes} 开头、不含空格的地址",
                schemes=schemes,
            ),
        )
        return
    if stream.file is not None:
        if stream.url.startswith("file://") and not stream.url.startswith("file:///"):
            yield Problem(
                place,
                says(
                    "write file:///folder/video.mp4, or file:video.mp4 for one beside this file",
                    "请写 file:///folder/video.mp4；与本文件同一目录的写 file:video.mp4",
                ),
            )
        elif look_at_files and not (can_be(stream.file) and stream.file.is_file()):
            yield Problem(place, no_file(stream.file))
        return
    if not address_holds(stream.url):
        yield Problem(place, unreadable_host(f"{scheme.lower()}://host:port/path"))


def onvif_problems(place: Location, url: str) -> Iterator[Problem]:
    """What is wrong with the address of an ONVIF service."""
    scheme, _, _ = url.partition("://")
    if scheme.lower() not in ONVIF_SCHEMES or any(sign.isspace() for sign in url) or not address_holds(url):
        yield Problem(
            place,
            says(
                "is no address of an ONVIF service; write http://host/onvif/device_service",
                "不是 ONVIF 服务地址；请写 http://host/onvif/device_service",
            ),
        )


def address_holds(url: str) -> bool:
    """Whether a host and a port can be read out of an address."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
