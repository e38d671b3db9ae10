"""Addresses in a Community that its machine does not allow: what stands there as an address, before anything connects.

Names are resolved when it is time to connect, and judged then: a check of settings must not need the network.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from config.community import Camera, Community
from config.messages import Problem
from config.networks import Allowed, Networks, NotAllowedNetworkError
from config.paths import Location
from config.says import said_by


def network_problems(community: Community, networks: Networks) -> Iterator[Problem]:
    """Hosts of cameras and notifiers that are refused by the address that is written."""
    cameras = Allowed.of(networks.cameras, "networks.cameras")
    for number, camera in enumerate(community.cameras):
        for place, url in _urls(camera):
            yield from _host(("cameras", number, *place), _host_of(url), cameras)
    webhooks = Allowed.of(networks.webhooks, "networks.webhooks")
    for number, notifier in enumerate(community.notifiers):
        for key in ("url", "host"):
            written = notifier.options.get(key)
            if isinstance(written, str):
                host = _host_of(written) if key == "url" else written
                yield from _host(("notifiers", number, "options", key), host, webhooks)


def _urls(camera: Camera) -> Iterator[tuple[Location, str]]:
    yield ("main", "url"), camera.main.url
    if camera.sub is not None:
        yield ("sub", "url"), camera.sub.url


def _host_of(url: str) -> str | None:
    try:
        parts = urlsplit(url)
    except ValueError:
        return None  # told by the check of addresses
    return None if parts.scheme == "file" else parts.hostname


def _host(place: Location, host: str | None, allowed: Allowed) -> Iterator[Problem]:
    if host is None:
        return
    try:
        allowed.check_literal(host)
    except NotAllowedNetworkError as error:
        yield Problem(place, said_by(error))
