"""Foreign cameras: nobody gets a picture by trying an address that he would not get of the camera that has it.

An address that belongs to a camera which is configured is tried only by who sees its pictures anyway, or sets cameras
up where it is, unless that is somebody's home. All others hear what they hear of an address where nothing is. Names are
resolved, so that another name for the same host gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from api.access.reaching import pictures_of, reach_of
from api.parts import Parts
from config.community import Camera, Ring
from hub.access import Permission, Principal
from hub.errors import NotFoundError


def hosts_of(camera: Camera) -> frozenset[str]:
    """The hosts at which a camera is reached, as they are written."""
    parts = (camera.main, camera.sub, camera.onvif)
    urls = (part.url for part in parts if part is not None and not part.url.startswith("file:"))
    return frozenset(host for url in urls if (host := _host(url)) is not None)


MOST_BARRED = 2_048
"""Addresses that a request takes along."""


def refuse_foreign(here: Parts, who: Principal, url: str) -> tuple[str, ...]:
    """Refuse a picture of a camera that is not for somebody.

    Returns:
        The addresses of all such cameras: whoever asks must not end up there either, by a name that is looked up again
        or by a redirect.

    Raises:
        NotFoundError: There is such a camera, and nothing else is said of it.
    """
    asked = _host(url)
    if asked is None:
        return ()
    wanted = _addresses(asked)
    barred: set[str] = set()
    community = here.revisions.current()
    reach, pictures = reach_of(here, who), pictures_of(here, who)
    for camera in community.cameras:
        site = community.site(camera.site)
        is_home = site is None or site.ring is Ring.HOUSEHOLD
        if pictures.live(camera) or (
            not is_home and reach.allows(Permission.ADD_DEVICES, camera=camera.id, site=camera.site)
        ):
            continue
        theirs = frozenset(address for host in hosts_of(camera) for address in _addresses(host))
        if not wanted.isdisjoint(theirs):
            raise NotFoundError("no picture can be had from there")
        barred |= theirs
    literal = sorted(each for each in barred if _is_address(each))
    if len(literal) > MOST_BARRED:
        raise NotFoundError("no picture can be had from there")
    return tuple(literal)


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _addresses(host: str) -> frozenset[str]:
    """The host itself, and what its name leads to."""
    return frozenset((host, *_resolved(host)))


def _resolved(host: str) -> Iterator[str]:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        address = None
    if address is not None:
        yield str(address)
        return
    try:
        for *_, sockaddr in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
            yield str(sockaddr[0]).partition("%")[0]
    except (OSError, UnicodeError):
        return


def _host(url: str) -> str | None:
    try:
        host = urlsplit(url if "://" in url else f"//{url}").hostname
    except ValueError:
        return None
    return None if not host else host.rstrip(".").lower()
