"""Networks: names resolved once, and connections made to the very address that was checked.

Whoever connects out asks here, so that a name which resolves to something else a moment later (DNS rebinding) gains
nothing. Redirects are for the caller to follow, if at all: each is another address that has to be asked for.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from config.networks import Address, Allowed, Networks, NotAllowedNetworkError

__all__ = [
    "Allowed",
    "NotAllowedNetworkError",
    "Resolved",
    "cameras_allowed",
    "connect",
    "connections_only_to",
    "resolve_allowed",
    "webhooks_allowed",
]


def cameras_allowed(networks: Networks) -> Allowed:
    """Where cameras may be."""
    return Allowed.of(networks.cameras, "networks.cameras")


def webhooks_allowed(networks: Networks) -> Allowed:
    """Where notifiers and sign-in elsewhere may be."""
    return Allowed.of(networks.webhooks, "networks.webhooks")


_MOST_ADDRESSES = 8
"""Of one name, that are tried."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """An address that was checked.

    Attributes:
        family: Of the socket.
        sockaddr: To connect to.
        ip: The address alone.
    """

    family: socket.AddressFamily
    sockaddr: tuple[str, int] | tuple[str, int, int, int]
    ip: Address

    @property
    def host(self) -> str:
        """As it stands in a URL."""
        name = self.sockaddr[0]
        return f"[{name}]" if self.family is socket.AF_INET6 else name


def resolve_allowed(host: str, port: int, allowed: Allowed) -> Resolved:
    """The first address of a host that may be connected to.

    Raises:
        NotAllowedNetworkError: None of its addresses is allowed.
        OSError: The name cannot be resolved.
    """
    return _all_allowed(host, port, allowed)[0]


def _all_allowed(host: str, port: int, allowed: Allowed) -> list[Resolved]:
    """Every address of a host that may be connected to, at least one; raises as `resolve_allowed`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except UnicodeError as error:  # a label that is empty or too long
        raise socket.gaierror(socket.EAI_NONAME, "no such name") from error
    refused: NotAllowedNetworkError | None = None
    good: list[Resolved] = []
    for family, _, _, _, sockaddr in found:
        ip = ipaddress.ip_address(str(sockaddr[0]).partition("%")[0])
        try:
            allowed.check(ip)
            if ip.is_loopback and "loopback" in allowed.words:
                _check_named(host)
        except NotAllowedNetworkError as error:
            refused = refused or error
            continue
        good.append(Resolved(family, sockaddr, ip))  # type: ignore[arg-type]  # of these families it is one of the two
    if not good:
        raise refused or socket.gaierror(socket.EAI_NONAME, "it has no address")
    return good


def _check_named(host: str) -> None:
    """Refuse a name that turned out to be this machine: whoever means it writes it, and DNS is in other hands.

    Raises:
        NotAllowedNetworkError: The host is neither an address nor localhost.
    """
    name = host.rstrip(".").lower()
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        if name != "localhost" and not name.endswith(".localhost"):
            raise NotAllowedNetworkError(
                f"address not allowed: {host} leads to this machine itself; write 127.0.0.1 if that is meant"
            ) from None


def connect(host: str, port: int, allowed: Allowed, *, timeout_s: float) -> socket.socket:
    """A TCP connection to a host, at the first address that answers of those that may be connected to.

    Each gets its share of the time that is left, so that one which is silent does not take it from the others.

    Raises:
        NotAllowedNetworkError: None of its addresses is allowed.
        OSError: Nobody answers at any of them.
    """
    found = _all_allowed(host, port, allowed)[:_MOST_ADDRESSES]
    for number, resolved in enumerate(found, 1):
        try:
            connected = _connected(resolved, timeout_s / len(found))
        except OSError:
            if number == len(found):
                raise
        else:
            connected.settimeout(timeout_s)
            return connected
    raise socket.gaierror(socket.EAI_NONAME, "it has no address")


def _connected(resolved: Resolved, timeout_s: float) -> socket.socket:
    connected = socket.socket(resolved.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        connected.settimeout(timeout_s)
        connected.connect(resolved.sockaddr)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        connected.close()
        raise
    return connected


@contextlib.contextmanager
def connections_only_to(allowed: Allowed) -> Iterator[list[str]]:
    """Within it, every connection that this thread makes by Python is held to `allowed`: for libraries that connect.

    Gives the refusals there were, in words; for the library they are a PermissionError.
    """
    if not _HOOK.is_set():
        _HOOK.set()
        sys.addaudithook(_look)  # stays for good, so it is put there only by who needs it
    refused: list[str] = []
    before, _HELD.to = getattr(_HELD, "to", None), (allowed, refused)
    try:
        yield refused
    finally:
        _HELD.to = before


_HOOK = threading.Event()
_HELD = threading.local()


def _look(event: str, args: tuple[object, ...]) -> None:
    if event != "socket.connect" or (held := getattr(_HELD, "to", None)) is None:
        return
    allowed, refused = held
    address = args[1]
    if not isinstance(address, tuple):
        refused.append("address not allowed: a socket of this machine")
        raise PermissionError(refused[-1])
    try:
        allowed.check(str(address[0]).partition("%")[0])
    except (NotAllowedNetworkError, ValueError) as error:  # ValueError: a name, which would be resolved unseen
        refused.append(str(error))
        raise PermissionError(str(error)) from None
